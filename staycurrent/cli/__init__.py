"""The command `staycurrent`: composition root of everything but the dashboard's script.

`main` is the only place where an error becomes a line and an exit status: 0 done, 1 failed, 2 the call was wrong,
3 some sources failed while others were collected. Messages go to stderr, so that stdout stays data.
"""

from __future__ import annotations

import logging
import os
import sys
import threading

from typer.exceptions import TyperException

from staycurrent.errors import StaycurrentError

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit, at once even where a source's thread is asleep between two tries.

    Threads may be cut off: every step is a transaction, and whatever was cut off is done again by the next run.
    """
    status = run(sys.argv[1:])
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status; nothing but a bug gets out as an exception."""
    from staycurrent.cli.app import app

    try:
        status = app(arguments, prog_name="staycurrent", standalone_mode=False)
    except TyperException as error:
        return _complain(_message_of(error), getattr(error, "exit_code", 2))
    except StaycurrentError as error:
        return _complain(str(error), error.exit_status)
    except KeyboardInterrupt:
        return _complain("stopped", INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (`| head`); that is its right and no failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A file that was named, a disk, a network: their trouble is no bug, and the reason says which.
        logging.getLogger("staycurrent").debug("what was raised", exc_info=True)
        return _complain(f"{error.filename}: {error.strerror}" if error.filename else str(error), 1)
    return status if isinstance(status, int) else 0


def _message_of(error: TyperException) -> str:
    formatted = getattr(error, "format_message", None)
    return str(formatted() if formatted else error)


def _complain(message: str, status: int) -> int:
    line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    sys.stderr.write(f"staycurrent: {line}\n")
    return status
