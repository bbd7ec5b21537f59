"""what somebody asked for of a digest that runs, until its owner says yes

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
# It only adds.
serves = "0014"


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("asked_plan", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscriptions", "asked_plan")
