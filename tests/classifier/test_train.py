"""Training is reproducible, tells what is missing, and is judged on papers that it has not seen."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from classifier import evaluate, labels, model, storage, texts, train
from classifier.labels import Label
from classifier.measure import BINS, Report
from classifier.model import Model
from classifier.train import TrainedModel
from staycurrent.errors import UsageError
from staycurrent.types import Document

from .conftest import made_up, small_space


def test_the_same_input_gives_the_same_bytes_in_any_order_at_any_time(
    tiny: TrainedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, documents = made_up()
    train.save(tiny, tmp_path / "one")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    again = train.train(rows[::-1], dict(reversed(documents.items())), space=small_space())
    train.save(again, tmp_path / "two")
    for name in (storage.NUMBERS, storage.WORDS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_other_labels_give_another_version(tiny: TrainedModel) -> None:
    rows, documents = made_up()
    other = train.train([replace(rows[0], level=3), *rows[1:]], documents, space=small_space())
    assert other.model.version != tiny.model.version


def test_it_learns_what_it_was_shown(tiny: TrainedModel) -> None:
    rows, documents = made_up()
    answers = tiny.model.predict([documents[row.id] for row in rows])
    assert [answer.level for answer in answers] == [row.level for row in rows]
    assert tiny.missing == ()


def test_a_few_missing_texts_are_reported() -> None:
    rows, documents = made_up()
    documents.pop(rows[3].id)
    assert train.train(rows, documents, space=small_space()).missing == (rows[3].id,)


def test_too_many_missing_texts_are_refused() -> None:
    rows, documents = made_up()
    with pytest.raises(UsageError, match="5 of 40"):
        train.train(rows, dict(list(documents.items())[5:]))


@pytest.mark.parametrize("count", [0, 1, 19])
def test_too_few_labels_are_refused(count: int) -> None:
    rows, documents = made_up()
    with pytest.raises(UsageError, match="too few"):
        train.train(rows[:count], documents)


def test_one_level_alone_cannot_be_learned() -> None:
    rows, documents = made_up()
    with pytest.raises(UsageError, match="two levels"):
        train.train([replace(row, level=5) for row in rows], documents)


def test_texts_without_words_cannot_be_learned() -> None:
    rows, documents = made_up()
    with pytest.raises(UsageError, match="none of the words"):
        train.train(rows, {identity: Document(identity, "") for identity in documents})


def test_two_levels_without_topics_are_enough() -> None:
    rows, documents = made_up()
    trained = train.train(
        [replace(row, level=5 if row.level else 0, topics=()) for row in rows], documents, space=small_space()
    )
    assert {answer.level for answer in trained.model.predict(list(documents.values()))} == {0, 5}


def test_progress_is_told() -> None:
    told: list[str] = []
    train.train(*made_up(), space=small_space(), progress=told.append)
    assert len(told) >= 3


def test_cross_validation_scores_every_paper_once() -> None:
    rows, documents = made_up()
    report = evaluate.cross_validate(rows, documents, folds=4, space=small_space())
    assert report.papers == len(rows) == sum(map(sum, report.confusion))
    assert report.accuracy > 0.9
    assert report.topics is not None
    assert report.topics.papers == 30


def test_cross_validation_needs_a_paper_for_each_fold() -> None:
    rows, documents = made_up()
    with pytest.raises(UsageError, match="too few"):
        evaluate.cross_validate(rows[:3], documents)


def test_a_report_is_plain_json(packaged: Model) -> None:
    rows, documents = made_up()
    report = evaluate.score(packaged, [(documents[row.id], row) for row in rows])
    plain = report.as_json()
    assert json.loads(json.dumps(plain)) == plain
    assert {"macro_f1", "accuracy", "confusion", "calibration_error", "sure_coverage", "topics"} <= set(plain)


def test_scores_count_what_they_say(tiny: TrainedModel) -> None:
    rows, documents = made_up()
    right, with_also, near = rows[1], replace(rows[2], level=4, also=rows[2].level), replace(rows[3], level=5)
    report: Report = evaluate.score(tiny.model, [(documents[row.id], row) for row in (right, with_also, near)])
    assert report.accuracy == pytest.approx(1 / 3)
    assert report.accuracy_with_also == pytest.approx(2 / 3)
    assert report.within_one == pytest.approx(1)
    assert 0 <= report.calibration_error <= 1
    assert BINS > 1


def test_the_papers_drawn_by_chance_are_scored_on_their_own_too(tiny: TrainedModel) -> None:
    rows, documents = made_up()
    mixed = [replace(row, drawn="uncertain") if place % 2 else row for place, row in enumerate(rows)]
    report = evaluate.score(tiny.model, [(documents[row.id], row) for row in mixed])
    assert report.random is not None
    assert (report.papers, report.random.papers) == (40, 20)


def test_labelled_lines_can_be_scored(tiny: TrainedModel, tmp_path: Path) -> None:
    rows, documents = made_up()
    lines = [
        {"id": row.id, "title": documents[row.id].title, "abstract": documents[row.id].abstract, "level": row.level}
        for row in rows
    ]
    file = tmp_path / "judged.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    report = evaluate.score(tiny.model, evaluate.read(file))
    assert report.accuracy == 1
    assert report.topics is None


def test_nothing_to_score_is_an_error(tiny: TrainedModel) -> None:
    with pytest.raises(UsageError, match="no labelled papers"):
        evaluate.score(tiny.model, [])


@pytest.mark.upstream
def test_the_committed_model_is_the_one_that_training_gives(upstream: Path, packaged: Model) -> None:
    rows = labels.read()
    documents = texts.read(upstream / "pack" / "arxiv.jsonl.gz", {row.id for row in rows})
    trained = train.train(rows, documents)
    assert trained.missing == ()
    # Another build of NumPy may take sums in another order; then the last digits differ, the answers do not.
    sample = list(documents.values())[:500]
    pairs = list(zip(trained.model.predict(sample), packaged.predict(sample), strict=True))
    assert sum(one.level == other.level for one, other in pairs) >= 0.99 * len(sample)


def _stream(upstream: Path) -> list[Document]:
    rows = texts.rows(upstream / "pack" / "arxiv.jsonl.gz")
    return [texts.document(row, where=where) for (where, row), _ in zip(rows, range(2000), strict=False)]


def test_the_model_is_loaded_in_no_time() -> None:
    start = time.perf_counter()
    model.load()
    # Measured: 0.15 s.
    assert time.perf_counter() - start < 2


def test_the_committed_labels_are_whole_and_in_order() -> None:
    rows = labels.read()
    assert len(rows) == 10851
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert {row.level for row in rows} == set(range(9))
    assert isinstance(rows[0], Label)
    assert Counter((row.drawn, row.reading) for row in rows) == {
        ("random", 1): 1771,
        ("uncertain", 1): 1440,
        ("random", 2): 500,
        ("rare", 2): 1100,
        ("uncertain", 2): 3100,
        ("random", 3): 300,
        ("uncertain", 3): 1140,
        ("remaining", 4): 678,
        ("rare", 4): 105,
        ("uncertain", 4): 717,
    }


def test_the_second_readings_are_of_papers_of_earlier_passes() -> None:
    earlier = {row.id for row in labels.read() if row.reading != 4}
    blind = labels.read(labels.BLIND)
    assert len(blind) == 262
    assert {row.id for row in blind} <= earlier


def test_nothing_is_learned_of_the_papers_of_a_year_before() -> None:
    before = labels.read(labels.YEAR_BEFORE)
    assert len(before) == 300
    assert {row.id[:4] for row in before} <= {"2501", "2502", "2503", "2504"}
    assert not {row.id for row in before} & {row.id for row in labels.read()}
