"""Brief templates, drafts of briefs, many briefs at once, attachments.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "unfinished_briefs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("fields", JSONB, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("version > 0", name=op.f("ck_unfinished_briefs_version")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_unfinished_briefs_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unfinished_briefs")),
    )
    op.create_index(
        "ix_unfinished_briefs_person",
        "unfinished_briefs",
        ["person_id", "kept_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "brief_templates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("fields", JSONB, nullable=False),
        sa.Column("must_keep", sa.Text(), nullable=False),
        sa.Column("most_words", sa.Integer(), nullable=True),
        sa.Column("options", JSONB, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_brief_templates_name")),
        sa.CheckConstraint("most_words > 0", name=op.f("ck_brief_templates_most_words")),
        sa.CheckConstraint("version > 0", name=op.f("ck_brief_templates_version")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_brief_templates_owner_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_brief_templates_created_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brief_templates")),
    )
    op.create_index(
        "ix_brief_templates_owner",
        "brief_templates",
        ["owner_id", "name"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "brief_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("rows", JSONB, nullable=False),
        sa.Column("unknown", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", JSONB, nullable=True),
        sa.CheckConstraint("(confirmed_at IS NULL) = (report IS NULL)", name=op.f("ck_brief_batches_report")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_brief_batches_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brief_batches")),
    )
    op.create_index("ix_brief_batches_person", "brief_batches", ["person_id", "created_at"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("added_by_id", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("removed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("size BETWEEN 1 AND 10485760", name=op.f("ck_attachments_size")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_attachments_sha256")),
        sa.CheckConstraint("(removed_at IS NULL) = (content IS NOT NULL)", name=op.f("ck_attachments_removed")),
        sa.CheckConstraint("(removed_at IS NULL) = (removed_by_id IS NULL)", name=op.f("ck_attachments_removed_by")),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_attachments_document_id")),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.id"], name=op.f("fk_attachments_added_by_id")),
        sa.ForeignKeyConstraint(["removed_by_id"], ["users.id"], name=op.f("fk_attachments_removed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    # Packed already, nearly all of them: packing them again would only cost time.
    op.execute("ALTER TABLE attachments ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_index("ix_attachments_document", "attachments", ["document_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("attachments")
    op.drop_table("brief_batches")
    op.drop_table("brief_templates")
    op.drop_table("unfinished_briefs")
