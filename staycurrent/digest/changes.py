"""What happened to papers since they were sent. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from staycurrent.digest.types import Change, Changed, Sent
from staycurrent.store.states import State
from staycurrent.types import ItemView

MOST = 12
"""So many papers' changes are told in one edition; the others wait for the next, since they were not told yet."""
LATE = timedelta(days=7)
"""A version that is older than the mail by more than this was there when we mailed; we only learnt of it late."""
_ORDER = {Changed.WITHDRAWN: 0, Changed.CODE: 1, Changed.REVISED: 2}


def may_have_changed(then: Sent, now: State) -> bool:
    """Whether it is worth reading the whole item; never false where `since` tells something."""
    return (then.version, then.withdrawn, then.has_code) != (now.version, now.withdrawn, now.has_code)


def since(sent: Sequence[Sent], items: Mapping[int, ItemView]) -> tuple[Change, ...]:
    """The changes of these items against the state last told, withdrawals first, then those told of longest ago."""
    found = [(then, list(_of(then, items[then.item_id]))) for then in sent if then.item_id in items]
    told = sorted((pair for pair in found if pair[1]), key=lambda pair: (_ORDER[pair[1][0].kind], pair[0].at, pair[0].item_id))
    return tuple(change for _, changes in told[:MOST] for change in changes)


def _of(then: Sent, item: ItemView) -> Iterator[Change]:
    on = then.at.date()
    if item.withdrawn:
        if not then.withdrawn:
            yield Change(item, Changed.WITHDRAWN, on, then.version)
        return
    if item.repositories and not then.has_code:
        yield Change(item, Changed.CODE, on, then.version)
    fresh = item.updated is None or item.updated > then.at - LATE
    if item.version > then.version and fresh:
        yield Change(item, Changed.REVISED, on, then.version)
