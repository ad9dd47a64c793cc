"""Where brief templates are kept: the desk's by admins, each sponsor's own by themselves."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.autodocs.options import DraftOptions
from copydesk.documents.asking import templates
from copydesk.documents.asking.templates import BriefTemplate, Content, Field
from copydesk.documents.errors import InvalidInput, StaleHead
from copydesk.web.documents import options_form
from copydesk.web.errors import answer
from copydesk.web.extensions import db
from copydesk.web.forms import TemplateForm
from copydesk.web.guards import approved, person

blueprint = Blueprint("brief_templates", __name__, url_prefix="/templates")
KEEPERS = (Role.SPONSOR, Role.ADMIN)
DELETED = "deleted_brief_template"  # in the cookie, so that it can be put back
SPARE_ROWS = 3
STALE = "Somebody changed this template in the meantime. Nothing was overwritten; what you typed is below."


@blueprint.get("")
@approved(*KEEPERS)
def index() -> ResponseReturnValue:
    found = templates.visible(db.session(), person())
    return render_template(
        "asking/templates.html",
        mine=[one for one in found if templates.may_change(person(), one)],
        desk=[one for one in found if not templates.may_change(person(), one)],
        gone=session.pop(DELETED, None),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@approved(*KEEPERS)
def new() -> ResponseReturnValue:
    return _edit(None)


@blueprint.route("/<int:template_id>", methods=["GET", "POST"])
@approved(*KEEPERS)
def edit(template_id: int) -> ResponseReturnValue:
    template = templates.get(db.session(), person(), template_id)
    if not templates.may_change(person(), template):
        return answer(403, "This template is the desk’s. You can duplicate it and change your copy.")
    return _edit(template)


@blueprint.post("/<int:template_id>/duplicate")
@approved(*KEEPERS)
def duplicate(template_id: int) -> ResponseReturnValue:
    made = templates.duplicate(db.session(), person(), template_id)
    db.session.commit()
    return redirect(url_for("brief_templates.edit", template_id=made.id), 303)


@blueprint.post("/<int:template_id>/delete")
@approved(*KEEPERS)
def delete(template_id: int) -> ResponseReturnValue:
    gone = templates.remove(db.session(), person(), template_id)
    session[DELETED] = {"number": gone.id, "name": gone.name}
    db.session.commit()
    return _back()


@blueprint.post("/<int:template_id>/restore")
@approved(*KEEPERS)
def restore(template_id: int) -> ResponseReturnValue:
    back = templates.restore(db.session(), person(), template_id)
    db.session.commit()
    flash(f"“{back.name}” is back.", "success")
    return _back()


def _edit(template: BriefTemplate | None) -> ResponseReturnValue:
    """The form of a new template, or of one that there is."""
    kept = template.content if template else Content("")
    form: Any = options_form.prepare(
        TemplateForm,
        DraftOptions.from_dict(kept.options or {}),
        version=template.version if template else None,
        name=kept.name,
        title=kept.title,
        brief=kept.brief,
        most_words=kept.most_words,
        must_keep=kept.must_keep,
    )
    options = options_form.read(form) if form.validate_on_submit() else None
    fields = _typed_fields() if form.is_submitted() else list(kept.fields)
    if options is None:
        return _page(form, template, fields)
    content = Content(
        form.name.data or "",
        form.title.data or "",
        form.brief.data or "",
        tuple(fields),
        form.must_keep.data or "",
        form.most_words.data,
        options.to_dict(),
    )
    try:
        if template is None:
            saved = templates.add(db.session(), person(), content)
        else:
            saved = templates.change(db.session(), person(), template.id, content, version=form.version.data or 0)
        db.session.commit()
    except (InvalidInput, StaleHead) as error:
        db.session.rollback()
        if isinstance(error, InvalidInput):
            options_form.complain(form, error)
        else:
            form.form_errors.append(STALE)
        return _page(form, template, fields)
    _say_saved(saved)
    return _back()


def _say_saved(saved: BriefTemplate) -> None:
    flash(f"“{saved.name}” is saved.", "success")
    unknown = templates.unknown_fields(saved.content)
    if unknown:
        names = ", ".join(f"[{one}]" for one in unknown)
        flash(f"{names}: no field has this name, so it stays in the text as it is.", "warning")


def _typed_fields() -> list[Field]:
    """The rows of the form that have a name or a help."""
    rows = []
    for index in range(templates.MOST_FIELDS + 1):
        name, help_ = (request.form.get(f"field_{what}_{index}", "")[:1000] for what in ("name", "help"))
        if name.strip() or help_.strip():
            rows.append(Field(name, help_, f"field_required_{index}" in request.form))
    return rows


def _page(form: Any, template: BriefTemplate | None, fields: list[Field]) -> ResponseReturnValue:
    rows = min(templates.MOST_FIELDS, len(fields) + SPARE_ROWS)
    html = render_template(
        "asking/template.html",
        form=form,
        options_page=options_form.page(form),
        template=template,
        rows=[*fields, *[Field("", "", True)] * (rows - len(fields))],
        most_fields=templates.MOST_FIELDS,
    )
    return html, 400 if form.is_submitted() else 200


def _back() -> ResponseReturnValue:
    return redirect(url_for("brief_templates.index"), 303)
