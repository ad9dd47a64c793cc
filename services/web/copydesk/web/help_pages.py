"""The help pages: how the desk is worked at, in plain words."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from copydesk.web.guards import approved
from copydesk.web.shortcuts import SHORTCUTS

blueprint = Blueprint("help", __name__, url_prefix="/help")


@blueprint.get("/editing")
@approved()
def editing() -> ResponseReturnValue:
    """For editors: the sheet, its colours, its keys."""
    return render_template("help/editing.html", shortcuts=SHORTCUTS)
