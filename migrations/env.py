"""Alembic's environment. The connection comes from `staycurrent.store.engine`; no address is read here."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from staycurrent.store.engine import comparison_options


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        transaction_per_migration=False,
        **comparison_options(),
    )
    context.run_migrations()


given = context.config.attributes.get("connection")
if given is None:
    raise RuntimeError("run migrations through: staycurrent migrate")
run(given)
