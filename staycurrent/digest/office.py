"""What every message of this installation has: its sender, its addresses, its ids. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from staycurrent.digest import addresses
from staycurrent.digest.tokens import Keys, Purpose
from staycurrent.digest.types import Envelope
from staycurrent.store.deliveries import Claim, What

_TAG = re.compile(r"\+([0-9a-f]{32})\.([0-9a-f]{12})@")
_ID = re.compile(r"<([0-9a-f]{32})@")


@dataclass(frozen=True, slots=True)
class Office:
    """`sender` is what From says; `bounces` an address whose `+tag` forms arrive at `digest bounce`, or empty."""

    sender: str
    public_url: str
    keys: Keys
    bounces: str = ""
    footer: str = ""
    """Lines at the end of every mail."""

    @property
    def mailbox(self) -> str:
        """The sender's bare address."""
        return parseaddr(self.sender)[1]

    @property
    def host(self) -> str:
        """The sender's domain: that of Message-IDs and of the list."""
        return self.mailbox.rpartition("@")[2]

    def link(self, purpose: Purpose, payload: object, now: datetime) -> str:
        """The address of a page that a token opens."""
        return f"{self.public_url}/{purpose}/{self.keys.sign(purpose, payload, now)}"

    def envelope(self, claim: Claim) -> Envelope:
        """The envelope of a delivery; the same for the same delivery, however often it is tried."""
        preferences = self.link(Purpose.PREFERENCES, claim.uid, claim.due_at)
        confirm, decline = preferences if claim.what is What.LINK else "", ""
        if claim.what is What.CONFIRMATION:
            confirm = self.link(Purpose.CONFIRM, [claim.uid, int(claim.asked_at.timestamp())], claim.asked_at)
            address = addresses.known(claim.kind, claim.address or "")
            decline = self.link(Purpose.DECLINE, [claim.uid, addresses.hashes(self.keys, address)[0]], claim.due_at)
        return Envelope(
            recipient=claim.address or "",
            sender=self.sender,
            return_path=self.return_path(claim.key),
            message_id=f"<{claim.key}@{self.host}>",
            date=claim.due_at,
            list_id=f"staycurrent digest <digest.{self.host}>",
            preferences_url=preferences,
            unsubscribe_url=self.link(Purpose.UNSUBSCRIBE, claim.uid, claim.due_at),
            confirm_url=confirm,
            decline_url=decline,
        )

    def return_path(self, key: str) -> str:
        """Where a bounce goes: VERP with a signature, so that nobody can make up bounces of others."""
        if not self.bounces:
            return self.mailbox
        local, _, domain = self.bounces.rpartition("@")
        return f"{local}+{key}.{_signature(self.keys.values[0], key)}@{domain}"

    def delivery_of(self, text: str) -> str | None:
        """The delivery whose return path stands in a text, None where there is none of ours."""
        for key, signature in _TAG.findall(text):
            if any(hmac.compare_digest(signature, _signature(k, key)) for k in self.keys.values):
                return str(key)
        return None

    def delivery_of_id(self, text: str) -> str | None:
        """The delivery whose Message-ID stands in a text. It is not signed: whoever was forwarded a mail knows it."""
        found = _ID.search(text)
        return found[1] if found else None


def delivery_key(uid: str, period: str) -> str:
    """The name of a delivery, the same whenever it is made: 32 hexadecimal digits."""
    return hashlib.sha256(f"{uid} {period}".encode()).hexdigest()[:32]


def _signature(secret: str, key: str) -> str:
    return hmac.new(secret.encode(), f"bounce:{key}".encode(), hashlib.sha256).hexdigest()[:12]
