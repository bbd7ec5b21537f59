"""`reading`, `items`, `search`, `show`, `topics` and `labs`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Optional

import typer

from staycurrent import period as periods
from staycurrent import roadmap, shapes
from staycurrent.cli import output
from staycurrent.cli.context import open_app
from staycurrent.query import Query, Sort, build
from staycurrent.reading import monthly
from staycurrent.store import engine as database
from staycurrent.store import items as item_store
from staycurrent.store import listing, suggest
from staycurrent.types import ItemDetail

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document")]


def reading(
    query: Query,
    period: Annotated[str, typer.Argument(help="A month, 2026-05, or a week, 2026-W21")],
    limit: Annotated[int, typer.Option(help="At most this many items")] = 30,
    minutes: Annotated[Optional[int], typer.Option(help="At most this much reading time")] = None,  # noqa: UP045
    json: _Json = False,
) -> None:
    """The ranked reading of a period; a finished period's is frozen."""
    wanted = periods.parse(period)
    app = open_app()
    found = monthly.freeze(app.engine, wanted, query, today=app.clock().date(), limit=limit, minutes=minutes, clock=app.clock)
    if json:
        output.print_json(shapes.reading_json(found))
        return
    _print_reading(found)


def _print_reading(found: monthly.ReadingList) -> None:
    _print_places(found.placed)
    if found.one_level_up:
        output.out.print(f"\nOne level up, level {found.one_level_up[0].item.level}:", markup=False)
        _print_places(found.one_level_up)
    if found.landmark:
        output.out.print(f"\nA landmark that prepares for it: {found.landmark.title} ({found.landmark.year})", markup=False)
        output.out.print(f"    {found.landmark.url}", markup=False, style="dim")
    for note in found.notes:
        output.say(note)


def _print_places(placed: tuple[monthly.Placed, ...]) -> None:
    for entry in placed:
        output.print_placed(entry.rank, entry.item, list(entry.why.values()))


def items(
    query: Query,
    limit: Annotated[int, typer.Option(help="Items on a page")] = 50,
    cursor: Annotated[Optional[str], typer.Option(help="Go on from here: the cursor of the page before")] = None,  # noqa: UP045
    json: _Json = False,
) -> None:
    """List items."""
    _list(query, limit, cursor, json=json)


def search(
    query: Query,
    text: Annotated[str, typer.Argument(help='Words, "phrases", prefix*, -without, title: author: abstract:')],
    limit: Annotated[int, typer.Option(help="Items on a page")] = 20,
    cursor: Annotated[Optional[str], typer.Option(help="Go on from here: the cursor of the page before")] = None,  # noqa: UP045
    json: _Json = False,
) -> None:
    """Search title, authors and abstract, the most relevant first."""
    sort = Sort.RELEVANCE if query.sort is Sort.NEWEST else query.sort
    _list(replace(query, text=build(text=text).text, sort=sort), limit, cursor, json=json)


def _list(query: Query, limit: int, cursor: str | None, *, json: bool) -> None:
    app = open_app()
    with database.reading(app.engine) as session:
        page = listing.page(session, query, app.clock().date(), limit=limit, cursor=cursor)
        meant = suggest.suggest(session, query.text, limit=5) if query.text and not page.items else ()
    if json:
        output.print_json(shapes.page_json(query, page))
        return
    output.print_items(page.items)
    if not page.items:
        names = ", ".join(f"{s.name} (--{s.kind} {s.value})" if s.kind != "author" else f"author:{s.value}" for s in meant)
        output.say(f"Nothing found.{f' Did you mean: {names}?' if names else ''}")
    if page.cursor:
        output.say(f"More: --cursor {page.cursor}")


def show(
    id: Annotated[str, typer.Argument(help="Public id, arXiv id or address, DOI, or the address of a post")],  # noqa: A002
    json: _Json = False,
) -> None:
    """One item with all its evidence."""
    from collector import identity

    app = open_app()
    with database.reading(app.engine) as session:
        detail = item_store.detail(session, identity.names(id))
    if json:
        output.print_json(shapes.detail_json(detail))
    else:
        _print_detail(detail)


def _print_detail(detail: ItemDetail) -> None:
    item = detail.item
    output.print_items((item,))
    print_line = output.out.print
    print_line(f"    {', '.join(item.authors)}", markup=False)
    print_line(f"\n{item.abstract}\n", markup=False)
    if detail.correction:
        said = detail.correction
        model = "" if detail.said is None else f"; the model says {detail.said}"
        print_line(f"level {said.level}: corrected by {said.who} on {said.at.date()}{model}", markup=False)
        if said.why:
            print_line(f"    {said.why}", markup=False)
    elif detail.opinion:
        other = detail.opinion
        print_line(f"level {other.level}: second opinion of {other.llm}; the model says {detail.said}", markup=False)
        print_line(f"    {other.reason}", markup=False)
    elif item.confidence is not None:
        why = ", ".join(r.text for r in detail.explanation)
        print_line(f"level {item.level}: {item.confidence:.0%} sure{'; because of ' + why if why else ''}", markup=False)
    print_line(f"topics: {', '.join(t.slug for t in item.topics) or 'none'}", markup=False)
    for evidence in item.labs:
        print_line(f"lab: {evidence.lab} ({evidence.method}: {evidence.evidence})", markup=False)
    for s in detail.sightings:
        facts = [s.announce_type, f"{s.votes} votes" if s.votes else None, s.organization]
        print_line(f"seen by {s.source} on {s.listed_on or s.seen_at.date()} {' '.join(f for f in facts if f)}", markup=False)
    for r in item.repositories:
        print_line(f"code: {r.url}{f' ({r.stars:,} stars)' if r.stars is not None else ''}", markup=False)
    for v in detail.versions:
        print_line(f"v{v.number}: {output.moment(v.submitted)}{' withdrawn' if v.withdrawn else ''}", markup=False)


def topics() -> None:
    """The topics, by level."""
    table = output.table("slug", "level", "name")
    for topic in roadmap.topics().values():
        table.add_row(topic.slug, str(topic.level), topic.name.en)
    output.out.print(table)


def labs() -> None:
    """The labs that the roadmap knows; a star marks the watched ones, `seen` is the newest paper known when it was listed."""
    table = output.table("slug", "", "name", "seen")
    for lab in sorted(roadmap.labs().values(), key=lambda lab: (not lab.watched, lab.slug)):
        table.add_row(lab.slug, "*" if lab.watched else "", lab.name, lab.seen or "")
    output.out.print(table)
