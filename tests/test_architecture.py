"""The layers hold, and nothing has grown beyond what one reads at a sitting."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("staycurrent", "collector", "classifier", "dashboard", "migrations", "tests")
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
LONG_FILES: dict[str, str] = {}
"""Path → why this file may be longer."""
LONG_FUNCTIONS: dict[str, str] = {
    "migrations/versions/0001_initial_schema.py:upgrade": "a migration is a list of tables, written by Alembic",
}
"""Path:name → why this function may be longer."""
VAGUE = {"utils", "helpers", "util", "helper", "common", "misc", "manager"}
FILES = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))


def test_the_layers_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    command = [str(linter), "--config", "pyproject.toml", "--no-cache"]
    found = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_too_long(folder: str) -> None:
    lengths = {name(p): len(p.read_text("utf-8").splitlines()) for p in FILES if p.is_relative_to(ROOT / folder)}
    assert {n: lines for n, lines in lengths.items() if lines > LONGEST_FILE and n not in LONG_FILES} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_function_is_too_long(folder: str) -> None:
    found = {f"{name(p)}:{f}": n for p in FILES if p.is_relative_to(ROOT / folder) for f, n in functions(p)}
    assert {f: lines for f, lines in found.items() if lines > LONGEST_FUNCTION and f not in LONG_FUNCTIONS} == {}


def test_no_exception_outlives_its_reason() -> None:
    long_files = {name(p) for p in FILES if len(p.read_text("utf-8").splitlines()) > LONGEST_FILE}
    long_functions = {f"{name(p)}:{f}" for p in FILES for f, lines in functions(p) if lines > LONGEST_FUNCTION}
    assert set(LONG_FILES) <= long_files
    assert set(LONG_FUNCTIONS) <= long_functions


def test_a_file_is_named_by_its_job() -> None:
    assert [name(p) for p in FILES if p.stem in VAGUE] == []


def test_a_package_of_the_core_imports_nothing_by_itself() -> None:
    """`staycurrent` is both the lowest and the highest layer, so its `__init__` must stay empty of imports."""
    tree = ast.parse((ROOT / "staycurrent" / "__init__.py").read_text("utf-8"))
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom) and ast.unparse(n) != FUTURE]


FUTURE = "from __future__ import annotations"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function of a file with its number of lines, decorators left out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
