"""Packed bodies come out in small pieces, however they arrive."""

from __future__ import annotations

import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.unpacking import Unpacker


@given(st.binary(max_size=3000), st.integers(1, 50), st.sampled_from([("gzip", 31), ("deflate", 15), ("deflate", -15)]))
def test_unpacking_does_not_depend_on_how_the_bytes_arrive(body: bytes, size: int, packing: tuple[str, int]) -> None:
    packed = zlib.compress(body, wbits=packing[1])
    unpacker = Unpacker(packing[0], httpx.URL("http://h/"))
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert b"".join(piece for chunk in chunks for piece in unpacker.feed(chunk)) == body
    unpacker.finish()


@pytest.mark.parametrize("wbits", [31, 15, -15])
def test_long_runs_unpack_to_their_last_byte(wbits: int) -> None:
    body = b" " * (3 * (1 << 20) + 7)
    unpacker = Unpacker("gzip" if wbits == 31 else "deflate", httpx.URL("http://h/"))
    pieces = list(unpacker.feed(zlib.compress(body, wbits=wbits)))
    unpacker.finish()
    assert max(map(len, pieces)) <= 1 << 20
    assert b"".join(pieces) == body
