"""A mail as a picture, through the Chromium that is installed. Nothing is fetched: a mail of ours has nothing to fetch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from staycurrent.errors import StaycurrentError, UsageError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60
NARROWEST, WIDEST = 240, 2000
HIGHEST = 16_000
"""Pixels that Chromium still draws into one picture."""
_FLAGS = (
    *("--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--mute-audio", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # A proxy on a port that nobody serves: whatever a page asks for, nothing leaves the machine.
    *("--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>"),
)
_HEIGHT = re.compile(rb"<title>(\d{1,6})</title>")


def png(html: str, width: int) -> bytes:
    """The mail as a PNG of this width in pixels and of its own height.

    Raises `UsageError` for a width that makes no sense, `StaycurrentError` where there is no Chromium or it fails.
    """
    if not NARROWEST <= width <= WIDEST:
        raise UsageError(f"width: must be from {NARROWEST} to {WIDEST}")
    browser = _browser()
    with TemporaryDirectory() as folder:
        page, picture = Path(folder, "mail.html"), Path(folder, "mail.png")
        page.write_text(_page(html, width), "utf-8")
        measured = _HEIGHT.search(_run([browser, "--dump-dom", page.as_uri()], folder))
        height = min(int(measured[1]), HIGHEST) if measured else HIGHEST // 4
        _run([browser, f"--screenshot={picture}", f"--window-size={width},{height}", page.as_uri()], folder)
        if not picture.exists():
            raise StaycurrentError("Chromium made no picture of the mail")
        return picture.read_bytes()


def _browser() -> str:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise StaycurrentError(f"no Chromium here for a picture of the mail; install one of: {', '.join(NAMES)}")
    return found


def _page(html: str, width: int) -> str:
    """The mail in a frame, since Chromium opens no window as narrow as a phone; scripts of the mail do not run in it."""
    return (
        "<!DOCTYPE html><title>0</title><style>body{margin:0}iframe{display:block;border:0;height:100px}</style>"
        f'<iframe sandbox="allow-same-origin" style="width:{width}px" srcdoc="{escape(html)}"></iframe>'
        "<script>const f=document.querySelector('iframe');f.onload=()=>{"
        "const h=f.contentDocument.documentElement.scrollHeight;f.style.height=h+'px';document.title=h}</script>"
    )


def _run(command: Sequence[str], folder: str) -> bytes:
    browser, *rest = command
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses a sandbox to root
    full = [browser, *_FLAGS, *alone, f"--user-data-dir={folder}/profile", *rest]
    try:
        return subprocess.run(full, check=True, capture_output=True, timeout=SECONDS).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise StaycurrentError(f"Chromium failed at a picture of the mail: {type(error).__name__}") from error
