"""Running sources: state in, pages decided and committed one by one, state out only after the last commit.

One source's failure is a value of its run and stays its own; trouble with the database is an exception and ends all.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from collector import identity
from collector.code_links import with_code
from collector.decide import decide
from collector.history import MANY, joined, read_before, slices, still_to_read
from collector.sources.base import Fetcher, Finish, Harvest, Source, Validators, Window
from staycurrent import logs
from staycurrent.clock import Clock
from staycurrent.errors import FetchError
from staycurrent.store import intake
from staycurrent.store import sources as source_store
from staycurrent.store.engine import Engine, Session, reading, serialise_intake, writing
from staycurrent.store.full_text import put_off
from staycurrent.store.sources import PollState
from staycurrent.types import Change, Outcome, ParsedItem, RunReport

FIRST_LOOK_BACK = timedelta(days=14)
"""How far a first run without `--since` looks back: Hugging Face lists papers up to 14 days after arXiv."""
OVERLAP = timedelta(days=1)
"""OAI-PMH selects by day, and a day may still grow after it was read (sources.md, A3)."""
LONGEST_REPAIR = timedelta(days=30)
"""How long a day that lacks something is read again; what arXiv has not filed by then it will not file under that day."""
BATCH = 500
THREADS = 6
Progress = Callable[[str, int], None]
"""Told the source and how many items it has delivered so far."""
HistoryProgress = Callable[[str, int, int], None]
"""Told the source, how many days of a long window are read, and how many there are."""


def _silent(_source: str, _fetched: int) -> None:
    """Nobody watches."""


def _silent_history(_source: str, _done: int, _days: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to collect: explicit days, or None to go on from where each source stands."""

    since: date | None = None
    until: date | None = None


def collect(
    engine: Engine,
    sources: Mapping[str, Source],
    fetcher: Fetcher,
    clock: Clock,
    *,
    order: Order = Order(),
    progress: Progress = _silent,
    history: HistoryProgress = _silent_history,
) -> list[RunReport]:
    """Run the sources side by side and report on each, in the order given.

    Raises `StoreError` when the database fails; runs that were committed until then stay.
    """

    def run(source: Source) -> RunReport:
        return run_source(engine, source, fetcher, clock, order=order, progress=progress, history=history)

    if len(sources) == 1:
        return [run(source) for source in sources.values()]
    pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="collect")
    patient = True
    try:
        contexts = [copy_context() for _ in sources]  # what is bound to log lines goes with the work
        return list(pool.map(lambda context, source: context.run(run, source), contexts, sources.values()))
    except KeyboardInterrupt:
        # Nobody waits for a source that is asleep between two tries; what is committed is safe.
        patient = False
        raise
    finally:
        pool.shutdown(wait=patient, cancel_futures=True)


def run_source(
    engine: Engine,
    source: Source,
    fetcher: Fetcher,
    clock: Clock,
    *,
    order: Order,
    progress: Progress = _silent,
    history: HistoryProgress = _silent_history,
) -> RunReport:
    """One run of one source, or one for each slice of a long window; a slice that fails ends it."""
    today = clock().date()
    with reading(engine) as session:
        whole = window_of(source_store.poll_state(session, source.name), order, today)
        wanted = slices(whole) if source.by_day else [whole]
        done = source_store.finished_windows(session, source.name) if len(wanted) > 1 else set()
    waiting = still_to_read(wanted, done) or wanted[-1:]
    reports: list[RunReport] = []
    with put_off(engine) if len(waiting) >= MANY else nullcontext():
        for window in waiting:
            before = sum(r.fetched for r in reports)
            task = _Task(source, window, read_before(window, wanted, done))
            reports.append(_run_window(engine, task, fetcher, clock, _counting_on(progress, before)))
            done |= {(window.since, window.until)}
            history(source.name, (window.until - whole.since).days + 1, (whole.until - whole.since).days + 1)
            if reports[-1].outcome is Outcome.FAILED:
                break
    return joined(reports)


def _counting_on(progress: Progress, before: int) -> Progress:
    return lambda name, fetched: progress(name, before + fetched)


@dataclass(frozen=True, slots=True)
class _Task:
    """A window of a source, and up to which day the slices before it are read."""

    source: Source
    window: Window
    read_before: date | None


