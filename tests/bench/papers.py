"""Invented arXiv papers in any number: words by Zipf's law, the same for the same number, as OAI-PMH pages."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from staycurrent import roadmap

FIRST_DAY = date(2024, 1, 1)
PAGE = 2500
_SYLLABLES = tuple("ba ce di fo gu la me ni po ru sa te vi wo xu za bre cli dro fle gri".split())  # noqa: SIM905


def vocabulary(size: int = 20_000) -> list[str]:
    """Words, the frequent ones first; the first are the topics' own, so that the classifier has something to go by."""
    dice = random.Random(1)
    words = [w.lower() for t in roadmap.topics().values() for w in t.name.en.split()]
    words += ["the", "of", "and", "we", "a", "to", "in", "for", "model", "learning", "data", "with", "method", "results"]
    while len(words) < size:
        words.append("".join(dice.choice(_SYLLABLES) for _ in range(dice.randint(2, 4))))
    return words


class Papers:
    """`texts(n)` gives title and abstract of paper number n, at 150 words like a real one."""

    def __init__(self) -> None:
        self.words = vocabulary()
        self._weights = [1 / (rank + 10) for rank in range(len(self.words))]
        dice = random.Random(2)
        # Drawing word by word is slow; abstracts are cut out of one long sequence instead.
        self._stream = dice.choices(self.words, self._weights, k=2_000_000)

    def text(self, number: int) -> tuple[str, str]:
        start = (number * 7919) % (len(self._stream) - 200)
        words = self._stream[start : start + 165]
        return " ".join(words[:10]).capitalize(), " ".join(words[10:]).capitalize() + "."

    def day(self, number: int, total: int) -> date:
        """Papers are spread evenly over 720 days."""
        return FIRST_DAY + timedelta(days=number * 720 // max(total, 1))

    def record(self, number: int, total: int) -> str:
        title, abstract = self.text(number)
        day = self.day(number, total)
        submitted = (day - timedelta(days=1)).strftime("%a, %d %b %Y 15:00:00 GMT")
        paper_id = f"{day:%y%m}.{number % 100_000:05d}" if total <= 100_000 else f"{day:%y%m}.{number % 99_999 + 1:05d}"
        return (
            f"<record><header><identifier>oai:arXiv.org:{paper_id}</identifier><datestamp>{day}</datestamp>"
            "<setSpec>cs:cs:LG</setSpec></header><metadata>"
            f'<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{paper_id}</id><submitter>Ada</submitter>'
            f'<version version="v1"><date>{submitted}</date><size>100kb</size></version><title>{title}</title>'
            "<authors>Ada Example, B&#233;la Beispiel, Chidi Muster</authors><categories>cs.LG cs.CL</categories>"
            f"<abstract>  {abstract}</abstract></arXivRaw></metadata></record>"
        )

    def pages(self, total: int) -> Iterator[bytes]:
        """The answers to ListRecords and its resumption tokens."""
        for start in range(0, total, PAGE):
            stop = min(start + PAGE, total)
            records = "".join(self.record(n, total) for n in range(start, stop))
            token = f"<resumptionToken>t{stop}</resumptionToken>" if stop < total else "<resumptionToken/>"
            yield (
                '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
                "<responseDate>2026-05-20T06:00:00Z</responseDate><request/>"
                f"<ListRecords>{records}{token}</ListRecords></OAI-PMH>"
            ).encode()
