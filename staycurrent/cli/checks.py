"""What `doctor` looks at. Each check is a value; one that cannot be made says so, and the others go on."""

from __future__ import annotations

import importlib
import importlib.util
import platform
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, Literal
from urllib.parse import urlsplit

from staycurrent import __version__
from staycurrent.cli.wrong_settings import refuse
from staycurrent.clock import clock, system_clock
from staycurrent.errors import SchemaError, SettingsError, StaycurrentError
from staycurrent.queue import schema as queue_schema
from staycurrent.queue.shared import SharedQueue
from staycurrent.queue.types import Status
from staycurrent.settings import Settings, load, unknown_names
from staycurrent.store import engine as database
from staycurrent.store import health as health_store
from staycurrent.store import heartbeats
from staycurrent.store.engine import Engine
from staycurrent.store.figures import figures

OK: Final = "ok"
WARN: Final = "warn"
FAIL: Final = "fail"
State = Literal["ok", "warn", "fail"]
"""`warn`: it works, and somebody should look. `fail`: something does not work."""
LEAST_FREE = 1 << 30
LITTLE_FREE = 200 << 20
"""Bytes of free disk space below which to warn and to fail."""
LATE = timedelta(days=2)
"""A source that had no success for longer is worth a look."""
CLOCK_SECONDS = 5.0
"""How far the clocks of this machine and of the database may be apart: sessions and schedules bear it."""
SHORTEST_KEY = 32
SHOWN_DEAD = 3
"""Dead jobs that are named; `queue dead` shows all."""
MAIL_CHECKS = "staycurrent.digest.checks"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, in a sentence, and what to do."""

    name: str
    state: State
    said: str
    todo: str = ""

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def every() -> list[Check]:
    """All checks, in the order in which to mend things."""
    try:
        settings = load()
    except SettingsError as error:
        return [*_program(), Check("settings", FAIL, str(error), "mend them and run doctor again")]
    found = [*_program(), *_settings(settings), *_disk(settings)]
    try:
        engine = database.open_engine(settings.resolved_database_url)
    except StaycurrentError as error:
        return [*found, Check("database", FAIL, str(error), "mend DATABASE_URL or the folder's rights")]
    try:
        found += _of_database(engine, settings)
    finally:
        engine.dispose()
    return [*found, *_mail(settings), *_model(settings)]


def _program() -> Iterator[Check]:
    yield Check("program", OK, f"staycurrent {__version__}, Python {platform.python_version()}")
    said = f"SQLite {sqlite3.sqlite_version}"
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE t USING fts5(a)")
    except sqlite3.Error:
        yield Check("sqlite", FAIL, f"{said} without FTS5", "use a Python whose SQLite has full text search (FTS5)")
    else:
        yield Check("sqlite", OK, f"{said} with FTS5")


def _settings(given: Settings) -> Iterator[Check]:
    is_public = bool(given.public_url) and not _is_local(given.public_url)
    if not given.contact:
        todo = "set STAYCURRENT_CONTACT to a mail or web address, so that a source can write instead of blocking"
        yield Check("contact", WARN, "no source knows whom to write to", todo)
    if is_public and urlsplit(given.public_url).scheme != "https":
        yield Check("public address", WARN, f"{given.public_url} is not https", "put TLS in front and name the https address")
    if not given.is_loopback and not is_public:
        said = f"the server binds to {given.host}: whoever reaches it reads, and nobody is its owner, who marks and corrects"
        todo = "set STAYCURRENT_HOST=127.0.0.1, or a proxy in front and STAYCURRENT_PUBLIC_URL"
        yield Check("host", WARN, said, f"{todo}; STAYCURRENT_OWNER_ONLY=true where only this machine reaches the port")
    key = given.secret_key.get_secret_value()
    if key and len(key) < SHORTEST_KEY:
        yield Check("secret key", FAIL, f"it has {len(key)} characters", f"take a random one of {SHORTEST_KEY} or more")
    if not key and given.database_url.get_secret_value().startswith("postgresql"):
        said = "none is set: each machine makes one of its own and refuses the links in mails of the others"
        yield Check("secret key", WARN, said, "set the same STAYCURRENT_SECRET_KEY for every process")
    if is_public and not given.metrics_token.get_secret_value():
        yield Check("metrics", WARN, "/metrics answers nobody", "set STAYCURRENT_METRICS_TOKEN where you monitor")
    if given.today:
        yield Check("replay", WARN, f"it pretends that it is {given.today}", "take STAYCURRENT_TODAY away for normal use")
    if given.llm_url and not given.llm_model:
        yield Check("second opinion", WARN, "LLM_URL is set and LLM_MODEL is not, so nobody is asked", "name the model")
    yield from _readable(given)


def _readable(given: Settings) -> Iterator[Check]:
    """What the other commands refuse, and what nobody reads."""
    unknown = unknown_names()
    if unknown:
        todo = "mend the spelling; README.md has the table of settings"
        yield Check("unknown settings", WARN, f"nothing reads {', '.join(unknown)}", todo)
    from collector.sources.lab_feeds import load_feeds

    try:
        refuse(given)
        load_feeds(given.lab_feeds)
    except SettingsError as error:
        yield Check("settings", FAIL, str(error), "mend it: no command works before")
    else:
        yield Check("settings", OK, "they can be read")


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _disk(given: Settings) -> Iterator[Check]:
    folder = given.data_dir.absolute()
    problem = _unwritable(folder)
    if problem:
        todo = "give this user the right to write there, or name another STAYCURRENT_DATA_DIR"
        yield Check("data folder", FAIL, f"{folder}: {problem}", todo)
        return
    free = shutil.disk_usage(folder).free
    state: State = FAIL if free < LITTLE_FREE else WARN if free < LEAST_FREE else OK
    todo = "" if state == OK else "make room: a backup needs twice the database's size beside it"
    yield Check("data folder", state, f"{folder} can be written, {free / (1 << 30):,.1f} GB free", todo)


def _unwritable(folder: Path) -> str:
    """Why nothing can be written there, or nothing. Makes the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _schema(engine: Engine, kind: str) -> Check:
    current, head = database.revisions(engine)
    if current == head:
        return Check("database", OK, f"{kind} answers, schema {head} is current")
    words = f"{kind} answers; schema {current} is newer than this program ({head}) and still serves it"
    return Check("database", WARN, words, "replace this program by the new release")


