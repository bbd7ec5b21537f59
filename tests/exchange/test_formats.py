"""CSV, BibTeX, RIS and iCalendar: read back by other people's readers, whatever a title holds."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from staycurrent.exchange import bibtex, names, plan, ris, spreadsheet, tex
from staycurrent.exchange.text import one_line
from staycurrent.store.records import Record
from staycurrent.types import Kind
from tests.exchange import build
from tests.exchange.build import HOSTILE, record, texts, unhurried

people = st.lists(texts, max_size=4).map(tuple)


def entries(*records: Record) -> list[Any]:
    library = bibtexparser.parse_string("".join(written(*records)))
    assert library.failed_blocks == []
    assert library.comments == []
    return library.entries


def written(*records: Record) -> list[str]:
    return list(bibtex.write(records, bibtex.keys(map(bibtex.cited, records))))


def references(*records: Record) -> list[dict[str, Any]]:
    text = "".join(ris.write(records, bibtex.keys(map(bibtex.cited, records))))
    found: list[dict[str, Any]] = rispy.loads(text)
    return found


def rows(*records: Record) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(spreadsheet.write(records)), newline=""), strict=True))


def decoded(text: str) -> str:
    """What TeX shows of a field. This reader does not know TeX's names of braces, and gives accents for ^ and ~."""
    text = text.replace(r"\textbraceleft{}", "\u27e6").replace(r"\textbraceright{}", "\u27e7")
    library = bibtexparser.parse_string(
        f"@misc{{a, title = {{{text}}}}}", append_middleware=[LatexDecodingMiddleware(keep_math_mode=True)]
    )
    return str(library.entries[0]["title"]).translate(str.maketrans("\u27e6\u27e7\u02c6\u02dc", "{}^~"))


class TestSpreadsheet:
    def test_a_line_has_what_a_table_needs(self) -> None:
        (row,) = rows(record(level=5, votes=3, doi="10.1000/x"))
        assert row["title"] == "Sparse attention for LoRA"
        assert row["authors"] == "Ada Example; Béla van Beispiel"
        assert (row["level"], row["votes"], row["confidence"], row["withdrawn"]) == ("5", "3", "", "false")
        assert row["published"] == "2026-05-13T08:00:00.123456+00:00"

    @unhurried
    @given(texts, people, st.none() | texts)
    def test_no_cell_is_a_formula_and_none_spills_over(self, title: str, authors: tuple[str, ...], comment: str | None) -> None:
        (row,) = rows(record(title=title, authors=authors, comment=comment))
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d")) for cell in row.values())
        assert row["title"].removeprefix("'") == one_line(title).removeprefix("'")
        assert None not in row

    def test_lines_end_as_rfc_4180_says(self) -> None:
        text = "".join(spreadsheet.write([record(title='say "a, b"')]))
        assert text.count("\r\n") == text.count("\n") == 2
        assert '"say ""a, b"""' in text

    def test_a_mark_for_excel_is_there_when_asked_for(self) -> None:
        assert next(spreadsheet.write([], bom=True)).startswith("\ufeffid,")
        assert next(spreadsheet.write([])).startswith("id,")


