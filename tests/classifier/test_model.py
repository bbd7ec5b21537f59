"""What the committed model promises to whoever asks it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import features, model, storage
from classifier.model import Model
from classifier.with_corrections import joined
from staycurrent import roadmap
from staycurrent.types import Document, Kind

PAPERS = tomllib.loads((Path(__file__).parent / "abstracts.toml").read_text("utf-8"))["paper"]
GERMAN = (
    "Wir stellen ein Verfahren vor, mit dem sich große Sprachmodelle auf deutschen Texten trainieren lassen. Das Modell "
    "erreicht in allen Versuchen eine höhere Genauigkeit als bisherige Ansätze, und die Ergebnisse zeigen, dass auch "
    "kleine Datenmengen ausreichen, wenn sie sorgfältig ausgewählt werden."
)
RUSSIAN = "Мы представляем новый метод обучения больших языковых моделей, который работает лучше прежних. " * 5


def document(level: int) -> Document:
    paper = next(paper for paper in PAPERS if paper["level"] == level)
    return Document(f"level-{level}", paper["title"], paper["abstract"], tuple(paper["categories"]))


ALL = [document(level) for level in range(9)]


def test_it_knows_nine_levels_and_all_topics_of_the_roadmap(packaged: Model) -> None:
    assert list(packaged.levels) == list(range(9))
    assert packaged.topics == tuple(roadmap.topics())
    assert len(packaged.topics) == 69
    assert packaged.topic_levels == tuple(topic.level for topic in roadmap.topics().values())


def test_it_is_small_enough_for_a_package() -> None:
    # The model's own files; labels and words of the card lie beside them and are not needed to predict.
    assert sum((model.PACKAGED / name).stat().st_size for name in (storage.WORDS, storage.NUMBERS)) < 20_000_000


def test_its_version_names_the_month_it_learned_up_to(packaged: Model) -> None:
    month, _, digits = packaged.version.partition("-")
    assert month == "2026.05"
    assert len(digits) == 8


def test_what_was_measured_of_it_comes_with_it(packaged: Model) -> None:
    metrics = packaged.about["metrics"]
    assert isinstance(metrics, dict)
    measured = metrics["cross_validation"]
    assert isinstance(measured, dict)
    macro_f1, sure_precision = measured["macro_f1"], measured["sure_precision"]
    assert isinstance(macro_f1, float)
    assert isinstance(sure_precision, float)
    assert macro_f1 > 0.70
    assert sure_precision > 0.88
    typical = measured["random"]
    assert isinstance(typical, dict)
    assert typical["macro_f1"] >= 0.75
    assert typical["calibration_error"] <= 0.03
    assert typical["sure_precision"] >= 0.92


@pytest.mark.parametrize("level", range(9))
def test_a_clear_cut_paper_gets_its_level(packaged: Model, level: int) -> None:
    [answer] = packaged.predict([document(level)])
    assert answer.level == level


@pytest.mark.parametrize(
    ("level", "topic"),
    [
        (1, "optimization-theory"),
        (2, "trees-ensembles"),
        (4, "medical-imaging"),
        (5, "instruction-rlhf"),
        (6, "diffusion-flow"),
        (7, "multi-agent"),
        (8, "agent-alignment-safety"),
    ],
)
def test_a_clear_cut_paper_gets_its_topic(packaged: Model, level: int, topic: str) -> None:
    [answer] = packaged.predict([document(level)])
    assert topic in [found.slug for found in answer.topics]


def test_probabilities_are_those_of_nine_levels_and_sum_to_one(packaged: Model) -> None:
    for answer in packaged.predict(ALL):
        assert len(answer.probabilities) == 9
        assert sum(answer.probabilities) == pytest.approx(1)
        assert answer.confidence == max(answer.probabilities) == answer.probabilities[answer.level]


def test_topics_come_best_first_and_are_at_most_five(packaged: Model) -> None:
    for answer in packaged.predict(ALL):
        scores = [topic.score for topic in answer.topics]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) <= model.MOST_TOPICS
        assert all(0 <= score <= 1 for score in scores)


def test_answers_come_in_the_order_of_the_documents_and_name_the_model(packaged: Model) -> None:
    answers = packaged.predict(ALL)
    assert [answer.id for answer in answers] == [document.id for document in ALL]
    assert {answer.model for answer in answers} == {packaged.version}


def test_a_process_that_predicts_multiplies_by_one_thread() -> None:
    """Several cost many times the processor time; asked in a process of its own, since the setting stays."""
    code = (
        "from classifier import model; from staycurrent.types import Document; from threadpoolctl import threadpool_info; "
        "model.load().predict([Document('1', 'Attention')], explain=True); "
        "print({found['num_threads'] for found in threadpool_info()})"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    assert asked.stdout.strip() == "{1}"


def environment() -> dict[str, str]:
    """That of a machine on which nothing is said of threads."""
    return {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}


def test_no_documents_give_no_answers(packaged: Model) -> None:
    assert packaged.predict([]) == []


def test_the_answer_does_not_depend_on_when_or_with_what_else_it_is_asked(
    packaged: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = packaged.predict(ALL, explain=True)
    monkeypatch.setattr(model, "CHUNK", 2)
    assert packaged.predict(ALL, explain=True) == together
    alone = [packaged.predict([one], explain=True)[0] for one in reversed(ALL)]
    assert [(one.level, one.unsure, one.explanation) for one in reversed(alone)] == [
        (one.level, one.unsure, one.explanation) for one in together
    ]


def test_explaining_changes_nothing_but_the_explanation(packaged: Model) -> None:
    plain, explained = packaged.predict(ALL), packaged.predict(ALL, explain=True)
    assert [replace(answer, explanation=()) for answer in explained] == plain


def test_reasons_are_few_are_in_the_paper_and_speak_for_the_level(packaged: Model) -> None:
    for paper, answer in zip(ALL, packaged.predict(ALL, explain=True), strict=True):
        assert 1 <= len(answer.explanation) <= 6
        known = {*features.words(f"{paper.title} {paper.abstract}"), *paper.categories}
        weights = [reason.weight for reason in answer.explanation]
        assert weights == sorted(weights, reverse=True)
        assert weights[-1] > 0
        for reason in answer.explanation:
            assert set(reason.text.removesuffix(" (primary)").split()) <= known


def test_the_reason_of_a_diffusion_paper_is_diffusion(packaged: Model) -> None:
    [answer] = packaged.predict([document(6)], explain=True)
    assert "diffusion" in answer.explanation[0].text


ANNOUNCEMENT = (
    "Today we are launching Lumen 2, our fastest diffusion model for images yet. It is available to all subscribers in the app "
    "and by the interface for developers. Pricing starts at two dollars for a thousand images, and it is rolling out this week."
)
OTHER_LANGUAGES = {
    "swedish": "Vi visar en ny metod som lär en språkmodell att läsa långa texter och att svara på frågor av olika slag. "
    "Den är snabb, och den behöver inte mer minne än de modeller som fanns tidigare, för den delar upp texten.",
    "norwegian": "Vi viser en ny metode som lærer en språkmodell å lese lange tekster og å svare på spørsmål av ulike slag. "
    "Den er rask, og den trenger ikke mer minne for lange tekster enn modellene som fantes fra før.",
    "danish": "Vi viser en ny metode, som lærer en sprogmodel at læse lange tekster og at svare på spørgsmål af mange slags. "
    "Den er hurtig, og den behøver ikke mere hukommelse for lange tekster end de modeller, som vi kender.",
    "dutch": "Wij tonen een nieuwe methode waarmee een taalmodel leert om lange teksten te lezen en vragen te beantwoorden. "
    "Het model is snel, en het heeft voor lange teksten niet meer geheugen nodig dan de modellen van vroeger.",
    "czech": "Ukazujeme novou metodu, kterou se jazykový model učí číst dlouhé texty a odpovídat na otázky. Model je rychlý "
    "a nepotřebuje více paměti než dřívější modely, protože text rozděluje do krátkých částí, které čte po sobě.",
    "polish": "Pokazujemy nową metodę, dzięki której model językowy uczy się czytać długie teksty i odpowiadać na pytania. "
    "Model jest szybki i nie potrzebuje więcej pamięci niż wcześniejsze modele, bo dzieli tekst na krótkie części.",
    "hungarian": "Egy új módszert mutatunk be, amellyel egy nyelvi modell hosszú szövegeket tanul olvasni, és kérdésekre "
    "válaszol. A modell gyors, és nem kell neki több memória, mint a korábbi modelleknek, mert részekre bontja a szöveget.",
    "romanian": "Prezentăm o metodă nouă prin care un model de limbaj învață să citească texte lungi și să răspundă la "
    "întrebări. Modelul este rapid și nu are nevoie de mai multă memorie decât modelele anterioare.",
    "half german": "Wir zeigen ein neues Verfahren, mit dem ein Sprachmodell lange Texte liest und auf Fragen antwortet. Es "
    "ist nicht langsamer, und es wird ohne neue Daten trainiert. This paper is about reading of long texts with the models.",
}


@pytest.mark.parametrize(
    "doubtful",
    [
        Document("empty", ""),
        Document("blank", " ", "\n\t"),
        replace(document(6), abstract=""),
        Document("short", "Diffusion models", "We study image diffusion models."),
        Document("german", "Ein Sprachmodell für die deutsche Sprache", GERMAN, ("cs.CL",)),
        Document("russian", "Новая языковая модель", RUSSIAN, ("cs.CL",)),
        Document("chinese", "大型语言模型", "我们提出了一种新的大型语言模型训练方法。" * 20, ("cs.CL",)),
        Document("nonsense", "Lorem ipsum", "dolor sit amet consectetur " * 20),
        replace(document(6), kind=Kind.POST),
        Document("announcement", "Introducing Lumen 2", ANNOUNCEMENT, ("cs.CV",)),
        *(Document(name, "Modell", text, ("cs.CL",)) for name, text in OTHER_LANGUAGES.items()),
    ],
    ids=lambda document: document.id + document.kind,
)
def test_it_is_unsure_of_what_it_has_not_learned_to_read_and_says_why(packaged: Model, doubtful: Document) -> None:
    [answer] = packaged.predict([doubtful], explain=True)
    assert answer.unsure
    assert answer.explanation[0].kind == "rule"


def test_it_is_sure_of_a_clear_cut_paper(packaged: Model) -> None:
    [answer] = packaged.predict([document(6)])
    assert not answer.unsure


def test_a_paper_without_categories_keeps_its_level(packaged: Model) -> None:
    [answer] = packaged.predict([replace(document(6), categories=())])
    assert answer.level == 6


def test_spelling_in_capitals_or_with_accents_makes_no_difference(packaged: Model) -> None:
    paper = document(4)
    loud = replace(paper, title=paper.title.upper(), abstract=paper.abstract.upper().replace("E", "É"))
    assert packaged.predict([loud])[0].probabilities == packaged.predict([paper])[0].probabilities


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "word " * 100_000, "diffusion " * 100_000, "\x00\ud800\u202e" * 1000, "😀" * 50_000]
)
def test_a_monstrous_text_is_answered(packaged: Model, text: str) -> None:
    [answer] = packaged.predict([Document("monster", text, text, (text[:50],))], explain=True)
    assert sum(answer.probabilities) == pytest.approx(1)


@given(
    title=st.text(st.characters()),
    abstract=st.text(st.characters(), max_size=2000),
    names=st.lists(st.text(st.characters(), max_size=20), max_size=5),
)
@settings(deadline=None, max_examples=150)
def test_any_text_is_answered(packaged: Model, title: str, abstract: str, names: list[str]) -> None:
    one = Document("any", title, abstract, tuple(names), tuple(names), organizations=tuple(names))
    [answer] = packaged.predict([one], explain=True)
    assert 0 <= answer.level <= 8
    assert sum(answer.probabilities) == pytest.approx(1)


def test_a_corrected_paper_does_not_teach_that_it_has_no_topics(packaged: Model) -> None:
    paper = document(6)
    [label] = joined([], [(paper, 2)])
    assert (label.level, label.drawn) == (2, "corrected")
    assert label.topics
    assert label.topics == tuple(topic.slug for topic in packaged.predict([paper])[0].topics)
