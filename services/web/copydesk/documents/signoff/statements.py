"""The review statement: what a person states with their signature, and who holds editorial responsibility.

It is kept for good, bound to the hash of the signed version. It says what was done; it promises no legal result.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.documents import text
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document, Revision
from copydesk.documents.signoff.tables import ReviewStatement

NAME_MAX, ROLE_MAX, EXAMINED_MAX = 120, 160, 2000
POINTS = (
    ("Accuracy", "Names, figures, dates, quotes and facts in it were examined."),
    ("Plausibility", "Whether it holds together, and can be as it says, was examined."),
    ("Sources", "What it rests on was examined."),
)
OPENING = "I have read this text as it stands, and state that a person reviewed it:"
CLOSING = "The person named with this statement holds editorial responsibility for its publication."
WORDING = "\n".join([OPENING, *(f"{name}. {words}" for name, words in POINTS), CLOSING])


@dataclass(frozen=True)
class Said:
    """What the signer adds: who is responsible (nobody named: they are themselves), and what was examined."""

    person_id: int | None = None  # one of `offered`
    name: str = ""  # or anybody, with their role
    role: str = ""
    examined: str = ""


NOTHING_MORE = Said()


def offered(session: Session, document: Document, signer: User) -> Sequence[User]:
    """Who can be named: the signer first, the text's editor, the desk's admins."""
    desk = (
        User.role == Role.ADMIN
        if document.editor_id is None
        else or_(User.role == Role.ADMIN, User.id == document.editor_id)
    )
    others = select(User).where(User.status == Status.APPROVED, User.id != signer.id, desk)
    return [signer, *session.scalars(others.order_by(User.name, User.id))]


def make(
    session: Session,
    document: Document,
    head: Revision,
    signer: User,
    said: Said = NOTHING_MORE,
    *,
    by_link: bool = False,
) -> ReviewStatement:
    """The statement that goes with this signature.

    Raises:
        InvalidInput: `responsible`, `responsible_name`, `responsible_role`, `examined`.
    """
    number, name, role = _responsible(session, document, signer, said)
    examined = text.clean(said.examined).strip()
    if len(examined) > EXAMINED_MAX:
        raise InvalidInput("examined", f"At most {EXAMINED_MAX:,} characters, please.")
    made = ReviewStatement(
        document_id=document.id,
        revision_number=head.number,
        sha256=head.sha256,
        wording=WORDING,
        examined=examined,
        signer_id=signer.id,
        responsible_id=number,
        responsible_name=name,
        responsible_role=role,
        by_link=by_link,
    )
    session.add(made)
    session.flush()
    return made


def in_force(session: Session, document: Document) -> ReviewStatement | None:
    """The one that the document's signature stands with; none: it is not signed, or was changed since."""
    if document.signed_sha256 is None:
        return None
    query = select(ReviewStatement).where(
        ReviewStatement.document_id == document.id,
        ReviewStatement.sha256 == document.signed_sha256,
        ReviewStatement.signer_id == document.signed_by_id,
    )
    return session.scalars(query.order_by(ReviewStatement.id.desc()).limit(1)).one_or_none()


def everything(session: Session, document_id: uuid.UUID) -> Sequence[ReviewStatement]:
    """Every statement, also of signatures that a later edit made void, oldest first."""
    query = select(ReviewStatement).where(ReviewStatement.document_id == document_id)
    return session.scalars(query.order_by(ReviewStatement.id)).all()


def _responsible(session: Session, document: Document, signer: User, said: Said) -> tuple[int | None, str, str]:
    """Id (none: nobody of the desk), name and role."""
    name, role = text.clean_line(said.name), text.clean_line(said.role)
    if name or role:
        name = text.required("responsible_name", name, name="name", most=NAME_MAX)
        return None, name, text.required("responsible_role", role, name="role", most=ROLE_MAX)
    if said.person_id is None or said.person_id == signer.id:
        return signer.id, signer.name, signer.organization
    chosen = next((one for one in offered(session, document, signer) if one.id == said.person_id), None)
    if chosen is None:
        raise InvalidInput("responsible", "This person can’t be named any more. Please choose another.")
    return chosen.id, chosen.name, chosen.organization
