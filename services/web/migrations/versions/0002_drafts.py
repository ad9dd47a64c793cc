"""Several drafts side by side, words for a passage, drafts written again, and all that a draft was written with.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LIVE = sa.text("state IN ('queued', 'writing')")
STATES = ("drafting", "draft_failed", "choosing", "unassigned", "editing", "signoff", "approved", "withdrawn")
OLD_STATES = tuple(state for state in STATES if state != "choosing")
CHECKS = {
    "kind": "kind IN ('whole', 'span')",
    "request": "request > 0 AND choice >= 0",
    "span": (
        "(kind = 'span' AND span_start IS NOT NULL AND span_end IS NOT NULL AND base_number IS NOT NULL"
        " AND 0 <= span_start AND span_start < span_end) OR (kind = 'whole' AND span_start IS NULL"
        " AND span_end IS NULL AND base_number IS NULL AND score IS NULL)"
    ),
    "token_logprobs": "token_logprobs IS NULL OR octet_length(token_logprobs) = 2 * cardinality(output_tokens)",
}
JSONB = postgresql.JSONB(astext_type=sa.Text())
# Column, type, what it is in rows that are there already; None: it is null in them, and may be in others.
COLUMNS = (
    ("kind", sa.String(length=32), "'whole'"),
    ("request", sa.Integer(), "0"),
    ("choice", sa.Integer(), "0"),
    ("options", JSONB, "'{}'"),
    ("template", sa.Text(), None),
    ("prefix", sa.Text(), "''"),
    ("include_prefix", sa.Boolean(), "true"),
    ("truncate", sa.Text(), "''"),
    ("keep", sa.Integer(), "0"),
    ("span_start", sa.Integer(), None),
    ("span_end", sa.Integer(), None),
    ("base_number", sa.Integer(), None),
    ("score", sa.REAL(), None),
    ("token_logprobs", sa.LargeBinary(), None),
)


def upgrade() -> None:
    _document_states(STATES)
    _add("documents", "sampling", JSONB, "'{}'")
    op.add_column("revisions", sa.Column("span_start", sa.Integer(), nullable=True))
    op.add_column("revisions", sa.Column("span_end", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_revisions_span"),
        "revisions",
        "(span_start IS NULL AND span_end IS NULL) OR (kind = 'machine' AND 0 <= span_start AND span_start < span_end)",
    )
    op.drop_index("uq_autodocs_one_live", table_name="autodocs", postgresql_where=LIVE)
    for name, kind, value in COLUMNS:
        _add("autodocs", name, kind, value)
    op.execute("UPDATE autodocs SET request = number")  # until now each was asked for alone
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_autodocs_{name}"), "autodocs", condition)
    op.create_unique_constraint(
        op.f("uq_autodocs_document_id_request_choice"), "autodocs", ["document_id", "request", "choice"]
    )
    op.create_index(
        "uq_autodocs_live_choice", "autodocs", ["document_id", "kind", "choice"], unique=True, postgresql_where=LIVE
    )
    op.create_table(
        "replays",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("autodoc_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("identical", sa.Boolean(), nullable=True),
        sa.Column("first_difference", sa.Integer(), nullable=True),
        sa.Column("first_token", sa.Integer(), nullable=True),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("got", sa.Text(), nullable=False),
        sa.Column("engine", sa.String(length=128), nullable=True),
        sa.Column("model_sha256", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", name=op.f("ck_replays_failed_has_reason")),
        sa.CheckConstraint("(state = 'done') = (identical IS NOT NULL)", name=op.f("ck_replays_done_is_compared")),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name=op.f("ck_replays_finished_at")
        ),
        sa.CheckConstraint(
            "(identical IS FALSE) = (first_difference IS NOT NULL)", name=op.f("ck_replays_first_difference")
        ),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_replays_state")),
        sa.ForeignKeyConstraint(["autodoc_id"], ["autodocs.id"], name=op.f("fk_replays_autodoc_id")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["users.id"], name=op.f("fk_replays_requested_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replays")),
    )
    op.create_index("ix_replays_autodoc", "replays", ["autodoc_id", "id"])
    op.create_index(
        "uq_replays_one_live",
        "replays",
        ["autodoc_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )


def downgrade() -> None:
    _refuse_what_would_be_lost()
    op.drop_table("replays")
    # What this schema alone can say is ended: of several live drafts one goes on, a choice becomes a failure.
    op.execute(
        "UPDATE autodocs AS draft SET state = 'cancelled', finished_at = clock_timestamp(), waiting_since = NULL "
        "WHERE state IN ('queued', 'writing') AND (kind = 'span' OR EXISTS (SELECT FROM autodocs AS other "
        "WHERE other.document_id = draft.document_id AND other.kind = 'whole' AND other.choice < draft.choice "
        "AND other.state IN ('queued', 'writing')))"
    )
    op.execute("UPDATE documents SET state = 'draft_failed' WHERE state = 'choosing'")
    op.drop_index("uq_autodocs_live_choice", table_name="autodocs", postgresql_where=LIVE)
    op.drop_constraint(op.f("uq_autodocs_document_id_request_choice"), "autodocs", type_="unique")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_autodocs_{name}"), "autodocs", type_="check")
    for name, _, _ in reversed(COLUMNS):
        op.drop_column("autodocs", name)
    op.create_index("uq_autodocs_one_live", "autodocs", ["document_id"], unique=True, postgresql_where=LIVE)
    op.drop_constraint(op.f("ck_revisions_span"), "revisions", type_="check")
    op.drop_column("revisions", "span_end")
    op.drop_column("revisions", "span_start")
    op.drop_column("documents", "sampling")
    _document_states(OLD_STATES)


def _add(table: str, name: str, kind: sa.types.TypeEngine, value: str | None) -> None:
    """A column; rows that are there get `value`, rows to come must say theirs."""
    default = None if value is None else sa.text(value)
    op.add_column(table, sa.Column(name, kind, nullable=value is None, server_default=default))
    if value is not None:
        op.alter_column(table, name, server_default=None)


def _document_states(states: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_documents_state"), "documents", type_="check")
    words = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(op.f("ck_documents_state"), "documents", f"state IN ({words})")


def _refuse_what_would_be_lost() -> None:
    """The hash of a revision that replaced a passage names the passage: without the columns its chain would break."""
    op.execute(
        """
        DO $$
        BEGIN
            IF EXISTS (SELECT FROM revisions WHERE span_start IS NOT NULL) THEN
                RAISE EXCEPTION 'There are revisions that replaced a passage; the older schema can not hold them.';
            END IF;
        END;
        $$
        """
    )
