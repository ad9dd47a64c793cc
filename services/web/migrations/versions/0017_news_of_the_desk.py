"""How one hears of the desk itself (a mail that no server takes) can be chosen, too: the check did not know the group.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BEFORE = "'work', 'signoff', 'questions', 'changes', 'comments', 'drafts', 'publication', 'reminders', 'accounts'"
NAME = "ck_notification_choices_group"


def upgrade() -> None:
    _replace(f"{BEFORE}, 'desk'")


def downgrade() -> None:
    op.execute("DELETE FROM notification_choices WHERE \"group\" = 'desk'")
    _replace(BEFORE)


def _replace(groups: str) -> None:
    op.drop_constraint(op.f(NAME), "notification_choices")
    op.create_check_constraint(op.f(NAME), "notification_choices", f'"group" IN ({groups})')
