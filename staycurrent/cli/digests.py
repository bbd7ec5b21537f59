"""`digest preview`, `digest send`, `digest dead` and `digest bounce`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer
from rich.text import Text

from staycurrent import period as periods
from staycurrent.cli import output, posting
from staycurrent.cli.context import App, open_app
from staycurrent.digest import addresses, bounces, due, message, plans, preview, queueing, writing
from staycurrent.digest.office import delivery_key
from staycurrent.digest.plans import Choice
from staycurrent.digest.types import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Rendered
from staycurrent.errors import StaycurrentError, UsageError
from staycurrent.query import Query
from staycurrent.store import deliveries
from staycurrent.store import engine as database
from staycurrent.store import subscribers as store
from staycurrent.store.deliveries import Claim, What
from staycurrent.store.subscribers import Kind, Plan, State

app = typer.Typer(help="The digest by mail: look at it, send it, and see what did not arrive.")
_Period = Annotated[Optional[str], typer.Option("--period", help="2026-W21 or 2026-05; by default what is due")]  # noqa: UP045
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document")]
MOST_DEAD = 500


class Format(StrEnum):
    """Of a preview."""

    TEXT = "text"
    HTML = "html"
    EML = "eml"
    PNG = "png"


def show(
    query: Query,
    email: Annotated[Optional[str], typer.Argument(metavar="[EMAIL]", help="As this subscriber would get it")] = None,  # noqa: UP045
    period: Annotated[Optional[str], typer.Option(help="2026-W21 or 2026-05; by default the newest that is over")] = None,  # noqa: UP045
    monthly: Annotated[bool, typer.Option("--monthly/--weekly", help="Without EMAIL and period: how often")] = False,
    budget: Annotated[Optional[int], typer.Option(help="Without EMAIL: minutes of reading")] = None,  # noqa: UP045
    language: Annotated[str, typer.Option(help="Without EMAIL: en or de")] = "en",
    form: Annotated[Format, typer.Option("--format", help="text, html, eml (the whole message) or png")] = Format.TEXT,
    width: Annotated[int, typer.Option(help="Of a png, in pixels; a phone has 360")] = 600,
    out: Annotated[Optional[Path], typer.Option(help="File to write to; stdout by default")] = None,  # noqa: UP045
) -> None:
    """Show a digest without sending or noting anything."""
    opened = open_app()
    if email and query != Query():
        raise UsageError("either EMAIL, whose wishes are known, or filters")
    if period and periods.parse(period).first > opened.clock().date():
        raise UsageError(f"{period} has not begun")
    claim = _of_subscriber(opened, email, period) if email else _of_choice(opened, query, period, monthly, budget, language)
    office = posting.office(opened)
    edition, rendered = writing.choose(opened.engine, claim, office.public_url, opened.clock(), office.footer)
    data = _formed(opened, claim, rendered, form, width)
    if out:
        _write(out, data)
        output.say(f"{out}: {rendered.subject} ({len(edition.placed)} new, {len(edition.changed)} changed)")
    elif form is Format.PNG and sys.stdout.isatty():
        raise UsageError("a picture needs --out FILE")
    else:
        sys.stdout.buffer.write(data)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"--out: {path}: {error.strerror}") from error


def _of_choice(opened: App, query: Query, period: str | None, monthly: bool, budget: int | None, language: str) -> Claim:
    if period:
        monthly = queueing.cadence_of(periods.parse(period)) == "monthly"
    choice = Choice(query=query, cadence="monthly" if monthly else "weekly", minutes=budget, language=language)
    return _claim(opened, "preview", plans.plan(choice), "reader@example.org", None, period)


def _of_subscriber(opened: App, email: str, period: str | None) -> Claim:
    to = addresses.parse(email)
    with database.reading(opened.engine) as session:
        digests = [d for d in store.of_address(session, to.folded) if d.state is not State.ERASED]
    wanted = queueing.cadence_of(periods.parse(period)) if period else None
    fitting = [d for d in digests if wanted in (None, d.plan.cadence)]
    if not fitting:
        raise UsageError(f"{addresses.mask(to.text)} has no such digest; see: staycurrent subscribers")
    first = min(fitting, key=lambda d: d.state is not State.ACTIVE)
    return _claim(opened, first.uid, first.plan, first.address or "", first.last_edition, period)


def _claim(opened: App, uid: str, plan: Plan, address: str, last: int | None, period: str | None) -> Claim:
    now = opened.clock()
    name = periods.parse(period).name if period else due.period(replace(plan, timezone="UTC"), now).name
    key = delivery_key(uid, name)
    return Claim(0, key, 0, uid, What.DIGEST, name, 0, now, now, Kind.MAIL, address, plan, last)


def _formed(opened: App, claim: Claim, rendered: Rendered, form: Format, width: int) -> bytes:
    envelope = posting.office(opened).envelope(claim)
    if form is Format.EML:
        return message.compose(rendered, envelope)
    text = rendered.text if form is Format.TEXT else rendered.html
    for mark, url in ((PREFERENCES_MARK, envelope.preferences_url), (UNSUBSCRIBE_MARK, envelope.unsubscribe_url)):
        text = text.replace(mark, url)
    return preview.png(text, width) if form is Format.PNG else text.encode()


@app.command("send")
def send(
    period: _Period = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send and note nothing")] = False,
    json: _Json = False,
) -> None:
    """Send what is due, or a period's digests; what was sent is not sent again."""
    opened = open_app(migrate=True)
    wanted, now = periods.parse(period) if period else None, opened.clock()
    if wanted and not wanted.is_over(now.date()):
        raise UsageError(f"{wanted.name} is not over yet")
    if dry_run:
        _forecast(opened, queueing.forecast(opened.engine, wanted, now), json=json)
        return
    queued = queueing.queue_period(opened.engine, wanted, now) if wanted else queueing.queue_due(opened.engine, now)
    report = posting.send(opened)
    with database.reading(opened.engine) as session:
        _, waiting = deliveries.open_ones(session, opened.clock())
    if json:
        output.print_json({"queued": queued, **asdict(report), "seconds": round(report.seconds, 2), "waiting": waiting})
    else:
        output.say(
            f"{report.sent:,} sent {posting.way_out(opened)}, {report.skipped:,} left out, "
            f"{report.later:,} to be tried again, {report.dead:,} given up; {waiting:,} waiting"
        )
    if report.stopped:
        raise StaycurrentError(f"stopped: {report.stopped}")


