"""The whole way of a subscriber through the served product: asking, the mail, its links, changing, leaving."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.dashboard import build
from tests.dashboard.browsing import CHROMIUM, SHOTS, WIDTHS, chromium, is_error, settle
from tests.dashboard.serving import serving
from tests.dashboard.test_accessible import axe_source, faults

__all__ = ["axe_source"]
KEY = "a-key-for-tests-of-thirty-two-characters"


@dataclass
class Running:
    """A served installation that writes its mails into a folder."""

    address: str
    database: Path
    mails: Path
    said: Callable[[], str]

    def send(self) -> list[EmailMessage]:
        """What `staycurrent digest send` does, and every mail that is there then, the oldest first."""
        environment = {
            **os.environ,
            "STAYCURRENT_DATABASE_URL": f"sqlite:///{self.database}",
            "STAYCURRENT_TODAY": build.TODAY.isoformat(),
            "STAYCURRENT_DATA_DIR": str(self.mails.parent),
            "STAYCURRENT_MAIL_DIR": str(self.mails),
            "STAYCURRENT_SECRET_KEY": KEY,
            "STAYCURRENT_PORT": str(urlsplit(self.address).port),
        }
        command = [sys.executable, "-m", "staycurrent", "digest", "send"]
        subprocess.run(command, check=True, env=environment, capture_output=True, cwd=Path(__file__).parents[2])
        return [
            message_from_bytes(p.read_bytes(), policy=default) for p in sorted(self.mails.rglob("*.eml"), key=os.path.getmtime)
        ]


@pytest.fixture(scope="module")
def running(example_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("mailed")
    copy = folder / "copy.db"
    shutil.copyfile(example_file, copy)
    more = {"DATA_DIR": str(folder), "MAIL_DIR": str(folder / "mail"), "SECRET_KEY": KEY}
    with serving(copy, **more) as served:
        yield Running(served.address, copy, folder / "mail", lambda: served.said)
        said = served.end()
    assert "Traceback" not in said
    assert not re.search(r"/(confirm|unsubscribe|preferences)/[^{\[\s]", said), "a token was logged"


def link(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(("plain",))
    assert part
    found = re.search(rf"https?://\S+/{kind}/\S+", part.get_content())
    assert found
    return found[0]


def press(page: Any, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


@dataclass
class Walk:
    """A browser on its way; `trouble` is what went wrong."""

    page: Any
    axe_source: str
    width: str
    trouble: list[str]

    def look(self, name: str) -> None:
        """A picture, and what axe says."""
        wider = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        self.trouble.extend([f"{name} scrolls sideways"] if wider > 0 else [])
        self.page.screenshot(path=SHOTS / f"mail-{name}-{self.width}.png", full_page=True)
        self.trouble.extend(f"{name}: {fault}" for fault in faults(self.page, self.axe_source))

    def ask(self, address: str, email: str) -> None:
        self.page.goto(f"{address}/digest?level=5")
        settle(self.page)
        self.page.wait_for_selector("text=Europe/Berlin")
        self.page.frame_locator("iframe").get_by_text("Unsubscribe").first.wait_for()
        self.page.get_by_label("Your mail address").fill(email)
        self.page.get_by_role("button", name="Send me this").click()
        self.page.wait_for_selector("text=a confirmation is on its way")
        self.look("asked")

    def confirm(self, link: str) -> None:
        self.page.goto(link)
        self.look("confirm")
        press(self.page, "Yes, send it")
        assert "Done: you get the digest" in self.page.inner_text("main")
        assert "Monday, 25 May, 07:00" in self.page.inner_text("main")
        self.look("confirmed")

    def change(self) -> None:
        self.page.get_by_role("link", name="Change what you get").click()
        self.page.get_by_label("6 Multimodal").check()
        self.page.get_by_label("Time zone").fill("Berlin")
        self.look("preferences")
        press(self.page, "Save changes")
        assert "Give a time zone such as Europe/Berlin" in self.page.inner_text("main")
        assert self.page.get_by_label("6 Multimodal").is_checked()
        self.look("wrong")
        self.page.get_by_label("Time zone").fill("Europe/Berlin")
        self.page.get_by_label("Deutsch").check()
        press(self.page, "Save changes")
        assert self.page.get_attribute("html", "lang") == "de"
        assert "done=change" in self.page.url
        self.look("saved")

    def leave(self, link: str) -> None:
        self.page.goto(link)
        self.look("unsubscribe")
        press(self.page, "Abmelden")
        assert "Abgemeldet" in self.page.inner_text("h1")
        self.look("unsubscribed")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
def test_the_whole_way_of_a_subscriber(running: Running, axe_source: str, width: str) -> None:
    wide, high = WIDTHS[width]
    trouble: list[str] = []
    SHOTS.mkdir(exist_ok=True)
    look = {"color_scheme": "dark" if width == "phone" else "light", "timezone_id": "Europe/Berlin", "locale": "en-GB"}
    with chromium() as browser:
        context = browser.new_context(viewport={"width": wide, "height": high}, **look)
        page = context.new_page()
        page.on("pageerror", lambda error: trouble.append(f"page error: {error}"))
        page.on("console", lambda said: trouble.append(said.text) if is_error(said) else None)
        walk = Walk(page, axe_source, width, trouble)
        email = f"ada-{width}@example.org"
        walk.ask(running.address, email)
        (mail,) = [m for m in running.send() if email in m["To"]]
        walk.confirm(link(mail, "confirm"))
        walk.change()
        walk.leave(mail["List-Unsubscribe"].strip("<>"))
        context.close()
    # a form with a mistake is answered with 400, which Chromium notes in its console
    assert [line for line in trouble if "400 (Bad Request)" not in line] == []


def test_the_routes_stand_beside_the_dashboard(running: Running) -> None:
    for path in ("confirm/x", "unsubscribe/x/y", "preferences/%0Ax", "confirm/"):
        for method in ("GET", "HEAD", "POST"):
            answer = httpx.request(method, f"{running.address}/{path}")
            assert answer.status_code == 404
            assert answer.headers["cache-control"] == "no-store"
            assert (answer.text == "") == (method == "HEAD")
    assert httpx.put(f"{running.address}/confirm/x").status_code == 405


def test_the_preview_is_a_mail_that_can_do_nothing(running: Running) -> None:
    answer = httpx.get(f"{running.address}/digest/preview?level=5&language=de")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert '<base target="_blank">' in answer.text
    assert ".invalid" not in answer.text
    assert '<html lang="de">' in answer.text


@pytest.mark.parametrize(
    "query", ["level=9", "minutes=1", "timezone=x", "topic=%00", "language=fr", "level=%ff", "minutes=99999999999"]
)
def test_a_preview_of_nonsense_is_refused(running: Running, query: str) -> None:
    answer = httpx.get(f"{running.address}/digest/preview?{query}")
    assert answer.status_code == 400
    assert len(answer.text.splitlines()) == 1


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=", "text/plain", ""])
def test_a_body_of_rubbish_does_not_stop_the_next_reader(running: Running, kind: str) -> None:
    body, headers = b"--\r\n\x00\xff=&" * 100, {"content-type": kind}
    assert httpx.post(f"{running.address}/unsubscribe/x", content=body, headers=headers).status_code == 404
    assert httpx.get(f"{running.address}/healthz").status_code == 200
