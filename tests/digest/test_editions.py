"""What was sent is remembered by editions, each of which leads to the one before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from staycurrent.digest import accounts, addresses, enrolment, queueing
from staycurrent.digest.plans import Choice
from staycurrent.query import Query
from staycurrent.store import deliveries, editions, intake, listing, subscribers
from staycurrent.store import engine as database
from staycurrent.store.deliveries import Fate
from staycurrent.store.editions import Kept, Shown
from staycurrent.store.engine import Engine, Session
from staycurrent.store.mail_models import Delivery
from tests.digest.mailing import BEFORE, KEYS, MONDAY, papers

WORDS = ("Subject", "Text", "<p>HTML</p>")


def rows(engine: Engine, count: int = 4) -> list[int]:
    papers(engine, count)
    with database.reading(engine) as session:
        return [v.row for v in listing.page(session, Query(), MONDAY.date(), limit=count).items]


def keep(session: Session, period: str, history: int, *items: int, version: int = 1) -> Kept:
    shown = [Shown(n, MONDAY, version, withdrawn=False, has_code=False) for n in items]
    return editions.keep(session, "wish", period, history, words=WORDS, shown=shown, is_empty=not items, now=MONDAY)


def test_a_history_is_all_that_the_editions_before_showed_in_its_newest_state(engine: Engine) -> None:
    one, two, three, _ = rows(engine)
    with database.writing(engine) as session:
        first = keep(session, "2026-W19", 0, one, two)
        second = keep(session, "2026-W20", first.id, three, one, version=2)
        other = keep(session, "2026-W20", 0, two)
        told = {s.item_id: (s.version, s.period) for s in editions.history(session, second.id)}
        assert told == {one: (2, "2026-W19"), two: (1, "2026-W19"), three: (2, "2026-W20")}
        assert [s.item_id for s in editions.history(session, other.id)] == [two]
        assert editions.history(session, None) == ()


def test_the_second_to_keep_an_edition_gets_the_first_s(engine: Engine) -> None:
    one, two, *_ = rows(engine)
    with database.writing(engine) as session:
        first = keep(session, "2026-W20", 0, one)
        assert keep(session, "2026-W20", 0, two) == first
        assert [s.item_id for s in editions.history(session, first.id)] == [one]


def test_an_edition_remembers_the_landmark_papers_of_those_before_it(engine: Engine) -> None:
    with database.writing(engine) as session:
        facts = {"words": WORDS, "shown": (), "is_empty": True, "now": MONDAY}
        first = editions.keep(session, "wish", "2026-W19", 0, landmark="https://arxiv.org/abs/1706.03762", **facts)  # type: ignore[arg-type]
        second = keep(session, "2026-W20", first.id)
        assert editions.landmarks(session, second.id) == {"https://arxiv.org/abs/1706.03762"}
        assert editions.landmarks(session, None) == frozenset()


def test_words_are_put_away_and_what_was_sent_is_not(engine: Engine) -> None:
    one, *_ = rows(engine)
    with database.writing(engine) as session:
        kept = keep(session, "2026-W20", 0, one)
        assert editions.put_away(session, MONDAY) == 0
        assert editions.put_away(session, MONDAY + timedelta(days=14)) == 1
        assert editions.find(session, "wish", "2026-W20", 0) == Kept(kept.id, is_empty=False, words=None)
        assert len(editions.history(session, kept.id)) == 1


def test_a_paper_that_proves_to_be_another_one_counts_as_sent(engine: Engine) -> None:
    one, two, *_ = rows(engine)
    with database.writing(engine) as session:
        kept = keep(session, "2026-W20", 0, two)
        intake.merge(session, one, two)
    with database.reading(engine) as session:
        assert [s.item_id for s in editions.history(session, kept.id)] == [one]


def test_a_claim_belongs_to_one_sender_until_its_lease_ends(engine: Engine) -> None:
    for number in range(4):
        enrolment.enrol(engine, KEYS, addresses.mail(f"r{number}@example.org"), Choice(), origin="import", now=BEFORE)
    assert queueing.queue_due(engine, MONDAY) == 4
    assert queueing.queue_due(engine, MONDAY) == 0
    until = MONDAY + timedelta(minutes=2)
    with database.writing(engine) as session:
        one = deliveries.claim(session, "one", MONDAY, until, 3)
        two = deliveries.claim(session, "two", MONDAY, until, 3)
    assert ([len(one), len(two)], {c.id for c in one} & {c.id for c in two}) == ([3, 1], set())
    with database.writing(engine) as session:
        assert deliveries.claim(session, "two", until, until, 9) == ()
        assert len(deliveries.claim(session, "two", until + timedelta(seconds=1), until, 9)) == 3
        assert deliveries.release(session, "two") == 4
        assert deliveries.counts(session, "2026-W20") == {Fate.WAITING.value: 4}


def test_after_three_weeks_without_the_product_one_digest_comes_at_most(engine: Engine) -> None:
    enrolment.enrol(engine, KEYS, addresses.mail("ada@example.org"), Choice(), origin="import", now=BEFORE)
    assert queueing.queue_due(engine, MONDAY + timedelta(days=17)) == 0, "the last moment was three days ago"
    assert queueing.queue_due(engine, MONDAY + timedelta(days=22)) == 1
    with database.reading(engine) as session:
        (found,) = subscribers.of_address(session, "ada@example.org")
        assert deliveries.counts(session, "2026-W23") == {"waiting": 1}
    assert found.next_due_at == MONDAY + timedelta(days=28)


def test_a_forecast_says_what_a_run_would_note_and_notes_nothing(engine: Engine) -> None:
    for number in range(3):
        choice = Choice(query=Query(levels=(number % 2,)))
        enrolment.enrol(engine, KEYS, addresses.mail(f"r{number}@example.org"), choice, origin="import", now=BEFORE)
    for _ in range(2):
        found = queueing.forecast(engine, None, MONDAY)
        assert (found.periods, found.editions, found.left_over) == ({"2026-W20": 3}, 2, 0)
    assert queueing.is_any(engine, MONDAY)
    queueing.queue_due(engine, MONDAY)
    assert queueing.forecast(engine, None, MONDAY).periods == {}
    assert queueing.forecast(engine, None, MONDAY).left_over == 3


def test_senders_that_begin_apart_take_other_batches_and_questions_first(engine: Engine) -> None:
    for number, level in enumerate((1, 2, 3, 4, 5, 6, 7, 1)):
        wanted = Choice(query=Query(levels=(level,)))
        enrolment.enrol(engine, KEYS, addresses.mail(f"r{number}@example.org"), wanted, origin="import", now=BEFORE)
    queueing.queue_due(engine, MONDAY)
    accounts.request(engine, KEYS, "new@example.org", Choice(), client="", now=MONDAY)
    until = MONDAY + timedelta(minutes=2)
    with database.writing(engine) as session:
        waiting = sorted(session.scalars(select(Delivery.batch).where(Delivery.batch != "")))
        middle = int(waiting[4][:4], 16) / 16**4
        claims = [deliveries.claim(session, "half", MONDAY, until, 4, deliveries.batch_at(middle)) for _ in range(4)]
        taken = [[session.scalar(select(Delivery.batch).where(Delivery.id == c.id)) for c in part] for part in claims]
    assert taken == [[""], waiting[4:8], waiting[:4], []]


def test_a_batch_lies_behind_its_part_of_all_batches() -> None:
    assert [deliveries.batch_at(part) for part in (0.0, 0.25, 0.5, 1.0, 7.0)] == ["", "4000", "8000", "ffbe", "ffbe"]
