"""The answers as JSON Schema (2020-12), beside the shapes of `staycurrent.shapes`; the tests hold the one to the other."""

from __future__ import annotations

from typing import Any

from staycurrent.store.trends import Step
from staycurrent.types import Kind, Role

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
DAY: Schema = {"type": "string", "format": "date"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
LEVEL: Schema = {"type": "integer", "minimum": 0, "maximum": 8}


def ref(name: str) -> Schema:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def many(schema: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": schema}


def maybe(schema: Schema) -> Schema:
    """What may be null: the source was silent."""
    return {**schema, "type": [schema["type"], "null"]}


def an_object(**properties: Schema) -> Schema:
    """An object of exactly these members."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_ITEM: Schema = {
    "id": TEXT,
    "arxiv_id": maybe(TEXT),
    "kind": {"type": "string", "enum": [k.value for k in Kind]},
    "title": TEXT,
    "authors": many(TEXT),
    "url": TEXT,
    "published": maybe(MOMENT),
    "updated": maybe(MOMENT),
    "listed": DAY,
    "version": WHOLE,
    "withdrawn": FLAG,
    "level": maybe(LEVEL),
    "confidence": maybe(SHARE),
    "unsure": FLAG,
    "corrected": FLAG,
    "topics": many(TEXT),
    "labs": many(TEXT),
    "sources": many(TEXT),
    "votes": maybe(WHOLE),
    "stars": maybe(WHOLE),
    "repositories": many(TEXT),
}
_DETAIL: Schema = {
    **_ITEM,
    "abstract": TEXT,
    "doi": maybe(TEXT),
    "categories": many(TEXT),
    "comment": maybe(TEXT),
    "topics": many(an_object(slug=TEXT, score=NUMBER)),
    "labs": many(an_object(lab=TEXT, method=TEXT, evidence=TEXT, confidence=SHARE)),
    "sightings": many(ref("Sighting")),
    "versions": many(an_object(version=WHOLE, submitted=MOMENT, withdrawn=FLAG)),
    "repositories": many(an_object(url=TEXT, stars=maybe(WHOLE), official=maybe(FLAG))),
    "metrics": many(an_object(source=TEXT, name=TEXT, day=DAY, value=WHOLE)),
    "probabilities": {"type": "object", "additionalProperties": SHARE},
    "explanation": many(an_object(kind=TEXT, text=TEXT, weight=NUMBER)),
    "model": maybe(TEXT),
    "model_level": maybe(LEVEL),
    "correction": maybe(an_object(level=LEVEL, why=TEXT, at=MOMENT)),
    "second_opinion": maybe(an_object(llm=TEXT, level=LEVEL, topics=many(TEXT), reason=TEXT, at=maybe(MOMENT))),
}
SCHEMAS: dict[str, Schema] = {
    "Item": an_object(**_ITEM),
    "ItemDetail": an_object(**_DETAIL),
    "Sighting": an_object(
        source=TEXT,
        key=TEXT,
        url=TEXT,
        seen=MOMENT,
        listed=maybe(DAY),
        announce_type=maybe(TEXT),
        organization=maybe(TEXT),
        votes=maybe(WHOLE),
        stars=maybe(WHOLE),
        comments=maybe(WHOLE),
    ),
    "ItemPage": an_object(query=TEXT, items=many(ref("Item")), cursor=maybe(TEXT), capped=FLAG),
    "Placed": an_object(
        rank=WHOLE,
        **_ITEM,
        score=NUMBER,
        why={"type": "object", "additionalProperties": TEXT},
        minutes=WHOLE,
        role={"type": "string", "enum": [r.value for r in Role]},
    ),
    "Reading": an_object(
        period=TEXT,
        frozen=FLAG,
        query=TEXT,
        items=many(ref("Placed")),
        one_level_up=many(ref("Placed")),
        landmark=maybe(
            an_object(
                title=TEXT,
                authors=many(TEXT),
                year=WHOLE,
                url=TEXT,
                arxiv_id=maybe(TEXT),
                level=LEVEL,
                topics=many(TEXT),
                minutes=WHOLE,
                why=TEXT,
            )
        ),
        notes=many(TEXT),
    ),
    "Trends": an_object(
        query=TEXT,
        by={"type": "string", "enum": [s.value for s in Step]},
        periods=many(an_object(period=TEXT, first=DAY, last=DAY, over=FLAG, items=WHOLE)),
        topics=many(an_object(slug=TEXT, items=many(WHOLE))),
        levels=many(an_object(level=LEVEL, items=many(WHOLE))),
        labs=many(an_object(lab=TEXT, items=WHOLE, topics={"type": "object", "additionalProperties": WHOLE})),
        halves=many(an_object(first=DAY, last=DAY, items=WHOLE)),
        comparable=FLAG,
        rising=many(an_object(slug=TEXT, before=WHOLE, now=WHOLE, ratio=NUMBER, low=NUMBER, high=NUMBER)),
    ),
    "Model": an_object(model=TEXT, labels=maybe(WHOLE), metrics=maybe({"type": "object"})),
    "Levels": an_object(
        levels=many(an_object(level=LEVEL, name=TEXT, short=TEXT, goal=TEXT, months=maybe({"type": "array", "items": WHOLE})))
    ),
    "Topics": an_object(topics=many(an_object(slug=TEXT, level=LEVEL, name=TEXT))),
    "Labs": an_object(labs=many(an_object(slug=TEXT, name=TEXT, watched=FLAG, url=maybe(TEXT)))),
    "Sources": an_object(
        sources=many(
            an_object(
                source=TEXT,
                kind=TEXT,
                title=TEXT,
                url=TEXT,
                lab=maybe(TEXT),
                official=FLAG,
                last_success=maybe(MOMENT),
                last_attempt=maybe(MOMENT),
                next_check=maybe(MOMENT),
                error=maybe(TEXT),
                error_count=WHOLE,
                outcome=maybe(TEXT),
                day=maybe(DAY),
                expected=maybe(WHOLE),
                stored=maybe(WHOLE),
                incomplete_days=many(DAY),
                items=WHOLE,
                newest_item=maybe(DAY),
                state=TEXT,
            )
        )
    ),
    "Problem": {
        "type": "object",
        "properties": {"type": TEXT, "title": TEXT, "status": WHOLE, "detail": TEXT, "parameter": TEXT},
        "required": ["type", "title", "status"],
    },
}
