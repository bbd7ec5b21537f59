"""Tables of facts, which on a phone become lists. Pure: escaped HTML in, HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def table(heads: Sequence[str], rows: str) -> str:
    """A table; `rows` is HTML."""
    cells = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    return f'<table class="sc-table"><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>'


def cell(label: str, html: str, *, head: bool = False, whole: bool = False) -> str:
    """A cell that bears the name of its column, for phones, where the table is a list; a whole one stays in one line."""
    kind = 'th scope="row"' if head else 'td class="sc-whole"' if whole else "td"
    return f'<{kind} data-label="{escape(label)}">{html}</{kind[:2]}>'
