"""A picture of a mail, made by a real Chromium."""

from __future__ import annotations

import shutil
import socket
import struct
from pathlib import Path

import pytest

from staycurrent.digest import preview, render
from staycurrent.errors import StaycurrentError, UsageError
from tests.digest.samples import PUBLIC, edition, item, placed

HTML = render.render(edition([placed(n, item(n, f"Paper {n}")) for n in range(1, 8)]), PUBLIC).html
MAILS = {"short": render.render(edition(), PUBLIC).html, "long": HTML}
browser = [pytest.mark.browser, pytest.mark.skipif(not any(map(shutil.which, preview.NAMES)), reason="no Chromium")]


def size(png: bytes) -> tuple[int, int]:
    """Width and height, which stand in the header of the file."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


class TestWithABrowser:
    pytestmark = browser

    def test_a_picture_has_the_width_that_was_asked_for_and_the_height_of_the_whole_mail(self) -> None:
        drawn = [("short", 600), ("long", 600), ("long", 360)]
        (short, desk, phone) = (size(preview.png(MAILS[name], width)) for name, width in drawn)
        assert [short[0], desk[0], phone[0]] == [600, 600, 360]
        assert desk[1] > 3 * short[1]
        assert phone[1] > desk[1], "a phone gets a longer mail, not a cut one"

    def test_nothing_is_asked_of_the_network_and_no_script_runs(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.2)
            address = f"http://127.0.0.1:{server.getsockname()[1]}"
            hostile = f"<p>Hello<img src='{address}/pixel'><script>document.body.style.height='3000px'</script>"
            assert size(preview.png(hostile, 300))[1] < 500
            with pytest.raises(TimeoutError):
                server.accept()


def test_without_chromium_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StaycurrentError, match=r"no Chromium here .* install one of: chromium"):
        preview.png(HTML, 600)


def test_a_chromium_that_fails_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StaycurrentError, match="Chromium failed"):
        preview.png(HTML, 600)


@pytest.mark.parametrize("width", [0, 239, 2001])
def test_a_width_without_sense_is_refused(width: int) -> None:
    with pytest.raises(UsageError, match="width: must be from 240 to 2000"):
        preview.png(HTML, width)
