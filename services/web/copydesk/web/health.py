"""Is the process alive, and is the desk ready to work?"""

from functools import cache

import structlog
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from copydesk.config import Settings
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import EngineError
from copydesk.web import stopping
from copydesk.web.extensions import db
from copydesk.web.guards import public

blueprint = Blueprint("health", __name__)
log = structlog.get_logger(__name__)

READY = "ready"
SILENT = "does not answer"
UNTOLD = "unknown"  # the database does not answer
BEHIND = "pending"
FORBIDDEN = "can't be read"  # the database answers, and does not let us look


def install(app: Flask) -> None:
    """Before anything asks who it is that asks: that would take the database."""

    @app.before_request
    def say_at_once() -> ResponseReturnValue | None:
        return healthz() if request.endpoint == "health.healthz" else None


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Alive, whatever happens to the others: nobody should start this process anew because the database is away."""
    return {"status": "alive"}


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """200 when database and engine answer and the schema is the one of this version, else 503 and what is not so."""
    schema = _schema()
    words = {
        "database": READY if schema is not UNTOLD else SILENT,
        "migrations": schema,
        "engine": READY if _engine_answers() else SILENT,
    }
    if stopping.is_stopping():
        words["process"] = "stopping"
    ready = set(words.values()) == {READY}
    return {"status": READY if ready else "not ready", **words}, 200 if ready else 503


def _schema() -> str:
    """Is the schema at least the one that this version was written for?

    One that we do not know is of a later version: it was made so that we can go on with it until we are replaced.
    """
    try:
        if db.session.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
            return BEHIND
        applied = set(db.session.scalars(text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("readyz.database", exc_info=True)
        return UNTOLD if isinstance(error, OperationalError) else FORBIDDEN
    heads, known = _migrations(current_app.extensions["migrate"].directory)
    return BEHIND if not applied or (applied & known and not heads <= applied) else READY


@cache
def _migrations(folder: str) -> tuple[frozenset[str], frozenset[str]]:
    """The newest migrations of this version, and all that it has."""
    scripts = ScriptDirectory(folder)
    return frozenset(scripts.get_heads()), frozenset(one.revision for one in scripts.walk_revisions())


def _engine_answers() -> bool:
    settings: Settings = current_app.config["COPYDESK"]
    client = EngineClient(settings.engine_url, settings.engine_token.get_secret_value(), timeout=2.0)
    try:
        client.health()
    except EngineError:
        return False
    return True
