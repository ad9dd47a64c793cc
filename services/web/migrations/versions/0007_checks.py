"""Checks before delivery: how strictly each is taken, waivers, lines that must stand in the text.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("documents", sa.Column("must_keep", sa.Text(), server_default="", nullable=False))
    op.alter_column("documents", "must_keep", server_default=None)
    op.create_table(
        "check_modes",
        sa.Column("check", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("changed_by_id", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("mode IN ('hold', 'warn', 'off')", name=op.f("ck_check_modes_mode")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["users.id"], name=op.f("fk_check_modes_changed_by_id")),
        sa.PrimaryKeyConstraint("check", name=op.f("pk_check_modes")),
    )
    op.create_table(
        "check_waivers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("revision_number", sa.Integer(), nullable=False),
        sa.Column("check", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("taken_back_by_id", sa.BigInteger(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_check_waivers_reason")),
        sa.CheckConstraint(
            "(taken_back_at IS NULL) = (taken_back_by_id IS NULL)", name=op.f("ck_check_waivers_taken_back")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_check_waivers_document_id")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_check_waivers_person_id")),
        sa.ForeignKeyConstraint(["taken_back_by_id"], ["users.id"], name=op.f("fk_check_waivers_taken_back_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_waivers")),
    )
    op.create_index("ix_check_waivers_document", "check_waivers", ["document_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("check_waivers")
    op.drop_table("check_modes")
    op.drop_column("documents", "must_keep")
