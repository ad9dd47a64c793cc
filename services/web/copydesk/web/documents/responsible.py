"""Who can be named with a signature as the one with editorial responsibility, and who was."""

from copydesk.accounts.models import User
from copydesk.documents.models import Document
from copydesk.documents.signoff import statements
from copydesk.documents.signoff.statements import Said
from copydesk.web.extensions import db
from copydesk.web.forms import ApproveForm
from copydesk.web.guards import person


def offer_responsible(form: ApproveForm, document: Document) -> None:
    """Fill the form's select: the signer first."""
    me = person()
    form.responsible.choices = [
        (str(one.id), _in_words(one, me)) for one in statements.offered(db.session(), document, me)
    ]


def said(form: ApproveForm) -> Said:
    chosen = form.responsible.data or ""
    known = chosen.isascii() and chosen.isdigit() and len(chosen) < 19
    return Said(
        person_id=int(chosen) if known else None,
        name=form.responsible_name.data or "",
        role=form.responsible_role.data or "",
        examined=form.examined.data or "",
    )


def _in_words(one: User, me: User) -> str:
    return f"I, {one.name}" if one.id == me.id else ", ".join(filter(None, (one.name, one.organization)))
