"""Mail: written to the database in the transaction of its cause, sent by the worker."""

from copydesk.mail.outbox import Mail, MailState, queue

__all__ = ["Mail", "MailState", "queue"]
