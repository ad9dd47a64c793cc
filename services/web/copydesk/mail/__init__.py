"""Mail: written to the database in the transaction of its cause, sent by the worker."""

from copydesk.mail.letter import Entry, Footer, Letter
from copydesk.mail.outbox import Mail, MailState, queue, send_letter

__all__ = ["Entry", "Footer", "Letter", "Mail", "MailState", "queue", "send_letter"]
