"""How a digest reads and looks: plain text, HTML and subject, in both languages, whatever the sources wrote."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from staycurrent import i18n, period, roadmap
from staycurrent.digest import clean, message, missing, render, wording
from staycurrent.digest.html import LARGEST
from staycurrent.digest.subject import LONGEST
from staycurrent.digest.types import (
    CONFIRM_MARK,
    PREFERENCES_MARK,
    UNSUBSCRIBE_MARK,
    Cadence,
    Change,
    Changed,
    Edition,
    Gap,
    Rendered,
    Wish,
)
from staycurrent.query import Query, Sort
from staycurrent.reading.monthly import ReadingList
from staycurrent.types import Kind, LabEvidence, Repository, Role, TopicScore
from tests.digest.samples import ALL_DAYS, PUBLIC, WEEK, edition, item, placed

MONTH = period.parse("2026-04")
VOID = {"meta", "br", "img", "link", "input", "hr"}
CONTROLS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2067\ufeff\U000e0000-\U000e007f]"
)
SOURCE_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=120)


class Tags(HTMLParser):
    """Tags with their attributes, the text between them, and whether every tag that was opened was closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data

    def links(self) -> list[str]:
        return [attrs["href"] or "" for tag, attrs in self.tags if tag == "a"]

    def headings(self) -> list[int]:
        return [int(tag[1]) for tag, _attrs in self.tags if re.fullmatch("h[1-6]", tag)]


def draw(made: Edition, language: str = "en") -> Rendered:
    return render.render(replace(made, wish=replace(made.wish, language=language)), PUBLIC)


def one(**facts: Any) -> Rendered:
    return draw(edition([placed(1, item(1, **facts))]))


def full() -> Edition:
    """An edition with every part."""
    two = [placed(n, item(n, f"Paper {n}", level=5 + n % 2)) for n in range(1, 5)]
    up = placed(5, item(5, "A step up", level=7), role=Role.ONE_LEVEL_UP)
    changed = (
        Change(item(7, "Gone", withdrawn=True), Changed.WITHDRAWN, date(2026, 5, 4)),
        Change(item(8, "Coded"), Changed.CODE, date(2026, 5, 4)),
        Change(item(8, "Coded", version=3), Changed.REVISED, date(2026, 5, 4), version=1),
    )
    last = ReadingList(MONTH, True, Query(), tuple(placed(n, item(n, f"April {n}")) for n in range(20, 40)), 0)
    wish = Wish(Query(levels=(5, 6), topics=("rag",)), minutes=240)
    return edition(
        [*two, up],
        wish,
        considered=143,
        changed=changed,
        monthly=last,
        landmark=roadmap.landmarks()[0],
        gaps=(Gap("paperswithcode", (date(2026, 5, 21),)), Gap("lab:qwen", ALL_DAYS, ALL_DAYS)),
    )


# ---- plain text


def test_plain_text_keeps_to_76_columns_and_has_each_address_on_a_line_of_its_own() -> None:
    for language in ("en", "de"):
        for line in draw(full(), language).text.splitlines():
            if "://" in line:
                assert re.fullmatch(r" *https?://\S+", line)
            else:
                assert len(line) <= 76
                assert line == line.rstrip()


def test_plain_text_numbers_its_papers_and_says_everything_about_them() -> None:
    code = (Repository("https://github.com/fork/x", 99), Repository("https://github.com/example/x", 12, official=True))
    labs = (LabEvidence("qwen", "author-team", "Qwen Team", 0.9), LabEvidence("openai", "organization", "openai", 0.9))
    shown = one(unsure=True, confidence=0.54, votes=42, repositories=code, labs=labs).text
    assert " 1. A study of loops" in shown
    assert "Ada Example, Béla Beispiel, Chen Li and 1 more" in shown
    assert "unsure (54%) · 20 min · 19 May · OpenAI · probably Qwen" in shown
    assert "We look into loops. They end." in shown
    assert "third sentence" not in shown
    assert "Why here: 42 votes on Hugging Face's list" in shown
    assert "    https://arxiv.org/abs/2605.00001\n" in shown
    assert f"    {PUBLIC}/item?id=2605.00001\n" in shown
    assert "    Code (12 stars):\n    https://github.com/example/x\n" in shown


