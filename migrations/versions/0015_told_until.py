"""until when the periods of a digest count as sent, whatever its deliveries say

Deliveries go after a while, and a restored database may lack some.

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
# It only adds.
serves = "0014"


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("told_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("subscriptions", "told_until")
