"""An example database for all tests of the dashboard, and the dashboard on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.dashboard import build

SCRIPT = Path(__file__).parents[2] / "dashboard" / "app.py"
Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def example_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example database, made once; tests that write take a copy."""
    path = tmp_path_factory.mktemp("example") / "example.db"
    build.example(path).dispose()
    return path


@pytest.fixture
def example(example_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example database, in use."""
    path = tmp_path / "copy.db"
    shutil.copyfile(example_file, path)
    use(path, monkeypatch)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database in which nothing was collected yet, in use."""
    path = tmp_path / "bare.db"
    build.empty(path).dispose()
    use(path, monkeypatch)
    return path


def use(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYCURRENT_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("STAYCURRENT_TODAY", build.TODAY.isoformat())


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """Streamlit's caches outlive an AppTest."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_page() -> Open:
    """Opens a page by its path with URL parameters, and fails on anything that ends in a traceback."""

    def opened(path: str = "", **params: str | list[str]) -> AppTest:
        st.cache_resource.clear()  # as in a new process: one reads its settings once
        test = AppTest.from_file(str(SCRIPT), default_timeout=30)
        if path:
            test.run()
            hashes = {info["url_pathname"]: key for key, info in test._registered_pages.items()}
            test._page_hash = hashes[path]
        for name, value in params.items():
            test.query_params[name] = value
        test.run()
        assert not test.exception
        return test

    return opened


def page_text(test: AppTest) -> str:
    """The HTML of the page, without the style sheet."""
    return "".join(e.body for e in test.html if "<style" not in e.body)
