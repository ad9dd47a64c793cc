"""Figures for admins: how much of the texts is the machine's, and how much work people had with them."""

import csv
import datetime as dt
import io
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from copydesk import audit
from copydesk.accounts.models import Role
from copydesk.autodocs import authors
from copydesk.autodocs.models import Autodoc
from copydesk.documents.figures import desk_figures, effort
from copydesk.documents.figures.desk_figures import Line, Summary
from copydesk.documents.models import Document
from copydesk.web import figures_chart
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person

blueprint = Blueprint("figures", __name__, url_prefix="/admin")
AT_ONCE = 5  # texts that are counted while somebody waits for the page
COLUMNS = (
    "document", "title", "editor", "model", "last_saved", "words", "draft_words", "machine_words", "ter",
    "ter_edits", "ter_words", "words_changed", "letters_changed", "words_moved", "paragraphs_kept",
    "paragraphs_changed", "paragraphs_added", "paragraphs_removed", "minutes",
)  # fmt: skip


@dataclass(frozen=True)
class Span:
    name: str
    label: str
    days: int
    by: str  # the pattern of a step in time


SPANS = {
    one.name: one
    for one in (
        Span("month", "30 days", 30, "%G, week %V"),
        Span("quarter", "90 days", 90, "%G, week %V"),
        Span("year", "A year", 365, "%Y-%m"),
    )
}


@blueprint.get("/figures")
@approved(Role.ADMIN)
def show() -> ResponseReturnValue:
    """By editor, by model and over time, each as a picture and a table."""
    span = _span()
    found, uncounted = _lines(span)
    models = _models(found)
    parts = {
        "editor": desk_figures.grouped(found, lambda one: one.editor),
        "model": desk_figures.grouped(found, lambda one: models.get(one.autodoc_id or 0, "unknown")),
        "time": desk_figures.grouped(found, lambda one: one.saved_at.astimezone(dt.UTC).strftime(span.by)),
    }
    return render_template(
        "admin/figures.html",
        span=span,
        spans=SPANS.values(),
        total=desk_figures.summary("All", found) if any(one.figures for one in found) else None,
        parts=[_part(name, parts[name]) for name in parts],
        uncounted=uncounted,
    )


@blueprint.get("/figures.csv")
@approved(Role.ADMIN)
def as_csv() -> ResponseReturnValue:
    """One line a text."""
    found, _ = _lines(_span())
    models = _models(found)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for one in found:
        if one.figures is not None:
            table.writerow(_row(one, models))
    facts = {"span": _span().name}
    audit.record(
        db.session(), "figures.exported", actor_id=person().id, object_type="desk", object_id="figures", after=facts
    )
    db.session.commit()
    response = Response(out.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename="figures.csv")
    response.headers["Cache-Control"] = "no-store"
    return response


def _span() -> Span:
    return SPANS.get(request.args.get("span", ""), SPANS["month"])


def _lines(span: Span) -> tuple[list[Line], int]:
    """The texts of this time, and how many of them were not counted yet; a few are counted on the way."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=span.days)
    found = desk_figures.lines(db.session(), since)
    missing = [one.document_id for one in found if one.figures is None]
    if not missing:
        return found, 0
    _count(missing[:AT_ONCE])
    db.session.commit()
    return desk_figures.lines(db.session(), since), len(missing[AT_ONCE:])


def _count(ids: Iterable[uuid.UUID]) -> None:
    for document in db.session.scalars(select(Document).where(Document.id.in_(list(ids)))).all():
        effort.of(db.session(), document, authors.spans(db.session(), document))


def _models(found: Iterable[Line]) -> dict[int, str]:
    ids = {one.autodoc_id for one in found if one.autodoc_id is not None}
    query = select(Autodoc.id, Autodoc.model).where(Autodoc.id.in_(ids))
    return {number: model for number, model in db.session.execute(query)}  # noqa: C416  a Row is not a pair to mypy


def _part(name: str, found: list[Summary]) -> dict[str, object]:
    title, head = {
        "editor": ("By editor", "Editor"),
        "model": ("By model", "Model"),
        "time": ("Over time", "Week" if _span().days < 365 else "Month"),
    }[name]
    return {
        "name": name,
        "title": title,
        "head": head,
        "rows": found,
        "charts": [
            figures_chart.shares("Machine words, in percent", found),
            figures_chart.edits("Edits on 100 words", found),
        ],
    }


def _row(one: Line, models: Mapping[int, str]) -> list[object]:
    if one.figures is None:
        return []
    figures = one.figures
    return [
        one.document_id, _cell(one.title), _cell(one.editor), _cell(models.get(one.autodoc_id or 0, "")),
        one.saved_at.astimezone(dt.UTC).isoformat(timespec="seconds"), figures.words, figures.draft_words,
        figures.machine_words, figures.ter, figures.ter_edits, figures.ter_words, figures.words_changed,
        figures.letters_changed, figures.words_moved, figures.paragraphs_kept, figures.paragraphs_changed,
        figures.paragraphs_added, figures.paragraphs_removed, "" if one.minutes is None else one.minutes,
    ]  # fmt: skip


def _cell(words: str) -> str:
    """No spreadsheet takes a title for a formula."""
    return "'" + words if words[:1] in ("=", "+", "-", "@", "\t") else words
