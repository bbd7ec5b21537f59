"""How the installation does, for its admin: processes, work that waits, mails, failures, room, corrections. Nobody else's."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

import streamlit as st

from classifier import packaged
from dashboard import address, installation, pieces, words
from dashboard.data import Library, RunView
from dashboard.installation import Installation
from dashboard.login import PREFIX, is_of_a_login
from dashboard.tables import cell, table
from dashboard.tex import isolated
from staycurrent import __version__
from staycurrent.errors import NotFound
from staycurrent.i18n import gettext as _
from staycurrent.i18n import ngettext
from staycurrent.store.corrections import Corrected
from staycurrent.store.deliveries import Dead
from staycurrent.store.figures import Figures
from staycurrent.store.heartbeats import SCHEDULER, Process

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
STEP = 1024


def show(library: Library) -> None:
    """Draw the page. Raises `NotFound` for whoever is no admin."""
    if not library.is_admin:
        raise NotFound(_("There is no such page, or it is not for you."))
    found, now = installation.look(library), library.now
    parts = [
        pieces.heading(_("Operations"), escape(_lead(found))),
        pieces.section(_("Processes"), _processes(found.figures.processes, now)),
        pieces.section(_("Work that waits"), _facts(_waiting(found))),
        _mails(found.dead, now),
        _runs(found.ill_runs, now),
        _corrections(found.corrections, now),
        pieces.section(_("Room"), _facts(_room(found))),
        pieces.section(_("Versions"), _facts(_versions(found, library.model_dir))),
        _doctor(),
    ]
    st.html("".join(parts))


def _lead(found: Installation) -> str:
    """What somebody has to act on, in words."""
    wrong = []
    if not any(p.alive and p.role == SCHEDULER for p in found.figures.processes):
        wrong.append(_("No scheduler is running: nothing is collected and no digest goes out."))
    if left := found.figures.forsaken:
        text = ngettext("No worker is running: {n} job waits.", "No worker is running: {n} jobs wait.", left)
        wrong.append(text.format(n=words.number(left)))
    if found.figures.schema != found.figures.head:
        wrong.append(_("The database has another schema than this program."))
    if dead := installation.waiting(found.figures, "dead"):
        wrong.append(ngettext("{n} mail was given up.", "{n} mails were given up.", dead).format(n=words.number(dead)))
    if dead := installation.jobs(found.figures, ("failed",)):
        wrong.append(ngettext("{n} job was given up.", "{n} jobs were given up.", dead).format(n=words.number(dead)))
    if ill := sum(bool(s.errors or s.parked) for s in found.figures.sources):
        text = ngettext("{n} source cannot be read.", "{n} sources cannot be read.", ill)
        wrong.append(text.format(n=words.number(ill)))
    return " ".join(wrong) or _("Nothing here needs you.")


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<dl class="sc-facts">{rows}</dl>'


def _quiet(text: str) -> str:
    return f'<p class="sc-quiet">{escape(text)}</p>'


def _processes(processes: Sequence[Process], now: datetime) -> str:
    if not processes:
        return _quiet(_("None has given a sign of life. The scheduler and the workers do; web processes do not."))
    heads = (_("Process"), _("Role"), _("State"), _("Running since"), _("Version"))
    return table(heads, "".join(_process(p, now) for p in processes))


def _process(process: Process, now: datetime) -> str:
    silent = _("silent for {n} s").format(n=words.number(round(process.silent)))
    state, tone = (_("Lives"), "calm") if process.alive else (words.sentence(silent), "error")
    cells = (
        cell(_("Process"), f"<bdi>{escape(process.name)}</bdi>", head=True),
        cell(_("Role"), escape(process.role)),
        cell(_("State"), f'<span class="sc-state sc-{tone}">{escape(state)}</span>'),
        cell(_("Running since"), escape(words.moment(process.started_at))),
        cell(_("Version"), escape(process.version), whole=True),
    )
    return f"<tr>{''.join(cells)}</tr>"


def _waiting(found: Installation) -> list[tuple[str, str]]:
    figures = found.figures
    facts = [
        (_("Papers without a level"), words.number(figures.unclassified)),
        (_("Mails to be sent"), words.number(installation.waiting(figures, "waiting"))),
        (_("Mails being sent"), words.number(installation.waiting(figures, "claimed"))),
        (_("Mails given up"), words.number(installation.waiting(figures, "dead"))),
    ]
    if found.dialect == "sqlite":
        return [*facts, (_("Jobs"), _("in the scheduler's memory: this database keeps no queue"))]
    return [*facts, *_jobs(figures)]


def _jobs(figures: Figures) -> list[tuple[str, str]]:
    return [
        (_("Jobs that wait"), words.number(installation.jobs(figures, ("todo",)))),
        (_("Jobs under way"), words.number(installation.jobs(figures, ("doing", "aborting")))),
        (_("Jobs given up"), words.number(installation.jobs(figures, ("failed",)))),
    ]


def _mails(dead: Sequence[Dead], now: datetime) -> str:
    if not dead:
        return pieces.section(_("Mails given up"), _quiet(_("None.")))
    heads = (_("Number"), _("Kind"), _("Period"), _("Tries"), _("Given up"), _("Reason"))
    again = _("To try them again: {command}").format(command="staycurrent digest dead --requeue-all")
    return pieces.section(_("Mails given up"), table(heads, "".join(_mail(d, now) for d in dead)) + _quiet(again))


def _mail(mail: Dead, now: datetime) -> str:
    """Without the address: whom a mail is for is nothing that a page must show."""
    cells = (
        cell(_("Number"), str(mail.id), head=True),
        cell(_("Kind"), escape(mail.what.value)),
        cell(_("Period"), escape(mail.period)),
        cell(_("Tries"), words.number(mail.tries)),
        cell(_("Given up"), escape(words.ago(mail.closed_at, now)) if mail.closed_at else "-"),
        cell(_("Reason"), f"<bdi>{escape(installation.silent(mail.error))}</bdi>"),
    )
    return f"<tr>{''.join(cells)}</tr>"


def _runs(runs: Sequence[RunView], now: datetime) -> str:
    title = _("Runs that failed or fell short")
    if not runs:
        return pieces.section(title, _quiet(_("None of late.")))
    heads = (_("Started"), _("Source"), _("Outcome"), _("Reason"))
    return pieces.section(title, table(heads, "".join(_run(r, now) for r in runs)))


def _run(run: RunView, now: datetime) -> str:
    tone = "error" if run.outcome == "failed" else "warn"
    outcome = f'<span class="sc-state sc-{tone}">{escape(words.sentence(words.outcome(run.outcome)))}</span>'
    cells = (
        cell(_("Started"), escape(words.ago(run.started, now)), whole=True),
        cell(_("Source"), escape(words.source(run.source)), head=True),
        cell(_("Outcome"), outcome),
        cell(_("Reason"), f"<bdi>{escape(run.error or '-')}</bdi>"),
    )
    return f"<tr>{''.join(cells)}</tr>"


def _corrections(found: Sequence[Corrected], now: datetime) -> str:
    title = _("Corrections by readers")
    if not found:
        return pieces.section(title, _quiet(_("No reader has corrected a level yet.")))
    heads = (_("Paper"), _("Now"), _("Classifier"), _("By"), _("When"), _("Why"))
    return pieces.section(title, table(heads, "".join(_correction(c, now) for c in found)))


def _correction(found: Corrected, now: datetime) -> str:
    said = found.correction
    by = said.who.removeprefix(PREFIX)[:8] if is_of_a_login(said.who) else said.who
    cells = (
        cell(_("Paper"), f'<a href="{escape(address.item(found.id))}">{isolated(found.title)}</a>', head=True),
        cell(_("Now"), escape(_level(said.level))),
        cell(_("Classifier"), escape("-" if found.said is None else _level(found.said))),
        cell(_("By"), f"<bdi>{escape(by)}</bdi>"),
        cell(_("When"), escape(words.ago(said.at, now)), whole=True),
        cell(_("Why"), f"<bdi>{escape(said.why or '-')}</bdi>"),
    )
    return f"<tr>{''.join(cells)}</tr>"


def _level(number: int) -> str:
    return f"{number} {words.level(number)}" if number else words.level(0)


def _room(found: Installation) -> list[tuple[str, str]]:
    free = _size(found.free_bytes) if found.free_bytes is not None else _("not known")
    return [
        (_("Items"), words.number(found.figures.items)),
        (_("Database"), f"{_size(found.database_bytes)} ({found.dialect})"),
        (_("Free in the data folder"), free),
    ]


def _size(count: float) -> str:
    """Bytes in the unit that suits them."""
    for unit in UNITS[:-1]:
        if count < STEP:
            return f"{words.number(round(count))} {unit}"
        count /= STEP
    return f"{words.number(round(count))} {UNITS[-1]}"


def _versions(found: Installation, model_dir: Path | None) -> list[tuple[str, str]]:
    schema = found.figures.schema or "-"
    return [
        ("staycurrent", __version__),
        (_("Model"), packaged.version(model_dir)),
        (_("Schema"), schema if schema == found.figures.head else f"{schema} ≠ {found.figures.head}"),
        ("Python", platform.python_version()),
        ("Streamlit", st.__version__),
    ]


def _doctor() -> str:
    text = escape(_("Settings, disk, clocks, mail and the model are looked at by {command}, on the machine itself."))
    return f'<p class="sc-text sc-quiet">{text.format(command="<code>staycurrent doctor</code>")}</p>'
