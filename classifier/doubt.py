"""Documents on which the model must not be sure whatever it computes: it has learned from English abstracts only."""

from __future__ import annotations

from staycurrent.types import Document, Kind

from .features import MOST_CHARACTERS, words

FEWEST_WORDS = 20
"""Of title and abstract together; the shortest labelled abstract has more."""
LEAST_LATIN = 0.8
LEAST_ENGLISH = 0.04
"""Share of the English words below: 0.12 in the median of 34,800 English abstracts, under 0.04 in two of them; 0 in twelve
other languages."""
MOST_FOREIGN = 0.04
"""Share of the foreign words below: 0.036 at most in those abstracts; 0.2 in a German one with an English sentence."""
ADVERTISING = 3
"""So many of the words below make an announcement: one of those abstracts has as many."""

# Words that no other language written in Latin letters shares with English. Not "for" (Danish), "is" (Dutch), "to"
# (Polish), "by" (Czech), "are" (Romanian), "have" (Danish) and the like.
_ENGLISH = frozenset(
    word
    for line in (
        "the and that this with which from these their our while than without between using both such through",
        "when where into its they however",
    )
    for word in line.split()
)
# Words, accents taken off, that are frequent in one of these languages and next to absent from English abstracts.
_FOREIGN = frozenset(
    word
    for line in (
        "der und nicht eine einen mit fur von wir werden wird durch auf sind ein das",  # German
        "les est une dans pour avec nous sur los las para como della gli uma nao",  # French, Spanish, Italian, Portuguese
        "het een voor zijn wordt och att som av ikke og",  # Dutch, Swedish, Norwegian, Danish
        "jest nie oraz przez jsou ktere hogy egy azt yang untuk dengan bir icin",  # Polish, Czech, Hungarian, Malay, Turkish
    )
    for word in line.split()
)
_ADVERTISING = frozenset(
    word
    for line in (
        "introducing announce announces announced announcing launch launches launched launching waitlist pricing customers",
        "subscribers excited thrilled delighted partnership partnering partnered your rolling today signup upgrade app apps",
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
    if len(_ADVERTISING.intersection(found)) >= ADVERTISING:
        return "it reads like an announcement, not like a paper"
    return None


def _is_english(text: str, found: list[str]) -> bool:
    if not text.isascii():
        letters = sum(map(str.isalpha, text))
        latin = sum(character.isascii() and character.isalpha() for character in text)
        if latin < LEAST_LATIN * letters:
            return False
    # Numbers belong to no language, and an abstract may be full of results.
    spoken = [word for word in found if word.isalpha()]
    english = sum(word in _ENGLISH for word in spoken)
    foreign = sum(word in _FOREIGN for word in spoken)
    return english > LEAST_ENGLISH * len(spoken) and foreign < MOST_FOREIGN * len(spoken)
