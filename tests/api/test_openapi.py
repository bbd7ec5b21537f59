"""The OpenAPI document is one, and the API keeps what it says: requests out of it, good and bad, and answers held to it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from dashboard.api import openapi
from dashboard.api.formats import MEDIA_TYPES
from dashboard.api.operations import DOCUMENT, OPERATIONS, PREFIX
from dashboard.api.parameters import FILTERS
from staycurrent.query import PARAMETERS
from tests import databases
from tests.api.conftest import HOST, Installation, fill, installation

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it imports warns of its own future
    import schemathesis
    from schemathesis import GenerationMode

EXAMPLES = 25
SEVERAL = {p.name for p in FILTERS if p.several}
TAKING = [o.path for o in OPERATIONS if o.takes or o.in_path == "period"]


def test_the_document_is_served_as_it_is_made(client: TestClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == openapi.document(HOST)
    assert answer.json()["openapi"].startswith("3.1")


def test_the_document_has_every_address_and_every_filter(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert set(paths) == {
        "/items",
        "/items/{id}",
        "/readings/{period}",
        "/levels",
        "/topics",
        "/labs",
        "/sources",
        "/trends",
        "/model",
    }
    for path in ("/items", "/readings/{period}"):
        shown = {p["name"]: p for p in paths[path]["get"]["parameters"]}
        assert set(PARAMETERS) <= set(shown)
        assert all(p["description"] for p in shown.values()), "a new filter needs its words in dashboard/api/parameters.py"


def test_every_address_is_in_the_docs() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    for path in (*(o.path for o in OPERATIONS), DOCUMENT):
        assert f"`{PREFIX}{path}`" in docs
    for kind in MEDIA_TYPES:
        assert f"`/feeds/{kind}`" in docs


@pytest.mark.parametrize("schema", openapi.SCHEMAS)
def test_every_schema_is_one(schema: str) -> None:
    Draft202012Validator.check_schema(openapi.SCHEMAS[schema])


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The document of an installation, ready to make requests of."""
    with databases.fresh_url("sqlite", tmp_path_factory.mktemp("openapi")) as url:
        for made in installation(url, public_url=""):
            fill(made.engine)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", made.app)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", [o.path for o in OPERATIONS])
def test_what_fits_the_document_is_answered_as_it_says(schema: Any, path: str) -> None:
    _ask(schema[path]["GET"], GenerationMode.POSITIVE)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", TAKING)
def test_what_does_not_fit_the_document_is_refused(schema: Any, path: str) -> None:
    _ask(schema[path]["GET"], GenerationMode.NEGATIVE)


def _ask(operation: Any, mode: GenerationMode) -> None:
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=slow)
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        assume(_sayable(case))
        case.call_and_validate()

    ask()


def _sayable(case: Any) -> bool:
    """Whether a schema can tell good from bad here: that an order of days or a cursor is right, it cannot say."""
    query, path = dict(case.query or {}), dict(case.path_parameters or {})
    ordered = not ("since" in query and "until" in query and str(query["since"]) > str(query["until"]))
    in_every_year = not any(str(path.get("period", "")).startswith(y) for y in ("0000", "9999"))
    is_empty = any(value in ("", [""], [], None) for value in query.values())
    sayable = ordered and in_every_year and "cursor" not in query and "W53" not in str(path)
    return sayable and not is_empty and all(_is_text(name, value) for name, value in query.items())


def _is_text(name: str, value: Any) -> bool:
    """In an address everything is text, and one value is a list of one: neither is a wrong value there."""
    if name in SEVERAL and not isinstance(value, list):
        return False
    parts = value if isinstance(value, list) else [value]
    return name in ("limit", "minutes", "min_confidence", "level") or all(isinstance(part, str) for part in parts)


def test_the_answers_fit_the_schemas_exactly(served: Installation) -> None:
    """Schemathesis asks at random; this asks for what has everything in it."""
    examples = {"{id}": "2605.00002", "{period}": "2026-05"}
    for operation in OPERATIONS:
        path = operation.path
        for part, value in examples.items():
            path = path.replace(part, value)
        document = served.client.get(f"/api/v1{path}").json()
        schema = {"$ref": f"#/components/schemas/{operation.schema}", **openapi.document(HOST)}
        Draft202012Validator(schema).validate(document)
