"""Answers that are kept until something is written to the store, with what a client needs to ask for changes only."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

BUDGET = 32 * 1024 * 1024
"""Bytes of bodies and keys that are kept at most; the answers that were asked for longest ago go first."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a reader made: bytes of a media type; `next` is the relative address of the next page."""

    content: bytes
    media_type: str
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A body with its marks. `since` is when this process first saw it, in whole seconds since 1970.

    The bytes make `etag`, so every process of an installation gives the same one.
    """

    body: Body
    mark: str
    etag: str
    since: int


class Keeper:
    """Keeps answers by key, as long as the mark of their data stays."""

    def __init__(self, budget: int = BUDGET, now: Callable[[], float] = time.time) -> None:
        self._budget = budget
        self._now = now
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._size = 0

    def get(self, key: str, mark: str, make: Callable[[], Body]) -> Kept:
        """The answer under `key`, made anew unless it was made at the same mark. What `make` raises is not kept."""
        with self._lock:
            before = self._kept.get(key)
            if before and before.mark == mark:
                self._kept.move_to_end(key)
                return before
        body = make()
        etag = f'W/"{hashlib.blake2b(body.content, digest_size=12).hexdigest()}"'
        kept = Kept(body, mark, etag, self._since(before, etag))
        with self._lock:
            self._put(key, kept)
        return kept

    def _since(self, before: Kept | None, etag: str) -> int:
        """Two bodies of one second must not bear the same time: `If-Modified-Since` could not tell them apart.

        A second back, since the server's own `Date` may lag by one, and must not be earlier (RFC 9110, 8.8.2.1).
        """
        then = int(self._now()) - 1
        if before is None:
            return then
        return before.since if before.etag == etag else max(then, before.since + 1)

    def _put(self, key: str, kept: Kept) -> None:
        if key in self._kept:
            self._size -= _size(key, self._kept.pop(key))
        self._kept[key] = kept
        self._size += _size(key, kept)
        while self._size > self._budget:
            self._size -= _size(*self._kept.popitem(last=False))


def _size(key: str, kept: Kept) -> int:
    return len(key) + len(kept.body.content)
