"""Asking a language model: one POST to an OpenAI-compatible endpoint, bounded in time and size, never asked twice here.

What fails is a `FetchError` whose message holds neither key nor prompt. The endpoint is the operator's, so it may be
private; it is not followed anywhere else.
"""

from __future__ import annotations

import io
import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import httpx

from collector.addresses import place, safe_url
from collector.deadline import Deadline, keep_to_deadlines
from collector.faults import foreign_errors, refusal
from staycurrent.clock import Clock, system_clock
from staycurrent.errors import FetchError, TooLarge, UnexpectedContent

log = logging.getLogger(__name__)

MAX_BYTES: Final = 1 << 20
MAX_TOKENS: Final = 1000
"""Of the answer: a level, some topics and a sentence need a hundred; models that think aloud need more."""
SECONDS: Final = 60.0
_CALL: Final = "/chat/completions"
_VERSIONED = re.compile(r"/v\d+$")
_NOT_THERE: Final = frozenset({404, 405})


class LanguageModel:
    """The endpoint, as a function of the messages; closed on leaving its context."""

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str = "",
        user_agent: str = "staycurrent",
        seconds: float = SECONDS,
        now: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        base = url.rstrip("/")
        # The address may be written with or without the version at its end; which one it was, its 404 tells.
        self._addresses = [base + _CALL] if _VERSIONED.search(base) else [base + _CALL, base + "/v1" + _CALL]
        self._model = model
        self._seconds = seconds
        self._now = now
        self._monotonic = monotonic
        headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "identity"}
        self._key = {"Authorization": f"Bearer {key}"} if key else {}
        # httpx logs whole URLs at INFO.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._client = httpx.Client(headers=headers, follow_redirects=False, timeout=httpx.Timeout(seconds, connect=10.0))
        keep_to_deadlines(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._client.close()

    def __call__(self, messages: Sequence[Mapping[str, str]]) -> str:
        """What the model answers. Raises `FetchError`."""
        asked = {"model": self._model, "messages": list(messages), "temperature": 0, "max_tokens": MAX_TOKENS}
        deadline = Deadline(self._seconds, self._monotonic)
        while True:
            url = httpx.URL(self._addresses[0])
            with (
                foreign_errors(url),
                deadline.running(url),
                self._client.stream("POST", url, json=asked, headers=self._key) as response,
            ):
                if response.status_code in _NOT_THERE and len(self._addresses) > 1:
                    self._addresses.pop(0)
                    continue
                return self._answer(response)

    def _answer(self, response: httpx.Response) -> str:
        url = response.request.url
        if not response.is_success:
            raise refusal(response.status_code, response.headers, url, self._now)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise UnexpectedContent(f"{place(url)} packs its answer, unasked", url=safe_url(url))
        whole = io.BytesIO()
        for chunk in response.iter_raw():
            whole.write(chunk)
            if whole.tell() > MAX_BYTES:
                raise TooLarge(f"more than {MAX_BYTES >> 20} MiB from {place(url)}", url=safe_url(url))
        return _said(whole.getvalue(), url)


def _said(body: bytes, url: httpx.URL) -> str:
    """The text in an answer, by the shape that all such endpoints share."""
    try:
        document: Any = json.loads(body)
        text = document["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, LookupError, TypeError):
        text = None
    if not isinstance(text, str):
        raise _odd(url)
    return text


def _odd(url: httpx.URL) -> FetchError:
    return UnexpectedContent(f"{place(url)} does not answer as a language model does", url=safe_url(url))
