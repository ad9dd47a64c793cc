"""Who did what, when, from where: append-only, in the same transaction as the change."""

from copydesk.audit.log import AuditEvent, Origin, history, origin, record

__all__ = ["AuditEvent", "Origin", "history", "origin", "record"]
