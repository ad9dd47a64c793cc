"""Which model writes new drafts: the desk's choice. Drafts that are queued already keep the one they were asked of."""

import re
from collections.abc import Mapping

from sqlalchemy import CheckConstraint, ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from copydesk import audit
from copydesk.accounts.models import User
from copydesk.autodocs.models import LIVE, Autodoc
from copydesk.config import settings
from copydesk.db import Base, CreatedAt
from copydesk.engine.remote import LONGEST, NotRemote, Remote, is_remote

_FOLDER = re.compile(r"[A-Za-z0-9_][\w.+-]{0,95}")


class ChosenModel(Base):
    """What an admin chose, in at most one row; none: `MODEL` of the configuration. The audit log keeps the history."""

    __tablename__ = "chosen_model"
    __table_args__ = (CheckConstraint("one", "one"), CheckConstraint("btrim(name) <> ''", "name"))

    one: Mapped[bool] = mapped_column(primary_key=True, default=True)
    name: Mapped[str] = mapped_column(String(LONGEST))
    chosen_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # none: on the command line
    chosen_at: Mapped[CreatedAt]

    chosen_by: Mapped[User | None] = relationship(lazy="joined")


class BadModelName(ValueError):
    """The name can't be a model's; the message says why."""


def default_model(session: Session) -> str:
    """The name of the model that writes new drafts: a folder's name, or another server's address."""
    return session.scalar(select(ChosenModel.name)) or settings().model


def choice(session: Session) -> ChosenModel | None:
    """Who chose the model, and when; None: nobody has, and the configuration holds."""
    return session.scalars(select(ChosenModel)).one_or_none()


def use(session: Session, actor: User | None, name: str) -> str:
    """Let the model `name` write new drafts from now on; `actor` is None on the command line.

    Whether it is there and fits is the caller's to ask of the engine. Returns the name as it is kept.

    Raises:
        BadModelName: it can't be a model's name.
    """
    name = clean_name(name)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("chosen_model"))))  # also where no row is yet
    chosen = choice(session)
    before = chosen.name if chosen else settings().model
    if chosen is None:
        chosen = ChosenModel(name=name)
        session.add(chosen)
    chosen.name, chosen.chosen_by_id = name, actor.id if actor else None
    chosen.chosen_at = func.clock_timestamp()
    session.flush()
    session.refresh(chosen)
    audit.record(
        session,
        "model.use",
        actor_id=actor.id if actor else None,
        object_type="desk",
        object_id="model",
        before={"model": before},
        after={"model": name},
    )
    return name


def clean_name(name: str) -> str:
    """A model's name as it is kept: addresses in one form, models by the name of their folder.

    Raises:
        BadModelName: it is none.
    """
    name = name.strip()
    if is_remote(name):
        try:
            return Remote.parse(name).name
        except NotRemote as error:
            raise BadModelName(str(error)) from error
    if not _FOLDER.fullmatch(name):
        raise BadModelName(f"{name[:80]!r} is neither a model's name nor the address of a server.")
    return name


def waiting(session: Session) -> Mapping[str, int]:
    """How many drafts wait or are being written, by the model they were asked of."""
    query = select(Autodoc.model, func.count()).where(Autodoc.state.in_(LIVE)).group_by(Autodoc.model)
    return {name: count for name, count in session.execute(query)}  # noqa: C416  a Row is not a pair to mypy


def used_by(session: Session) -> Mapping[str, int]:
    """How many documents have a draft of each model, by the model's name."""
    documents = func.count(Autodoc.document_id.distinct())
    query = select(Autodoc.model, documents).group_by(Autodoc.model)
    return {name: count for name, count in session.execute(query)}  # noqa: C416


def waiting_in_words(waiting: Mapping[str, int]) -> list[str]:
    """What happens to drafts that wait: a line for each model."""
    return [
        f"{count} draft{' waits' if count == 1 else 's wait'} for {name} and {'keeps' if count == 1 else 'keep'} it."
        for name, count in sorted(waiting.items())
    ]
