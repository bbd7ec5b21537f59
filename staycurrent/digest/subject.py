"""The subject line: what is inside, in at most 78 characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from staycurrent.digest import clean, missing, words
from staycurrent.digest.types import Edition
from staycurrent.i18n import gettext as _
from staycurrent.i18n import month, ngettext, number
from staycurrent.reading.monthly import Placed
from staycurrent.tex import plain
from staycurrent.types import Kind, Role

LONGEST = 78
SHORTEST_TITLE = 24
"""Less of a title than this says nothing."""


def subject(edition: Edition) -> str:
    """ "Week 21: 12 papers, 3 on retrieval, and the title of the first", without line breaks."""
    name = words.period(edition.period)
    own = [p for p in edition.placed if p.role is Role.READING]
    if not own:
        return clean.shorten(_nothing(edition, name), LONGEST)
    begun = clean.shorten(_counts(own, name), LONGEST)
    room = LONGEST - len(_("{beginning} – {title}").format(beginning=begun, title=""))  # noqa: RUF001
    if room < SHORTEST_TITLE:
        return begun
    title = clean.shorten(clean.line(plain(clean.line(own[0].item.title, 4 * LONGEST)), 2 * LONGEST), room)
    return _("{beginning} – {title}").format(beginning=begun, title=title) if title else begun  # noqa: RUF001


def _counts(own: Sequence[Placed], name: str) -> str:
    n = len(own)
    if any(p.item.kind is Kind.POST for p in own):
        count = ngettext("{period}: {n} paper or post", "{period}: {n} papers and posts", n)
    else:
        count = ngettext("{period}: {n} paper", "{period}: {n} papers", n)
    begun = count.format(period=name, n=number(n))
    topics = Counter(p.item.topics[0].slug for p in own if p.item.topics).most_common(1)
    if not topics or not 1 < topics[0][1] < n:
        return begun
    slug, on_it = topics[0]
    return _("{beginning}, {n} on {topic}").format(beginning=begun, n=number(on_it), topic=words.topic(slug))


def _nothing(edition: Edition, name: str) -> str:
    changed = len({change.item.row for change in edition.changed})
    if changed:
        text = ngettext("{begun}, {n} paper changed", "{begun}, {n} papers changed", changed)
        return text.format(begun=_nothing_new(edition).format(period=name), n=number(changed))
    begun = missing.in_subject(edition, name)
    if edition.monthly:
        return _("{begun}; here is the reading of {month}").format(begun=begun, month=month(edition.monthly.period.first))
    return begun


def _nothing_new(edition: Edition) -> str:
    """An outage is no week without news, so it is called by its name."""
    if edition.is_blind:
        return _("{period}: the sources were not read")
    return _("{period}: sources incomplete") if edition.blind_spots else _("{period}: nothing new")