def _run_window(engine: Engine, task: _Task, fetcher: Fetcher, clock: Clock, progress: Progress) -> RunReport:
    source, window = task.source, task.window
    started, now = time.monotonic(), clock()
    with writing(engine) as session:
        state = source_store.poll_state(session, source.name)
        run_id = source_store.start_run(session, source.name, window.since, window.until, now)
    counts: Counter[Change] = Counter()
    finish, failure = Finish(), _parked(state, now)
    if failure is None:
        validators = Validators(state.etag, state.last_modified)
        try:
            with logs.bound(run=run_id, source=source.name):
                harvest = source.collect(fetcher, window, now, validators)
                finish = _commit_pages(engine, source.name, harvest, clock, counts, progress)
        except FetchError as error:
            failure = error
    seconds = round(time.monotonic() - started, 3)
    report = _report(source.name, counts, finish, failure, seconds)
    with writing(engine) as session:
        source_store.finish_run(
            session,
            run_id,
            report,
            clock(),
            reason=failure.reason if failure else None,
            note=finish.note,
            watermark=finish.watermark if _joins(state, task) else None,
            etag=finish.validators.etag if finish.validators else None,
            last_modified=finish.validators.last_modified if finish.validators else None,
            days=finish.days,
            asked=not isinstance(failure, Parked),
        )
    return report


def window_of(state: PollState, order: Order, today: date) -> Window:
    """The days to collect: those asked for, else from the watermark with one day of overlap, else two weeks."""
    until = min(order.until, today) if order.until else today
    if order.since:
        return Window(min(order.since, until), until)
    since = state.watermark - OVERLAP if state.watermark else today - FIRST_LOOK_BACK
    if state.incomplete_since and state.incomplete_since >= today - LONGEST_REPAIR:
        since = min(since, state.incomplete_since)
    return Window(min(since, until), until)


def _joins(state: PollState, task: _Task) -> bool:
    """Whether the window leaves no day unread behind the watermark; only then may the watermark move on."""
    if state.watermark is None or task.window.since <= state.watermark:
        return True
    return task.read_before is not None and task.read_before <= state.watermark


class Parked(FetchError):
    """The source refused us (403) and is left alone until the next day."""

    reason = "forbidden"


def _parked(state: PollState, now: datetime) -> FetchError | None:
    if state.parked_until is None or state.parked_until <= now:
        return None
    return Parked(f"refused us (403) and is left alone until {state.parked_until:%Y-%m-%d %H:%M} UTC")


def _commit_pages(
    engine: Engine, name: str, harvest: Harvest, clock: Clock, counts: Counter[Change], progress: Progress
) -> Finish:
    """Commit page after page; a page is asked for only when the one before it is safe."""
    while True:
        try:
            page = next(harvest)
        except StopIteration as stop:
            finish: Finish = stop.value
            return finish
        for batch in batches(page.items):
            with writing(engine) as session:
                serialise_intake(session)
                counts.update(store_batch(session, name, batch, clock()))
            progress(name, counts.total())


def batches(items: Sequence[ParsedItem], size: int = BATCH) -> Iterator[list[ParsedItem]]:
    """The items in lists of at most `size` in which no two share a key, so that each can be decided by itself."""
    waiting = list(items)
    while waiting:
        taken: set[str] = set()
        batch: list[ParsedItem] = []
        later: list[ParsedItem] = []
        rest = iter(waiting)
        for parsed in rest:
            keys = {*identity.keys(parsed), f"sighting:{parsed.key}"}
            waits = not keys.isdisjoint(taken)
            taken |= keys  # of one that waits too: what shares a key with it must not overtake it
            if waits:
                later.append(parsed)
                continue
            batch.append(parsed)
            if len(batch) == size:
                break
        waiting = later + list(islice(rest, None))
        yield batch


def store_batch(session: Session, source: str, batch: Sequence[ParsedItem], now: datetime) -> Counter[Change]:
    """Decide and write a batch of items that share no key; returns how many were new, changed and the same.

    A merge takes an item away that another decision of the batch may speak of, so such a batch (rare) goes one by one.
    """
    parsed = [with_code(p) for p in batch]
    matches = intake.find(session, source, [(p.key, identity.keys(p)) for p in parsed])
    decisions = [decide(p, found) for p, found in zip(parsed, matches, strict=True)]
    if len(batch) > 1 and any(d.merge_ids for d in decisions):
        return sum((store_batch(session, source, [p], now) for p in batch), Counter[Change]())
    intake.apply(session, decisions, now)
    return Counter(d.change for d in decisions)


def _report(name: str, counts: Counter[Change], finish: Finish, failure: FetchError | None, seconds: float) -> RunReport:
    return RunReport(
        source=name,
        outcome=_outcome(counts, finish, failure),
        fetched=counts.total(),
        new=counts[Change.NEW],
        changed=counts[Change.CHANGED],
        same=counts[Change.SAME],
        expected=finish.expected,
        seconds=seconds,
        error=f"{failure.reason}: {failure}" if failure else None,
    )


def _outcome(counts: Counter[Change], finish: Finish, failure: FetchError | None) -> Outcome:
    if failure is not None:
        return Outcome.PARTIAL if counts else Outcome.FAILED
    if not counts and finish.empty_is_fine:
        return Outcome.OK_EMPTY
    if finish.expected is not None and finish.expected > counts.total():
        return Outcome.PARTIAL
    return Outcome.OK
