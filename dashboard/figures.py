"""What stands around a chart: the finding above, the key below, and the numbers under a fold with their address. HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from dashboard import address, words
from dashboard.charts import SHAPES
from staycurrent import i18n
from staycurrent.i18n import gettext as _
from staycurrent.reading.trends import Trends
from staycurrent.store.trends import Step

MANY = 8
"""Periods in sight at once in a table on a wide screen; more scroll."""


def head(finding: str, sentence: str) -> str:
    """What a chart shows, in words: the finding as the heading, then a sentence, both plain text."""
    return f'<section class="sc-section"><h2>{escape(finding)}</h2><p class="sc-finding">{escape(sentence)}</p></section>'


def key(names: Mapping[str, str]) -> str:
    """The lines of a chart by their shape and colour: name → address."""
    signs = list(SHAPES.values())
    items = "".join(
        f'<li data-series="{n + 1}"><b aria-hidden="true">{signs[n]}</b><a href="{escape(link)}">{escape(name)}</a></li>'
        for n, (name, link) in enumerate(names.items())
    )
    return f'<ul class="sc-key">{items}</ul>'


def numbers(table: str, pairs: list[tuple[str, str]], name: str) -> str:
    """The table under a fold, and the same as a file. `name` is the table's in the address."""
    return f'<details class="sc-numbers"><summary>{escape(_("The numbers"))}</summary>{table}{file_line(pairs, name)}</details>'


def file_line(pairs: list[tuple[str, str]], name: str) -> str:
    """The address of all the numbers as a file."""
    return file_link(address.trends_data(pairs, name), name)


def file_link(link: str, name: str) -> str:
    """A link to numbers that a browser saves under that name."""
    said = escape(_("All of it as CSV"))
    return f'<p class="sc-file"><a href="{escape(link)}" download="{name}.csv">{said}</a></p>'


def wide(label: str, table: str) -> str:
    """A table that scrolls sideways by itself, with the keyboard too."""
    return f'<div class="sc-wide" role="region" aria-label="{escape(label)}" tabindex="0">{table}</div>'


def grid(caption: str, corner: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """A table with a head at both sides. Heads of rows and cells are HTML, the rest is text."""
    top = "".join(f'<th scope="col">{escape(h)}</th>' for h in [corner, *heads])
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>' for name, cells in rows
    )
    shown = f"<caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    return wide(caption, f'<table class="sc-grid">{shown}</table>')


def names(found: Trends) -> list[str]:
    """The periods in the reader's words, each once: "4 May", or with the year where they lie in several years."""
    if found.asked.step is Step.MONTH:
        return [i18n.month(p.first) for p in found.periods]
    of_one_year = len({p.first.year for p in found.periods}) == 1
    return [(i18n.short_day if of_one_year else i18n.day)(p.first) for p in found.periods]


def row_heads(found: Trends) -> list[str]:
    """The periods as heads of rows; one that is not over says so."""
    marked = _("{period}, so far")
    return [
        f"{escape(marked.format(period=name))}" if found.is_running(n) else escape(name) for n, name in enumerate(names(found))
    ]


def cell(count: int, share: float | None) -> str:
    """A share with its count; only the count where there are too few to speak of shares."""
    if share is None:
        return words.number(count)
    return f"{escape(precise(share))} <small>{words.number(count)}</small>"


def precise(share: float) -> str:
    """A share with one decimal, since most topics have a few percent: "4.2%"."""
    return i18n.percent(share, decimals=1)
