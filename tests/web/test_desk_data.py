"""What the editor's script gets: in the page, at desk.json and with a save; and the limit on words of the brief."""

import html
import json
import re

import pytest
from sqlalchemy import select

from copydesk.audit import AuditEvent
from copydesk.documents import operations, revising
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document, Kind, Revision
from copydesk.documents.revising import Text
from tests import journeys


def island(page):
    found = re.search(r'<script type="application/json" id="desk-data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found.group(1))


def test_page_and_answer_say_the_same(session, cast, as_person, make_document):
    document = make_document("editing")
    editor = as_person(cast.editor)
    page = editor.get(f"/documents/{document.id}").get_data(as_text=True)
    answer = editor.get(f"/documents/{document.id}/desk.json").get_json()
    assert island(page) == answer
    assert answer["text"] == journeys.DRAFT
    assert answer["head"] == journeys.head(session, document)
    assert answer["person"] == {"id": cast.editor.id, "name": "Ada Byrne"}
    assert answer["limits"]["words"] is None
    covered = [(one["start"], one["end"]) for one in answer["spans"]]
    assert covered[0][0] == 0
    assert covered[-1][1] == len(journeys.DRAFT)


def test_nothing_in_a_text_ends_the_island(cast, as_person, make_document):
    text = "A </script><script>alert(1)</script> & <!-- of words."
    document = make_document("editing", text=text)
    page = as_person(cast.editor).get(f"/documents/{document.id}").get_data(as_text=True)
    assert island(page)["text"] == text
    assert "<script>alert(1)" not in page
    assert html.escape(text, quote=False)[:12] in page


def test_only_whoever_writes_gets_the_island(cast, as_person, make_document):
    document = make_document("editing")
    page = as_person(cast.sponsor).get(f"/documents/{document.id}").get_data(as_text=True)
    assert "desk-data" not in page
    assert as_person(cast.other_sponsor).get(f"/documents/{document.id}/desk.json").status_code == 404


def test_there_is_an_answer_before_there_is_a_text(cast, as_person, make_document):
    document = make_document("drafting")
    answer = as_person(cast.sponsor).get(f"/documents/{document.id}/desk.json").get_json()
    assert (answer["head"], answer["text"], answer["spans"]) == (0, "", [])


def test_a_save_brings_the_truth_along(session, cast, as_person, make_document):
    document = make_document("editing")
    typed = journeys.DRAFT + " 🔥 The ovens are cold now."
    saved = as_person(cast.editor).post(
        f"/documents/{document.id}/save",
        data={"title": document.title, "body": typed, "base_revision": document.text_number},
        headers={"Accept": "application/json"},
    )
    answer = saved.get_json()
    assert answer["ok"] is True
    assert answer["desk"]["head"] == answer["revision"] == journeys.head(session, document)
    assert answer["desk"]["text"] == typed
    last = answer["desk"]["spans"][-1]
    assert last["end"] == len(typed)  # characters, not the browser's units
    assert {one["origin"] for one in answer["desk"]["spans"]} >= {"machine", "human"}


class TestAtMostSoManyWords:
    def post(self, as_person, person, **fields):
        return as_person(person).post("/documents/new", data={"title": "T", "brief": "A brief.", "n": "1", **fields})

    def test_a_sponsor_sets_it(self, session, cast, as_person):
        assert self.post(as_person, cast.sponsor, most_words="1,500").status_code == 303
        assert session.scalars(select(Document)).one().most_words == 1500

    def test_none_is_as_good(self, session, cast, as_person):
        assert self.post(as_person, cast.sponsor, most_words="").status_code == 303
        assert session.scalars(select(Document)).one().most_words is None

    @pytest.mark.parametrize("typed", ["0", "100001", "-3", "many", "1.5", "٣", "9" * 40])
    def test_nonsense_is_asked_for_again(self, session, cast, as_person, typed):
        answer = self.post(as_person, cast.sponsor, most_words=typed)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 400
        assert 'id="most_words-error"' in page
        assert "A brief." in page
        assert session.scalars(select(Document)).all() == []

    def test_it_can_be_changed_without_a_new_brief(self, session, cast, make_document):
        document = make_document("editing")
        before = len(session.scalars(select(Revision).where(Revision.kind == Kind.BRIEF)).all())
        words = {"title": document.title, "brief": document.brief, "base": 1}
        operations.edit_brief(session, document.id, cast.sponsor, **words, most_words=500)
        operations.edit_brief(session, document.id, cast.sponsor, **words, most_words=500)
        assert document.most_words == 500
        assert len(session.scalars(select(Revision).where(Revision.kind == Kind.BRIEF)).all()) == before
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "document.edit_brief")).all()
        assert [one.after["most_words"] for one in events] == [500]
        with pytest.raises(InvalidInput):
            operations.edit_brief(session, document.id, cast.sponsor, **words, most_words=100_001)

    def test_the_editor_sees_it(self, session, cast, as_person, make_document):
        document = make_document("editing")
        document.most_words = 500
        session.flush()
        page = as_person(cast.editor).get(f"/documents/{document.id}").get_data(as_text=True)
        assert re.search(r"data-count>\d+ of 500 words<", page)
        assert island(page)["limits"]["words"] == 500

    def test_a_longer_text_is_saved_all_the_same(self, session, cast, make_document):
        document = make_document("editing")
        document.most_words = 3
        session.flush()
        written = Text(document.title, "Five words are too many.", journeys.head(session, document))
        revising.save(session, document.id, cast.editor, written)
        assert revising.head_text(session, document).body == "Five words are too many."


def test_the_help_page_lists_every_key(cast, as_person):
    from copydesk.web.shortcuts import SHORTCUTS

    page = as_person(cast.sponsor).get("/help/editing").get_data(as_text=True)
    for shortcuts in SHORTCUTS.values():
        for one in shortcuts:
            assert f'data-shortcut="{one.name}"' in page
