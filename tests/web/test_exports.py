"""Export from the desk and from the pages of readers: rights, the record, the label, the audit log; and the feeds."""

import io
import json
import zipfile
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from copydesk import audit
from copydesk.documents import operations, publishing, revising
from copydesk.documents.editions import Edition, PublicPage
from copydesk.documents.exporting import EXPORTED, as_pdf
from copydesk.documents.models import Change
from copydesk.documents.records import verification
from copydesk.documents.revising import Text
from tests import journeys

ATOM = "{http://www.w3.org/2005/Atom}"


def export(client, document, form="md", **more):
    return client.get(f"/documents/{document.id}/export", query_string={"format": form, **more})


def exported(session, document):
    query = select(audit.AuditEvent).where(audit.AuditEvent.action == EXPORTED)
    return session.scalars(query.where(audit.AuditEvent.object_id == str(document.id))).all()


def path(session, document, number=1):
    return f"/read/{session.get(PublicPage, document.id).slug}/{number}"


@pytest.fixture
def published(session, make_document):
    document = make_document("published")
    session.commit()
    return document


def corrected(session, document, cast, body, note="Ten, not eleven."):
    publishing.reopen(session, document.id, cast.sponsor, Change.CORRECTION, reason="The kiln was another.")
    revising.deliver(session, document.id, cast.editor, Text(document.title, body, document.text_number))
    operations.sign(session, document.id, cast.sponsor, sha256=revising.head_text(session, document).sha256)
    publishing.publish(session, document.id, cast.sponsor, note=note)
    session.commit()


@pytest.mark.parametrize("form", ["md", "html", "docx", "pdf"])
def test_the_saved_text_is_a_file_and_the_audit_log_knows(session, cast, make_document, as_person, form):
    document = make_document("editing", title="Töpfe in der Bäckerei")
    session.commit()
    answer = export(as_person(cast.editor), document, form)
    assert answer.status_code == 200
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    assert f"filename*=UTF-8''T%C3%B6pfe-in-der-B%C3%A4ckerei.{form}" in disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    (event,) = exported(session, document)
    assert (event.actor_id, event.after["format"], event.after["record"]) == (cast.editor.id, form, False)
    assert "exported the text" in as_person(cast.sponsor).get(f"/documents/{document.id}").text


def test_a_text_that_nobody_signed_says_so_and_carries_its_label(session, cast, make_document, as_person):
    document = make_document("editing")
    session.commit()
    words = export(as_person(cast.sponsor), document).text
    assert "not an edition for readers" in words
    assert "nobody has taken responsibility" in words
    assert "Nobody yet" in words
    assert journeys.DRAFT in words


def test_whose_it_is_not_gets_nothing_and_leaves_no_trace(session, cast, published, as_person):
    for person in (cast.other_sponsor, cast.other_editor):
        assert export(as_person(person), published).status_code == 404
    assert export(as_person(None), published).status_code == 302
    assert exported(session, published) == []


def test_formats_and_editions_that_do_not_exist_are_not_found(session, cast, published, make_document, as_person):
    sponsor = as_person(cast.sponsor)
    assert export(sponsor, published, "exe").status_code == 404
    assert export(sponsor, published, "md", edition=2).status_code == 404
    assert export(sponsor, make_document("drafting")).status_code == 409
    never_out = make_document("approved")
    session.commit()
    assert export(sponsor, never_out, "md", edition=1).status_code == 404


@pytest.mark.parametrize("form", ["md", "docx"])
def test_with_the_record_text_appendix_and_verifiable_file_come_together(session, cast, published, as_person, form):
    answer = export(as_person(cast.admin), published, form, edition=1, record="yes")
    assert answer.mimetype == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    name, record = archive.namelist()
    assert (name, record) == (f"Ceramics-at-the-bakery.{form}", "record.json")
    raw = archive.read("record.json")
    assert verification.verify(raw).holds
    assert exported(session, published)[0].after["record"] is True
    if form == "md":
        words = archive.read(name).decode().replace("\\", "")
        for part in ("## The record", json.loads(raw)["sha256"], "Signed by Ruth Okafor", "Seed", "Ada Byrne"):
            assert part in words, part


def test_an_edition_is_exported_as_its_page_shows_it(session, cast, published, as_person):
    corrected(session, published, cast, "Ten pots stand where loaves waited, and the ovens are cold.")
    sponsor = as_person(cast.sponsor)
    first, second = (export(sponsor, published, "md", edition=number).text.replace("\\", "") for number in (1, 2))
    assert "This is an older edition" in first
    assert "Ten, not eleven." in second
    assert "Ten, not eleven." not in first
    assert "Ten pots stand" in second
    assert "Ruth Okafor" in second
    assert "accuracy, plausibility and sources were examined" in second
    publishing.retract(session, published.id, cast.sponsor, note="It was all wrong.")
    session.commit()
    assert "It was all wrong." in export(sponsor, published, "html", edition=2).text


