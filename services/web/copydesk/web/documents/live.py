"""What an open page and the desk tell each other while somebody writes: unsaved words, who is there, what is new."""

import uuid
from typing import Annotated, Any, Literal

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from pydantic import Field, ValidationError
from sqlalchemy import select

from copydesk.accounts.models import Role, User
from copydesk.documents import policy, presence, suggestions, unsent
from copydesk.documents.conversation import threads
from copydesk.documents.models import Document, Revision
from copydesk.documents.presence import Doing
from copydesk.documents.unsent import Words
from copydesk.documents.workflow import Act
from copydesk.web.documents.routes import blueprint, config, load
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person
from copydesk.web.json_bodies import Count, Message, read

Tab = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,36}$")]
Place = Annotated[int, Field(ge=1, lt=2**31)] | None


class Window(Message):
    """What one window sends, by the name that it gave itself."""

    tab: Tab


class Sending(Window):
    version: Count
    base: Count
    title: Annotated[str, Field(max_length=2000)]
    body: str
    paragraph: Place = None
    instead_of: tuple[Tab, Count] | None = None


class Discarding(Window):
    version: Count


class Sign(Window):
    doing: Literal["reading", "writing", "gone"]
    paragraph: Place = None


@blueprint.put("/<uuid:document_id>/unsent")
@approved(Role.EDITOR)
def keep_unsent(document_id: uuid.UUID) -> ResponseReturnValue:
    """Keep what stands in the editor's window, every few seconds."""
    document, sent = load(document_id), read(Sending)
    words = Words(sent.tab, sent.version, sent.base, sent.title, sent.body, sent.instead_of)
    row = unsent.keep(db.session(), document_id, person(), words)
    presence.give_sign(db.session(), document, person(), sent.tab, Doing.WRITING, sent.paragraph)
    answer = {"kept_at": row.kept_at.isoformat(), "version": row.version, **_news(document, sent.tab)}
    db.session.commit()
    return answer


@blueprint.delete("/<uuid:document_id>/unsent")
@approved(Role.EDITOR)
def discard_unsent(document_id: uuid.UUID) -> ResponseReturnValue:
    """The person lets their unsaved words go."""
    document, sent = load(document_id), read(Discarding)
    unsent.discard(db.session(), document, person(), sent.tab, sent.version)
    answer = _news(document, sent.tab)
    db.session.commit()
    return answer


@blueprint.post("/<uuid:document_id>/unsent/drop")
@approved(Role.EDITOR)
def drop_unsent(document_id: uuid.UUID) -> ResponseReturnValue:
    """The same from the page that shows two versions: on with what is stored."""
    document = load(document_id)
    try:
        sent = Discarding(tab=request.form.get("tab", ""), version=request.form.get("version", 0, type=int))
    except ValidationError:
        return redirect(url_for("documents.show", document_id=document_id), 303)  # nothing was kept
    unsent.discard(db.session(), document, person(), sent.tab, sent.version)
    db.session.commit()
    return redirect(url_for("documents.show", document_id=document_id), 303)


@blueprint.post("/<uuid:document_id>/presence")
@approved()
def give_sign(document_id: uuid.UUID) -> ResponseReturnValue:
    """An open page says every few seconds that it is, and hears who else is there and which version stands."""
    document, sign = load(document_id), read(Sign)
    if sign.doing == "gone":
        presence.leave(db.session(), document, person(), sign.tab)
    else:
        doing = Doing.WRITING if sign.doing == "writing" and _may_save(document) else Doing.READING
        presence.give_sign(db.session(), document, person(), sign.tab, doing, sign.paragraph)
    answer = _news(document, sign.tab)
    db.session.commit()
    return answer


@blueprint.get("/<uuid:document_id>/presence")
@approved()
def look_around(document_id: uuid.UUID) -> ResponseReturnValue:
    """The same news without a sign of life, for a page whose token has become too old."""
    return _news(load(document_id), "")


def of_page(document: Document) -> dict[str, Any]:
    """What the editor's script begins with: unsaved words, how far each window had come, who is there."""
    session, me = db.session(), person()
    found, settled = None, {}
    if _may_save(document):
        found, settled = unsent.newest(session, document, me), unsent.settled(session, document, me)
    return {
        "unsent": None
        if found is None
        else {
            "tab": found.tab,
            "version": found.version,
            "base": found.base,
            "title": found.title,
            "body": found.body,
            "merged": found.merged,
            "kept_at": found.kept_at.isoformat(),
        },
        "settled": settled,
        "others": _others(document, ""),
    }


def urls(document: Document) -> dict[str, str]:
    return {
        "unsent": url_for("documents.keep_unsent", document_id=document.id),
        "presence": url_for("documents.give_sign", document_id=document.id),
    }


def _news(document: Document, tab: str) -> dict[str, Any]:
    """Who is there and what stands; and a fresh token, so that a page may stay open for days."""
    return {
        "head": document.text_number,
        "by": _by(document),
        "state": document.state.value,
        "suggestions": suggestions.version(db.session(), document),
        "comments": threads.version(db.session(), document, person()),
        "others": _others(document, tab),
        "csrf": generate_csrf(),
    }


def _others(document: Document, tab: str) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "doing": one.doing.value,
            "paragraph": one.paragraph,
            "since": one.since.isoformat(),
            "own": one.own,
        }
        for one in presence.others(db.session(), document, person(), tab)
    ]


def _by(document: Document) -> str:
    """Whose the newest version is, without loading its words."""
    query = select(Revision.author_id, User.name).outerjoin(User, User.id == Revision.author_id)
    here = Revision.document_id == document.id, Revision.number == document.text_number
    row = db.session.execute(query.where(*here)).one_or_none()
    if row is None or row.name is None:
        return "the machine"
    return "you" if row.author_id == person().id else str(row.name)


def _may_save(document: Document) -> bool:
    return policy.can(Act.SAVE, person(), document, claiming=config().claiming)
