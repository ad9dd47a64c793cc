"""The audit log is sealed: each event is bound to the one before by a hash.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# One event as bytes: its fields as netstrings, so that no two events have the same. `audit/chain.py` does the same.
LINK = """
CREATE FUNCTION audit_link(event audit_events, previous text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(string_agg(
    convert_to(octet_length(convert_to(coalesce(field, ''), 'UTF8'))::text, 'UTF8')
      || CASE WHEN field IS NULL THEN '-'::bytea ELSE ':'::bytea END
      || convert_to(coalesce(field, ''), 'UTF8') || ','::bytea,
    ''::bytea ORDER BY place)), 'hex')
  FROM unnest(ARRAY[
    previous,
    event.id::text,
    (extract(epoch FROM event.at) * 1000000)::bigint::text,
    event.actor_id::text,
    event.action,
    event.object_type,
    event.object_id,
    event.before::text,
    event.after::text,
    event.note,
    event.source,
    event.address,
    event.request_id
  ]) WITH ORDINALITY AS parts (field, place)
$$
"""

# Seals what finished transactions wrote, in the order of those transactions. It runs with its owner's rights: nobody
# else can write a seal. A transaction below the oldest that still runs is finished, and none can appear below it later;
# that holds within one cluster, so after a restore into another all that has no seal is sealed at once.
SEAL = """
CREATE FUNCTION seal_audit_events() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head audit_chain;
  here text := (SELECT system_identifier::text FROM pg_control_system());
  horizon xid8;
  event audit_events;
  added bigint := 0;
BEGIN
  SELECT * INTO STRICT head FROM audit_chain FOR UPDATE;
  horizon := pg_snapshot_xmin(pg_current_snapshot());
  IF head.cluster = here AND head.sealed_below = horizon THEN
    RETURN 0;
  END IF;
  FOR event IN
    SELECT * FROM audit_events AS one
    WHERE (head.cluster <> here OR (one.tx >= head.sealed_below AND one.tx < horizon))
      AND NOT EXISTS (SELECT FROM audit_seals WHERE event_id = one.id)
    ORDER BY one.tx NULLS FIRST, one.id
  LOOP
    head.position := head.position + 1;
    head.sha256 := audit_link(event, head.sha256);
    INSERT INTO audit_seals (position, event_id, sha256) VALUES (head.position, event.id, head.sha256);
    added := added + 1;
  END LOOP;
  UPDATE audit_chain
  SET position = head.position, sha256 = head.sha256, sealed_below = horizon, cluster = here;
  RETURN added;
END
$$
"""


def upgrade() -> None:
    op.execute("ALTER TABLE audit_events ADD COLUMN tx xid8")
    op.execute("ALTER TABLE audit_events ALTER COLUMN tx SET DEFAULT pg_current_xact_id()")
    op.create_table(
        "audit_seals",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_events.id"], name=op.f("fk_audit_seals_event_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_seals_event_id")),
    )
    op.execute(
        "CREATE TABLE audit_chain ("
        "single boolean PRIMARY KEY DEFAULT true CONSTRAINT ck_audit_chain_single CHECK (single), "
        "position bigint NOT NULL, sha256 varchar(64) NOT NULL, sealed_below xid8 NOT NULL, cluster text NOT NULL)"
    )
    op.execute("INSERT INTO audit_chain VALUES (true, 0, repeat('0', 64), '0', '')")
    op.execute(
        "CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals "
        "FOR EACH ROW EXECUTE FUNCTION copydesk_refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals "
        "FOR EACH STATEMENT EXECUTE FUNCTION copydesk_refuse_change()"
    )
    op.execute(LINK)
    op.execute(SEAL)
    with op.get_context().autocommit_block():  # nobody who writes to the log waits for it
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_audit_events_tx ON audit_events (tx)")
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_audit_events_at ON audit_events (at, id)")


def downgrade() -> None:
    op.execute("DROP FUNCTION seal_audit_events()")
    op.execute("DROP FUNCTION audit_link(audit_events, text)")
    op.drop_table("audit_chain")
    op.drop_table("audit_seals")
    op.execute("DROP INDEX IF EXISTS ix_audit_events_at")
    op.execute("DROP INDEX IF EXISTS ix_audit_events_tx")
    op.drop_column("audit_events", "tx")
