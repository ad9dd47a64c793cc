"""Sign-off change by change, the review statement, links to sign by.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
# What was ticked before there were statements.
OLD_WORDING = "I have read this text and I am responsible for its publication."


def upgrade() -> None:
    _create_decisions()
    _create_statements()
    _keep_statements()
    op.add_column("editions", sa.Column("statement_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_editions_statement_id"), "editions", "review_statements", ["statement_id"], ["id"])
    op.create_table(
        "sign_links",
        _id(),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        _moment("created_at", server_default=NOW),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        *_references("sign_links", document_id="documents", person_id="users"),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_sign_links_token_sha256")),
    )
    op.create_index("ix_sign_links_document", "sign_links", ["document_id", "id"])


def downgrade() -> None:
    """Signatures stay; what was stated with them, and what was decided before, is lost."""
    op.drop_table("sign_links")
    op.drop_constraint(op.f("fk_editions_statement_id"), "editions", type_="foreignkey")
    op.drop_column("editions", "statement_id")
    op.drop_table("review_statements")
    op.execute("DROP FUNCTION copydesk_keep_statement()")
    op.drop_table("change_decisions")


def _create_decisions() -> None:
    places = ("base_number", "revision_number", "old_start", "old_end", "new_start", "new_end")
    checks = {
        "part": "part IN ('title', 'text')",
        "sort": "sort IN ('words', 'formatting', 'moved')",
        "verdict": "verdict IN ('accepted', 'refused')",
        "answer": "answer IN ('done', 'stays')",
        "reason": "verdict <> 'refused' OR (reason IS NOT NULL AND btrim(reason) <> '')",
        "stays": "answer <> 'stays' OR (answer_reason IS NOT NULL AND btrim(answer_reason) <> '')",
        "answered_by": "(answer IS NULL) = (answered_by_id IS NULL)",
        "answered_at": "(answer IS NULL) = (answered_at IS NULL)",
        "versions": "base_number < revision_number",
        "place": "old_start <= old_end AND new_start <= new_end",
    }
    op.create_table(
        "change_decisions",
        _id(),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in places),
        *(sa.Column(name, sa.String(length=32), nullable=False) for name in ("part", "sort", "verdict")),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("before", "after")),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        _moment("decided_at", server_default=NOW),
        sa.Column("answer", sa.String(length=32), nullable=True),
        sa.Column("answer_reason", sa.Text(), nullable=True),
        sa.Column("answered_by_id", sa.BigInteger(), nullable=True),
        _moment("answered_at", nullable=True),
        _moment("settled_at", nullable=True),
        *(sa.CheckConstraint(what, name=op.f(f"ck_change_decisions_{name}")) for name, what in checks.items()),
        *_references("change_decisions", document_id="documents", person_id="users", answered_by_id="users"),
        sa.UniqueConstraint(
            "document_id",
            "base_number",
            "revision_number",
            "fingerprint",
            name=op.f("uq_change_decisions_change"),
        ),
    )


def _create_statements() -> None:
    """With one for each signature that stands: its signer had ticked the sentence of then."""
    op.create_table(
        "review_statements",
        _id(),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("revision_number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("examined", sa.Text(), nullable=False),
        sa.Column("signer_id", sa.BigInteger(), nullable=False),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_name", sa.String(length=120), nullable=False),
        sa.Column("responsible_role", sa.String(length=160), nullable=False),
        sa.Column("by_link", sa.Boolean(), nullable=False),
        _moment("created_at", server_default=NOW),
        sa.CheckConstraint("btrim(responsible_name) <> ''", name=op.f("ck_review_statements_responsible_name")),
        *_references("review_statements", document_id="documents", signer_id="users", responsible_id="users"),
    )
    op.create_index("ix_review_statements_document", "review_statements", ["document_id", "id"])
    before = sa.text(
        "INSERT INTO review_statements (document_id, revision_number, sha256, wording, examined, signer_id,"
        " responsible_id, responsible_name, responsible_role, by_link, created_at)"
        " SELECT d.id, r.number, r.sha256, :wording, '', u.id, u.id, u.name, u.organization, false, d.signed_at"
        " FROM documents d JOIN users u ON u.id = d.signed_by_id"
        " JOIN revisions r ON r.document_id = d.id AND r.sha256 = d.signed_sha256"
    )
    op.get_bind().execute(before.bindparams(wording=OLD_WORDING))


def _keep_statements() -> None:
    """A row can be added and read; it goes only with a document whose record was kept."""
    op.execute(
        """
        CREATE FUNCTION copydesk_keep_statement() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF EXISTS (SELECT FROM kept_records WHERE document_id = OLD.document_id) THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END;
        $$
        """
    )
    for when, what, each in (
        ("append_only", "UPDATE OR DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER review_statements_{when} BEFORE {what} ON review_statements "
            f"FOR EACH {each} EXECUTE FUNCTION copydesk_keep_statement()"
        )


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True)


def _moment(name: str, *, nullable: bool = False, server_default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=server_default)


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
        for name, other in columns.items()
    ]
