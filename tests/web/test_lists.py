"""The list of documents: its address, its chips, views, acts on many, and how often it asks the database."""

import io
import re
import zipfile

import pytest
from sqlalchemy import select, update

from copydesk.documents.bulk import acts
from copydesk.documents.bulk.models import BulkAct
from copydesk.documents.finding.views import SavedView
from copydesk.documents.models import Document, State

SCRIPT = "<script>alert('owned')</script>"


@pytest.fixture
def sponsor(session, cast, as_person):
    session.commit()
    return as_person(cast.sponsor)


@pytest.fixture
def admin(session, cast, as_person):
    session.commit()
    return as_person(cast.admin)


def shown(page):
    """The titles in the table, in order."""
    cells = re.findall(r'<a href="[^"]*" id="title-[^"]*" dir="auto">(.*?)</a>', page)
    return [re.sub(r"</?mark>", "", cell) for cell in cells]


def links(page, rel):
    found = re.search(rf'rel="{rel}"\s+href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else None


@pytest.mark.parametrize(
    "asked", ["all=1", "state=editing&sort=title", "q=flour", "q=flour&sort=title", "due=none&size=50"]
)
def test_a_list_asks_the_database_as_often_for_sixty_as_for_five(
    session, cast, sponsor, make_document, count_queries, asked
):
    numbers = []
    for count in (5, 55):
        for number in range(count):
            make_document(("editing", "drafting", "signoff")[number % 3] if "state" not in asked else "editing")
        session.commit()
        with count_queries() as statements:
            page = sponsor.get(f"/documents?{asked}")
        assert page.status_code == 200
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]
    assert numbers[0] <= 16


def test_pages_go_forth_and_back(sponsor, session, make_document):
    for number in range(60):
        make_document("drafting", title=f"Text {number:02}")
    session.commit()
    first = sponsor.get("/documents?sort=title").text
    assert links(first, "prev") is None
    second = sponsor.get(links(first, "next")).text
    third = sponsor.get(links(second, "next")).text
    assert shown(first) + shown(second) + shown(third) == [f"Text {number:02}" for number in range(60)]
    assert links(third, "next") is None
    assert shown(sponsor.get(links(third, "prev")).text) == shown(second)
    assert 'aria-sort="ascending"' in first
    assert len(shown(sponsor.get("/documents?size=100").text)) == 60


def test_chips_say_what_is_filtered_and_take_it_off(admin, session, cast, make_document):
    make_document("editing", title="Found")
    make_document("signoff", title="Not found")
    session.commit()
    page = admin.get(f"/documents?state=editing&editor={cast.editor.id}&q=flour&due=none").text
    assert shown(page) == ["Found"]
    chips = re.findall(r'<a class="chip chip-on"\s+href="([^"]+)"', page)
    assert len(chips) == 4
    assert {url.count("=") for url in chips} == {3}
    for words in ("Editing", "Editor: Ada Byrne", "“flour”", "Due: no date"):
        assert words in page
    assert "1 found" in page
    assert shown(admin.get("/documents?state=retracted").text) == []


def test_what_was_found_is_marked_and_stays_text(sponsor, session, make_document):
    make_document("editing", title=f"{SCRIPT} flour", text=f"Some {SCRIPT} flour and more.")
    session.commit()
    page = sponsor.get("/documents?q=flour").text
    assert page.count("<mark>flour</mark>") == 2
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in sponsor.get(f"/documents?q={SCRIPT}").text


def test_counts_end_where_counting_costs_time(sponsor, session, make_document, monkeypatch):
    from copydesk.documents.finding import listing
    from copydesk.web.documents import lists

    for module in (listing, lists):
        monkeypatch.setattr(module, "CAP", 2)
    for _ in range(4):
        make_document("signoff")
    session.commit()
    page = sponsor.get("/documents").text
    assert '<span class="small num">2+</span>' in page
    assert "2+ found" in sponsor.get("/documents?state=signoff").text


