"""Requests of the test client have the rights that web has in production, and no others."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection

from copydesk.rights import granting, settling
from copydesk.rights.tables import Process


def give_rights(app: Flask, db: SQLAlchemy) -> None:
    """What `copydesk migrate` does, and then every request under the role of web."""
    with app.app_context():
        settling.settle(db.engine, app.config["COPYDESK"])
        role = granting.role_of(db.engine.url.database, Process.WEB)
    app.wsgi_app = _UnderRole(app.wsgi_app, lambda: db._app_engines[app][None], role)  # type: ignore[method-assign]


class _UnderRole:
    """Around the application: the tests' own connection, which belongs to the owner, is web's for a request."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], connection: Callable[[], Any], role: str) -> None:
        self.inner, self.connection, self.role = inner, connection, role

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        connection = self.connection()
        if not isinstance(connection, Connection):  # a test with a desk that is committed
            return self.inner(environ, start_response)
        _say(connection, f'SET ROLE "{self.role}"')
        try:
            return self.inner(environ, start_response)
        finally:
            _say(connection, "RESET ROLE")


def _say(connection: Connection, words: str) -> None:
    """Not through SQLAlchemy, where tests count what the application asks."""
    with connection.connection.cursor() as cursor:
        cursor.execute(words)
