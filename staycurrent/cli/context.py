"""What commands are composed of: settings, database, sources, fetcher, model. Settings are read here and passed down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from staycurrent import __version__, logs
from staycurrent.cli.wrong_settings import refuse
from staycurrent.clock import Clock, clock
from staycurrent.settings import Settings, load
from staycurrent.store import catalog, full_text, labelling
from staycurrent.store import engine as database
from staycurrent.store import feeds as feed_store
from staycurrent.store import sources as source_store
from staycurrent.store.engine import Engine

if TYPE_CHECKING:
    from collector.sources.base import Fetcher, Source
    from collector.sources.lab_feeds import Feed

log = logging.getLogger("staycurrent")


@dataclass(frozen=True, slots=True)
class App:
    """An opened installation."""

    settings: Settings
    engine: Engine
    clock: Clock


def open_app(*, migrate: bool = False) -> App:
    """Settings and database, the schema checked, or brought up to date with `migrate`.

    A command that only reads brings an empty database up to date too, so that the first command a person types works.
    """
    settings = load_settings()
    _make_folder(settings)
    engine = database.open_engine(settings.resolved_database_url, pool=settings.database_pool)
    if migrate or database.is_empty(engine):
        migrate_all(engine)
    else:
        database.check_schema(engine)
    return App(settings, engine, clock(settings.today))


def _make_folder(settings: Settings) -> None:
    """The data folder of its owner alone, since addresses of subscribers lie there; one that is there stays as it is."""
    if not settings.database_url.get_secret_value():
        with suppress(OSError):  # opening the database says what is wrong
            settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def load_settings() -> Settings:
    """The settings, none of them wrong, and logs as they say. Raises `SettingsError`."""
    settings = load()
    configure_logging(settings)
    refuse(settings)
    return settings


def migrate_all(engine: Engine) -> tuple[str | None, str]:
    """Schema, the queue's tables, then the roadmap's topics and labs; returns the revisions before and after."""
    from staycurrent.queue import schema as queue_schema

    revisions = database.migrate(engine, also=(queue_schema.apply,))
    with database.writing(engine) as session:
        catalog.sync(session)
    return revisions


def classify_new(app: App, *, by_hand: bool = False) -> int:
    """Classify what no model or an older one has classified, with a progress bar; returns how many.

    Who asks for it `by_hand` wants this program's model, also where a newer one was at work before: the way back from it.
    """
    from classifier import model as models
    from classifier import run
    from staycurrent.cli import output

    model = models.load(app.settings.model_dir)
    labelling.note(app.engine, model.version, again=by_hand)
    with output.progress() as bar:
        task = bar.add_task("classifying", total=None)
        show: Callable[[int, int], None] = lambda done, total: bar.update(task, completed=done, total=total)  # noqa: E731
        done = run.classify(app.engine, model, app.clock, progress=show)
    second_opinions(app, model.version)
    return done


def second_opinions(app: App, model: str) -> None:
    """Ask the language model of the settings about unsure items, where there is one; its trouble is nobody else's."""
    s = app.settings
    if not s.llm_url:
        return
    if not s.llm_model:
        log.warning("LLM_URL is set and LLM_MODEL is not: no second opinions")
        return
    from classifier import second_opinion
    from collector.fetch import user_agent
    from collector.llm import LanguageModel

    key, agent = s.llm_api_key.get_secret_value(), user_agent(__version__, s.contact, s.public_url)
    with LanguageModel(s.llm_url, s.llm_model, key=key, user_agent=agent) as ask:
        found = second_opinion.give(app.engine, ask, llm=s.llm_model, model=model, clock=app.clock)
    if found.given or found.asked:
        stopped = f"; stopped: {found.stopped}" if found.stopped else ""
        log.info("%d second opinions, %d asked for, %d failed%s", found.given, found.asked, found.failed, stopped)


def configure_logging(settings: Settings) -> None:
    """Log lines on stderr, none of which holds a secret of the settings."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    passwords = [_password(text) for text in secrets]
    logs.configure(settings.log_format, settings.log_level, version=__version__, secrets=[*secrets, *passwords])


def _password(address: str) -> str:
    try:
        return unquote(urlsplit(address).password or "")
    except ValueError:  # no address; then it is a secret as a whole
        return ""


@contextmanager
def open_collector(app: App) -> Iterator[tuple[dict[str, Source], Fetcher]]:
    """The installation's sources, registered, and the fetcher they share."""
    known = known_sources(app)
    register_sources(app, known)
    full_text.mend(app.engine)
    with open_fetcher(app) as fetcher:
        yield known, fetcher


def known_sources(app: App) -> dict[str, Source]:
    """The installation's sources by name."""
    from collector import sources

    s = app.settings
    return sources.build_sources(
        oai_url=s.arxiv_oai_url,
        rss_url=s.arxiv_rss_url,
        api_url=s.arxiv_api_url,
        categories=s.arxiv_categories,
        huggingface_url=s.huggingface_url,
        huggingface_token=s.huggingface_token.get_secret_value(),
        paperswithcode_url=s.paperswithcode_url,
        feeds=lab_feeds(app),
    )


def register_sources(app: App, known: dict[str, Source]) -> None:
    """Make their rows, so that they can be due."""
    from collector import sources

    with database.writing(app.engine) as session:
        source_store.register(session, sources.describe(known))


def lab_feeds(app: App) -> tuple[Feed, ...]:
    """The feeds of the operator's file and those that were added."""
    from collector.reader_feeds import joined
    from collector.sources.lab_feeds import load_feeds

    with database.reading(app.engine) as session:
        added = feed_store.every(session)
    return joined(load_feeds(app.settings.lab_feeds), added)


@contextmanager
def open_fetcher(app: App, *, attempts: int = 4, max_bytes: int | None = None) -> Iterator[Fetcher]:
    """The one door to the network; a person who waits at the terminal wants fewer attempts than a scheduled run."""
    from collector.fetch import MAX_BYTES, HttpFetcher, user_agent
    from collector.politeness import ArxivGate
    from staycurrent.store.turns import Turns

    s = app.settings
    gate = ArxivGate(Turns(app.engine, "arxiv", s.arxiv_delay), (s.arxiv_oai_url, s.arxiv_api_url, s.arxiv_rss_url))
    agent = user_agent(__version__, s.contact, s.public_url)
    with HttpFetcher(user_agent=agent, gate=gate, attempts=attempts, max_bytes=max_bytes or MAX_BYTES) as fetcher:
        yield fetcher