def test_papers_stand_by_level_from_below_and_by_topic_with_the_best_first() -> None:
    rag, agents = (TopicScore("rag", 0.9),), (TopicScore(list(roadmap.topics())[-1], 0.9),)
    entries = [
        placed(1, item(1, "One", level=6, topics=rag)),
        placed(2, item(2, "Two", level=5, topics=agents)),
        placed(3, item(3, "Three", level=5, topics=rag)),
        placed(4, item(4, "Four", level=5, topics=agents)),
        placed(5, item(5, "Off", level=0)),
        placed(6, item(6, "Unknown", level=None, confidence=None)),
        placed(7, item(7, "Up", level=7), role=Role.ONE_LEVEL_UP),
    ]
    shown = draw(edition(entries)).text
    assert re.findall(r"^ ?\d+\. (\w+)$", shown, re.MULTILINE) == ["Two", "Four", "Three", "One", "Off", "Unknown", "Up"]
    assert "Off the roadmap (" in shown
    assert "Not classified yet (" in shown
    assert "Level 7: Agents (one level up, to grow into)" in shown


def test_a_post_of_a_lab_is_called_one() -> None:
    shown = one(kind=Kind.POST, arxiv_id=None, url="https://openai.com/index/x", authors=())
    assert "Post · 20 min" in shown.text
    assert shown.subject.startswith("Week 21: 1 paper or post")


# ---- HTML


@pytest.mark.parametrize("language", ["en", "de"])
def test_html_is_well_formed_accessible_and_fetches_nothing(language: str) -> None:
    html = draw(full(), language).html
    found = Tags(html)
    assert found.open == []
    assert not {tag for tag, _a in found.tags} & {"img", "script", "link", "iframe", "object", "form", "input", "base"}
    assert not re.search(r"url\(|@import|@font-face|expression\(|javascript:", html)
    assert {name for _t, attrs in found.tags for name in attrs} & {"src", "srcset", "background", "onclick"} == set()
    assert dict(found.tags)["html"] == {"lang": language}
    assert all(attrs.get("role") == "presentation" for tag, attrs in found.tags if tag == "table")
    levels = found.headings()
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(link.startswith(("https://", "http://")) for link in found.links())
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in found.tags


def test_styles_stand_in_the_elements_since_clients_drop_style_sheets() -> None:
    found = Tags(draw(full()).html)
    assert all(attrs.get("style") for tag, attrs in found.tags if tag in ("td", "p", "a", "h1", "h2", "h3", "h4", "li"))
    assert any("max-width: 600px" in (attrs.get("style") or "") for tag, attrs in found.tags if tag == "table")


def test_every_mail_can_be_changed_and_stopped_from_its_head_and_its_foot() -> None:
    shown = draw(full())
    for mark in (PREFERENCES_MARK, UNSUBSCRIBE_MARK):
        assert shown.text.count(mark) == 1
        assert Tags(shown.html).links().count(mark) == 2


def test_the_head_of_the_mail_is_its_preview_line() -> None:
    shown = draw(full())
    hidden = re.search(r'<div class="before"[^>]*>(.*?)</div>', shown.html, re.DOTALL)
    assert hidden
    assert hidden[1].startswith("4 to read first in about 80 min, out of 143 that are new.")


def test_text_and_html_say_the_same() -> None:
    shown = draw(full())
    said = " ".join(Tags(shown.html).said.split())
    for words in ("A step up", "Gone", "Coded", "April 20", "All 143 on the web", roadmap.landmarks()[0].title):
        assert words in said
        assert words in " ".join(shown.text.split())
    links = set(Tags(shown.html).links())
    assert {line.strip() for line in shown.text.splitlines() if "://" in line} <= links


def test_the_rest_is_on_the_web_and_a_profile_is_not_told_in_an_address() -> None:
    wish = Wish(Query(levels=(5,), reader="ada", exclude=("x y",)))
    links = Tags(draw(edition([placed()], wish, considered=9)).html).links()
    assert f"{PUBLIC}/explore?level=5&since=2026-05-18&until=2026-05-24&exclude=x+y" in links
    assert not any("ada" in link for link in links)


def test_a_look_at_the_next_level_does_not_hide_that_there_is_more() -> None:
    up = placed(2, item(2, level=6), role=Role.ONE_LEVEL_UP)
    assert "All 2 on the web" in draw(edition([placed(), up], considered=2)).text
    assert "on the web" not in draw(edition([placed(), up], considered=1)).text


# ---- what is said


