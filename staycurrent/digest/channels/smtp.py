"""A mail server: one connection for many letters, with TLS that is verified or none at all where that was asked for.

`smtplib` does the talking; its parts are called one by one here, so that our book is written while the server thinks.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

from staycurrent.digest import replies
from staycurrent.digest.channels import Down, Letter, Outcome, Result
from staycurrent.digest.channels.server import Server, Tls

TIMEOUT = 60.0
"""Seconds without an answer. RFC 5321, section 4.5.3.2, would wait for minutes; a digest can come back later."""
CLOSING = 421
GO_AHEAD = 354
LOG_IN_FIRST = 530
"""RFC 4954, section 6."""
_SERVICE_LOST = (smtplib.SMTPServerDisconnected, OSError)


class Smtp:
    """A connection that is made when it is needed, and made again where it broke."""

    def __init__(self, server: Server, *, hello: str, timeout: float = TIMEOUT, context: ssl.SSLContext | None = None) -> None:
        self._server, self._hello, self._timeout = server, hello, timeout
        self._context = context or ssl.create_default_context()
        self._open: smtplib.SMTP | None = None

    def send(self, letter: Letter, ready: Callable[[], bool]) -> Outcome:
        """Hand a letter over. Raises `Down`."""
        may_go = lru_cache(maxsize=1)(ready)  # a server that hung up while we were idle is called again, `ready` is not
        was_open = self._open is not None
        try:
            return self._converse(self._connected(), letter, may_go)
        except _Dropped as drop:
            self._drop()
            if was_open and not drop.after_data and drop.at_start:
                return self._second(letter, may_go)
            return Outcome(Result.LATER, drop.words, broke=True)

    def _second(self, letter: Letter, may_go: Callable[[], bool]) -> Outcome:
        try:
            return self._converse(self._connected(), letter, may_go)
        except _Dropped as drop:
            self._drop()
            return Outcome(Result.LATER, drop.words, broke=True)

    def _converse(self, smtp: smtplib.SMTP, letter: Letter, may_go: Callable[[], bool]) -> Outcome:
        """MAIL, RCPT and DATA. The book is written while the server answers the first of them."""
        mail, rcpt = self._envelope(smtp, letter, may_go)
        if mail[0] == CLOSING:
            raise _Dropped(replies.shown(*mail), at_start=True)
        if not _is_fine(mail[0]):
            return self._sender_refused(*mail)
        with _lost("the connection broke before the letter"):
            if not may_go():
                smtp.rset()
                return Outcome(Result.HELD)
            if not _is_fine(rcpt[0]):
                return self._refused(*rcpt, at_recipient=True)
            code, text = smtp.docmd("data")
            if code != GO_AHEAD:
                return self._refused(code, _words(text), at_recipient=False)
        with _lost("the connection broke before the letter was acknowledged", after_data=True):
            smtp.send(_stuffed(letter.data))
            code, text = smtp.getreply()
        if _is_fine(code):
            return Outcome(Result.ACCEPTED, replies.shown(code, _words(text)))
        return self._refused(code, _words(text), at_recipient=False)

    @staticmethod
    def _envelope(smtp: smtplib.SMTP, letter: Letter, may_go: Callable[[], bool]) -> tuple[_Reply, _Reply]:
        """The replies to MAIL and RCPT, which go out together where the server takes that (RFC 2920)."""
        together = smtp.has_extn("pipelining")
        with _lost("the connection broke before the letter", at_start=True):
            smtp.putcmd("mail", f"FROM:<{letter.return_path}>")
            if together:
                smtp.putcmd("rcpt", f"TO:<{letter.recipient}>")
        go = may_go()
        with _lost("the connection broke before the letter", at_start=True):
            mail = _reply(smtp)
            if together and mail[0] != CLOSING:
                return mail, _reply(smtp)
            if not go or not _is_fine(mail[0]):
                return mail, mail
            smtp.putcmd("rcpt", f"TO:<{letter.recipient}>")
            return mail, _reply(smtp)

    def _sender_refused(self, code: int, text: str) -> Outcome:
        """Who refuses our return path refuses every letter, unless it is for a moment."""
        self._reset()
        if code < 500:  # noqa: PLR2004
            return Outcome(Result.LATER, replies.shown(code, text))
        said = "wants a log-in" if code == LOG_IN_FIRST else "refuses our return path"
        raise Down(f"the mail server {said}: {replies.shown(code, text)}")

    def _refused(self, code: int, text: str, *, at_recipient: bool) -> Outcome:
        result = replies.judge(code, text, at_recipient=at_recipient)
        outcome = Outcome(result, replies.shown(code, text), broke=code == CLOSING)
        if code == CLOSING:
            self._drop()
        elif code == LOG_IN_FIRST:  # no letter would do better
            self._drop()
            raise Down(f"the mail server wants a log-in: {replies.shown(code, text)}")
        else:
            self._reset()
        return outcome

    def _reset(self) -> None:
        try:
            if self._open:
                self._open.rset()
        except _SERVICE_LOST:
            self._drop()

    def _connected(self) -> smtplib.SMTP:
        """The connection, TLS and log-in done. Raises `Down`."""
        if self._open is None:
            try:
                self._open = self._connect()
            except ssl.SSLCertVerificationError as error:
                raise Down(f"the mail server's certificate is not valid for it: {error.verify_message}") from error
            except smtplib.SMTPNotSupportedError as error:
                raise Down(f"the mail server cannot do what is needed: {replies.clean(str(error))}") from error
            except smtplib.SMTPResponseException as error:
                raise Down(f"the mail server refuses us: {replies.shown(error.smtp_code, _words(error.smtp_error))}") from error
            except (smtplib.SMTPException, OSError) as error:
                raise Down(f"the mail server cannot be reached: {replies.clean(str(error)) or type(error).__name__}") from error
        return self._open

    def _connect(self) -> smtplib.SMTP:
        s = self._server
        smtp: smtplib.SMTP
        if s.tls is Tls.FROM_START:
            smtp = smtplib.SMTP_SSL(s.host, s.port, self._hello, timeout=self._timeout, context=self._context)
        else:
            smtp = smtplib.SMTP(s.host, s.port, self._hello, timeout=self._timeout)
        try:
            if s.tls is Tls.STARTTLS:
                smtp.starttls(context=self._context)
            smtp.ehlo_or_helo_if_needed()
            if s.user:
                smtp.login(s.user, s.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _drop(self) -> None:
        if self._open:
            self._open.close()
        self._open = None

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        if self._open:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._open.quit()
        self._drop()

    def check(self) -> None:
        """Connect, with TLS and log-in, and part. Raises `Down`."""
        self._connected()
        self.close()


class _Dropped(Exception):
    """The connection went away; `after_data` means that nobody knows whether the letter was accepted."""

    def __init__(self, words: str, *, at_start: bool = False, after_data: bool = False) -> None:
        super().__init__(words)
        self.words, self.at_start, self.after_data = words, at_start, after_data


@contextlib.contextmanager
def _lost(words: str, *, at_start: bool = False, after_data: bool = False) -> Iterator[None]:
    try:
        yield
    except (smtplib.SMTPException, OSError) as error:
        raise _Dropped(words, at_start=at_start, after_data=after_data) from error


_Reply: TypeAlias = tuple[int, str]


def _reply(smtp: smtplib.SMTP) -> _Reply:
    code, text = smtp.getreply()
    return code, _words(text)


def _is_fine(code: int) -> bool:
    return 200 <= code < 300  # noqa: PLR2004 - RFC 5321, section 4.2.1


def _stuffed(data: bytes) -> bytes:
    """The letter as DATA wants it: a dot more before a line that begins with one, and the end (RFC 5321, section 4.5.2)."""
    end = b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"
    return (b"." if data.startswith(b".") else b"") + data.replace(b"\r\n.", b"\r\n..") + end


def _words(text: bytes | str) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "replace")
