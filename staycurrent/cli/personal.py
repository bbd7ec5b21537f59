"""What a reader left, and what follows from it: marks, notes, tags; similar, recommended, and progress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Optional

import typer

from staycurrent import roadmap, shapes
from staycurrent.cli import output
from staycurrent.cli.context import open_app
from staycurrent.errors import NotFound, UsageError
from staycurrent.reading import progress as progresses
from staycurrent.reading import taste
from staycurrent.roadmap import Landmark
from staycurrent.store import engine as database
from staycurrent.store import items as item_store
from staycurrent.store import listing
from staycurrent.store import marks as store
from staycurrent.store.engine import Session
from staycurrent.store.marks import Kind, Left, Less
from staycurrent.types import ItemView

_Profile = Annotated[str, typer.Option(help="Whose: a reader of this installation")]
_Undo = Annotated[bool, typer.Option("--undo", help="Take it back")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="Public id, arXiv id or address, DOI, or the address of a post")]
_Limit = Annotated[int, typer.Option(help="At most this many items")]


def mark(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="read, saved, hidden or star")],
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Items, or landmarks of the roadmap")],
    undo: _Undo = False,
    profile: _Profile = store.LOCAL,
) -> None:
    """Mark items as read, saved, hidden or starred."""
    name, app = store.profile_name(profile), open_app()
    with database.writing(app.engine) as session:
        rows, landmarks = _meant(session, ids)
        if undo:
            store.take_back(session, name, kind, rows)
            store.take_back_landmark(session, name, kind, landmarks)
            return
        if rows:
            store.put(session, name, kind, rows, app.clock())
        if landmarks:
            store.put_landmark(session, name, kind, landmarks, app.clock())


def _meant(session: Session, ids: Sequence[str]) -> tuple[list[int], list[str]]:
    """Row ids of items, and the names of landmarks that are no items."""
    rows: list[int] = []
    landmarks: list[str] = []
    for text in ids:
        try:
            rows.append(_row(session, text))
        except NotFound:
            known = _landmark(text)
            if known is None:
                raise
            landmarks.append(progresses.landmark_name(known))
    return rows, landmarks


def _row(session: Session, text: str) -> int:
    from collector import identity

    return item_store.find(session, identity.names(text))


def _landmark(text: str) -> Landmark | None:
    from collector import identity

    names = set(identity.names(text))
    return next((mark for mark in roadmap.landmarks() if {progresses.landmark_name(mark), mark.url} & names), None)


def note(
    id: _Id,  # noqa: A002
    text: Annotated[str, typer.Argument(help="The note; it takes the place of the one before, an empty one takes it away")],
    profile: _Profile = store.LOCAL,
) -> None:
    """Write a note on an item."""
    name, app = store.profile_name(profile), open_app()
    with database.writing(app.engine) as session:
        store.note(session, name, _row(session, id), text, app.clock())


def tag(
    id: _Id,  # noqa: A002
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="Words of your own")],
    undo: _Undo = False,
    profile: _Profile = store.LOCAL,
) -> None:
    """Give an item tags of your own."""
    name, app = store.profile_name(profile), open_app()
    with database.writing(app.engine) as session:
        row = _row(session, id)
        if undo:
            store.untag(session, name, row, tags)
        else:
            store.tag(session, name, row, tags, app.clock())


def less(
    kind: Annotated[Less, typer.Argument(metavar="KIND", help="topic, lab or word")],
    value: Annotated[str, typer.Argument(help="Slug of the topic or lab, or a word or phrase")],
    undo: _Undo = False,
    profile: _Profile = store.LOCAL,
) -> None:
    """See less of a topic, a lab or a word, on page, feed and mail alike."""
    name, unwanted = store.profile_name(profile), taste.dislike(kind, value, known_only=not undo)
    app = open_app()
    with database.writing(app.engine) as session:
        if undo:
            store.no_longer_less(session, name, unwanted)
        else:
            store.less(session, name, unwanted, app.clock())


def marks(profile: _Profile = store.LOCAL, json: _Json = False) -> None:
    """Everything that a reader left: marks, notes, tags, and what they want less of."""
    name, app = store.profile_name(profile), open_app()
    with database.reading(app.engine) as session:
        left = store.of_items(session, name)
        views = listing.views(session, list(left))
        landmarks = store.landmarks(session, name)
        tags, dislikes = store.tags(session, name), store.dislikes(session, name)
    if json:
        output.print_json(
            {
                "profile": name,
                "items": [shapes.item_json(v) | left_json(left[v.row]) for v in views],
                "landmarks": [{"landmark": n, "marks": sorted(kinds)} for n, kinds in sorted(landmarks.items())],
                "tags": tags,
                "less": [{"kind": d.kind, "value": d.value} for d in dislikes],
            }
        )
        return
    for view in views:
        _print(view, _left_words(left[view.row]))
    for landmark, kinds in sorted(landmarks.items()):
        output.out.print(f"landmark {landmark}: {', '.join(sorted(kinds))}", markup=False)
    for unwanted in dislikes:
        output.out.print(f"less of the {unwanted.kind} {unwanted.value}", markup=False)
    if not (views or landmarks or dislikes):
        output.say("Nothing marked yet.")


def left_json(left: Left) -> dict[str, Any]:
    """What a reader left on an item, as JSON."""
    return {"marks": sorted(left.kinds), "tags": list(left.tags), "note": left.note, "marked": shapes.moment(left.at)}


def _print(item: ItemView, words: str) -> None:
    output.print_items((item,))
    output.out.print(f"    {words}", markup=False, style="italic")


def _left_words(left: Left) -> str:
    said = [*sorted(left.kinds), *(f"#{tag}" for tag in left.tags), *([f"note: {left.note}"] if left.note else [])]
    return " · ".join(said)


def similar(
    id: _Id,  # noqa: A002
    limit: _Limit = 10,
    profile: _Profile = store.LOCAL,
    json: _Json = False,
) -> None:
    """Items like an item, and the words that decided."""
    from collector import identity
    from staycurrent.reading.similar import similar as find_similar  # brings numpy along, which other commands do without

    name, app = store.profile_name(profile), open_app()
    found = find_similar(app.engine, identity.names(id), today=app.clock().date(), limit=limit, profile=name)
    if json:
        output.print_json({"id": id, "items": [_scored(f.item, f.score, f.words) for f in found]})
        return
    for f in found:
        _print(f.item, f"because of {', '.join(f.words)}")
    if not found:
        output.say("Nothing like it.")


def recommend(
    tag: Annotated[Optional[str], typer.Option(help="Go by what bears this tag only")] = None,  # noqa: UP045
    landmark: Annotated[Optional[list[str]], typer.Option(help="A landmark to go by too; several may be given")] = None,  # noqa: UP045
    limit: _Limit = 20,
    profile: _Profile = store.LOCAL,
    json: _Json = False,
) -> None:
    """Recent items that are like what you starred, tagged and saved, and the words that decided."""
    from staycurrent.reading.recommend import recommend as find_recommended

    name, app = store.profile_name(profile), open_app()
    _check_tag(app.engine, name, tag)
    examples = [_known_landmark(text) for text in landmark or ()]
    today = app.clock().date()
    found = find_recommended(app.engine, name, today=today, tag=tag, landmarks=examples, limit=limit)
    if json:
        output.print_json({"profile": name, "tag": tag, "items": [_scored(f.item, f.score, f.words) for f in found]})
        return
    for f in found:
        _print(f.item, f"because of {', '.join(f.words)}")
    if not found:
        output.say("Nothing to recommend yet. Star, save or tag a few items, or name landmarks: --landmark 1706.03762")


def _check_tag(engine: database.Engine, profile: str, tag: str | None) -> None:
    if tag is None:
        return
    with database.reading(engine) as session:
        if store.tag_name(tag) not in store.tags(session, profile):
            raise UsageError(f"--tag: no item bears the tag {tag[:60]}; see: staycurrent marks")


def _known_landmark(text: str) -> str:
    known = _landmark(text)
    if known is None:
        raise UsageError(f"--landmark: {text[:60]} is not a landmark of the roadmap")
    return progresses.landmark_name(known)


def _scored(item: ItemView, score: float, words: Sequence[str]) -> dict[str, Any]:
    return shapes.item_json(item) | {"score": score, "words": list(words)}


def progress(profile: _Profile = store.LOCAL, json: _Json = False) -> None:
    """What was read of the roadmap: by level, its landmarks, and by month."""
    name, app = store.profile_name(profile), open_app()
    found = progresses.progress(app.engine, name, today=app.clock().date())
    if json:
        output.print_json({"profile": name, **progress_json(found)})
        return
    table = output.table("level", "name", "read", "landmarks", "hours left")
    for level in found.levels:
        of_all, hours = f"{level.landmarks_read} of {level.landmarks}", f"{level.minutes_left / 60:.0f}"
        table.add_row(str(level.level), roadmap.levels()[level.level].short.en, str(level.read), of_all, hours)
    output.out.print(table)
    for month in found.months:
        output.out.print(f"{month.month}: {month.read} read", markup=False)


def progress_json(found: progresses.Progress) -> dict[str, Any]:
    """Progress as JSON; `null` as a level stands for what is not classified."""
    return {
        "levels": [
            {
                "level": level.level,
                "read": level.read,
                "landmarks_read": level.landmarks_read,
                "landmarks": level.landmarks,
                "minutes_left": level.minutes_left,
            }
            for level in found.levels
        ],
        "months": [
            {"month": m.month, "read": m.read, "levels": [{"level": lv, "read": n} for lv, n in m.by_level.items()]}
            for m in found.months
        ],
        "unclassified": found.unclassified,
        "landmarks": sorted(found.landmarks),
    }
