"""Streamlit's shell, dressed: its title and language, what is seen until the app has drawn, and what is said without a script.

The shell is one file for all pages. What it does not have in the form that is looked for stays as it was.
"""

from __future__ import annotations

import re
from html import escape

from dashboard.options import DARK, LIGHT
from dashboard.titles import PATHS
from staycurrent import i18n
from staycurrent.i18n import gettext as _

_TITLE = re.compile(rb"<title>Streamlit</title>")
_LANGUAGE = b'<html lang="en">'
_ROOT = b'<div id="root"></div>'
_NOSCRIPT = re.compile(rb"<noscript>.*?</noscript>", re.DOTALL)


def _pair(name: str) -> str:
    return f"light-dark({LIGHT[name]},{DARK[name]})"


STYLE = (
    "#sc-loading{position:fixed;inset:0;z-index:1;overflow:hidden;pointer-events:none;color-scheme:light dark;"
    f"background:{_pair('backgroundColor')};color:{_pair('textColor')}}}"
    "#sc-loading>div{box-sizing:border-box;max-width:52rem;margin:0 auto;padding:1.1rem 1.5rem}"
    "#sc-loading b{display:block;font:600 1.25rem/1.2 'Source Serif',Charter,Georgia,serif;letter-spacing:-.015em}"
    f"#sc-loading hr{{height:1px;margin:4.1rem 0 2.6rem;border:0;background:{_pair('borderColor')}}}"
    f"#sc-loading i{{display:block;height:.9rem;margin-top:.9rem;border-radius:.3rem;background:{_pair('borderColor')}}}"
    "#sc-loading i.sc-big{width:45%;height:2.4rem}#sc-loading i.sc-part{width:30%;margin-top:3rem}"
    "#sc-loading i.sc-short{width:60%}"
    "#sc-loading p{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap}"
    # Also where the script that takes it away was not loaded, and where Streamlit has something to say instead of a page.
    "body:has(.sc-head,.sc-item,[role=dialog],.stException) #sc-loading{display:none}"
    "@media(prefers-reduced-motion:no-preference){#sc-loading i{animation:sc-wait 2.8s ease-in-out infinite}}"
    "@keyframes sc-wait{50%{opacity:.5}}"
    "@media(max-width:640px){#sc-loading>div{padding:.9rem 1.125rem}#sc-loading hr{margin:6.4rem 0 2.2rem}}"
)
"""It lies above the page and not in it, so nothing moves when the page is there. `reader.js` takes it away."""
HEAD = f"<style>{STYLE}</style><noscript><style>#sc-loading{{display:none}}</style></noscript>"
_PART = '<i class="sc-part"></i><i></i><i class="sc-short"></i>'
_BARS = f'<div aria-hidden="true"><b>staycurrent</b><hr><i class="sc-big"></i><i class="sc-short"></i>{_PART * 3}</div>'


def dressed(shell: bytes, path: str, spoken: str, feed: str) -> bytes:
    """The shell for a page, in a language; `feed` is the query string of the feeds that tell what the page shows."""
    with i18n.speaking(spoken):
        title = f"<title>{escape(_(PATHS[path]))} · staycurrent</title>".encode()
        found = _TITLE.sub(lambda _match: title, shell, count=1)
        found = _NOSCRIPT.sub(lambda _match: _without_script(feed).encode(), found, count=1)
        waiting = f'<div id="sc-loading"><p role="status">{escape(_("Loading …"))}</p>{_BARS}</div>'
    found = found.replace(_ROOT, _ROOT + waiting.encode(), 1)
    return found.replace(_LANGUAGE, f'<html lang="{spoken}">'.encode(), 1)


def _without_script(feed: str) -> str:
    """Where the same things are for whoever reads without JavaScript."""
    said = _("These pages are drawn by JavaScript. Without it the same papers and posts are to be had as feeds and by the API:")
    ways = {f"./feeds/{kind}{feed}": name for kind, name in (("atom", "Atom"), ("rss", "RSS"), ("json", "JSON Feed"))}
    ways |= {"./api/v1/items": _("the newest items as JSON"), "./api/v1/openapi.json": _("what the API answers")}
    links = "".join(f'<li><a href="{escape(href)}">{escape(name)}</a></li>' for href, name in ways.items())
    return f"<noscript><h1>staycurrent</h1><p>{escape(said)}</p><ul>{links}</ul></noscript>"
