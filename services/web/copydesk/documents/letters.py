"""What people hear about documents: whoever has to act next, or lost something, in the transaction of its cause.

A new letter is a `Wording` and a call of `tell`: whether it is a mail too, and when, is the person's own choice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.accounts.zones import in_words, zone_of
from copydesk.config import settings
from copydesk.documents.models import Document, State
from copydesk.documents.signoff import links
from copydesk.documents.workflow import Act
from copydesk.mail import Entry
from copydesk.notifications import reading, telling
from copydesk.notifications.kinds import Kind


@dataclass(frozen=True)
class Wording:
    """How something is said: the subject of the mail, then a sentence, and after an empty line what else there is.

    {actor}, {title} and {note} are filled in, and whatever else `tell` is given by name.
    """

    kind: Kind
    subject: str
    words: str


ASSIGNED = Wording(Kind.ASSIGNED, "For you to edit: {title}", "{actor} gave you “{title}” to edit.")
ASSIGNED_BY_DESK = Wording(
    Kind.ASSIGNED,
    "For you to edit: {title}",
    "“{title}” is yours to edit: the desk chose you, because you have least in hand.",
)
DUE_SOON = Wording(Kind.DUE_SOON, "Due soon: {title}", "“{title}” is due {note}.")
LATE = Wording(Kind.OVERDUE, "Late: {title}", "“{title}” was due {note}.")
STILL_LATE = Wording(Kind.OVERDUE, "Late: {title}", "“{title}” is still with {editor}. It was due {note}.")
UNSIGNED = Wording(Kind.OVERDUE, "Unsigned: {title}", "“{title}” waits for your sign-off since {note}.")
UNANSWERED = Wording(
    Kind.OVERDUE,
    "An answer is waited for: {title}",
    "{actor} has a question about “{title}” and waits for your answer since {note}.",
)
NOBODY_SIGNS = Wording(
    Kind.OVERDUE,
    "Unsigned: {title}",
    "“{title}” waits since {note} for {sponsor}, who was reminded three times.",
)
TAKEN_AWAY = Wording(
    Kind.TAKEN_AWAY,
    "No longer yours: {title}",
    "“{title}” is no longer yours to edit. What you wrote is kept in its history.",
)
GIVEN_BACK = Wording(
    Kind.GIVEN_BACK,
    "Needs another editor: {title}",
    """{actor} gave “{title}” back to the desk:

{note}

It waits for another editor.""",
)
SEVERAL = Wording(
    Kind.SEVERAL_DRAFTS,
    "Choose a draft: {title}",
    "The machine wrote several drafts of “{title}”. They wait for you to choose one.",
)
NOT_WRITTEN = Wording(
    Kind.DRAFT_FAILED,
    "No draft: {title}",
    """The machine could not write a draft of “{title}”:

{note}

You can ask for it again.""",
)
DELIVERED = Wording(
    Kind.DELIVERED,
    "For your sign-off: {title}",
    "{actor} delivered “{title}”. It waits for your sign-off.",
)
NOT_SPONSOR = Wording(
    Kind.TAKEN_AWAY,
    "No longer yours: {title}",
    """{actor} made {sponsor} the sponsor of “{title}”:

{note}

What you asked for, decided and signed stays in its record.""",
)
NOW_SPONSOR = Wording(
    Kind.DELIVERED,
    "Yours to answer for: {title}",
    """{actor} made you the sponsor of “{title}”:

{note}

{waits}You ask, decide and sign for it from now on.""",
)
SUGGESTED = Wording(
    Kind.SUGGESTED,
    "Changes suggested: {title}",
    "{actor} suggests changes to “{title}”. They wait in the text for you to accept or refuse.",
)
CHANGES = Wording(
    Kind.CHANGES_ASKED,
    "Changes asked: {title}",
    """{actor} asks for changes to “{title}”:

{note}""",
)
ASKED = Wording(
    Kind.ASKED,
    "A question: {title}",
    """{actor} has a question about “{title}”:

{note}

The text waits for your answer.""",
)
ANSWERED = Wording(
    Kind.ANSWERED,
    "Answered: {title}",
    """{actor} answered your question about “{title}”:

{note}""",
)
PUBLISHED = Wording(Kind.PUBLISHED, "Published: {title}", "“{title}” is published.")
EMERGENCY = Wording(
    Kind.EMERGENCY,
    "In an emergency: {title}",
    """{actor} published “{title}” in an emergency:

{note}

It is marked until a second person stands for it.""",
)
REOPENED = Wording(
    Kind.REOPENED,
    "Opened again: {title}",
    """{actor} opened “{title}” again:

