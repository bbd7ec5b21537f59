"""What comes from outside in bytes: XML that expands, files that unpack without end, texts that patterns are slow on."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from classifier import packaged, storage
from collector import addresses, archive, clean, code_links, fetch, identity, opml, retry
from collector.sources import arxiv_api, arxiv_oai, arxiv_rss, authors, feed_document
from dashboard import tex as page_tex
from dashboard.api import answers
from staycurrent import i18n, redact, tex
from staycurrent.digest import clean as mail_clean
from staycurrent.errors import FetchError, ModelError, StaycurrentError, UsageError
from staycurrent.exchange import jsonl, names, spreadsheet, text
from staycurrent.exchange import tex as exchange_tex
from staycurrent.store import backup_file

LENGTH = 100_000
SECRET_FILE = "what no feed may read"
RSS = (
    '<rss version="2.0"><channel><title>@</title><item><title>@</title><link>https://a.example/1</link></item></channel></rss>'
)
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>@</title><entry><title>@</title><id>http://arxiv.org/abs/2605.00001</id></entry></feed>'
OAI = (
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header><datestamp>2026-05-20</datestamp></header>'
    '<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2605.00001</id><title>@</title></arXivRaw></metadata></record>'
    "</ListRecords></OAI-PMH>"
)
OPML = '<opml version="2.0"><body><outline type="rss" text="@" xmlUrl="https://a.example/f"/></body></opml>'
READERS: dict[str, tuple[str, Callable[[bytes], object]]] = {
    "rss": (RSS, feed_document.parse_feed),
    "atom": (ATOM, feed_document.parse_feed),
    "arxiv-rss": (RSS, arxiv_rss.parse_announcements),
    "arxiv-api": (ATOM, arxiv_api.checked),
    "oai": (OAI, arxiv_oai.parse_page),
    "opml": (OPML, opml.read),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-7", "cp037")


def _declared(kind: str, file: Path) -> tuple[str, str]:
    """A document type, and what stands for the text."""
    if kind == "bomb":
        steps = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
        return f'<!DOCTYPE x [<!ENTITY a0 "expanded">{steps}]>', "&a9;"
    if kind == "file":
        return f'<!DOCTYPE x [<!ENTITY e SYSTEM "{file.as_uri()}">]>', "&e;"
    if kind == "parameter":
        return f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{file.as_uri()}"> %p;]>', "x"
    return '<!DOCTYPE x [<!ENTITY e "expanded">]>', "&e;"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", ["bomb", "file", "parameter", "small"])
@pytest.mark.parametrize("reader", READERS)
def test_no_xml_expands_or_reads_anything(reader: str, kind: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET_FILE, "ascii")
    document, read = READERS[reader]
    declared, entity = _declared(kind, tmp_path / "secret")
    whole = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>{declared}{document.replace("@", entity)}'
    body, started = whole.encode(encoding), time.perf_counter()
    try:
        fetch.check_content(body, ("xml",), httpx.URL("https://a.example/"))
        told = repr(read(body))
    except (FetchError, UsageError) as error:
        told = str(error)
    assert "expanded" not in told
    assert SECRET_FILE not in told
    assert time.perf_counter() - started < 2


def test_a_document_type_that_lies_elsewhere_is_not_fetched() -> None:
    """Nobody listens at port 1; a reader that asked would raise, or hang."""
    for document, read in (READERS["oai"], READERS["rss"]):
        read(f'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">{document.replace("@", "A title")}'.encode())


ATOMS = (
    *"a <[(\\${}@/?&%'\"\t\n0A-_~^,.;:=|*#+",
    *("a@", "a.", "a-", "&#", "<a ", "<!--", "%20", "1,", "e.", "and ", "://", "http://", "a/", "\u200b", "; ", "k=", "$a"),
    *(
        "\\a",
        "\\a{",
        "{a",
        "^{",
        "x^",
        "key=",
        "token=",
        "Bearer ",
        '"@',
        "a b",
        "A. ",
        "e.g. ",
        "Dr. ",
        "?x",
        "\\'",
        "{\\",
        "_{",
    ),
    *("\u0301", "\u202e", "Aa ", "$$", "de;q=0.", "en-a", "[a](", "](", "**", "\\begin{a}", "arxiv:", "10.1/", "github.com/"),
)
MOMENT = datetime(2026, 5, 20, tzinfo=UTC)
URL = httpx.URL("https://a.example/")
READING: dict[str, Callable[[str], Any]] = {
    "authors": authors.split_authors,
    "plain": clean.plain,
    "fold": clean.fold,
    "http_url": clean.http_url,
    "arxiv_id": identity.arxiv_id,
    "doi": identity.doi,
    "canonical_url": identity.canonical_url,
    "fingerprint": identity.title_fingerprint,
    "repository": code_links.canonical_repository,
    "retry_after": lambda t: retry.retry_after(t, MOMENT),
    "quota": retry.used_up_for,
    "safe_url": lambda t: addresses.safe_url(f"https://a.example/?{t}"),
    "xml_ends": lambda t: fetch.check_content(f"<a>{t}".encode(), ("xml",), URL),
    "xml_begins": lambda t: fetch.check_content(f"<!DOCTYPE a [{t}".encode(), ("xml",), URL),
    "json": lambda t: fetch.check_content(f"[{t}".encode(), ("json",), URL),
    "language": i18n.preferred,
    "redact": redact.Redactor(["a-known-secret"]).text,
    "tex_title": exchange_tex.title,
    "tex_prose": exchange_tex.prose,
    "tex_readable": tex.readable,
    "tex_plain": tex.plain,
    "tex_page": page_tex.isolated,
    "mail_address": mail_clean.address,
    "mail_isolated": mail_clean.isolated,
    "one_line": text.one_line,
    "cell": spreadsheet.safe,
    "name": names.last_first,
    "accept": lambda t: answers.negotiate(
        answers.Headers({"accept": t.encode("ascii", "replace").decode()}), ("application/json",)
    ),
}


@pytest.mark.parametrize("reader", READING)
def test_no_text_takes_a_pattern_long(reader: str) -> None:
    """100 kB of anything; where time grows with the square of the length, this takes minutes."""
    for atom in ATOMS:
        hostile, started = atom * (LENGTH // len(atom)), time.perf_counter()
        with suppress(StaycurrentError, answers.HTTPException):
            READING[reader](hostile)
        assert time.perf_counter() - started < 3, repr(atom)


_READ = """
import resource, sys
from pathlib import Path
from collector import archive
from staycurrent.errors import UsageError

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    list(archive.records(Path(sys.argv[1])))
except UsageError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    """In a process of its own, with a bound on its memory: 100 MB of one text, and a million brackets."""
    for name, head, piece in (("text", b'[{"repo_url":"', b"a" * (1 << 20)), ("depth", b"[", b"[" * (1 << 20))):
        with gzip.open(tmp_path / name, "wb", 1) as packed:
            packed.write(head + piece * 100)
        done = subprocess.run([sys.executable, "-c", _READ, tmp_path / name], capture_output=True, text=True, check=True)
        assert int(done.stdout) < 40_000, "kilobytes"
    with pytest.raises(UsageError, match="nested"):
        list(archive.records(tmp_path / "depth"))


