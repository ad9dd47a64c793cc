"""Lists: full-text search, saved views, bulk acts.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
# Lists of one state, of all documents or of one person's.
INDEXES = {
    "ix_documents_state": ["state", "updated_at", "id"],
    "ix_documents_sponsor_state": ["sponsor_id", "state", "updated_at", "id"],
    "ix_documents_editor_state": ["editor_id", "state", "updated_at", "id"],
}
# A date that is not set comes after every other.
DUE_ORDER = sa.text("coalesce(due_at, 'infinity'::timestamp with time zone)")


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.create_index(name, "documents", columns)
    op.create_index("ix_documents_due_order", "documents", [DUE_ORDER, "id"])
    op.create_table(
        "document_search",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("title_key", sa.String(length=80), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_search_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_search")),
    )
    _make_search()
    op.create_index("ix_document_search_words", "document_search", ["words"], postgresql_using="gin")
    op.create_index("ix_document_search_title", "document_search", ["title_key", "document_id"])
    _create_views()
    _create_bulk()


def downgrade() -> None:
    op.drop_table("bulk_items")
    op.drop_table("bulk_acts")
    op.drop_table("saved_views")
    op.execute("DROP TRIGGER revisions_are_searched ON revisions")
    op.drop_table("document_search")
    for function in (
        "copydesk_index_revision()",
        "copydesk_index_document(uuid)",
        "copydesk_words(text)",
        "copydesk_plain(text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_index("ix_documents_due_order", table_name="documents")
    for name in INDEXES:
        op.drop_index(name, table_name="documents")


def _make_search() -> None:
    """PostgreSQL's own parser takes “ and — for letters where the locale is C, and `unaccent` is not everywhere.

    So words are made plain here: small letters without accents, and a space for whatever is no letter and no digit.
    The same functions are asked for what somebody looks for, so that the two agree.
    """
    op.execute(
        r"""
        CREATE FUNCTION copydesk_plain(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT regexp_replace(lower(normalize(words, NFKD) COLLATE pg_c_utf8), '[\u0300-\u036f]+', '', 'g')
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION copydesk_words(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT regexp_replace(copydesk_plain(words) COLLATE pg_c_utf8, '[^[:alnum:]]+', ' ', 'g')
        $$
        """
    )
    # Of a very long text its beginning is searched; of one with more different words than fit, less of it.
    op.execute(
        """
        CREATE FUNCTION copydesk_index_document(which uuid) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            newest record;
            brief text;
            body text;
            most int := 200000;
        BEGIN
            SELECT title INTO newest FROM revisions WHERE document_id = which ORDER BY number DESC LIMIT 1;
            SELECT r.body INTO brief FROM revisions r
                WHERE document_id = which AND kind = 'brief' ORDER BY number DESC LIMIT 1;
            SELECT r.body INTO body FROM revisions r
                WHERE document_id = which AND kind <> 'brief' ORDER BY number DESC LIMIT 1;
            LOOP
                BEGIN
                    INSERT INTO document_search (document_id, title_key, words) VALUES (
                        which,
                        left(btrim(copydesk_words(newest.title)), 80),
                        setweight(to_tsvector('simple', copydesk_words(newest.title)), 'A')
                        || setweight(to_tsvector('simple', copydesk_words(left(coalesce(brief, ''), most))), 'B')
                        || setweight(to_tsvector('simple', copydesk_words(left(coalesce(body, ''), most))), 'C')
                    )
                    ON CONFLICT (document_id) DO UPDATE SET title_key = excluded.title_key, words = excluded.words;
                    RETURN;
                EXCEPTION WHEN program_limit_exceeded THEN
                    most := most / 4;
                    IF most < 1000 THEN RAISE; END IF;
                END;
            END LOOP;
        END;
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION copydesk_index_revision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM copydesk_index_document(NEW.document_id);
            RETURN NULL;
        END;
        $$
        """
    )
    op.execute("SET LOCAL statement_timeout = 0")  # a full desk takes minutes
    op.execute("SELECT copydesk_index_document(document_id) FROM (SELECT DISTINCT document_id FROM revisions) AS those")
    op.execute(
        "CREATE TRIGGER revisions_are_searched AFTER INSERT ON revisions "
        "FOR EACH ROW EXECUTE FUNCTION copydesk_index_revision()"
    )


def _create_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("opens_first", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_saved_views_name")),
        sa.CheckConstraint("NOT (shared AND opens_first)", name=op.f("ck_saved_views_shared_opens_first")),
        sa.CheckConstraint("NOT (opens_first AND deleted_at IS NOT NULL)", name=op.f("ck_saved_views_deleted_first")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_saved_views_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index("ix_saved_views_owner", "saved_views", ["owner_id", "place", "id"])
    op.create_index("ix_saved_views_shared", "saved_views", ["place", "id"], postgresql_where=sa.text("shared"))
    op.create_index(
        "uq_saved_views_first", "saved_views", ["owner_id"], unique=True, postgresql_where=sa.text("opens_first")
    )


def _create_bulk() -> None:
    acts, outcomes = ("assign", "remind", "withdraw"), ("done", "refused", "undone", "stays")
    op.create_table(
        "bulk_acts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"act IN ({', '.join(map(repr, acts))})", name=op.f("ck_bulk_acts_act")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_bulk_acts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_acts")),
    )
    op.create_index("ix_bulk_acts_person", "bulk_acts", ["person_id", "created_at"])
    op.create_table(
        "bulk_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bulk_act_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("says", sa.Text(), nullable=True),
        sa.Column("state_before", sa.String(length=32), nullable=True),
        sa.Column("editor_before", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"outcome IN ({', '.join(map(repr, outcomes))})", name=op.f("ck_bulk_items_outcome")),
        sa.CheckConstraint("(outcome IN ('refused', 'stays')) = (says IS NOT NULL)", name=op.f("ck_bulk_items_says")),
        sa.ForeignKeyConstraint(
            ["bulk_act_id"], ["bulk_acts.id"], name=op.f("fk_bulk_items_bulk_act_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_items")),
    )
    op.create_index("ix_bulk_items_act", "bulk_items", ["bulk_act_id", "id"])
    op.create_index("ix_bulk_items_document", "bulk_items", ["document_id"])