{note}

What is published stays until the next edition is.""",
)
RETRACTED = Wording(
    Kind.RETRACTED,
    "Retracted: {title}",
    """{actor} retracted “{title}”. Its page says so:

{note}""",
)
DELETED = Wording(
    Kind.DELETED,
    "Deleted: {title}",
    """{actor} deleted “{title}”:

{note}

Its record is kept: who wrote what, every version, every draft.""",
)
COMMENTED = Wording(
    Kind.COMMENTED,
    "A comment: {title}",
    """{actor} commented on “{title}”:

{note}""",
)
REPLIED = Wording(
    Kind.REPLIED,
    "A reply: {title}",
    """{actor} replied to a comment on “{title}”:

{note}""",
)
MENTIONED = Wording(
    Kind.MENTIONED,
    "You are mentioned: {title}",
    """{actor} mentioned you in a comment on “{title}”:

{note}""",
)
REMINDED = Wording(Kind.REMINDED, "A reminder: {title}", "{actor} reminds you of “{title}”: {note}")
REMINDER_TAKEN_BACK = Wording(
    Kind.REMINDED, "No hurry: {title}", "{actor} takes the reminder of “{title}” back. There is no hurry."
)
SIGNED = Wording(Kind.SIGNED, "Approved: {title}", "{actor} approved “{title}”. Nothing is left to do.")


def tell(
    session: Session,
    document: Document,
    person: User | None,
    actor: User | None,
    wording: Wording,
    note: str = "",
    *,
    page: str = "documents",
    in_mail: Callable[[], Sequence[Entry]] = tuple,
    **more: str,
) -> None:
    """Let `person` know about `document`; nobody is told of their own act. No actor: it was the machine."""
    name = actor.name if actor else "The machine"
    news = telling.News(
        kind=wording.kind,
        subject=wording.subject.format(title=document.title),
        words=wording.words.format(actor=name, title=document.title, note=note, **more),
        address=f"/{page}/{document.id}",
        in_mail=in_mail,
    )
    telling.tell(session, person, news, actor=actor, document_id=document.id)


def tell_of_assignment(session: Session, document: Document, actor: User | None, before: User | None) -> None:
    """The new editor, and the one who was; both where one replaced the other. No actor: the desk chose by load."""
    if document.editor_id == (before.id if before else None):
        return
    if actor is None:
        tell(session, document, document.editor, None, ASSIGNED_BY_DESK)
        return
    tell(session, document, before, actor, TAKEN_AWAY)
    tell(session, document, document.editor, actor, ASSIGNED)


def tell_of_draft(session: Session, document: Document) -> None:
    """The chosen editor, once there is something to edit."""
    tell(session, document, document.editor, document.sponsor, ASSIGNED)


def tell_of_choice(session: Session, document: Document) -> None:
    """The sponsor, once there are drafts to choose from."""
    tell(session, document, document.sponsor, None, SEVERAL)


def tell_of_failed_draft(session: Session, document: Document, reason: str) -> None:
    """The sponsor, who can ask for it again."""
    tell(session, document, document.sponsor, None, NOT_WRITTEN, reason)


def tell_of_move(session: Session, document: Document, actor: User, act: Act, note: str) -> None:
    """Whoever an act that only moves the document concerns."""
    if act in (Act.ASK, Act.ANSWER):
        tell_of_question(session, document, actor, act, note)
    if act is Act.DECLINE:
        tell_of_decline(session, document, actor, note)
    if act is Act.REQUEST_CHANGES:
        tell_of_changes(session, document, actor, note)


def tell_of_decline(session: Session, document: Document, actor: User, note: str) -> None:
    tell(session, document, document.sponsor, actor, GIVEN_BACK, note)


def tell_of_delivery(session: Session, document: Document, actor: User) -> None:
    """The sponsor; the mail has a link to sign by."""
    tell(session, document, document.sponsor, actor, DELIVERED, in_mail=lambda: _sign_link(session, document))


def tell_of_hand_over(session: Session, document: Document, actor: User, before: User, note: str) -> None:
    """Who was the sponsor, and who is; where a signature is waited for, with a link to sign by."""
    tell(session, document, before, actor, NOT_SPONSOR, note, sponsor=document.sponsor.name)
    waits = document.state is State.SIGNOFF
    tell(
        session,
        document,
        document.sponsor,
        actor,
        NOW_SPONSOR,
        note,
        in_mail=lambda: _sign_link(session, document) if waits else (),
        waits="It waits for your sign-off.\n\n" if waits else "",
    )


def _sign_link(session: Session, document: Document) -> Sequence[Entry]:
    """What a delivery's mail has besides; never in the page's notice, because whoever has the link can sign."""
    made = links.issue(session, document, document.sponsor)
    if made is None:
        return ()
    token, until = made
    day = in_words(until, zone_of(document.sponsor))
    words = (
        f"Or read it and sign it without logging in, until {day}. The link works once, and opening it signs nothing."
        " Whoever has it can sign in your name, so please don’t pass this mail on."
    )
    return (Entry(words, f"{settings().base_url}/sign/{token}"),)


def tell_of_suggestions(session: Session, document: Document, actor: User) -> None:
    """The editor, while it is theirs to decide; what is suggested at sign-off comes with the ask for changes."""
    if document.state is State.EDITING:
        tell(session, document, document.editor, actor, SUGGESTED)


def tell_of_changes(session: Session, document: Document, actor: User, note: str) -> None:
    tell(session, document, document.editor, actor, CHANGES, note)


def tell_of_signature(session: Session, document: Document, actor: User) -> None:
    tell(session, document, document.editor, actor, SIGNED)


def tell_of_question(session: Session, document: Document, actor: User, act: Act, note: str) -> None:
    """The sponsor of the question, the editor of the answer."""
    if act is Act.ASK:
        tell(session, document, document.sponsor, actor, ASKED, note)
    else:
        tell(session, document, document.editor, actor, ANSWERED, note)


def tell_of_reminder(session: Session, document: Document, actor: User, person: User | None) -> None:
    """Whoever has to act, that somebody waits for it."""
    waits = {
        State.DRAFT_FAILED: "there is no draft yet; please try again, or withdraw it.",
        State.CHOOSING: "please choose one of its drafts.",
        State.EDITING: "it waits for you to deliver it.",
        State.QUESTION: "the editor waits for your answer.",
        State.SIGNOFF: "it waits for your sign-off.",
        State.APPROVED: "it is approved and can be published.",
    }
    tell(session, document, person, actor, REMINDED, waits.get(document.state, "it waits for you."))


def tell_of_reminder_taken_back(session: Session, document: Document, actor: User, person: User | None) -> None:
    tell(session, document, person, actor, REMINDER_TAKEN_BACK)


def tell_all(session: Session, document: Document, actor: User | None, wording: Wording, note: str = "") -> None:
    """Sponsor and editor, whoever of them did not do it."""
    for person in (document.sponsor, document.editor):
        tell(session, document, person, actor, wording, note)


def tell_of_comment(
    session: Session, document: Document, actor: User, people: Sequence[User], words: str, wording: Wording = COMMENTED
) -> None:
    """Those people whom a comment, a reply or a mention is for."""
    for person in people:
        tell(session, document, person, actor, wording, words)


def tell_of_deletion(session: Session, document: Document, actor: User, note: str) -> None:
    """Everyone whose document it was; this letter, and what they were told before, lead to the record, which stays."""
    for person in (document.sponsor, document.editor):
        tell(session, document, person, actor, DELETED, note, page="records")
    reading.lead_elsewhere(session, document.id, f"/records/{document.id}")


def tell_of_due_soon(session: Session, document: Document) -> None:
    """The editor, before the date."""
    tell(session, document, document.editor, None, DUE_SOON, _by(document, document.editor))


def tell_of_lateness(session: Session, document: Document, admins: Sequence[User], *, first: bool) -> None:
    """The editor each time, the sponsor the first time, admins the times after it."""
    tell(session, document, document.editor, None, LATE, _by(document, document.editor))
    editor = document.editor.name if document.editor else "nobody"
    for person in [document.sponsor] if first else admins:
        tell(session, document, person, None, STILL_LATE, _by(document, person), editor=editor)


def tell_of_waiting(session: Session, document: Document, admins: Sequence[User]) -> None:
    """The sponsor, whose signature or answer is waited for; admins, when the sponsor does not answer."""
    wording = UNANSWERED if document.state is State.QUESTION else UNSIGNED
    since = in_words(document.entered_at, zone_of(document.sponsor))
    tell(session, document, document.sponsor, document.editor, wording, since)
    nobody = replace(NOBODY_SIGNS, subject=wording.subject)
    for admin in admins:
        since = in_words(document.entered_at, zone_of(admin))
        tell(session, document, admin, None, nobody, since, sponsor=document.sponsor.name)


def _by(document: Document, reader: User | None) -> str:
    """The date on the reader's own clock."""
    return in_words(document.due_at, zone_of(reader)) if document.due_at else ""
