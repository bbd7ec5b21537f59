"""Asking a language model: the protocol, both ways to write the address, and every fault as an error of ours."""

from __future__ import annotations

import gzip
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from collector.llm import MAX_BYTES, LanguageModel
from staycurrent import errors
from staycurrent.errors import FetchError
from tests.classifier.llm_server import Reply, fails, says, serving

# Its sibling: pytest's importlib mode puts no test folder on the path.
sys.path.insert(0, str(Path(__file__).parent))
from faulty_server import FaultyServer, drip_head

MESSAGES = [{"role": "system", "content": "Rules"}, {"role": "user", "content": "A paper, très long"}]
KEY = "sk-very-secret"


def test_the_request_is_what_every_such_endpoint_takes() -> None:
    with serving(lambda _: says("hello")) as there, LanguageModel(there.base + "/v1/", "small", key=KEY) as ask:
        assert ask(MESSAGES) == "hello"
    ((path, headers, document),) = there.asked
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert (document["model"], document["messages"], document["temperature"]) == ("small", MESSAGES, 0)
    assert document["max_tokens"] > 0


@pytest.mark.parametrize("path", ["/chat/completions", "/v1/chat/completions"])
def test_the_address_may_leave_out_the_version(path: str) -> None:
    with serving(lambda _: says("hello")) as there, LanguageModel(there.base, "small") as ask:
        there.path = path
        assert [ask(MESSAGES), ask(MESSAGES)] == ["hello", "hello"]
    assert [asked[0] for asked in there.asked] == [path, path]
    assert "Authorization" not in there.asked[0][1], "no key, no header"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (fails(500), errors.ServerFault),
        (fails(429, Retry_After="7"), errors.Throttled),
        (fails(503), errors.Throttled),
        (fails(401), errors.Forbidden),
        (fails(400), errors.UnexpectedStatus),
        (fails(404), errors.UnexpectedStatus),
        (fails(302, Location="http://169.254.169.254/"), errors.UnexpectedStatus),
        (fails(200, b"<html>Sign in</html>"), errors.UnexpectedContent),
        (fails(200, b"[" * 100_000), errors.UnexpectedContent),
        (fails(200, b'{"choices": []}'), errors.UnexpectedContent),
        (fails(200, b'{"choices": [{"message": {"content": null}}]}'), errors.UnexpectedContent),
        (fails(200, b'{"choices": 7}'), errors.UnexpectedContent),
        (fails(200, gzip.compress(b"{}"), Content_Encoding="gzip"), errors.UnexpectedContent),
        (fails(200, b" " * (MAX_BYTES + 1)), errors.TooLarge),
        (fails(200, b"{}", Content_Length="9"), errors.FetchError),
    ],
)
def test_a_fault_is_an_error_of_ours_without_key_or_prompt(reply: Reply, error: type[FetchError]) -> None:
    with (
        serving(lambda _: reply) as there,
        LanguageModel(there.base, "small", key=KEY, seconds=5) as ask,
        pytest.raises(error) as caught,
    ):
        ask(MESSAGES)
    assert len(there.asked) == 1, "asked once: a second request would cost a second time"
    assert KEY not in str(caught.value)
    assert "très" not in str(caught.value)


def test_what_a_throttled_endpoint_asks_for_is_told() -> None:
    with (
        serving(lambda _: fails(429, Retry_After="7")) as there,
        LanguageModel(there.base, "small") as ask,
        pytest.raises(errors.Throttled) as caught,
    ):
        ask(MESSAGES)
    assert caught.value.retry_after == 7


def test_one_that_does_not_answer_is_given_up() -> None:
    over = threading.Event()

    def never(_: dict[str, Any]) -> Reply:
        over.wait(10)
        return says("late")

    with serving(never) as there, LanguageModel(there.base, "small", seconds=0.1) as ask:
        with pytest.raises(errors.Timeout):
            ask(MESSAGES)
        over.set()


def test_one_that_drips_is_given_up() -> None:
    times = iter(range(0, 1000, 40))
    with (
        serving(lambda _: says("x" * 200_000)) as there,
        LanguageModel(there.base, "small", monotonic=lambda: float(next(times))) as ask,
        pytest.raises(errors.Timeout),
    ):
        ask(MESSAGES)


def test_one_whose_head_drips_is_given_up() -> None:
    began = time.monotonic()
    with FaultyServer() as there, LanguageModel(there.base + "/v1", "small", seconds=0.1) as ask:
        there.on("/v1/chat/completions", drip_head)
        with pytest.raises(errors.Timeout, match=r"did not finish in 0\.1 s"):
            ask(MESSAGES)
    assert time.monotonic() - began < 5


def test_an_endpoint_that_is_not_there_is_an_error_of_ours() -> None:
    with LanguageModel("http://127.0.0.1:9", "small") as ask, pytest.raises(errors.ConnectionFailed):
        ask(MESSAGES)


def test_a_key_that_no_header_can_hold_is_not_shown() -> None:
    with LanguageModel("http://127.0.0.1:9", "small", key="sk\nsecret") as ask, pytest.raises(FetchError) as caught:
        ask(MESSAGES)
    assert "secret" not in repr(caught.value)