def _of_database(engine: Engine, given: Settings) -> Iterator[Check]:
    """A database that is away fails once; what would be read from it is not looked at."""
    kind = "SQLite" if engine.dialect.name == "sqlite" else "PostgreSQL"
    try:
        if database.is_empty(engine):
            yield Check("database", WARN, f"{kind} is empty", "run: staycurrent migrate, or: staycurrent up")
            return
        database.check_schema(engine)
        yield _schema(engine, kind)
        yield _clock(engine)
        yield from _sources(engine, given)
        yield _scheduler(engine)
        if engine.dialect.name == "postgresql":
            yield from _workers(engine)
    except SchemaError as error:
        yield Check("database", FAIL, str(error), "run: staycurrent migrate, or update the program")
    except StaycurrentError as error:
        is_file = kind == "SQLite"
        todo = (
            "mend the disk, or run: staycurrent restore FILE --force"
            if is_file
            else "is the server running, and may this user connect?"
        )
        yield Check("database", FAIL, str(error), todo)


def _clock(engine: Engine) -> Check:
    with database.reading(engine) as session:
        apart = abs((heartbeats.database_time(session) - system_clock()).total_seconds())
    if apart > CLOCK_SECONDS:
        return Check("clock", FAIL, f"{apart:,.0f} s apart from the database's", "let NTP set the clocks of both machines")
    return Check("clock", OK, "the same as the database's")


