"""How the installation does, as its admin sees it: one look at the database and the disk. Addresses of readers stay out."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dashboard.data import Library, RunView, run_view
from staycurrent.redact import Redactor
from staycurrent.store import corrections, deliveries, figures, sources, storage
from staycurrent.store import engine as store
from staycurrent.store.corrections import Corrected
from staycurrent.store.deliveries import Dead
from staycurrent.store.figures import Figures
from staycurrent.types import Outcome

SHOWN = 20
RUNS_LOOKED_AT = 200
_WELL = (None, Outcome.OK, Outcome.OK_EMPTY)


@dataclass(frozen=True, slots=True)
class Installation:
    """The state at one moment; every list is the newest first and bounded."""

    figures: Figures
    dialect: str
    database_bytes: int
    free_bytes: int | None
    """Left in the data folder, None where it cannot be asked."""
    ill_runs: tuple[RunView, ...]
    dead: tuple[Dead, ...]
    corrections: tuple[Corrected, ...]


def look(library: Library) -> Installation:
    """Look at it now. Raises `StoreError`."""
    found = figures.figures(library.engine, library.now)
    with store.reading(library.engine) as session:
        runs = sources.recent_runs(session, RUNS_LOOKED_AT)
        ill = [run_view(run) for run in runs if run.outcome not in _WELL][:SHOWN]
        return Installation(
            figures=found,
            dialect=library.engine.dialect.name,
            database_bytes=storage.database_bytes(session),
            free_bytes=_free(library.desk.data_dir) if library.desk else None,
            ill_runs=tuple(ill),
            dead=deliveries.dead(session, SHOWN),
            corrections=corrections.every(session, SHOWN),
        )


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


_REDACTOR = Redactor()


def silent(error: str) -> str:
    """An error without the addresses and secrets that a mail server may have put into it."""
    return _REDACTOR.text(error)


def waiting(found: Figures, state: str) -> int:
    """How many mails are in an open state."""
    return sum(count for name, count in found.mails if name == state)


def jobs(found: Figures, states: Iterable[str]) -> int:
    """How many jobs are in one of these states, over all queues."""
    return sum(count for state, _queue, count in found.jobs if state in states)
