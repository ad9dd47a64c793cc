"""A document's own pages: show, the live progress of its draft, its brief, its history."""

import uuid
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.autodocs import requests
from copydesk.autodocs.options import DraftOptions
from copydesk.documents import chain, operations, presence
from copydesk.documents.errors import InvalidInput, StaleHead
from copydesk.documents.textdiff import difference
from copydesk.web.documents import options_form, page_data
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.errors import answer
from copydesk.web.extensions import db
from copydesk.web.forms import DraftOptionsForm, EditBriefForm
from copydesk.web.guards import approved, person


@blueprint.route("/<uuid:document_id>/draft-again", methods=["GET", "POST"])
@approved(Role.SPONSOR, Role.ADMIN)
def draft_again(document_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for other drafts, as the last ones were asked for or otherwise."""
    document = load(document_id)
    form = options_form.prepare(DraftOptionsForm, DraftOptions.from_dict(document.sampling))
    options = options_form.read(form) if form.validate_on_submit() else None
    if options is None:
        return options_page("documents/draft_again.html", form, document=document)
    try:
        requests.draft_again(db.session(), document_id, person(), options)
        db.session.commit()
    except InvalidInput as error:
        db.session.rollback()
        options_form.complain(form, error)
        return options_page("documents/draft_again.html", form, document=load(document_id))
    return redirect(url_for("documents.show", document_id=document_id), 303)


@blueprint.get("/<uuid:document_id>")
@approved()
def show(document_id: uuid.UUID) -> ResponseReturnValue:
    document = load(document_id)
    page = render_template("documents/document.html", **page_data.document_page(document))
    presence.mark(db.session(), document, person())
    db.session.commit()
    return page


@blueprint.get("/<uuid:document_id>/progress.json")
@approved()
def progress(document_id: uuid.UUID) -> ResponseReturnValue:
    """What a watching page asks for a few times a second while the machine writes."""
    return page_data.progress(load(document_id))


@blueprint.route("/<uuid:document_id>/brief", methods=["GET", "POST"])
@approved(Role.SPONSOR)
def brief(document_id: uuid.UUID) -> ResponseReturnValue:
    document = load(document_id)
    form = EditBriefForm(
        title=document.title,
        brief=document.brief,
        most_words=document.most_words,
        must_keep=document.must_keep,
        base=chain.brief_number(db.session(), document),
    )
    page: dict[str, Any] = {"document": document}
    if not form.validate_on_submit():
        return render_template("documents/brief.html", form=form, **page), 400 if form.is_submitted() else 200
    try:
        operations.edit_brief(
            db.session(),
            document_id,
            person(),
            title=form.title.data or "",
            brief=form.brief.data or "",
            base=form.base.data or 0,
            most_words=form.most_words.data,
            must_keep=form.must_keep.data or "",
        )
        if request.form.get("redraft"):
            requests.draft_again(db.session(), document_id, person())
        db.session.commit()
    except InvalidInput as error:
        return refuse(form, error, "documents/brief.html", document=load(document_id))
    except StaleHead as error:
        return answer(409, str(error))
    return redirect(url_for("documents.show", document_id=document_id), 303)


@blueprint.get("/<uuid:document_id>/history")
@approved()
def history(document_id: uuid.UUID) -> ResponseReturnValue:
    document = load(document_id)
    revisions = chain.revisions(db.session(), document_id)
    return render_template(
        "documents/history.html",
        document=document,
        revisions=list(reversed(revisions)),
        **page_data.drafts_of_history(document),
        broken=chain.first_broken(revisions),
    )


@blueprint.get("/<uuid:document_id>/history/<int:number>")
@approved()
def revision(document_id: uuid.UUID, number: int) -> ResponseReturnValue:
    document = load(document_id)
    shown = chain.revision(db.session(), document, number)
    if shown is None:
        return answer(404)
    before = chain.previous_of_its_line(db.session(), shown)
    return render_template(
        "documents/revision.html",
        document=document,
        revision=shown,
        before=before,
        changes=difference.readable(before.body if before else "", shown.body),
    )


def options_page(template: str, form: Any, **page: Any) -> ResponseReturnValue:
    """The form with all that was typed, and at each field what is wrong with it."""
    html = render_template(template, form=form, options_page=options_form.page(form), **page)
    return html, 400 if form.is_submitted() else 200


def refuse(form: Any, error: InvalidInput, template: str, **page: Any) -> ResponseReturnValue:
    """The form again, with what the person typed and what is wrong with it."""
    db.session.rollback()
    field = getattr(form, error.field, None)
    if field is None:
        form.form_errors.append(str(error))
    else:
        field.errors = [*field.errors, str(error)]
    return render_template(template, form=form, **page), 400
