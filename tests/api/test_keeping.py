"""Kept answers and counted requests: as long as they must be, and in bounded memory."""

from __future__ import annotations

from dashboard.api.keeping import Body, Keeper
from dashboard.api.limits import MOST_ADDRESSES, Buckets


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def body(text: str = "body") -> Body:
    return Body(text.encode(), "text/plain")


def test_an_answer_is_made_once_for_a_mark() -> None:
    made: list[str] = []

    def make() -> Body:
        made.append("made")
        return body()

    keeper = Keeper()
    first = keeper.get("a", "mark-1", make)
    assert keeper.get("a", "mark-1", make) is first
    assert keeper.get("a", "mark-2", make).etag == first.etag
    assert len(made) == 2


def test_the_time_of_an_answer_moves_with_its_content_only() -> None:
    time = Time()
    keeper = Keeper(now=time)
    first = keeper.get("a", "1", body)
    time.at += 50
    assert keeper.get("a", "2", body).since == first.since
    assert keeper.get("a", "3", lambda: body("other")).since == 1_049
    assert keeper.get("a", "4", lambda: body("third")).since == 1_050, "never the same time for another body"


def test_old_answers_go_when_the_budget_is_used_up() -> None:
    keeper = Keeper(budget=1_000)
    for n in range(100):
        keeper.get(str(n), "1", lambda n=n: body(f"{n:03}" * 33))  # type: ignore[misc]
    assert keeper._size <= 1_000
    assert 5 <= len(keeper._kept) <= 10
    assert "99" in keeper._kept


def test_a_bucket_empties_and_fills_again() -> None:
    time = Time()
    buckets = Buckets(3, 60, now=time)
    turns = [buckets.take("192.0.2.1") for _ in range(4)]
    assert [t.allowed for t in turns] == [True, True, True, False]
    assert [t.left for t in turns] == [2, 1, 0, 0]
    assert turns[3].wait == 20
    assert buckets.headers(turns[3])["retry-after"] == "20"
    assert buckets.take("192.0.2.2").allowed
    time.at += 20
    assert buckets.take("192.0.2.1").allowed


def test_one_subscriber_has_one_bucket_also_on_ipv6() -> None:
    buckets = Buckets(1, 60)
    assert buckets.take("2001:db8::1").allowed
    assert not buckets.take("2001:db8::2").allowed
    assert buckets.take("2001:db8:0:1::1").allowed
    assert buckets.take("").allowed


def test_the_buckets_are_bounded() -> None:
    buckets = Buckets()
    for n in range(MOST_ADDRESSES + 10):
        buckets.take(f"host-{n}")
    assert len(buckets._buckets) == MOST_ADDRESSES