def _forecast(opened: App, found: queueing.Forecast, *, json: bool) -> None:
    if json:
        output.print_json({"dry_run": True, "queued": found.periods, "editions": found.editions, "waiting": found.left_over})
        return
    named = ", ".join(f"{n:,} for {name}" for name, n in found.periods.items()) or "nothing is due"
    output.say(f"would go {posting.way_out(opened)}: {named}; {found.editions:,} editions; {found.left_over:,} left over")


@app.command("dead")
def dead(
    requeue: Annotated[Optional[list[int]], typer.Option("--requeue", metavar="ID", help="Try this one again")] = None,  # noqa: UP045
    everything: Annotated[bool, typer.Option("--requeue-all", help="Try all of them again")] = False,
    json: _Json = False,
) -> None:
    """List the deliveries that were given up, with the reason, or try them again."""
    opened = open_app(migrate=True)
    if requeue or everything:
        with database.writing(opened.engine) as session:
            count = deliveries.requeue(session, None if everything else requeue, opened.clock())
        output.say(f"{count:,} will be tried again, with the next: staycurrent digest send")
        return
    with database.reading(opened.engine) as session:
        found = deliveries.dead(session, MOST_DEAD)
    if json:
        output.print_json({"dead": [_dead_json(d) for d in found]})
        return
    table = output.table("id", "address", "what", "period", "tries", "given up", "why")
    for d in found:
        at = output.moment(d.closed_at) if d.closed_at else ""
        table.add_row(str(d.id), Text(addresses.mask(d.address)), d.what, d.period, str(d.tries), at, Text(d.error))
    output.out.print(table)


def _dead_json(d: deliveries.Dead) -> dict[str, object]:
    at = output.moment(d.closed_at) if d.closed_at else None
    facts = {"what": d.what.value, "period": d.period, "tries": d.tries, "given_up": at, "why": d.error}
    return {"id": d.id, "address": addresses.mask(d.address), **facts}


@app.command("bounce")
def bounce(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A message, an mbox or a Maildir; - reads a message from stdin")],
    json: _Json = False,
) -> None:
    """Take in messages that came back, and complaints: addresses that do not exist get nothing any more."""
    opened = open_app(migrate=True)
    office, counted = posting.office(opened), Counter[str]()
    for data in [sys.stdin.buffer.read(bounces.LARGEST)] if file == "-" else bounces.messages(Path(file)):
        taken = bounces.take(opened.engine, office, data, opened.clock())
        counted[taken.kind.value if taken else "other"] += 1
    if json:
        output.print_json({kind: counted[kind] for kind in (*bounces.Kind, "other")})
        return
    output.say(", ".join(f"{counted[kind]:,} {kind}" for kind in (*bounces.Kind, "other")))
