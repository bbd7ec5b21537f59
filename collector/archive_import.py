"""The archive's links into the store: a batch is a transaction, and whatever was done already is found to be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from collector.archive import SOURCE, CodeLink, Record
from collector.run import store_batch
from staycurrent.clock import Clock
from staycurrent.errors import StaycurrentError
from staycurrent.store import code
from staycurrent.store.engine import Engine, Session, serialise_intake, writing
from staycurrent.types import Change, Kind, ParsedItem, Repository

BATCH = 1_000
Progress = Callable[[int], None]


@dataclass
class Tally:
    """What an import has done so far. Every link read is in one of `linked`, `unknown`, `elsewhere` and `malformed`."""

    read: int = 0
    linked: int = 0
    """Of a paper that is stored (or was made by this import)."""
    unknown: int = 0
    """Of a paper on arXiv that is not stored."""
    elsewhere: int = 0
    """Of a paper that is not on arXiv."""
    malformed: int = 0
    created: int = 0
    """Papers that were made."""
    enriched: set[int] = field(default_factory=set)
    """Rows of the items that gained a repository."""

    def add(self, other: Tally) -> None:
        """Count what a further batch did."""
        self.read += other.read
        self.linked += other.linked
        self.unknown += other.unknown
        self.elsewhere += other.elsewhere
        self.malformed += other.malformed
        self.created += other.created
        self.enriched |= other.enriched


def import_links(
    engine: Engine,
    records: Iterable[Record],
    clock: Clock,
    tally: Tally,
    *,
    create: bool = False,
    progress: Progress = lambda _read: None,
) -> None:
    """Tie the repositories to the papers that are stored; with `create` also make papers out of the links of others.

    `tally` counts what is committed, so it is right too where the records end in an error. Raises what `records`
    raises, after the records before it are stored, and `StoreError`.
    """
    for batch, failure in _batches(records):
        with writing(engine) as session:
            serialise_intake(session)
            done = _store(session, batch, clock, create=create)
        tally.add(done)
        progress(tally.read)
        if failure is not None:
            raise failure


def _batches(records: Iterable[Record]) -> Iterator[tuple[list[Record], StaycurrentError | None]]:
    """Lists of records; what came before an error is a batch too, with the error beside it."""
    batch: list[Record] = []
    try:
        for record in records:
            batch.append(record)
            if len(batch) == BATCH:
                yield batch, None
                batch = []
    except StaycurrentError as error:
        yield batch, error
        return
    yield batch, None


def _store(session: Session, batch: Sequence[Record], clock: Clock, *, create: bool) -> Tally:
    links = [record for record in batch if record is not None]
    on_arxiv = [(link.arxiv_id, link) for link in links if link.arxiv_id]
    rows = code.owners(session, dict.fromkeys(paper_id for paper_id, _ in on_arxiv))
    missing = [link for paper_id, link in on_arxiv if paper_id not in rows]
    created = 0
    if create and missing:
        made = [paper for paper in _papers(missing) if paper.title]
        created = store_batch(session, SOURCE, made, clock())[Change.NEW]
        rows |= code.owners(session, [paper.key for paper in made])
    said = [(rows[paper_id], link.repository) for paper_id, link in on_arxiv if paper_id in rows]
    return Tally(
        read=len(batch),
        linked=len(said),
        unknown=len(on_arxiv) - len(said),
        elsewhere=len(links) - len(on_arxiv),
        malformed=len(batch) - len(links),
        created=created,
        enriched=code.link(session, SOURCE, said),
    )


def _papers(links: Iterable[CodeLink]) -> list[ParsedItem]:
    """A paper out of its links: title and arXiv id are all that they say of it."""
    by_paper: defaultdict[str, list[CodeLink]] = defaultdict(list)
    for link in links:
        if link.arxiv_id:
            by_paper[link.arxiv_id].append(link)
    return [_paper(paper_id, said) for paper_id, said in by_paper.items()]


def _paper(paper_id: str, links: Sequence[CodeLink]) -> ParsedItem:
    repositories: dict[str, Repository] = {}
    for link in links:
        repositories.setdefault(link.repository.url, link.repository)
    return ParsedItem(
        source=SOURCE,
        key=paper_id,
        kind=Kind.PAPER,
        title=next((link.title for link in links if link.title), ""),
        url=f"https://arxiv.org/abs/{paper_id}",
        arxiv_id=paper_id,
        listed_on=month_of(paper_id),
        repositories=tuple(repositories.values()),
    )


def month_of(paper_id: str) -> date:
    """The first day of the month that an arXiv id bears; without it an old paper would stand in today's reading."""
    digits = paper_id.rpartition("/")[2]
    year, month = int(digits[:2]), int(digits[2:4])
    return date(year + (1900 if year >= 91 else 2000), min(max(month, 1), 12), 1)  # noqa: PLR2004 - arXiv began in 1991
