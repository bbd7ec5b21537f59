"""Readers without a browser, by Streamlit's own protocol: they show what a process holds, not what a screen does."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

LEVELS = (3, 4, 5, 6, 7)


async def reruns(
    port: int, readers: int, seconds: float, queries: Sequence[str] = (), *, thinking: float = 0.0
) -> tuple[float, list[float]]:
    """Reruns a second of readers, and what each took in milliseconds; by default they do not think (mean seconds)."""
    chosen = queries or [f"level={n}" for n in LEVELS] + [""]
    end = time.perf_counter() + seconds
    taken = await asyncio.gather(*(_reader(port, chosen, random.Random(n), end, thinking) for n in range(readers)))
    together = [ms for one in taken for ms in one]
    return len(together) / seconds, together


async def _reader(port: int, queries: Sequence[str], dice: random.Random, end: float, thinking: float) -> list[float]:
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None, compression=None) as socket:
        await _rerun(socket, "")
        taken = []
        while time.perf_counter() < end:
            if thinking:
                await asyncio.sleep(dice.expovariate(1 / thinking))
            started = time.perf_counter()
            await _rerun(socket, dice.choice(queries))
            taken.append((time.perf_counter() - started) * 1000)
        return taken


async def _rerun(socket: object, query: str) -> None:
    """Ask for a run of the script with this query string, and read to its end."""
    asked = BackMsg()
    asked.rerun_script.query_string = query
    await socket.send(asked.SerializeToString())  # type: ignore[attr-defined]
    async for data in socket:  # type: ignore[attr-defined]
        said = ForwardMsg()
        said.ParseFromString(data)
        if said.WhichOneof("type") == "script_finished":
            return
