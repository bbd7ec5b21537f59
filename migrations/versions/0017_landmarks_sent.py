"""which landmark paper a digest suggested, so that it is not suggested again

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None
# It only adds.
serves = "0014"


def upgrade() -> None:
    op.add_column("editions", sa.Column("landmark", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("editions", "landmark")
