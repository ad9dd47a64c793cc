"""Brief templates: how a kind of text is asked for, with named fields that are filled in.

`[Place]` in the title, the brief or the lines to keep stands for what is typed into the field “Place”. What comes out
is plain text: nobody downstream needs to know that there was a template.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, delete, func, or_, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk import audit
from copydesk.accounts.models import Role, User
from copydesk.config import settings
from copydesk.db import Base, BigIntId, CreatedAt
from copydesk.documents import text
from copydesk.documents.errors import DocumentError, DocumentNotFound, InvalidInput, StaleHead

MOST = 100  # of one owner
MOST_FIELDS = 12
LONGEST_NAME, LONGEST_FIELD, LONGEST_HELP, LONGEST_ANSWER = 80, 60, 200, 2_000
UNDO_FOR = dt.timedelta(days=30)
_BRACKETS = re.compile(r"\[([^\[\]\n]{1,60})\](?!\()")  # a Markdown link is none


class TemplateNotFound(DocumentNotFound):
    """There is no such template, or it is not yours to see."""


class TooManyTemplates(DocumentError):
    """There are as many templates as one owner can keep. Please delete one first."""


@dataclass(frozen=True)
class Field:
    """One thing that the template asks for."""

    name: str
    help: str = ""
    required: bool = True


@dataclass(frozen=True)
class Content:
    """All that a person writes of a template."""

    name: str
    title: str = ""
    brief: str = ""
    fields: tuple[Field, ...] = ()
    must_keep: str = ""
    most_words: int | None = None
    options: Mapping[str, Any] | None = None  # how drafts are asked for; see autodocs


class BriefTemplate(Base):
    """A template of the desk (`owner` is none; admins keep it) or of one sponsor."""

    __tablename__ = "brief_templates"
    __table_args__ = (
        CheckConstraint("btrim(name) <> ''", "name"),
        CheckConstraint("most_words > 0", "most_words"),
        CheckConstraint("version > 0", "version"),
        Index("ix_brief_templates_owner", "owner_id", "name", postgresql_where=sql("deleted_at IS NULL")),
    )

    id: Mapped[BigIntId]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(400))
    brief: Mapped[str] = mapped_column(Text)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    must_keep: Mapped[str] = mapped_column(Text)
    most_words: Mapped[int | None]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(default=1)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[dt.datetime | None]

    @property
    def content(self) -> Content:
        fields = tuple(Field(**one) for one in self.fields)
        return Content(self.name, self.title, self.brief, fields, self.must_keep, self.most_words, self.options)


def visible(session: Session, person: User) -> Sequence[BriefTemplate]:
    """What this person may use: the desk's, and a sponsor's own."""
    query = select(BriefTemplate).where(_visible_to(person), BriefTemplate.deleted_at.is_(None))
    return session.scalars(query.order_by(BriefTemplate.owner_id.is_not(None), BriefTemplate.name)).all()


def get(session: Session, person: User, number: int, *, deleted: bool = False) -> BriefTemplate:
    """One that this person may use; `deleted`: also when it was deleted, for a form that is open on it.

    Raises:
        TemplateNotFound: there is none, or it is somebody else's.
    """
    query = select(BriefTemplate).where(BriefTemplate.id == number, _visible_to(person))
    found = session.scalars(query).one_or_none() if number < 2**63 else None
    if found is None or (found.deleted_at is not None and not deleted):
        raise TemplateNotFound
    return found


def may_change(person: User, template: BriefTemplate) -> bool:
    return person.is_approved and template.owner_id == _owner(person) and person.role in (Role.ADMIN, Role.SPONSOR)


def add(session: Session, person: User, content: Content) -> BriefTemplate:
    """A new one: an admin's is the desk's, a sponsor's is their own."""
    if person.role not in (Role.ADMIN, Role.SPONSOR):
        raise TemplateNotFound
    owner = _owner(person)
    mine = BriefTemplate.owner_id.is_(None) if owner is None else BriefTemplate.owner_id == owner
    if session.scalars(select(func.count()).where(mine, BriefTemplate.deleted_at.is_(None))).one() >= MOST:
        raise TooManyTemplates
    made = BriefTemplate(owner_id=owner, created_by_id=person.id, **_columns(checked(content)))
    session.add(made)
    _record(session, "added", made, person)
    return made


def change(session: Session, person: User, number: int, content: Content, *, version: int) -> BriefTemplate:
    """Change it, if nobody did since `version`.

    Raises:
        StaleHead: somebody did.
    """
    found = _mine(session, person, number)
    if found.version != version:
        raise StaleHead
    values = _columns(checked(content))
    changed = [name for name, value in values.items() if getattr(found, name) != value]
    if changed:
        before = {"name": found.name, "version": version}
        for name, value in values.items():
            setattr(found, name, value)
        found.version, found.updated_at = version + 1, func.clock_timestamp()
        _record(session, "changed", found, person, before, {"version": version + 1, "fields": changed})
    return found


def duplicate(session: Session, person: User, number: int) -> BriefTemplate:
    """A copy to change: of one's own, or of the desk's for oneself."""
    content = get(session, person, number).content
    suffix = " (copy)"
    return add(session, person, replace(content, name=content.name[: LONGEST_NAME - len(suffix)] + suffix))


def remove(session: Session, person: User, number: int) -> BriefTemplate:
    """Delete it; for a month it can be put back."""
    found = _mine(session, person, number)
    found.deleted_at = func.clock_timestamp()
    _record(session, "deleted", found, person)
    return found