class TestBibtex:
    def test_a_preprint_has_the_fields_that_zotero_looks_for(self) -> None:
        (entry,) = entries(record(doi="10.1000/a_b", topic_scores=()))
        assert (entry.entry_type, entry.key) == ("misc", "example2026sparse")
        found = {f.key: f.value for f in entry.fields}
        assert found | {"abstract": ""} == {
            "title": "Sparse attention for {LoRA}",
            "author": "Example, Ada and van Beispiel, Béla",
            "year": "2026",
            "month": "may",
            "eprint": "2605.00001",
            "archivePrefix": "arXiv",
            "primaryClass": "cs.LG",
            "doi": "10.1000/a_b",
            "url": "https://arxiv.org/abs/2605.00001",
            "abstract": "",
        }

    def test_a_paper_in_a_journal_is_an_article(self) -> None:
        (entry,) = entries(record(journal_ref="J. Ex. & Co. 1 (2026)"))
        assert (entry.entry_type, entry["journal"]) == ("article", r"J. Ex. \& Co. 1 (2026)")

    @unhurried
    @given(texts, people, texts, st.none() | texts, st.none() | texts)
    def test_whatever_a_text_holds_the_file_stays_whole(
        self, title: str, authors: tuple[str, ...], abstract: str, journal: str | None, doi: str | None
    ) -> None:
        hostile = record(
            title=title, authors=authors, abstract=abstract, journal_ref=journal, doi=doi, url=f"https://e.org/{title}"
        )
        after = record(id="after", title="The next one", published=build.SEEN + timedelta(days=1))
        found = entries(hostile, after)
        assert len(found) == 2
        assert found[1]["title"] == "The next one"
        assert "".join(written(hostile)).count("{") == "".join(written(hostile)).count("}")
        people = [a for a in authors if one_line(a)]
        if people:
            assert len(re.findall(r"(?<!\w)and(?!\w)", _outside_braces(found[0]["author"]))) == len(people) - 1

    @unhurried
    @given(st.text(alphabet=st.sampled_from('ab Zz{}\\%&#_~^"@é漢,=:;'), max_size=40))
    def test_tex_shows_a_title_as_it_was(self, title: str) -> None:
        shown = decoded(tex.escape(title))
        assert shown == one_line(title)

    @pytest.mark.parametrize(
        ("title", "shown"),
        [
            (r"An $O(n\log n)$ bound", r"An {$O(n\log n)$} bound"),
            ("On $x_0$ & {all}", r"On $x_0$ \& \textbraceleft{}all\textbraceright{}"),
            ("$5 and $10 for 50%", r"\$5 and \$10 for 50\%"),
            (r"Schr\"odinger and Erd\H{o}s", "Schrödinger and Erdős"),
            ("GPT-4o, mT5 and Bayes", "{GPT-4o}, {mT5} and Bayes"),
            ("A_b #1 ~ ^", r"A\_b \#1 \textasciitilde{} \textasciicircum{}"),
            ("$ broken } math$", r"\$ broken \textbraceright{} math\$"),
            (r"50$\%$ of {$", r"50$\%$ of \textbraceleft{}\$"),
            ("注意力 is all", "注意力 is all"),
        ],
    )
    def test_titles(self, title: str, shown: str) -> None:
        assert tex.title(title) == shown

    def test_keys_are_unique_and_do_not_change_when_newer_items_come(self) -> None:
        old, new = record(), record(id="b", published=build.SEEN + timedelta(days=2))
        assert bibtex.keys(map(bibtex.cited, [new, old])) == {"2605.00001": "example2026sparse", "b": "example2026sparsea"}
        other = record(id="c", title="Sparsea", published=build.SEEN + timedelta(days=1))
        assert len(set(bibtex.keys(map(bibtex.cited, [old, new, other])).values())) == 3

    @unhurried
    @given(texts, people)
    def test_keys_are_plain_ascii(self, title: str, authors: tuple[str, ...]) -> None:
        (key,) = bibtex.keys([bibtex.cited(record(title=title, authors=authors))]).values()
        assert re.fullmatch(r"[a-z0-9]+", key)

    def test_many_of_one_name_go_on_after_z(self) -> None:
        found = bibtex.keys(bibtex.Cited(date(2026, 1, 1), f"{n:03}", "k") for n in range(30))
        assert [found[f"{n:03}"] for n in (0, 1, 26, 27, 28)] == ["k", "ka", "kz", "kaa", "kab"]

    def test_a_team_and_a_name_with_and_stay_whole(self) -> None:
        (entry,) = entries(record(authors=("Qwen Team", "DeepSeek-AI", "Smith and Sons", "Ada Example Jr.")))
        assert entry["author"] == "{Qwen Team} and {DeepSeek-AI} and {Smith and Sons} and Example, Jr., Ada"


class TestRis:
    def test_a_preprint(self) -> None:
        (found,) = references(record(doi="10.1000/x"))
        assert (found["type_of_reference"], found["id"]) == ("UNPD", "example2026sparse")
        assert found["authors"] == ["Example, Ada", "van Beispiel, Béla"]
        assert (found["year"], found["date"]) == ("2026", "2026/05/13")
        assert found["doi"] == "10.1000/x"
        assert found["urls"] == ["https://arxiv.org/abs/2605.00001"]

    def test_an_article_and_a_post(self) -> None:
        found = references(record(journal_ref="J. Ex."), record(id="x", kind=Kind.POST))
        assert [r["type_of_reference"] for r in found] == ["JOUR", "BLOG"]

    def test_every_line_ends_with_both_characters(self) -> None:
        text = ris.entry(record(), "k")
        assert text.count("\r\n") == text.count("\n")
        assert text.startswith("TY  - UNPD\r\nID  - k\r\n")
        assert text.endswith("ER  - \r\n\r\n")

    @unhurried
    @given(texts, people, texts)
    def test_whatever_a_text_holds_an_item_is_one_entry(self, title: str, authors: tuple[str, ...], abstract: str) -> None:
        (found,) = references(record(title=title, authors=authors, abstract=abstract))
        assert found.get("title", "") == one_line(title)
        assert found.get("abstract", "") == one_line(abstract)
        assert len(found.get("authors", [])) == sum(bool(one_line(a)) for a in authors)


