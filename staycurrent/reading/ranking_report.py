"""docs/ranking.md out of code and measurement: the parts with their weights, and what they find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from staycurrent.reading.measure import DEPTHS, Found, MonthFound, interval, pooled
from staycurrent.reading.rank import PARTS, POST_FACTOR
from staycurrent.reading.ranking_reach import CENTRAL, NEAR

WAYS = {
    "in_use": "this ranking",
    "left_out": "weights fitted to the other months",
    "votes": "votes alone",
    "random": "random order",
}
"""Field of `MonthFound` → its name in the tables."""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    return "\n".join("| " + " | ".join(line) + " |" for line in ([*head], ["---"] * len(head), *rows))


def parts_table() -> str:
    """Every part with its range and its weight."""
    rows = [[f"`{name}`", f"{part.weight:.2f}", "0 to 1", part.about] for name, part in PARTS.items()]
    return _table(["Part", "Weight", "Range", "What it looks at"], rows)


def reach_table() -> str:
    """The topics that count for `reach`."""
    rows = [["1", _listed(CENTRAL)], ["0.5", _listed(NEAR)], ["0", "every other topic"]]
    return _table(["Value", "Topics"], rows)


def _listed(slugs: Iterable[str]) -> str:
    return ", ".join(f"`{slug}`" for slug in sorted(slugs))


def months_table(months: Sequence[MonthFound]) -> str:
    """Share found at 30 and at 50, month by month, and pooled with its interval."""
    head = ["Month", "On the list", "Picks among them", *(f"{words}, at 30 / 50" for words in WAYS.values())]
    rows = [[m.name, f"{m.listed:,}", f"{m.in_use.picks}", *(_pair(getattr(m, field)) for field in WAYS)] for m in months]
    together = {field: pooled([getattr(m, field) for m in months]) for field in WAYS}
    rows.append(["all", f"{sum(m.listed for m in months):,}", f"{together['in_use'].picks}", *map(_pair, together.values())])
    return _table(head, rows)


def _pair(found: Found) -> str:
    return " / ".join(f"{found.share(depth):.2f}" for depth in DEPTHS)


def pooled_table(months: Sequence[MonthFound]) -> str:
    """The pooled shares with Wilson's 95 % intervals; a random order is exact."""
    rows = []
    for field, words in WAYS.items():
        together = pooled([getattr(m, field) for m in months])
        rows.append([words, *(_with_interval(together, depth, exact=field == "random") for depth in DEPTHS)])
    return _table(["Ranking", *(f"Found at {depth}" for depth in DEPTHS)], rows)


def _with_interval(found: Found, depth: int, *, exact: bool) -> str:
    share = found.share(depth)
    if exact:
        return f"{share:.2f}"
    low, high = interval(share, found.picks)
    return f"{share:.2f} ({low:.2f} to {high:.2f})"


def without_table(left_out: Mapping[str, Found]) -> str:
    """What is found when one part weighs nothing."""
    return _table(["Without", "Found at 30 / 50"], [[f"`{name}`", _pair(found)] for name, found in left_out.items()])


def document(months: Sequence[MonthFound], left_out: Mapping[str, Found]) -> str:
    """The whole page."""
    return PAGE.format(
        without=without_table(left_out),
        parts=parts_table(),
        post_factor=f"{POST_FACTOR:g}",
        reach=reach_table(),
        months=months_table(months),
        pooled=pooled_table(months),
    )


PAGE = """# Ranking

A month has thousands of papers and a reader has time for a few. This page says by which parts the reading is ranked, why
they weigh what they weigh, and how much the result can be trusted. `staycurrent ranking --write docs/ranking.md` makes it;
the tables of parts are held to the code by a test.

## The parts

A score is the sum of its parts, each from 0 to 1 times its weight. The weights sum to 1. A part that has nothing to say
counts nothing and gives no reason; `why` of each item holds the others in words, the strongest first. Pages and mails tell
those of them that say more than level, day, topic, lab and code beside it.

<!-- parts -->
{parts}
<!-- /parts -->

A post competes with {post_factor} of its score. Votes and stars are compared with those of the items that were listed on
the same days, so that neither the age of an item nor a busy day weighs; where a day has too few, with the whole period.
A lab is named as "from X" only where an organization tag or the lab's own feed says so; a team's name among the authors or
a third party's feed makes it "probably from X" and counts for less. What is surely off the roadmap (level 0) competes only
where the query asks for level 0.

The part `reach` is a judgement that was written down once: what makes language models and agents is of use to every
learner of AI today, what goes on inside and around them to many, one modality or one field of application to the readers of
that field. It takes 3/4 from the primary topic (a second topic counts 0.8 of its value) and 1/4 from whether the abstract
speaks of language models. Within a level whose topics are all alike it decides little, and the other parts order the list.

<!-- reach -->
{reach}
<!-- /reach -->

## The selection

- No topic and no lab fills more than a quarter of the list, lab posts no more than a fifth, and what one and the same
  source alone has seen no more than half, as long as other candidates are left.
- A budget is a number of items, or minutes. An item's minutes come from the page count in the authors' comment on arXiv
  ("12 pages, 5 figures": 5 minutes and 1.25 a page, 40 pages at most), else 20 for a paper and 6 for a post.
- Where the query names levels below 8, up to three items of the next level stand beside the list: only those whose level
  is sure, first those that also carry a topic of the reader's levels. Of a budget in minutes they take a fifth at most.
- One landmark paper of the roadmap prepares for the list: at the reader's level or below, on the topics of the list, drawn
  by lot from the name of the month, so that it stays the same while the list still moves.
- A finished month is frozen with its weights, the model and the landmark. An item that is withdrawn later leaves its place,
  and a note says so.

## How it was measured

The yardstick is a weekly list of important papers that others keep. Of the picks that stood on Hugging Face's daily list in
a month: which share stands among the first 30 and 50 of that month's reading, over all levels, with the quotas above?

<!-- measured -->
{months}

{pooled}

{without}
<!-- /measured -->

The intervals are Wilson's at 95 %. *Weights fitted to the other months* is leave-one-month-out: a logistic regression with
a ridge and without negative weights over the same parts, which never saw the month that it ranks. *Votes alone* keeps the
quotas. *Random order* is the expected share of the papers on the list. Where the database holds a part of a month only,
every way of ranking finds more of it.

What follows from it, and what does not:

- `reach` and `votes` carry what can be measured here, as the last table shows; what the other parts move is a pick or two,
  which is noise with so few picks. So these two have the largest weights.
- The weights are round numbers near what the regression finds. Fitting them freely to three months does no better on the
  fourth, so they were not tuned further.
- The other parts keep small weights by judgement. These months have no organization tags, no lab feeds but one, no stars
  and no history of votes, so that `lab`, `code` and `growth` could hardly show what they are worth.
- `reach` was written with these months in view, though by a rule that names none of their papers. The regression that leaves
  a month out keeps its tiers; so a list of another year is the better test of it.
- Short titles, large author teams, the arXiv category and words such as "benchmark" were tried and left out: no reader
  would accept them as a reason.
- `reach` agrees with the taste of this list, which favours language models, reasoning and agents. A list for another field
  is a query away: filters by level and topic come before ranking.

## Repeating it

With a database that holds the months, and a file of JSON lines with the arXiv id of each pick in `id`:

```sh
staycurrent ranking --picks picks.jsonl --months 2025-02 --months 2025-03 --write docs/ranking.md
```

Without `--months` every month is taken that has a pick on Hugging Face's list. The readings are live ones of the weights in
use, whatever is frozen. Votes are those that the database has last seen.
"""
