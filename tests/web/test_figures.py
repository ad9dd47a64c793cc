"""Figures of delivered texts for admins: pictures, tables, a file; by editor, by model, over time."""

import csv
import datetime as dt
import io

import pytest
from sqlalchemy import delete, update

from copydesk.autodocs.models import Autodoc
from copydesk.documents import operations, revising
from copydesk.documents.figures import desk_figures, effort
from copydesk.documents.figures.desk_figures import Line
from copydesk.documents.figures.effort import Effort, Figures
from copydesk.documents.models import Document
from copydesk.documents.presence import TimeAtWork
from copydesk.documents.revising import Text
from copydesk.web import figures, figures_chart
from tests import journeys


@pytest.fixture
def admin(session, cast, as_person):
    session.commit()
    return as_person(cast.admin)


def delivered(session, cast, make_document, more=" The ovens are cold now.", editor=None, minutes=None, **words):
    document = make_document("editing", editor=editor, **words)
    who = editor or cast.editor
    written = Text(document.title, journeys.DRAFT + more, journeys.head(session, document))
    revising.deliver(session, document.id, who, written)
    if minutes is not None:
        day = dt.date(2026, 11, 20)
        at = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
        row = {"document_id": document.id, "person_id": who.id, "day": day}
        session.execute(delete(TimeAtWork).where(TimeAtWork.document_id == document.id))
        session.add(TimeAtWork(**row, seconds=60.0 * minutes, last_sign_at=at))
    session.commit()
    return document


def figures_of(**more):
    plain = dict.fromkeys(Figures.__dataclass_fields__, 0) | {"ter": 0.0}
    return Figures(**(plain | more))


def line(editor="Ada", minutes=None, **counts):
    at = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    return Line(None, "T", editor, at, 1, figures_of(**counts), minutes)


def test_a_summary_is_of_all_words_together():
    found = desk_figures.summary(
        "All",
        [
            line(minutes=10, words=100, machine_words=90, ter_edits=5, ter_words=120, draft_words=80, words_changed=8),
            line(minutes=30, words=300, machine_words=30, ter_edits=55, ter_words=360, draft_words=120, words_moved=7),
            line(words=0),
        ],
    )
    assert (found.texts, found.machine_share, found.ter) == (3, 30.0, 12.5)
    assert (found.words_changed, found.words_moved, found.minutes) == (4, 7, 20.0)


def test_groups_are_in_order_and_without_the_uncounted():
    missing = Line(None, "T", "Zoe", dt.datetime(2026, 11, 20, tzinfo=dt.UTC), None, None, None)
    found = desk_figures.grouped([line("Tom"), line("Ada"), line("Tom"), missing], lambda one: one.editor)
    assert [(one.name, one.texts, one.minutes) for one in found] == [("Ada", 1, None), ("Tom", 2, None)]


def test_bars_are_as_long_as_their_figures():
    found = [desk_figures.summary(f"name {number}" * 6, [line(words=100, machine_words=number)]) for number in (0, 50)]
    chart = figures_chart.shares("Shares", found)
    assert [round(one.width, 1) for one in chart.rows] == [0.0, 27.0]
    assert chart.rows[0].name.endswith("…")
    assert chart.height == figures_chart.TOP + 2 * figures_chart.ROW
    assert [one.width for one in figures_chart.edits("Edits", found).rows] == [0.0, 0.0]
    assert len(figures_chart.edits("Edits", found * 20).rows) == figures_chart.MOST_ROWS


def test_nothing_delivered_is_said_so(session, admin, make_document):
    make_document("editing")
    session.commit()
    page = admin.get("/admin/figures").text
    assert "Nothing was delivered in this time" in page
    assert admin.get("/admin/figures.csv").text.count("\n") == 1


def test_editors_models_and_weeks_each_have_pictures_and_a_table(session, cast, admin, make_document):
    delivered(session, cast, make_document, minutes=12)
    second = delivered(session, cast, make_document, " A change.", editor=cast.other_editor, minutes=20)
    session.execute(update(Autodoc).where(Autodoc.document_id == second.id).values(model="gpt2-<large>"))
    session.commit()
    page = admin.get("/admin/figures").text
    assert page.count('<svg class="plot"') == 6
    assert page.count("<table") == 3
    for words in ("Ada Byrne", "Tom Lind", "gpt2-&lt;large&gt;", "By editor", "By model", "Over time", "week"):
        assert words in page
    assert "16.0" in page  # the middle of 12 and 20 minutes


def test_texts_that_were_not_counted_are_counted_a_few_at_a_time(session, cast, admin, make_document, monkeypatch):
    for number in range(4):
        delivered(session, cast, make_document, title=f"Text {number}")
    session.execute(delete(Effort))
    session.commit()
    monkeypatch.setattr(figures, "AT_ONCE", 3)
    assert "One text is not counted yet" in admin.get("/admin/figures").text
    assert "not counted yet" not in admin.get("/admin/figures").text
    assert len(session.query(Effort).all()) == 4


def test_old_texts_are_found_in_the_longer_time(session, cast, admin, make_document, monkeypatch):
    delivered(session, cast, make_document)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=60)

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return later

    monkeypatch.setattr(figures.dt, "datetime", Clock)
    assert "Nothing was delivered" in admin.get("/admin/figures").text
    assert "Nothing was delivered" not in admin.get("/admin/figures?span=quarter").text
    assert "Month" in admin.get("/admin/figures?span=year").text
    assert "Nothing was delivered" in admin.get("/admin/figures?span=nonsense").text


def test_the_table_file_has_a_line_a_text(session, cast, admin, make_document):
    delivered(session, cast, make_document, title="=cmd()", minutes=3)
    answer = admin.get("/admin/figures.csv?span=quarter")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=figures.csv"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["title"], row["editor"], row["minutes"], row["ter_edits"]) == ("'=cmd()", "Ada Byrne", "3.0", "6")


def test_what_went_back_to_the_editor_is_not_counted(session, cast, admin, make_document):
    document = delivered(session, cast, make_document)
    operations.move(session, document.id, operations.Act.REQUEST_CHANGES, cast.sponsor, comment="More.")
    session.commit()
    assert "Nothing was delivered" in admin.get("/admin/figures").text


def test_more_texts_take_no_more_queries(session, cast, admin, make_document, count_queries):
    counts = []
    for _ in range(2):
        for number in range(3):
            delivered(session, cast, make_document, title=f"Text {number}", minutes=1)
        for document in session.query(Document).all():
            effort.of(session, document, [])
        session.commit()
        with count_queries() as statements:
            admin.get("/admin/figures")
        counts.append(len(statements))
    assert counts[0] == counts[1]
