"""The queue: lanes and turns, the switch that pauses it, who works, which jobs killed their worker.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LANES = "lane IN ('backlog', 'interactive')"


def upgrade() -> None:
    lanes = op.create_table(
        "queue_lanes",
        sa.Column("lane", sa.String(length=32), nullable=False),
        sa.Column("virtual_time", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(LANES, name=op.f("ck_queue_lanes_lane")),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_queue_lanes")),
    )
    op.bulk_insert(lanes, [{"lane": "backlog", "virtual_time": 0}, {"lane": "interactive", "virtual_time": 0}])
    op.create_table(
        "queue_turns",
        sa.Column("lane", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("finish", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(LANES, name=op.f("ck_queue_turns_lane")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_queue_turns_person_id")),
        sa.PrimaryKeyConstraint("lane", "person_id", name=op.f("pk_queue_turns")),
    )
    op.create_table(
        "desk_switches",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("switched_by_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "switched_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("name IN ('paused')", name=op.f("ck_desk_switches_name")),
        sa.ForeignKeyConstraint(["switched_by_id"], ["users.id"], name=op.f("fk_desk_switches_switched_by_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_desk_switches")),
    )
    op.create_table(
        "worker_notes",
        sa.Column("worker_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_worker_notes")),
    )
    op.create_table(
        "takeovers",
        sa.Column("job_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("times > 0", name=op.f("ck_takeovers_times")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_takeovers")),
    )
    op.create_index(
        "ix_autodocs_live",
        "autodocs",
        ["created_at", "id"],
        postgresql_where=sa.text("state IN ('queued', 'writing')"),
    )
    op.create_index(
        "ix_autodocs_finished", "autodocs", ["state", "finished_at"], postgresql_include=["created_at", "started_at"]
    )


def downgrade() -> None:
    op.drop_index("ix_autodocs_finished", table_name="autodocs")
    op.drop_index("ix_autodocs_live", table_name="autodocs", postgresql_where=sa.text("state IN ('queued', 'writing')"))
    for table in ("takeovers", "worker_notes", "desk_switches", "queue_turns", "queue_lanes"):
        op.drop_table(table)
