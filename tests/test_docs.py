"""Docs cannot rot: what the code has is in the docs, and generated parts are what the code says.

`.venv/bin/python -m tests.test_docs` writes the generated parts anew.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import SecretStr

from collector import sources
from collector.sources.lab_feeds import load_feeds
from staycurrent import roadmap
from staycurrent.cli.app import app
from staycurrent.cli.filters import FILTERS
from staycurrent.query import PARAMETERS
from staycurrent.settings import PREFIX, Settings
from staycurrent.store.models import Base
from staycurrent.types import Outcome

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
REGISTRIES = re.compile(r"\bpy(?:pi|thonhosted)\b|\bnpm(?:js)?\.|\bghcr\b|\bcrates\.io\b|\bindex-url\b", re.IGNORECASE)
PLACES = re.compile(r"(?<![\w.:/])/(?:work|root|home|Users|private|mnt)/")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


@cache
def page(name: str) -> str:
    """The text of a page of the project."""
    return (ROOT / name).read_text("utf-8")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def shown_default(value: Any) -> str:
    """A default as it would be written in the environment; empty where there is none."""
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_table() -> str:
    """Every setting with its default and meaning."""
    rows = []
    for name, info in Settings.model_fields.items():
        default = shown_default(info.default)
        secret = " (secret)" if info.annotation is SecretStr else ""
        rows.append([f"`{PREFIX}{name.upper()}`", f"`{default}`" if default else "", f"{info.description}{secret}"])
    return table(["Setting", "Default", "Meaning"], rows)


def env_example() -> str:
    """A `.env` with every setting at its default, all of them commented out."""
    lines = ["# Every setting with its default. Copy this file to .env and take the # away from what you change."]
    for name, info in Settings.model_fields.items():
        secret = f" (secret; may come from a file: {PREFIX}{name.upper()}_FILE)" if info.annotation is SecretStr else ""
        lines += ["", f"# {info.description}{secret}", f"#{PREFIX}{name.upper()}={shown_default(info.default)}"]
    return "\n".join(lines) + "\n"


def commands(group: Any = None, prefix: str = "") -> dict[str, Any]:
    """Every command by its name, and those of a group by both names: `feeds`, `feeds add`."""
    group = group or typer.main.get_command(app)
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        if not hasattr(command, "commands"):
            found[prefix + name] = command
            continue
        if command.invoke_without_command:
            found[prefix + name] = command
        found |= commands(command, f"{prefix}{name} ")
    return found


def commands_table() -> str:
    """Every command with its own arguments and options; the filters, which many share, in one word."""
    return table(["Command", "Does"], [[f"`{usage(name, c)}`", summary(c)] for name, c in commands().items()])


def usage(name: str, command: Any) -> str:
    parts = [name]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            parts.append(parameter.metavar or parameter.name.upper())
        elif parameter.name not in FILTERS or not takes_filters(command):
            parts.append(f"[{parameter.opts[0]}{'' if parameter.is_flag else ' ' + parameter.name.upper()}]")
    return " ".join([*parts, "[FILTERS]"] if takes_filters(command) else parts)


def takes_filters(command: Any) -> bool:
    return any(parameter.name == "min_confidence" for parameter in command.params)


def summary(command: Any) -> str:
    return " ".join((command.help or "").split("\n\n")[0].split()).rstrip(".")


def filters_table() -> str:
    """Every filter, as an option and as a parameter of an address."""
    rows = []
    for name, hint in FILTERS.items():
        option = hint.__metadata__[0]
        flags = " ".join(f"`{flag}`" for flag in (option.default, *option.param_decls) if flag)
        rows.append([flags.replace("/", "`, `"), f"`{name}`", option.help])
    return table(["Option", "In an address", "Meaning"], rows)


def feeds_table() -> str:
    """Every lab feed of the packaged list."""
    return table(
        ["Source", "Feed", "Kind", "Address", "Alarm after"],
        [[f"`{f.source}`", f.name, f.kind, f"<{f.url}>", f"{f.alarm_days} days"] for f in load_feeds()],
    )


def levels_table() -> str:
    """The levels of the roadmap."""
    rows = [[str(number), level.name.en, level.goal.en] for number, level in sorted(roadmap.levels().items())]
    return table(["Level", "Name", "Goal"], rows)


def accuracy_table() -> str:
    """What cross-validation found when the packaged model was trained, out of the model's own file."""
    about = json.loads(page("classifier/data/model.json"))
    found = about["metrics"]["cross_validation"]
    columns = (found, found["random"])
    rows = [[words, *(show(column) for column in columns)] for words, show in MEASURES.items()]
    return table([f"Model {about['version']}", "All labelled papers", "Of them, drawn at random"], rows)


MEASURES: dict[str, Callable[[Any], str]] = {
    "Papers": lambda m: f"{m['papers']:,}",
    "Level right": lambda m: f"{m['accuracy']:.1%}",
    "Level right or next to it": lambda m: f"{m['within_one']:.1%}",
    "Macro-F1 over the levels": lambda m: f"{m['macro_f1']:.3f}",
    "Answers given as sure": lambda m: f"{m['sure_coverage']:.1%}",
    "Level right where sure": lambda m: f"{m['sure_precision']:.1%}",
    "First topic right": lambda m: f"{m['topics']['precision_at_one']:.1%}",
}


def kinds_table() -> str:
    """Every kind of source."""
    return table(["Source", "What it is"], [[f"`{kind}`", words] for kind, words in sources.KINDS.items()])


