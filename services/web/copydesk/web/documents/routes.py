"""The blueprint, and what its views share: loading under the guard, choosing an editor."""

import uuid
from typing import Any

from flask import Blueprint, current_app

from copydesk.config import Settings
from copydesk.documents import access
from copydesk.documents.errors import EditorNotAvailable
from copydesk.documents.models import Document
from copydesk.documents.routing import load as load_of
from copydesk.web.extensions import db
from copydesk.web.guards import person

blueprint = Blueprint("documents", __name__, url_prefix="/documents")


def load(document_id: uuid.UUID) -> Document:
    """The document of this page, or 404 for whoever may not see it: every view's first line."""
    return access.get(db.session(), document_id, person())


def config() -> Settings:
    return current_app.config["COPYDESK"]  # type: ignore[no-any-return]


def offer_editors(form: Any, *, none: str) -> None:
    """Fill the form's select with the approved editors, and a first line for nobody; `loads` says what each has."""
    loads = load_of.of_editors(db.session())
    form.editor.choices = [
        ("", none),
        *((str(one.editor.id), f"{one.editor.name}, {one.editor.organization}") for one in loads),
    ]
    form.editor.loads = loads  # what each has in hand, said beside the names


def chosen_editor(form: Any) -> int | None:
    """The id in the form's select.

    Raises:
        EditorNotAvailable: not a number: the form was tampered with.
    """
    value = form.editor.data or ""
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise EditorNotAvailable
    return int(value)
