"""The record as a page and as a file; and of documents that are gone."""

import datetime as dt
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from copydesk import audit
from copydesk.autodocs import continuations, deletion, replays, requests, spans
from copydesk.autodocs.models import Acceptance, Autodoc
from copydesk.db import Base
from copydesk.documents import editions, reviews, revising, suggesting
from copydesk.documents.asking import attachments
from copydesk.documents.asking.attachments import Upload
from copydesk.documents.conversation import operations as conversation
from copydesk.documents.delivery.waivers import Waiver
from copydesk.documents.editions import Edition, EditionState
from copydesk.documents.errors import NotAllowed
from copydesk.documents.models import Revision
from copydesk.documents.paragraphs import fingerprint
from copydesk.documents.records import verification
from copydesk.documents.records.kept_records import KeptRecord
from copydesk.documents.routing.reminders import About, Reminder
from copydesk.documents.signoff.tables import ChangeDecision, Part, ReviewStatement, SignLink, Sort, Verdict
from copydesk.mail.outbox import Mail
from tests import journeys

THREE = "The bakery smells of <flour>.\n\nNothing is for sale.\n\nThe ovens are cold now."


def busy(session, cast, make_document, as_person):
    """A document with a row in every table that knows documents, withdrawn at the end."""
    document = make_document("editing", text=THREE)
    editor = cast.editor
    base = document.text_number
    (one,) = spans.ask(session, document.id, editor, base=base, start=0, end=3, count=1)
    journeys.write(session, one.id, "This", score=-1.0)
    spans.take(session, document.id, editor, one.id)
    replays.ask(session, one.id, cast.sponsor)
    base = journeys.head(session, document)
    continuations.ask(session, document.id, editor, base=base, text="The", at=3)
    session.add(Acceptance(document_id=document.id, autodoc_id=one.id, person_id=editor.id, characters=2))
    reviews.review(session, document.id, editor, sha256=fingerprint("Nothing is for sale."), reason="I <asked>.")
    body = revising.head_text(session, document).body
    suggesting.propose(session, document.id, cast.sponsor, base=base, body=body.replace("cold", "warm"))
    suggesting.accept(session, document.id, editor, 1)
    session.commit()
    page = as_person(editor)
    page.get(f"/documents/{document.id}")
    sign = {"tab": str(uuid.uuid4()), "doing": "writing", "paragraph": 1}
    assert page.post(f"/documents/{document.id}/presence", json=sign).status_code == 200
    kept = {"tab": sign["tab"], "version": 1, "base": journeys.head(session, document), "body": "Unsent."}
    kept["title"] = document.title
    assert page.put(f"/documents/{document.id}/unsent", json=kept).status_code == 200
    assert page.get(f"/documents/{document.id}/record.json").status_code == 200
    return document


@pytest.fixture
def document(session, cast, make_document, as_person):
    made = busy(session, cast, make_document, as_person)
    session.refresh(made)
    return made


def signed_once(session, document):
    """A change that was decided on, a statement and a link, as of a signature that was given and is void."""
    sha256, mine = document.revisions[1].sha256, {"document_id": document.id}
    person = {"responsible_id": document.sponsor_id, "responsible_name": "Ruth", "responsible_role": ""}
    stated = {"wording": "I have read it.", "examined": "", "signer_id": document.sponsor_id, "by_link": False}
    session.add(ReviewStatement(**mine, revision_number=2, sha256=sha256, **stated, **person))
    place = {"old_start": 0, "old_end": 0, "new_start": 0, "new_end": 0, "before": "", "after": ""}
    change = {"base_number": 2, "revision_number": 3, "part": Part.TEXT, "sort": Sort.WORDS, "fingerprint": "0" * 64}
    decided = {"verdict": Verdict.ACCEPTED, "person_id": document.sponsor_id}
    session.add(ChangeDecision(**mine, **place, **change, **decided))
    until = dt.datetime.now(dt.UTC)
    link = {"person_id": document.sponsor_id, "sha256": sha256, "token_sha256": "0" * 64, "expires_at": until}
    session.add(SignLink(**mine, **link))


