"""The one filter object: whatever comes in is a checked query or one clear refusal, and equal queries look alike."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent import roadmap
from staycurrent.query import MAX_TEXT, MAX_VALUES, PARAMETERS, Query, QueryError, Sort, build, parse_day
from staycurrent.types import Kind

WORDS = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="\x00"), min_size=1, max_size=20)
DAYS = st.dates()


@st.composite
def queries(draw: st.DrawFn) -> Query:
    first, second = sorted((draw(DAYS), draw(DAYS)))
    return build(
        level=draw(st.lists(st.integers(0, 8), max_size=4)),
        topic=draw(st.lists(st.sampled_from(sorted(roadmap.topics())), max_size=4)),
        lab=draw(st.lists(st.sampled_from(["qwen", "openai", "a-lab.of_mine"]), max_size=3)),
        source=draw(st.lists(st.sampled_from(["arxiv", "lab:*", "lab:qwen", "huggingface"]), max_size=3)),
        kind=draw(st.none() | st.sampled_from(Kind)),
        since=draw(st.none() | st.just(first)),
        until=draw(st.none() | st.just(second)),
        text=draw(st.none() | WORDS),
        exclude=draw(st.lists(WORDS, max_size=3)),
        without_topic=draw(st.lists(st.sampled_from(sorted(roadmap.topics())), max_size=2)),
        without_lab=draw(st.lists(st.sampled_from(["qwen", "openai"]), max_size=2)),
        has_code=draw(st.none() | st.booleans()),
        min_confidence=draw(st.none() | st.floats(0, 1)),
        sort=draw(st.none() | st.sampled_from(Sort)),
    )


def from_pairs(pairs: list[tuple[str, str]]) -> Query:
    return Query.from_params(parse_qs(urlencode(pairs), keep_blank_values=True))


@given(queries())
def test_a_query_comes_back_from_its_own_url(query: Query) -> None:
    assert from_pairs(query.params()) == query


@given(queries(), st.data())
def test_the_order_of_parameters_does_not_matter(query: Query, data: st.DataObject) -> None:
    pairs = data.draw(st.permutations(query.params()))
    assert from_pairs(pairs).url_query() == query.url_query()


def understood(params: dict[str, list[str]]) -> Query | QueryError:
    try:
        return Query.from_params(params)
    except QueryError as error:
        return error


@given(st.dictionaries(st.sampled_from([*PARAMETERS, "page"]), st.lists(st.text(max_size=30) | st.just("1"), max_size=3)))
def test_any_values_are_a_query_or_a_refusal_that_names_the_parameter(params: dict[str, list[str]]) -> None:
    found = understood(params)
    if isinstance(found, Query):
        assert from_pairs(found.params()) == found
    else:
        assert found.parameter in params
        assert str(found).startswith(f"{found.parameter}: ")
        assert str(found).isprintable()


HOSTILE = ["x" * 100_000, "9" * 100_000, "\x00", "\ud800", "\n", "\u202e", "' OR 1=1 --", "½", "nan"]


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_values_are_refused_in_one_short_line_or_made_harmless(name: str, value: str) -> None:
    found = understood({name: [value]})
    if isinstance(found, Query):
        assert len(found.url_query()) < 200
        assert found.url_query().isascii()
    else:
        assert found.parameter == name
        assert len(str(found)) < 250
        assert str(found).isprintable()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("level", "9"),
        ("level", "-1"),
        ("level", "٣"),
        ("level", "5.0"),
        ("topic", "no-such-topic"),
        ("lab", "Not A Lab"),
        ("lab", "x" * 61),
        ("source", "lab:"),
        ("source", "lab:*x"),
        ("source", "*"),
        ("source", "x" * 41),
        ("kind", "papers"),
        ("since", "2026-5-1"),
        ("since", "20260501"),
        ("since", "2026-02-30"),
        ("since", "2026-05-01T00:00"),
        ("until", "٢٠٢٦-٠٥-٠١"),
        ("until", "0000-01-01"),
        ("has_code", "maybe"),
        ("min_confidence", "1.01"),
        ("min_confidence", "-0.1"),
        ("min_confidence", "nan"),
        ("min_confidence", "inf"),
        ("sort", "random"),
        ("text", "x" * (MAX_TEXT + 1)),
        ("exclude", "x" * (MAX_TEXT + 1)),
    ],
)
def test_what_a_parameter_cannot_take_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(QueryError) as refused:
        Query.from_params({name: [value]})
    assert refused.value.parameter == name
    assert refused.value.exit_status == 2


@pytest.mark.parametrize("name", ["kind", "since", "until", "text", "has_code", "min_confidence", "sort"])
def test_what_can_have_one_value_is_refused_when_given_twice(name: str) -> None:
    with pytest.raises(QueryError, match=f"{name}: given more than once"):
        Query.from_params({name: ["a", "b"]})


@pytest.mark.parametrize("name", ["level", "topic", "lab", "source", "exclude", "without_topic", "without_lab"])
def test_several_values_have_a_bound(name: str) -> None:
    with pytest.raises(QueryError, match=f"{name}: at most {MAX_VALUES}"):
        Query.from_params({name: ["1"] * (MAX_VALUES + 1)})


def test_several_values_are_alternatives_sorted_and_once() -> None:
    assert Query.from_params({"level": ["6", "5", "", " 6 "]}).levels == (5, 6)


def test_since_may_be_until_but_not_later() -> None:
    day = date(2026, 5, 1)
    assert build(since=day, until=day).until == day
    with pytest.raises(QueryError, match="since: is later than until"):
        build(since=day + timedelta(days=1), until=day)


@pytest.mark.parametrize(
    ("value", "flag"), [("1", True), ("yes", True), ("TRUE", True), ("on", True), ("0", False), ("No", False), ("", None)]
)
def test_flags_are_said_in_many_ways(value: str, *, flag: bool | None) -> None:
    assert Query.from_params({"has_code": [value]}).has_code is flag


def test_blank_values_ask_for_nothing() -> None:
    assert Query.from_params({name: [""] for name in PARAMETERS}) == Query()
    assert Query().url_query() == ""


def test_unknown_parameters_are_ignored() -> None:
    assert Query.from_params({"utm_source": ["x"], "levels": ["5"]}) == Query()


@pytest.mark.parametrize("value", ["0.123456789", "1e-7", "-0.0", "0", "1", "1.0"])
def test_a_confidence_keeps_all_its_digits(value: str) -> None:
    query = Query.from_params({"min_confidence": [value]})
    assert query.min_confidence == float(value)
    assert from_pairs(query.params()) == query
    assert "-0" not in query.url_query().replace("e-07", "")


def test_the_url_is_the_documented_one() -> None:
    query = build(level=[6, 5], topic=["rag"], lab=["qwen"], text="kv  cache", has_code=True, since="2026-05-01", sort="votes")
    expected = "level=5&level=6&topic=rag&lab=qwen&since=2026-05-01&text=kv+cache&has_code=1&sort=votes"
    assert query.url_query() == expected


@given(st.text(max_size=12))
def test_a_day_is_a_day_or_a_value_error(text: str) -> None:
    try:
        assert parse_day(text).isoformat() == text
    except ValueError:
        assert True


def test_text_is_one_line_without_control_characters() -> None:
    text = build(text="a\x00b\n\tc\u2028d" + chr(sys.maxunicode)).text
    assert text == "a b c d"
