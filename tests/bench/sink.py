"""A mail server that takes everything at once and only notes to whom: the sender's pace is measured, not the server's.

`python -m tests.bench.sink PORT FILE`: a line for each letter.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TextIO


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, file: TextIO) -> None:
    writer.write(b"220 sink\r\n")
    to = ""
    while line := await reader.readline():
        verb = line[:4].upper()
        if verb == b"DATA":
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            file.write(f"{to}\n")
        elif verb == b"RCPT":
            to = line.decode().partition("<")[2].partition(">")[0]
        writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
        if verb == b"QUIT":
            break
    writer.close()


async def main(port: int, path: Path) -> None:
    with path.open("a", encoding="utf-8", buffering=1) as file:
        server = await asyncio.start_server(lambda r, w: _talk(r, w, file), "127.0.0.1", port, limit=1 << 22)
        async with server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
