"""A small proxy that keeps each browser at one of several web processes, by its cookie, as a load balancer would."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

COOKIE = "web"
_COOKIE = re.compile(rb"\bweb=(\d+)")
_CHUNK = 65536


@asynccontextmanager
async def balancing(ports: Sequence[int]) -> AsyncIterator[int]:
    """A proxy before these loopback ports; yields its own. Connections without the cookie go to the first."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            found = _COOKIE.search(head)
            port = ports[int(found[1]) % len(ports)] if found else ports[0]
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
            back_writer.write(head)
            await asyncio.gather(_pipe(reader, back_writer), _pipe(back_reader, writer))
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=_CHUNK)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()
