"""The editor's desk: unsaved words, presence, suggestions, the house's spellings, reviews, tools, kept records.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
PLACE = "span_start IS NOT NULL AND span_end IS NOT NULL AND base_number IS NOT NULL AND 0 <= span_start"
NO_PLACE = "kind = 'whole' AND span_start IS NULL AND span_end IS NULL AND base_number IS NULL AND score IS NULL"
# Constraint, what it was, what it is.
CHECKS = {
    ("revisions", "kind"): (
        "kind IN ('brief', 'machine', 'human')",
        "kind IN ('brief', 'machine', 'human', 'tool')",
    ),
    ("revisions", "span"): (
        "(span_start IS NULL AND span_end IS NULL) OR (kind = 'machine' AND 0 <= span_start AND span_start < span_end)",
        "(span_start IS NULL AND span_end IS NULL) OR "
        "(kind IN ('machine', 'human') AND 0 <= span_start AND span_start <= span_end)",
    ),
    ("autodocs", "kind"): ("kind IN ('whole', 'span')", "kind IN ('whole', 'span', 'continuation')"),
    ("autodocs", "span"): (
        f"(kind = 'span' AND {PLACE} AND span_start < span_end) OR ({NO_PLACE})",
        f"(kind <> 'whole' AND {PLACE} AND span_start <= span_end) OR ({NO_PLACE})",
    ),
}
NEW_CHECKS = {
    ("documents", "most_words"): "most_words > 0",
    ("revisions", "tool"): "(kind = 'tool') = (tool IS NOT NULL)",
    ("revisions", "accepted"): "accepted_by_id IS NULL OR (kind = 'human' AND span_start IS NOT NULL)",
    ("revisions", "merged_from"): "merged_from IS NULL OR (kind = 'human' AND merged_from < number)",
}


def upgrade() -> None:
    op.add_column("documents", sa.Column("most_words", sa.Integer(), nullable=True))
    op.add_column("revisions", sa.Column("accepted_by_id", sa.BigInteger(), nullable=True))
    op.add_column("revisions", sa.Column("merged_from", sa.Integer(), nullable=True))
    op.add_column("revisions", sa.Column("tool", sa.String(length=64), nullable=True))
    op.create_foreign_key(op.f("fk_revisions_accepted_by_id"), "revisions", "users", ["accepted_by_id"], ["id"])
    op.add_column("autodocs", sa.Column("unsaved_text", sa.Text(), nullable=True))
    for (table, name), (_, condition) in CHECKS.items():
        _replace_check(table, name, condition)
    for (table, name), condition in NEW_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    _create_unsent_texts()
    _create_presence()
    _create_suggestions()
    _create_house()
    _create_reviews()
    _create_acceptances()
    _create_kept_records()
    op.create_table(
        "attributions",
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("algorithm", sa.Integer(), nullable=False),
        sa.Column("spans", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_attributions_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "algorithm", name=op.f("pk_attributions")),
    )
    op.create_table(
        "efforts",
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("algorithm", sa.Integer(), nullable=False),
        sa.Column("autodoc_id", sa.BigInteger(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_efforts_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "algorithm", name=op.f("pk_efforts")),
    )
    # Revisions stay append-only, but for a document that is deleted as a whole, after its record was kept.
    op.execute(
        """
        CREATE OR REPLACE FUNCTION copydesk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'revisions' THEN
                IF EXISTS (SELECT FROM kept_records WHERE document_id = OLD.document_id) THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END;
        $$
        """
    )


def downgrade() -> None:
    op.execute(
        """
        CREATE OR REPLACE FUNCTION copydesk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END;
        $$
        """
    )
    for table in (
        "efforts",
        "attributions",
        "kept_records",
        "acceptances",
        "paragraph_reviews",
        "house_style",
        "house_words",
        "suggestions",
        "time_at_work",
        "last_seen",
        "presences",
        "unsent_texts",
    ):
        op.drop_table(table)
    for (table, name), _ in NEW_CHECKS.items():
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    for (table, name), (condition, _) in CHECKS.items():
        # What was written since stays; it is not checked again.
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({condition}) NOT VALID")
    op.drop_column("autodocs", "unsaved_text")
    op.drop_constraint(op.f("fk_revisions_accepted_by_id"), "revisions", type_="foreignkey")
    op.drop_column("revisions", "tool")
    op.drop_column("revisions", "merged_from")
    op.drop_column("revisions", "accepted_by_id")
    op.drop_column("documents", "most_words")


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _person(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False, now: bool = True) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=NOW if now and not nullable else None, nullable=nullable
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _document() -> sa.Column[object]:
    return sa.Column("document_id", sa.Uuid(), nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def _create_unsent_texts() -> None:
    op.create_table(
        "unsent_texts",
        _id(),
        _document(),
        _person("person_id"),
        sa.Column("tab", sa.String(length=36), nullable=False),
        sa.Column("base_number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_as", sa.Integer(), nullable=True),
        sa.Column("saved_version", sa.Integer(), nullable=True),
        _moment("kept_at"),
        sa.CheckConstraint("(title IS NULL) = (body IS NULL)", name=op.f("ck_unsent_texts_title_and_body")),
        _refers("unsent_texts", "document_id", "documents.id"),
        _refers("unsent_texts", "person_id", "users.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsent_texts")),
        sa.UniqueConstraint("document_id", "person_id", "tab", name=op.f("uq_unsent_texts_document_id_person_id_tab")),
    )
    op.create_index("ix_unsent_texts_document", "unsent_texts", ["document_id", "kept_at"], unique=False)


def _create_presence() -> None:
    op.create_table(
        "presences",
        _document(),
        _person("person_id"),
        sa.Column("tab", sa.String(length=36), nullable=False),
        sa.Column("doing", sa.String(length=32), nullable=False),
        sa.Column("paragraph", sa.Integer(), nullable=True),
        _moment("since"),
        _moment("seen_at"),
        sa.CheckConstraint("doing IN ('reading', 'writing')", name=op.f("ck_presences_doing")),
        sa.CheckConstraint("paragraph > 0", name=op.f("ck_presences_paragraph")),
        _refers("presences", "document_id", "documents.id"),
        _refers("presences", "person_id", "users.id"),
        sa.PrimaryKeyConstraint("document_id", "person_id", "tab", name=op.f("pk_presences")),
    )
    op.create_table(
        "last_seen",
        _document(),
        _person("person_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _moment("seen_at"),
        _refers("last_seen", "document_id", "documents.id"),
        _refers("last_seen", "person_id", "users.id"),
        sa.PrimaryKeyConstraint("document_id", "person_id", name=op.f("pk_last_seen")),
    )
    op.create_table(
        "time_at_work",
        _document(),
        _person("person_id"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        _moment("last_sign_at", now=False),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_time_at_work_seconds")),
        _refers("time_at_work", "document_id", "documents.id"),
        _refers("time_at_work", "person_id", "users.id"),
        sa.PrimaryKeyConstraint("document_id", "person_id", "day", name=op.f("pk_time_at_work")),
    )


def _create_suggestions() -> None:
    op.create_table(
        "suggestions",
        _id(),
        _document(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("base_number", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("replacement", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        _person("author_id"),
        sa.Column("state", sa.String(length=32), nullable=False),
        _person("decided_by_id", nullable=True),
        _moment("decided_at", nullable=True),
        sa.Column("revision_number", sa.Integer(), nullable=True),
        _moment("created_at"),
        sa.CheckConstraint("state IN ('open', 'accepted', 'refused', 'taken back')", name=op.f("ck_suggestions_state")),
        sa.CheckConstraint('0 <= start AND start <= "end"', name=op.f("ck_suggestions_place")),
        sa.CheckConstraint("start < \"end\" OR replacement <> ''", name=op.f("ck_suggestions_changes_something")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_suggestions_decided_at")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_suggestions_decided_by")),
        sa.CheckConstraint(
            "(state = 'accepted') = (revision_number IS NOT NULL)",
            name=op.f("ck_suggestions_accepted_is_in_the_text"),
        ),
        _refers("suggestions", "document_id", "documents.id"),
        _refers("suggestions", "author_id", "users.id"),
        _refers("suggestions", "decided_by_id", "users.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_suggestions_document_id_number")),
    )
    op.create_index(
        "ix_suggestions_open",
        "suggestions",
        ["document_id", "number"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_house() -> None:
    op.create_table(
        "house_words",
        _id(),
        sa.Column("word", sa.String(length=80), nullable=False),
        sa.Column("instead_of", sa.String(length=80), nullable=True),
        _person("added_by_id"),
        _moment("created_at"),
        sa.CheckConstraint("btrim(word) <> ''", name=op.f("ck_house_words_word")),
        sa.CheckConstraint(
            "instead_of IS NULL OR (btrim(instead_of) <> '' AND instead_of <> word)",
            name=op.f("ck_house_words_instead_of"),
        ),
        _refers("house_words", "added_by_id", "users.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_words")),
    )
    op.create_index(
        "uq_house_words_instead_of",
        "house_words",
        ["instead_of"],
        unique=True,
        postgresql_where=sa.text("instead_of IS NOT NULL"),
    )
    op.create_index(
        "uq_house_words_word", "house_words", ["word"], unique=True, postgresql_where=sa.text("instead_of IS NULL")
    )
    op.create_table(
        "house_style",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _person("changed_by_id"),
        _moment("changed_at"),
        sa.CheckConstraint("one", name=op.f("ck_house_style_one")),
        _refers("house_style", "changed_by_id", "users.id"),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_house_style")),
    )


def _create_reviews() -> None:
    op.create_table(
        "paragraph_reviews",
        _id(),
        _document(),
        sa.Column("revision_number", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _person("reviewer_id"),
        _moment("created_at"),
        _person("taken_back_by_id", nullable=True),
        _moment("taken_back_at", nullable=True),
        sa.CheckConstraint('0 <= start AND start < "end"', name=op.f("ck_paragraph_reviews_place")),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_paragraph_reviews_reason")),
        sa.CheckConstraint(
            "(taken_back_at IS NULL) = (taken_back_by_id IS NULL)", name=op.f("ck_paragraph_reviews_taken_back")
        ),
        _refers("paragraph_reviews", "document_id", "documents.id"),
        _refers("paragraph_reviews", "reviewer_id", "users.id"),
        _refers("paragraph_reviews", "taken_back_by_id", "users.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paragraph_reviews")),
    )
    op.create_index("ix_paragraph_reviews_document", "paragraph_reviews", ["document_id", "id"], unique=False)


def _create_acceptances() -> None:
    op.create_table(
        "acceptances",
        _id(),
        _document(),
        sa.Column("autodoc_id", sa.BigInteger(), nullable=False),
        _person("person_id"),
        sa.Column("characters", sa.Integer(), nullable=False),
        _moment("created_at"),
        sa.CheckConstraint("characters > 0", name=op.f("ck_acceptances_characters")),
        _refers("acceptances", "document_id", "documents.id"),
        _refers("acceptances", "autodoc_id", "autodocs.id"),
        _refers("acceptances", "person_id", "users.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptances")),
        sa.UniqueConstraint("autodoc_id", name=op.f("uq_acceptances_autodoc_id")),
    )
    op.create_index("ix_acceptances_document", "acceptances", ["document_id", "id"], unique=False)


def _create_kept_records() -> None:
    op.create_table(
        "kept_records",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        _person("sponsor_id"),
        _person("editor_id", nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _person("deleted_by_id"),
        _moment("deleted_at"),
        _refers("kept_records", "sponsor_id", "users.id"),
        _refers("kept_records", "editor_id", "users.id"),
        _refers("kept_records", "deleted_by_id", "users.id"),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_kept_records")),
    )
    op.create_index("ix_kept_records_deleted", "kept_records", ["deleted_at", "document_id"], unique=False)
