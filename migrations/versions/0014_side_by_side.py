"""what releases that run side by side must know: whom the schema serves, and which model is the newest

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
# Programs before this one do not look whom a schema serves; they refuse every newer one.
serves = "0014"


def upgrade() -> None:
    op.create_table(
        "schema_serves",
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.Column("oldest", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_serves")),
    )
    op.create_table(
        "labelling_models",
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_labelling_models")),
    )


def downgrade() -> None:
    op.drop_table("labelling_models")
    op.drop_table("schema_serves")
