"""what a reader marked, by profile

Rule: the previous release must work on the schema that this makes (expand first, contract one release later).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _profiles_and_marks()
    _notes_tags_and_dislikes()


def _profiles_and_marks() -> None:
    op.create_table(
        "profiles",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_profiles")),
    )
    op.create_table(
        "marks",
        sa.Column("profile", sa.String(length=80), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('read', 'saved', 'hidden', 'star')", name=op.f("ck_marks_known_kind")),
        sa.ForeignKeyConstraint(["profile"], ["profiles.name"], name=op.f("fk_marks_profile_profiles"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_marks_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile", "item_id", "kind", name=op.f("pk_marks")),
    )
    op.create_index(op.f("ix_marks_profile_kind_at"), "marks", ["profile", "kind", "at"])
    op.create_index(op.f("ix_marks_item_id"), "marks", ["item_id"])
    op.create_table(
        "landmark_marks",
        sa.Column("profile", sa.String(length=80), nullable=False),
        sa.Column("landmark", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('read', 'saved', 'star')", name=op.f("ck_landmark_marks_known_kind")),
        sa.ForeignKeyConstraint(
            ["profile"], ["profiles.name"], name=op.f("fk_landmark_marks_profile_profiles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("profile", "landmark", "kind", name=op.f("pk_landmark_marks")),
    )


def _notes_tags_and_dislikes() -> None:
    op.create_table(
        "notes",
        sa.Column("profile", sa.String(length=80), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["profile"], ["profiles.name"], name=op.f("fk_notes_profile_profiles"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_notes_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile", "item_id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_item_id"), "notes", ["item_id"])
    op.create_table(
        "tags",
        sa.Column("profile", sa.String(length=80), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["profile"], ["profiles.name"], name=op.f("fk_tags_profile_profiles"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_tags_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile", "item_id", "tag", name=op.f("pk_tags")),
    )
    op.create_index(op.f("ix_tags_profile_tag"), "tags", ["profile", "tag"])
    op.create_index(op.f("ix_tags_item_id"), "tags", ["item_id"])
    op.create_table(
        "dislikes",
        sa.Column("profile", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=400), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('topic', 'lab', 'word')", name=op.f("ck_dislikes_known_kind")),
        sa.ForeignKeyConstraint(["profile"], ["profiles.name"], name=op.f("fk_dislikes_profile_profiles"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile", "kind", "value", name=op.f("pk_dislikes")),
    )


def downgrade() -> None:
    for table in ("dislikes", "tags", "notes", "landmark_marks", "marks", "profiles"):
        op.drop_table(table)
