"""The Streamlit script: settings, the cached engine, navigation, and the one place where errors become pages.

Streamlit runs it from its path with `dashboard/` first on `sys.path`, so no module here may bear the name of a package.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from dashboard import address, language, pieces, words
from dashboard.data import Library
from dashboard.login import Login
from dashboard.mail.desk import Desk
from dashboard.reader import NOBODY, Visitor, visitor
from dashboard.titles import TITLES
from dashboard.views import about, digest, explore, item, labs, mine, operations, roadmap, sources, this_month, trends
from staycurrent import settings
from staycurrent.clock import clock
from staycurrent.errors import NotFound, SchemaError, SettingsError, StaycurrentError, StoreError, UsageError
from staycurrent.i18n import gettext as _
from staycurrent.query import Query
from staycurrent.settings import Settings
from staycurrent.store import engine as store
from staycurrent.store.engine import POOL_SIZE, Engine
from staycurrent.store.sharing import shared_engine

log = logging.getLogger("staycurrent.dashboard")
STYLE = Path(__file__).with_name("style.css")
View = Callable[[Library], None]


@dataclass(frozen=True, slots=True)
class Place:
    """A page: the last part of its path, and what draws it."""

    path: str
    view: View
    is_linked: bool = True
    """Whether the head of every page leads to it."""
    is_for_admins: bool = False
    is_for_readers: bool = False
    """Whether it shows nothing to those of whom nothing is kept."""

    @property
    def title(self) -> str:
        return TITLES[self.path]


PLACES = (
    Place("this-month", this_month.show),
    Place("explore", explore.show),
    Place("roadmap", roadmap.show),
    Place("trends", trends.show),
    Place("labs", labs.show),
    Place("digest", digest.show),
    Place("mine", mine.show, is_for_readers=True),
    Place("sources", sources.show),
    Place("about", about.show),
    Place("item", item.show, is_linked=False),
    Place("operations", operations.show, is_for_admins=True),
)
"""All pages; the first is the front page."""


@st.cache_resource(show_spinner=False)
def _settings() -> Settings:
    """The settings of this process, read once: that takes a fifth of a run of the page. Wrong ones are not kept."""
    return settings.load()


@st.cache_resource(show_spinner=False)
def _engine(url: str, replica: str = "", pool: int = POOL_SIZE) -> Engine:
    """The engine of this process, once its schema is found to be current; a failure is not kept, the next run tries again."""
    engine = shared_engine(url, pool=pool, replica=replica)
    try:
        store.check_schema(engine)
    except StaycurrentError:
        engine.dispose()
        raise
    return engine


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who is at the page, and whether readers can sign in here."""

    visitor: Visitor = NOBODY
    has_sign_in: bool = False
    given: Settings | None = None
    """None where they are wrong, or not read yet."""


OUTSIDE = Entrance()


def _entrance() -> Entrance:
    """Who is at the page; nobody where the settings are wrong, which the page itself will say."""
    try:
        given = _settings()
        login = Login.of(given)
    except StaycurrentError:
        return OUTSIDE
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    claims = st.user.to_dict() if login else {}
    return Entrance(visitor(login, claims, is_loopback=given.is_loopback, headers=headers), login is not None, given)


def _library(entrance: Entrance) -> Library:
    given, who = entrance.given or _settings(), entrance.visitor
    engine = _engine(given.resolved_database_url, given.database_read_url.get_secret_value(), given.database_pool)
    return Library(engine, clock(given.today), who.profile, Desk.of(given), is_admin=who.is_admin, model_dir=given.model_dir)


def _page(view: View, home: Callable[[], str], entrance: Entrance = OUTSIDE) -> Callable[[], None]:
    """The view with every error turned into a state of the page; what is not ours is a bug, and logged as one.

    `home` gives the address under which the page begins anew.
    """

    def run() -> None:
        try:
            view(_library(entrance))
        except NotFound as error:
            _notice(_("Not found"), words.sentence(str(error)), (address.explore(), _("Search for it")))
        except SchemaError as error:
            _notice(_("The library is being set up"), f"{str(error).capitalize()}.", (home(), _("Try again")))
        except (SettingsError, StoreError) as error:
            log.error("%s", error)  # noqa: TRY400 - its words say it; they may name hosts and paths, so the page does not
            message = _("Its database cannot be used at the moment; the server's log says why.")
            _notice(_("The library cannot be opened"), message, (home(), _("Try again")))
        except UsageError as error:
            _notice(_("This address cannot be shown"), str(error), (home(), _("Start over")))
        except Exception:
            log.exception("page failed")
            message = _("It has been written to the log of the server.")
            _notice(_("Something went wrong here"), message, (home(), _("Try again")))

    return run


def _notice(title: str, message: str, link: tuple[str, str]) -> None:
    st.html(pieces.trouble_page(title, message, link))


def main() -> None:
    """One run of the script, for one reader."""
    language.begin()
    st.set_page_config(layout="centered", initial_sidebar_state="collapsed")
    st.html(STYLE)
    entrance = _entrance()
    pages = {place.path: _streamlit_page(place, entrance) for place in PLACES}
    page = st.navigation(list(pages.values()), position="hidden")
    _head(page, [pages[place.path] for place in PLACES if _is_shown(place, entrance.visitor)], entrance)
    st.set_page_config(page_title=f"{page.title} · staycurrent")
    page.run()


def _is_shown(place: Place, who: Visitor) -> bool:
    is_theirs = (who.is_admin or not place.is_for_admins) and (who.profile is not None or not place.is_for_readers)
    return place.is_linked and is_theirs


def _streamlit_page(place: Place, entrance: Entrance) -> st.Page:
    home = address.explore if place.view is item.show else partial(address.page, "" if place is PLACES[0] else place.path)
    shown = _page(place.view, home, entrance)
    return st.Page(shown, title=_(place.title), url_path=place.path, default=place is PLACES[0])


def _head(page: st.Page, linked: Sequence[st.Page], entrance: Entrance) -> None:
    """What stands above every page: the name, the other language, the way to the pages, and to sign in or out."""
    _top(page, entrance)
    with st.container(horizontal=True, key="nav"):
        for other in linked:
            st.page_link(other, query_params=_kept_on_the_way(other.url_path) or None)
    if entrance.visitor.person and not entrance.visitor.person.is_welcome:
        text = _("This account may not sign in here; the operator of this installation decides who may.")
        st.html(pieces.notice(_("You read as a guest"), text, tone="warn"))


def _kept_on_the_way(path: str) -> list[tuple[str, str]]:
    """What a link of the navigation carries on: the levels that the reader chose, and the language.

    Pages without levels carry them along. The roadmap has no level 0. An address that is wrong is not led on to.
    """
    try:
        levels = Query.from_params({"level": st.query_params.get_all("level")}).levels
    except UsageError:
        levels = ()
    kept = [level for level in levels if level or path != "roadmap"]
    return [*(("level", str(level)) for level in kept), *address.carried().items()]


def _top(page: st.Page, entrance: Entrance) -> None:
    person = entrance.visitor.person
    brand = pieces.brand(address.page(""), language.switch(f"./{page.url_path}"), person.name if person else "")
    if not entrance.has_sign_in:
        st.html(brand)
        return
    with st.container(horizontal=True, vertical_alignment="center", key="top"):
        st.html(brand)
        if person:
            st.button(_("Sign out"), key="sign-out", type="tertiary", on_click=st.logout)
        else:
            st.button(_("Sign in"), key="sign-in", type="tertiary", on_click=st.login)


if __name__ == "__main__":
    main()
