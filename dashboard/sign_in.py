"""Around Streamlit's sign-in addresses: back to the page that the reader came from, and a calm page where it did not work.

Streamlit answers a failure with a bare line of text or silently with the front page, and its log with a traceback that may
hold the provider's words about somebody. Plain ASGI middleware.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.user_info import AUTH_LOGIN_ENDPOINT, AUTH_LOGOUT_ENDPOINT
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from dashboard.login import CALLBACK, Login
from dashboard.mail import pages
from dashboard.mail.pages import Notice
from staycurrent import i18n
from staycurrent.i18n import gettext as _

log = logging.getLogger("staycurrent.web")
RETURN = "staycurrent_return"
RETURN_SECONDS = 600
LONGEST_RETURN = 1500
OWN_SITE = frozenset({"", "none", "same-origin"})
"""What browsers say of a request that no other site made (Fetch Metadata); empty from those that do not say."""
NO_STORE = {"cache-control": "no-store"}
_STREAMLITS = "streamlit.web.server.starlette.starlette_auth_routes"
_CODE = re.compile(r"[a-z_]{1,40}")
"""The errors that a provider may send back (RFC 6749, section 4.1.2.1)."""


class SignIn:
    """The middleware."""

    def __init__(self, app: ASGIApp, *, login: Login) -> None:
        self.app = app
        self.login = login
        self._callback = urlsplit(login.public_url).path + CALLBACK
        self._front = login.public_url + "/"
        quiet()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        acts = {AUTH_LOGIN_ENDPOINT: self._begin, AUTH_LOGOUT_ENDPOINT: self._end, CALLBACK: self._come_back}
        act = acts.get(scope["path"]) if scope["type"] == "http" else None
        if act is None:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        with i18n.speaking(i18n.preferred(request.headers.get("accept-language", ""))):
            answer = await act(request)
        await answer(scope, receive, send)

    async def _begin(self, request: Request) -> Response:
        heard = await self._ask(request)
        if heard.is_home:  # the link was too old
            return RedirectResponse(self._front, 302, headers=NO_STORE)
        if not heard.location:
            log.warning("sign-in: the provider does not answer")
            text = _("The service that says who you are does not answer. Nothing is lost; try again in some minutes.")
            return self._page(502, _("Signing in does not work at the moment"), text)
        return self._remembering(heard.response(), request)

    async def _end(self, request: Request) -> Response:
        """Sign out; another site must not make a browser do it."""
        if request.headers.get("sec-fetch-site", "") not in OWN_SITE:
            text = _("Another site asked for it, so you are still signed in.")
            return self._page(403, _("You were not signed out"), text)
        heard = await self._ask(request)
        if heard.is_home:
            return heard.response(self._page_of(request) or self._front)
        return self._remembering(heard.response(), request)

    async def _come_back(self, request: Request) -> Response:
        asked = parse_qs(request.scope["query_string"].decode("latin-1"))
        if error := asked.get("error", [""])[0]:
            log.info("sign-in: refused by the provider: %s", error if _CODE.fullmatch(error) else "(unreadable)")
            return self._page(403, _("You are not signed in"), _("The service that says who you are did not let you in."))
        if "code" not in asked:  # providers lead here after a sign-out too
            return self._forgetting(RedirectResponse(self._back(request), 302, headers=NO_STORE))
        heard = await self._ask(request)
        if not heard.signed_in:
            log.info("sign-in: a callback led to nothing")
            text = _("This sign-in took too long, was begun in another window, or was already used. Begin it anew.")
            return self._page(400, _("You are not signed in"), text)
        return self._forgetting(heard.response(self._back(request)))

    async def _ask(self, request: Request) -> _Heard:
        heard = _Heard()
        await self.app(request.scope, request.receive, heard.hear)
        return heard

    def _page_of(self, request: Request) -> str:
        """The page whose button was pressed; empty where it is none of ours."""
        came = request.headers.get("referer", "")
        return came if came.startswith(f"{self.login.origin}/") and len(came) <= LONGEST_RETURN else ""

    def _remembering(self, answer: Response, request: Request) -> Response:
        """The answer, and a cookie that leads back to the page."""
        page = self._page_of(request).removeprefix(self.login.origin)
        if page:
            answer.set_cookie(RETURN, quote(page), RETURN_SECONDS, path=self._callback, httponly=True, samesite="lax")
        return answer

    def _forgetting(self, answer: Response) -> Response:
        answer.delete_cookie(RETURN, path=self._callback)
        return answer

    def _back(self, request: Request) -> str:
        """Where the reader came from. A path after our own origin leads to no other host, whatever stands in the cookie."""
        page = unquote(request.cookies.get(RETURN, ""))
        return self.login.origin + page if page.startswith("/") else self._front

    def _page(self, status: int, title: str, text: str) -> Response:
        body = pages.notice(Notice(title, (text,), links=((self._front, _("To the reading")),)), self._front)
        return HTMLResponse(body, status, NO_STORE | {"content-security-policy": pages.POLICY})


@dataclass
class _Heard:
    """What Streamlit answers, held back until it is known what it means. Its bodies are a line at most."""

    headers: Headers = field(default_factory=Headers)
    status: int = 0

    async def hear(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.headers, self.status = Headers(raw=message["headers"]), message["status"]

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def is_home(self) -> bool:
        """Whether it leads to the front page, as Streamlit writes it: no prefix of a proxy stands before it."""
        return self.location == "/"

    @property
    def signed_in(self) -> bool:
        begins = (f"{USER_COOKIE_NAME}=", f'{USER_COOKIE_NAME}=""')
        return any(c.startswith(begins[0]) and not c.startswith(begins[1]) for c in self.headers.getlist("set-cookie"))

    def response(self, location: str = "") -> Response:
        """The redirect with the cookies that Streamlit set."""
        answer = RedirectResponse(location or self.location, 302, headers=NO_STORE)
        kept = MutableHeaders(raw=answer.raw_headers)
        for cookie in self.headers.getlist("set-cookie"):
            kept.append("set-cookie", cookie)
        return answer


class _Quiet(logging.Filter):
    """Leaves the kind of error of a traceback, and nothing of what the provider said."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info:
            kind = record.exc_info[0]
            record.msg, record.args = f"{record.getMessage()} ({kind.__name__ if kind else 'unknown'})", ()
            record.exc_info = record.exc_text = None
        return True


def quiet() -> None:
    """Keep the provider's words out of the log."""
    logger = logging.getLogger(_STREAMLITS)
    if not any(isinstance(f, _Quiet) for f in logger.filters):
        logger.addFilter(_Quiet())
