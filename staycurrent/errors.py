"""Every error that the product raises on purpose, and nothing else.

    StaycurrentError                 one clear line for the person; exit status in `exit_status`
    ├── UsageError                   the call was wrong (exit 2)
    │   └── SettingsError            a setting or a settings file is wrong (exit 2)
    ├── StoreError                   the database cannot be used (exit 1)
    │   ├── SchemaError              its schema is older or newer than this program
    │   └── NotFound                 no such item
    ├── ModelError                   the classifier's model file is missing or not one of ours (exit 1)
    └── FetchError                   a source could not be read; a value of its run, with a `reason`
        ├── Timeout                  no answer, or not to its end, in time                     transient
        ├── ConnectionFailed         refused, reset, or no such host                            transient
        ├── Throttled                429 or 503; `retry_after` in seconds where it was given    transient
        ├── ServerFault              another 5xx                                                transient
        ├── Incomplete               the body ends before its end                               transient
        ├── Forbidden                401, 403: asking again would be an attack                  parks the source
        ├── UnexpectedStatus         any other status
        ├── UnexpectedContent        not what this source sends: an HTML page, garbage
        ├── TooLarge                 over the size cap, packed or unpacked
        ├── Unsafe                   a redirect or an address that leads where it must not
        └── Empty                    a well-formed answer without the entries that must be there

Transient errors are retried within bounds by `collector.fetch` before anyone else sees them.
"""

from __future__ import annotations


class StaycurrentError(Exception):
    """Root of the tree. The message is one line that says what is wrong and what to do."""

    exit_status = 1


class UsageError(StaycurrentError):
    exit_status = 2


class SettingsError(UsageError):
    pass


class StoreError(StaycurrentError):
    pass


class SchemaError(StoreError):
    pass


class NotFound(StoreError):
    pass


class ModelError(StaycurrentError):
    pass


class FetchError(StaycurrentError):
    """A source could not be read. `url` never carries credentials or a query with secrets."""

    reason = "failed"
    transient = False

    def __init__(self, message: str, *, url: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.url = url
        self.retry_after = retry_after


class Timeout(FetchError):
    reason = "timeout"
    transient = True


class ConnectionFailed(FetchError):
    reason = "connection"
    transient = True


class Throttled(FetchError):
    reason = "throttled"
    transient = True


class ServerFault(FetchError):
    reason = "server"
    transient = True


class Incomplete(FetchError):
    reason = "incomplete"
    transient = True


class Forbidden(FetchError):
    reason = "forbidden"


class UnexpectedStatus(FetchError):
    reason = "status"


class UnexpectedContent(FetchError):
    reason = "content"


class TooLarge(FetchError):
    reason = "too-large"


class Unsafe(FetchError):
    reason = "unsafe"


class Empty(FetchError):
    reason = "empty"
