"""The OpenAPI 3.1 document, made of the tables of operations, parameters and schemas."""

from __future__ import annotations

from typing import Any

from dashboard.api import problems
from dashboard.api.keeping import Body
from dashboard.api.operations import IN_PATH, OPERATIONS, PREFIX, Operation
from dashboard.api.parameters import Parameter
from dashboard.api.reads import JSON, Asked, as_json
from dashboard.api.schemas import SCHEMAS, ref
from staycurrent import __version__
from staycurrent.query import MAX_VALUES

ABOUT = (
    "Papers and posts by level of the roadmap, lab and topic. Read-only, no key. Answers bear an ETag; a request with "
    "If-None-Match gets 304 while nothing has changed. What is refused is a problem document (RFC 9457)."
)
_REFUSALS = {
    "400": "A parameter is wrong or unknown; `parameter` names it",
    "404": "There is no such thing",
    "406": "The client accepts none of the media types",
    "429": "Too many requests of one address; Retry-After says when to ask again",
    "503": "The database cannot be used at the moment",
}
_HEADERS = {
    "ETag": "Mark of the answer, for If-None-Match",
    "Last-Modified": "When the answer was last seen to change",
    "RateLimit": "How many requests may follow at once, and in how many seconds the next one is free",
    "RateLimit-Policy": "How many requests an address may make in how many seconds",
}


def show_document(asked: Asked) -> Body:
    """The document for the address under which it was asked for."""
    asked.params(())
    return as_json(document(asked.base))


def document(base: str) -> dict[str, Any]:
    """The document; `base` is the installation's address."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "staycurrent", "version": __version__, "description": ABOUT},
        "servers": [{"url": base + PREFIX}],
        "paths": {operation.path: {"get": _operation(operation)} for operation in OPERATIONS},
        "components": {
            "schemas": SCHEMAS,
            "headers": {name: {"description": words, "schema": {"type": "string"}} for name, words in _HEADERS.items()},
            "responses": {status: _refusal(words) for status, words in _REFUSALS.items()},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    shown = [_in_path(operation)] if operation.in_path else []
    answers = {
        "200": {
            "description": operation.summary,
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS},
            "content": {JSON: {"schema": ref(operation.schema)}, **_further(operation)},
        },
        "304": {"description": "Nothing has changed since the answer that the client has"},
    }
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*shown, *map(_parameter, operation.takes)],
        "responses": answers | {status: {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS},
    }


def _further(operation: Operation) -> dict[str, Any]:
    return {operation.also: {"schema": {"type": "string"}}} if operation.also else {}


def _in_path(operation: Operation) -> dict[str, Any]:
    parameter = IN_PATH[operation.in_path or ""]
    shown = {"name": parameter.name, "in": "path", "required": True, "description": parameter.words}
    return shown | {"schema": parameter.schema, "example": operation.example}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = parameter.schema
    if parameter.several:
        schema = {"type": "array", "items": schema, "maxItems": MAX_VALUES}
    style: dict[str, Any] = {"style": "form", "explode": True} if parameter.several else {}
    style |= {"allowEmptyValue": True} if parameter.may_be_empty else {}
    return {"name": parameter.name, "in": "query", "description": parameter.words, "schema": schema, **style}


def _refusal(words: str) -> dict[str, Any]:
    return {"description": words, "content": {problems.MEDIA_TYPE: {"schema": ref("Problem")}}}
