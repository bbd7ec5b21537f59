"""How much room the database takes."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def database_bytes(session: Session) -> int:
    """Bytes of the database with its indexes, without what is not yet checkpointed."""
    return int(session.execute(text(_SIZE[session.get_bind().dialect.name])).scalar_one())
