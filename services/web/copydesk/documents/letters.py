"""The mails about documents: whoever has to act next, or lost something, is told in the transaction of its cause."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from copydesk import mail
from copydesk.accounts.models import User
from copydesk.accounts.zones import in_words, zone_of
from copydesk.config import settings
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import Act

ASSIGNED = """{actor} gave you “{title}” to edit.
"""
ASSIGNED_BY_DESK = """“{title}” is yours to edit: the desk chose you, because you have least in hand.
"""
DUE_SOON = """“{title}” is due {note}.
"""
LATE = """“{title}” was due {note}.
"""
STILL_LATE = """“{title}” is still with {editor}. It was due {note}.
"""
UNSIGNED = """“{title}” waits for your sign-off since {note}.
"""
UNANSWERED = """{actor} has a question about “{title}” and waits for your answer since {note}.
"""
NOBODY_SIGNS = """“{title}” waits since {note} for {sponsor}, who was reminded three times.
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


def tell_of_assignment(session: Session, document: Document, actor: User | None, before: User | None) -> None:
    """The new editor, and the one who was; both where one replaced the other. No actor: the desk chose by load."""
    if document.editor_id == (before.id if before else None):
        return
    if actor is None:
        tell(session, document, document.editor, None, ASSIGNED_BY_DESK, "For you to edit: {title}")
        return
    tell(session, document, before, actor, TAKEN_AWAY, "No longer yours: {title}")
    tell(session, document, document.editor, actor, ASSIGNED, "For you to edit: {title}")


def tell_of_draft(session: Session, document: Document) -> None:
    """The chosen editor, once there is something to edit."""
    tell(session, document, document.editor, document.sponsor, ASSIGNED, "For you to edit: {title}")


def tell_of_choice(session: Session, document: Document) -> None:
    """The sponsor, once there are drafts to choose from."""
    tell(session, document, document.sponsor, None, SEVERAL, "Choose a draft: {title}")


def tell_of_move(session: Session, document: Document, actor: User, act: Act, note: str) -> None:
    """Whoever an act that only moves the document concerns."""
    if act in (Act.ASK, Act.ANSWER):
        tell_of_question(session, document, actor, act, note)
    if act is Act.DECLINE:
        tell_of_decline(session, document, actor, note)
    if act is Act.REQUEST_CHANGES:
        tell_of_changes(session, document, actor, note)


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


def tell_of_due_soon(session: Session, document: Document) -> None:
    """The editor, before the date."""
    tell(session, document, document.editor, None, DUE_SOON, "Due soon: {title}", _by(document, document.editor))


def tell_of_lateness(session: Session, document: Document, admins: Sequence[User], *, first: bool) -> None:
    """The editor each time, the sponsor the first time, admins the times after it."""
    tell(session, document, document.editor, None, LATE, "Late: {title}", _by(document, document.editor))
    for person in [document.sponsor] if first else admins:
        words = STILL_LATE.replace("{editor}", _braced(document.editor))
        tell(session, document, person, None, words, "Late: {title}", _by(document, person))


def tell_of_waiting(session: Session, document: Document, admins: Sequence[User]) -> None:
    """The sponsor, whose signature or answer is waited for; admins, when the sponsor does not answer."""
    asks = document.state is State.QUESTION
    words, subject = (UNANSWERED, "An answer is waited for: {title}") if asks else (UNSIGNED, "Unsigned: {title}")
    since = in_words(document.entered_at, zone_of(document.sponsor))
    tell(session, document, document.sponsor, document.editor, words, subject, since)
    for admin in admins:
        words = NOBODY_SIGNS.replace("{sponsor}", _braced(document.sponsor))
        tell(session, document, admin, None, words, subject, in_words(document.entered_at, zone_of(admin)))


def _by(document: Document, reader: User | None) -> str:
    """The date on the reader's own clock."""
    return in_words(document.due_at, zone_of(reader)) if document.due_at else ""


def _braced(person: User | None) -> str:
    """A name that may stand in a template: braces in it mean nothing."""
    return (person.name if person else "nobody").replace("{", "{{").replace("}", "}}")
