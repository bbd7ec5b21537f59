"""Two releases on one database: the older one works on a schema that was only added to, and never migrates it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from dashboard.web import Probes
from staycurrent.errors import SchemaError
from staycurrent.store import classifications, expansion, labelling
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.figures import figures
from staycurrent.store.models import Item
from tests import build
from tests.api.conftest import TestClient
from tests.conftest import NOW

ROOT = Path(__file__).parents[2]
NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", {before!r}, None, None
{serves}

def upgrade():
    op.create_table("of_the_next_release", sa.Column("id", sa.Integer(), primary_key=True))
"""


@contextmanager
def next_release(folder: Path, serves: str) -> Iterator[None]:
    """The program is the next release, with one more migration, for the block."""
    shutil.copytree(ROOT / "migrations", folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    words = NEXT.format(before=database.head_revision(), serves=serves)
    (folder / "migrations" / "versions" / "9999_next.py").write_text(words, "utf-8")
    ours = database._config

    def theirs(*arguments: Any) -> Any:
        config = ours(*arguments)
        config.set_main_option("script_location", str(folder / "migrations"))
        return config

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_config", theirs)
        yield


def readyz(url: str) -> int:
    probes = Probes(url)
    status = TestClient(Starlette(routes=probes.routes())).get("/readyz").status_code
    probes.close()
    return int(status)


def test_the_release_before_works_on_a_schema_that_was_only_added_to(engine: Engine, url: str, tmp_path: Path) -> None:
    with next_release(tmp_path, 'serves = "0014"'):
        assert database.migrate(engine)[1] == "9999"
        database.check_schema(engine)
    database.check_schema(engine)
    assert readyz(url) == 200
    found = figures(engine, NOW)
    assert (found.schema, found.served) == ("9999", True)
    with pytest.raises(SchemaError, match=r"\(9999\) is newer than this program"):
        database.migrate(engine)
    assert database.revisions(engine)[0] == "9999", "refused and not changed"


@pytest.mark.parametrize("serves", ['serves = "9999"', ""])
def test_a_schema_that_lost_something_is_refused_in_one_line(engine: Engine, url: str, tmp_path: Path, serves: str) -> None:
    with next_release(tmp_path, serves):
        database.migrate(engine)
        database.check_schema(engine)
    with pytest.raises(SchemaError, match=r"\(9999\) is newer than this program") as refused:
        database.check_schema(engine)
    assert "\n" not in str(refused.value)
    assert readyz(url) == 503
    assert not figures(engine, NOW).served


def test_what_one_step_takes_away_no_later_one_brings_back() -> None:
    steps: list[tuple[str, str | None]] = [("1", None), ("2", "1"), ("3", "2"), ("4", "1")]
    assert [expansion.oldest(steps[:n]) for n in (1, 2, 3, 4)] == ["1", "1", "2", "2"]
    assert expansion.oldest([*steps, ("5", None)]) == "5"


def test_every_migration_says_whom_it_serves() -> None:
    known = [revision for revision, _ in database._steps()]
    for revision, serves in database._steps():
        assert serves in known[: known.index(revision) + 1] or revision < "0014", revision


# ---- two models


def outdated(engine: Engine, model: str) -> int:
    with reading(engine) as session:
        return classifications.count_outdated(session, model)


def test_two_releases_do_not_label_each_others_items_in_turn(engine: Engine) -> None:
    build.store(engine, [build.arxiv("2605.00001"), build.arxiv("2605.00002")], NOW)
    with reading(engine) as session:
        first, second = session.scalars(select(Item.id).order_by(Item.id))
    labelling.note(engine, "old")
    labelling.note(engine, "new")
    labelling.note(engine, "old")  # an old scheduler that is started once more
    build.classify(engine, [build.answer(first, 5, model="old"), build.answer(second, 5, model="new")], NOW)
    assert (outdated(engine, "old"), outdated(engine, "new")) == (0, 1)
    with writing(engine) as session:
        classifications.forget_all(session)
    assert (outdated(engine, "old"), outdated(engine, "new")) == (2, 2), "what nobody labelled is for both"


def test_the_way_back_is_to_ask_for_it(engine: Engine) -> None:
    build.store(engine, [build.arxiv("2605.00001")], NOW)
    for model in ("old", "new"):
        labelling.note(engine, model)
    with reading(engine) as session:
        number = session.scalars(select(Item.id)).one()
    build.classify(engine, [build.answer(number, 5, model="new")], NOW)
    labelling.note(engine, "old", again=True)
    assert (outdated(engine, "old"), outdated(engine, "new")) == (1, 0)


def test_a_model_without_a_version_is_no_newer_one(engine: Engine) -> None:
    labelling.note(engine, "old")
    labelling.note(engine, "")
    with reading(engine) as session:
        assert labelling.newest(session) == "old"
