"""A folder of `.eml` files, so that everything can be tried without a mail server."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from staycurrent.digest.channels import Down, Letter, Outcome, Result


class Folder:
    """One file a letter, named by its Message-ID: sent again, it is the same file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, letter: Letter, ready: Callable[[], bool]) -> Outcome:
        """Write a letter, whole or not at all. Raises `Down`."""
        if not ready():
            return Outcome(Result.HELD)
        name = re.sub(r"[^A-Za-z0-9@._-]", "_", letter.message_id.strip("<>"))
        draft = self._path / f".{secrets.token_hex(8)}.part"
        try:
            self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.write_bytes(letter.data)
            draft.replace(self._path / f"{name}.eml")
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise Down(f"the folder of mails cannot be written: {error.strerror}") from error
        return Outcome(Result.ACCEPTED, "written")

    def close(self) -> None:
        """Nothing is open."""
