"""Two versions side by side, and what changed in a document since a person last had it before them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import load_only

from copydesk.documents import comparing, presence
from copydesk.documents.comparing import Version
from copydesk.documents.models import Document, Kind, Revision
from copydesk.web.documents.routes import blueprint, load
from copydesk.web.errors import answer
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person

VIEWS = ("inline", "side")
COUNTED_BELOW = 60_000  # characters; on the page of a longer text changes are announced, not counted
SMALL_NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


@dataclass(frozen=True)
class Side:
    """One of the two versions, for the head of its column."""

    number: int
    says: str
    at: object


@dataclass(frozen=True)
class Since:
    """What a person has not seen yet, in words, and where it is shown."""

    says: str
    url: str


@blueprint.get("/<uuid:document_id>/compare")
@approved()
def compare(document_id: uuid.UUID) -> ResponseReturnValue:
    """`from` and `to` are any two versions; without them what the newest text changed."""
    document = load(document_id)
    known = _known(document)
    start, end = _asked(document, known)
    old = comparing.version(db.session(), document, start)
    new = comparing.version(db.session(), document, end)
    if old is None or new is None:
        return answer(404)
    view = request.args.get("view", "")
    return render_template(
        "documents/compare.html",
        document=document,
        versions=[_side(one) for one in reversed(known)],
        before=_side(known[old.number - 1]),
        after=_side(known[new.number - 1]),
        comparison=comparing.compare(old, new),
        view=view if view in VIEWS else VIEWS[0],
        earlier=_earlier(known, start, end),
        later=_later(known, start, end),
    )


def since_last_seen(document: Document, revisions: Sequence[Revision]) -> Since | None:
    """None when the person has seen the newest text, wrote it themselves, or never had the document before them.

    Args:
        revisions: all of the document's, oldest first.
    """
    seen = _seen(document, revisions)
    if not 0 < seen < document.text_number:
        return None
    old, new = _as_it_stood(revisions, seen), _as_it_stood(revisions, document.text_number)
    asked: dict[str, Any] = {"from": seen, "to": document.text_number}  # "from" is a word of Python's own
    url = url_for("documents.compare", document_id=document.id, **asked)
    if max(len(old.text), len(new.text)) > COUNTED_BELOW:
        return Since(f"There are changes since you last saw it (version {seen})", url)
    count = comparing.compare(old, new).changes
    if not count:
        return None
    number = SMALL_NUMBERS[count] if count < len(SMALL_NUMBERS) else f"{count:,}"
    changes = "change" if count == 1 else "changes"
    return Since(f"{number.capitalize()} {changes} since you last saw it (version {seen})", url)


def _seen(document: Document, revisions: Sequence[Revision]) -> int:
    """The newest version that the person has seen; what they wrote themselves is no news to them."""
    me = person()
    mine = max((one.number for one in revisions if one.author_id == me.id and one.kind is not Kind.BRIEF), default=0)
    seen = max(presence.last_seen(db.session(), document, me) or 0, mine)
    while 0 < seen < len(revisions) and revisions[seen].author_id == me.id:
        seen += 1
    return seen


def in_words(one: Revision) -> str:
    """Who made a version, in a few words."""
    if one.kind is Kind.MACHINE:
        return "passage by the machine" if one.span_start is not None else "drafted by the machine"
    name = one.author.name if one.author else "somebody"
    return {
        Kind.BRIEF: f"brief by {name}",
        Kind.TOOL: f"tidied for {name}",
    }.get(one.kind, f"edited by {name}")


def _known(document: Document) -> list[Revision]:
    """Every version without its text, by number."""
    light = load_only(
        Revision.number, Revision.kind, Revision.author_id, Revision.span_start, Revision.created_at, raiseload=True
    )
    query = select(Revision).where(Revision.document_id == document.id).order_by(Revision.number).options(light)
    return list(db.session.scalars(query))


def _asked(document: Document, known: Sequence[Revision]) -> tuple[int, int]:
    """The versions that were asked for; where none was, or no number: the newest text and the one before."""
    end = request.args.get("to", type=int) or document.text_number or document.head_number
    start = request.args.get("from", type=int)
    return start or _before(known, end) or end, end


def _before(known: Sequence[Revision], number: int) -> int | None:
    """The version that this one replaced: a text's text, a brief's brief."""
    same = [one.number for one in _line(known, number) if one.number < number]
    return same[-1] if same else None


def _line(known: Sequence[Revision], number: int) -> list[Revision]:
    if not 0 < number <= len(known):
        return []
    is_brief = known[number - 1].kind is Kind.BRIEF
    return [one for one in known if (one.kind is Kind.BRIEF) == is_brief]


def _earlier(known: Sequence[Revision], start: int, end: int) -> tuple[int, int] | None:
    """The change before: what led to the older of the two."""
    first = min(start, end)
    before = _before(known, first)
    return (before, first) if before else None


def _later(known: Sequence[Revision], start: int, end: int) -> tuple[int, int] | None:
    last = max(start, end)
    after = next((one.number for one in _line(known, last) if one.number > last), None)
    return (last, after) if after else None


def _side(one: Revision) -> Side:
    return Side(one.number, in_words(one), one.created_at)


def _as_it_stood(revisions: Sequence[Revision], number: int) -> Version:
    """The same as `comparing.version`, of revisions that are there already."""
    until = [one for one in revisions if one.number <= number]
    brief = next((one.body for one in reversed(until) if one.kind is Kind.BRIEF), "")
    text = next((one.body for one in reversed(until) if one.kind is not Kind.BRIEF), "")
    return Version(number, until[-1].title, brief, text)
