"""roles and landmarks of frozen readings, and the indexes that find who competes for a reading

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COUNTED = sa.text("votes IS NOT NULL OR stars IS NOT NULL")


def upgrade() -> None:
    op.add_column("readings", sa.Column("landmark", sa.Text(), nullable=True))
    op.add_column("reading_entries", sa.Column("role", sa.String(length=20), server_default="reading", nullable=False))
    op.create_index(
        op.f("ix_items_competing"),
        "items",
        ["level", "listed_on", "withdrawn", "source_count", "votes", "has_code", "unsure", "confidence", "id"],
    )
    op.create_index(
        op.f("ix_items_crowd"), "items", ["listed_on", "votes", "stars"], sqlite_where=_COUNTED, postgresql_where=_COUNTED
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_items_crowd"), table_name="items")
    op.drop_index(op.f("ix_items_competing"), table_name="items")
    op.drop_column("reading_entries", "role")
    op.drop_column("readings", "landmark")
