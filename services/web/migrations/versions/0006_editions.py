"""From approval to readers: questions, editions, public pages.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
BEFORE = ["drafting", "draft_failed", "choosing", "unassigned", "editing", "signoff", "approved", "withdrawn"]
AFTER = [
    "drafting",
    "draft_failed",
    "choosing",
    "unassigned",
    "editing",
    "question",
    "signoff",
    "approved",
    "published",
    "retracted",
    "withdrawn",
]
# Constraint of documents, what it was, what it is.
CHECKS = {
    "state": tuple(f"state IN ({', '.join(map(repr, words))})" for words in (BEFORE, AFTER)),
    "editing_has_editor": (
        "state NOT IN ('editing', 'signoff') OR editor_id IS NOT NULL",
        "state NOT IN ('editing', 'question', 'signoff') OR editor_id IS NOT NULL",
    ),
    "approved_is_signed": (
        "(state = 'approved') = (signed_sha256 IS NOT NULL)",
        "state <> 'approved' OR signed_sha256 IS NOT NULL",
    ),
    "has_text": (
        "state NOT IN ('unassigned', 'editing', 'signoff', 'approved') OR text_number > 0",
        "state IN ('drafting', 'draft_failed', 'choosing', 'withdrawn') OR text_number > 0",
    ),
}
NEW_CHECKS = {
    "signed_is_final": "signed_sha256 IS NULL OR state IN ('approved', 'published', 'retracted')",
    "published_has_edition": "state NOT IN ('published', 'retracted') OR edition > 0",
    "withdrawn_was_not_published": "state <> 'withdrawn' OR edition = 0",
    "reopened_for": "reopened_for IN ('correction', 'update')",
    "reopened": "(reopened_for IS NOT NULL) = (edition > 0 AND state NOT IN ('published', 'retracted'))",
}


def upgrade() -> None:
    op.add_column("documents", sa.Column("edition", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("documents", "edition", server_default=None)
    op.add_column("documents", sa.Column("reopened_for", sa.String(length=32), nullable=True))
    for name, (_, condition) in CHECKS.items():
        _replace_check(name, condition)
    for name, condition in NEW_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_documents_{name}"), "documents", condition)
    _create_editions()
    op.create_table(
        "public_pages",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_public_pages_document_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_public_pages")),
        sa.UniqueConstraint("slug", name=op.f("uq_public_pages_slug")),
    )


def downgrade() -> None:
    """What was published goes back to approved; its editions are lost, its text and its signature are not."""
    op.drop_table("public_pages")
    op.drop_table("editions")
    for name in NEW_CHECKS:
        op.drop_constraint(op.f(f"ck_documents_{name}"), "documents", type_="check")
    op.execute("UPDATE documents SET state = 'editing' WHERE state = 'question'")
    op.execute(
        "UPDATE documents SET state = 'approved' WHERE state IN ('published', 'retracted') AND signed_sha256 IS NOT NULL"
    )
    op.execute("UPDATE documents SET state = 'unassigned', editor_id = NULL WHERE state IN ('published', 'retracted')")
    for name, (condition, _) in CHECKS.items():
        _replace_check(name, condition)
    op.drop_column("documents", "reopened_for")
    op.drop_column("documents", "edition")


def _replace_check(name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_documents_{name}"), "documents", type_="check")
    op.create_check_constraint(op.f(f"ck_documents_{name}"), "documents", condition)


def _person(name: str, *, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _create_editions() -> None:
    people = ("responsible_id", "confirmed_by_id", "editor_id", "published_by_id")
    op.create_table(
        "editions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision_number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("change", sa.String(length=32), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        _moment("live_at", nullable=False),
        _moment("public_at"),
        _person("responsible_id"),
        _moment("signed_at"),
        sa.Column("emergency", sa.Text(), nullable=True),
        _person("confirmed_by_id"),
        _moment("confirmed_at"),
        sa.Column("label", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("machine_share", sa.Integer(), nullable=False),
        _person("editor_id"),
        _person("published_by_id", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("retraction", sa.Text(), nullable=True),
        _moment("ended_at"),
        sa.CheckConstraint(
            "state IN ('scheduled', 'live', 'replaced', 'retracted', 'cancelled')", name=op.f("ck_editions_state")
        ),
        sa.CheckConstraint("change IN ('correction', 'update')", name=op.f("ck_editions_change")),
        sa.CheckConstraint("machine_share BETWEEN 0 AND 100", name=op.f("ck_editions_machine_share")),
        sa.CheckConstraint("number > 0", name=op.f("ck_editions_number")),
        sa.CheckConstraint("(change IS NULL) = (note IS NULL)", name=op.f("ck_editions_note")),
        sa.CheckConstraint("responsible_id IS NOT NULL OR emergency IS NOT NULL", name=op.f("ck_editions_responsible")),
        sa.CheckConstraint("(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_editions_confirmed")),
        sa.CheckConstraint("(state = 'retracted') = (retraction IS NOT NULL)", name=op.f("ck_editions_retraction")),
        sa.CheckConstraint("public_at IS NULL OR public_at >= live_at", name=op.f("ck_editions_public_after_live")),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_editions_document_id")),
        *(sa.ForeignKeyConstraint([name], ["users.id"], name=op.f(f"fk_editions_{name}")) for name in people),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_editions_document_id_number")),
    )
    current, waiting = "state IN ('live', 'retracted')", "state = 'scheduled'"
    for name, columns, unique, where in (
        ("uq_editions_current", ["document_id"], True, current),
        ("uq_editions_scheduled", ["document_id"], True, waiting),
        ("ix_editions_due", ["live_at"], False, waiting),
        ("ix_editions_public", ["public_at", "id"], False, "state = 'live'"),
    ):
        op.create_index(name, "editions", columns, unique=unique, postgresql_where=sa.text(where))
