"""Logs: one line for people, one object for machines, of every library, with ids, and with nothing that is personal."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, Literal
from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from staycurrent import logs
from staycurrent.redact import LONGEST, Redactor

SECRET = "hunter2-hunter2"


class Log:
    """What was logged since `configure`."""

    def __init__(self, form: Literal["text", "json"], level: str = "info") -> None:
        self.stream = io.StringIO()
        logs.configure(form, level, version="1.2.3", secrets=[SECRET, ""], stream=self.stream)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The logging of the tests comes back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    own = {name: logging.getLogger(name).level for name in logs.OWN}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    for name, before in own.items():
        logging.getLogger(name).setLevel(before)


def test_a_line_for_people_is_one_calm_line() -> None:
    log = Log("text")
    logging.getLogger("staycurrent").info("%s items classified", "1,234")
    logging.getLogger("staycurrent.web").warning("not ready: %s", "the database is away", extra={"tries": 2})
    first, second = log.lines
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ staycurrent: 1,234 items classified", first)
    assert second[20:] == " warning staycurrent.web: not ready: the database is away tries=2"


def test_a_line_for_machines_is_one_object_with_the_version() -> None:
    log = Log("json")
    logging.getLogger("collector.retry").warning("try %d in %.0f s", 2, 8.4, extra={"url": "https://example.org/feed"})
    (event,) = log.events
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "try 2 in 8 s",
        "level": "warning",
        "logger": "collector.retry",
        "url": "https://example.org/feed",
        "version": "1.2.3",
    }


def test_every_library_logs_the_same_way_and_below_a_warning_not_at_all() -> None:
    log = Log("json", "debug")
    logging.getLogger("httpx").info("HTTP Request: GET https://example.org/?q=private")
    logging.getLogger("some.library").error("broken")
    logging.getLogger("dashboard.web").debug("own")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", UserWarning, stacklevel=1)
    assert [(e["logger"], e["level"]) for e in log.events] == [
        ("some.library", "error"),
        ("dashboard.web", "debug"),
        ("py.warnings", "warning"),
    ]


@pytest.mark.parametrize("name", ["streamlit.some.module", "uvicorn.some.error", "websockets"])
def test_a_library_with_handlers_of_its_own_gives_them_up(name: str) -> None:
    log = Log("json")
    logger = logging.getLogger(name)
    own = io.StringIO()
    logger.addHandler(logging.StreamHandler(own))
    logger.propagate = False
    logs.adopt()
    logger.warning("said once")
    assert own.getvalue() == ""
    assert [e["event"] for e in log.events] == ["said once"]


@pytest.mark.parametrize(("level", "said"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_governs_what_is_said(level: str, said: int) -> None:
    log = Log("text", level)
    logger = logging.getLogger("collector.fetch")
    for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logger.log(number, "said")
    assert len(log.lines) == said


def test_what_is_bound_stands_in_every_line_of_that_thread_only() -> None:
    log = Log("json")
    logger = logging.getLogger("staycurrent")
    with logs.bound(job="collect", job_run="abc"):
        logger.info("inside")
        other = threading.Thread(target=logger.info, args=["elsewhere"])
        other.start()
        other.join()
    logger.info("after")
    assert [(e["event"], e.get("job"), e.get("job_run")) for e in log.events] == [
        ("inside", "collect", "abc"),
        ("elsewhere", None, None),
        ("after", None, None),
    ]


def test_ids_stand_in_a_line_for_people_only_where_something_is_wrong() -> None:
    log = Log("text")
    with logs.bound(job="collect:arxiv", job_run="abc"):
        logging.getLogger("staycurrent").info("well")
        logging.getLogger("staycurrent").warning("not well")
    assert [line.partition("staycurrent: ")[2] for line in log.lines] == [
        "well job=collect:arxiv",
        "not well job=collect:arxiv job_run=abc",
    ]


@pytest.mark.parametrize("form", ["text", "json"])
def test_nobody_forges_a_line(form: Literal["text", "json"]) -> None:
    log = Log(form)
    logging.getLogger("staycurrent").warning("title: %s", "a\r\n2026-05-20T09:30:00Z staycurrent: all is well\x1b[2J\u2028b")
    assert len(log.lines) == 1
    assert "\x1b" not in log.lines[0]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_whole_and_holds_no_secret(form: Literal["text", "json"]) -> None:
    log = Log(form)
    try:
        int(f"cannot log in with {SECRET} as ada@example.org")
    except ValueError:
        logging.getLogger("staycurrent").exception("page failed")
    said = log.stream.getvalue()
    assert "Traceback" in said
    assert "cannot log in with [secret] as [mail]" in said
    assert SECRET not in said
    assert "ada" not in said


def test_a_telling_name_hides_what_it_holds() -> None:
    hidden = ("password", "api_key", "X-Api-Key", "mail", "to_address", "Authorization", "client_ip", "search", "llm_api_key")
    found = Redactor()(None, "", dict.fromkeys(hidden, "plain") | {"source": "arxiv", "inner": {"token": "t", "n": 3}})
    assert {found[name] for name in hidden} == {"[secret]"}
    assert found["source"] == "arxiv"
    assert found["inner"] == {"token": "[secret]", "n": 3}


@pytest.mark.parametrize(
    "said",
    [
        "arxiv: ok, 412 new, 3 changed, 0 the same",
        "https://export.arxiv.org/api/query: 200, 3,111 bytes",
        "the quota at huggingface.co is used up; waiting 30 s",
        "database: no such table: items",
        "what? nothing / nobody @ all",
        "2026-05-20T09:30:00+00:00 is a Wednesday",
    ],
)
def test_ordinary_words_stay(said: str) -> None:
    assert Redactor([SECRET]).text(said) == said


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
AROUND = st.sampled_from([" ", "'", '"', "<", "(", "=", ": ", "\n", ",", "["])
VALUE = st.text("abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789-_.~", min_size=8, max_size=40).map(lambda v: f"zq{v}")


KINDS: dict[str, Callable[[str], str]] = {
    "credentials": lambda value: f"https://me:{value}@example.org/feed",
    "user": lambda value: f"smtp://{quote(value)}@mail.example.org:25",
    "query": lambda value: f"https://example.org/search?{urlencode({'q': value})}",
    "query of a path": lambda value: f"/explore?text={quote(value)}&level=5",
    "query without a name": lambda value: f"/explore?{value}",
    "bearer": lambda value: f"Authorization: Bearer {value}",
    "named": lambda value: f"api_key={value}",
    "json": lambda value: json.dumps({"password": f"{value} {value}"}),
    "python": lambda value: repr({"access_token": value}),
    "confirm": lambda value: f"GET /confirm/{value} 200",
    "unsubscribe": lambda value: f"https://news.example.org/unsubscribe/{value}",
    "key": lambda value: f"hf_{value.replace('.', 'x').replace('~', 'y')}abcdefgh",
    "sql": lambda value: f"[SQL: INSERT INTO t VALUES (?)]\n[parameters: ('{value}', 1)]",
}
"""Texts of each kind around a value that must not stay."""


@given(st.sampled_from(sorted(KINDS)), VALUE, WORDS, WORDS)
def test_no_credential_and_no_query_passes(kind: str, value: str, before: str, after: str) -> None:
    assume(value not in before + after)
    shown = Redactor().text(f"{before} {KINDS[kind](value)} {after}")
    assert value not in shown
    assert value.replace(".", "x").replace("~", "y") not in shown


@given(st.emails(), WORDS, AROUND, AROUND)
@example("ada.lovelace+list@example.org", "to", "<", ">")
@example('"ada lovelace"@example.org', "", " ", " ")
@example("=@A.Ac", "", " ", " ")
@example("'@A.Ac", "", "'", "'")
def test_no_mail_address_passes(mail: str, before: str, left: str, right: str) -> None:
    shown = Redactor().text(f"{before}{left}{mail}{right}")
    assert mail not in shown
    domain = mail.rpartition("@")[2]
    assert f"@{domain}" not in shown


@given(st.text(min_size=4, max_size=60), WORDS, WORDS)
def test_a_known_secret_passes_nowhere(secret: str, before: str, after: str) -> None:
    hidden = Redactor([secret]).text(f"{before}{secret}{after}")
    assert secret not in hidden or secret in "[secret][mail][query][token]"


@pytest.mark.parametrize("piece", ["/", "a_", "eyJ-", '"', "@", "://", "-a", "a@", "a?", "%40", "'token='", "Bearer "])
def test_no_text_takes_long(piece: str) -> None:
    started = perf_counter()
    shown = Redactor([SECRET]).text(piece * 100_000)
    assert len(shown) <= 12 * LONGEST
    assert perf_counter() - started < 2
