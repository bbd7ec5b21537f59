"""The error tree is the one that its docstring draws."""

from __future__ import annotations

import re

from staycurrent import errors

DRAWN = re.findall(r"[├└]── (\w+)|^ {4}(\w+) ", errors.__doc__ or "", re.MULTILINE)


def raised() -> dict[str, type[errors.StaycurrentError]]:
    return {
        n: c for n, c in vars(errors).items() if isinstance(c, type) and issubclass(c, errors.StaycurrentError)
    }  # fmt: skip


def test_the_docstring_draws_every_error_once() -> None:
    names = [first or second for first, second in DRAWN]
    assert sorted(names) == sorted(raised())


def test_a_wrong_call_exits_with_2_and_everything_else_with_1() -> None:
    for error in raised().values():
        assert error.exit_status == (2 if issubclass(error, errors.UsageError) else 1)


def test_each_fetch_error_has_its_own_short_reason() -> None:
    reasons = [e.reason for e in raised().values() if issubclass(e, errors.FetchError)]
    assert len(set(reasons)) == len(reasons)
    assert all(re.fullmatch(r"[a-z-]{1,30}", reason) for reason in reasons), "it fits the column"


def test_only_what_may_pass_by_itself_is_transient() -> None:
    transient = {n for n, e in raised().items() if issubclass(e, errors.FetchError) and e.transient}
    assert transient == {"Timeout", "ConnectionFailed", "Throttled", "ServerFault", "Incomplete"}


def test_a_fetch_error_knows_where_and_when_to_ask_again() -> None:
    error = errors.Throttled("429", url="https://example.org/x", retry_after=30)
    assert (error.url, error.retry_after, error.reason) == ("https://example.org/x", 30, "throttled")
