"""The routes of mail: from a request to what a page does in a thread, and back. Only here is HTTP known.

A token stands in these addresses: no answer may be kept, no page sends a referrer, and no log line has the path.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.api.limits import Buckets, network
from dashboard.mail import asked, links, pages, posted, previews, settings_page
from dashboard.mail.desk import Desk
from dashboard.mail.previews import Busy
from dashboard.mail.visit import HTML, Answer, Visit
from staycurrent import i18n
from staycurrent.clock import Clock
from staycurrent.digest.accounts import TooManyRequests
from staycurrent.digest.tokens import TokenError
from staycurrent.errors import StaycurrentError, UsageError
from staycurrent.i18n import gettext as _
from staycurrent.store.engine import POOL_SIZE, Engine
from staycurrent.store.sharing import primary_engine

log = logging.getLogger("staycurrent.web")
PRIVATE = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
}
PREVIEWS_PER_MINUTE = 40
_METHODS = ["GET", "POST"]
Act = Callable[[Visit], Answer]


class Mail:
    """The routes of one web process."""

    def __init__(
        self, database_url: str, desk: Desk, clock: Clock, *, buckets: Buckets | None = None, pool: int = POOL_SIZE
    ) -> None:
        self._url, self._pool = database_url, pool
        self._desk = desk
        self._clock = clock
        self._buckets = buckets or Buckets(PREVIEWS_PER_MINUTE)

    @cached_property
    def _engine(self) -> Engine:
        return primary_engine(self._url, pool=self._pool)

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()

    def routes(self) -> list[Route]:
        """What is served."""
        return [
            _whole(Route("/confirm/{token}", self.confirm, methods=_METHODS)),
            _whole(Route("/unsubscribe/{token}", self.unsubscribe, methods=_METHODS)),
            _whole(Route("/decline/{token}", self.decline, methods=_METHODS)),
            _whole(Route("/preferences/{token}", self.preferences, methods=_METHODS)),
            Route("/digest/preview", self.preview, methods=["GET"]),
        ]

    async def confirm(self, request: Request) -> Response:
        """GET shows a button, POST confirms."""
        return await self._page(request, links.confirm)

    async def unsubscribe(self, request: Request) -> Response:
        """GET shows a button, POST stops the digest, with or without a page (RFC 8058)."""
        return await self._page(request, links.unsubscribe, one_click=True)

    async def decline(self, request: Request) -> Response:
        """GET shows a button, POST lets nobody ask the address again."""
        return await self._page(request, links.decline)

    async def preferences(self, request: Request) -> Response:
        """GET shows every digest of an address, POST changes them."""
        return await self._page(request, settings_page.show)

    async def _page(self, request: Request, act: Act, *, one_click: bool = False) -> Response:
        try:
            form = await posted.form(request) if request.method == "POST" else None
        except HTTPException as error:
            return Response(f"{error.detail}\n", error.status_code, PRIVATE, "text/plain")
        by_program = one_click and form is not None and posted.is_one_click(form)
        public_host = urlsplit(self._desk.public_url).netloc
        is_ours = form is None or by_program or posted.is_own_page(request.headers, public_host)
        return _response(await run_in_threadpool(self._answered, request, act, form, is_ours=is_ours))

    def _answered(self, request: Request, act: Act, form: posted.Form | None, *, is_ours: bool) -> Answer:
        """Runs in a thread, since it waits for the database."""
        token = request.path_params["token"]
        client = network(request.client.host) if request.client else ""
        done = parse_qs(request.scope["query_string"].decode("latin-1")).get("done", [""])[-1]
        with i18n.speaking(i18n.preferred(request.headers.get("accept-language", ""))):
            try:
                visit = Visit(self._engine, self._desk.keys, self._clock(), token, form, client, done)
                return _acted(act, visit) if is_ours else _foreign(visit)
            except StaycurrentError as error:
                log.warning("a page of mail failed: %s", error)  # the reason may name hosts and paths, so it is not told
                return _out_of_order(token)

    async def preview(self, request: Request) -> Response:
        """A digest as it would come now, as HTML that nothing can be done with."""
        turn = self._buckets.take(request.client.host if request.client else "")
        if not turn.allowed:
            told = self._buckets.headers(turn)
            return Response("too many previews; wait a moment\n", 429, PRIVATE | told, "text/plain")
        params = parse_qs(request.scope["query_string"].decode("latin-1"))
        try:
            found = await run_in_threadpool(self._preview, params)
        except Busy as error:
            return Response(f"{error}\n", 503, PRIVATE | {"retry-after": "5"}, "text/plain")
        except UsageError as error:
            return Response(f"{error}\n", 400, PRIVATE, "text/plain")
        except StaycurrentError as error:
            log.warning("a preview failed: %s", error)
            return Response("the library cannot be read at the moment\n", 503, PRIVATE, "text/plain")
        return Response(found.html, 200, PRIVATE | {"content-security-policy": previews.POLICY}, HTML)

    def _preview(self, params: dict[str, list[str]]) -> previews.Preview:
        plan = asked.plan(params)
        return previews.OF_PROCESS.of(self._engine, plan, self._clock(), self._desk.public_url, self._desk.footer)


def _acted(act: Act, visit: Visit) -> Answer:
    """What the act answers, or the page that says why not."""
    try:
        return act(visit)
    except TokenError as error:
        return links.unusable(visit, error)
    except TooManyRequests:
        text = _("You asked too often. Come back in an hour.")
        return links.refused(visit, HTTPStatus.TOO_MANY_REQUESTS, _("Too many requests"), text)
    except UsageError:
        text = _("This digest cannot be had like this any more. Ask for it anew on the page of the digest.")
        return links.refused(visit, HTTPStatus.BAD_REQUEST, _("That did not work"), text)


def _foreign(visit: Visit) -> Answer:
    text = _("The form came from another site, so nothing was done. Open the link in the mail and press the button there.")
    return links.refused(visit, HTTPStatus.FORBIDDEN, _("That did not work"), text)


def _out_of_order(token: str) -> Answer:
    notice = pages.Notice(_("Not at the moment"), (_("This cannot be done just now. Try again in some minutes."),))
    return Answer(pages.notice(notice, "../" * (token.count("/") + 1)), HTTPStatus.SERVICE_UNAVAILABLE)


def _whole(route: Route) -> Route:
    """The route with whatever stands behind its name: what is no token is told so here, not by the dashboard."""
    route.path_regex = re.compile(rf"^{route.path.partition('{')[0]}(?P<token>.*)$", re.DOTALL)
    return route


def _response(answer: Answer) -> Response:
    headers = PRIVATE | {"content-security-policy": pages.POLICY}
    if answer.location:
        headers |= {"location": answer.location}
    if answer.attachment:
        headers |= {"content-disposition": f'attachment; filename="{answer.attachment}"'}
    return Response(answer.body, answer.status, headers, answer.media_type)
