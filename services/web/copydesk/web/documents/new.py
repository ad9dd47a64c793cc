"""A new document: its form, what the form begins with, and the document that is made of it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import StringField
from wtforms.validators import Length

from copydesk.accounts.models import Role
from copydesk.autodocs import requests
from copydesk.autodocs.options import DraftOptions
from copydesk.documents.asking import attachments, templates, unfinished
from copydesk.documents.asking.attachments import Upload
from copydesk.documents.asking.templates import BriefTemplate, Field
from copydesk.documents.errors import InvalidInput
from copydesk.documents.routing import rules
from copydesk.web import clock
from copydesk.web.documents import options_form, pages, tickets
from copydesk.web.documents.routes import blueprint, chosen_editor, load, offer_editors
from copydesk.web.extensions import db
from copydesk.web.forms import NewDocumentForm, block, visible
from copydesk.web.guards import approved, person

DELETED = "deleted_unfinished_brief"  # in the cookie, so that it can be put back


@dataclass(frozen=True)
class Beginning:
    """What a form begins with: fields as typed, or values to fill in."""

    values: dict[str, Any]
    options: DraftOptions | None = None
    template: BriefTemplate | None = None
    like: str = ""  # the title of the document that it repeats


@blueprint.route("/new", methods=["GET", "POST"])
@approved(Role.SPONSOR)
def new() -> ResponseReturnValue:
    begun = _beginning()
    form = _form(begun)
    options = options_form.read(form) if form.validate_on_submit() else None
    if options is not None:
        try:
            return redirect(url_for("documents.show", document_id=_create(form, options, begun)), 303)
        except InvalidInput as error:
            db.session.rollback()
            begun = _beginning()
            options_form.complain(form, error)
    form.ticket.data = form.ticket.data or tickets.issue()
    if not form.is_submitted() and not form.kept_version.data:
        form.due.data = clock.proposed(rules.rules(db.session()).days_to_edit)
    return pages.options_page("documents/new.html", form, **_around(form, begun))


def uploads(files: Sequence[FileStorage] | None) -> list[Upload]:
    """The files of a form; a browser sends one without a name where none was chosen."""
    return [Upload(one.filename, one.read()) for one in files or () if one.filename]


def _beginning() -> Beginning:
    """From an unfinished brief, a template or another document of the person; nothing where none is asked for."""
    if request.method == "POST":
        return Beginning({}, template=_template(request.form.get("from_template"), deleted=True))
    if (number := request.args.get("unfinished")) is not None:
        kept = unfinished.get(db.session(), person(), _uuid(number))
        typed = {"ticket": tickets.issue(kept.id), "kept_version": str(kept.version)}
        template = _template(kept.fields.get("from_template"), deleted=True)
        return Beginning({"formdata": MultiDict({**kept.fields, **typed})}, template=template)
    if (number := request.args.get("like")) is not None:
        return _like(_uuid(number))
    template = _template(request.args.get("template"))
    if template is None:
        return Beginning({})
    names = ("title", "brief", "most_words", "must_keep")
    values = {name: getattr(template, name) for name in names} | {"from_template": str(template.id)}
    return Beginning(values, DraftOptions.from_dict(template.options), template)


def _like(document_id: uuid.UUID) -> Beginning:
    """A document that the person may see, asked for once more."""
    document = load(document_id)
    values = {name: getattr(document, name) for name in ("title", "brief", "most_words", "must_keep")}
    values["editor"] = str(document.editor_id or "")
    return Beginning(values, DraftOptions.from_dict(document.sampling), like=document.title)


def _form(begun: Beginning) -> Any:
    """The form; a template's fields are fields of it, `answer_0` and so on."""
    fields = begun.template.content.fields if begun.template else ()
    extra = {f"answer_{index}": _answer(one) for index, one in enumerate(fields)}
    form_class = type(NewDocumentForm.__name__, (NewDocumentForm,), extra)
    form: Any = options_form.prepare(form_class, begun.options, **begun.values)
    form.answers = [(one, form[name]) for one, name in zip(fields, extra, strict=True)]
    offer_editors(form, none="Nobody yet; the desk will find one")
    return form


def _answer(one: Field) -> StringField:
    checks = [visible(f"Please fill in “{one.name}”.")] if one.required else []
    most = templates.LONGEST_ANSWER
    checks.append(Length(max=most, message=f"“{one.name}” has at most {most:,} characters, please."))
    return StringField(one.name, checks, filters=[block], default="")


def _create(form: Any, options: DraftOptions, begun: Beginning) -> uuid.UUID:
    """The document of this form: made now, or when the same form came a moment ago."""
    asked, must_keep = _filled(form, begun)
    files = uploads(form.attachment.data)
    ticket = tickets.redeem(form.ticket.data)
    for name in (ticket, uuid.uuid4()):
        if tickets.made_before(name, **asked):
            return name
        try:
            requests.create_document(
                db.session(),
                person(),
                **asked,
                editor_id=chosen_editor(form),
                options=options,
                most_words=form.most_words.data,
                must_keep=must_keep,
                due_at=clock.due_of(form),
                document_id=name,
            )
            if files:
                attachments.add(db.session(), name, person(), files)
            unfinished.became_document(db.session(), person(), ticket)
            db.session.commit()
        except IntegrityError:  # the other one of two was quicker, or the form was written anew
            db.session.rollback()
            if tickets.made_before(name, **asked):
                return name
        else:
            return name
    raise AssertionError("a new id was taken")


def _filled(form: Any, begun: Beginning) -> tuple[dict[str, str], str]:
    """Title, brief and lines to keep, with what was typed into the template's fields."""
    title, brief, must_keep = form.title.data or "", form.brief.data or "", form.must_keep.data or ""
    if begun.template is None:
        return {"title": title, "brief": brief}, must_keep
    fields = begun.template.content.fields
    answers = {one.name: field.data or "" for one, field in form.answers}
    asked = {
        "title": templates.fill(title, fields, answers),
        "brief": templates.fill_brief(brief, fields, answers),
    }
    return asked, templates.fill(must_keep, fields, answers)


def _around(form: Any, begun: Beginning) -> dict[str, Any]:
    """What else is on the page: what could be gone on with, what could be started from."""
    fresh = not form.is_submitted() and not (begun.template or begun.like or form.kept_version.data)
    gone = session.pop(DELETED, None) if not form.is_submitted() else None
    return {
        "used": begun.template,
        "like": begun.like,
        "fresh": fresh,
        "unfinished": unfinished.mine(db.session(), person()) if fresh else [],
        "gone": gone,
        "templates": templates.visible(db.session(), person()) if fresh else [],
        "file_types": attachments.TYPES,
        "file_limits": attachments.limits(),
    }


def _template(number: str | None, *, deleted: bool = False) -> BriefTemplate | None:
    if not (number and number.isascii() and number.isdigit()):
        return None
    return templates.get(db.session(), person(), int(number[:20]), deleted=deleted)


def _uuid(typed: str) -> uuid.UUID:
    """A number in an address; nonsense is one that nothing has."""
    try:
        return uuid.UUID(typed)
    except ValueError:
        return uuid.UUID(int=0)