@pytest.fixture
def withdrawn(session, cast, document):
    moment = dt.datetime.now(dt.UTC)
    kept = {
        "number": 1,
        "revision_number": 2,
        "sha256": document.revisions[1].sha256,
        "live_at": moment,
        "label": [],
        "machine_share": 0,
    }
    people = {"responsible_id": cast.sponsor.id, "published_by_id": cast.sponsor.id}
    session.add(Edition(document_id=document.id, state=EditionState.CANCELLED, ended_at=moment, **kept, **people))
    row = {"document_id": document.id, "revision_number": 2, "check": "length", "words": "9 words more"}
    session.add(Waiver(**row, fingerprint="0" * 64, reason="They are needed.", person_id=cast.editor.id))
    attachments.add(session, document.id, cast.sponsor, [Upload("notes.txt", b"Notes")])
    conversation.comment(session, document.id, cast.sponsor, words="Is it?")
    session.add(Reminder(document_id=document.id, about=About.LATE, moment=moment, number=0))
    editions.page_of(session, document)  # a time was set once, and cancelled
    signed_once(session, document)
    requests.withdraw(session, document.id, cast.sponsor)
    session.commit()
    return document


def test_the_page_says_who_wrote_what_and_with_what(session, cast, as_person, document):
    page = as_person(cast.sponsor).get(f"/documents/{document.id}/record").text
    assert "Every link of this record holds" in page
    assert "The bakery smells of &lt;flour&gt;" not in page  # the first word was replaced
    assert "bakery smells of &lt;flour&gt;" in page
    assert "Ada Byrne" in page
    assert "Proposed by Ruth Okafor, accepted by Ada Byrne" in page
    assert "Words for a passage, candidate 2" in page
    assert "I &lt;asked&gt;." in page
    assert "From draft to text" in page
    assert "Of the machine’s words:" in page
    assert "reviewed unchanged" in page
    assert f"/documents/{document.id}/record.json?download=1" in page
    assert f"/documents/{document.id}/drafts/1" in page
    found = json.loads(as_person(cast.sponsor).get(f"/documents/{document.id}/record.json").data)
    assert found["sha256"] in page


def test_the_document_s_page_leads_there(cast, as_person, document):
    for reader in (cast.sponsor, cast.editor, cast.admin):
        assert f'/documents/{document.id}/record"' in as_person(reader).get(f"/documents/{document.id}").text


@pytest.mark.parametrize("state", ["drafting", "draft_failed", "choosing", "unassigned", "approved"])
def test_every_state_has_a_record(session, cast, as_person, make_document, state):
    document = make_document(state)
    session.commit()
    page = as_person(cast.sponsor).get(f"/documents/{document.id}/record")
    assert page.status_code == 200
    assert "Every link of this record holds" in page.text
    raw = as_person(cast.sponsor).get(f"/documents/{document.id}/record.json").data
    assert verification.verify(raw).broken is None


def test_the_file_is_one_to_keep_where_asked(cast, as_person, document):
    client = as_person(cast.sponsor)
    shown = client.get(f"/documents/{document.id}/record.json")
    kept = client.get(f"/documents/{document.id}/record.json?download=1")
    assert "Content-Disposition" not in shown.headers
    assert kept.headers["Content-Disposition"] == f"attachment; filename=record-{document.id}.json"
    assert kept.data == shown.data
    assert kept.headers["Cache-Control"] == "no-store"


def test_a_change_behind_the_desk_s_back_is_on_the_page(session, cast, as_person, document):
    session.execute(update(Autodoc).where(Autodoc.document_id == document.id, Autodoc.number == 2).values(text="Lies"))
    session.commit()
    page = as_person(cast.sponsor).get(f"/documents/{document.id}/record").text
    assert "This record is broken" in page
    assert "does not hold the words of draft 2" in page


def test_more_happened_takes_no_more_queries(session, cast, as_person, make_document, document, count_queries):
    small = make_document("editing")
    session.commit()
    client = as_person(cast.admin)
    counts = []
    for one in (small, document):
        client.get(f"/documents/{one.id}/record")
        with count_queries() as statements:
            client.get(f"/documents/{one.id}/record")
        counts.append(len(statements))
    assert counts[0] == counts[1]


# `copydesk verify` on a machine where there is nothing


