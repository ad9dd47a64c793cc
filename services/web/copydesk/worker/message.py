"""A mail of the outbox as the message that goes over the wire."""

from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr

from copydesk.mail import Mail


class _AsItIs(UnstructuredHeader):
    """A header of our own making that may be longer than a line.

    The library would encode a long address as if it were words; providers then find no link in it.
    """

    def fold(self, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # of the registry's base class


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _AsItIs)  # type: ignore[arg-type]  # it adds the base class
POLICY = SMTP.clone(header_factory=_headers)


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """The mail with its headers; the line between its two forms is drawn by chance, so that nobody can write it.

    Raises:
        ValueError: something would have become a header of its own.
    """
    message = EmailMessage(policy=POLICY)
    message["From"], message["To"], message["Subject"] = sender, mail.recipient, mail.subject
    message["Date"] = format_datetime(mail.created_at)
    # The same id at every attempt: a server that got the mail twice can tell.
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<copydesk-{mail.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe is not None:
        if not mail.unsubscribe.isascii() or not mail.unsubscribe.isprintable() or ">" in mail.unsubscribe:
            raise ValueError("The address that ends these mails is none.")
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.body)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message
