"""Many briefs at once: a file is read, shown, and only when it is confirmed documents are made of it, once."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.accounts import operations as accounts
from copydesk.accounts.models import User
from copydesk.db import Base, CreatedAt
from copydesk.documents import policy, text
from copydesk.documents.asking import csv_briefs
from copydesk.documents.asking.csv_briefs import Asked, Row
from copydesk.documents.errors import DocumentError, InvalidInput, NotAllowed
from copydesk.documents.text import clean_line

MOST = 20  # of one person; the oldest make room
KEPT_FOR = dt.timedelta(days=30)


class BatchNotFound(DocumentError):
    """This file is not kept any more. Please send it again."""


class Batch(Base):
    """A file with briefs: its rows as typed, and once it was confirmed what became of each."""

    __tablename__ = "brief_batches"
    __table_args__ = (
        CheckConstraint("(confirmed_at IS NULL) = (report IS NULL)", "report"),
        Index("ix_brief_batches_person", "person_id", "created_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(120))
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    unknown: Mapped[list[str]] = mapped_column(JSONB)
    created_at: Mapped[CreatedAt]
    confirmed_at: Mapped[dt.datetime | None]
    report: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))

    @property
    def typed(self) -> list[Row]:
        return [Row(one["line"], one["cells"]) for one in self.rows]

    @property
    def outcomes(self) -> list["Outcome"]:
        return [Outcome(**one) for one in self.report or []]


@dataclass(frozen=True)
class Planned:
    """What would become of a row."""

    asked: Asked
    editor: User | None
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a row: the document, or why there is none."""

    line: int
    title: str
    document: str | None
    problem: str


def keep(session: Session, person: User, name: str, content: bytes) -> Batch:
    """Read the file and keep its rows; nothing is made of them yet.

    Raises:
        Unreadable: says why.
    """
    if not policy.can_create(person):
        raise NotAllowed
    table = csv_briefs.read(content)
    # What PostgreSQL can't store is no part of a brief either.
    rows = [
        {"line": row.line, "cells": {key: text.clean(cell) for key, cell in row.cells.items()}} for row in table.rows
    ]
    made = Batch(
        id=uuid.uuid4(),
        person_id=person.id,
        name=clean_line(name)[:120] or "briefs.csv",
        rows=rows,
        unknown=[clean_line(one) for one in table.unknown[:20]],
    )
    session.add(made)
    session.flush()
    newest = select(Batch.id).where(Batch.person_id == person.id).order_by(Batch.created_at.desc(), Batch.id)
    session.execute(delete(Batch).where(Batch.id.in_(newest.offset(MOST))))
    return made


def get(session: Session, person: User, number: uuid.UUID, *, lock: bool = False) -> Batch:
    """One of the person's own.

    Raises:
        BatchNotFound: there is none, or it is somebody else's.
    """
    query = select(Batch).where(Batch.id == number, Batch.person_id == person.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise BatchNotFound
    return found


def plan(session: Session, rows: Sequence[Row], today: dt.date) -> list[Planned]:
    """What would happen to each row now, and all that is wrong with it."""
    editors = _Editors(accounts.approved_editors(session))
    every = [csv_briefs.asked(row) for row in rows]
    same = Counter((one.title, one.brief) for one in every)
    planned, seen = [], set()
    for one in every:
        editor, problem = editors.find(one.editor)
        problems = [*_problems(one, today), *([problem] if problem else [])]
        if same[one.title, one.brief] > 1 and (one.title, one.brief) in seen:
            problems.append("It is the same as a row above.")
        seen.add((one.title, one.brief))
        planned.append(Planned(one, editor, tuple(problems)))
    return planned


def confirmed(session: Session, batch: Batch, outcomes: Sequence[Outcome]) -> None:
    batch.report = [asdict(one) for one in outcomes]
    batch.confirmed_at = func.clock_timestamp()
    session.flush()


def not_created(batch: Batch) -> bytes:
    """The rows of which no document was made, as typed and with the reason: to mend and send again."""
    why = {one.line: one.problem for one in batch.outcomes if one.document is None}
    columns = (*csv_briefs.COLUMNS, csv_briefs.PROBLEM)
    rows = ({**row.cells, csv_briefs.PROBLEM: why[row.line]} for row in batch.typed if row.line in why)
    return csv_briefs.write(columns, rows)


def clear_old(session: Session) -> int:
    old = delete(Batch).where(Batch.created_at < func.clock_timestamp() - KEPT_FOR).returning(Batch.id)
    return len(session.scalars(old).all())


def _problems(one: Asked, today: dt.date) -> list[str]:
    """Everything wrong at once, so that a file is mended once."""
    problems = list(one.problems)
    checks: dict[str, Callable[[], object]] = {
        "title": lambda: text.title(one.title),
        "brief": lambda: text.brief(one.brief),
        "must_keep": lambda: text.must_keep(one.must_keep),
        "most_words": lambda: text.most_words(one.most_words),
    }
    for name, check in checks.items():
        try:
            check()
        except InvalidInput as error:
            problems.append(f"{name}: {error}")
    if one.due is not None and one.due < today:
        problems.append(f"due: {one.due.isoformat()} is over.")
    return problems


class _Editors:
    """Editors by their address or their name."""

    def __init__(self, editors: Sequence[User]) -> None:
        self.by_email: Mapping[str, User] = {one.email.casefold(): one for one in editors}
        self.by_name: dict[str, list[User]] = {}
        for one in editors:
            self.by_name.setdefault(clean_line(one.name).casefold(), []).append(one)

    def find(self, typed: str) -> tuple[User | None, str]:
        """The editor, or nobody with what is wrong."""
        if not typed:
            return None, ""
        found = self.by_email.get(typed.casefold())
        if found is not None:
            return found, ""
        named = self.by_name.get(typed.casefold(), [])
        if len(named) > 1:
            return None, f"editor: Several editors are called “{typed[:80]}”. Please give the email address."
        return (named[0], "") if named else (None, f"editor: There is no editor “{typed[:80]}”.")
