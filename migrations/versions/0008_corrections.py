"""levels that readers corrected, and second opinions

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("items", sa.Column("origin", sa.String(length=60), nullable=True))
    op.create_table(
        "corrections",
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level BETWEEN 0 AND 8", name=op.f("ck_corrections_level_range")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_corrections_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "who", name=op.f("pk_corrections")),
    )
    _second_opinions()


def _second_opinions() -> None:
    op.create_table(
        "second_opinions",
        sa.Column("content", sa.String(length=40), nullable=False),
        sa.Column("llm", sa.String(length=60), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level IS NULL OR level BETWEEN 0 AND 8", name=op.f("ck_second_opinions_level_range")),
        sa.PrimaryKeyConstraint("content", "llm", name=op.f("pk_second_opinions")),
    )
    op.create_table(
        "opinion_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("characters", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_opinion_days")),
    )


def downgrade() -> None:
    for table in ("opinion_days", "second_opinions", "corrections"):
        op.drop_table(table)
    op.drop_column("items", "origin")