@pytest.mark.parametrize(
    ("name", "turned"),
    [
        ("Ada Example", "Example, Ada"),
        ("Béla van der Beispiel", "van der Beispiel, Béla"),
        ("Ada B. Example Jr.", "Example, Ada B., Jr."),
        ("Xu", None),
        ("The Qwen Team", None),
        ("OpenAI", None),
        ("Example, Ada", None),
        ("de Example", "Example, de"),
    ],
)
def test_last_names_come_first(name: str, turned: str | None) -> None:
    assert names.last_first(name) == turned


FIRST = date(2026, 5, 1)
NOW = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)


def to_read(n: int, minutes: int = 20, title: str = "A title") -> plan.ToRead:
    return plan.ToRead(f"2605.{n:05}", title, f"https://arxiv.org/abs/2605.{n:05}", minutes, "many votes", ("rag", "agents"))


class TestPlan:
    def test_items_are_spread_evenly(self) -> None:
        planned = plan.spread([to_read(n) for n in range(4)], FIRST, 31)
        assert [p.day.day for p in planned] == [1, 8, 16, 24]

    def test_a_day_holds_no_more_minutes_than_there_are(self) -> None:
        planned = plan.spread([to_read(n, minutes) for n, minutes in enumerate((20, 6, 20, 50, 6))], FIRST, 31, 30)
        assert [p.day.day for p in planned] == [1, 1, 2, 3, 4]

    @unhurried
    @given(st.lists(st.integers(1, 60), max_size=60), st.integers(1, 31), st.none() | st.integers(1, 90))
    def test_the_order_stays_and_no_day_lies_outside(self, minutes: list[int], days: int, a_day: int | None) -> None:
        items = [to_read(n, m) for n, m in enumerate(minutes)]
        planned = plan.spread(items, FIRST, days, a_day)
        assert [p.item for p in planned] == items[: len(planned)]
        assert [p.day for p in planned] == sorted(p.day for p in planned)
        assert all(FIRST <= p.day < FIRST + timedelta(days=days) for p in planned)
        assert a_day is not None or len(planned) == len(items)
        for day in {p.day for p in planned}:
            there = [p.item.minutes for p in planned if p.day == day]
            assert a_day is None or sum(there) <= a_day or len(there) == 1

    @unhurried
    @given(st.lists(texts, max_size=5))
    def test_a_calendar_reads_back_whatever_a_title_holds(self, titles: list[str]) -> None:
        items = [to_read(n, title=title) for n, title in enumerate(titles)]
        text = plan.calendar(plan.spread(items, FIRST, 31), "2026-05", NOW)
        found = Calendar.from_ical(text)
        events = list(found.walk("VEVENT"))
        assert [str(e["summary"]) for e in events] == [one_line(f"{t} (20 min)") for t in titles]
        assert not any(e.errors for e in [found, *events])
        assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
        assert text.count("\r\n") == text.count("\n")

    def test_an_event_stands_on_its_day_and_keeps_its_uid(self) -> None:
        text = plan.calendar(plan.spread([to_read(1)], FIRST, 31), "2026-05", NOW)
        assert text == plan.calendar(plan.spread([to_read(1)], FIRST, 31), "2026-05", NOW)
        (event,) = Calendar.from_ical(text).walk("VEVENT")
        assert event["uid"] == "2605.00001.2026-05@staycurrent"
        assert (event.decoded("dtstart"), event.decoded("dtend")) == (FIRST, FIRST + timedelta(days=1))
        assert event.decoded("dtstamp") == NOW
        assert "many votes" in event["description"]


def test_hostile_texts_are_hostile() -> None:
    assert any(t.startswith("=") for t in HOSTILE)


def _outside_braces(text: str) -> str:
    depth, kept = 0, []
    for c in text:
        depth += (c == "{") - (c == "}")
        kept.append(c if depth == 0 else " ")
    return "".join(kept)
