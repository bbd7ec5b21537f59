"""Hostile first messages over the dashboard's web socket, by Streamlit's own protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from dashboard.messages import is_sound
from tests.security.requests import PAGES, pairs, words
from tests.security.stack import Stack

SECONDS = 20


@dataclass(frozen=True)
class Said:
    """What a session answered: whether a run came to its end, every frame, and the exceptions that it showed."""

    finished: bool
    frames: tuple[bytes, ...]
    exceptions: tuple[str, ...]


def rerun(query: str = "", page: str = "", **more: Any) -> bytes:
    """A message that asks for a page with a query string."""
    asked = BackMsg()
    asked.rerun_script.query_string = query
    asked.rerun_script.page_name = page
    for name, value in more.items():
        setattr(asked.rerun_script, name, value)
    return asked.SerializeToString()


def _widget(name: str, text: str) -> bytes:
    asked = BackMsg()
    state = asked.rerun_script.widget_states.widgets.add()
    state.id, state.json_value = name, text
    return asked.SerializeToString()


def _only(kind: str) -> bytes:
    asked = BackMsg()
    setattr(asked, kind, True)
    return asked.SerializeToString()


_query = pairs.map(lambda found: "&".join(f"{quote_from_bytes(n)}={quote_from_bytes(v)}" for n, v in found))
_words = words.map(lambda b: b.decode("utf-8", "replace"))
_kinds = (
    "clear_cache",
    "load_git_info",
    "set_run_on_save",
    "stop_script",
    "debug_disconnect_websocket",
    "debug_shutdown_runtime",
)
wanted = st.builds(rerun, _query | _words, st.sampled_from(PAGES) | _words)
"""Runs of the script: these are answered."""
odd = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(_kinds).map(_only),
    st.builds(_widget, _words | _words.map("$$ID-0123456789abcdef-{}".format), _words),
    st.builds(lambda t: rerun(fragment_id=t), _words),
    st.builds(lambda t: rerun(page_script_hash=t), _words),
    _words,
)
"""Anything else, text frames too."""


def talk(stack: Stack, frames: Sequence[bytes | str], *, origin: str | None = None) -> Said:
    """Open a session, send the frames, and after them ask for the front page; what came until that is drawn.

    A frame of `wanted` is answered before the next one goes out: Streamlit makes one run of those that come together.
    """
    address = f"ws://127.0.0.1:{stack.port}/_stcore/stream"
    from_page = Origin(origin) if origin else None
    kept: list[bytes] = []
    finished = False
    try:
        with connect(
            address,
            subprotocols=[Subprotocol("streamlit")],
            origin=from_page,
            max_size=None,
            compression=None,
            open_timeout=SECONDS,
            close_timeout=2,
        ) as opened:
            for frame in (*frames, rerun()):
                opened.send(frame)
                if is_run(frame):
                    _read(opened, kept)
            finished = True
    except (ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError):
        pass
    return Said(finished, tuple(kept), tuple(filter(None, map(_exception, kept))))


def is_run(frame: bytes | str) -> bool:
    """Whether a frame asks for a run of the whole script, and is one that `Messages` lets through."""
    if not isinstance(frame, bytes) or not is_sound(frame):
        return False
    asked = BackMsg.FromString(frame)
    return asked.WhichOneof("type") == "rerun_script" and not asked.rerun_script.fragment_id


def _read(opened: ClientConnection, kept: list[bytes]) -> None:
    """Keep what comes until a run is over."""
    kind = ""
    while kind != "script_finished":
        data = opened.recv(SECONDS)
        assert isinstance(data, bytes)
        kept.append(data)
        kind = ForwardMsg.FromString(data).WhichOneof("type") or ""


def _exception(data: bytes) -> str:
    """What Streamlit shows for an error that nobody caught."""
    said = ForwardMsg.FromString(data)
    element = said.delta.new_element if said.WhichOneof("type") == "delta" else None
    return (
        f"{element.exception.type}: {element.exception.message}"
        if element and element.WhichOneof("type") == "exception"
        else ""
    )
