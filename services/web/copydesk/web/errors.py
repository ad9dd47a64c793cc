"""Errors as pages (or JSON), in one place: what happened, what is safe, what to do."""

from dataclasses import dataclass

import structlog
from flask import Flask, current_app, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from copydesk import fault_reports
from copydesk.accounts.errors import AccountError
from copydesk.autodocs.limits import TooManyDrafts
from copydesk.documents.asking.attachments import AttachmentNotFound
from copydesk.documents.asking.batches import BatchNotFound
from copydesk.documents.asking.unfinished import UnfinishedNotFound
from copydesk.documents.errors import (
    DocumentError,
    DocumentNotFound,
    InvalidInput,
    NotAllowed,
    StaleHead,
    WrongState,
)
from copydesk.web import limits
from copydesk.web.extensions import db
from copydesk.web.guards import wants_json

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Page:
    title: str
    message: str
    todo: str


PAGES = {
    400: Page(
        "That did not arrive whole",
        "The form was incomplete or too old.",
        "Go back, reload the page and try again.",
    ),
    403: Page(
        "This is not yours to do",
        "You are logged in, but your role or the document doesn't allow this.",
        "If you think it should, ask an admin of this desk.",
    ),
    404: Page(
        "There is nothing here",
        "The page doesn't exist, or it is not yours to see.",
        "Check the address, or start from your documents.",
    ),
    405: Page(
        "That is not how this page is used",
        "The page was asked for something it doesn't do.",
        "Go back and use the buttons of the page.",
    ),
    409: Page(
        "The document has moved on",
        "Somebody else was quicker.",
        "Open the document again to see where it stands.",
    ),
    413: Page(
        "That is too much at once",
        "What you sent is larger than this desk accepts.",
        "Shorten the text and send it again.",
    ),
    415: Page(
        "That came in another form",
        "This address takes JSON, and is told so by the content type.",
        "Go back and use the buttons of the page.",
    ),
    429: Page(
        "A moment, please",
        "Too many requests came from here in a short time.",
        "Wait a minute and try again.",
    ),
    500: Page(
        "Something broke on our side",
        "It was noted. What you had saved is safe.",
        "Try again; if it happens again, tell an admin the number below.",
    ),
    503: Page("The desk is not ready", "A part of it does not answer.", "Try again in a moment."),
}


def install(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(RateLimitExceeded, _too_often)
    app.register_error_handler(TooManyDrafts, lambda error: answer(429, str(error)))
    app.register_error_handler(DocumentNotFound, lambda error: answer(404))
    app.register_error_handler(NotAllowed, lambda error: answer(403, str(error)))
    app.register_error_handler(WrongState, lambda error: answer(409, str(error)))
    app.register_error_handler(StaleHead, lambda error: answer(409, str(error)))
    app.register_error_handler(InvalidInput, lambda error: answer(400, str(error)))
    for gone in (AttachmentNotFound, BatchNotFound, UnfinishedNotFound):
        app.register_error_handler(gone, lambda error: answer(404, str(error)))
    app.register_error_handler(DocumentError, lambda error: answer(409, str(error)))
    app.register_error_handler(AccountError, lambda error: answer(409, str(error)))
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(Exception, _unexpected)


def answer(status: int, message: str | None = None) -> ResponseReturnValue:
    """The error page of this status. The request's transaction is undone; what the person typed is on the page."""
    db.session.rollback()
    page = PAGES.get(status, PAGES[500 if status >= 500 else 400])
    if wants_json():
        return {"error": message or page.message, "request_id": g.get("request_id")}, status
    html = render_template(
        "errors/error.html",
        status=status,
        title=page.title,
        message=message or page.message,
        todo=page.todo,
        request_id=g.get("request_id"),
        typed=_typed(),
    )
    return html, status


def _typed() -> str | None:
    """The long field of the form that could not be taken, so that nobody's typing is lost with the page."""
    if request.method != "POST":
        return None
    try:
        form = request.form
    except HTTPException:  # too large to be read
        return None
    return next((form[name] for name in ("body", "brief", "comment", "reason") if form.get(name)), None)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    return answer(error.code)


def _too_often(error: RateLimitExceeded) -> ResponseReturnValue:
    seconds = limits.breached(limits.limiter.current_limit)
    return answer(429, f"Too much came from here in a short time. Try again {limits.in_words(seconds)}.")


def _csrf(error: CSRFError) -> ResponseReturnValue:
    return answer(400, "This page was open for too long, so the form could not be checked.")


def _away(error: OperationalError) -> ResponseReturnValue:
    """The database does not answer, or not in time. Whoever is logged in stays so; the page can't ask who it is."""
    log.warning("request.database_away", exc_info=error)
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    response = make_response(answer(503))
    response.headers["Retry-After"] = "5"
    return response


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("request.failed", exc_info=error)
    fault_reports.report(error, route=request.url_rule.rule if request.url_rule is not None else "none")
    return answer(500)
