"""The table of the API: every address under `/api/v1` with what it takes, who answers, and what the answer is."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.api import model_reads, reads, trend_reads
from dashboard.api.parameters import PERIOD, Parameter
from dashboard.api.reads import Reader

PREFIX = "/api/v1"
DOCUMENT = "/openapi.json"
"""Where the OpenAPI document is, under the prefix."""
IN_PATH = {
    "id": Parameter("id", "Public id, arXiv id or address, DOI, or the address of a post; slashes may stand as they are"),
    "period": PERIOD,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One address. `path` is as OpenAPI writes it, `route` as Starlette does."""

    name: str
    path: str
    summary: str
    reader: Reader
    schema: str
    takes: tuple[Parameter, ...] = ()
    in_path: str | None = None
    example: str | None = None
    """A value of the part of the path."""
    also: str | None = None
    """A further media type, answered where `format` asks for it."""

    @property
    def route(self) -> str:
        return self.path.replace("{id}", "{id:path}")


OPERATIONS = (
    Operation("listItems", "/items", "Items of a query, page by page", reads.list_items, "ItemPage", reads.ITEMS),
    Operation(
        "showItem",
        "/items/{id}",
        "One item with all its evidence",
        reads.show_item,
        "ItemDetail",
        reads.ITEM,
        "id",
        "1706.03762",
        also=reads.CSV,
    ),
    Operation(
        "showReading",
        "/readings/{period}",
        "The ranked reading of a month or a week",
        reads.show_reading,
        "Reading",
        reads.READING,
        "period",
        "2026-05",
    ),
    Operation(
        "showTrends",
        "/trends",
        "What moves: topics, levels and labs by week or month, and the topics that rise",
        trend_reads.show_trends,
        "Trends",
        trend_reads.TRENDS,
        also=reads.CSV,
    ),
    Operation(
        "showModel",
        "/model",
        "The classifier in use and its published figures",
        model_reads.show_model,
        "Model",
        model_reads.MODEL,
        also=reads.CSV,
    ),
    Operation("listLevels", "/levels", "The levels of the roadmap", reads.list_levels, "Levels"),
    Operation("listTopics", "/topics", "The topics", reads.list_topics, "Topics"),
    Operation("listLabs", "/labs", "The labs that the roadmap knows", reads.list_labs, "Labs"),
    Operation("listSources", "/sources", "Health and completeness of each source", reads.list_sources, "Sources"),
)
