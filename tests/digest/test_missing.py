"""An outage is told as one, what is empty by its reason, and what comes late by its week."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from staycurrent import i18n, period
from staycurrent.digest import missing, render
from staycurrent.digest.types import Cadence, Change, Changed, Edition, Gap, Rendered, Wish
from staycurrent.query import Query
from staycurrent.types import Kind
from tests.digest.samples import ALL_DAYS, PUBLIC, edition, item, placed

MONTH = period.parse("2026-04")


def draw(content: Edition) -> Rendered:
    return render.render(content, PUBLIC)


def test_an_empty_week_is_said_plainly() -> None:
    shown = draw(edition(complete=("arxiv",)))
    assert shown.subject == "Week 21: nothing for level 5"
    assert "Nothing for level 5 this week." in shown.text
    assert len(shown.text) < 600
    assert draw(edition(wish=Wish(Query()))).subject == "Week 21: nothing for your selection"
    two = edition(wish=Wish(Query(levels=(5, 6))))
    assert "Nothing for levels 5 and 6 this week." in draw(two).text
    short = edition(wish=Wish(Query(), minutes=5), considered=3)
    assert "nothing that fits into your 5 min of reading" in draw(short).text


def test_an_outage_is_told_as_one_and_not_as_a_week_without_news() -> None:
    blind = edition(complete=("lab:qwen",), gaps=(Gap("arxiv", ALL_DAYS, ALL_DAYS), Gap("huggingface", ALL_DAYS, ALL_DAYS)))
    shown = draw(blind)
    assert shown.subject == "Week 21: the sources were not read"
    said = " ".join(shown.text.split())
    assert "The sources were not read this week, so nothing is known of it. What is collected later comes in your next" in said
    assert "Sources: arXiv and Hugging Face not read; lab feeds complete." in said
    partly = replace(blind, complete=("huggingface",), gaps=(Gap("arxiv", ALL_DAYS[5:], ALL_DAYS[5:]),))
    assert draw(partly).subject == "Week 21: sources incomplete, nothing known for level 5"
    assert "Nothing is known for level 5 this week, but sources are incomplete." in " ".join(draw(partly).text.split())
    assert "nothing for" not in (shown.subject + said + draw(partly).subject + draw(partly).text).lower()
    one_paper = replace(partly, placed=(placed(),), considered=1)
    assert "everything new that is known; sources are incomplete" in " ".join(draw(one_paper).text.split())
    coded = replace(partly, changed=(Change(item(9), Changed.CODE, date(2026, 5, 4)),))
    assert draw(coded).subject == "Week 21: sources incomplete, 1 paper changed"


def test_a_gap_in_what_a_query_does_not_ask_for_leaves_its_empty_week_empty() -> None:
    feed = edition(gaps=(Gap("lab:qwen", ALL_DAYS, ALL_DAYS),))
    for query in (Query(levels=(5,), kind=Kind.PAPER), Query(sources=("arxiv",)), Query(labs=("openai",), sources=("lab:*",))):
        assert "nothing for your selection" in draw(replace(feed, wish=Wish(query))).subject
    posts = replace(feed, wish=Wish(Query(levels=(5,), kind=Kind.POST)))
    assert draw(posts).subject == "Week 21: the sources were not read"


def test_other_filters_than_the_level_are_named_where_they_left_nothing() -> None:
    for query, subject in (
        (Query(levels=(5,), text="kv cache"), "Week 21: nothing for your selection (level 5, with the words “kv cache”)"),
        (Query(has_code=True), "Week 21: nothing for your selection (with code)"),
        (Query(levels=(5,), text="w" * 60), "Week 21: nothing for your selection"),
        (Query(levels=(5,), reader="ada"), "Week 21: nothing for your selection (level 5)"),
    ):
        shown = draw(edition(wish=Wish(query)))
        assert shown.subject == subject
        assert "Nothing for your selection" in shown.text
    assert "(level 5, with the words" in draw(edition(wish=Wish(Query(levels=(5,), text="w" * 60)))).text


def test_days_before_the_first_that_was_read_are_called_so() -> None:
    since = date(2026, 5, 20)
    with i18n.speaking("en"):
        young = tuple(Gap(s, ALL_DAYS[:2], ALL_DAYS[:2], since) for s in ("arxiv", "huggingface", "lab:qwen", "lab:openai"))
        said = missing.completeness(edition(complete=("paperswithcode",), gaps=young))
        assert said == (
            "Papers with Code complete; arXiv and Hugging Face collected only since 20 May; "
            "lab feeds collected only since 20 May."
        )
        later = date(2026, 6, 6)
        unread = (Gap("arxiv", ALL_DAYS, ALL_DAYS, later), Gap("lab:qwen", ALL_DAYS, ALL_DAYS))
        said = missing.completeness(edition(complete=(), gaps=unread))
        assert said == "arXiv not read (collected since 6 Jun); Qwen feed not read."
        both = Gap("arxiv", ALL_DAYS[3:], ALL_DAYS[4:])
        said = missing.completeness(edition(complete=(), gaps=(both,)))
        assert said == "arXiv partial on Thursday, not read on Friday, Saturday and Sunday."
        feeds = tuple(Gap(f"lab:{n}", ALL_DAYS, ALL_DAYS if n < 6 else ()) for n in range(8))
        said = missing.completeness(edition(complete=(), gaps=feeds))
        assert said == "6 of 8 lab feeds not read; 2 of 8 lab feeds partial."
        assert missing.completeness(edition(complete=(), gaps=feeds[:6])) == "lab feeds not read."


def test_what_comes_late_says_from_when_it_is() -> None:
    late = placed(1, item(1, "Late", listed_on=date(2026, 5, 15)))
    shown = draw(edition([late, placed(2)], considered=9, late=4))
    assert "15 May · late from week 20" in shown.text
    assert "1 of them is from before this week." in " ".join(shown.text.split())
    assert "All 5 on the web" in shown.text
    monthly = replace(
        edition([replace(late, item=item(1, listed_on=date(2026, 3, 30)))], Wish(Query(), Cadence.MONTHLY)), period=MONTH
    )
    assert "late from March 2026" in draw(monthly).text
