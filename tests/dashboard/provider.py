"""A small OpenID Connect provider on loopback: it knows a few people, and lets in whoever it is told to."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "staycurrent-tests", "a-secret-of-the-provider-for-tests"
PEOPLE: dict[str, dict[str, Any]] = {
    "ada": {"sub": "u-1", "name": "Ada Lovelace", "email": "Ada@example.org", "email_verified": True},
    "ben": {"sub": "u-2", "name": "<b>Ben</b>", "email": "ben@example.org", "email_verified": True},
    # Writes an admin's address into their own profile.
    "eve": {"sub": "u-3", "name": "Eve", "email": "ada@example.org", "email_verified": False},
    "zoe": {"sub": "u-4", "name": "Zoe", "email": "zoe@elsewhere.example", "email_verified": True},
}


@dataclass
class Provider:
    """What it is told (`who` signs in next; `refusal` is the error that it sends back instead) and what it has given out."""

    url: str = ""
    who: str = "ada"
    refusal: str = ""
    key: RSAKey = field(default_factory=partial(RSAKey.generate_key, 2048, {"kid": "k1"}))
    codes: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        return {"OIDC_URL": self.url, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET}

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/end",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes on, with a code or an error."""
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        if self.refusal:
            back = {"error": self.refusal, "error_description": f"{PEOPLE[self.who]['email']} may not"}
        else:
            back = {"code": secrets.token_urlsafe(16)}
            self.codes[back["code"]] = (self.who, asked)
        return f"{asked['redirect_uri']}?{urlencode({**back, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Tokens for a code, once; None where client or code are wrong."""
        sent = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        found = self.codes.pop(form.get("code", ""), None)
        if sent != f"{CLIENT}:{SECRET}" or found is None or "code_verifier" not in form:
            return None
        who, asked = found
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **PEOPLE[who]}
        signed = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key)
        return {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 300, "id_token": signed}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            self._json(self.provider.metadata())
        elif parts.path == "/jwks":
            self._json({"keys": [self.provider.key.as_dict(private=False)]})
        elif parts.path == "/authorize":
            self._to(self.provider.authorize(asked))
        elif parts.path == "/end":
            self._to(asked["post_logout_redirect_uri"])
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[-1] for name, values in parse_qs(body).items()}
        given = self.provider.token(form, self.headers.get("authorization", ""))
        self._json(given or {"error": "invalid_grant", "error_description": "ada@example.org"}, 200 if given else 400)

    def _json(self, value: Any, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _to(self, location: str) -> None:
        self.send_response(302)
        self.send_header("location", location)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@contextmanager
def provider() -> Iterator[Provider]:
    """A running provider."""
    told = Provider()
    handler = type("Handler", (_Handler,), {"provider": told})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join()
