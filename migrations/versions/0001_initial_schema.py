"""initial schema

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE_FULL_TEXT = (
    # External content: the index keeps no second copy of the words. Triggers keep it in step, and only when words change.
    """CREATE VIRTUAL TABLE item_texts_fts USING fts5(title, authors, abstract, content='item_texts',
       content_rowid='item_id', tokenize='porter unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER item_texts_fts_insert AFTER INSERT ON item_texts BEGIN
       INSERT INTO item_texts_fts(rowid, title, authors, abstract)
       VALUES (new.item_id, new.title, new.authors, new.abstract); END""",
    """CREATE TRIGGER item_texts_fts_delete AFTER DELETE ON item_texts BEGIN
       INSERT INTO item_texts_fts(item_texts_fts, rowid, title, authors, abstract)
       VALUES ('delete', old.item_id, old.title, old.authors, old.abstract); END""",
    """CREATE TRIGGER item_texts_fts_update AFTER UPDATE OF title, authors, abstract ON item_texts
       WHEN old.title <> new.title OR old.authors <> new.authors OR old.abstract <> new.abstract BEGIN
       INSERT INTO item_texts_fts(item_texts_fts, rowid, title, authors, abstract)
       VALUES ('delete', old.item_id, old.title, old.authors, old.abstract);
       INSERT INTO item_texts_fts(rowid, title, authors, abstract)
       VALUES (new.item_id, new.title, new.authors, new.abstract); END""",
)
POSTGRESQL_FULL_TEXT = (
    # Names are not stemmed ("simple"), words are. left() bounds a tsvector, which may not pass 1 MB.
    """ALTER TABLE item_texts ADD COLUMN item_texts_search tsvector GENERATED ALWAYS AS (
       setweight(to_tsvector('english', left(title, 2000)), 'A')
       || setweight(to_tsvector('simple', left(authors, 100000)), 'B')
       || setweight(to_tsvector('english', left(abstract, 100000)), 'C')) STORED""",
    "CREATE INDEX item_texts_search_gin ON item_texts USING gin (item_texts_search)",
)


def upgrade() -> None:
    op.create_table(
        "items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("arxiv_id", sa.String(length=40), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("content_source", sa.String(length=80), nullable=False),
        sa.Column("content_hash", sa.String(length=40), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=True),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("unsure", sa.Boolean(), nullable=True),
        sa.Column("model", sa.String(length=40), nullable=True),
        sa.Column("votes", sa.Integer(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("source_count", sa.Integer(), nullable=False),
        sa.Column("has_code", sa.Boolean(), nullable=False),
        sa.CheckConstraint("level IS NULL OR level BETWEEN 0 AND 8", name=op.f("ck_items_level_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("arxiv_id", name=op.f("uq_items_arxiv_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_items_uid")),
    )
    op.create_index(op.f("ix_items_level_listed_on_id"), "items", ["level", "listed_on", "id"], unique=False)
    op.create_index(op.f("ix_items_listed_on_id"), "items", ["listed_on", "id"], unique=False)
    op.create_index(op.f("ix_items_model"), "items", ["model"], unique=False)

    op.create_table(
        "labs",
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_labs")),
    )
    op.create_table(
        "readings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=True),
        sa.Column(
            "weights",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sa.UniqueConstraint("period", "query", name=op.f("uq_readings_period_query")),
    )
    op.create_table(
        "repositories",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repositories")),
        sa.UniqueConstraint("url", name=op.f("uq_repositories_url")),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("lab", sa.String(length=60), nullable=True),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("alarm_days", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("watermark", sa.Date(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("newest_item_on", sa.Date(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_reason", sa.String(length=30), nullable=True),
        sa.Column("error_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_table(
        "topics",
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_topics")),
    )
    op.create_table(
        "turns",
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("free_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("service", name=op.f("pk_turns")),
    )
    op.create_table(
        "classifications",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("unsure", sa.Boolean(), nullable=False),
        sa.Column(
            "probabilities",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "explanation",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("classified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_classifications_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "model", name=op.f("pk_classifications")),
    )
    op.create_table(
        "item_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_keys_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_item_keys")),
    )
    op.create_index(op.f("ix_item_keys_item_id"), "item_keys", ["item_id"], unique=False)

    op.create_table(
        "item_labs",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lab", sa.String(length=60), nullable=False),
        sa.Column("method", sa.String(length=30), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_labs_item_id_items"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["lab"], ["labs.slug"], name=op.f("fk_item_labs_lab_labs")),
        sa.PrimaryKeyConstraint("item_id", "lab", "method", name=op.f("pk_item_labs")),
    )
    op.create_index(op.f("ix_item_labs_lab_item_id"), "item_labs", ["lab", "item_id"], unique=False)

    op.create_table(
        "item_repositories",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_repositories_item_id_items"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name=op.f("fk_item_repositories_repository_id_repositories")
        ),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_item_repositories_source_sources")),
        sa.PrimaryKeyConstraint("item_id", "repository_id", "source", name=op.f("pk_item_repositories")),
    )
    op.create_table(
        "item_texts",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("journal_ref", sa.Text(), nullable=True),
        sa.Column("license", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_texts_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_texts")),
    )
    op.create_table(
        "item_topics",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_topics_item_id_items"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["topic"], ["topics.slug"], name=op.f("fk_item_topics_topic_topics")),
        sa.PrimaryKeyConstraint("item_id", "topic", name=op.f("pk_item_topics")),
    )
    op.create_index(op.f("ix_item_topics_topic_item_id"), "item_topics", ["topic", "item_id"], unique=False)

    op.create_table(
        "item_versions",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("submitted", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_versions_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "number", name=op.f("pk_item_versions")),
    )
    op.create_table(
        "metrics",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_metrics_item_id_items"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_metrics_source_sources")),
        sa.PrimaryKeyConstraint("item_id", "source", "name", "day", name=op.f("pk_metrics")),
    )
    op.create_table(
        "reading_entries",
        sa.Column("reading_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column(
            "why",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_reading_entries_item_id_items")),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.id"], name=op.f("fk_reading_entries_reading_id_readings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reading_id", "rank", name=op.f("pk_reading_entries")),
    )
    op.create_index(op.f("ix_reading_entries_item_id"), "reading_entries", ["item_id"], unique=False)

    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_runs_source_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_source_started_at"), "runs", ["source", "started_at"], unique=False)

    op.create_table(
        "sightings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=40), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("announce_type", sa.String(length=20), nullable=True),
        sa.Column("organization", sa.Text(), nullable=True),
        sa.Column("lab", sa.String(length=60), nullable=True),
        sa.Column("official", sa.Boolean(), nullable=True),
        sa.Column("votes", sa.Integer(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Integer(), nullable=True),
        sa.Column(
            "extra",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_sightings_item_id_items"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_sightings_source_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sightings")),
        sa.UniqueConstraint("source", "key", name=op.f("uq_sightings_source_key")),
    )
    op.create_index(op.f("ix_sightings_item_id"), "sightings", ["item_id"], unique=False)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_FULL_TEXT if sqlite else POSTGRESQL_FULL_TEXT:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE item_texts_fts")
    op.drop_index(op.f("ix_sightings_item_id"), table_name="sightings")

    op.drop_table("sightings")
    op.drop_index(op.f("ix_runs_source_started_at"), table_name="runs")

    op.drop_table("runs")
    op.drop_index(op.f("ix_reading_entries_item_id"), table_name="reading_entries")

    op.drop_table("reading_entries")
    op.drop_table("metrics")
    op.drop_table("item_versions")
    op.drop_index(op.f("ix_item_topics_topic_item_id"), table_name="item_topics")

    op.drop_table("item_topics")
    op.drop_table("item_texts")
    op.drop_table("item_repositories")
    op.drop_index(op.f("ix_item_labs_lab_item_id"), table_name="item_labs")

    op.drop_table("item_labs")
    op.drop_index(op.f("ix_item_keys_item_id"), table_name="item_keys")

    op.drop_table("item_keys")
    op.drop_table("classifications")
    op.drop_table("turns")
    op.drop_table("topics")
    op.drop_table("sources")
    op.drop_table("repositories")
    op.drop_table("readings")
    op.drop_table("labs")
    op.drop_index(op.f("ix_items_model"), table_name="items")
    op.drop_index(op.f("ix_items_listed_on_id"), table_name="items")
    op.drop_index(op.f("ix_items_level_listed_on_id"), table_name="items")

    op.drop_table("items")
