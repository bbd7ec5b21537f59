"""The page for an address at which there is none, in the reader's language and with the way to the pages that there are.

Streamlit answers any path with its shell and status 200, and says "Page not found" in English over the front page.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from dashboard import address, language
from dashboard.mail import pages
from dashboard.titles import FRONT, PATHS, TITLES
from staycurrent import i18n
from staycurrent.i18n import gettext as _

LEADS_TO = (FRONT, "explore", "roadmap", "trends", "sources", "about")


def is_shell(scope: Scope, message: Message) -> bool:
    """Whether Streamlit is about to answer a path that is none of its pages with the shell of all pages.

    `scope` is that of the request after its way through the routes: they write down in it who answers.
    """
    if scope["path"] in PATHS or not isinstance(scope.get("endpoint"), StaticFiles):
        return False
    is_page = Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")
    return is_page and message["status"] in (200, 206)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Say so, with status 404."""
    headers = {"cache-control": "no-store", "vary": "Accept-Language"}
    await HTMLResponse(_page(scope), 404, headers=headers)(scope, receive, send)


def _page(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    home = "../" * (scope["path"].count("/") - 1) or "./"
    carried = f"?{address.LANGUAGE}={named}" if (named := language.named(query)) else ""
    with i18n.speaking(language.of_page(query, Headers(scope=scope).get("accept-language", ""))):
        links = tuple((f"{home}{'' if name == FRONT else name}{carried}", _(TITLES[name])) for name in LEADS_TO)
        said = _("There is no page at this address. It may be mistyped, or cut short by the program that passed it on.")
        drawn = pages.notice(pages.Notice(_("Page not found"), (said,), links=links), home)
    return drawn.replace('url("../static/', f'url("{home}static/')
