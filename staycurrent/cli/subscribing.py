"""`subscribe`, `unsubscribe` and `subscribers`: who gets the digest. No address is shown in full."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from rich.text import Text

from staycurrent import query as queries
from staycurrent.cli import output, posting
from staycurrent.cli.context import App, open_app
from staycurrent.cli.filters import FILTERS
from staycurrent.digest import addresses, enrolment, plans
from staycurrent.digest.enrolment import LeftAlone
from staycurrent.digest.plans import Choice
from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import subscribers as store
from staycurrent.store.subscribers import Kind, Subscription

app = typer.Typer(invoke_without_command=True)
_Text = Optional[str]  # noqa: UP045 - typer reads it at run time
_Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Mail address, or a channel's as apprise writes it: discord://…")]
MOST_COMPLAINTS = 20
"""Wrong lines of an import that are named one by one."""
_COLUMNS = {"email", "cadence", "budget", "language", "when_empty", "weekday", "hour", "timezone"}


def subscribe(
    query: Query,
    email: _Email,
    monthly: Annotated[bool, typer.Option("--monthly/--weekly", help="How often")] = False,
    budget: Annotated[Optional[int], typer.Option(help="Minutes of reading in one digest")] = None,  # noqa: UP045
    weekday: Annotated[
        str, typer.Option(help="Day on which it comes; a monthly one comes on the first from the 4th on")
    ] = "monday",
    hour: Annotated[str, typer.Option(help="Time of day, 7 or 07:30, by the clock of the time zone")] = "7",
    timezone: Annotated[str, typer.Option(help="Time zone, as Europe/Berlin")] = "UTC",
    language: Annotated[str, typer.Option(help="en or de")] = "en",
    when_empty: Annotated[str, typer.Option("--when-empty", help="When nothing fits: note (say so) or nothing")] = "note",
    confirmed: Annotated[bool, typer.Option("--confirmed", help="You have the consent already: send no question")] = False,
    revive: Annotated[
        bool, typer.Option("--revive", help="With --confirmed: even if they unsubscribed or paused it, since they asked you to")
    ] = False,
) -> None:
    """Subscribe an address to the digest of a query; it gets a mail that asks for a yes."""
    opened = open_app(migrate=True)
    choice = Choice(
        query=query,
        cadence="monthly" if monthly else "weekly",
        minutes=budget,
        language=language,
        when_empty=when_empty,
        weekday=weekday,
        hour=hour,
        timezone=timezone,
    )
    to = addresses.parse(email)
    masked = addresses.mask(to.text)
    if confirmed or to.kind is Kind.WEBHOOK:  # nobody can answer from a channel, and only the operator names one
        how: Any = {"origin": "command", "now": opened.clock(), "revive": revive or to.kind is Kind.WEBHOOK}
        fresh = enrolment.enrol(opened.engine, posting.keys(opened), to, choice, **how)
        output.say(f"{masked} {'is subscribed' if fresh else 'was subscribed already'}")
        return
    enrolment.invite(opened.engine, posting.keys(opened), to, choice, origin="command", now=opened.clock())
    report = posting.send(opened)
    if report.stopped:
        raise UsageError(f"{masked} is noted, but the question could not be sent yet: {report.stopped}")
    output.say(f"{masked} was asked to confirm, {posting.way_out(opened)}")


def unsubscribe(
    email: _Email,
    erase: Annotated[bool, typer.Option("--erase", help="Forget the address too; a keyed hash keeps imports from it")] = False,
) -> None:
    """Stop every digest of an address."""
    opened = open_app(migrate=True)
    to = addresses.parse(email)
    masked = addresses.mask(to.text)
    if erase:
        found = enrolment.erase_address(opened.engine, posting.keys(opened), to, opened.clock())
        output.say(f"{masked} is erased" if found else f"{masked} is not known")
        return
    stopped = enrolment.unsubscribe_address(opened.engine, to, opened.clock())
    output.say(f"{masked}: {stopped} {'digest' if stopped == 1 else 'digests'} stopped")


@app.callback()
def subscribers(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> None:
    """List the digests and who gets them, with masked addresses."""
    if context.invoked_subcommand is not None:
        return
    opened = open_app()
    if json:
        output.print_json({"subscribers": [subscriber_json(s) for s in _every(opened)]})
        return
    table = output.table("address", "state", "cadence", "when", "query", "next")
    for s in _every(opened):
        when = f"{plans.WEEKDAYS[s.plan.weekday - 1][:3]} {plans.clock(s.plan.minute)} {s.plan.timezone}"
        state = f"{s.state} ({s.reason})" if s.reason else s.state
        following = output.moment(s.next_due_at) if s.next_due_at else ""
        table.add_row(Text(addresses.mask(s.address)), state, s.plan.cadence, when, Text(s.plan.query), following)
    output.out.print(table)


def _every(opened: App) -> Iterator[Subscription]:
    after: int | None = 0
    while after is not None:
        with database.reading(opened.engine) as session:
            page = store.page(session, after)
        yield from page
        after = page[-1].id if page else None


def subscriber_json(s: Subscription) -> dict[str, Any]:
    """A digest and who gets it, as the list shows it."""
    return {
        "address": addresses.mask(s.address),
        "state": s.state.value,
        "reason": s.reason,
        "query": s.plan.query,
        "cadence": s.plan.cadence,
        "budget": s.plan.minutes,
        "language": s.plan.language,
        "when_empty": s.plan.when_empty,
        "weekday": plans.WEEKDAYS[s.plan.weekday - 1],
        "hour": plans.clock(s.plan.minute),
        "timezone": s.plan.timezone,
        "origin": s.origin,
        "created": output.moment(s.created_at),
        "confirmed": output.moment(s.confirmed_at) if s.confirmed_at else None,
        "next": output.moment(s.next_due_at) if s.next_due_at else None,
    }


@app.command("allow")
def allow(email: _Email) -> None:
    """Lift the suppression of an address that bounced, complained, was erased or is never to be asked."""
    opened = open_app(migrate=True)
    to = addresses.parse(email)
    lifted = enrolment.allow(opened.engine, posting.keys(opened), to)
    output.say(f"{addresses.mask(to.text)} {'may be subscribed again' if lifted else 'was not suppressed'}")


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="CSV with a column email; others as the options and filters of subscribe")],
    confirmed: Annotated[bool, typer.Option("--confirmed", help="You have everybody's consent: send no questions")] = False,
) -> None:
    """Subscribe the addresses of a CSV file; the same file again changes nothing, and who has left stays away."""
    opened = open_app(migrate=True)
    made, wrong, left = 0, 0, 0
    for number, row in _rows(file):
        try:
            made += _take(opened, row, confirmed=confirmed)
        except LeftAlone:
            left += 1
        except UsageError as error:
            wrong += 1
            if wrong <= MOST_COMPLAINTS:
                output.say(f"line {number}: {error}")
    report = None if confirmed else posting.send(opened)
    alone = f", {left} left alone: they unsubscribed or paused it" if left else ""
    output.say(f"{made} {'subscribed' if confirmed else 'asked to confirm'}, {wrong} lines left out{alone}")
    if report and report.stopped:
        raise UsageError(f"not all questions could be sent yet: {report.stopped}")
    if wrong:
        raise typer.Exit(1)


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.DictReader(source)
            unknown = {c or "" for c in reader.fieldnames or []} - _COLUMNS - set(FILTERS)
            if "email" not in (reader.fieldnames or []) or unknown:
                raise UsageError(f"{file} needs a column email, and knows no column {', '.join(sorted(unknown)) or 'else'}")
            for row in reader:
                yield reader.line_num, {k: v for k, v in row.items() if k and isinstance(v, str)}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error


def _take(opened: App, row: Mapping[str, str], *, confirmed: bool) -> bool:
    given = {k: v.strip() for k, v in row.items() if v.strip()}
    filters: dict[str, Any] = {n: [given[n]] if n == "text" else given[n].split(";") for n in FILTERS if n in given}
    budget = given.get("budget", "")
    if budget and not budget.isdecimal():
        raise UsageError("budget: must be a number of minutes")
    choice = Choice(
        query=queries.build(**filters),
        minutes=int(budget) if budget else None,
        cadence=given.get("cadence"),
        language=given.get("language"),
        when_empty=given.get("when_empty"),
        weekday=given.get("weekday"),
        hour=given.get("hour"),
        timezone=given.get("timezone"),
    )
    to, keys, now = addresses.mail(given.get("email", "")), posting.keys(opened), opened.clock()
    if confirmed:
        return enrolment.enrol(opened.engine, keys, to, choice, origin="import", now=now, again=False)
    return enrolment.invite(opened.engine, keys, to, choice, origin="import", now=now, again=False)