def restore(session: Session, person: User, number: int) -> BriefTemplate:
    found = _mine(session, person, number, deleted=True)
    found.deleted_at = None
    _record(session, "put_back", found, person)
    return found


def clear_old(session: Session) -> int:
    """Deleted ones that nobody put back."""
    old = delete(BriefTemplate).where(BriefTemplate.deleted_at < func.clock_timestamp() - UNDO_FOR)
    return len(session.scalars(old.returning(BriefTemplate.id)).all())


def checked(content: Content) -> Content:
    """As it is kept.

    Raises:
        InvalidInput: names the input at fault.
    """
    name = text.required("name", text.clean_line(content.name), name="name", most=LONGEST_NAME)
    title, brief = text.clean_line(content.title), text.clean(content.brief).strip()
    for field, words, most in (
        ("title", title, settings().title_max_chars),
        ("brief", brief, settings().brief_max_chars),
    ):
        if len(words) > most:
            raise InvalidInput(field, f"These are {len(words):,} characters; the most is {most:,}.")
    fields = tuple(_field(one) for one in content.fields)
    if len(fields) > MOST_FIELDS:
        raise InvalidInput("fields", f"At most {MOST_FIELDS} fields, please.")
    names = [one.name.casefold() for one in fields]
    twice = next((one.name for one in fields if names.count(one.name.casefold()) > 1), None)
    if twice is not None:
        raise InvalidInput("fields", f"Two fields have the name “{twice}”. Please give each its own.")
    return replace(
        content,
        name=name,
        title=title,
        brief=brief,
        fields=fields,
        must_keep=text.must_keep(content.must_keep),
        most_words=text.most_words(content.most_words),
    )


def unknown_fields(content: Content) -> list[str]:
    """What stands in brackets and is no field: it stays as typed, and whoever wrote it should know."""
    known = {one.name.casefold() for one in content.fields}
    found = _BRACKETS.findall("\n".join((content.title, content.brief, content.must_keep)))
    return [one for one in dict.fromkeys(found) if text.clean_line(one).casefold() not in known]


def missing(fields: Sequence[Field], answers: Mapping[str, str]) -> list[Field]:
    """The required ones that nobody filled in."""
    return [one for one in fields if one.required and text.is_blank(answers.get(one.name, ""))]


def fill(words: str, fields: Sequence[Field], answers: Mapping[str, str]) -> str:
    """The words with each field's answer in its place; a line that held nothing but empty fields goes."""
    known = {one.name.casefold(): text.clean(answers.get(one.name, "")).strip() for one in fields}

    def put(found: re.Match[str]) -> str:
        return known.get(text.clean_line(found[1]).casefold(), found[0])

    lines = []
    for line in words.split("\n"):
        filled = _BRACKETS.sub(put, line)
        if filled != line and text.is_blank(filled):
            continue
        lines.append(filled)
    return "\n".join(lines)


def fill_brief(brief: str, fields: Sequence[Field], answers: Mapping[str, str]) -> str:
    """The brief with its answers; those that it has no place for stand above it, one a line."""
    named = {text.clean_line(one).casefold() for one in _BRACKETS.findall(brief)}
    homeless = [
        one for one in fields if one.name.casefold() not in named and not text.is_blank(answers.get(one.name, ""))
    ]
    above = [f"{one.name}: {text.clean(answers[one.name]).strip()}" for one in homeless]
    filled = fill(brief, fields, answers).strip()
    return "\n".join(above) + ("\n\n" if above and filled else "") + filled


def _field(one: Field) -> Field:
    name, help_ = text.clean_line(one.name), text.clean_line(one.help)
    if text.is_blank(name):
        raise InvalidInput("fields", "A field needs a name.")
    if len(name) > LONGEST_FIELD or len(help_) > LONGEST_HELP:
        says = f"A field’s name has at most {LONGEST_FIELD} characters and its help at most {LONGEST_HELP}."
        raise InvalidInput("fields", says)
    if set(name) & set("[]"):
        raise InvalidInput("fields", f"The name “{name}” holds a bracket. Please write it without.")
    return Field(name, help_, bool(one.required))


def _columns(content: Content) -> dict[str, Any]:
    return {
        "name": content.name,
        "title": content.title,
        "brief": content.brief,
        "fields": [asdict(one) for one in content.fields],
        "must_keep": content.must_keep,
        "most_words": content.most_words,
        "options": dict(content.options or {}),
    }


def _owner(person: User) -> int | None:
    return None if person.role is Role.ADMIN else person.id


def _visible_to(person: User) -> ColumnElement[bool]:
    if person.role is Role.ADMIN:
        return BriefTemplate.owner_id.is_(None)
    return or_(BriefTemplate.owner_id.is_(None), BriefTemplate.owner_id == person.id)


def _mine(session: Session, person: User, number: int, *, deleted: bool = False) -> BriefTemplate:
    """One that this person may change, with its row locked."""
    query = select(BriefTemplate).where(BriefTemplate.id == number).with_for_update()
    query = query.execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none() if number < 2**63 else None
    if found is None or not may_change(person, found) or (found.deleted_at is not None) is not deleted:
        raise TemplateNotFound
    return found


def _record(
    session: Session,
    what: str,
    template: BriefTemplate,
    actor: User,
    before: dict[str, object] | None = None,
    more: dict[str, object] | None = None,
) -> None:
    session.flush()
    audit.record(
        session,
        f"brief_template.{what}",
        actor_id=actor.id,
        object_type="brief_template",
        object_id=template.id,
        before=before,
        after={"name": template.name, "desk": template.owner_id is None, **(more or {})},
    )
