"""Comments on a text, their threads and mentions.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
OPEN = sa.text("resolved_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "comment_threads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("base_number", sa.Integer(), nullable=True),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.Column("end", sa.Integer(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("placed_number", sa.Integer(), nullable=True),
        sa.Column("pieces", postgresql.JSONB(), nullable=False),
        sa.Column("editors_only", sa.Boolean(), nullable=False),
        sa.Column("resolved_by_id", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "(base_number IS NULL AND start IS NULL AND \"end\" IS NULL AND quote = '') OR "
            "(base_number > 0 AND 0 <= start AND start < \"end\" AND quote <> '')",
            name=op.f("ck_comment_threads_place"),
        ),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by_id IS NULL)", name=op.f("ck_comment_threads_resolved")
        ),
        sa.CheckConstraint("(placed_number IS NULL) = (base_number IS NULL)", name=op.f("ck_comment_threads_placed")),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_comment_threads_document_id")),
        sa.ForeignKeyConstraint(["resolved_by_id"], ["users.id"], name=op.f("fk_comment_threads_resolved_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_threads")),
    )
    op.create_index("ix_comment_threads_document", "comment_threads", ["document_id", "id"])
    op.create_index("ix_comment_threads_open", "comment_threads", ["document_id", "id"], postgresql_where=OPEN)
    op.create_table(
        "comments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("(btrim(words) = '') = (taken_back_at IS NOT NULL)", name=op.f("ck_comments_words")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_comments_author_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["comment_threads.id"], name=op.f("fk_comments_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index("ix_comments_thread", "comments", ["thread_id", "id"])
    op.create_table(
        "comment_mentions",
        sa.Column("comment_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_comment_mentions_comment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_comment_mentions_person_id")),
        sa.PrimaryKeyConstraint("comment_id", "person_id", name=op.f("pk_comment_mentions")),
    )
    op.create_index("ix_comment_mentions_person", "comment_mentions", ["person_id", "comment_id"])


def downgrade() -> None:
    op.drop_table("comment_mentions")
    op.drop_table("comments")
    op.drop_table("comment_threads")