def test_a_change_tells_what_was_then_and_what_is_now() -> None:
    shown = " ".join(draw(full()).text.split())
    assert "Withdrawn by its authors. It was not when you got it on 4 May 2026." in shown
    assert "Code is out now. There was none when you got it on 4 May 2026." in shown
    assert "Version 3 is out. It was version 1 when you got it on 4 May 2026." in shown
    assert shown.count("* Coded") == 1
    assert "2 papers that you got earlier have changed." in shown


def test_only_ten_titles_of_last_months_reading_are_shown() -> None:
    shown = draw(full()).text
    assert "The reading of April 2026" in shown
    assert re.findall(r"\. April (\d+)$", shown, re.MULTILINE) == [str(n) for n in range(20, 30)]


def test_an_entry_repeats_nothing_as_its_reason_and_the_foot_says_what_that_means() -> None:
    plain = {"fit": "level 5, 97% sure", "age": "listed on 19 May", "novelty": "topic: RAG"}
    shown = draw(edition([placed(1, why=plain), placed(2)]))
    assert shown.text.count("Why here") == 1
    assert "97% sure" not in shown.text
    assert "Where no reason stands" in shown.text
    assert "Where no reason stands" in shown.html
    assert "Where no reason stands" not in draw(edition([placed(2)])).text


def test_titles_of_last_months_reading_that_came_before_say_so() -> None:
    read = replace(full(), mailed=((20, "2026-W17"), (22, "2026-03")), placed=(placed(1, item(21, "April 21")),))
    said = " ".join(draw(read).text.split())
    assert "1. April 20 in your digest of week 17 http" in said
    assert "2. April 21 in this digest http" in said
    assert "3. April 22 in your digest of March 2026 http" in said
    assert "4. April 23 http" in said
    assert draw(read).html.count("in your digest of") == 2


def test_an_empty_week_with_the_months_reading_is_a_mail_of_its_own() -> None:
    first = edition(monthly=full().monthly)
    assert draw(first).subject == "Week 21: nothing for level 5; here is the reading of April 2026"
    assert not first.may_stay_unsent


def test_completeness_is_one_line() -> None:
    with i18n.speaking("en"):
        assert missing.completeness(full()) == (
            "arXiv and Hugging Face complete; Papers with Code partial on Thursday; Qwen feed not read."
        )
        feeds = tuple(Gap(f"lab:{n}", (WEEK.first,)) for n in range(9))
        many = edition(complete=("arxiv", "lab:qwen"), gaps=feeds)
        assert missing.completeness(many) == "arXiv complete; 9 of 10 lab feeds partial."
        whole = edition(complete=("arxiv", "lab:qwen", "lab:openai"))
        assert missing.completeness(whole) == "arXiv complete; lab feeds complete."
        days = tuple(WEEK.first + timedelta(days=n) for n in range(4))
        assert missing.completeness(edition(complete=(), gaps=(Gap("arxiv", days),))) == "arXiv partial on 4 days."
        assert missing.completeness(edition(complete=())) == ""


def test_a_month_is_named_as_one() -> None:
    monthly = replace(edition([placed()], Wish(Query(), Cadence.MONTHLY)), period=MONTH)
    shown = draw(monthly)
    assert shown.subject.startswith("April 2026: 1 paper")
    assert "once a month" in shown.text
    assert "Nothing for your selection this month." in draw(replace(monthly, placed=(), considered=0)).text


def test_the_foot_tells_what_was_asked_for() -> None:
    query = Query(
        levels=(5, 6), topics=("rag",), labs=("qwen",), sources=("arxiv", "lab:openai"), text="kv cache", exclude=("survey",),
        without_labs=("openai",), without_topics=("rag",), has_code=True, min_confidence=0.5, kind=Kind.PAPER,
        since=date(2026, 1, 1), sort=Sort.VOTES, reader="ada",
    )  # fmt: skip
    with i18n.speaking("en"):
        said = wording.wish_words(query)
    rag = roadmap.topics()["rag"].name.en
    assert said == (
        f"levels 5 and 6, {rag}, Qwen, arXiv, OpenAI feed, with the words “kv cache”, without “survey”, without {rag}, "
        "without OpenAI, papers only, with code, at least 50% sure, since 1 Jan 2026, most votes first"
    )


