"""What all tests share: a fixed day, fresh databases, and an environment without the developer's own settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from tests import databases

NOW = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine reaches a test, and nothing is written where the tests were started."""
    for name in list(os.environ):
        if name.startswith("STAYCURRENT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("STAYCURRENT_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(params=databases.kinds())
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database; the test runs once for each kind."""
    with databases.fresh_url(request.param, tmp_path) as address:
        yield address


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A fresh, migrated database."""
    opened = database.open_engine(url)
    yield opened
    opened.dispose()


@pytest.fixture
def now() -> datetime:
    """The moment at which the tests take place."""
    return NOW
