"""`doctor`: is this installation sound, and what to do where it is not."""

from __future__ import annotations

from typing import Annotated

import typer

from staycurrent.cli import checks, output
from staycurrent.cli.checks import FAIL, Check


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> int:
    """Check the installation: a line for each thing, and what to do about it. Exit status 1 when something failed."""
    found = checks.every()
    if json:
        output.print_json({"ok": not _failed(found), "checks": [c.to_json() for c in found]})
    else:
        _print(found)
    return int(_failed(found))


def _failed(found: list[Check]) -> bool:
    return any(check.state == FAIL for check in found)


def _print(found: list[Check]) -> None:
    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    for check in found:
        output.out.print(f"{check.state:<5}", style=styles[check.state], end="")
        output.out.print(f"{check.name}: {check.said}", markup=False)
        if check.todo:
            output.out.print(f"       → {check.todo}", markup=False, style="dim")
