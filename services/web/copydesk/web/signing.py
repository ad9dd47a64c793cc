"""Signing by the link of a letter. Opening it signs nothing, whoever opens it and however often; the button does.

The page shows one text to one person; it logs nobody in. What stands in the address is a secret: it is kept out of the
log, out of caches, and out of what the browser tells other sites.
"""

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from copydesk.accounts import zones
from copydesk.documents import markdown, operations, revising
from copydesk.documents.errors import DocumentError, NotAllowed
from copydesk.documents.models import Kind
from copydesk.documents.signoff import changes, decisions, links, statements
from copydesk.documents.signoff.statements import Said
from copydesk.documents.signoff.tables import SignLink
from copydesk.web.extensions import csrf, db
from copydesk.web.forms import LinkForm
from copydesk.web.guards import public

blueprint = Blueprint("signing", __name__, url_prefix="/sign")
SHOWN = 100  # changes on the page; a letter is no place to read more
HEADERS = {  # of every answer under this address
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store, private",
}


@blueprint.get("/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """The text, what changed in it, the statement, and a button. Nothing is written."""
    link = _find(token)
    dead = links.why_dead(db.session(), link)
    if dead is not None:
        return _dead(link, dead.value)
    return render_template("documents/sign_by_link.html", **_page(link, token, LinkForm()))


@blueprint.post("/<token>")
@public
def sign(token: str) -> ResponseReturnValue:
    link, form, session = _find(token), LinkForm(), db.session()
    dead = links.why_dead(session, link)
    if dead is not None:
        return _dead(link, dead.value)
    if not form.validate():
        return render_template("documents/sign_by_link.html", **_page(link, token, form)), 400
    said = Said(examined=form.examined.data or "")
    try:
        operations.sign(session, link.document_id, link.person, sha256=link.sha256, said=said, by_link=True)
        links.spend(session, link)
    except DocumentError as error:
        session.rollback()
        return _dead(_find(token), str(error))
    session.commit()
    return redirect(url_for("signing.show", token=token), 303)


# No cookie stands for the person here: to make their browser sign, another site would have to know the address.
csrf.exempt(sign)


def _find(token: str) -> SignLink:
    """The link, dead or not; never for somebody else who is logged in."""
    link = links.find(db.session(), token)
    if current_user.is_authenticated and current_user.id != link.person_id:
        raise NotAllowed("This link was sent to another person. Only they can sign with it.")
    return link


def _dead(link: SignLink, why: str) -> ResponseReturnValue:
    """Why it signs nothing; no word of the text. 410 where it never will again."""
    document = link.document
    signed = link.used_at is not None and document.signed_sha256 == link.sha256
    return render_template("documents/sign_link_dead.html", link=link, why=why, signed=signed), 200 if signed else 410


def _page(link: SignLink, token: str, form: LinkForm) -> dict[str, Any]:
    session, document = db.session(), link.document
    base, head = changes.base_of(session, document), revising.head_text(session, document)
    found = changes.between(base, head) if base is not None and head is not None else []
    return {
        "link": link,
        "until": zones.in_words(link.expires_at, zones.zone_of(link.person)),  # as the letter says it
        "token": token,
        "form": form,
        "document": document,
        "head": head,
        "body": markdown.render(head.body if head else ""),
        "from_draft": base is not None and base.kind is Kind.MACHINE,
        "shown": found[:SHOWN],
        "more": max(0, len(found) - SHOWN),
        "standing": decisions.standing(session, document, head) if head else 0,
        "points": statements,
    }
