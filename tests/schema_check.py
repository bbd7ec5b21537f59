"""`alembic check` on both databases: the migrated schema must equal the models. Run by `./run check`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from staycurrent.store import engine as database
from tests import databases


def main() -> None:
    for kind in databases.kinds():
        with tempfile.TemporaryDirectory() as folder, databases.fresh_url(kind, Path(folder)) as url:
            engine = database.open_engine(url)
            differences = database.schema_differences(engine)
            engine.dispose()
        if differences:
            sys.exit(f"{kind}: the migrations do not make what the models say:\n" + "\n".join(map(repr, differences)))
        print(f"{kind}: migrations and models agree")  # noqa: T201


if __name__ == "__main__":
    main()