def test_a_line_of_an_import_is_bounded_and_a_deep_one_is_refused() -> None:
    for line in (b"[" * 200_000, b'{"a":' * 200_000, b'{"id": "' + b"\xff" * 50 + b'"}', b"null", b"9" * 10_000):
        with pytest.raises(UsageError):
            jsonl.read(line)


@pytest.mark.parametrize("member", ["../../outside", "/tmp/outside", "database.sqlite/../../outside"])
def test_a_backup_writes_nothing_but_its_database(tmp_path: Path, member: str) -> None:
    """Members are read by their two names only: others are not even looked at, wherever they would lead."""
    (tmp_path / "db").write_bytes(b"data")
    backup_file.write(tmp_path / "b", tmp_path / "db", kind="sqlite", version="1", schema="1", counts={})
    with zipfile.ZipFile(tmp_path / "b", "a") as packed:
        packed.writestr(member, b"outside")
    (tmp_path / "in").mkdir()
    backup_file.extract(tmp_path / "b", tmp_path / "in" / "out")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["b", "db", "in", "out"]
    assert (tmp_path / "in" / "out").read_bytes() == b"data"


class _Evil:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('a pickle was loaded')",)


def test_a_model_file_with_a_pickle_in_it_is_refused_and_not_run(tmp_path: Path) -> None:
    source = Path(packaged.__file__).parent / "data"
    (tmp_path / storage.WORDS).write_bytes((source / storage.WORDS).read_bytes())
    with np.load(source / storage.NUMBERS, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    arrays["idf"] = np.array([_Evil()], dtype=object)
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    (tmp_path / storage.NUMBERS).write_bytes(packed.getvalue())
    with pytest.raises(ModelError, match="cannot be used") as caught:
        storage.read(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("words", [b"{}", b"[]", b"\xff", b"{" * 100_000, b'{"format": 1}', b"null"])
def test_a_forged_model_description_is_one_line(tmp_path: Path, words: bytes) -> None:
    source = Path(packaged.__file__).parent / "data"
    (tmp_path / storage.NUMBERS).write_bytes((source / storage.NUMBERS).read_bytes())
    (tmp_path / storage.WORDS).write_bytes(words)
    with pytest.raises(ModelError) as caught:
        storage.read(tmp_path)
    assert "\n" not in str(caught.value)
