"""A plugin for pytest in the folder of the previous release: its tests get databases that today's program has migrated.

TODAYS_ROOT is where today's program stands.
"""

from __future__ import annotations

import os
import subprocess
import sys

from staycurrent.store import engine as database
from tests import databases


def _fill(url: str) -> None:
    root = os.environ["TODAYS_ROOT"]
    environment = os.environ | {"STAYCURRENT_DATABASE_URL": url, "PYTHONPATH": root}
    subprocess.run([sys.executable, "-m", "staycurrent", "migrate"], env=environment, cwd=root, check=True)
    if url.startswith("sqlite"):
        engine = database.open_engine(url)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()


databases._fill = _fill
