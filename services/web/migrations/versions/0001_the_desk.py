"""The desk: people, documents, revisions, drafts, mails, the audit log, and Procrastinate's queue.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from copydesk import jobs

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("revisions", "audit_events")


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_mails_sent_at")),
        sa.CheckConstraint("state IN ('queued', 'sent', 'kept', 'failed')", name=op.f("ck_mails_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("organization", sa.String(length=160), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password", sa.String(length=255), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_users_name")),
        sa.CheckConstraint("role IN ('sponsor', 'editor', 'admin')", name=op.f("ck_users_role")),
        sa.CheckConstraint("status IN ('pending', 'approved', 'rejected', 'suspended')", name=op.f("ck_users_status")),
        sa.CheckConstraint(
            "status NOT IN ('rejected', 'suspended') OR status_reason IS NOT NULL", name=op.f("ck_users_status_reason")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_users_decided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_users_fs_uniquifier")),
    )
    op.create_index("uq_users_email_lower", "users", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object_type", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_audit_events_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_object", "audit_events", ["object_type", "object_id", "id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("sponsor_id", sa.BigInteger(), nullable=False),
        sa.Column("editor_id", sa.BigInteger(), nullable=True),
        sa.Column("head_number", sa.Integer(), nullable=False),
        sa.Column("text_number", sa.Integer(), nullable=False),
        sa.Column("signed_sha256", sa.String(length=64), nullable=True),
        sa.Column("signed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "(state = 'approved') = (signed_sha256 IS NOT NULL)", name=op.f("ck_documents_approved_is_signed")
        ),
        sa.CheckConstraint("btrim(title) <> ''", name=op.f("ck_documents_title")),
        sa.CheckConstraint(
            "state <> 'unassigned' OR editor_id IS NULL", name=op.f("ck_documents_unassigned_has_no_editor")
        ),
        sa.CheckConstraint(
            "state IN ('drafting', 'draft_failed', 'unassigned', 'editing', 'signoff', 'approved', 'withdrawn')",
            name=op.f("ck_documents_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('editing', 'signoff') OR editor_id IS NOT NULL", name=op.f("ck_documents_editing_has_editor")
        ),
        sa.CheckConstraint(
            "state NOT IN ('unassigned', 'editing', 'signoff', 'approved') OR text_number > 0",
            name=op.f("ck_documents_has_text"),
        ),
        sa.CheckConstraint("(signed_sha256 IS NULL) = (signed_by_id IS NULL)", name=op.f("ck_documents_signed_by")),
        sa.CheckConstraint("text_number <= head_number", name=op.f("ck_documents_text_number")),
        sa.ForeignKeyConstraint(["editor_id"], ["users.id"], name=op.f("fk_documents_editor_id")),
        sa.ForeignKeyConstraint(["signed_by_id"], ["users.id"], name=op.f("fk_documents_signed_by_id")),
        sa.ForeignKeyConstraint(["sponsor_id"], ["users.id"], name=op.f("fk_documents_sponsor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index("ix_documents_editor", "documents", ["editor_id", "updated_at", "id"], unique=False)
    op.create_index("ix_documents_sponsor", "documents", ["sponsor_id", "updated_at", "id"], unique=False)
    op.create_index("ix_documents_updated", "documents", ["updated_at", "id"], unique=False)
    op.create_table(
        "autodocs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("read_from_char", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column("sampling", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=True),
        sa.Column("engine", sa.String(length=128), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("trimmed", sa.Text(), nullable=False),
        sa.Column("output_tokens", postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column("tokens_written", sa.Integer(), nullable=False),
        sa.Column("tokens_target", sa.Integer(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", name=op.f("ck_autodocs_failed_has_reason")),
        sa.CheckConstraint(
            "(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
            name=op.f("ck_autodocs_finished_at"),
        ),
        sa.CheckConstraint(
            "state <> 'done' OR (text <> '' AND model_sha256 IS NOT NULL)", name=op.f("ck_autodocs_done_has_text")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'writing', 'done', 'failed', 'cancelled')", name=op.f("ck_autodocs_state")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_autodocs_document_id")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["users.id"], name=op.f("fk_autodocs_requested_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_autodocs")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_autodocs_document_id_number")),
    )
    op.create_index(
        "uq_autodocs_one_live",
        "autodocs",
        ["document_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'writing')"),
    )
    op.create_table(
        "revisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("autodoc_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_sha256", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'machine') = (author_id IS NULL)", name=op.f("ck_revisions_author")),
        sa.CheckConstraint("(kind = 'machine') = (autodoc_id IS NOT NULL)", name=op.f("ck_revisions_autodoc")),
        sa.CheckConstraint("kind IN ('brief', 'machine', 'human')", name=op.f("ck_revisions_kind")),
        sa.CheckConstraint("(number = 1) = (parent_sha256 IS NULL)", name=op.f("ck_revisions_parent")),
        sa.CheckConstraint("number > 0", name=op.f("ck_revisions_number")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_revisions_author_id")),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_revisions_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_revisions_document_id_number")),
    )
    _make_append_only()
    _install_queue()


def downgrade() -> None:
    _remove_queue()
    op.drop_table("revisions")
    op.drop_index(
        "uq_autodocs_one_live", table_name="autodocs", postgresql_where=sa.text("state IN ('queued', 'writing')")
    )
    op.drop_table("autodocs")
    op.drop_index("ix_documents_updated", table_name="documents")
    op.drop_index("ix_documents_sponsor", table_name="documents")
    op.drop_index("ix_documents_editor", table_name="documents")
    op.drop_table("documents")
    op.drop_index("uq_users_email_lower", table_name="users")
    op.drop_table("audit_events")
    op.drop_table("users")
    op.drop_table("mails")
    op.execute("DROP FUNCTION copydesk_refuse_change()")


def _make_append_only() -> None:
    """A row of these tables can be added and read, and nothing else, whoever asks."""
    op.execute(
        """
        CREATE FUNCTION copydesk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END;
        $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION copydesk_refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION copydesk_refuse_change()"
        )


def _install_queue() -> None:
    """Procrastinate's own schema, on the raw cursor: its SQL has percent signs that a driver would read as places."""
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute(jobs.schema_sql())


def _remove_queue() -> None:
    op.execute(
        """
        DO $$
        DECLARE thing record;
        BEGIN
            FOR thing IN SELECT tablename AS name FROM pg_tables
                WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate\\_%'
            LOOP EXECUTE format('DROP TABLE %I CASCADE', thing.name); END LOOP;
            FOR thing IN SELECT oid::regprocedure AS name FROM pg_proc
                WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
            LOOP EXECUTE format('DROP FUNCTION %s CASCADE', thing.name); END LOOP;
            FOR thing IN SELECT typname AS name FROM pg_type
                WHERE typname LIKE 'procrastinate\\_%' AND typnamespace = current_schema()::regnamespace
                AND typtype IN ('e', 'c')
            LOOP EXECUTE format('DROP TYPE %I CASCADE', thing.name); END LOOP;
        END;
        $$
        """
    )
