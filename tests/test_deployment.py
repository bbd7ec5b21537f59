"""The files for containers and systemd, read as their tools read them; where the tools are there, they judge too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from staycurrent.cli.jobs import lanes
from staycurrent.settings import PREFIX, Settings

DOCKER = Path(__file__).parents[1] / "docker"
OURS = ("migrate", "web", "scheduler", "worker")
UNITS = sorted((DOCKER / "systemd").glob("*.service"))


def composed(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / name).read_text("utf-8"))
    return found


def services(name: str) -> dict[str, Any]:
    found: dict[str, Any] = composed(name)["services"]
    return found


@pytest.mark.parametrize("name", OURS)
def test_every_process_of_ours_runs_without_rights_on_a_read_only_system(name: str) -> None:
    service = services("compose.scale.yaml")[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["command"] == [name]


def test_there_is_as_many_of_each_role_as_the_design_says() -> None:
    found = services("compose.scale.yaml")
    assert {name: found[name]["deploy"]["replicas"] for name in ("web", "scheduler", "worker")} == {
        "web": 3,
        "scheduler": 2,
        "worker": 3,
    }


def test_the_database_has_room_for_the_connections_of_all_processes() -> None:
    found, given = services("compose.scale.yaml"), Settings()
    replicas = {name: found[name]["deploy"]["replicas"] for name in ("web", "scheduler", "worker")}
    of_a_queue = sum(lane.slots for lane in lanes((), given.worker_jobs, given.worker_jobs)) + 3
    needed = sum(replicas.values()) * given.database_pool + replicas["worker"] * of_a_queue
    docs = (DOCKER.parent / "docs" / "operations.md").read_text("utf-8")
    assert f"needs {needed} and gives 250" in docs
    assert f"together hold {needed} at most" in (DOCKER / "compose.scale.yaml").read_text("utf-8")
    assert found["db"]["command"] == ["postgres", "-c", "max_connections=250"]
    assert needed + 20 < 250


def test_no_process_starts_before_the_schema_is_current() -> None:
    found = services("compose.scale.yaml")
    assert found["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in ("web", "scheduler", "worker"):
        assert found[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_secrets_come_from_files_and_never_from_the_environment() -> None:
    whole = composed("compose.scale.yaml")
    environment = whole["x-staycurrent"]["environment"]
    secrets = [name.upper() for name, info in Settings.model_fields.items() if "SecretStr" in str(info.annotation)]
    set_here = [name for name in secrets if f"{PREFIX}{name}" in environment and name != "SMTP_URL"]
    assert set_here == []
    assert environment[f"{PREFIX}DATABASE_URL_FILE"] == "/run/secrets/database_url"
    assert set(whole["secrets"]) == {"database_password", "database_url", "secret_key"}


def test_what_an_operator_writes_beside_the_files_is_never_committed_or_built_in() -> None:
    root = DOCKER.parent
    given = composed("compose.scale.yaml")["x-staycurrent"], services("compose.yaml")["staycurrent"]
    assert [service["env_file"] for service in given] == [[{"path": "staycurrent.env", "required": False}]] * 2
    ignored = (root / ".gitignore").read_text("utf-8").splitlines()
    assert {"/docker/secrets/", "/docker/staycurrent.env"} <= set(ignored)
    assert "COPY . " not in (DOCKER / "Dockerfile").read_text("utf-8")


def test_the_sections_that_the_files_name_are_in_the_docs() -> None:
    headings = re.findall(r"(?m)^#+ (.+)$", (DOCKER.parent / "docs" / "operations.md").read_text("utf-8"))
    files = (DOCKER / "compose.scale.yaml", *UNITS)
    named = [n for f in files for n in re.findall(r'docs/operations\.md[^"\n]*"([^"]+)"', f.read_text("utf-8"))]
    assert len(named) == len(files)
    assert set(named) <= set(headings)


def test_every_setting_that_the_files_name_exists() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for file in ("compose.yaml", "compose.scale.yaml", "Dockerfile"):
        named = set(re.findall(rf"\b({PREFIX}[A-Z_]+)[:=]", (DOCKER / file).read_text("utf-8")))
        assert {n.removesuffix("_FILE") for n in named} - known - {f"{PREFIX}SITE"} == set(), file


def test_only_the_proxy_is_open_to_everyone_and_the_database_to_nobody() -> None:
    found = services("compose.scale.yaml")
    public = {name for name, service in found.items() for port in service.get("ports", ()) if not port.startswith("127.0.0.1:")}
    assert public == {"caddy"}
    assert "ports" not in found["db"]
    assert composed("compose.scale.yaml")["networks"]["inside"] == {"internal": True}
    assert found["db"]["networks"] == ["inside"]


def test_every_process_that_asks_others_has_a_way_out() -> None:
    """Collectors ask the sources, `web` the provider of a sign-in; `migrate` asks nobody."""
    networks = composed("compose.scale.yaml")["networks"]
    ways_out = {name for name, info in networks.items() if not (info or {}).get("internal")}
    for name in ("web", "scheduler", "worker", "caddy"):
        assert ways_out & set(services("compose.scale.yaml")[name]["networks"]), name


def test_the_image_can_back_up_the_server_of_compose() -> None:
    (server,) = re.findall(r"^postgres:(\d+)", services("compose.scale.yaml")["db"]["image"])
    assert f"postgresql-client-{server} " in (DOCKER / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("name", ["compose.yaml", "compose.scale.yaml"])
def test_a_backup_outlives_its_container(name: str) -> None:
    """The folder is the image's, so that a new volume belongs to the user of the image."""
    assert re.search(r"install --directory .* /backups\b", (DOCKER / "Dockerfile").read_text("utf-8"))
    ours = [s for s in services(name).values() if "build" in s or s.get("image") == "staycurrent"]
    assert ours
    assert all("backups:/backups" in service["volumes"] for service in ours)
    assert "backups" in composed(name)["volumes"]


def test_who_reaches_the_port_of_the_laptop_s_container_is_at_this_machine() -> None:
    """Which alone makes it right that its reader is the owner."""
    (service,) = services("compose.yaml").values()
    assert service["environment"] == {f"{PREFIX}OWNER_ONLY": "true"}
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert f"{PREFIX}OWNER_ONLY" not in (DOCKER / "Dockerfile").read_text("utf-8")
    assert f"{PREFIX}OWNER_ONLY" not in (DOCKER / "compose.scale.yaml").read_text("utf-8")


def hadolint() -> str | None:
    return shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.skipif(not hadolint(), reason="no hadolint on this machine")
def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run([hadolint() or "", str(DOCKER / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_proxy_keeps_readers_at_their_process_and_the_metrics_inside() -> None:
    text = (DOCKER / "Caddyfile").read_text("utf-8")
    assert "lb_policy cookie" in text
    assert re.search(r"@inside path /metrics", text)


@pytest.mark.skipif(not shutil.which("caddy"), reason="no caddy on this machine")
def test_caddy_reads_its_file() -> None:
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DOCKER / "Caddyfile")]
    environment = os.environ | {"STAYCURRENT_SITE": "papers.example.org"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.stem)
def test_a_unit_starts_its_command_without_rights(unit: Path) -> None:
    lines = unit.read_text("utf-8").splitlines()
    role = unit.stem.removeprefix("staycurrent-")
    assert f"ExecStart=/opt/staycurrent/bin/staycurrent {role}" in lines
    for wanted in ("User=staycurrent", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
        assert wanted in lines


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.stem)
def test_systemd_understands_every_line_of_a_unit(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "staycurrent"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text("utf-8").replace("/opt/staycurrent/bin/staycurrent", str(program)), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert ours == []
