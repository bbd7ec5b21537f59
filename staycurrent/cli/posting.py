"""What the commands of mail are composed of: the keys, the sender, the channels."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

from staycurrent.cli.context import App
from staycurrent.digest import deliver, queueing
from staycurrent.digest.channels import Channel
from staycurrent.digest.channels import server as servers
from staycurrent.digest.channels.folder import Folder
from staycurrent.digest.channels.smtp import Smtp
from staycurrent.digest.channels.webhook import Webhook
from staycurrent.digest.deliver import Report
from staycurrent.digest.office import Office
from staycurrent.digest.tokens import Keys, load_keys
from staycurrent.store import editions
from staycurrent.store import engine as database
from staycurrent.store.subscribers import Kind

log = logging.getLogger("staycurrent")
WORDS_KEPT = timedelta(days=14)
"""For which the words of an edition are kept; what was in it is kept for good."""


def keys(app: App) -> Keys:
    """The keys that sign tokens."""
    return load_keys(app.settings.secret_key.get_secret_value(), app.settings.data_dir)


def office(app: App) -> Office:
    """Sender and links."""
    s = app.settings
    url = s.public_url or f"http://{'127.0.0.1' if s.is_loopback else s.host}:{s.port}"
    sender = s.mail_from or f"staycurrent <digest@{_domain(url)}>"
    return Office(sender, url, keys(app), parseaddr(s.mail_bounces)[1], s.mail_footer)


def _domain(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return host if "." in host and not host.replace(".", "").isdigit() else "staycurrent.invalid"


def channels(app: App) -> Mapping[Kind, Channel]:
    """The mail server of the settings, else the folder; and webhooks."""
    return {Kind.MAIL: _mail(app), Kind.WEBHOOK: Webhook()}


def _mail(app: App) -> Channel:
    url = app.settings.smtp_url.get_secret_value()
    if not url:
        return Folder(app.settings.mail_dir or app.settings.data_dir / "mail")
    return Smtp(servers.parse(url), hello=office(app).host)


def way_out(app: App) -> str:
    """Where mails go, for people."""
    if app.settings.smtp_url.get_secret_value():
        return f"by {servers.parse(app.settings.smtp_url.get_secret_value()).host}"
    return f"as files to {app.settings.mail_dir or app.settings.data_dir / 'mail'}"


def send(app: App, start: float = 0.0) -> Report:
    """Send what waits, from that part of the letters on; see `deliver`."""
    rate = app.settings.mail_rate if app.settings.smtp_url.get_secret_value() else 0.0
    return deliver.deliver(app.engine, channels(app), office(app), app.clock, rate=rate, start=start)


def send_due(app: App, start: float = 0.0) -> None:
    """The scheduled job: note what is due, send what waits, and put old words away."""
    now = app.clock()
    queueing.queue_due(app.engine, now)
    report = send(app, start)
    with database.writing(app.engine) as session:
        editions.put_away(session, now - WORDS_KEPT)
    if report.sent or report.later or report.dead:
        log.info("mail: %d sent, %d later, %d given up", report.sent, report.later, report.dead)
    if report.stopped:
        log.warning("mail: stopped: %s", report.stopped)
