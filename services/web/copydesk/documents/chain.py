"""The hash chain of revisions: whoever changes an old version breaks every link after it."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from copydesk.documents.conversation import following
from copydesk.documents.models import Document, Kind, Revision


def append(
    session: Session,
    document: Document,
    *,
    kind: Kind,
    title: str,
    body: str,
    author_id: int | None = None,
    autodoc_id: int | None = None,
    span: tuple[int, int] | None = None,
    accepted_by_id: int | None = None,
    merged_from: int | None = None,
    tool: str | None = None,
) -> Revision:
    """Add the next revision; the caller holds the lock on the document's row. The columns' comments say what is what.

    `span`: which characters of the text before it were replaced, and nothing else; None: it is a whole text of its own.
    """
    parent = revision(session, document, document.head_number) if document.head_number else None
    new = Revision(
        document_id=document.id,
        number=document.head_number + 1,
        kind=kind,
        round=document.round,
        title=title,
        body=body,
        author_id=author_id,
        autodoc_id=autodoc_id,
        span_start=span[0] if span else None,
        span_end=span[1] if span else None,
        accepted_by_id=accepted_by_id,
        merged_from=merged_from,
        tool=tool,
        parent_sha256=parent.sha256 if parent else None,
        created_at=dt.datetime.now(dt.UTC),
    )
    new.sha256 = digest(new)
    session.add(new)
    document.head_number = new.number
    if kind is not Kind.BRIEF:
        document.text_number = new.number
    session.flush()
    if kind is not Kind.BRIEF:
        following.follow(session, document)
    return new


def revision(session: Session, document: Document, number: int) -> Revision | None:
    query = select(Revision).where(Revision.document_id == document.id, Revision.number == number)
    return session.scalars(query).one_or_none()


def brief_number(session: Session, document: Document) -> int:
    """The number of the revision that holds the brief as it stands."""
    query = select(func.max(Revision.number)).where(Revision.document_id == document.id, Revision.kind == Kind.BRIEF)
    return session.scalars(query).one() or 0


def previous_of_its_line(session: Session, item: Revision) -> Revision | None:
    """The revision this one replaced: the text before a text, the brief before a brief."""
    same = Revision.kind == Kind.BRIEF if item.kind is Kind.BRIEF else Revision.kind != Kind.BRIEF
    query = select(Revision).where(Revision.document_id == item.document_id, Revision.number < item.number, same)
    return session.scalars(query.order_by(Revision.number.desc()).limit(1)).one_or_none()


def revisions(session: Session, document_id: uuid.UUID) -> Sequence[Revision]:
    """Every revision, oldest first."""
    query = select(Revision).where(Revision.document_id == document_id)
    return session.scalars(query.order_by(Revision.number)).all()


def canonical(item: Revision) -> bytes:
    """What the hash is taken of: JSON with sorted keys, no spaces, UTF-8; `docs/record.md` describes it for others."""
    fields: dict[str, object] = {
        "document": str(item.document_id),
        "number": item.number,
        "kind": item.kind.value,
        "title": item.title,
        "body": item.body,
        "author": item.author_id,
        "autodoc": item.autodoc_id,
        "round": item.round,
        "created_at": item.created_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "parent": item.parent_sha256,
    }
    later = {
        "span": None if item.span_start is None else [item.span_start, item.span_end],
        "accepted_by": item.accepted_by_id,
        "merged_from": item.merged_from,
        "tool": item.tool,
    }
    # Left out where there is none: older hashes were taken without them.
    fields |= {name: value for name, value in later.items() if value is not None}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(item: Revision) -> str:
    return hashlib.sha256(canonical(item)).hexdigest()


def first_broken(chain: Sequence[Revision]) -> int | None:
    """The number of the first revision whose hash, parent or place is wrong; None when the chain holds."""
    parent: str | None = None
    for expected, item in enumerate(chain, start=1):
        if item.number != expected or item.parent_sha256 != parent or item.sha256 != digest(item):
            return expected
        parent = item.sha256
    return None
