"""Who may do what with a document. Used by operations and templates alike; needs no request."""

from sqlalchemy import ColumnElement, and_, false, or_, true

from copydesk.accounts.models import Role, User
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import TRANSITIONS, Act, Who, allows


def visible_to(user: User, *, claiming: bool) -> ColumnElement[bool]:
    """The WHERE of every list and every load: what this person may see at all."""
    if not user.is_approved:
        return false()
    if user.role is Role.ADMIN:
        return true()
    if user.role is Role.SPONSOR:
        return Document.sponsor_id == user.id
    pool = and_(Document.state == State.UNASSIGNED, Document.editor_id.is_(None))
    return or_(Document.editor_id == user.id, pool) if claiming else Document.editor_id == user.id


def is_one_of(who: tuple[Who, ...], user: User, document: Document, *, claiming: bool) -> bool:
    """Is this person one of those whom the table allows, on this document?"""
    if not user.is_approved:
        return False
    answers = {
        Who.SPONSOR: user.role is Role.SPONSOR and document.sponsor_id == user.id,
        Who.EDITOR: user.role is Role.EDITOR and document.editor_id == user.id,
        Who.ANY_EDITOR: user.role is Role.EDITOR and claiming,
        Who.ADMIN: user.role is Role.ADMIN,
    }
    return any(answers.get(one, False) for one in who)


def can(act: Act, user: User, document: Document, *, claiming: bool) -> bool:
    """May this person do this now: right person, right state?"""
    return allows(document, act) and is_one_of(TRANSITIONS[act].who, user, document, claiming=claiming)


def can_create(user: User) -> bool:
    return user.is_approved and user.role is Role.SPONSOR
