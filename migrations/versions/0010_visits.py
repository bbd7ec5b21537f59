"""when a reader was here last, and when their plan begins

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("profiles", sa.Column("plan_start", sa.Date(), nullable=True))
    op.create_table(
        "visits",
        sa.Column("profile", sa.String(length=80), nullable=False),
        sa.Column("page", sa.String(length=20), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["profile"], ["profiles.name"], name=op.f("fk_visits_profile_profiles"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile", "page", "period", name=op.f("pk_visits")),
    )


def downgrade() -> None:
    op.drop_table("visits")
    op.drop_column("profiles", "plan_start")
