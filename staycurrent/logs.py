"""Logs: one calm line for people, or one JSON object for machines, on stderr. Configured once, by the command line.

Modules go on to use `logging`; structlog makes the lines, the libraries' own too. What is bound by `bound` (a request's
id, a job's or a run's) stands in every line of that task. `staycurrent.redact` takes out what is nobody's business.
"""

from __future__ import annotations

import logging
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, TextIO

import structlog
from structlog.types import EventDict, Processor

from staycurrent.redact import Redactor

OWN = ("staycurrent", "collector", "classifier", "dashboard", "migrations")
"""The packages whose lines `LOG_LEVEL` governs. A library's line below a warning is about the library."""
_ALONE = ("streamlit", "uvicorn", "websockets")
"""Libraries whose loggers have handlers of their own; Streamlit gives them to the web server's too."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_IDS = frozenset({"request", "job_run", "run"})
"""In a line for people they are of use only where something is wrong."""
_BOUND = _IDS | {"job", "source"}
_SHOWN = ("timestamp", "level", "logger", "event", "exception", "version")


def configure(
    form: Literal["text", "json"] = "text",
    level: str = "info",
    *,
    version: str,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send everything that is logged in this process to stderr. `secrets` are texts that must stand in no line."""
    redact = Redactor(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _with_version(version),
        redact,  # after the traceback is words, so that nothing passes by
        structlog.processors.JSONRenderer(default=str) if form == "json" else _line,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in OWN:
        logging.getLogger(name).setLevel(level.upper())
    adopt()


def adopt() -> None:
    """Let libraries that print for themselves log as all others do; call again once they are imported."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _ALONE:
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.propagate = True


def new_id() -> str:
    """A random id for a request, a job or a run."""
    return uuid.uuid4().hex[:16]


@contextmanager
def bound(**facts: str | int) -> Iterator[None]:
    """These facts stand in every line that is logged in the block, in this task or thread."""
    with structlog.contextvars.bound_contextvars(**facts):
        yield


def _with_version(version: str) -> Processor:
    def add(_logger: object, _method: str, event: EventDict) -> EventDict:
        return {**event, "version": version}

    return add


def _line(_logger: object, _method: str, event: EventDict) -> str:
    """`2026-05-20T09:30:00Z warning staycurrent.web: words key=value`; a traceback follows on lines of its own."""
    said = _flat(event.get("event", ""))
    when, level = str(event.get("timestamp", ""))[:19], str(event.get("level", ""))
    is_calm = level in ("info", "debug")
    hidden = {*_SHOWN, *_IDS} if is_calm else _SHOWN
    names = sorted((key for key in event if key not in hidden), key=lambda key: (1, key) if key in _BOUND else (0, ""))
    facts = "".join(f" {_flat(key)}={_flat(event[key])}" for key in names)
    mark = "" if is_calm else f"{level} "
    line = f"{when}Z {mark}{event.get('logger', '')}: {said}{facts}"
    trace = event.get("exception")
    return line if not trace else line + "".join(f"\n    {_flat(row)}" for row in str(trace).splitlines())


def _flat(value: object) -> str:
    """A value that cannot begin a line of its own: nobody forges lines by what they send."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], str(value))
