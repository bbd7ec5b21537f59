"""A server and a library for all drills of a run; each drill has a copy. `LONG` is what `./run drills` asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.drills import servers
from tests.drills.place import Place, place, template
from tests.drills.servers import Server

MakePlace = Callable[..., Place]
LONG = bool(os.environ.get("DRILLS_LONG"))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with servers.serving() as found:
        yield found


@pytest.fixture(scope="session")
def library(server: Server) -> Iterator[str]:
    with template(server) as name:
        yield name


@pytest.fixture
def make_place(server: Server, library: str, tmp_path: Path) -> Iterator[MakePlace]:
    """With arXiv's own delay under `./run drills`, else with a second."""
    with ExitStack() as stack:

        def make(**given: object) -> Place:
            chosen = {"delay": 3.0 if LONG else 1.0} | given
            return stack.enter_context(_place(server, library, tmp_path, **chosen))

        yield make


_place: Callable[..., AbstractContextManager[Place]] = partial(place)
