"""A desk in the middle of its week: texts in every state, some of them late, by people with names."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.documents import operations, publishing, revising
from copydesk.documents.models import Document
from copydesk.documents.revising import Text
from copydesk.documents.workflow import Act
from tests import journeys
from tests.desk import Desk

DAY = dt.timedelta(days=1)
WALK = (
    "The walk begins at the harbour office, where the tide tables hang behind glass. Boats have been mended here for"
    " as long as anyone can say. The crane was built to lift stone, and it never lifted anything else."
)
WALKED = (
    "The walk begins at the old harbour office, where the tide tables still hang behind glass. Boats have been mended"
    " here since 1874. The crane was built to lift stone; for one summer it lifted a piano."
)
CHAINS = " Mind the chains on the quay; they are older than they look."
LETTERS = (
    "The printers of Quay Street left their letters behind when they moved. Nobody had asked for them. They lie in a"
    " drawer of the museum now, sorted by size and not by alphabet."
)


def stock(desk: Desk) -> dict[str, str]:
    """Fills the desk; addresses by title."""
    with desk.settings(), Session(desk.database, expire_on_commit=False) as session:
        sponsor, editor = (
            session.scalars(select(User).where(User.email == email)).one()
            for email in ("test@test.com", "editor@test.com")
        )
        ada, tom = (_editor(session, name, editor) for name in ("Ada Byrne", "Tom Lind"))
        made = [
            _walk(session, sponsor, ada),
            _letters(session, sponsor, tom),
            journeys.bring_to(session, "question", sponsor, tom, title="Quay Street, a history", text=LETTERS),
            journeys.bring_to(session, "editing", sponsor, ada, title="Winter catalogue, lot 40 to 62", text=WALK),
            journeys.bring_to(session, "editing", sponsor, ada, title="On the new reading room", text=LETTERS),
            journeys.bring_to(session, "unassigned", sponsor, ada, title="The lamp room, a label", text=LETTERS),
        ]
        now = dt.datetime.now(dt.UTC)
        for document, days in zip(made[2:5], (3, -1, 2), strict=True):
            document.due_at = now + days * DAY
        for days, document in enumerate(reversed(made)):
            document.entered_at = now - days * DAY / 2
        tom.away = True
        session.commit()
        return {document.title: f"/documents/{document.id}" for document in made}


def _editor(session: Session, name: str, like: User) -> User:
    first = name.split(maxsplit=1)[0].lower()
    person = User(
        name=name,
        email=f"{first}@test.com",
        organization=like.organization,
        role=Role.EDITOR,
        status=Status.APPROVED,
        password=like.password,
    )
    session.add(person)
    session.flush()
    return person


def _walk(session: Session, sponsor: User, editor: User) -> Document:
    """Delivered a second time, with changes to look at."""
    document = journeys.bring_to(session, "editing", sponsor, editor, title="Harbour walk, audio guide", text=WALK)
    for body in (WALK + CHAINS, WALKED + CHAINS):
        revising.deliver(session, document.id, editor, Text(document.title, body, journeys.head(session, document)))
        if body.startswith(WALK):
            operations.move(session, document.id, Act.REQUEST_CHANGES, sponsor, comment="Say since when, please.")
    return document


def _letters(session: Session, sponsor: User, editor: User) -> Document:
    """Published, and corrected once."""
    document = journeys.bring_to(session, "editing", sponsor, editor, title="Letters from the printers", text=LETTERS)
    body = LETTERS.replace("Nobody had asked", "For thirty years nobody had asked")
    revising.deliver(session, document.id, editor, Text(document.title, body, journeys.head(session, document)))
    head = revising.head_text(session, document)
    assert head is not None
    operations.sign(session, document.id, sponsor, sha256=head.sha256)
    publishing.publish(session, document.id, sponsor)
    return document
