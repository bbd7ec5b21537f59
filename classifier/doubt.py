"""Documents on which the model must not be sure whatever it computes: it has learned from English abstracts only."""

from __future__ import annotations

from staycurrent.types import Document, Kind

from .features import MOST_CHARACTERS, words

FEWEST_WORDS = 20
"""Of title and abstract together; the shortest labelled abstract has more."""
LEAST_LATIN = 0.8
LEAST_ENGLISH = 0.06
"""Share of the words below: 0.19 in the median of 27,000 English abstracts, never under 0.067; 0 in German or French."""

# Words that no other language written in Latin letters shares with English (so not "in", "an", "a", "was").
_ENGLISH = frozenset(
    word
    for line in (
        "the of and to for with that this is are we by from which our these",
        "their across between than while using without its",
    )
    for word in line.split()
)


def reason(document: Document) -> str | None:
    """Why nothing certain can be said about the document, or None."""
    if document.kind is Kind.POST:
        return "a post, not a paper: its wording is unlike that of the labelled papers"
    if not document.abstract.strip():
        return "no abstract"
    text = f"{document.title} {document.abstract}"[:MOST_CHARACTERS]
    found = words(text)
    if len(found) < FEWEST_WORDS:
        return f"too little text ({len(found)} words)"
    if not _is_english(text, found):
        return "the text does not look English"
    return None


def _is_english(text: str, found: list[str]) -> bool:
    if not text.isascii():
        letters = sum(map(str.isalpha, text))
        latin = sum(character.isascii() and character.isalpha() for character in text)
        if latin < LEAST_LATIN * letters:
            return False
    # Numbers belong to no language, and an abstract may be full of results.
    spoken = [word for word in found if word.isalpha()]
    return sum(word in _ENGLISH for word in spoken) > LEAST_ENGLISH * len(spoken)
