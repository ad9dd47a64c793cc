"""The figures of many texts together: by editor, by model, over time. One query, whatever is asked."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from copydesk.accounts.models import User
from copydesk.documents.figures.effort import ALGORITHM, Effort, Figures
from copydesk.documents.models import Document, Revision, State
from copydesk.documents.presence import TimeAtWork

DELIVERED = (State.SIGNOFF, State.APPROVED)
MOST = 2000  # texts on one page; the newest are taken


@dataclass(frozen=True)
class Line:
    """A delivered text. Without `figures` it was not counted yet."""

    document_id: uuid.UUID
    title: str
    editor: str
    saved_at: dt.datetime
    autodoc_id: int | None
    figures: Figures | None
    minutes: float | None  # None: nobody's time is known


@dataclass(frozen=True)
class Summary:
    """Some texts together. Shares and edits are those of all their words, minutes those of the middle text."""

    name: str
    texts: int
    machine_share: float
    ter: float
    words_changed: int  # of 100 words of the drafts
    words_moved: int
    minutes: float | None


def lines(session: Session, since: dt.datetime) -> list[Line]:
    """Texts that were delivered, last saved since then, the newest first."""
    rows = session.execute(_query().where(Revision.created_at >= since).limit(MOST))
    return [
        Line(
            document_id=row.id,
            title=row.title,
            editor=row.name or "nobody",
            saved_at=row.created_at,
            autodoc_id=row.autodoc_id,
            figures=Figures(**row.figures) if row.figures else None,
            minutes=None if row.seconds is None else round(row.seconds / 60, 1),
        )
        for row in rows
    ]


def grouped(found: Iterable[Line], name: Callable[[Line], str]) -> list[Summary]:
    """One summary for each name, in their order; texts that were not counted are left out."""
    groups: dict[str, list[Line]] = {}
    for one in found:
        if one.figures is not None:
            groups.setdefault(name(one), []).append(one)
    return [summary(each, groups[each]) for each in sorted(groups)]


def summary(name: str, found: Sequence[Line]) -> Summary:
    """These texts as one."""
    figures = [one.figures for one in found if one.figures is not None]
    minutes = [one.minutes for one in found if one.minutes is not None]
    return Summary(
        name=name,
        texts=len(figures),
        machine_share=_percent(sum(one.machine_words for one in figures), sum(one.words for one in figures)),
        ter=_percent(sum(one.ter_edits for one in figures), sum(one.ter_words for one in figures)),
        words_changed=round(
            _percent(sum(one.words_changed for one in figures), sum(one.draft_words for one in figures))
        ),
        words_moved=sum(one.words_moved for one in figures),
        minutes=round(median(minutes), 1) if minutes else None,
    )


def _query() -> Select[tuple[uuid.UUID, str, str | None, dt.datetime, int | None, dict[str, object] | None, float]]:
    work = (
        select(TimeAtWork.document_id, func.sum(TimeAtWork.seconds).label("seconds"))
        .group_by(TimeAtWork.document_id)
        .subquery()
    )
    editor = aliased(User)
    counted = and_(Effort.revision_id == Revision.id, Effort.algorithm == ALGORITHM)
    return (
        select(
            Document.id,
            Document.title,
            editor.name,
            Revision.created_at,
            Effort.autodoc_id,
            Effort.figures,
            work.c.seconds,
        )
        .join(Revision, and_(Revision.document_id == Document.id, Revision.number == Document.text_number))
        .outerjoin(editor, editor.id == Document.editor_id)
        .outerjoin(Effort, counted)
        .outerjoin(work, work.c.document_id == Document.id)
        .where(Document.state.in_(DELIVERED))
        .order_by(Revision.created_at.desc(), Document.id)
    )


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
