"""What this installation does about mail, as the web process knows it by its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from staycurrent.digest.tokens import Keys, load_keys
from staycurrent.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """`folder` is where mails lie as files while there is no server for them."""

    by_server: bool
    folder: Path
    public_url: str
    secret: str
    data_dir: Path
    footer: str = ""

    @classmethod
    def of(cls, given: Settings) -> Desk:
        """The desk by these settings."""
        return cls(
            by_server=bool(given.smtp_url.get_secret_value()),
            folder=given.mail_dir or given.data_dir / "mail",
            public_url=given.public_url,
            secret=given.secret_key.get_secret_value(),
            data_dir=given.data_dir,
            footer=given.mail_footer,
        )

    @property
    def keys(self) -> Keys:
        """The keys that sign tokens. Raises `SettingsError`, `StoreError`."""
        return load_keys(self.secret, self.data_dir)
