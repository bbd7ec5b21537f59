"""What the rest of the product may rely on of the roadmap's data, and that a mistake in it is found at load."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from staycurrent import roadmap
from staycurrent.roadmap import Landmark, Text

WATCHED = ["OpenAI", "DeepSeek", "Qwen", "Anthropic", "Google DeepMind", "Meta FAIR"]


def every_text() -> Iterator[Text]:
    for level in roadmap.levels().values():
        yield from (level.name, level.short, level.goal, *level.themes, *level.practice)
    for topic in roadmap.topics().values():
        yield topic.name
    for landmark in roadmap.landmarks():
        yield landmark.why


def a_landmark(**changes: Any) -> dict[str, Any]:
    return {
        "level": 3,
        "arxiv_id": "1412.6980",
        "title": "Adam",
        "authors": ["Diederik P. Kingma"],
        "year": 2014,
        "topics": ["training-optimizers"],
        "minutes": 40,
        "why": {"en": "why", "de": "warum"},
    } | changes


class TestLevels:
    def test_the_eight_levels_and_the_one_for_what_is_off_the_roadmap_are_there_in_order(self) -> None:
        assert list(roadmap.levels()) == list(range(9))
        assert all(number == level.number for number, level in roadmap.levels().items())

    def test_each_level_of_the_roadmap_has_themes_practice_and_a_period_of_the_plan(self) -> None:
        for number in range(1, 9):
            level = roadmap.levels()[number]
            assert level.themes
            assert level.practice
            assert level.months is not None

    def test_the_periods_are_those_of_the_plan_and_never_go_back(self) -> None:
        periods = [level.months for level in roadmap.levels().values() if level.months]
        assert sorted(set(periods)) == [(1, 3), (4, 6), (7, 12)]
        assert periods == sorted(periods)

    def test_off_the_roadmap_has_no_period(self) -> None:
        assert roadmap.levels()[0].months is None

    def test_short_names_fit_a_chip_and_differ(self) -> None:
        for lang in ("en", "de"):
            shorts = [level.short.get(lang) for level in roadmap.levels().values()]
            assert len(set(shorts)) == len(shorts)
            assert all(len(short.split()) <= 3 and len(short) <= 18 for short in shorts)

    def test_resources_are_reached_by_https(self) -> None:
        urls = [resource.url for level in roadmap.levels().values() for resource in level.resources]
        assert all(url is None or url.startswith("https://") for url in urls)


class TestTexts:
    def test_every_text_is_there_in_both_languages_without_stray_blanks(self) -> None:
        for text in every_text():
            for said in (text.en, text.de):
                assert said
                assert said == " ".join(said.split())

    def test_sentences_are_translated_not_copied(self) -> None:
        for landmark in roadmap.landmarks():
            assert landmark.why.en != landmark.why.de
        for level in roadmap.levels().values():
            assert level.goal.en != level.goal.de

    @pytest.mark.parametrize(
        ("lang", "said"),
        [
            ("de", "Hund"),
            ("DE", "Hund"),
            ("de-AT", "Hund"),
            ("de_CH", "Hund"),
            ("en", "dog"),
            ("fr", "dog"),
            ("", "dog"),
            ("den", "dog"),
        ],
    )
    def test_german_is_given_to_who_asks_for_it_and_english_to_all_others(self, lang: str, said: str) -> None:
        assert Text(en="dog", de="Hund").get(lang) == said


class TestTopics:
    def test_all_topics_of_the_taxonomy_are_there_level_by_level(self) -> None:
        per_level = Counter(topic.level for topic in roadmap.topics().values())
        assert per_level == {1: 5, 2: 11, 3: 10, 4: 9, 5: 12, 6: 8, 7: 9, 8: 5}
        assert per_level.total() == 69

    def test_topics_come_in_the_order_of_the_levels(self) -> None:
        order = [topic.level for topic in roadmap.topics().values()]
        assert order == sorted(order)

    def test_slugs_can_stand_in_a_url_as_they_are(self) -> None:
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in roadmap.topics())

    def test_no_two_topics_have_the_same_name(self) -> None:
        for lang in ("en", "de"):
            names = [topic.name.get(lang) for topic in roadmap.topics().values()]
            assert len(set(names)) == len(names)


class TestLabs:
    def test_the_watched_labs_are_the_six_that_the_roadmap_names_and_come_first(self) -> None:
        labs = list(roadmap.labs().values())
        assert [lab.name for lab in labs[:6]] == WATCHED
        assert [lab.watched for lab in labs] == [True] * 6 + [False] * (len(labs) - 6)

    def test_each_watched_lab_can_be_recognized_by_an_organization(self) -> None:
        assert all(lab.organizations for lab in roadmap.labs().values() if lab.watched)

    def test_slugs_can_stand_in_a_url_and_homes_are_reached_by_https(self) -> None:
        for slug, lab in roadmap.labs().items():
            assert slug == lab.slug
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
            assert lab.home.startswith("https://")

    def test_the_entry_of_each_watched_lab_is_dated_by_a_paper(self) -> None:
        dated = [lab for lab in roadmap.labs().values() if lab.seen]
        assert {lab.slug for lab in roadmap.labs().values() if lab.watched} <= {lab.slug for lab in dated}
        assert all(re.fullmatch(r"\d{4}\.\d{5}", lab.seen or "") for lab in dated)

    def test_no_organization_and_no_team_belongs_to_two_labs(self) -> None:
        for names in ("organizations", "teams"):
            every = [name.casefold() for lab in roadmap.labs().values() for name in getattr(lab, names)]
            assert len(set(every)) == len(every)

    @pytest.mark.parametrize(
        ("organization", "slug"),
        [
            ("Qwen", "qwen"),
            ("qwen", "qwen"),
            ("DEEPSEEK-AI", "deepseek"),
            ("deepmind", "google-deepmind"),
            ("facebook", "meta-fair"),
        ],
    )
    def test_an_organization_is_found_whatever_its_case(self, organization: str, slug: str) -> None:
        lab = roadmap.lab_of_organization(organization)
        assert lab is not None
        assert lab.slug == slug

    @pytest.mark.parametrize("organization", ["DianJin", "qwen-fans", "PekingUniversity", ""])
    def test_an_organization_that_is_no_lab_of_ours_is_unknown(self, organization: str) -> None:
        assert roadmap.lab_of_organization(organization) is None

    @pytest.mark.parametrize(("company", "unit"), [("google", "google-deepmind"), ("microsoft", "microsoft-research")])
    def test_a_tag_that_names_the_company_is_not_taken_for_its_lab(self, company: str, unit: str) -> None:
        lab = roadmap.lab_of_organization(company)
        assert lab is not None
        assert lab.slug != unit

    @pytest.mark.parametrize(
        ("author", "slug"),
        [
            ("Qwen Team", "qwen"),
            ("qwen team", "qwen"),
            ("DeepSeek-AI", "deepseek"),
            (" Kimi  Team ", "moonshot"),
            ("GEMINI TEAM", "google-deepmind"),
        ],
    )
    def test_a_team_is_found_whatever_its_case(self, author: str, slug: str) -> None:
        lab = roadmap.lab_of_team(author)
        assert lab is not None
        assert lab.slug == slug

    @pytest.mark.parametrize("author", ["An Yang", "The Qwen Team", "Claude AI", "Gemma Roig", "Team", ""])
    def test_a_person_or_an_unknown_team_or_a_part_of_a_name_is_no_lab(self, author: str) -> None:
        assert roadmap.lab_of_team(author) is None


class TestLandmarks:
    @pytest.mark.parametrize("level", range(1, 9))
    def test_each_level_has_enough_to_begin_with(self, level: int) -> None:
        assert len(roadmap.landmarks(level)) >= 7

    def test_all_of_them_are_those_of_the_levels_together(self) -> None:
        assert roadmap.landmarks() == tuple(paper for level in range(9) for paper in roadmap.landmarks(level))

    def test_what_is_off_the_roadmap_has_none(self) -> None:
        assert roadmap.landmarks(0) == ()

    def test_attention_is_all_you_need_is_in_level_4(self) -> None:
        assert "1706.03762" in {paper.arxiv_id for paper in roadmap.landmarks(4)}

    def test_arxiv_ids_are_well_formed_and_unique(self) -> None:
        ids = [paper.arxiv_id for paper in roadmap.landmarks() if paper.arxiv_id]
        assert len(set(ids)) == len(ids)
        for arxiv_id in ids:
            # Five digits after the dot since January 2015, four before.
            digits = 5 if arxiv_id >= "1501" else 4
            assert re.fullmatch(rf"\d\d(0[1-9]|1[0-2])\.\d{{{digits}}}", arxiv_id), arxiv_id

    def test_the_year_is_the_one_that_the_arxiv_id_says(self) -> None:
        for paper in roadmap.landmarks():
            if paper.arxiv_id:
                assert paper.year == 2000 + int(paper.arxiv_id[:2]), paper.title

    def test_the_first_topic_lies_in_the_level_and_none_is_said_twice(self) -> None:
        for paper in roadmap.landmarks():
            assert roadmap.topics()[paper.topics[0]].level == paper.level
            assert len(set(paper.topics)) == len(paper.topics)

    def test_each_can_be_opened_and_read_in_an_estimated_time(self) -> None:
        for paper in roadmap.landmarks():
            assert paper.url.startswith("https://")
            assert 10 <= paper.minutes <= 480
            assert paper.authors

    def test_why_is_one_line(self) -> None:
        assert all(len(said) <= 140 for paper in roadmap.landmarks() for said in (paper.why.en, paper.why.de))

    def test_arxiv_is_the_address_before_doi_before_any_other(self) -> None:
        def url(**ids: str | None) -> str:
            [paper] = roadmap._parse_landmarks([a_landmark(**ids)], roadmap.topics())
            return paper.url

        assert url(doi="10.1/x", url="https://a.example/") == "https://arxiv.org/abs/1412.6980"
        assert url(arxiv_id=None, doi="10.1/x", url="https://a.example/") == "https://doi.org/10.1/x"
        assert url(arxiv_id=None, url="https://a.example/") == "https://a.example/"


class TestMistakesInTheData:
    def parse(self, *tables: dict[str, Any]) -> tuple[Landmark, ...]:
        return roadmap._parse_landmarks(tables, roadmap.topics())

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"topics": ["training-optimizer"]}, "landmarks.toml: Adam: unknown topic training-optimizer"),
            ({"topics": ["rag"]}, "landmarks.toml: Adam: the first topic must be one of level 3"),
            ({"topics": []}, "landmarks.toml: Adam: the first topic must be one of level 3"),
            ({"arxiv_id": "1412.6980v9"}, "landmarks.toml: Adam: not an arXiv id without version: 1412.6980v9"),
            ({"arxiv_id": None}, "landmarks.toml: Adam: needs an arxiv_id, a doi or a url"),
            ({"why": {"en": "why", "de": " "}}, "landmarks.toml: Adam: a text is empty"),
            ({"why": {"en": "why"}}, "landmarks.toml: Adam: de is missing"),
        ],
    )
    def test_a_wrong_landmark_is_named(self, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=re.escape(message)):
            self.parse(a_landmark(**changes))

    def test_a_paper_that_is_there_twice_is_named(self) -> None:
        with pytest.raises(ValueError, match=re.escape("Adam again: https://arxiv.org/abs/1412.6980 is there twice")):
            self.parse(a_landmark(), a_landmark(title="Adam again"))

    def test_a_topic_that_is_there_twice_is_named(self) -> None:
        table = {"slug": "rag", "level": 7, "name": {"en": "RAG", "de": "RAG"}}
        with pytest.raises(ValueError, match=re.escape("topics.toml: rag: this slug is there twice")):
            roadmap._parse_topics([table, table])

    @pytest.mark.parametrize("level", [0, 9])
    def test_a_topic_outside_the_levels_is_named(self, level: int) -> None:
        table = {"slug": "rag", "level": level, "name": {"en": "RAG", "de": "RAG"}}
        with pytest.raises(ValueError, match=f"topics.toml: rag: no such level: {level}"):
            roadmap._parse_topics([table])

    def test_an_organization_that_two_labs_claim_is_named(self) -> None:
        one = {"slug": "one", "name": "One", "home": "https://one.example/", "organizations": ["Org"]}
        two = {"slug": "two", "name": "Two", "home": "https://two.example/", "organizations": ["org"]}
        with pytest.raises(ValueError, match=re.escape("labs.toml: two: organization org belongs to one already")):
            roadmap._parse_labs([one, two])

    def test_a_missing_level_is_named(self) -> None:
        text = {"en": "a", "de": "b"}
        with pytest.raises(ValueError, match=re.escape("the levels must be 0 to 8 in order, not [3]")):
            roadmap._parse_levels([{"number": 3, "name": text, "short": text, "goal": text}])

    @pytest.mark.parametrize("months", [[3, 1], [0, 3], [7, 13], [4]])
    def test_a_period_outside_the_year_is_named(self, months: list[int]) -> None:
        text = {"en": "a", "de": "b"}
        with pytest.raises(ValueError, match=re.escape("levels.toml: 3: months must be [first, last] within 1 to 12")):
            roadmap._parse_levels([{"number": 3, "name": text, "short": text, "goal": text, "months": months}])


class TestLoading:
    def test_what_is_given_out_cannot_be_changed(self) -> None:
        with pytest.raises(TypeError):
            roadmap.topics()["rag"] = roadmap.topics()["rag"]  # type: ignore[index]

    def test_the_files_are_read_once(self) -> None:
        assert roadmap.levels() is roadmap.levels()
        assert roadmap.labs() is roadmap.labs()

    def test_importing_it_reads_no_file_and_loads_no_parser(self) -> None:
        code = "import sys, staycurrent.roadmap; sys.exit('tomllib' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
