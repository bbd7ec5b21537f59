"""subscribers, their digests and deliveries

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _subscribers()
    _editions()
    _subscriptions()
    _deliveries()


def _subscribers() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("kind IN ('mail', 'webhook')", name=op.f("ck_subscribers_known_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("folded", name=op.f("uq_subscribers_folded")),
    )
    op.create_table(
        "suppressions",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "mail_requests",
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("hour", TIME, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", "hour", name=op.f("pk_mail_requests")),
    )


def _editions() -> None:
    op.create_table(
        "editions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("wish", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("history", KEY, nullable=False),
        sa.Column("chosen_at", TIME, nullable=False),
        sa.Column("is_empty", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("wish", "period", "history", name=op.f("uq_editions_wish_period_history")),
    )
    op.create_index(op.f("ix_editions_chosen_at"), "editions", ["chosen_at"])
    op.create_table(
        "edition_items",
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("has_code", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_edition_items_edition_id_editions"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_edition_items_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("edition_id", "item_id", name=op.f("pk_edition_items")),
    )
    op.create_index(op.f("ix_edition_items_item_id"), "edition_items", ["item_id"])


def _subscriptions() -> None:
    states = "state IN ('pending', 'active', 'paused', 'unsubscribed', 'suppressed', 'erased')"
    op.create_table(
        "subscriptions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("subscriber_id", KEY, nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("cadence", sa.String(length=10), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("when_empty", sa.String(length=10), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("next_due_at", TIME, nullable=True),
        sa.Column("last_edition_id", KEY, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.CheckConstraint(states, name=op.f("ck_subscriptions_known_state")),
        sa.CheckConstraint("cadence IN ('weekly', 'monthly')", name=op.f("ck_subscriptions_known_cadence")),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_subscriptions_weekday_range")),
        sa.CheckConstraint("minute BETWEEN 0 AND 1439", name=op.f("ck_subscriptions_minute_range")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriptions_subscriber_id_subscribers"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["last_edition_id"], ["editions.id"], name=op.f("fk_subscriptions_last_edition_id_editions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("uid", name=op.f("uq_subscriptions_uid")),
    )
    op.create_index(op.f("ix_subscriptions_subscriber_id"), "subscriptions", ["subscriber_id"])
    op.create_index(op.f("ix_subscriptions_state_next_due_at"), "subscriptions", ["state", "next_due_at"])


def _deliveries() -> None:
    states = "state IN ('waiting', 'claimed', 'sent', 'skipped', 'dead')"
    op.create_table(
        "deliveries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("subscription_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("period", sa.String(length=24), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("edition_id", KEY, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("next_try_at", TIME, nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("bounce", sa.String(length=10), nullable=True),
        sa.CheckConstraint("kind IN ('digest', 'confirmation')", name=op.f("ck_deliveries_known_kind")),
        sa.CheckConstraint(states, name=op.f("ck_deliveries_known_state")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_deliveries_subscription_id_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_deliveries_edition_id_editions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("key", name=op.f("uq_deliveries_key")),
        sa.UniqueConstraint("subscription_id", "period", name=op.f("uq_deliveries_subscription_id_period")),
    )
    op.create_index(op.f("ix_deliveries_state_batch_id"), "deliveries", ["state", "batch", "id"])
    op.create_index(op.f("ix_deliveries_edition_id"), "deliveries", ["edition_id"])


def downgrade() -> None:
    for table in ("deliveries", "subscriptions", "edition_items", "editions", "mail_requests", "suppressions", "subscribers"):
        op.drop_table(table)