def verify(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "copydesk.cli", "verify", *map(str, arguments)],
        env={"PATH": "/usr/bin:/bin"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def file(cast, as_person, document, tmp_path):
    path = tmp_path / "record.json"
    path.write_bytes(as_person(cast.sponsor).get(f"/documents/{document.id}/record.json").data)
    return path


def test_the_command_needs_no_desk(file, tmp_path):
    done = verify(file, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "record.json: whole. “Ceramics at the bakery”" in done.stdout
    assert "versions, each chained to the one before" in done.stdout


def test_the_command_names_the_broken_link(file, tmp_path):
    file.write_bytes(file.read_bytes().replace(b"Nothing is for sale.", b"Nothing is for free."))
    done = verify(file, folder=tmp_path)
    assert done.returncode == 1
    assert "Version 2 is not what was saved" in done.stdout


def test_the_command_speaks_json(file, tmp_path):
    told = json.loads(verify("--json", file, folder=tmp_path).stdout)
    assert (told["holds"], told["broken"], told["part"]) == (True, None, None)
    other = tmp_path / "other.json"
    other.write_text("{}")
    done = verify("--json", file, other, folder=tmp_path)
    assert done.returncode == 1
    assert [one["holds"] for one in json.loads(done.stdout)] == [True, False]


def test_the_command_says_when_there_is_no_file(tmp_path):
    done = verify(tmp_path / "none.json", folder=tmp_path)
    assert done.returncode == 1
    assert "can't be read: No such file" in done.stderr


def test_the_file_that_checks_can_be_sent_alone(file, tmp_path):
    alone = tmp_path / "verification.py"
    alone.write_bytes(Path(verification.__file__).read_bytes())
    words = [sys.executable, "-I", "-S", str(alone), "record.json"]
    done = subprocess.run(words, env={}, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "whole" in done.stdout) == (0, True), done.stderr
    file.write_bytes(file.read_bytes()[:-1])
    assert subprocess.run(words, env={}, cwd=tmp_path, capture_output=True, timeout=60, check=False).returncode == 1


# Deletion


def rows_of(session, document_id):
    """In every table that refers to a document, a revision or a draft: how many rows are this document's."""
    revisions = select(Revision.id).where(Revision.document_id == document_id)
    drafts = select(Autodoc.id).where(Autodoc.document_id == document_id)
    found = {}
    for table in Base.metadata.tables.values():
        if table.name == "kept_records":
            continue
        for column in table.columns:
            refers = {key.column.table.name for key in column.foreign_keys}
            if "documents" in refers or (table.name == "documents" and column.name == "id"):
                condition = column == document_id
            elif "revisions" in refers:
                condition = column.in_(revisions)
            elif "autodocs" in refers:
                condition = column.in_(drafts)
            else:
                continue
            found[table.name] = session.scalar(select(func.count()).select_from(table).where(condition))
    return found


def confirmed(document, **more):
    return {"title": document.title, "reason": "The sponsor asked."} | more


def test_a_document_with_rows_everywhere_goes_whole_and_its_record_stays(session, cast, as_person, withdrawn):
    number = withdrawn.id
    before = rows_of(session, number)
    assert all(before.values()), before  # else this test would not see what is left
    admin = as_person(cast.admin)
    answer = admin.post(f"/documents/{number}/delete", data=confirmed(withdrawn))
    assert answer.headers["Location"] == f"/records/{number}"
    session.expire_all()
    assert not any(rows_of(session, number).values())
    assert admin.get(f"/documents/{number}").status_code == 404
    kept = session.get(KeptRecord, number)
    report = verification.verify(kept.record.encode())
    assert report.broken is None
    assert json.loads(kept.record)["events"][-1]["note"] == "The sponsor asked."
    assert audit.history(session, "document", number)[-1].action == "document.delete"


def test_its_people_read_the_kept_record(session, cast, as_person, withdrawn):
    number = withdrawn.id
    as_person(cast.admin).post(f"/documents/{number}/delete", data=confirmed(withdrawn))
    for reader in (cast.sponsor, cast.editor, cast.admin):
        page = as_person(reader).get(f"/records/{number}")
        assert page.status_code == 200
        assert "The reason given: The sponsor asked." in page.text
        assert "Every link of this record holds" in page.text
        assert f"/documents/{number}" not in page.text
        raw = as_person(reader).get(f"/records/{number}/record.json").data
        assert raw == session.get(KeptRecord, number).record.encode()
    for stranger in (cast.other_sponsor, cast.other_editor):
        assert as_person(stranger).get(f"/records/{number}").status_code == 404
        assert as_person(stranger).get(f"/records/{number}/record.json").status_code == 404
    assert as_person(None).get(f"/records/{number}").headers["Location"].startswith("/login")


def test_its_people_are_told(session, cast, as_person, withdrawn):
    as_person(cast.admin).post(f"/documents/{withdrawn.id}/delete", data=confirmed(withdrawn))
    letters = session.scalars(select(Mail).where(Mail.subject.like("Deleted:%"))).all()
    assert {one.recipient for one in letters} == {cast.sponsor.email, cast.editor.email}
    assert all(f"/records/{withdrawn.id}" in one.body and "The sponsor asked." in one.body for one in letters)


def test_the_list_of_deleted_documents(session, cast, as_person, make_document):
    admin = as_person(cast.admin)
    assert "Nothing was ever deleted" in admin.get("/records").text
    for number in range(3):
        document = make_document("withdrawn", title=f"Gone <{number}>")
        session.commit()
        admin.post(f"/documents/{document.id}/delete", data=confirmed(document))
    page = admin.get("/records").text.partition("<table")[2]
    assert [int(one) for one in re.findall(r"Gone &lt;(\d)&gt;", page)] == [2, 1, 0]
    assert "Nothing more on this page" in admin.get("/records?page=2").text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"title": "Ceramics"}, "This is not the document’s title"),
        ({"title": ""}, "This is not the document’s title"),
        ({"reason": " \n"}, "Please give a reason"),
        ({"reason": "x" * 1001}, "At most 1,000 characters"),
    ],
)
def test_it_is_not_deleted_by_mistake(session, cast, as_person, withdrawn, typed, says):
    page = as_person(cast.admin).post(f"/documents/{withdrawn.id}/delete", data=confirmed(withdrawn, **typed))
    assert page.status_code == 400
    assert says in page.text
    assert session.get(KeptRecord, withdrawn.id) is None