def tables_table() -> str:
    """Every table of the store with the first sentence of its model."""
    models = sorted((m for m in Base.registry.mappers), key=lambda m: m.class_.__tablename__)
    rows = [[f"`{m.class_.__tablename__}`", " ".join((m.class_.__doc__ or "").split()).rstrip(".")] for m in models]
    return table(["Table", "Holds"], rows)


GENERATED: dict[tuple[str, str], Callable[[], str]] = {
    ("README.md", "commands"): commands_table,
    ("README.md", "filters"): filters_table,
    ("README.md", "settings"): settings_table,
    ("README.md", "levels"): levels_table,
    ("README.md", "accuracy"): accuracy_table,
    ("docs/sources.md", "kinds"): kinds_table,
    ("docs/sources.md", "feeds"): feeds_table,
    ("docs/architecture.md", "tables"): tables_table,
}
"""(page, marker) → what stands between `<!-- marker -->` and `<!-- /marker -->`."""


def between(name: str, marker: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {marker} -->\n)(.*?)(?=<!-- /{marker} -->)", re.DOTALL)


@pytest.mark.parametrize(("name", "marker"), GENERATED)
def test_a_generated_part_says_what_the_code_says(name: str, marker: str) -> None:
    found = between(name, marker).search(page(name))
    assert found, f"{name} has no <!-- {marker} -->"
    assert found[1] == GENERATED[name, marker]() + "\n", "run: .venv/bin/python -m tests.test_docs"


def test_env_example_lists_every_setting_with_its_default() -> None:
    assert page(".env.example") == env_example(), "run: .venv/bin/python -m tests.test_docs"


def test_every_outcome_and_exit_status_is_explained() -> None:
    for outcome in Outcome:
        assert f"`{outcome}`" in page("docs/operations.md")
    for status in (0, 1, 2, 3, 130):
        assert f"| {status} |" in page("README.md")


def test_every_verb_of_run_is_in_the_contributors_guide() -> None:
    script = page("run")
    shown = set(re.findall(r"^\./run (\w+)", script, re.MULTILINE))
    handled = set(re.findall(r"^(\w+)\)", script, re.MULTILINE))
    assert shown == handled - {"help"}
    for verb in shown:
        assert f"./run {verb}" in page("CONTRIBUTING.md")
    for verb in ("up", "test"):
        assert f"./run {verb}" in page("README.md")


def test_no_page_names_a_verb_or_a_command_that_is_not_there() -> None:
    verbs = set(re.findall(r"^(\w+)\)", page("run"), re.MULTILINE))
    known = {name.split()[0] for name in commands()}
    for path in PAGES:
        for code in code_of(path):
            assert set(re.findall(r"\./run (\w+)", code)) <= verbs, f"{path.name}: {code}"
            assert set(re.findall(r"(?:^|bin/|\| )staycurrent ([a-z]+)", code, re.MULTILINE)) <= known, f"{path.name}: {code}"


def code_of(path: Path) -> list[str]:
    """The blocks and the spans of code of a page."""
    text = path.read_text("utf-8")
    return [*FENCE.findall(text), *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))]


def test_every_http_route_and_page_is_in_the_docs() -> None:
    code = "\n".join(p.read_text("utf-8") for p in sorted((ROOT / "dashboard").glob("**/*.py")))
    routes = set(re.findall(r"\b(?:Route|Mount)\(\s*\"(/[^\"]*)\"", code))
    routes |= {f"/{path}" for path in re.findall(r"\bPlace\(\"([^\"]+)\"", code)}
    assert {"/healthz", "/readyz", "/explore"} <= routes
    for route in routes:
        assert f"`{route}`" in page("docs/operations.md"), f"{route} is missing"


def test_every_parameter_of_an_address_is_a_filter_of_the_command_line() -> None:
    assert set(PARAMETERS) == set(FILTERS)


def declared() -> dict[str, set[str]]:
    """The dependencies of pyproject.toml: for running, and for developing."""
    project = tomllib.loads(page("pyproject.toml"))
    groups = project["dependency-groups"].values()
    bare: Callable[[str], str] = lambda line: re.split(r"[\[<>=~!; ]", line)[0].lower()  # noqa: E731
    return {
        "run": {bare(line) for line in project["project"]["dependencies"]},
        "dev": {bare(line) for group in groups for line in group if isinstance(line, str)},
    }


def test_every_dependency_has_its_reason_and_none_is_gone() -> None:
    reasons = set(re.findall(r"^\| `([\w.-]+)` \|", page("docs/dependencies.md"), re.MULTILINE))
    wanted = declared()["run"] | declared()["dev"]
    assert reasons == wanted


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(FENCE.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        file, _, anchor = target.partition("#")
        goal = path.parent / file
        # Screenshots are made by a command and added with a release.
        assert goal.exists() or goal.suffix == ".png", f"{path.name} links to {target}"
        if anchor:
            assert anchor in anchors(goal), f"{path.name} links to {target}"


def anchors(path: Path) -> set[str]:
    """The anchors that a page's headings get."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_line_names_a_registry_or_a_place_of_one_machine(path: Path) -> None:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        assert not REGISTRIES.search(line), f"{path.name}:{number}: {line}"
        assert not PLACES.search(line), f"{path.name}:{number}: {line}"


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert "\n## [Unreleased]\n" in page("CHANGELOG.md")


def write() -> None:
    """Write every generated part anew."""
    for (name, marker), make in GENERATED.items():
        path = ROOT / name
        text = path.read_text("utf-8")
        path.write_text(between(name, marker).sub(lambda _, make=make: make() + "\n", text), "utf-8")  # type: ignore[misc]
        sys.stdout.write(f"{name}: {marker}\n")
    (ROOT / ".env.example").write_text(env_example(), "utf-8")


if __name__ == "__main__":
    write()