def test_a_view_is_kept_opened_first_renamed_deleted_and_taken_back(sponsor, session, cast, make_document):
    make_document("editing", title="In editing")
    make_document("signoff", title="To sign")
    session.commit()
    kept = {"query": "state=signoff&nonsense=1&sort=due", "name": " To sign off ", "first": "1"}
    assert sponsor.post("/documents/views", data=kept).status_code == 303
    view = session.scalars(select(SavedView)).one()
    assert (view.name, view.query, view.opens_first) == ("To sign off", "state=signoff&sort=due", True)
    first = sponsor.get("/documents")
    assert first.location.endswith("/documents?state=signoff&sort=due")
    page = sponsor.get(first.location).text
    assert shown(page) == ["To sign"]
    assert "<h1>To sign off</h1>" in page
    assert len(shown(sponsor.get("/documents?all=1").text)) == 2
    url = f"/documents/views/{view.id}"
    assert "New name" in sponsor.post(f"{url}/rename", data={"name": "New name"}, follow_redirects=True).text
    assert (
        "Please give the view a name." in sponsor.post(f"{url}/rename", data={"name": " "}, follow_redirects=True).text
    )
    assert "The view is deleted." in sponsor.post(f"{url}/delete", follow_redirects=True).text
    assert sponsor.get("/documents").status_code == 200
    assert sponsor.post(f"{url}/rename", data={"name": "x"}).status_code == 404
    assert "New name" in sponsor.post(f"{url}/take-back", follow_redirects=True).text
    assert sponsor.get("/documents").status_code == 200  # it is back, but does not open first


def test_views_are_ones_own_and_those_of_the_desk_an_admins(sponsor, admin, session, cast, as_person):
    sponsor.post("/documents/views", data={"query": "state=editing", "name": "Mine"})
    admin.post("/documents/views", data={"query": "due=overdue", "name": "Late", "shared": "1"})
    assert sponsor.post("/documents/views", data={"query": "q=x", "name": "Ours", "shared": "1"}).status_code == 403
    mine, late = session.scalars(select(SavedView).order_by(SavedView.id)).all()
    assert (mine.shared, late.shared) == (False, True)
    page = sponsor.get("/documents/views").text
    assert "Mine" in page
    assert "Late" in page
    assert "Mine" not in admin.get("/documents/views").text
    for act in ("rename", "delete", "up"):
        assert sponsor.post(f"/documents/views/{late.id}/{act}", data={"name": "x"}).status_code == 404
        assert admin.post(f"/documents/views/{mine.id}/{act}", data={"name": "x"}).status_code == 404
    assert admin.post(f"/documents/views/{late.id}/first", data={"first": "1"}).status_code == 403


def test_a_view_of_the_same_name_is_the_new_one_and_there_are_not_too_many(sponsor, session):
    for number in range(31):
        sponsor.post("/documents/views", data={"query": f"q={number}", "name": f"View {number % 30}"})
    assert len(session.scalars(select(SavedView)).all()) == 30
    refused = sponsor.post("/documents/views", data={"query": "q=a", "name": "One more"}, follow_redirects=True)
    assert "There are 30 views already" in refused.text


def test_views_move_up(sponsor, session):
    for name in ("One", "Two", "Three"):
        sponsor.post("/documents/views", data={"query": "q=a", "name": name})
    number = session.scalars(select(SavedView.id).where(SavedView.name == "Three")).one()
    sponsor.post(f"/documents/views/{number}/up")
    session.expire_all()
    assert session.scalars(select(SavedView.name).order_by(SavedView.place)).all() == ["One", "Three", "Two"]


def test_giving_many_to_an_editor_is_said_and_undone(sponsor, session, cast, make_document):
    first, second = make_document("editing", title="First"), make_document("signoff", title="Second")
    session.commit()
    form = {
        "act": "assign",
        "to": str(cast.other_editor.id),
        "document": [str(first.id), str(second.id)],
        "query": "sort=title",
    }
    answer = sponsor.post("/documents/bulk", data=form, follow_redirects=True).text
    assert "One document given to Tom Lind." in answer
    assert re.search(r"Second</a>: The state it is in", answer)
    session.expire_all()
    assert first.editor_id == cast.other_editor.id
    assert "given to Tom Lind" not in sponsor.get("/documents").text  # said once
    act = session.scalars(select(BulkAct)).one()
    assert f"/documents/bulk/{act.id}/undo" in answer
    assert "Undone" in sponsor.post(f"/documents/bulk/{act.id}/undo", follow_redirects=True).text
    session.expire_all()
    assert first.editor_id == cast.editor.id
    assert sponsor.post(f"/documents/bulk/{act.id}/undo").status_code == 409


