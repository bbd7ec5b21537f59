"""how complete each source's day is

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_days",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_source_days_source_sources")),
        sa.PrimaryKeyConstraint("source", "day", name=op.f("pk_source_days")),
    )


def downgrade() -> None:
    op.drop_table("source_days")
