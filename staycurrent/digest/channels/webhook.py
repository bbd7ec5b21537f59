"""Webhooks through apprise: Slack, Discord, Matrix, Telegram and the rest. Only the operator names their addresses."""

from __future__ import annotations

import logging
from collections.abc import Callable

from staycurrent.digest.channels import Letter, Outcome, Result


class Webhook:
    """One call a letter. Apprise says whether it went well, not why not; so every failure is tried again."""

    def send(self, letter: Letter, ready: Callable[[], bool]) -> Outcome:
        """Post the plain text; what is too long for a service is posted in parts."""
        from apprise import Apprise, NotifyFormat

        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs addresses, and they hold secrets
        if not ready():
            return Outcome(Result.HELD)
        service = Apprise()
        if not service.add(_in_parts(letter.recipient)):
            return Outcome(Result.NO_ADDRESS, "no address of a channel")
        sent = service.notify(body=letter.text, title=letter.subject, body_format=NotifyFormat.TEXT)
        return Outcome(Result.ACCEPTED, "posted") if sent else Outcome(Result.LATER, "the channel did not take it")

    def close(self) -> None:
        """Nothing is open."""


def _in_parts(url: str) -> str:
    if "overflow=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}overflow=split"