def test_withdrawing_many_asks_first(sponsor, session, cast, make_document):
    mine, out = make_document("editing", title="Mine"), make_document("published", title="Out")
    foreign = make_document("editing", title="Foreign", sponsor=cast.other_sponsor)
    session.commit()
    form = {"act": "withdraw", "document": [str(one.id) for one in (mine, out, foreign)]}
    asked = sponsor.post("/documents/bulk", data=form)
    assert asked.status_code == 200
    assert "Withdraw this document?" in asked.text
    assert "Foreign" not in asked.text
    session.expire_all()
    assert mine.state is State.EDITING
    done = sponsor.post("/documents/bulk", data=form | {"sure": "yes"}, follow_redirects=True).text
    assert "One document withdrawn." in done
    session.expire_all()
    assert (mine.state, out.state, foreign.state) == (State.WITHDRAWN, State.PUBLISHED, State.EDITING)


def test_all_that_was_found_is_what_the_filters_find(sponsor, session, cast, make_document):
    for number in range(30):
        make_document("editing", title=f"Edit {number}")
    make_document("unassigned", title="Other")
    session.commit()
    form = {"act": "assign", "to": str(cast.other_editor.id), "which": "found", "query": "state=editing"}
    assert "30 documents given to Tom Lind." in sponsor.post("/documents/bulk", data=form, follow_redirects=True).text
    session.expire_all()
    with_tom = select(Document.title).where(Document.editor_id == cast.other_editor.id)
    assert len(session.scalars(with_tom).all()) == 30


def test_all_on_the_page_needs_no_ticks(sponsor, session, cast, make_document):
    document = make_document("editing")
    session.commit()
    form = {"act": "remind", "which": "page", "on_page": [str(document.id)]}
    assert "Reminded of one document." in sponsor.post("/documents/bulk", data=form, follow_redirects=True).text


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"act": "assign", "to": "1"}, "at least one document"),
        ({"act": "assign", "document": "x", "to": "1"}, "did not arrive whole"),
        ({"act": "assign", "to": ""}, "choose who edits"),
        ({"act": "assign", "to": "9" * 40}, "not available any more"),
        ({"act": "assign", "to": "1"}, "not available any more"),
        ({"act": "dance"}, "choose what to do"),
        ({}, "choose what to do"),
    ],
)
def test_a_form_that_says_nothing_is_answered_in_words(sponsor, session, make_document, form, says):
    if "document" not in form and says != "at least one document":
        form = form | {"document": str(make_document("editing").id)}
        session.commit()
    assert says in sponsor.post("/documents/bulk", data=form, follow_redirects=True).text
    assert session.scalars(select(BulkAct)).all() == []


def test_an_editor_reminds_and_exports_and_nothing_more(session, cast, make_document, as_person):
    document = make_document("signoff")
    session.commit()
    editor, chosen = as_person(cast.editor), {"document": str(document.id)}
    for act in ("assign", "withdraw"):
        assert editor.post("/documents/bulk", data=chosen | {"act": act}).status_code == 403
    assert "Reminded of" in editor.post("/documents/bulk", data=chosen | {"act": "remind"}, follow_redirects=True).text
    with editor.post("/documents/bulk", data=chosen | {"act": "export"}) as answer:
        assert answer.mimetype == "application/zip"


def test_an_export_is_a_file_of_ones_own(sponsor, session, cast, make_document):
    mine = make_document("editing", title="Mine")
    foreign = make_document("editing", title="Foreign", sponsor=cast.other_sponsor)
    session.commit()
    chosen = {"act": "export", "document": [str(mine.id), str(foreign.id)]}
    with sponsor.post("/documents/bulk", data=chosen) as answer:
        assert answer.mimetype == "application/zip"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "filename=documents.zip" in answer.headers["Content-Disposition"]
        with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
            assert [name.partition("/")[2] for name in file.namelist()] == ["text.md", "record.json"]


def test_a_withdrawn_document_is_taken_up_again_from_its_page(sponsor, session, make_document):
    document = make_document("withdrawn")
    session.commit()
    assert "Take up again" in sponsor.get(f"/documents/{document.id}").text
    assert sponsor.post(f"/documents/{document.id}/take-up-again").status_code == 303
    session.expire_all()
    assert document.state is State.EDITING


def test_what_i_did_to_many_is_there_for_an_hour(sponsor, session, cast, make_document):
    document = make_document("editing", title="Mine")
    session.commit()
    sponsor.post("/documents/bulk", data={"act": "remind", "document": str(document.id)})
    assert "Reminded of one document" in sponsor.get("/documents/bulk").text
    session.execute(update(BulkAct).values(created_at=BulkAct.created_at - acts.KEPT))
    session.commit()
    assert "Nothing in the last hour" in sponsor.get("/documents/bulk").text
