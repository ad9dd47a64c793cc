"""Due dates, the clock that stands still while a question waits, and each person's time zone.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("time_zone", sa.String(length=64), nullable=True))
    op.add_column("documents", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("documents", sa.Column("clock_stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_documents_clock_stopped"), "documents", "clock_stopped_at IS NULL OR state = 'question'"
    )
    op.create_index(
        "ix_documents_due", "documents", ["due_at", "id"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_documents_due", table_name="documents")
    op.drop_constraint(op.f("ck_documents_clock_stopped"), "documents", type_="check")
    op.drop_column("documents", "clock_stopped_at")
    op.drop_column("documents", "due_at")
    op.drop_column("users", "time_zone")