def test_german_mails_are_german_and_lead_to_german_pages() -> None:
    shown = draw(full(), "de")
    assert shown.subject.startswith("Woche 21")
    assert "11. Mai" not in shown.text
    assert "18. Mai" in shown.text
    assert all("lang=de" in link for link in Tags(shown.html).links() if link.startswith(PUBLIC))
    assert '<bdi lang="en">Paper 1</bdi>' in shown.html
    assert draw(full(), "xx") == draw(full(), "en")


# ---- subject


def test_the_subject_says_what_is_inside() -> None:
    rag, other = (TopicScore("rag", 0.9),), (TopicScore(next(iter(roadmap.topics())), 0.9),)
    entries = [placed(n, item(n, f"Paper number {n} of the week", topics=rag if n < 4 else other)) for n in range(1, 13)]
    name = roadmap.topics()["rag"].name.en
    assert draw(edition(entries[:3])).subject == "Week 21: 3 papers – Paper number 1 of the week"
    counted = draw(edition(entries[:4])).subject
    assert counted.startswith(f"Week 21: 4 papers, 3 on {name}")
    changed = edition(changed=(Change(item(9), Changed.CODE, date(2026, 5, 4)),))
    assert draw(changed).subject == "Week 21: nothing new, 1 paper changed"


def test_a_subject_shows_mathematics_without_its_tex() -> None:
    assert (
        one(title=r"An $O(n^2)$ bound for $\alpha$-\emph{entmax}").subject == "Week 21: 1 paper – An O(n^2) bound for α-entmax"
    )


# ---- size


def huge(n: int, title: str, abstract: str) -> Edition:
    authors = tuple([title] * 5)
    reasons = {"votes": abstract, "sources": abstract, "reach": abstract}
    code = (Repository("https://github.com/" + "x" * 300, 5),)
    many = [
        placed(k, item(k, title, abstract=abstract, authors=authors, repositories=code), why=reasons) for k in range(1, n + 1)
    ]
    changed = tuple(Change(item(100 + k, title), Changed.CODE, date(2026, 5, 4)) for k in range(12))
    last = ReadingList(MONTH, True, Query(), tuple(placed(k, item(k, title)) for k in range(1, 31)), 0)
    return edition(many, considered=10**6, changed=changed, monthly=last, landmark=roadmap.landmarks()[0])


@pytest.mark.parametrize("word", ["漢字仮名", "<&\"'>=", "é" * 50, "x" * 10_000, "👩‍👩‍👧‍👧"])
def test_html_stays_below_80_kb_and_no_paper_is_lost(word: str) -> None:
    shown = draw(huge(22, f"{word} " * 200, f"{word} " * 400))
    assert message.encoded_size(shown.html) < LARGEST
    assert [f"{n}." in shown.html for n in range(1, 23)] == [True] * 22
    assert Tags(shown.html).open == []


def test_abstracts_go_first_where_a_mail_would_be_too_large() -> None:
    shown = draw(edition([placed(n, item(n, "漢字" * 20, abstract="漢字仮名 " * 90)) for n in range(1, 23)]))
    bodies = len(re.findall(r'class="body"', shown.html))
    assert 0 < bodies < 22
    assert len(re.findall(r'class="links"', shown.html)) == 22
    assert message.encoded_size(shown.html) < LARGEST


def test_a_usual_digest_keeps_its_abstracts() -> None:
    abstract = "We show that loops end sooner than it was thought. " * 5
    shown = draw(
        edition(
            [placed(n, item(n, "A title of usual length for a paper of this field", abstract=abstract)) for n in range(1, 23)]
        )
    )
    assert message.encoded_size(shown.html) < LARGEST
    assert len(re.findall(r'class="body"', shown.html)) == 22


