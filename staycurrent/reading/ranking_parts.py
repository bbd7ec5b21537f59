"""The parts of a score. Each is a pure function into [0, 1], with its weight and its words in one table, `PARTS`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from staycurrent import roadmap
from staycurrent.reading import reasons
from staycurrent.reading.ranking_crowd import Crowd
from staycurrent.reading.ranking_reach import of_topic
from staycurrent.reading.ranking_reach import reach as reach_of
from staycurrent.reading.reasons import SOURCE_NAMES as SOURCE_NAMES
from staycurrent.types import LLM, READER, Candidate

_SURVEY = re.compile(r"\b(?:survey|review|advances and challenges|tutorial)\b", re.IGNORECASE)
_REPORT = re.compile(r"\btechnical report\b", re.IGNORECASE)
UNSURE = 0.3
"""What a level that the classifier is unsure of counts for."""
OTHER_LAB = 0.6
"""What a lab counts for that the roadmap does not tell the learner to watch."""
INFERRED = 0.8
"""What evidence of a lab counts for that nobody states: a team's name among the authors, a third party's feed."""
BARE_CODE = 0.4
"""What code without a star counts for."""
MANY_COMMENTS, HALF_VOTES, HALF_STARS = 4, 50, 500
"""So many comments count in full; so many votes or stars gained count half."""


@dataclass(frozen=True, slots=True)
class PartRule:
    """A part: its weight, what it looks at, its value in [0, 1] or None where it has nothing to say, and its reason."""

    weight: float
    about: str
    value: Callable[[Candidate, Crowd], float | None]
    words: Callable[[Candidate], str]


def reach(candidate: Candidate, rivals: Crowd) -> float | None:
    return reach_of(candidate.topics, candidate.abstract) or None


def reach_words(candidate: Candidate) -> str:
    topic = of_topic(candidate.topics)
    return reasons.REACH.say(topic=topic_name(topic)) if topic else reasons.REACH_BARE.say()


def votes(candidate: Candidate, rivals: Crowd) -> float | None:
    return rivals.standing(candidate) if candidate.votes else None


def votes_words(candidate: Candidate) -> str:
    return reasons.VOTES.say(candidate.votes or 0)


def sources(candidate: Candidate, rivals: Crowd) -> float | None:
    several = len(_kinds(candidate))
    return 1 - 0.4 ** (several - 1) if several > 1 else None


def sources_words(candidate: Candidate) -> str:
    return reasons.SOURCES.say(len(_kinds(candidate)), sources=", ".join(_source_name(s) for s in candidate.sources))


def _kinds(candidate: Candidate) -> set[str]:
    return {s.split(":")[0] for s in candidate.sources}


def _source_name(source: str) -> str:
    if source.startswith("lab:"):
        slug = source.removeprefix("lab:")
        known = roadmap.labs().get(slug)
        return reasons.FEED.say(lab=known.name if known else slug)
    return SOURCE_NAMES.get(source, source)


def lab(candidate: Candidate, rivals: Crowd) -> float | None:
    return max((_lab_value(candidate, slug) for slug in candidate.labs), default=0.0) or None


def lab_words(candidate: Candidate) -> str:
    best = max(candidate.labs, key=lambda slug: _lab_value(candidate, slug))
    wording = reasons.LAB_PROBABLY if best in candidate.inferred_labs else reasons.LAB
    return wording.say(lab=roadmap.labs()[best].name)


def _lab_value(candidate: Candidate, slug: str) -> float:
    known = roadmap.labs().get(slug)
    if known is None:
        return 0.0
    return (1.0 if known.watched else OTHER_LAB) * (INFERRED if slug in candidate.inferred_labs else 1.0)


def discussion(candidate: Candidate, rivals: Crowd) -> float | None:
    return min(1.0, candidate.comments / MANY_COMMENTS) if candidate.comments and candidate.comments > 0 else None


def discussion_words(candidate: Candidate) -> str:
    return reasons.DISCUSSION.say(candidate.comments or 0)


def code(candidate: Candidate, rivals: Crowd) -> float | None:
    if not candidate.has_code:
        return None
    return BARE_CODE + (1 - BARE_CODE) * rivals.star_standing(candidate) if candidate.stars else BARE_CODE


def code_words(candidate: Candidate) -> str:
    return reasons.CODE_STARRED.say(candidate.stars) if candidate.stars else reasons.CODE.say()


def fit(candidate: Candidate, rivals: Crowd) -> float | None:
    return candidate.confidence * (UNSURE if candidate.unsure else 1.0)


def fit_words(candidate: Candidate) -> str:
    """Whose level it is, where it is not the model's: a person's word is no probability."""
    level, share = str(candidate.level), f"{candidate.confidence:.0%}"
    if candidate.origin == READER:
        return reasons.FIT_BY_READER.say(level=level)
    if candidate.origin and candidate.origin.startswith(LLM):
        return reasons.FIT_BY_MODEL.say(level=level, model=candidate.origin.removeprefix(LLM))
    return (reasons.FIT_UNSURE if candidate.unsure else reasons.FIT).say(level=level, share=share)


def form(candidate: Candidate, rivals: Crowd) -> float | None:
    return 1.0 if form_words(candidate) else None


def form_words(candidate: Candidate) -> str:
    """Empty for what is neither."""
    if _SURVEY.search(candidate.title):
        return reasons.SURVEY.say()
    return reasons.REPORT.say() if _REPORT.search(candidate.title) else ""


def growth(candidate: Candidate, rivals: Crowd) -> float | None:
    gained = ((candidate.votes_gained, HALF_VOTES), (candidate.stars_gained, HALF_STARS))
    return max(n / (n + half) if n > 0 else 0.0 for n, half in gained) or None


def growth_words(candidate: Candidate) -> str:
    counts = ((reasons.MORE_VOTES, candidate.votes_gained), (reasons.MORE_STARS, candidate.stars_gained))
    gained = [wording.say(n) for wording, n in counts if n > 0]
    if len(gained) > 1:
        return reasons.GROWTH_BOTH.say(gained=gained[0], gained_too=gained[1])
    return reasons.GROWTH.say(gained=gained[0]) if gained else ""


def novelty(candidate: Candidate, rivals: Crowd) -> float | None:
    """The hundredth paper on a topic tells a reader less than the first."""
    if not candidate.topics or not rivals.size:
        return None
    share = rivals.topics[candidate.topics[0]] / rivals.size
    return min(1.0, -math.log10(max(share, 1e-3)) / 3)


def novelty_words(candidate: Candidate) -> str:
    return reasons.NOVELTY.say(topic=topic_name(candidate.topics[0]))


def age(candidate: Candidate, rivals: Crowd) -> float | None:
    span = (rivals.last - rivals.first).days
    return (candidate.listed_on - rivals.first).days / span if span else None


def age_words(candidate: Candidate) -> str:
    return reasons.AGE.say(day=reasons.day_text(candidate.listed_on))


def topic_name(slug: str) -> str:
    """The name of a topic, or its slug where the roadmap no longer has it."""
    topic = roadmap.topics().get(slug)
    return topic.name.en if topic else slug


PARTS: dict[str, PartRule] = {
    "reach": PartRule(0.34, "topic of wide interest: language models, reasoning, agents", reach, reach_words),
    "votes": PartRule(0.22, "Hugging Face votes, against those of the items listed on the same day", votes, votes_words),
    "sources": PartRule(0.12, "how many kinds of source saw it", sources, sources_words),
    "lab": PartRule(0.10, "evidence of a lab; less where it is inferred or not one of the watched", lab, lab_words),
    "discussion": PartRule(0.06, "comments on Hugging Face", discussion, discussion_words),
    "code": PartRule(0.04, "code at hand, and its stars against those of the same days", code, code_words),
    "fit": PartRule(0.04, "how sure the level is", fit, fit_words),
    "form": PartRule(0.03, "a survey or a technical report", form, form_words),
    "growth": PartRule(0.02, "votes and stars gained since they were first seen", growth, growth_words),
    "novelty": PartRule(0.02, "how rare the primary topic is in the period", novelty, novelty_words),
    "age": PartRule(0.01, "how late in the period it was listed", age, age_words),
}
"""Every part; the weights sum to 1, so a score lies in [0, 1]. docs/ranking.md tells how they were chosen."""
