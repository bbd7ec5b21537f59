"""What no log line may hold: mail addresses, tokens, credentials in addresses, what people search for.

It errs on the side of too much: a line that says less is better than one that says whom.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

MAIL, SECRET, QUERY, TOKEN = "[mail]", "[secret]", "[query]", "[token]"
SHORTEST_SECRET = 4
"""A shorter one would take ordinary words out of every line, and is none."""
LONGEST = 20_000
"""Characters of one value; the rest is cut off. No pattern below takes more than linear time for it."""
_NAMES = "authorization|cookie|password|passwd|passphrase|secret|token|api[_-]?key|credentials?"
_SILENT_KEYS = re.compile(
    rf"(?:.*[_-])?(?:{_NAMES}|mail|email|address|query|search|recipient|subscriber|client|ip)", re.IGNORECASE
)
_WORD = r"[^\s@<>\"'(),:;\[\]=/]"
_LOCAL = r"[^\s@<>\]]"
"""What may stand before the @: RFC 5322 allows quotes, slashes and equals signs there."""
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # SQLAlchemy shows what it was about to write.
    (re.compile(r"\[parameters: [^\n]*"), "[parameters hidden]"),
    (re.compile(r"(?<=://)[^\s/?#]*@"), f"{SECRET}@"),
    (re.compile(r"\b(Bearer|Basic|Digest|Negotiate)\s+[^\s,;\"']+", re.IGNORECASE), rf"\1 {SECRET}"),
    (re.compile(r"(/(?:confirm|unsubscribe|subscription|preferences)/)[^\s/?#\"']+"), rf"\1{TOKEN}"),
    (
        re.compile(rf"\b((?:\w+[_-])?(?:{_NAMES}))([\"']?\s*[=:]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s,;&]+)", re.IGNORECASE),
        rf"\1\2{SECRET}",
    ),
    (re.compile(r"\b(?:hf|sk|pk|gh[opsu]|glpat|xox[abp])[_-][A-Za-z0-9_-]{12,200}"), SECRET),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{6,2000}(?:\.[A-Za-z0-9_-]+){1,2}"), TOKEN),
    (re.compile(rf"\"[^\"\n]{{1,64}}\"@{_WORD}+"), MAIL),
    (re.compile(rf"(?<!{_LOCAL}){_LOCAL}+(?:@|%40)[^\s<>]+"), MAIL),
)
_ASKED = re.compile(r"(?<!\S)([^\s?]*)\?\S+")
"""A word with a question mark inside; where a slash stands before it, it is an address and its query."""


class Redactor:
    """A processor of structlog. Texts are looked through, and whatever a telling name holds is left out."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: object, _method: str, event: Any) -> Any:
        return {key: self._value(str(key), value) for key, value in event.items()}

    def text(self, said: str) -> str:
        """The text without what is nobody's business."""
        said = said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
        if self._known:
            said = self._known.sub(SECRET, said)
        said = _ASKED.sub(lambda found: f"{found[1]}?{QUERY}" if "/" in found[1] else found[0], said)
        for pattern, instead in _RULES:
            said = pattern.sub(instead, said)
        return said

    def _value(self, key: str, value: object) -> object:
        if _SILENT_KEYS.fullmatch(key) and value is not None:
            return SECRET
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(k): self._value(str(k), v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value("", v) for v in value]
        return self.text(str(value))
