"""Saying something about a text: comments, replies, resolving. How it is shown is in `commented`.

A page without script posts plain forms. The page on which somebody writes sends the same forms itself and gets the
panel back, so that the text under the hands stays.
"""

import uuid
from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents.conversation import operations, threads
from copydesk.documents.conversation.operations import About, Said
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document
from copydesk.web.documents import acts
from copydesk.web.documents.commented import Refused, conversation
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.errors import answer
from copydesk.web.extensions import db
from copydesk.web.forms import NewCommentForm, SayForm
from copydesk.web.guards import approved, person, wants_json

PLACE = ("base", "start", "end")  # fields that only script fills
Saying = Callable[[Session, uuid.UUID, User], Said]


@blueprint.get("/<uuid:document_id>/comments")
@approved()
def comments(document_id: uuid.UUID) -> ResponseReturnValue:
    """The panel, for a page that goes on."""
    return _panel(load(document_id))


@blueprint.post("/<uuid:document_id>/comments")
@approved()
def comment(document_id: uuid.UUID) -> ResponseReturnValue:
    document, form = load(document_id), NewCommentForm()
    about = About(form.about.data or "", form.base.data, form.start.data, form.end.data)

    def say(session: Session, ident: uuid.UUID, actor: User) -> Said:
        words, hidden = form.comment.data or "", bool(form.hidden.data)
        return operations.comment(session, ident, actor, words=words, about=about, editors_only=hidden)

    return _say(document, form, "new", say, "Your comment is beside the text.")


@blueprint.post("/<uuid:document_id>/comments/<int:thread_id>/reply")
@approved()
def reply(document_id: uuid.UUID, thread_id: int) -> ResponseReturnValue:
    document, form = load(document_id), SayForm()
    threads.get(db.session(), document, person(), thread_id)  # 404 comes before what is wrong with the words

    def say(session: Session, ident: uuid.UUID, actor: User) -> Said:
        return operations.reply(session, ident, actor, thread_id, words=form.comment.data or "")

    return _say(document, form, f"reply-{thread_id}", say, "Your reply is there.")


@blueprint.post("/<uuid:document_id>/comments/said/<int:comment_id>/change")
@approved()
def change_comment(document_id: uuid.UUID, comment_id: int) -> ResponseReturnValue:
    document, form = load(document_id), SayForm()
    threads.comment(db.session(), document, person(), comment_id)

    def say(session: Session, ident: uuid.UUID, actor: User) -> Said:
        return operations.change(session, ident, actor, comment_id, words=form.comment.data or "")

    return _say(document, form, f"change-{comment_id}", say, "Changed.")


@blueprint.post("/<uuid:document_id>/comments/said/<int:comment_id>/take-back")
@approved()
def take_back_comment(document_id: uuid.UUID, comment_id: int) -> ResponseReturnValue:
    document = load(document_id)
    thread = operations.take_back(db.session(), document_id, person(), comment_id)
    return _done(document, thread.id if thread.stands else None, "Taken back.")


@blueprint.post("/<uuid:document_id>/comments/<int:thread_id>/resolve")
@approved()
def resolve_comment(document_id: uuid.UUID, thread_id: int) -> ResponseReturnValue:
    document = load(document_id)
    operations.resolve(db.session(), document_id, person(), thread_id)
    return _done(document, None, "Resolved. It is kept below, and can be opened again.")


@blueprint.post("/<uuid:document_id>/comments/<int:thread_id>/reopen")
@approved()
def reopen_comment(document_id: uuid.UUID, thread_id: int) -> ResponseReturnValue:
    document = load(document_id)
    operations.reopen(db.session(), document_id, person(), thread_id)
    return _done(document, thread_id, "Open again.")


def _say(document: Document, form: NewCommentForm | SayForm, name: str, say: Saying, done: str) -> ResponseReturnValue:
    if not form.validate_on_submit():
        field, message = next((field or "comment", errors[0]) for field, errors in form.errors.items())
        if field in PLACE:
            field, message = "about", "Please choose the words in the text again."
        return _refuse(document.id, Refused(name, field, message, request.form.to_dict()))
    try:
        said = say(db.session(), document.id, person())
    except InvalidInput as error:
        db.session.rollback()
        return _refuse(document.id, Refused(name, error.field, str(error), request.form.to_dict()))
    return _done(load(document.id), said.comment.thread_id, " ".join([done, *_in_vain(said)]))


def _in_vain(said: Said) -> list[str]:
    """Whom the comment called and did not reach."""
    words = []
    if said.unknown:
        words.append(f"Nobody here is called {_listed(said.unknown)}.")
    if said.left_out:
        is_are = "does" if len(said.left_out) == 1 else "do"
        words.append(f"{_listed(said.left_out)} {is_are} not see this comment, and {is_are} not hear of it.")
    return words


def _listed(names: tuple[str, ...]) -> str:
    names = tuple(f"“{name}”" if name.startswith("@") else name for name in names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _refuse(document_id: uuid.UUID, refused: Refused) -> ResponseReturnValue:
    """What was typed, in the form it was typed in, with what is wrong about it."""
    if wants_json():
        return answer(400, refused.message)
    return acts._page(load(document_id), 400, comment_refused=refused)


def _done(document: Document, thread_id: int | None, said: str) -> ResponseReturnValue:
    db.session.commit()
    if wants_json():
        return {"ok": True, "said": said, "thread": thread_id, "panel": _panel(load(document.id))}
    flash(said, "success")
    anchor = "comments" if thread_id is None else f"thread-{thread_id}"
    return redirect(url_for("documents.show", document_id=document.id, _anchor=anchor), 303)


def _panel(document: Document) -> str:
    return render_template("documents/_comments.html", document=document, conversation=conversation(document))
