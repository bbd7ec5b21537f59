"""indexes for filters and search

A topic's and a lab's items are paged by day, so their rows bear the day of their item. Triggers keep it, whoever writes:
the release before knows nothing of that column, and a merge moves rows from item to item.

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = {"item_topics": "topic", "item_labs": "lab"}
SIGNALS = ("votes", "stars", "confidence")
POSTGRESQL_FUNCTIONS = (
    """CREATE FUNCTION listed_on_of_item() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NEW.listed_on IS NULL OR TG_OP = 'UPDATE' THEN
       SELECT listed_on INTO NEW.listed_on FROM items WHERE id = NEW.item_id; END IF; RETURN NEW; END $$""",
    """CREATE FUNCTION pass_listed_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       UPDATE item_topics SET listed_on = NEW.listed_on WHERE item_id = NEW.id;
       UPDATE item_labs SET listed_on = NEW.listed_on WHERE item_id = NEW.id; RETURN NULL; END $$""",
    """CREATE TRIGGER items_pass_listed_on AFTER UPDATE OF listed_on ON items FOR EACH ROW
       WHEN (OLD.listed_on IS DISTINCT FROM NEW.listed_on) EXECUTE FUNCTION pass_listed_on()""",
)
MOVE_ON_SQLITE = """CREATE TRIGGER items_pass_listed_on AFTER UPDATE OF listed_on ON items
    WHEN old.listed_on IS NOT new.listed_on BEGIN
    UPDATE item_topics SET listed_on = new.listed_on WHERE item_id = new.id;
    UPDATE item_labs SET listed_on = new.listed_on WHERE item_id = new.id; END"""


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, value in TABLES.items():
        op.add_column(table, sa.Column("listed_on", sa.Date(), nullable=True))
        op.execute(f"UPDATE {table} SET listed_on = (SELECT listed_on FROM items WHERE items.id = {table}.item_id)")  # noqa: S608
        op.drop_index(op.f(f"ix_{table}_{value}_item_id"), table_name=table)
        op.create_index(op.f(f"ix_{table}_{value}_listed_on_item_id"), table, [value, "listed_on", "item_id"])
    for name in SIGNALS:
        known = sa.text(f"{name} IS NOT NULL")
        columns = [name, "listed_on", "id"]
        op.create_index(op.f(f"ix_items_{name}_listed_on_id"), "items", columns, sqlite_where=known, postgresql_where=known)
    posts = sa.text("kind = 'post'")
    op.create_index("ix_items_posts", "items", ["listed_on", "id"], sqlite_where=posts, postgresql_where=posts)
    _sqlite_triggers() if sqlite else _postgresql_triggers()


def _sqlite_triggers() -> None:
    op.execute(MOVE_ON_SQLITE)
    for table, value in TABLES.items():
        fill = (
            f"UPDATE {table} SET listed_on = (SELECT listed_on FROM items WHERE id = new.item_id) "  # noqa: S608
            f"WHERE item_id = new.item_id AND {value} = new.{value}; END"
        )
        op.execute(f"CREATE TRIGGER {table}_listed_on AFTER INSERT ON {table} WHEN new.listed_on IS NULL BEGIN {fill}")
        op.execute(f"CREATE TRIGGER {table}_moved AFTER UPDATE OF item_id ON {table} BEGIN {fill}")


def _postgresql_triggers() -> None:
    for statement in POSTGRESQL_FUNCTIONS:
        op.execute(statement)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_listed_on BEFORE INSERT OR UPDATE OF item_id ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION listed_on_of_item()"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute("DROP TRIGGER items_pass_listed_on" + ("" if sqlite else " ON items"))
    for table in TABLES:
        op.execute(f"DROP TRIGGER {table}_listed_on" + ("" if sqlite else f" ON {table}"))
        if sqlite:
            op.execute(f"DROP TRIGGER {table}_moved")
    if not sqlite:
        op.execute("DROP FUNCTION pass_listed_on()")
        op.execute("DROP FUNCTION listed_on_of_item()")
    op.drop_index("ix_items_posts", table_name="items")
    for name in SIGNALS:
        op.drop_index(op.f(f"ix_items_{name}_listed_on_id"), table_name="items")
    for table, value in TABLES.items():
        op.drop_index(op.f(f"ix_{table}_{value}_listed_on_item_id"), table_name=table)
        op.drop_column(table, "listed_on")
        op.create_index(op.f(f"ix_{table}_{value}_item_id"), table, [value, "item_id"])