# ---- hostile words


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(title=SOURCE_TEXT, abstract=SOURCE_TEXT, name=SOURCE_TEXT)
@example(title="</a><script>alert(1)</script>", abstract="<img src=x onerror=alert(1)>", name='"><b>')
@example(title="{{ 7*7 }} {% raw %}", abstract="]]><!-- --!>", name="<!--[if mso]>")
@example(
    title="a\r\nBcc: x@example.org\r\n\r\nbody",
    abstract="a\0b\x0bc\x85d\u2028e",
    name="\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
)
@example(title="\u202eevil\u202c \u2066x \u200f", abstract="\ufeff\u200b\u2060", name="\U000e0041\U000e0042")
@example(title="x" * 10_000, abstract="y" * 10_000 + ".", name="z" * 10_000)
@example(title="שלום עולם", abstract="مرحبا بالعالم", name="ع" * 3000)
@example(title=PREFERENCES_MARK, abstract=UNSUBSCRIBE_MARK, name=CONFIRM_MARK)
def test_no_words_of_a_source_break_a_mail(title: str, abstract: str, name: str) -> None:
    view = item(1, title, abstract=abstract, authors=(name, name), repositories=(Repository(f"https://x.example/{name}"),))
    harmless = draw(edition([placed(1, item(1, repositories=(Repository("https://x.example/"),)))]))
    shown = draw(edition([placed(1, view, why={"votes": title})]))
    allowed = {tag for tag, _a in Tags(harmless.html).tags} | {"sup", "sub"}
    found = Tags(shown.html)
    assert {tag for tag, _a in found.tags} <= allowed
    assert found.open == []
    assert {attr for _t, attrs in found.tags for attr in attrs} <= {a for _t, attrs in Tags(harmless.html).tags for a in attrs}
    for part in (shown.subject, shown.text, shown.html):
        assert not CONTROLS.search(part)
    assert "\n" not in shown.subject
    assert len(shown.subject) <= LONGEST
    assert all(len(line) <= 76 for line in shown.text.splitlines() if "://" not in line)
    for mark, times in ((PREFERENCES_MARK, 1), (UNSUBSCRIBE_MARK, 1), (CONFIRM_MARK, 0)):
        assert shown.text.count(mark) == times


@given(SOURCE_TEXT)
@example("a" + "\u0301" * 500)
@example("é" * 300)
def test_a_clean_line_is_short_whole_and_stays_as_it_is(text: str) -> None:
    once = clean.line(text, 100)
    assert len(once) <= 100
    assert not CONTROLS.search(once)
    assert all(len(word) <= clean.LONGEST_WORD or clean.has_wide(word) for word in once.split())
    assert clean.line(once, 100) == once
    accents = "".join("x" if unicodedata.category(c) in ("Mn", "Me") else " " for c in once)
    assert max(map(len, accents.split()), default=0) <= clean.MOST_ACCENTS


@pytest.mark.parametrize(
    ("abstract", "begins"),
    [
        ("We do it. It works. Third.", "We do it. It works."),
        ("It works, e.g. For loops. Next.", "It works, e.g. For loops. Next."),
        ("As shown by Li et al. Loops end. Fine. More.", "As shown by Li et al. Loops end. Fine."),
        ("By J. Doe. We see. End.", "By J. Doe. We see."),
        ("Version 1.5 is out! Is it? Yes.", "Version 1.5 is out! Is it?"),
        ("A" + " word" * 100, "A" + " word" * 7 + "…"),
        ("", ""),
    ],
)
def test_an_abstract_begins_with_its_first_sentences(abstract: str, begins: str) -> None:
    assert clean.beginning(abstract, 40) == begins


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://arxiv.org/abs/2605.00001", "https://arxiv.org/abs/2605.00001"),
        ("https://x.example/a b\u202e?q=ü", "https://x.example/a%20b%E2%80%AE?q=%C3%BC"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//x.example", ""),
        ("https://", ""),
        ("https://[", ""),
        ('https://x.example/"><script>', "https://x.example/%22%3E%3Cscript%3E"),
    ],
)
def test_an_address_of_a_source_is_plain_or_none(url: str, shown: str) -> None:
    assert clean.address(url) == shown


def test_writing_of_double_width_keeps_to_the_columns_and_is_not_cut_as_an_endless_word() -> None:
    title = "漢字仮名交じり文の長い題名" * 10
    assert clean.line(title, 240) == title
    wide = [line for line in one(title=title).text.splitlines() if "漢" in line]
    assert all(len(line) <= 38 for line in wide)
    assert "".join(line.strip(" 1.") for line in wide) == title


def test_names_from_the_right_do_not_change_places_with_those_from_the_left() -> None:
    shown = one(authors=("עדה", "Béla"))
    assert "\u2068עדה\u2069 and Béla" in shown.text
    assert "\u2068עדה\u2069 and Béla" in shown.html


def test_a_paper_without_an_address_leads_to_its_page() -> None:
    assert f"{PUBLIC}/item?id=2605.00001" in one(url="javascript:alert(1)").text
    assert "javascript" not in one(url="javascript:alert(1)").html
