"""What a new document begins with: as it was typed before, from a template, like another one."""

import datetime as dt
import re
import uuid

import pytest
from sqlalchemy import func, select, update

from copydesk.audit.log import AuditEvent
from copydesk.documents.asking import batches, templates, unfinished
from copydesk.documents.asking.batches import Batch
from copydesk.documents.asking.templates import BriefTemplate, Content
from copydesk.documents.asking.unfinished import Unfinished
from copydesk.documents.models import Document
from tests.asking import TABLE, TEMPLATE

JSON = {"Accept": "application/json"}


@pytest.fixture
def sponsor(session, cast, as_person):
    session.commit()
    return as_person(cast.sponsor)


@pytest.fixture
def template(session, cast):
    made = templates.add(session, cast.sponsor, TEMPLATE)
    session.commit()
    return made


def everything(session, table):
    session.expire_all()
    return session.scalars(select(table).order_by(table.id)).all()


def ticket(client, address="/documents/new"):
    return re.search(r'name="ticket"\s+value="([^"]+)"', client.get(address).text)[1]


def keep(client, **fields):
    return client.post("/documents/unfinished", data=fields, headers=JSON)


class TestAsItIsTyped:
    def test_it_is_kept_found_again_and_gone_with_the_document(self, session, sponsor):
        first = keep(sponsor, ticket=ticket(sponsor), title="Pots", brief="Eleven", preset="careful").json
        assert first["kept"]
        again = keep(sponsor, ticket=first["ticket"], kept_version=first["version"], title="Pots", brief="Eleven pots.")
        assert (again.status_code, again.json["says"]) == (200, "")
        assert [one.fields["brief"] for one in everything(session, Unfinished)] == ["Eleven pots."]
        assert "1 unfinished brief<" in sponsor.get("/documents").text
        assert again.json["address"] in sponsor.get("/documents/new").text

        page = sponsor.get(again.json["address"]).text
        assert "Eleven pots." in page
        assert 'value="2"' in re.search(r"<input[^>]*kept_version[^>]*>", page)[0]
        data = {"title": "Pots", "brief": "Eleven pots.", "ticket": ticket(sponsor, again.json["address"])}
        assert sponsor.post("/documents/new", data=data).status_code == 303
        assert everything(session, Unfinished) == []
        assert len(everything(session, Document)) == 1
        late = keep(sponsor, ticket=again.json["ticket"], kept_version=2, title="Pots", brief="Eleven")
        assert late.status_code == 409
        assert late.json["ticket"] not in ("", again.json["ticket"])
        assert everything(session, Unfinished) == []

    def test_a_refused_form_keeps_it(self, session, sponsor):
        kept = keep(sponsor, ticket=ticket(sponsor), brief="Eleven").json
        assert sponsor.post("/documents/new", data={"brief": "Eleven", "ticket": kept["ticket"]}).status_code == 400
        assert len(everything(session, Unfinished)) == 1

    def test_two_windows_write_over_nothing(self, session, sponsor):
        one = keep(sponsor, ticket=ticket(sponsor), title="Pots").json
        here = keep(sponsor, ticket=one["ticket"], kept_version=1, title="Pots, here").json
        there = keep(sponsor, ticket=one["ticket"], kept_version=1, title="Pots, there").json
        assert here["says"] == ""
        assert "another window" in there["says"]
        assert there["address"] != here["address"]
        assert sorted(one.name for one in everything(session, Unfinished)) == ["Pots, here", "Pots, there"]
        # The same words twice (an answer was lost on the way) are one brief.
        keep(sponsor, ticket=here["ticket"], kept_version=1, title="Pots, here")
        assert len(everything(session, Unfinished)) == 2

    def test_an_empty_form_leaves_nothing(self, session, sponsor):
        assert keep(sponsor, ticket=ticket(sponsor), title=" ", preset="careful").json["kept"] is False
        assert everything(session, Unfinished) == []

    def test_by_a_button_without_script(self, session, sponsor):
        data = {"ticket": ticket(sponsor), "title": "Pots"}
        page = sponsor.post("/documents/unfinished", data=data, follow_redirects=True).text
        assert "Kept. You find it under" in page
        assert "1 unfinished brief<" in page

    def test_deleted_and_put_back(self, session, sponsor, cast, as_person):
        address = keep(sponsor, ticket=ticket(sponsor), title="Pots").json["address"]
        number = everything(session, Unfinished)[0].id
        other = as_person(cast.other_sponsor)
        for act in ("delete", "restore"):
            assert other.post(f"/documents/unfinished/{number}/{act}").status_code == 404
        assert other.get(address).status_code == 404
        page = sponsor.post(f"/documents/unfinished/{number}/delete", follow_redirects=True).text
        assert "“Pots” is deleted." in page
        assert sponsor.get(address).status_code == 404
        assert sponsor.post(f"/documents/unfinished/{number}/restore").status_code == 303
        assert "Pots" in sponsor.get(address).text

    def test_limits(self, session, sponsor, cast, monkeypatch):
        assert keep(sponsor, ticket=ticket(sponsor), brief="x" * 230_000).status_code == 400
        assert keep(sponsor, ticket=ticket(sponsor), **{f"f{i}": "x" for i in range(150)}).status_code == 400
        monkeypatch.setattr(unfinished, "MOST", 2)
        for title in ("One", "Two", "Three"):
            keep(sponsor, ticket=ticket(sponsor), title=title)
        assert sorted(one.name for one in everything(session, Unfinished)) == ["Three", "Two"]

    @pytest.mark.parametrize("number", ["x", "6f1d2f0e-0000-4000-8000-000000000000", ""])
    def test_an_address_that_nothing_has(self, sponsor, number):
        for name in ("unfinished", "like"):
            assert sponsor.get(f"/documents/new?{name}={number}").status_code == 404

    def test_script_stays_text(self, sponsor):
        keep(sponsor, ticket=ticket(sponsor), title="<script>alert(1)</script>")
        assert "<script>alert" not in sponsor.get("/documents/new").text


