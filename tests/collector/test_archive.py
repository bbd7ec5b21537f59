"""The archive of Papers with Code: every form of the dump, bad ones too, and its links in the store."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import tempfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from sqlalchemy import select

from collector.archive import CodeLink, records
from collector.archive_import import BATCH, Tally, import_links, month_of
from staycurrent.errors import Incomplete, UnexpectedContent, UsageError
from staycurrent.query import Query
from staycurrent.store import listing
from staycurrent.store.engine import Engine, reading
from staycurrent.store.models import Item
from staycurrent.types import ItemView, Repository
from tests import build


def row(number: str | None = "2605.00001", repo: Any = "https://github.com/ada/loops", **facts: Any) -> dict[str, Any]:
    """A line of the dump as the dataset's card describes it."""
    paper = {
        "paper_url": "https://paperswithcode.com/paper/a-study-of-loops",
        "paper_title": "A study of loops",
        "paper_arxiv_id": number,
        "paper_url_abs": f"http://arxiv.org/abs/{number}v2" if number else "https://openaccess.example/1",
        "paper_url_pdf": None,
        "repo_url": repo,
        "is_official": True,
        "mentioned_in_paper": False,
        "mentioned_in_github": True,
        "framework": "pytorch",
    }
    return paper | facts


ROWS = [row(), row("hep-th/9901001", "http://www.github.com/B/c.git", is_official=False), row(None, "https://gitlab.com/x/y")]
LINKS = [
    CodeLink("2605.00001", "A study of loops", Repository("https://github.com/ada/loops", official=True)),
    CodeLink("hep-th/9901001", "A study of loops", Repository("https://github.com/b/c", official=False)),
    CodeLink(None, "A study of loops", Repository("https://gitlab.com/x/y", official=True)),
]


def as_array(rows: list[Any]) -> bytes:
    return json.dumps(rows, indent=1).encode()


def as_lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(r).encode() + b"\n" for r in rows)


def as_parquet(rows: list[Any]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


FORMS: dict[str, Callable[[list[Any]], bytes]] = {
    "array": as_array,
    "array with a mark": lambda rows: b"\xef\xbb\xbf\n " + as_array(rows),
    "lines": as_lines,
    "packed array": lambda rows: gzip.compress(as_array(rows)),
    "packed lines": lambda rows: gzip.compress(as_lines(rows)),
    "parquet": as_parquet,
}


@pytest.fixture
def dump(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(body: bytes) -> Path:
        path = tmp_path / "dump"
        path.write_bytes(body)
        return path

    return write


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form: str, dump: Callable[[bytes], Path]) -> None:
    assert list(records(dump(FORMS[form](ROWS)))) == LINKS


@pytest.mark.parametrize(
    "bad",
    [
        3,
        None,
        "text",
        [],
        {},
        row(repo=None),
        row(repo=7),
        row(repo="javascript:alert(1)"),
        row(repo="https://github.com/" + "a" * 600),
        row("no id at all", paper_url_abs="https://arxiv.org/abs/none"),
        row(None, paper_title=""),
    ],
)
def test_a_bad_record_is_none_and_the_next_one_is_read(bad: Any, dump: Callable[[bytes], Path]) -> None:
    for form in (as_array, as_lines):
        assert list(records(dump(form([ROWS[0], bad, ROWS[0]])))) == [LINKS[0], None, LINKS[0]]


def test_a_line_that_is_not_json_or_has_no_end_is_one_bad_record(dump: Callable[[bytes], Path]) -> None:
    body = as_lines(ROWS[:1]) + b"{broken}\n" + b'{"a": "' + b"x" * (3 << 20) + b'"}\n\n' + as_lines(ROWS[:1])
    assert list(records(dump(body))) == [LINKS[0], None, None, LINKS[0]]


def test_an_id_in_the_address_is_taken_where_none_is_stated(dump: Callable[[bytes], Path]) -> None:
    said = row(None, paper_url_abs="https://arxiv.org/abs/2605.00007v3")
    (link,) = records(dump(as_lines([said])))
    assert link is not None
    assert link.arxiv_id == "2605.00007"


def test_markup_and_control_characters_do_not_come_in(dump: Callable[[bytes], Path]) -> None:
    (link,) = records(dump(as_array([row(paper_title="a\x00\u202e \n b", repo="https://ada.example/code\x00")])))
    assert link is not None
    assert (link.title, link.repository.url) == ("a b", "https://ada.example/code")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\x01\x02",
        b"<html></html>",
        b"paper,repo\n1,2\n",
        b"[section]\nkey = 1\n",
        b"[]",
        b"{}",
        b'{"links": [\n1\n]}',
        b"[1, 2, 3]",
        gzip.compress(b"<opml/>", mtime=0),
        b"\x1f\x8bnot gzip",
        as_parquet([{"other": 1}]),
    ],
)
def test_a_file_of_another_kind_is_a_wrong_call(body: bytes, dump: Callable[[bytes], Path]) -> None:
    with pytest.raises(UsageError, match="dump"):
        list(records(dump(body)))


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UsageError):
            list(records(path))


