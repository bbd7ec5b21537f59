"""What a browser and Streamlit's session may tell each other over the web socket. Plain ASGI middleware.

Streamlit takes more from anybody than a page of ours sends: to empty the caches of all readers, to ask git about the folder
that the program lies in, to write files there; and frames that are none of its own end in a traceback in the log. It begins
each session by telling the path of the script. The first are dropped unread, the last is cut to the script's name.
"""

from __future__ import annotations

from pathlib import PurePath

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ALLOWED = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
WIDGET = "$$ID-"
"""How Streamlit begins the name of every widget."""
LARGEST = 1 << 20
"""Bytes of a frame; the longest address and all widgets of a page have some thousand."""


class Messages:
    """The middleware; `script` is the one that Streamlit runs."""

    def __init__(self, app: ASGIApp, *, script: PurePath) -> None:
        self.app = app
        self._script = script
        self._folder = str(script.parent).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return

        async def receive_sound() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive" or is_sound(message.get("bytes")):
                    return message

        async def send_silent(message: Message) -> None:
            frame = message.get("bytes")
            if frame and self._folder in frame:
                message = {**message, "bytes": self._without_path(frame)}
            await send(message)

        await self.app(scope, receive_sound, send_silent)

    def _without_path(self, frame: bytes) -> bytes:
        said = ForwardMsg.FromString(frame)
        if said.WhichOneof("type") == "new_session":
            said.new_session.main_script_path = self._script.name
        return bytes(said.SerializeToString())


def is_sound(frame: bytes | None) -> bool:
    """Whether a frame is a message of the kinds that a page of ours sends."""
    if frame is None or len(frame) > LARGEST:
        return False
    try:
        said = BackMsg.FromString(frame)
    except Exception:  # noqa: BLE001 - what a decoder of foreign bytes raises is its own business; they are dropped
        return False
    # A widget under any other name would be taken for the script's own state, and break the page that looks at it.
    named = all(widget.id.startswith(WIDGET) for widget in said.rerun_script.widget_states.widgets)
    return named and said.WhichOneof("type") in ALLOWED
