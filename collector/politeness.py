"""Whose turn is it? arXiv's terms ask for one request in 3 s and one connection over all its addresses together."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from urllib.parse import urlsplit

from staycurrent.store.turns import Turns


class ArxivGate:
    """Requests to any of arXiv's addresses wait for the installation's one turn; all others pass at once."""

    def __init__(self, turns: Turns, addresses: tuple[str, ...]) -> None:
        self._turns = turns
        self._addresses = tuple(address.rstrip("/") for address in addresses if address)

    def turn(self, url: str) -> AbstractContextManager[None]:
        """The turn that a request to `url` needs."""
        return self._turns.turn() if self._is_arxiv(url) else nullcontext()

    def _is_arxiv(self, url: str) -> bool:
        host = (urlsplit(url).hostname or "").rstrip(".")
        return f".{host}".endswith(".arxiv.org") or url.startswith(self._addresses)