def _sources(engine: Engine, given: Settings) -> Iterator[Check]:
    now = clock(given.today)()
    with database.reading(engine) as session:
        rows = health_store.health(session)
    if not rows or all(row.last_attempt is None for row in rows):
        yield Check("sources", WARN, "nothing was collected yet", "run: staycurrent collect, or: staycurrent up")
        return
    late = [row for row in rows if row.last_success is None or now - row.last_success > LATE]
    for row in late:
        last = f"{row.last_success:%Y-%m-%d %H:%M} UTC" if row.last_success else "never"
        why = f": {row.error}" if row.error else ""
        yield Check(f"source {row.name}", WARN, f"last success {last}{why}", f"run: staycurrent collect {row.name}")
    yield Check(
        "sources", FAIL if len(late) == len(rows) else OK, f"{len(rows) - len(late)} of {len(rows)} read within two days"
    )


def _scheduler(engine: Engine) -> Check:
    with database.reading(engine) as session:
        silent = heartbeats.silence(session, heartbeats.SCHEDULER)
    todo = "start: staycurrent up, or: staycurrent scheduler; where cron collects this is as it should be"
    if silent is None:
        return Check("scheduler", WARN, "none is running", todo)
    if silent > heartbeats.STALE.total_seconds():
        return Check("scheduler", WARN, f"silent for {silent:,.0f} s", todo)
    return Check("scheduler", OK, f"alive {silent:,.0f} s ago")


def _workers(engine: Engine) -> Iterator[Check]:
    queue_schema.check(engine)
    now = figures(engine, system_clock())
    waiting = sum(n for state, _, n in now.jobs if state == "todo")
    if now.forsaken:
        said = f"none is running, and {waiting:,} jobs wait"
        yield Check("workers", WARN, said, "start: staycurrent worker, or: staycurrent up")
    else:
        yield Check("workers", OK, f"{now.workers} alive, {waiting:,} jobs wait")
    dead = SharedQueue(engine, ()).listed(Status.DEAD)
    if dead:
        named = "; ".join(f"{job.id} {job.task.key}: {job.error or 'no reason noted'}" for job in dead[:SHOWN_DEAD])
        said = f"{len(dead):,} dead: {named}{'; …' if len(dead) > SHOWN_DEAD else ''}"
        yield Check("jobs", WARN, said, "see: staycurrent queue dead; then: staycurrent queue requeue, or queue discard")


def _mail(given: Settings) -> Iterator[Check]:
    """What the mail has to say of itself: `staycurrent.digest.checks.checks`, as (name, state, sentence)."""
    if not given.smtp_url.get_secret_value():
        yield _mail_folder(given)
        return
    if importlib.util.find_spec(MAIL_CHECKS) is None:
        return
    facts = {name: getattr(given, name) for name in ("mail_from", "public_url", "mail_bounces")}
    facts["smtp_url"] = given.smtp_url.get_secret_value()
    for name, state, said in importlib.import_module(MAIL_CHECKS).checks(**facts):
        yield Check(f"mail: {name}", state, said)


def _mail_folder(given: Settings) -> Check:
    folder = (given.mail_dir or given.data_dir / "mail").absolute()
    problem = _unwritable(folder)
    if problem:
        todo = "give this user the right to write there, or name another STAYCURRENT_MAIL_DIR"
        return Check("mail", FAIL, f"letters are files in {folder}: {problem}", todo)
    said, todo = f"letters are written as .eml files in {folder}", "to send them, set STAYCURRENT_SMTP_URL"
    if given.public_url and not _is_local(given.public_url):
        return Check("mail", WARN, f"{said}, so who subscribes gets none", todo)
    return Check("mail", OK, f"{said}; {todo}")


def _model(given: Settings) -> Iterator[Check]:
    from classifier import model

    try:
        yield Check("model", OK, f"{model.load(given.model_dir).version} loads")
    except StaycurrentError as error:
        todo = "train it again, or take STAYCURRENT_MODEL_DIR away" if given.model_dir else "install staycurrent again"
        yield Check("model", FAIL, str(error), todo)
