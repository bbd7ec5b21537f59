"""Every exception of httpx is one of ours."""

from __future__ import annotations

import httpx
import pytest

from collector.faults import FOREIGN_ERRORS, OUR_BUGS, foreign_errors
from staycurrent import errors


def _httpx_exceptions() -> set[type[Exception]]:
    return {kind for kind in vars(httpx).values() if isinstance(kind, type) and issubclass(kind, Exception)}


def test_every_exception_of_httpx_is_mapped_or_known_as_a_bug_of_ours() -> None:
    assert _httpx_exceptions() - {kind for kind, _, _ in FOREIGN_ERRORS} == set(OUR_BUGS)


def test_the_most_specific_exception_stands_first() -> None:
    kinds = [kind for kind, _, _ in FOREIGN_ERRORS]
    for place, kind in enumerate(kinds):
        assert not any(issubclass(later, kind) for later in kinds[place + 1 :]), kind


@pytest.mark.parametrize(("foreign", "ours"), [(kind, ours) for kind, ours, _ in FOREIGN_ERRORS])
def test_a_foreign_exception_becomes_ours(foreign: type[Exception], ours: type[errors.FetchError]) -> None:
    error = foreign.__new__(foreign)
    error.args = ("two\nlines",)
    with pytest.raises(errors.FetchError) as caught, foreign_errors(httpx.URL("https://me:pw@h.org/?key=1")):
        raise error
    assert type(caught.value) is ours
    assert "\n" not in str(caught.value)
    assert caught.value.url == "https://h.org/?key=hidden"
