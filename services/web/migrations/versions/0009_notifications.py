"""Notifications: what each person wants to hear of, and how; mails as HTML, and with a link that ends them.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
HOW = "how IN ('page', 'at_once', 'digest')"
GROUPS = "'work', 'signoff', 'questions', 'changes', 'comments', 'drafts', 'publication', 'reminders', 'accounts'"


def upgrade() -> None:
    op.add_column("mails", sa.Column("html", sa.Text(), nullable=True))
    op.add_column("mails", sa.Column("unsubscribe", sa.String(length=2000), nullable=True))
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("how", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digested_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(HOW, name=op.f("ck_notices_how")),
        sa.CheckConstraint("address LIKE '/%' AND address NOT LIKE '//%'", name=op.f("ck_notices_address")),
        sa.CheckConstraint("digested_at IS NULL OR how = 'digest'", name=op.f("ck_notices_digested")),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_notices_actor_id")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_notices_document_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_notices_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_person", "notices", ["person_id", "id"], unique=False)
    op.create_index(
        "ix_notices_unread", "notices", ["person_id", "id"], unique=False, postgresql_where=sa.text("read_at IS NULL")
    )
    op.create_index(
        "ix_notices_digest",
        "notices",
        ["person_id", "id"],
        unique=False,
        postgresql_where=sa.text("how = 'digest' AND digested_at IS NULL AND read_at IS NULL"),
    )
    op.create_index("ix_notices_created", "notices", ["created_at"], unique=False)
    op.create_index(
        "ix_notices_document",
        "notices",
        ["document_id"],
        unique=False,
        postgresql_where=sa.text("document_id IS NOT NULL"),
    )
    op.create_table(
        "notification_choices",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("group", sa.String(length=32), nullable=False),
        sa.Column("how", sa.String(length=32), nullable=False),
        sa.CheckConstraint(f'"group" IN ({GROUPS})', name=op.f("ck_notification_choices_group")),
        sa.CheckConstraint(HOW, name=op.f("ck_notification_choices_how")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_notification_choices_person_id")),
        sa.PrimaryKeyConstraint("person_id", "group", name=op.f("pk_notification_choices")),
    )
    op.create_table(
        "digests",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_digests_hour")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_digests_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_digests")),
    )


def downgrade() -> None:
    op.drop_table("digests")
    op.drop_table("notification_choices")
    op.drop_table("notices")
    op.drop_column("mails", "unsubscribe")
    op.drop_column("mails", "html")
