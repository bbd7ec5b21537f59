"""From a kept answer to a response: validators and 304 (RFC 9110), and what the client is willing to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboard.api.keeping import Kept


def response(headers: Headers, kept: Kept, max_age: int) -> Response:
    """The answer, or 304 where the client has it already."""
    marks = {
        "etag": kept.etag,
        "last-modified": formatdate(kept.since, usegmt=True),
        "cache-control": f"public, max-age={max_age}",
    }
    if _has_it(headers, kept):
        return Response(status_code=304, headers=marks)
    if kept.body.next:
        marks["link"] = f'<{kept.body.next}>; rel="next"'
    return Response(kept.body.content, headers=marks, media_type=kept.body.media_type)


def _has_it(headers: Headers, kept: Kept) -> bool:
    """`If-None-Match` decides where it is given (RFC 9110, 13.2.2), compared weakly."""
    tags = headers.get("if-none-match")
    if tags is not None:
        bare = kept.etag.removeprefix("W/")
        return any(tag.strip().removeprefix("W/") in (bare, "*") for tag in tags.split(","))
    since = headers.get("if-modified-since")
    if since is None:
        return False
    try:
        day = parsedate_to_datetime(since)
        return kept.since <= (day if day.tzinfo else day.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return False


def negotiate(headers: Headers, offered: Sequence[str]) -> None:
    """Raises 406 unless one of the media types is accepted (RFC 9110, 12.5.1). No `Accept` accepts everything."""
    ranges = [_range(part) for part in ",".join(headers.getlist("accept")).split(",") if part.strip()]
    if ranges and not any(_quality(media, ranges) > 0 for media in offered):
        raise HTTPException(406, f"this address answers with {offered[0]}")


def _range(part: str) -> tuple[str, float]:
    media, *parameters = (p.strip().lower() for p in part.split(";"))
    weight = next((p[2:].strip() for p in parameters if p.startswith("q=")), "1")
    try:
        return media, float(weight)
    except ValueError:
        return media, 1.0


def _quality(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight of the range that names a media type most closely."""
    closest = [media, f"{media.split('/', maxsplit=1)[0]}/*", "*/*"]
    weights = dict(ranges)
    return next((weights[name] for name in closest if name in weights), 0.0)
