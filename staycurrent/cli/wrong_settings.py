"""What settings say that only the code which uses them can judge: asked once, before a command does anything."""

from __future__ import annotations

from email.utils import parseaddr

from staycurrent.digest.channels import server as servers
from staycurrent.digest.tokens import load_keys
from staycurrent.errors import SettingsError
from staycurrent.settings import Settings


def refuse(given: Settings) -> None:
    """Raises `SettingsError` in one line, so that nothing is found out in the middle of the night."""
    if given.secret_key.get_secret_value():
        load_keys(given.secret_key.get_secret_value(), given.data_dir)
    for name, text in (("MAIL_FROM", given.mail_from), ("MAIL_BOUNCES", given.mail_bounces)):
        if text and "@" not in parseaddr(text)[1]:
            raise SettingsError(f"{name}: is not a mail address")
    if given.smtp_url.get_secret_value():
        servers.parse(given.smtp_url.get_secret_value())
        if not (given.mail_from and given.public_url):
            raise SettingsError("SMTP_URL needs MAIL_FROM, who sends, and PUBLIC_URL, where links lead")
