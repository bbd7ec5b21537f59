"""Security headers on every answer, and a door for web sockets of other sites. Plain ASGI middleware."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from dashboard import connecting, origin

HIDDEN = re.compile(r"/_stcore/(?:metrics|upload_file|agent)(?:/|$)")
"""What Streamlit answers to anyone and nobody here needs: its figures, uploads, agents."""
SIGN_IN = re.compile(r"/(?:auth|oauth2callback)(?:/|$)")
"""What it answers where nobody can sign in."""
_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def content_policy() -> str:
    """The Content-Security-Policy that this Streamlit bears: own scripts only, inline styles, no other host."""
    shell = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(s).digest()).decode()}'" for s in _INLINE.findall(shell)]
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", connecting.SOURCE, *hashes]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        ]
    )


class SecurityHeaders:
    """Adds the headers; refuses web sockets that another site opens, before Streamlit asks the Internet for its own address."""

    def __init__(self, app: ASGIApp, *, public_url: str = "", sign_in: bool = False) -> None:
        self.app = app
        self.sign_in = sign_in
        self.public_host = origin.split(public_url).netloc
        self.is_secure = public_url.startswith("https://")
        self.headers = {
            "content-security-policy": content_policy(),
            "x-content-type-options": "nosniff",
            "x-frame-options": "SAMEORIGIN",
            "referrer-policy": "strict-origin-when-cross-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
            "cross-origin-opener-policy": "same-origin",
        }
        if self.is_secure:
            self.headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not self._same_site(Headers(scope=scope)):
            await WebSocketClose(code=1008)(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if self.is_secure:
                    message["headers"] = [_over_tls_only(*pair) for pair in message["headers"]]
            await send(message)

        app = PlainTextResponse("not found", 404) if self._is_hidden(scope["path"]) else self.app
        await app(scope, receive, send_with_headers)

    def _is_hidden(self, path: str) -> bool:
        return HIDDEN.match(path) is not None or (not self.sign_in and SIGN_IN.match(path) is not None)

    def _same_site(self, headers: Headers) -> bool:
        came = headers.get("origin")
        return came is None or any(origin.is_same_host(came, host) for host in (headers.get("host"), self.public_host))


def _over_tls_only(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header; where it sets a cookie (Streamlit's, against forged requests), one that browsers send by https only."""
    return (name, value + b"; Secure") if name == b"set-cookie" and b"; secure" not in value.lower() else (name, value)
