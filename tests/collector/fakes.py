"""A fetcher that answers from memory and remembers what it was asked, as `collector.sources.base.Fetcher` does; and a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from collector.sources.base import Fetched, Finish, Harvest, Validators
from staycurrent.errors import FetchError, UnexpectedStatus
from staycurrent.types import ParsedItem


@dataclass(frozen=True)
class Call:
    url: str
    headers: Mapping[str, str]
    validators: Validators | None
    accept: tuple[str, ...]
    public: bool = False


@dataclass
class FakeFetcher:
    """`answers` maps the beginning of an address, query included, to a body, an answer or the error to raise.

    The longest matching beginning wins; an address that none matches is a 404.
    """

    answers: dict[str, bytes | str | Fetched | FetchError]
    calls: list[Call] = field(default_factory=list)

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        accept: tuple[str, ...] = (),
        public: bool = False,
    ) -> Fetched:
        full = f"{url}?{urlencode(params)}" if params else url
        self.calls.append(Call(full, headers or {}, validators, accept, public))
        matching = [prefix for prefix in self.answers if full.startswith(prefix)]
        if not matching:
            raise UnexpectedStatus("404", url=url)
        answer = self.answers[max(matching, key=len)]
        if isinstance(answer, FetchError):
            raise answer
        if isinstance(answer, Fetched):
            return answer
        return Fetched(full, 200, answer.encode() if isinstance(answer, str) else answer)

    @property
    def urls(self) -> list[str]:
        return [call.url for call in self.calls]


def drain(harvest: Harvest) -> tuple[list[list[ParsedItem]], Finish]:
    """All pages of a harvest as lists of items, and how it finished."""
    pages: list[list[ParsedItem]] = []
    finish = yield_from(harvest, pages)
    return pages, finish


def yield_from(harvest: Harvest, pages: list[list[ParsedItem]]) -> Finish:
    """Appends each page as it comes; what was appended stays where the harvest then fails."""
    while True:
        try:
            pages.append(list(next(harvest).items))
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now
