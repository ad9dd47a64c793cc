"""How much one request may carry: little, but for the two forms to which files can be given."""

from flask import Flask, request
from flask_login import current_user

from copydesk.documents.asking.attachments import MOST_TOGETHER

USUAL = 4 * 1024 * 1024
WITH_FILES = MOST_TOGETHER + 2 * 1024 * 1024  # nginx has the same number; a test compares
FILE_FORMS = frozenset({"documents.new", "documents.attach"})


def install(app: Flask) -> None:
    """Before anything reads a body; so before the token of the form is looked for in it."""

    @app.before_request
    def allow_files() -> None:
        with_files = request.endpoint in FILE_FORMS and request.mimetype == "multipart/form-data"
        if with_files and current_user.is_authenticated:
            request.max_content_length = WITH_FILES
