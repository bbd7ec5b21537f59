"""What is refused, as problem documents (RFC 9457). They name the parameter, and neither hosts nor paths nor traces."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from staycurrent.errors import NotFound, StaycurrentError, StoreError, UsageError
from staycurrent.query import QueryError

log = logging.getLogger("staycurrent.web")
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 30
"""When to ask again after the database was away."""


def problem(
    status: int, detail: str = "", *, parameter: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem document; `parameter` names the one that is wrong."""
    document: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    document |= {"detail": detail} if detail else {}
    document |= {"parameter": parameter} if parameter else {}
    return Response(json.dumps(document), status, {"cache-control": "no-store", **(headers or {})}, MEDIA_TYPE)


def of(error: Exception) -> Response:
    """The problem that an error is. What is not expected is a bug: logged whole, and not told."""
    if isinstance(error, QueryError):
        return problem(400, str(error), parameter=error.parameter)
    if isinstance(error, UsageError):
        return problem(400, str(error))
    if isinstance(error, NotFound):
        return problem(404, str(error))
    if isinstance(error, StoreError):
        log.warning("no answer: %s", error)  # its words may name hosts and paths
        return problem(503, "the database cannot be used at the moment", headers={"retry-after": str(RETRY_SECONDS)})
    if isinstance(error, HTTPException):
        return problem(error.status_code, _words(error), headers=error.headers)
    log.error("no answer", exc_info=error)
    known = "a setting is wrong" if isinstance(error, StaycurrentError) else "something went wrong here"
    return problem(500, f"{known}; the server's log says what")


def _words(error: HTTPException) -> str:
    """Starlette's own detail is the status in words once more."""
    said = error.detail
    if said != HTTPStatus(error.status_code).phrase:
        return said
    return {404: "there is nothing at this address", 405: "only GET and HEAD are answered here"}.get(error.status_code, "")


async def refused(_request: Request, error: Exception) -> Response:
    """Starlette's hook for what its router refuses."""
    return of(error)