@pytest.mark.parametrize("form", [f for f in FORMS if f != "parquet"])
def test_a_file_that_ends_in_the_middle_gives_what_stands_before(form: str, dump: Callable[[bytes], Path]) -> None:
    rows = [row(f"2605.{n:05}", f"https://github.com/a/{n * 7919}") for n in range(2_000)]
    body = FORMS[form](rows)
    found = records(dump(body[: len(body) // 2]))
    assert [next(found) for _ in range(100)][0] == CodeLink(  # noqa: RUF015 - a hundred are there
        "2605.00000", "A study of loops", Repository("https://github.com/a/0", official=True)
    )
    with pytest.raises(Incomplete, match=r"ends in the middle, after [1-9][\d,]* links"):
        list(found)


def test_half_a_parquet_file_has_no_table_of_contents(dump: Callable[[bytes], Path]) -> None:
    with pytest.raises(Incomplete):
        list(records(dump(as_parquet(ROWS)[:-40])))


def test_garbage_in_the_middle_names_the_place(dump: Callable[[bytes], Path]) -> None:
    body = as_array(ROWS)[:-1] + b", nonsense]"
    with pytest.raises(UnexpectedContent, match="broken after 3 links"):
        list(records(dump(body)))


@given(st.binary(max_size=200), st.sampled_from(["[", "{", "PAR1", "\x1f"]))
def test_any_bytes_end_in_records_or_in_one_of_our_errors(tail: bytes, head: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dump"
        path.write_bytes((b"\x1f\x8b" if head == "\x1f" else head.encode()) + tail)
        with contextlib.suppress(UsageError, Incomplete, UnexpectedContent):
            list(records(path))


# ---------------------------------------------------------------- into the store


def bring(engine: Engine, links: list[CodeLink | None], now: datetime, *, create: bool = False) -> Tally:
    tally = Tally()
    import_links(engine, links, lambda: now, tally, create=create)
    return tally


def item(engine: Engine, number: str) -> ItemView | None:
    with reading(engine) as session:
        rows = session.scalars(select(Item.id).where(Item.arxiv_id == number)).all()
        return listing.views(session, rows)[0] if rows else None


def link(number: str | None, name: str = "loops", official: bool | None = True) -> CodeLink:
    return CodeLink(number, f"Paper {number}", Repository(f"https://github.com/ada/{name}", official=official))


def test_a_stored_paper_gains_its_repositories(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.arxiv("2605.00001"), build.arxiv("2605.00002")], now)
    links = [link("2605.00001"), link("2605.00001", "other", False), link("1601.00009"), link(None), None]
    tally = bring(engine, links, now)
    assert (tally.read, tally.linked, tally.unknown, tally.elsewhere, tally.malformed) == (5, 2, 1, 1, 1)
    assert (len(tally.enriched), tally.created) == (1, 0)
    found = item(engine, "2605.00001")
    assert found is not None
    assert {(r.url.rpartition("/")[2], r.official) for r in found.repositories} == {("loops", True), ("other", False)}
    assert item(engine, "1601.00009") is None
    with reading(engine) as session:
        assert len(listing.page(session, Query(has_code=True), now.date()).items) == 1


def test_a_second_import_changes_nothing(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.arxiv("2605.00001")], now)
    first = bring(engine, [link("2605.00001")], now)
    again = bring(engine, [link("2605.00001")], now)
    assert (len(first.enriched), len(again.enriched), again.linked) == (1, 0, 1)


def test_with_create_a_link_makes_a_paper_in_the_month_of_its_id(engine: Engine, now: datetime) -> None:
    build.register(engine)
    links: list[CodeLink | None] = [link("1601.02063"), link("1601.02063", "second"), link("hep-th/9901001"), None]
    tally = bring(engine, links, now, create=True)
    assert (tally.created, tally.linked, tally.unknown) == (2, 3, 0)
    made = item(engine, "1601.02063")
    assert made is not None
    assert (made.title, made.url, made.abstract) == ("Paper 1601.02063", "https://arxiv.org/abs/1601.02063", "")
    assert (made.listed_on, made.published, len(made.repositories)) == (date(2016, 1, 1), None, 2)
    assert bring(engine, links, now, create=True).created == 0


def test_a_source_that_knows_more_fills_the_made_paper(engine: Engine, now: datetime) -> None:
    build.register(engine)
    bring(engine, [link("2605.00001")], now, create=True)
    build.store(engine, [build.arxiv("2605.00001", "The real title")], now)
    filled = item(engine, "2605.00001")
    assert filled is not None
    assert (filled.title, filled.listed_on) == ("The real title", date(2026, 5, 12))
    assert len(filled.repositories) == 1


def test_what_stood_before_a_fault_is_stored(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.arxiv("2605.00001"), build.arxiv("2605.00002")], now)

    def breaking() -> Any:
        yield from (link("2605.00001", str(n)) for n in range(BATCH))
        yield link("2605.00002")
        raise Incomplete("the end is missing")

    tally = Tally()
    with pytest.raises(Incomplete):
        import_links(engine, breaking(), lambda: now, tally)
    assert (tally.read, len(tally.enriched)) == (BATCH + 1, 2)
    found = item(engine, "2605.00002")
    assert found is not None
    assert found.repositories


@pytest.mark.parametrize(
    ("number", "month"),
    [
        ("9108.0001", date(1991, 8, 1)),
        ("hep-th/9901001", date(1999, 1, 1)),
        ("0704.0001", date(2007, 4, 1)),
        ("cs/0003001", date(2000, 3, 1)),
        ("math/0699001", date(2006, 12, 1)),
    ],
)
def test_an_id_bears_its_month(number: str, month: date) -> None:
    assert month_of(number) == month
