"""Routing: since when a document is in its state, the desk's rules, reminders, editors who are away.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("users", sa.Column("away", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.alter_column("users", "away", server_default=None)
    op.add_column("documents", sa.Column("entered_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False))
    op.execute("UPDATE documents SET entered_at = updated_at")
    op.create_index("ix_documents_entered", "documents", ["state", "entered_at", "id"], unique=False)
    op.create_table(
        "routing_rules",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("choose_by_load", sa.Boolean(), nullable=False),
        sa.Column("days_to_edit", sa.Integer(), nullable=True),
        sa.Column("hours_before", sa.Integer(), nullable=False),
        sa.Column("days_between", sa.Integer(), nullable=False),
        sa.Column("changed_by_id", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_routing_rules_one")),
        sa.CheckConstraint("days_to_edit BETWEEN 1 AND 365", name=op.f("ck_routing_rules_days_to_edit")),
        sa.CheckConstraint("hours_before BETWEEN 0 AND 336", name=op.f("ck_routing_rules_hours_before")),
        sa.CheckConstraint("days_between BETWEEN 1 AND 30", name=op.f("ck_routing_rules_days_between")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["users.id"], name=op.f("fk_routing_rules_changed_by_id")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_routing_rules")),
    )
    op.create_table(
        "reminders",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.String(length=32), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("about IN ('soon', 'late', 'signoff', 'question')", name=op.f("ck_reminders_about")),
        sa.CheckConstraint("number >= 0", name=op.f("ck_reminders_number")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_reminders_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "about", "moment", "number", name=op.f("pk_reminders")),
    )


def downgrade() -> None:
    op.drop_table("reminders")
    op.drop_table("routing_rules")
    op.drop_index("ix_documents_entered", table_name="documents")
    op.drop_column("documents", "entered_at")
    op.drop_column("users", "away")
