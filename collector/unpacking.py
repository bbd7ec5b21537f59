"""Packed bodies, unpacked in small pieces."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final

import httpx

from collector.addresses import place, safe_url
from staycurrent.errors import Incomplete, UnexpectedContent

_PIECE: Final = 1 << 20


class Unpacker:
    """Content-Encoding, undone in pieces of at most 1 MiB, so that a bomb is seen before it is in memory.

    httpx would unpack a whole network chunk at once, and 64 KiB of gzip hold 64 MiB.
    """

    def __init__(self, encoding: str, url: httpx.URL) -> None:
        self._coding = encoding.strip().lower() or "identity"
        self._url = url
        self._held = b""
        self._stream: zlib._Decompress | None = None
        self._whole = False
        if self._coding not in ("identity", "gzip", "x-gzip", "deflate"):
            name = re.sub(r"[^!-~]", "", self._coding)[:40]
            raise UnexpectedContent(f"{place(url)} packs by {name}, unasked", url=safe_url(url))

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The pieces that a chunk unpacks to."""
        if self._coding == "identity":
            yield chunk
            return
        try:
            yield from self._unpack(chunk)
        except zlib.error:
            raise UnexpectedContent(f"{place(self._url)} sent a broken {self._coding}", url=safe_url(self._url)) from None

    def _unpack(self, chunk: bytes) -> Iterator[bytes]:
        data = self._held + chunk
        self._held = b""
        more = False
        while data or more:
            if self._whole and not self._begins_member(data):
                return
            if self._stream is None and (len(data) < 2):  # noqa: PLR2004 - the two bytes that tell zlib from raw deflate
                self._held = data
                return
            stream = self._stream = self._stream or zlib.decompressobj(wbits=self._window(data))
            piece = stream.decompress(data, _PIECE)
            data = stream.unconsumed_tail
            # A full piece may have more behind it although its input is used up.
            more = len(piece) == _PIECE and not stream.eof
            if piece:
                yield piece
            if stream.eof:
                self._whole, self._stream, data = True, None, stream.unused_data

    def _begins_member(self, data: bytes) -> bool:
        """Another gzip member may follow (RFC 1952, 2.2); other bytes after the end mean nothing."""
        return self._stream is not None or ("gzip" in self._coding and data.startswith(b"\x1f"))

    def _window(self, data: bytes) -> int:
        if "gzip" in self._coding:
            return 16 + zlib.MAX_WBITS
        # "deflate" is zlib by the book (RFC 9110, 8.4.1.2), and bare deflate from some servers.
        has_zlib_header = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.MAX_WBITS if has_zlib_header else -zlib.MAX_WBITS

    def finish(self) -> None:
        """Raise `Incomplete` where the stream has not come to its end."""
        ended = self._coding == "identity" or (self._whole and self._stream is None)
        if not ended:
            raise Incomplete(f"the {self._coding} from {place(self._url)} ends early", url=safe_url(self._url))
