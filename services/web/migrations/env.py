"""Alembic's environment: runs inside the Flask application, on its engine."""

import time

from alembic import context
from flask import current_app
from sqlalchemy.dialects.postgresql.base import ischema_names

from copydesk.accounts import (
    invitations,  # noqa: F401
    login_sessions,  # noqa: F401
    request_counts,  # noqa: F401
    second_step_tables,  # noqa: F401
)
from copydesk.audit import log as audit_log
from copydesk.autodocs import (
    default_model,  # noqa: F401  every table must be known to the metadata
    queue_tables,  # noqa: F401
)
from copydesk.autodocs import models as autodoc_models  # noqa: F401
from copydesk.db import Base
from copydesk.documents import (
    attribution_cache,  # noqa: F401
    editions,  # noqa: F401
    presence,  # noqa: F401
    reviews,  # noqa: F401
    suggestions,  # noqa: F401
    unsent,  # noqa: F401
)
from copydesk.documents import models as document_models  # noqa: F401
from copydesk.documents.asking import attachments, batches, templates, unfinished  # noqa: F401
from copydesk.documents.bulk import models as bulk_models  # noqa: F401
from copydesk.documents.conversation import models as conversation_models  # noqa: F401
from copydesk.documents.delivery import waivers  # noqa: F401
from copydesk.documents.figures import effort  # noqa: F401
from copydesk.documents.finding import models as finding_models  # noqa: F401
from copydesk.documents.finding import views  # noqa: F401
from copydesk.documents.housestyle import house  # noqa: F401
from copydesk.documents.records import kept_records  # noqa: F401
from copydesk.documents.routing import reminders, rules  # noqa: F401
from copydesk.documents.signoff import tables as signoff_tables  # noqa: F401
from copydesk.mail import outbox  # noqa: F401
from copydesk.notifications import models as notification_models  # noqa: F401
from copydesk.web.migrating import patiently
from copydesk.webhooks import models as webhook_models  # noqa: F401

PREFIX = "procrastinate_"
ischema_names["xid8"] = audit_log.XID8  # SQLAlchemy does not know it when it looks at a table


def include_name(name, type_, parent_names):  # type: ignore[no-untyped-def]
    """Procrastinate's own tables are its own business."""
    return not (type_ == "table" and name is not None and name.startswith(PREFIX))


def migrate() -> None:
    with context.begin_transaction():
        context.run_migrations()


def write_sql() -> None:
    """`flask db upgrade FROM:TO --sql`: the statements, for whoever wants to read them first."""
    context.configure(dialect_name="postgresql", literal_binds=True, transaction_per_migration=True)
    migrate()


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as first, engine.connect() as connection:
        # Two `migrate` services at once: the second waits and finds nothing left to do. It waits without a transaction,
        # for an index that is made beside other work waits for every transaction that is older.
        guard = first.execution_options(isolation_level="AUTOCOMMIT")
        while not guard.exec_driver_sql("SELECT pg_try_advisory_lock(724500111)").scalar():
            time.sleep(0.2)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=include_name,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        patiently(connection, migrate)
        connection.commit()
        guard.exec_driver_sql("SELECT pg_advisory_unlock(724500111)")


write_sql() if context.is_offline_mode() else run()
