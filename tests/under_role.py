"""Requests of the test client have the rights that web has in production; what the worker does, the worker's."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.orm import Session

from copydesk.documents import publishing
from copydesk.documents.routing import reminders
from copydesk.notifications import digests
from copydesk.rights import granting, settling
from copydesk.rights.tables import Process
from tests import audited

# Where the worker enters with a session, in tests without its process.
WORK = ((reminders, "remind_due"), (digests, "due"), (digests, "send"), (publishing, "publish_due"))


def give_rights(app: Flask, db: SQLAlchemy) -> None:
    """What `copydesk migrate` does, and then every request under the role of web."""
    with app.app_context():
        settling.settle(db.engine, app.config["COPYDESK"])
        role = granting.role_of(db.engine.url.database, Process.WEB)
    app.wsgi_app = _UnderRole(app.wsgi_app, lambda: db._app_engines[app][None], role, app)  # type: ignore[method-assign]


class _UnderRole:
    """Around the application: the tests' own connection, which belongs to the owner, is web's for a request."""

    def __init__(
        self, inner: Callable[..., Iterable[bytes]], connection: Callable[[], Any], role: str, app: Flask
    ) -> None:
        self.inner, self.connection, self.role, self.app = inner, connection, role, app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        connection = self.connection()
        if not isinstance(connection, Connection):  # a test with a desk that is committed
            return self.inner(environ, start_response)
        statuses: list[str] = []

        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            statuses.append(status)
            return start_response(status, headers, exc_info)

        with audited.watching(connection) as changes, acting(connection, self.role):
            answer = self.inner(environ, start)
        if changes.tables and int(statuses[0][:3]) < 400:
            changes.expect_events(self._endpoint(environ))
        return answer

    def _endpoint(self, environ: dict[str, Any]) -> str:
        return str(self.app.url_map.bind_to_environ(environ).match()[0])


@contextmanager
def work_as_worker(connection: Connection) -> Iterator[None]:
    """The worker's own work has the worker's rights."""
    role = granting.role_of(str(connection.engine.url.database), Process.WORKER)
    with pytest.MonkeyPatch.context() as patch:
        for module, name in WORK:
            patch.setattr(module, name, _as(role, getattr(module, name)))
        yield


@contextmanager
def worker_on(engine: Engine) -> Iterator[Engine]:
    """The same database, with the worker's rights."""
    role = granting.role_of(str(engine.url.database), Process.WORKER)
    made = create_engine(engine.url, connect_args={"options": f"-c role={role}"})
    try:
        yield made
    finally:
        made.dispose()


@contextmanager
def acting(connection: Connection, role: str) -> Iterator[None]:
    _say(connection, f'SET ROLE "{role}"')
    try:
        yield
    finally:
        _say(connection, "RESET ROLE")


def _as(role: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def under(session: Session, *args: Any, **options: Any) -> Any:
        session.flush()  # what the test itself has changed
        with acting(session.connection(), role):
            done = work(session, *args, **options)
            session.flush()
        return done

    return under


def _say(connection: Connection, words: str) -> None:
    """Not through SQLAlchemy, where tests count what the application asks."""
    with connection.connection.cursor() as cursor:
        cursor.execute(words)
