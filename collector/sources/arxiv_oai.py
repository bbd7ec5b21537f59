"""OAI-PMH pages of arXiv in the format `arXivRaw`, the only one with version history and exact times. Pure.

An OAI error comes with status 200 (OAI-PMH 2.0, section 3.6); `noRecordsMatch` is the normal answer of a quiet day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from io import BytesIO

from lxml import etree

from collector import clean
from collector.identity import arxiv_id
from collector.sources.arxiv_calendar import announcement_day
from collector.sources.authors import split_authors
from staycurrent.errors import Incomplete, UnexpectedContent
from staycurrent.types import Kind, ParsedItem, Version

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_RECORD, _ERROR, _TOKEN, _DATE = f"{_OAI}record", f"{_OAI}error", f"{_OAI}resumptionToken", f"{_OAI}responseDate"
_HEAD = 4096
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_LONGEST_HOLD = timedelta(days=31)
"""Moderation takes "one to four days, sometimes longer"; a datestamp later than this is an edit of the record."""
_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OaiPage:
    """One page: its records, how to go on, and when arXiv answered."""

    items: list[ParsedItem]
    token: str | None
    response_date: datetime | None
    skipped: int = 0
    """Records without a valid id or title, or deleted ones."""
    stamps: Mapping[str, date] = field(default_factory=dict)
    """The datestamp of each arXiv id: the day of its announcement or of its last change."""


def parse_page(body: bytes) -> OaiPage:
    """One `ListRecords` or `GetRecord` answer. Raises `Incomplete` and `UnexpectedContent`."""
    body = clean.xml_bytes(body)
    _check_envelope(body)
    items: list[ParsedItem] = []
    stamps: dict[str, date] = {}
    token, response_date, skipped = None, None, 0
    try:
        for _, element in etree.iterparse(
            BytesIO(body),
            tag=(_RECORD, _ERROR, _TOKEN, _DATE),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        ):
            if element.tag == _RECORD:
                item, stamp = _record(element)
                skipped += item is None
                if item:
                    items.append(item)
                    if item.arxiv_id and stamp:
                        stamps[item.arxiv_id] = stamp
                _free(element)
            elif element.tag == _ERROR:
                _check_error(element)
            elif element.tag == _TOKEN:
                token = (element.text or "").strip() or None
            else:
                response_date = _iso_time(element.text or "")
    except etree.XMLSyntaxError as error:
        raise UnexpectedContent(f"OAI-PMH that is not XML: {error.msg}") from error
    return OaiPage(items, token, response_date, skipped, stamps)


def _check_envelope(body: bytes) -> None:
    if not re.search(rb"<OAI-PMH[\s>]", body[:_HEAD]):
        raise UnexpectedContent("not OAI-PMH")
    if not body.rstrip().endswith(b"</OAI-PMH>"):
        raise Incomplete("the OAI-PMH answer ends before its end")


def _check_error(element: etree._Element) -> None:
    code = element.get("code") or "unknown"
    if code != "noRecordsMatch":
        raise UnexpectedContent(f"OAI-PMH error {code}: {clean.capped(clean.fold(element.text or ''), 200)}")


def _free(element: etree._Element) -> None:
    """Lets go of the record and of those before it: a page of 2,500 never stands in memory as a tree."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _record(record: etree._Element) -> tuple[ParsedItem | None, date | None]:
    parts = {part.tag: part for part in record}
    header, metadata = parts.get(f"{_OAI}header"), parts.get(f"{_OAI}metadata")
    raw = next((part for part in metadata if part.tag == f"{_RAW}arXivRaw"), None) if metadata is not None else None
    if header is None or raw is None:
        return None, None
    found = (_version(child) for child in raw if child.tag == f"{_RAW}version")
    versions = sorted((version for version in found if version), key=lambda version: version.number)
    fields = _texts(raw)
    paper_id = arxiv_id(fields.get("id", ""))
    title = clean.fold(fields.get("title", ""))
    if not paper_id or not title:
        return None, None
    stamp = _iso_day(header.findtext(f"{_OAI}datestamp") or "")
    return _item(paper_id, title, fields, tuple(versions), stamp), stamp


