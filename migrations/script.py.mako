"""${message}

Rule: the previous release must work on the schema that this makes. Expand first: new tables, columns that may be null or
have a server default, indexes. Contract one release later: drop and rename what no release in use knows any more. Each
change of a table waits five seconds for it (`staycurrent/store/migration_lock.py`), so it must be quick once it has it;
rows are filled by a job in small transactions, not here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
# The oldest program, by its revision, that works on what this makes: 0014 where it only adds; where it takes something
# away, the first that does without it (`staycurrent/store/expansion.py`).
serves = "0014"


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
