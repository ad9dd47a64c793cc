"""Is the process alive, and is the desk ready to work?"""

import structlog
from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from copydesk.config import Settings
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import EngineError
from copydesk.web.extensions import db
from copydesk.web.guards import public

blueprint = Blueprint("health", __name__)
log = structlog.get_logger(__name__)


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    return {"status": "alive"}


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """200 when database and engine answer, else 503 and which one does not."""
    answers = {"database": _database_answers(), "engine": _engine_answers()}
    ready = all(answers.values())
    words = {name: "ready" if good else "does not answer" for name, good in answers.items()}
    return {"status": "ready" if ready else "not ready", **words}, 200 if ready else 503


def _database_answers() -> bool:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        log.warning("readyz.database", exc_info=True)
        return False
    return True


def _engine_answers() -> bool:
    settings: Settings = current_app.config["COPYDESK"]
    client = EngineClient(settings.engine_url, settings.engine_token.get_secret_value(), timeout=2.0)
    try:
        client.health()
    except EngineError:
        return False
    return True
