"""All of arXiv's addresses wait for one turn, everything else passes at once."""

from __future__ import annotations

import pytest

from collector.politeness import ArxivGate
from staycurrent.store.engine import Engine
from staycurrent.store.turns import Turns


class Counting(Turns):
    """Turns that count the waits instead of waiting."""

    def __init__(self, engine: Engine) -> None:
        self.waits: list[float] = []
        super().__init__(engine, "arxiv", 3.0, self.waits.append)


@pytest.mark.parametrize(
    "address",
    [
        "https://oaipmh.arxiv.org/oai?verb=Identify",
        "https://export.arxiv.org/api/query",
        "https://arxiv.org/abs/2605.00001",
        "https://ARXIV.org./abs/2605.00001",
        "http://127.0.0.1:9000/oai?verb=Identify",
    ],
)
def test_two_requests_to_arxiv_keep_their_distance(engine: Engine, address: str) -> None:
    turns = Counting(engine)
    gate = ArxivGate(turns, ("http://127.0.0.1:9000/oai/", ""))
    with gate.turn("https://rss.arxiv.org/rss/cs.LG"):
        pass
    with gate.turn(address):
        pass
    assert sum(turns.waits) == pytest.approx(3.0)


@pytest.mark.parametrize(
    "address",
    ["https://huggingface.co/api", "https://notarxiv.org/x", "https://arxiv.org.example.net/", "http://127.0.0.1:9000/hf"],
)
def test_other_hosts_do_not_wait(engine: Engine, address: str) -> None:
    turns = Counting(engine)
    gate = ArxivGate(turns, ("http://127.0.0.1:9000/oai/", ""))
    for _ in range(3):
        with gate.turn(address):
            pass
    assert turns.waits == []
