"""The desk's choice of a model; drafts by other servers, whose weights are not known.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chosen_model",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("chosen_by_id", sa.BigInteger(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_chosen_model_one")),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_chosen_model_name")),
        sa.ForeignKeyConstraint(["chosen_by_id"], ["users.id"], name=op.f("fk_chosen_model_chosen_by_id")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_chosen_model")),
    )
    op.alter_column("autodocs", "model", type_=sa.String(length=300), existing_type=sa.String(length=128))
    op.create_index("ix_autodocs_model", "autodocs", ["model", "document_id"], unique=False)
    op.drop_constraint(op.f("ck_autodocs_done_has_text"), "autodocs", type_="check")
    op.create_check_constraint(
        op.f("ck_autodocs_done_has_text"),
        "autodocs",
        "state <> 'done' OR (text <> '' AND (model_sha256 IS NOT NULL OR model ~ '^https?://'))",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_autodocs_done_has_text"), "autodocs", type_="check")
    # What another server wrote stays; it is not checked again.
    op.execute(
        "ALTER TABLE autodocs ADD CONSTRAINT ck_autodocs_done_has_text "
        "CHECK (state <> 'done' OR (text <> '' AND model_sha256 IS NOT NULL)) NOT VALID"
    )
    op.drop_index("ix_autodocs_model", table_name="autodocs")
    op.alter_column(
        "autodocs",
        "model",
        type_=sa.String(length=128),
        existing_type=sa.String(length=300),
        postgresql_using="left(model, 128)",
    )
    op.drop_table("chosen_model")
