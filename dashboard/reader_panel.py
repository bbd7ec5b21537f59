"""What a page shows of its reader: marks as small forms, how much was read, what is new. Pure: values in, escaped HTML out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from dashboard.tex import plain
from staycurrent.i18n import N_, ngettext, number
from staycurrent.i18n import gettext as _
from staycurrent.store.marks import Kind

WORDS = {
    Kind.READ: (N_("Mark as read"), N_("Read")),
    Kind.SAVED: (N_("Save"), N_("Saved")),
    Kind.STAR: (N_("Star"), N_("Starred")),
    Kind.HIDDEN: (N_("Hide"), N_("Hidden")),
}
"""What a button says before and after."""
ON_CARDS = (Kind.READ, Kind.SAVED, Kind.HIDDEN)
ON_ITEMS = (Kind.READ, Kind.SAVED, Kind.STAR, Kind.HIDDEN)
ON_LANDMARKS = (Kind.READ, Kind.STAR)


@dataclass(frozen=True, slots=True)
class Mine:
    """What a card shows of its reader: their marks, and whether the item came since their last visit."""

    kinds: frozenset[Kind] = frozenset()
    is_new: bool = False


def item_marks(public_id: str, title: str, kinds: Iterable[Kind], offered: Iterable[Kind] = ON_CARDS) -> str:
    """The buttons for an item's marks. What they do without a reload is in `reader.js`."""
    return _form("item", public_id, title, frozenset(kinds), offered)


def landmark_marks(name: str, title: str, kinds: Iterable[Kind]) -> str:
    """The buttons for a landmark's marks, those that it has (the command line knows more) and those that are offered;
    `name` is its arXiv id or address."""
    there = frozenset(kinds)
    return _form("landmark", name, title, there, [*ON_LANDMARKS, *(k for k in Kind if k in there and k not in ON_LANDMARKS)])


def item_tag(public_id: str, title: str, tag: str) -> str:
    """The button that takes a tag from an item, and gives it back."""
    words = (_("Tag as “{tag}”").format(tag=tag), _("Tagged “{tag}”").format(tag=tag))
    hidden = f'<input type="hidden" name="tag" value="{escape(tag)}">'
    return _posted("item", public_id, title, hidden + _button("tag", words, on=True))


def _form(target: str, name: str, title: str, kinds: frozenset[Kind], offered: Iterable[Kind]) -> str:
    buttons = (_button(kind.value, (_(WORDS[kind][0]), _(WORDS[kind][1])), on=kind in kinds) for kind in offered)
    return _posted(target, name, title, "".join(buttons))


def _posted(target: str, name: str, title: str, buttons: str) -> str:
    about = escape(_("Your marks for {title}").format(title=plain(title)))
    failed = escape(_("That could not be kept; reload the page."))
    return (
        f'<form class="sc-actions" method="post" action="./marks" aria-label="{about}" data-failed="{failed}">'
        f'<input type="hidden" name="{target}" value="{escape(name)}">{buttons}</form>'
    )


def _button(mark: str, words: tuple[str, str], *, on: bool) -> str:
    before, after = words
    return (
        f'<button type="submit" name="mark" value="{mark} {int(not on)}" data-mark="{mark}" data-on="{int(on)}">'
        f'<span class="sc-off">{escape(before)}</span>'
        f'<span class="sc-on">{escape(after)}<span class="sc-sr"> {escape(_("(take it back)"))}</span></span></button>'
    )


def new_mark(mine: Mine | None) -> str:
    """The word on a card that came since the last visit."""
    return f'<span class="sc-new">{escape(_("New"))}</span>' if mine and mine.is_new else ""


def read_of(read: int, total: int, counted: str) -> str:
    """How much of a list was read, as words and a bar; `counted` names the list, so that the page can count again."""
    words = _("{n} of {total} read")
    shown = escape(words.format(n=number(read), total=number(total)))
    width = 100 * read / max(total, 1)
    return (
        f'<p class="sc-progress" data-read-of="{escape(counted)}"><span data-words="{escape(words)}">{shown}</span>'
        f'<span class="sc-bar" aria-hidden="true"><i style="width:{width:.1f}%"></i></span></p>'
    )


def news_line(news: int | None) -> str:
    """How many items came since the last visit; empty on a first one."""
    if news is None:
        return ""
    if not news:
        return escape(_("Nothing new since your last visit."))
    return escape(ngettext("{n} new since your last visit.", "{n} new since your last visit.", news).format(n=number(news)))
