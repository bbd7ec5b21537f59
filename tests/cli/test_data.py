"""`export` and `import jsonl` from the command line: data out and in, whole or not at all."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import date
from pathlib import Path

import bibtexparser
import pytest
import rispy
from icalendar import Calendar

from staycurrent.cli import run
from staycurrent.cli.context import migrate_all
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import listing
from tests import build
from tests.conftest import NOW

TITLE = "Diffusion of $x$ & images"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with three classified items."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAYCURRENT_TODAY", "2026-05-20")
    engine = database.open_engine(f"sqlite:///{tmp_path / 'data' / 'staycurrent.db'}")
    migrate_all(engine)
    items = [build.arxiv("2605.00001", "=Sparse attention"), build.arxiv("2605.00002", TITLE), build.post("gpt", "We announce")]
    build.store(engine, items, NOW)
    with database.reading(engine) as session:
        rows = [v.row for v in listing.page(session, Query(), date(2026, 5, 20)).items]
    build.classify(engine, [build.answer(row, level) for row, level in zip(sorted(rows), (5, 6, 5), strict=True)], NOW)
    engine.dispose()
    return tmp_path


def out(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run([*arguments]) == 0
    return capsys.readouterr().out


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    capsys.readouterr()
    assert run([*arguments]) == status
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[-1].startswith("staycurrent: ")
    return shown.err.splitlines()[-1]


def test_an_export_is_imported_into_another_installation(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = out(capsys, "export")
    out(capsys, "export", "--output", "all.jsonl.gz")
    assert gzip.decompress((home / "all.jsonl.gz").read_bytes()).decode() == lines
    monkeypatch.setenv("STAYCURRENT_DATA_DIR", str(home / "other"))
    assert run(["import", "jsonl", "all.jsonl.gz"]) == 0
    assert "3 items read: 3 new, 0 merged, 0 the same" in capsys.readouterr().err
    assert run(["import", "jsonl", "all.jsonl.gz"]) == 0
    assert "3 items read: 0 new, 0 merged, 3 the same" in capsys.readouterr().err
    assert sorted(out(capsys, "export").splitlines()) == sorted(lines.splitlines())


def test_the_filters_hold_for_every_format(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [json.loads(line)["id"] for line in out(capsys, "export", "--level", "6").splitlines()] == ["2605.00002"]
    found = csv.DictReader(io.StringIO(out(capsys, "export", "--format", "csv", "--text", "attention")))
    assert [row["title"] for row in found] == ["'=Sparse attention"]
    library = bibtexparser.parse_string(out(capsys, "export", "--format", "bibtex", "--kind", "paper"))
    assert {e.key for e in library.entries} == {"example2026sparse", "example2026diffusion"}
    assert r"Diffusion of $x$ \& images" in {e["title"] for e in library.entries}
    posts = rispy.loads(out(capsys, "export", "--format", "ris", "--kind", "post"))
    assert [r["title"] for r in posts] == ["We announce"]


def test_a_bibliography_may_be_empty(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, "export", "--format", "bibtex", "--level", "1") == ""


def test_feeds_go_out_as_opml(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "<opml" in out(capsys, "export", "--format", "opml")


def test_a_plan_spreads_the_reading_over_the_month(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = Calendar.from_ical(out(capsys, "export", "--format", "ical", "--period", "2026-05")).walk("VEVENT")
    days = [e.decoded("dtstart") for e in events]
    assert len(days) == 3
    assert days == sorted(set(days))
    assert all(date(2026, 5, 1) <= day <= date(2026, 5, 31) for day in days)
    narrow = ("--level", "5", "--minutes-per-day", "30", "--start", "2026-06-01")
    found = Calendar.from_ical(out(capsys, "export", "--format", "ical", "--period", "2026-05", *narrow)).walk("VEVENT")
    assert {e.decoded("dtstart") for e in found} == {date(2026, 6, 1)}, "20 minutes and 6"


def test_a_file_is_replaced_as_a_whole_and_keeps_its_mode(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "list.csv").write_text("old")
    (home / "list.csv").chmod(0o640)
    (home / "link.csv").symlink_to("list.csv")
    out(capsys, "export", "--format", "csv", "--output", "link.csv", "--bom")
    assert (home / "link.csv").is_symlink()
    assert (home / "list.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")
    assert (home / "list.csv").stat().st_mode & 0o777 == 0o640
    assert [p.name for p in home.iterdir() if p.name.endswith(".part")] == []


def test_what_fails_half_way_leaves_the_old_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from staycurrent.errors import StoreError
    from staycurrent.exchange import sink

    def pieces() -> object:
        yield "half"
        raise StoreError("the database went away")

    (home / "all.jsonl").write_text("old")
    with pytest.raises(StoreError):
        sink.write(pieces(), home / "all.jsonl")  # type: ignore[arg-type]
    assert (home / "all.jsonl").read_text() == "old"
    assert [p.name for p in home.iterdir() if p.name.endswith(".part")] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "--format", "xml"), "jsonl, csv"),
        (("export", "--format", "csv", "--level", "9"), "level"),
        (("export", "--format", "ical"), "--period"),
        (("export", "--format", "ical", "--period", "2026-13"), "2026-13"),
        (("export", "--format", "ical", "--period", "2026-05", "--minutes-per-day", "0"), "minutes-per-day"),
        (("export", "--format", "ical", "--period", "2026-05", "--start", "soon"), "start"),
        (("export", "--format", "csv", "--period", "2026-05"), "ical"),
        (("export", "--bom"), "csv"),
        (("export", "--format", "opml", "--level", "5"), "filters"),
        (("export", "--output", "no/such/folder/file"), "no/such/folder/file"),
        (("export", "--output", "data"), "folder"),
        (("import", "jsonl", "no-such-file"), "no-such-file"),
        (("import", "jsonl", "data"), "data"),
    ],
)
def test_a_wrong_call_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert said in complaint(capsys, *arguments)


def test_a_bad_line_is_named_with_what_to_do(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "bad.jsonl").write_text(out(capsys, "export") + "{}\n")
    said = complaint(capsys, "import", "jsonl", "bad.jsonl")
    assert "line 4" in said
    assert "import the file again" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No space" in complaint(capsys, "export", "--output", "/dev/full", status=1)
    assert Path("/dev/full").is_char_device(), "a device is written to, never replaced"
