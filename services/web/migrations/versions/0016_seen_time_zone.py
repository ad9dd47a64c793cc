"""The time zone that a person's browser named at their last log-in, for mails to whoever chose none.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("seen_time_zone", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("users", "seen_time_zone")
