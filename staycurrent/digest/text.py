"""A sheet as plain text: 76 columns, numbered, every address on a line of its own."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import TextWrapper

from staycurrent.digest.clean import has_wide, isolated
from staycurrent.digest.sheet import Entry, Section, Sheet
from staycurrent.digest.types import CONFIRM_MARK, DECLINE_MARK, PREFERENCES_MARK, UNSUBSCRIBE_MARK
from staycurrent.i18n import gettext as _
from staycurrent.tex import plain

WIDTH = 76
INDENT = "    "


def text(sheet: Sheet, footer: str = "") -> str:
    """The plain-text part of a digest."""
    lines = [*_head(sheet)]
    for section in sheet.sections:
        lines += _section(section)
    lines += [*_changed(sheet), *_landmark(sheet), *_month(sheet), *_foot(sheet), *_footer(footer)]
    return "\n".join(lines) + "\n"


def for_channel(written: str) -> str:
    """The text without the subscriber's own links: everybody in a channel would have them."""
    lines = written.split("\n")
    own = {n for n, line in enumerate(lines) if line in (PREFERENCES_MARK, UNSUBSCRIBE_MARK)}
    return "\n".join(line for n, line in enumerate(lines) if n not in own and n + 1 not in own).rstrip("\n") + "\n"


def letter(paragraphs: list[str], footer: str = "", *, asks: bool) -> str:
    """The plain-text part of a short mail: its address stands after the first paragraph. One that asks may be the last."""
    first, *rest = paragraphs
    lines = [*_wrapped(first), "", CONFIRM_MARK, ""]
    for paragraph in rest:
        lines += [*_wrapped(paragraph), ""]
    ways = [_("Unsubscribe:"), UNSUBSCRIBE_MARK]
    ways += [_("Never ask this address again:"), DECLINE_MARK] if asks else []
    return "\n".join([*lines, "-" * WIDTH, *ways, *_footer(footer)]) + "\n"


def _head(sheet: Sheet) -> Iterator[str]:
    yield f"staycurrent · {sheet.name}"
    if sheet.days:
        yield sheet.days
    yield ""
    yield from _wrapped(f"{sheet.lead} {sheet.news}")
    if sheet.more:
        yield f"{sheet.more[0]}:"
        yield sheet.more[1]
    yield ""


def _section(section: Section) -> Iterator[str]:
    named = _("Level {n}: {name}").format(n=section.level, name=section.name) if section.level else section.name
    yield from _heading(f"{named} ({section.note})", "=")
    for group in section.groups:
        if group.topic:
            yield from _heading(group.topic, "-")
        for entry in group.entries:
            yield from _entry(entry)
            yield ""


def _entry(entry: Entry) -> Iterator[str]:
    yield from _hanging(f"{entry.number:>2}. ", isolated(plain(entry.title)))
    yield from _block(entry.by)
    yield from _block(" · ".join(fact for fact in (entry.unsure, *entry.facts) if fact))
    if entry.abstract:
        yield ""
        yield from _block(isolated(plain(entry.abstract)))
        yield ""
    if entry.why:
        yield from _block(_("Why here: {reasons}").format(reasons=entry.why))
    yield INDENT + entry.url
    if entry.page != entry.url:
        yield from _address(_("Details"), entry.page)
    if entry.code:
        yield from _address(*entry.code)


def _address(label: str, url: str) -> Iterator[str]:
    yield f"{INDENT}{label}:"
    yield INDENT + url


def _changed(sheet: Sheet) -> Iterator[str]:
    if sheet.changed:
        yield from _heading(_("Changed since you got it"), "=")
    for told in sheet.changed:
        yield from _hanging("  * ", isolated(plain(told.title)))
        for what in told.what:
            yield from _block(what)
        yield INDENT + told.page
        yield ""


def _month(sheet: Sheet) -> Iterator[str]:
    if not sheet.month:
        return
    heading, titles = sheet.month
    yield from _heading(heading, "=")
    for position, (title, url, had) in enumerate(titles, start=1):
        yield from _hanging(f"{position:>2}. ", isolated(plain(title)))
        if had:
            yield from _block(had)
        yield INDENT + url
    yield ""


def _landmark(sheet: Sheet) -> Iterator[str]:
    if not sheet.landmark:
        return
    title, url, by, why = sheet.landmark
    yield from _heading(_("Time for a landmark paper"), "=")
    yield from _hanging("  * ", title)
    yield from _block(by)
    yield from _block(why)
    yield INDENT + url
    yield ""


def _foot(sheet: Sheet) -> Iterator[str]:
    yield "-" * WIDTH
    if sheet.unexplained:
        yield from _wrapped(sheet.unexplained)
    if sheet.completeness:
        yield from _wrapped(_("Sources: {state}").format(state=sheet.completeness))
    yield from _wrapped(sheet.reason)
    yield ""
    yield _("Change what you get:")
    yield PREFERENCES_MARK
    yield _("Unsubscribe:")
    yield UNSUBSCRIBE_MARK


def _footer(footer: str) -> Iterator[str]:
    """The installation's own lines; an address in them stays whole."""
    if footer:
        yield ""
    for line in footer.splitlines():
        yield from TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False).wrap(line)


def _heading(title: str, under: str) -> Iterator[str]:
    lines = _wrapped(title)
    yield from lines
    yield under * max(len(line) for line in lines)
    yield ""


def _wrapped(paragraph: str) -> list[str]:
    return _fill(paragraph, "", "")


def _block(paragraph: str) -> list[str]:
    return _fill(paragraph, INDENT, INDENT)


def _hanging(bullet: str, paragraph: str) -> list[str]:
    return _fill(paragraph, bullet, INDENT)


def _fill(paragraph: str, first: str, rest: str) -> list[str]:
    width = WIDTH // 2 if has_wide(paragraph) else WIDTH
    wrapper = TextWrapper(width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return wrapper.wrap(paragraph)
