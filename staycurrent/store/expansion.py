"""Which older programs a schema still serves, so that an installation is updated without a pause.

Each migration says in `serves` for which program, by its schema revision, the schema that it makes is still good: for one
that only adds, the first revision of all; for one that takes something away, the first revision that does without it.
`migrate` writes what follows for the whole schema into the database, where a program that is older than the schema finds
out whether it may go on. What says nothing serves nobody before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, inspect, select

from staycurrent.store.process_models import SchemaServes


def oldest(steps: Sequence[tuple[str, str | None]]) -> str:
    """The oldest revision whose program works on a schema that is made by these steps: (revision, `serves`), in order."""
    order = {revision: place for place, (revision, _) in enumerate(steps)}
    return max((serves or revision for revision, serves in steps), key=order.__getitem__)


def note(connection: Connection, steps: Sequence[tuple[str, str | None]]) -> None:
    """Write down whom the schema serves that these steps have made."""
    row = (steps[-1][0], oldest(steps))
    if connection.execute(select(SchemaServes.revision, SchemaServes.oldest)).all() != [row]:
        connection.execute(delete(SchemaServes))
        connection.execute(insert(SchemaServes).values(revision=row[0], oldest=row[1]))


def noted(connection: Connection, revision: str) -> str | None:
    """The oldest revision that the schema of that revision serves; None where its `migrate` did not say so."""
    if not inspect(connection).has_table(SchemaServes.__tablename__):
        return None
    return connection.execute(select(SchemaServes.oldest).where(SchemaServes.revision == revision)).scalar()
