"""What a page of a mail is asked with, and what it answers: values between the routes and the acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from dashboard.mail.posted import Form
from staycurrent.digest.tokens import Keys, Purpose
from staycurrent.store.engine import Engine

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with its token. `form` is None where nothing was posted; `done` names what a form before this did."""

    engine: Engine
    keys: Keys
    now: datetime
    token: str
    form: Form | None = None
    client: str = ""
    done: str = ""

    @property
    def home(self) -> str:
        """The relative address of the dashboard."""
        return "../" * (self.token.count("/") + 1)

    @property
    def action(self) -> str:
        """Which button was pressed."""
        return (self.form or {}).get("action", [""])[-1]

    def preferences(self, uid: str) -> str:
        """The relative address of the preferences page of a digest."""
        return f"{self.home}preferences/{self.keys.sign(Purpose.PREFERENCES, uid, self.now)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A page, a file, or with `location` the way to one."""

    body: str = ""
    status: HTTPStatus = HTTPStatus.OK
    media_type: str = HTML
    location: str = ""
    attachment: str = ""
    """The name under which a browser keeps the answer as a file."""