def _texts(element: Iterable[etree._Element]) -> dict[str, str]:
    """The texts of the children by name; walking them once is much faster than a path for each."""
    return {str(child.tag).removeprefix(_RAW): child.text for child in element if child.text}


def _item(paper_id: str, title: str, fields: dict[str, str], versions: tuple[Version, ...], stamp: date | None) -> ParsedItem:
    return ParsedItem(
        source="arxiv",
        key=f"oai:arXiv.org:{paper_id}",
        kind=Kind.PAPER,
        title=title,
        url=f"https://arxiv.org/abs/{paper_id}",
        abstract=clean.fold(fields.get("abstract", "")),
        authors=split_authors(fields.get("authors", "")),
        arxiv_id=paper_id,
        doi=clean.fold(fields.get("doi", "")) or None,
        published=versions[0].submitted if versions else None,
        updated=versions[-1].submitted if versions else None,
        listed_on=listed_on(paper_id, versions, stamp),
        versions=versions,
        categories=tuple(fields.get("categories", "").split()),
        comment=clean.fold(fields.get("comments", "")) or None,
        journal_ref=clean.fold(fields.get("journal-ref", "")) or None,
        license=_license(fields.get("license", "")),
    )


def listed_on(paper_id: str, versions: tuple[Version, ...], stamp: date | None) -> date | None:
    """The UTC day on which the paper's first version was announced.

    The datestamp is that day as long as nothing happened since; a later version or an edit of the record moves it on,
    and then the schedule tells, not before the month in the id, which is the month of announcement.
    """
    if not versions:
        return stamp
    scheduled = max(announcement_day(versions[0].submitted), _month_of(paper_id))
    if stamp is None:
        return scheduled
    if len(versions) == 1 and versions[0].number == 1 and stamp <= scheduled + _LONGEST_HOLD:
        return stamp
    return min(scheduled, stamp)


def _month_of(paper_id: str) -> date:
    digits = paper_id.rpartition("/")[2][:4]
    year, month = int(digits[:2]), int(digits[2:])
    # arXiv began in 1991 (info.arxiv.org/help/arxiv_identifier); an old id's month may be nonsense, then it says nothing.
    return date(year + (1900 if year > 90 else 2000), month, 1) if 1 <= month <= 12 else date.min  # noqa: PLR2004


@lru_cache(maxsize=64)
def _license(text: str) -> str | None:
    """The licence's address: arXiv has about ten, so the check of an address is made ten times and not per paper."""
    return clean.http_url(text)


def _version(element: etree._Element) -> Version | None:
    number = (element.get("version") or "").removeprefix("v")
    fields = _texts(element)
    submitted = _mail_time(fields.get("date", ""))
    if not (_NUMBER.fullmatch(number) and submitted):
        return None
    # "I" is arXiv's letter for a version whose source is to be ignored: a withdrawal (arXiv/oaipmh, format_map).
    return Version(int(number), submitted, withdrawn="I" in fields.get("source_type", ""))


def _mail_time(text: str) -> datetime | None:
    """An RFC 2822 date as UTC. The form that arXiv writes is read by hand: ten times faster than the general one."""
    parts = text.split()
    try:
        if len(parts) == 6 and parts[5] == "GMT":  # noqa: PLR2004 - "Wed, 18 Nov 2026 17:59:58 GMT"
            hour, minute, second = parts[4].split(":")
            return datetime(int(parts[3]), _MONTHS[parts[2]], int(parts[1]), int(hour), int(minute), int(second), tzinfo=UTC)
        parsed = parsedate_to_datetime(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError):
        return None


def _iso_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _iso_time(text: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text.strip())
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
