"""The mails about documents: whoever has to act next, or lost something, is told in the transaction of its cause."""

from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import Act

ASSIGNED = """{actor} gave you “{title}” to edit.
"""
TAKEN_AWAY = """“{title}” is no longer yours to edit. What you wrote is kept in its history.
"""
GIVEN_BACK = """{actor} gave “{title}” back to the desk:

{note}

It waits for another editor.
"""
SEVERAL = """The machine wrote several drafts of “{title}”. They wait for you to choose one.
"""
DELIVERED = """{actor} delivered “{title}”. It waits for your sign-off.
"""
SUGGESTED = """{actor} suggests changes to “{title}”. They wait in the text for you to accept or refuse.
"""
CHANGES = """{actor} asks for changes to “{title}”:

{note}
"""
ASKED = """{actor} has a question about “{title}”:

{note}

The text waits for your answer.
"""
ANSWERED = """{actor} answered your question about “{title}”:

{note}
"""
PUBLISHED = """“{title}” is published.
"""
EMERGENCY = """{actor} published “{title}” in an emergency:

{note}

It is marked until a second person stands for it.
"""
REOPENED = """{actor} opened “{title}” again:

{note}

What is published stays until the next edition is.
"""
RETRACTED = """{actor} retracted “{title}”. Its page says so:

{note}
"""
DELETED = """{actor} deleted “{title}”:

{note}

Its record is kept: who wrote what, every version, every draft.
"""
SIGNED = """{actor} approved “{title}”. Nothing is left to do.
"""


def tell(
    session: Session,
    document: Document,
    person: User | None,
    actor: User | None,
    template: str,
    subject: str,
    note: str = "",
    page: str = "documents",
) -> None:
    """Write `person` a mail about `document`; nobody is told of their own act. No actor: it was the machine."""
    if person is None or (actor is not None and person.id == actor.id):
        return
    words = template.format(actor=actor.name if actor else "The machine", title=document.title, note=note)
    address = f"{settings().base_url}/{page}/{document.id}"
    subject = subject.format(title=document.title)
    mail.queue(session, recipient=person.email, subject=subject, body=f"Hello {person.name},\n\n{words}\n{address}\n")


def tell_of_assignment(session: Session, document: Document, actor: User, before: User | None) -> None:
    """The new editor, and the one who was; both where one replaced the other."""
    if document.editor_id == (before.id if before else None):
        return
    tell(session, document, before, actor, TAKEN_AWAY, "No longer yours: {title}")
    tell(session, document, document.editor, actor, ASSIGNED, "For you to edit: {title}")


def tell_of_draft(session: Session, document: Document) -> None:
    """The chosen editor, once there is something to edit."""
    tell(session, document, document.editor, document.sponsor, ASSIGNED, "For you to edit: {title}")


def tell_of_choice(session: Session, document: Document) -> None:
    """The sponsor, once there are drafts to choose from."""
    tell(session, document, document.sponsor, None, SEVERAL, "Choose a draft: {title}")


def tell_of_decline(session: Session, document: Document, actor: User, note: str) -> None:
    tell(session, document, document.sponsor, actor, GIVEN_BACK, "Needs another editor: {title}", note)


def tell_of_delivery(session: Session, document: Document, actor: User) -> None:
    tell(session, document, document.sponsor, actor, DELIVERED, "For your sign-off: {title}")


def tell_of_suggestions(session: Session, document: Document, actor: User) -> None:
    """The editor, while it is theirs to decide; what is suggested at sign-off comes with the ask for changes."""
    if document.state is State.EDITING:
        tell(session, document, document.editor, actor, SUGGESTED, "Changes suggested: {title}")


def tell_of_changes(session: Session, document: Document, actor: User, note: str) -> None:
    tell(session, document, document.editor, actor, CHANGES, "Changes asked: {title}", note)


def tell_of_signature(session: Session, document: Document, actor: User) -> None:
    tell(session, document, document.editor, actor, SIGNED, "Approved: {title}")


def tell_of_question(session: Session, document: Document, actor: User, act: Act, note: str) -> None:
    """The sponsor of the question, the editor of the answer."""
    if act is Act.ASK:
        tell(session, document, document.sponsor, actor, ASKED, "A question: {title}", note)
    else:
        tell(session, document, document.editor, actor, ANSWERED, "Answered: {title}", note)


def tell_all(
    session: Session, document: Document, actor: User | None, template: str, subject: str, note: str = ""
) -> None:
    """Sponsor and editor, whoever of them did not do it."""
    for person in (document.sponsor, document.editor):
        tell(session, document, person, actor, template, subject, note)


def tell_of_deletion(session: Session, document: Document, actor: User, note: str) -> None:
    """Everyone whose document it was; the letter leads to the record, which stays."""
    for person in (document.sponsor, document.editor):
        tell(session, document, person, actor, DELETED, "Deleted: {title}", note, page="records")
