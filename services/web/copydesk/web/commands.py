"""The commands of the web image: serve, migrate, and the first people."""

import code
import os
import sys

import click
from flask import Flask
from flask_security import hash_password
from sqlalchemy import func, select

from copydesk.accounts import development, operations, passwords
from copydesk.accounts.errors import AccountError
from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.db import make_engine
from copydesk.logs import configure_logging
from copydesk.rights import settling, telling
from copydesk.rights.granting import RightsError
from copydesk.web import metric_files
from copydesk.web.extensions import db


def _app() -> Flask:
    from copydesk.web.app import create_app

    return create_app()


@click.command()
@click.option("--host", envvar="HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="PORT", default=5000, show_default=True)
@click.option("--reload", is_flag=True, help="Start again when the code changes.")
def web(host: str, port: int, reload: bool) -> None:
    """Serve the pages with gunicorn."""
    configure_logging(settings())
    database = make_engine(settings().sqlalchemy_url, pool_size=1)
    telling.warn(database)
    database.dispose()
    metric_files.start_folder()
    arguments = [sys.executable, "-m", "gunicorn", "--config", "python:copydesk.web.gunicorn_config"]
    arguments += ["--bind", f"{host}:{port}"]
    if reload:
        arguments.append("--reload")
    os.execv(sys.executable, [*arguments, "copydesk.web.app:create_app()"])  # noqa: S606  our own arguments


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema, and the roles of web and worker to the rights that they need."""
    from flask_migrate import upgrade

    with _app().app_context():
        upgrade()
        try:
            open_to = settling.settle(db.engine, settings())
        except RightsError as error:
            raise click.ClickException(str(error)) from error
    for process in open_to:
        click.echo(f"The {process} has no log-in of its own to the database: {telling.ADVICE}.", err=True)


@click.command("create-admin")
@click.argument("email")
@click.option("--name", prompt="Name", help="The person's name.")
@click.password_option(help="Asked for when not given; at least 8 characters.")
def create_admin(email: str, name: str, password: str) -> None:
    """Make an admin: the first person of a desk exists only by this command."""
    fault = passwords.fault(password, (name, email))
    if fault is not None:
        raise click.ClickException(fault)
    if "@" not in email:
        raise click.ClickException(f"{email} does not look like an email address.")
    with _app().app_context():
        try:
            operations.create_admin(db.session(), name=name, email=email, password_hash=hash_password(password))
        except AccountError as error:
            raise click.ClickException(str(error)) from error
        db.session.commit()
    click.echo(f"{email} can log in as admin.")


@click.command("development-people")
def development_people() -> None:
    """Make the people of a development desk, if they are missing."""
    with _app().app_context():
        try:
            made = development.create_development_people(db.session(), settings(), hash_password)
        except AccountError as error:
            raise click.ClickException(str(error)) from error
        db.session.commit()
    click.echo(f"{len(made)} development people made." if made else "The development people are there.")


@click.command()
def shell() -> None:
    """A Python shell with `app`, `db`, `session`, `select`, `func` and the models."""
    from copydesk.autodocs.models import Autodoc
    from copydesk.documents.models import Document, Revision

    app = _app()
    with app.app_context():
        names = {model.__name__: model for model in (User, Document, Revision, Autodoc)}
        here = {"app": app, "db": db, "session": db.session, "select": select, "func": func, **names}
        code.interact(f"Copydesk: {', '.join(here)}", local=here, exitmsg="")
