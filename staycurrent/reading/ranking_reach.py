"""How many readers a paper is of use to: a fixed judgement of topics, and what its abstract is about.

The tiers follow one rule and no month: whoever learns AI today builds on language models that are trained to follow, to
reason and to act. What makes such models and agents is of use to all of them; what goes on inside and around them to many;
a single modality or a field of application to the readers of that field.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

CENTRAL = frozenset(
    {
        *("open-llms", "llm-pretraining-data", "scaling-moe", "instruction-rlhf", "reasoning-training", "long-context"),
        *("prompting-reasoning-chains", "memory-planning", "rag", "tool-use", "multi-agent", "coding-agents"),
        *("gui-web-agents", "agentic-rl"),
    }
)
"""Topics that count in full: making language models, their reasoning, and agents."""
NEAR = frozenset(
    {
        *("peft-lora", "quantization-compression", "llm-interpretability-knowledge", "encoders-bert-embeddings", "nlp-tasks"),
        *("efficient-inference", "agent-alignment-safety", "llm-agent-evaluation", "world-models"),
        *("transformer-architecture", "state-space-models", "embodied-agents", "multimodal-understanding"),
    }
)
"""Topics that count half: inside and around them."""
SECOND = 0.8
"""What a second topic counts for beside the primary one."""
TOPIC_SHARE = 0.75
"""The rest is for an abstract that speaks of language models, whatever topic it was given."""


def reach(topics: Sequence[str], abstract: str) -> float:
    """From 0 to 1; the topics stand with the primary one first."""
    return TOPIC_SHARE * max(_values(topics), default=0.0) + (1 - TOPIC_SHARE) * of_language_models(abstract)


def of_topic(topics: Sequence[str]) -> str | None:
    """The topic that counts, the primary one or the second; None where neither is of wide interest."""
    values = list(_values(topics))
    best = max(values, default=0.0)
    return topics[values.index(best)] if best else None


def _values(topics: Sequence[str]) -> Iterator[float]:
    yield from (share * tier(t) for share, t in zip((1.0, SECOND), topics, strict=False))


def tier(topic: str) -> float:
    """What a topic counts for: 1, 0.5 or 0."""
    return 1.0 if topic in CENTRAL else 0.5 if topic in NEAR else 0.0


def of_language_models(abstract: str) -> bool:
    """Whether an abstract speaks of language models."""
    return "LLM" in abstract or "language model" in abstract.lower()