def test_readers_take_what_they_can_read_and_no_more(session, cast, published, make_document, as_person):
    stranger = as_person(None)
    for suffix in ("md", "html", "pdf"):
        answer = stranger.get(f"{path(session, published)}.{suffix}")
        assert answer.status_code == 200
        assert "X-Robots-Tag" not in answer.headers
    assert stranger.get(f"{path(session, published)}.docx").status_code == 404
    assert exported(session, published) == []  # nobody knows who it was
    assert as_person(cast.sponsor).get(f"{path(session, published)}.md").status_code == 200
    assert len(exported(session, published)) == 1

    hidden = make_document("approved")
    publishing.publish(session, hidden.id, cast.sponsor, publishing.Times(for_all=False))
    session.commit()
    assert stranger.get(f"{path(session, hidden)}.md").status_code == 404
    key = session.get(PublicPage, hidden.id).key
    answer = stranger.get(f"{path(session, hidden)}.md", query_string={"key": key})
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_readers_exports_carry_the_label_of_the_edition(session, cast, published, as_person):
    session.get(Edition, session.scalars(select(Edition.id).where(Edition.document_id == published.id)).one()).label = [
        "unread"
    ]
    session.commit()
    for suffix in ("md", "html"):
        words = as_person(None).get(f"{path(session, published)}.{suffix}").text.replace("\\", "")
        assert "A machine wrote passages of this text that no person has changed or reviewed." in words


def test_a_pdf_that_can_not_be_made_is_explained(session, cast, published, as_person, monkeypatch):
    monkeypatch.setattr(as_pdf, "LONGEST", 0.001)
    sponsor = as_person(cast.sponsor)
    answer = export(sponsor, published, "pdf")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/documents/{published.id}")
    assert "takes too long" in sponsor.get(f"/documents/{published.id}").text
    answer = as_person(None).get(f"{path(session, published)}.pdf")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert exported(session, published) == []


def test_the_menu_stands_where_there_is_a_text(session, cast, published, make_document, as_person):
    waiting = make_document("drafting")
    session.commit()
    sponsor = as_person(cast.sponsor)
    page = sponsor.get(f"/documents/{published.id}").text
    assert 'id="export-format"' in page
    assert '<option value="1">Edition 1</option>' in page
    assert 'id="export-format"' not in sponsor.get(f"/documents/{waiting.id}").text
    assert f"{path(session, published)}.pdf" in as_person(None).get(path(session, published)).text


def test_feeds_have_the_whole_text_its_label_and_its_corrections(session, cast, make_document, as_person):
    body = "Ten **pots** stand where <b>loaves</b> waited."
    good, bad = make_document("published", title="“Pots” & <more>"), make_document("published", title="Gone")
    corrected(session, good, cast, body)
    publishing.retract(session, bad.id, cast.sponsor, note="It was <b>wrong</b>.")
    session.scalars(select(Edition).where(Edition.document_id == good.id, Edition.number == 2)).one().label = ["unread"]
    session.commit()
    stranger = as_person(None)

    answer = stranger.get("/read/feed.json")
    assert answer.mimetype == "application/feed+json"
    feed = answer.json
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    retracted, item = feed["items"]
    assert item["_copydesk"] | {"sha256": ""} == {
        "edition": 2, "state": "live", "machine_written": True, "sha256": "", "markdown": body,
    }  # fmt: skip
    assert "<strong>pots</strong>" in item["content_html"]
    assert "&lt;b&gt;loaves" in item["content_html"]
    assert "A machine wrote passages" in item["content_html"]
    assert "Ten, not eleven." in item["content_html"]
    assert item["date_published"] <= item["date_modified"]
    assert retracted["title"] == "Retracted: Gone"
    assert "It was &lt;b&gt;wrong" in retracted["content_html"]
    assert journeys.DRAFT not in json.dumps(retracted)
    assert retracted["_copydesk"]["markdown"] == ""

    tree = ElementTree.fromstring(stranger.get("/read/feed.atom").data)
    entries = tree.findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}content") for one in entries] == [one["content_html"] for one in (retracted, item)]
    assert [each.get("term") for each in entries[0].findall(f"{ATOM}category")] == ["retracted"]
    assert [each.get("term") for each in entries[1].findall(f"{ATOM}category")] == ["machine-written"]


def test_a_feed_takes_as_many_queries_for_five_texts_as_for_one(session, cast, make_document, as_person, count_queries):
    make_document("published")
    session.commit()
    stranger = as_person(None)
    with count_queries() as one:
        stranger.get("/read/feed.json")
    for _ in range(4):
        make_document("published")
    session.commit()
    with count_queries() as five:
        assert len(stranger.get("/read/feed.json").json["items"]) == 5
    assert len(five) == len(one)
