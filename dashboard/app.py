"""The Streamlit script: settings, the cached engine, navigation, and the one place where errors become pages.

Streamlit runs it from its path with `dashboard/` first on `sys.path`, so no module here may bear the name of a package.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard import address, pieces
from dashboard.data import Library
from dashboard.views import explore, item, roadmap, sources, this_month
from staycurrent import settings
from staycurrent.clock import clock
from staycurrent.errors import NotFound, SchemaError, SettingsError, StaycurrentError, StoreError, UsageError
from staycurrent.store import engine as store
from staycurrent.store.engine import Engine
from staycurrent.store.marks import LOCAL

log = logging.getLogger("staycurrent.dashboard")
STYLE = Path(__file__).with_name("style.css")
View = Callable[[Library], None]


@st.cache_resource(show_spinner=False)
def _engine(url: str) -> Engine:
    """The engine of this process, once its schema is found to be current; a failure is not kept, the next run tries again."""
    engine = store.open_engine(url)
    try:
        store.check_schema(engine)
    except StaycurrentError:
        engine.dispose()
        raise
    return engine


def _library() -> Library:
    given = settings.load()
    # Without logins there is one profile, its owner's; on a public address nobody else's pages follow it.
    reader = LOCAL if given.is_loopback else None
    return Library(_engine(given.resolved_database_url), clock(given.today), reader)


def _page(view: View, home: str) -> Callable[[], None]:
    """The view with every error turned into a state of the page; what is not ours is a bug, and logged as one."""

    def run() -> None:
        try:
            view(_library())
        except NotFound as error:
            _notice("Not found", str(error), (address.explore(), "Search for it"))
        except SchemaError as error:
            _notice("The library is being set up", f"{str(error).capitalize()}.", (home, "Try again"))
        except (SettingsError, StoreError) as error:
            log.error("%s", error)  # noqa: TRY400 - its words say it; they may name hosts and paths, so the page does not
            message = "Its database cannot be used at the moment; the server's log says why."
            _notice("The library cannot be opened", message, (home, "Try again"))
        except UsageError as error:
            _notice("This address cannot be shown", str(error), (home, "Start over"))
        except Exception:
            log.exception("page failed")
            _notice("Something went wrong here", "It has been written to the log of the server.", (home, "Try again"))

    return run


def _notice(title: str, message: str, link: tuple[str, str]) -> None:
    st.html(pieces.trouble_page(title, message, link))


def main() -> None:
    """One run of the script, for one reader."""
    st.set_page_config(page_title="staycurrent", layout="centered", initial_sidebar_state="collapsed")
    st.html(STYLE)
    shown = [
        st.Page(_page(this_month.show, address.this_month()), title="This month", url_path="this-month", default=True),
        st.Page(_page(explore.show, address.explore()), title="Explore", url_path="explore"),
        st.Page(_page(roadmap.show, address.roadmap()), title="Roadmap", url_path="roadmap"),
        st.Page(_page(sources.show, address.sources()), title="Sources", url_path="sources"),
    ]
    page = st.navigation(
        [*shown, st.Page(_page(item.show, address.explore()), title="Paper", url_path="item")], position="hidden"
    )
    with st.container(horizontal=True, key="nav"):
        for other in shown:
            st.page_link(other)
    st.set_page_config(page_title=f"{page.title} · staycurrent")
    page.run()


if __name__ == "__main__":
    main()