class TestFromATemplate:
    def test_what_is_filled_in_becomes_plain_text(self, session, sponsor, template):
        page = sponsor.get(f"/documents/new?template={template.id}").text
        assert "The hall and the street" in page
        assert "[Artist] in [Place]" in page
        answers = {"answer_0": "the bakery", "answer_1": "Ines Marr", "answer_3": "0171"}
        data = {"title": TEMPLATE.title, "brief": TEMPLATE.brief, "must_keep": TEMPLATE.must_keep, "most_words": "400"}
        made = sponsor.post("/documents/new", data=data | answers | {"from_template": str(template.id)})
        assert made.status_code == 303
        document = everything(session, Document)[0]
        assert document.title == "Ines Marr in the bakery"
        assert document.brief == "Contact: 0171\n\nIn the bakery, Ines Marr shows new work."
        assert (document.must_keep, document.most_words) == ("the bakery", 400)

    def test_required_ones_are_required_and_named(self, session, sponsor, template):
        data = {"title": "T", "brief": "B", "answer_0": "the bakery", "from_template": str(template.id)}
        answer = sponsor.post("/documents/new", data=data)
        assert answer.status_code == 400
        assert "Please fill in “Artist”." in answer.text
        assert "Please fill in “Contact”." in answer.text
        assert "Please fill in “Hours”." not in answer.text
        assert "the bakery" in answer.text
        assert everything(session, Document) == []

    def test_the_options_come_along(self, sponsor, template):
        page = sponsor.get(f"/documents/new?template={template.id}").text
        assert re.search(r'id="preset-careful"[^>]*checked', page)

    def test_a_form_that_was_open_when_it_was_deleted_still_works(self, session, sponsor, cast, template):
        templates.remove(session, cast.sponsor, template.id)
        session.commit()
        assert sponsor.get(f"/documents/new?template={template.id}").status_code == 404
        data = {"title": "T", "brief": "In [Place]", "from_template": str(template.id)}
        answers = {"answer_0": "the bakery", "answer_1": "I", "answer_3": "0"}
        assert sponsor.post("/documents/new", data=data | answers).status_code == 303

    def test_whose_it_is(self, session, cast, as_person, template):
        desk = templates.add(session, cast.admin, TEMPLATE)
        session.commit()
        other, admin, owner = as_person(cast.other_sponsor), as_person(cast.admin), as_person(cast.sponsor)
        assert other.get(f"/documents/new?template={template.id}").status_code == 404
        assert other.get(f"/documents/new?template={desk.id}").status_code == 200
        assert owner.get(f"/templates/{desk.id}").status_code == 403
        assert owner.post(f"/templates/{desk.id}/delete").status_code == 404
        assert admin.get(f"/templates/{template.id}").status_code == 404
        copy = owner.post(f"/templates/{desk.id}/duplicate")
        assert owner.get(copy.location).status_code == 200
        assert "An opening (copy)" in owner.get("/templates").text
        assert as_person(cast.editor).get("/templates").status_code == 403

    def test_written_changed_deleted_and_put_back(self, session, sponsor):
        assert "You have no templates of your own" in sponsor.get("/templates").text
        fields = {"field_name_0": "Place", "field_help_0": "Where", "field_required_0": "yes", "field_name_2": "When"}
        typed = {"name": "An opening", "title": "In [Place]", "brief": "[Wher], [Place]", **fields}
        page = sponsor.post("/templates/new", data=typed, follow_redirects=True).text
        assert "“An opening” is saved." in page
        assert "[Wher]: no field has this name" in page
        made = everything(session, BriefTemplate)[0]
        assert [(one.name, one.help, one.required) for one in made.content.fields] == [
            ("Place", "Where", True),
            ("When", "", False),
        ]
        stale = sponsor.post(f"/templates/{made.id}", data=typed | {"name": "Old", "version": "0"})
        assert stale.status_code == 400
        assert "Nothing was overwritten" in stale.text
        assert sponsor.post(f"/templates/{made.id}", data=typed | {"name": "New", "version": "1"}).status_code == 303
        assert everything(session, BriefTemplate)[0].name == "New"
        assert "“New” is deleted." in sponsor.post(f"/templates/{made.id}/delete", follow_redirects=True).text
        assert "New" in sponsor.post(f"/templates/{made.id}/restore", follow_redirects=True).text
        actions = [one.action for one in everything(session, AuditEvent) if one.object_type == "brief_template"]
        assert actions == [f"brief_template.{what}" for what in ("added", "changed", "deleted", "put_back")]

    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ({"name": " "}, "Please enter the name"),
            ({"field_help_0": "Help alone"}, "A field needs a name"),
            ({"field_name_0": "Place", "field_name_1": "place"}, "Two fields have the name"),
            ({"field_name_0": "a]b"}, "holds a bracket"),
            ({"title": "x" * 201}, "the most is 200"),
            ({"most_words": "0"}, "from 1 to"),
            ({"temperature": "9"}, "temperature"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_lost(self, session, sponsor, typed, says):
        answer = sponsor.post("/templates/new", data={"name": "An opening", "brief": "Kept words"} | typed)
        assert answer.status_code == 400
        assert says in answer.text
        assert "Kept words" in answer.text
        assert everything(session, BriefTemplate) == []

    def test_no_more_than_anyone_needs(self, session, sponsor, cast, monkeypatch):
        monkeypatch.setattr(templates, "MOST", 1)
        assert sponsor.post("/templates/new", data={"name": "One"}).status_code == 303
        assert sponsor.post("/templates/new", data={"name": "Two"}).status_code == 409

    @pytest.mark.parametrize(
        ("brief", "answers", "filled"),
        [
            ("In [place], [PLACE]", {"Place": "Ulm"}, "In Ulm, Ulm"),
            ("A [link](http://x) and [sic]", {"Place": ""}, "A [link](http://x) and [sic]"),
            ("Above\n[Place]\nBelow", {"Place": ""}, "Above\nBelow"),
            ("[Place]", {"Place": "[Place] \\1 {x}"}, "[Place] \\1 {x}"),
            ("Nothing", {"Place": "Ulm"}, "Place: Ulm\n\nNothing"),
        ],
    )
    def test_how_brackets_are_filled(self, brief, answers, filled):
        assert templates.fill_brief(brief, (templates.Field("Place"),), answers) == filled

    def test_a_template_needs_only_a_name(self, session, cast):
        assert templates.add(session, cast.admin, Content("Bare")).content.fields == ()


def test_a_document_is_asked_for_once_more(session, sponsor, cast, as_person, make_document):
    document = make_document("approved", title="Pots & pans")
    session.commit()
    page = sponsor.get(f"/documents/{document.id}").text
    assert f"/documents/new?like={document.id}" in page
    again = sponsor.get(f"/documents/new?like={document.id}").text
    assert document.brief in again
    assert "Pots &amp; pans" in again
    assert re.search(rf'<option selected value="{document.editor_id}"', again)
    assert ticket(sponsor, f"/documents/new?like={document.id}")
    assert as_person(cast.other_sponsor).get(f"/documents/new?like={document.id}").status_code == 404
    assert f"?like={document.id}" not in as_person(cast.editor).get(f"/documents/{document.id}").text


def test_what_nobody_came_back_for_is_cleared_away(session, cast):
    def aged(table, column, days):
        session.execute(update(table).values({column: func.now() - dt.timedelta(days=days)}))
        session.expire_all()

    sponsor = cast.sponsor
    unfinished.keep(session, sponsor, uuid.uuid4(), {"title": "Pots"}, version=0, new=uuid.uuid4())
    for days, cleared in ((170, 0), (190, 1)):
        aged(Unfinished, "kept_at", days)
        assert unfinished.clear_old(session) == cleared
    kept = unfinished.keep(session, sponsor, uuid.uuid4(), {"title": "Pots"}, version=0, new=uuid.uuid4())
    unfinished.remove(session, sponsor, kept.unfinished.id)
    assert unfinished.clear_old(session) == 0
    aged(Unfinished, "deleted_at", 2)
    assert unfinished.clear_old(session) == 1

    template = templates.add(session, sponsor, TEMPLATE)
    aged(BriefTemplate, "updated_at", 900)
    assert templates.clear_old(session) == 0
    templates.remove(session, sponsor, template.id)
    assert templates.clear_old(session) == 0
    aged(BriefTemplate, "deleted_at", 31)
    assert templates.clear_old(session) == 1

    batches.keep(session, sponsor, "briefs.csv", TABLE)
    assert batches.clear_old(session) == 0
    aged(Batch, "created_at", 31)
    assert batches.clear_old(session) == 1
