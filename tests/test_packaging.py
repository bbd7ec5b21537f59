"""What is shipped: whole packages and their data, under names that nobody else has."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("staycurrent", "collector", "classifier", "dashboard", "migrations")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
IMPORT_NAMES = {"dnspython": "dns", "scikit-learn": "sklearn"}
"""Import names of distributions that differ by more than a hyphen."""
THROUGH = {"starlette": "streamlit", "uvicorn": "streamlit"}
"""Imported, yet not declared: the server that Streamlit brings, in the versions that it was made for."""


def shipped(package: str) -> set[str]:
    """Every file of a package in the working tree, by its path from the root."""
    files = (p for p in (ROOT / package).rglob("*") if p.is_file() and p.suffix != ".pyc" and not p.name.startswith("."))
    return {p.relative_to(ROOT).as_posix() for p in files}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel that is built from a copy, since setuptools writes into the tree it builds from."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    build = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(copy)], cwd=copy, check=True, capture_output=True, timeout=120)
    (built,) = copy.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_has_every_file_of_a_package(wheel: set[str], package: str) -> None:
    assert shipped(package) <= wheel


def test_the_wheel_has_nothing_else(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel if ".dist-info/" not in name}
    assert tops == set(PACKAGES)


def test_the_wheel_has_the_licence_and_the_mark_of_types(wheel: set[str]) -> None:
    assert "staycurrent/py.typed" in wheel
    assert any(name.endswith("/licenses/LICENSE") for name in wheel)


def test_the_licence_is_the_apache_licence_whole() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("package", PACKAGES)
def test_a_top_level_name_is_ours_alone(package: str) -> None:
    assert set(packages_distributions()[package]) == {"staycurrent"}


@pytest.mark.parametrize("folder", ["tests", "docker", "docs", "requirements"])
def test_other_folders_are_no_packages(folder: str) -> None:
    assert folder not in packages_distributions()
    assert not (ROOT / folder / "__init__.py").exists()


def test_no_file_of_the_dashboard_hides_a_module() -> None:
    """Streamlit puts dashboard/ first on sys.path: a file there would win over a module of the same name."""
    here = {p.stem for p in (ROOT / "dashboard").iterdir() if p.suffix == ".py" or p.is_dir()} - {"__init__", "__pycache__"}
    taken = set(sys.stdlib_module_names) | set(packages_distributions()) | set(PACKAGES)
    assert not here & taken


def test_the_folder_of_the_images_holds_no_python() -> None:
    """`import docker` must not find it."""
    assert not list((ROOT / "docker").rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_import_is_of_a_declared_dependency(package: str) -> None:
    extras = (line for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra)
    names = {re.split(r"[\[<>=~!; ]", line)[0].lower() for line in (*PROJECT["project"]["dependencies"], *extras)}
    ours = {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names} | set(PACKAGES)
    for path in sorted((ROOT / package).rglob("*.py")):
        for name in imported(path) - set(sys.stdlib_module_names) - ours:
            assert THROUGH.get(name) in names, f"{path.relative_to(ROOT)} imports {name}, which is not declared"


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports absolutely, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("lock", ["runtime", "dev"])
def test_a_lock_pins_by_hash_and_names_no_host(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    pins = [line for line in text.splitlines() if re.match(r"\w", line)]
    assert pins
    assert all("==" in line and line.endswith("\\") for line in pins)
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "--index" not in text


def test_the_locks_agree_with_each_other() -> None:
    runtime, dev = (versions(ROOT / "requirements" / f"{lock}.txt") for lock in ("runtime", "dev"))
    assert runtime <= dev


def versions(path: Path) -> set[str]:
    return set(re.findall(r"^([\w.-]+==\S+)", path.read_text("utf-8"), re.MULTILINE))


def test_the_image_installs_the_lock_by_hash_and_runs_without_rights() -> None:
    text = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
    assert "--require-hashes -r requirements/runtime.txt" in text
    assert re.search(r"^USER \d+$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    for package in PACKAGES:
        assert f"COPY {package} {package}\n" in text
        assert f"\n!{package}\n" in (ROOT / ".dockerignore").read_text("utf-8")


def test_the_composed_port_is_open_to_this_machine_only() -> None:
    text = (ROOT / "docker" / "compose.yaml").read_text("utf-8")
    ports = re.findall(r"^\s+- \"?([\d.:]+)\"?$", text, re.MULTILINE)
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
