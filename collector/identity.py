"""Which paper is this? Pure: forms of an identifier in, one canonical key out.

Keys, strongest first: `arxiv:<id without version>`, `doi:<lower case>`, `url:<canonical>`, `title:<fingerprint>:<year>`.
An item is found again by any key it ever had. arXiv ids follow arXiv's scheme (info.arxiv.org/help/arxiv_identifier):
new `YYMM.NNNN(N)`, old `archive(.SC)/YYMMNNN`, whose canonical form drops the subject class but keeps the archive, since
`hep-th/9901001` and `math/9901001` are two papers.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from staycurrent.types import ParsedItem

_NEW_ID = r"(?P<new>(?:0[7-9]|[1-9]\d)(?:0[1-9]|1[0-2])\.\d{4,5})"
_OLD_ID = r"(?P<archive>[a-z][a-z-]+)(?:\.[A-Za-z]{2}|\.[a-z]+(?:-[a-z]+)?)?/(?P<number>\d{7})"
_ARXIV_ID = re.compile(rf"(?:{_NEW_ID}|{_OLD_ID})(?:v(?P<version>[1-9]\d{{0,2}}))?")
_PREFIX = re.compile(r"^(?:oai:arxiv\.org:|arxiv:\s*)", re.IGNORECASE)
_ARXIV_HOSTS = frozenset({"arxiv.org", "export.arxiv.org", "browse.arxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org"})
_ARXIV_PATH = re.compile(r"^/(?:abs|pdf|html|format|src|e-print|ps)/(.+)$")
_PAPER_PAGES = {
    "huggingface.co": re.compile(r"^/papers/(.+)$"),
    "alphaxiv.org": re.compile(r"^/(?:abs|pdf|overview|paper)/(.+)$"),
    "paperswithcode.co": re.compile(r"^/papers?/(.+)$"),
    "scholar.archive.org": re.compile(r"^/arxiv/(.+)$"),
}
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ARXIV_DOI = re.compile(r"^10\.48550/arxiv\.(.+)$", re.IGNORECASE)
_TRACKING = re.compile(r"^(utm_.*|ref|ref_src|fbclid|gclid|mc_cid|mc_eid|source)$", re.IGNORECASE)


def split_arxiv_id(text: str) -> tuple[str, int | None] | None:
    """Any spelling of an arXiv identifier as (id without version, version or None); None where it is none.

    Takes `2605.19577v2`, `arXiv:hep-th/9901001`, `oai:arXiv.org:…`, abs, pdf and html addresses with or without
    `.pdf`, arXiv's own DOIs, and the paper pages of Hugging Face, alphaXiv and Papers with Code.
    """
    rest = unquote(text.strip())
    if "://" in rest:
        return _from_url(rest)
    if match := _ARXIV_DOI.match(_strip_doi_prefix(rest)):
        rest = match[1]
    return _bare(_PREFIX.sub("", rest))


def arxiv_id(text: str) -> str | None:
    """The arXiv id without version in any spelling of it, or None."""
    found = split_arxiv_id(text)
    return found[0] if found else None


def _bare(text: str) -> tuple[str, int | None] | None:
    match = _ARXIV_ID.fullmatch(re.sub(r"\.pdf$", "", text.strip().rstrip("/"), flags=re.IGNORECASE))
    if not match:
        return None
    bare = match["new"] or f"{match['archive']}/{match['number']}"
    return bare, int(match["version"]) if match["version"] else None


def _from_url(url: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    if host in ("doi.org", "dx.doi.org"):
        match = _ARXIV_DOI.match(parts.path.lstrip("/"))
        return _bare(match[1]) if match else None
    pattern = _ARXIV_PATH if host in _ARXIV_HOSTS else _PAPER_PAGES.get(host)
    match = pattern.match(parts.path) if pattern else None
    return _bare(match[1].removesuffix(".md")) if match else None


def doi(text: str | None) -> str | None:
    """A DOI in lower case without its resolver's address, or None. DOIs compare without case (ISO 26324)."""
    if not text:
        return None
    match = _DOI.match(_strip_doi_prefix(unquote(text).strip()))
    return match[0].rstrip(".,;)").lower() if match else None


def _strip_doi_prefix(text: str) -> str:
    return re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", text, flags=re.IGNORECASE)


def canonical_url(url: str) -> str | None:
    """The address without scheme case, `www.`, port, fragment, tracking parameters or a trailing slash; None if it is none.

    http and https of one page are one page, so the canonical form is always https.
    """
    try:
        url.encode()  # lone surrogates stand in no address and in no database
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    kept = sorted((k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k))
    host = f"[{host}]" if ":" in host else host
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    return urlunsplit(("https", netloc, parts.path.rstrip("/ "), urlencode(kept), ""))


def title_fingerprint(title: str) -> str:
    """A hash of the letters and digits of a title, so that case, accents, punctuation and spacing don't matter."""
    folded = unicodedata.normalize("NFKD", title).casefold()
    letters = "".join(c for c in folded if c.isalnum())
    return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def keys(parsed: ParsedItem) -> tuple[str, ...]:
    """Every key that identifies the item, strongest first; never empty."""
    found: list[str] = []
    paper_id = parsed.arxiv_id or arxiv_id(parsed.url)
    if paper_id:
        found.append(f"arxiv:{paper_id}")
    number = doi(parsed.doi)
    if number and not _ARXIV_DOI.match(number):
        found.append(f"doi:{number}")
    if not paper_id and (address := canonical_url(parsed.url)):
        found.append(f"url:{address}")
    if not found:
        year = parsed.published.year if parsed.published else 0
        found.append(f"title:{title_fingerprint(parsed.title)}:{year}")
    return tuple(found)


def names(text: str) -> tuple[str, ...]:
    """Everything that a person may mean by `text`: itself, and the keys of the identifiers it can be read as."""
    found = [text.strip()]
    if paper_id := arxiv_id(text):
        found += [paper_id, f"arxiv:{paper_id}"]
    if number := doi(text):
        found.append(f"doi:{number}")
    if "://" in text and (address := canonical_url(text)):
        found.append(f"url:{address}")
    return tuple(dict.fromkeys(found))