def test_a_title_may_be_typed_with_other_spaces(session, cast, withdrawn):
    deletion.delete(session, withdrawn.id, cast.admin, reason="So.", title="  Ceramics  at the bakery ")
    assert session.get(KeptRecord, withdrawn.id) is not None


@pytest.mark.parametrize("state", ["drafting", "editing", "signoff", "approved"])
def test_what_people_work_on_is_not_deleted(session, cast, as_person, make_document, state):
    document = make_document(state)
    session.commit()
    admin = as_person(cast.admin)
    assert admin.get(f"/documents/{document.id}/delete").status_code == 409
    assert admin.post(f"/documents/{document.id}/delete", data=confirmed(document)).status_code == 409
    assert f"/documents/{document.id}/delete" not in admin.get(f"/documents/{document.id}").text


@pytest.mark.parametrize("state", ["draft_failed", "choosing", "unassigned", "withdrawn"])
def test_what_rests_is(session, cast, as_person, make_document, state):
    document = make_document(state)
    session.commit()
    admin = as_person(cast.admin)
    assert f"/documents/{document.id}/delete" in admin.get(f"/documents/{document.id}").text
    assert admin.get(f"/documents/{document.id}/delete").status_code == 200
    assert admin.post(f"/documents/{document.id}/delete", data=confirmed(document)).status_code == 303
    assert session.get(KeptRecord, document.id) is not None


def test_only_an_admin_deletes(session, cast, withdrawn):
    for other in (cast.sponsor, cast.editor):
        with pytest.raises(NotAllowed):
            deletion.delete(session, withdrawn.id, other, reason="So.", title=withdrawn.title)


def test_all_or_nothing(session, cast, withdrawn, monkeypatch):
    before = rows_of(session, withdrawn.id)

    def fail(*_):
        raise RuntimeError("in the middle")

    monkeypatch.setattr(deletion.kept_records, "remove", fail)
    with pytest.raises(RuntimeError), session.begin_nested():
        deletion.delete(session, withdrawn.id, cast.admin, reason="So.", title=withdrawn.title)
    session.expire_all()
    assert rows_of(session, withdrawn.id) == before
    assert session.get(KeptRecord, withdrawn.id) is None


def test_revisions_without_a_kept_record_can_not_be_deleted(session, withdrawn):
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(delete(Revision).where(Revision.document_id == withdrawn.id))
