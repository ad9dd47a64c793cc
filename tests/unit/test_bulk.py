"""Acts on many documents: each under its own rights, said by name, undone where nothing has happened since."""

import io
import json
import uuid
import zipfile

import pytest
from sqlalchemy import select, update

from copydesk import audit
from copydesk.autodocs import records, requests
from copydesk.documents import chain, publishing, reminding, restoring, revising
from copydesk.documents.bulk import acts, export, undoing
from copydesk.documents.bulk.models import BulkAct
from copydesk.documents.errors import DocumentNotFound, InvalidInput
from copydesk.documents.models import Change, State
from copydesk.documents.records.record import encode
from copydesk.documents.revising import Text
from copydesk.notifications.models import Notice


def outcomes(act):
    return {item.title: item.outcome.value for item in act.items}


def refused(act):
    return {item.title: item.says for item in act.items if item.says}


def actions(session, document):
    return [event.action for event in audit.history(session, "document", document.id)]


def test_assigning_does_what_can_be_done_and_says_what_not(session, cast, make_document):
    mine = make_document("editing", title="Mine")
    free = make_document("unassigned", title="Free")
    late = make_document("signoff", title="Delivered")
    same = make_document("editing", title="Has it", editor=cast.other_editor)
    foreign = make_document("editing", title="Foreign", sponsor=cast.other_sponsor)
    which = [one.id for one in (mine, free, late, same, foreign)] + [uuid.uuid4()]
    act = acts.assign(session, cast.sponsor, which, cast.other_editor)
    assert outcomes(act) == {"Mine": "done", "Free": "done", "Delivered": "refused", "Has it": "refused"}
    assert refused(act) == {"Delivered": acts.STATE_SAYS, "Has it": "Tom Lind has it already."}
    assert {mine.editor_id, free.editor_id} == {cast.other_editor.id}
    assert foreign.editor_id == cast.editor.id
    assert actions(session, mine)[-1] == "document.assign"
    assert "document.assign" not in actions(session, foreign)


def test_undoing_gives_back_what_nobody_has_touched_since(session, cast, make_document):
    kept, touched = make_document("editing", title="Kept"), make_document("editing", title="Touched")
    pool = make_document("unassigned", title="Pool")
    act = acts.assign(session, cast.sponsor, [one.id for one in (kept, touched, pool)], cast.other_editor)
    revising.save(session, touched.id, cast.other_editor, Text("Touched", "New words.", touched.text_number))
    undone = undoing.undo(session, cast.sponsor, act.id)
    assert outcomes(undone) == {"Kept": "undone", "Touched": "stays", "Pool": "undone"}
    assert refused(undone) == {"Touched": str(undoing.MovedOn())}
    session.expire_all()
    assert (kept.editor_id, touched.editor_id) == (cast.editor.id, cast.other_editor.id)
    assert (pool.state, pool.editor_id) == (State.UNASSIGNED, None)
    with pytest.raises(undoing.UndoneAlready):
        undoing.undo(session, cast.sponsor, act.id)


def test_an_editor_who_is_gone_does_not_get_it_back(session, cast, make_document):
    document = make_document("editing", title="Kept")
    act = acts.assign(session, cast.sponsor, [document.id], cast.other_editor)
    cast.editor.status, cast.editor.status_reason = "suspended", "A test."
    session.flush()
    undone = undoing.undo(session, cast.sponsor, act.id)
    assert refused(undone) == {"Kept": "The editor who had it is not available any more."}
    assert document.editor_id == cast.other_editor.id


@pytest.mark.parametrize("other", ["other_sponsor", "admin", "editor"])
def test_nobody_undoes_what_another_did(session, cast, make_document, other):
    act = acts.assign(session, cast.sponsor, [make_document("editing").id], cast.other_editor)
    with pytest.raises(DocumentNotFound):
        undoing.undo(session, getattr(cast, other), act.id)
    assert acts.recent(session, getattr(cast, other)) == []


def test_after_an_hour_it_stays_and_is_forgotten(session, cast, make_document):
    act = acts.assign(session, cast.sponsor, [make_document("editing").id], cast.other_editor)
    session.execute(update(BulkAct).values(created_at=act.created_at - acts.KEPT))
    session.expire_all()
    with pytest.raises(DocumentNotFound):
        undoing.undo(session, cast.sponsor, act.id)
    assert acts.recent(session, cast.sponsor) == []
    acts.remind(session, cast.sponsor, [make_document("editing").id])
    assert len(session.scalars(select(BulkAct)).all()) == 1


@pytest.mark.parametrize(
    ("state", "back"),
    [
        ("drafting", State.DRAFT_FAILED),
        ("draft_failed", State.DRAFT_FAILED),
        ("choosing", State.CHOOSING),
        ("unassigned", State.UNASSIGNED),
        ("editing", State.EDITING),
        ("question", State.QUESTION),
        ("signoff", State.SIGNOFF),
        ("approved", State.SIGNOFF),
    ],
)
def test_withdrawing_many_and_taking_them_up_again(session, cast, make_document, state, back):
    document = make_document(state, title=state)
    act = acts.withdraw(session, cast.sponsor, [document.id], requests.withdraw)
    assert document.state is State.WITHDRAWN
    undone = undoing.undo(session, cast.sponsor, act.id)
    assert outcomes(undone) == {state: "undone"}
    assert document.state is back
    assert document.signed_sha256 is None
    assert actions(session, document)[-2:] == ["document.withdraw", "document.take_up_again"]
    assert (document.clock_stopped_at is not None) is (back is State.QUESTION)


def test_published_texts_are_not_withdrawn(session, cast, make_document):
    done, out = make_document("editing", title="Done"), make_document("published", title="Out")
    act = acts.withdraw(session, cast.admin, [done.id, out.id], requests.withdraw)
    assert outcomes(act) == {"Done": "done", "Out": "refused"}
    assert out.state is State.PUBLISHED


def test_taken_up_again_it_waits_for_another_editor_where_its_own_is_gone(session, cast, make_document):
    document = make_document("signoff")
    requests.withdraw(session, document.id, cast.sponsor)
    cast.editor.status, cast.editor.status_reason = "suspended", "A test."
    session.flush()
    restoring.take_up_again(session, document.id, cast.sponsor)
    assert (document.state, document.editor_id) == (State.UNASSIGNED, None)


def test_reminding_tells_whose_move_it_is(session, cast, make_document):
    editing, signoff = make_document("editing", title="Edit"), make_document("signoff", title="Sign")
    free, over = make_document("unassigned", title="Free"), make_document("published", title="Out")
    every = [one.id for one in (editing, signoff, free, over)]
    act = acts.remind(session, cast.sponsor, every)
    assert outcomes(act) == {"Edit": "done", "Sign": "refused", "Free": "refused", "Out": "refused"}
    assert refused(act)["Sign"] == "It waits for you."
    reminded = select(Notice.person_id).where(Notice.kind == "reminded")
    assert session.scalars(reminded).all() == [cast.editor.id]
    again = acts.remind(session, cast.admin, every)
    assert refused(again)["Edit"] == str(reminding.RemindedAlready())
    assert set(session.scalars(reminded).all()) == {cast.editor.id, cast.sponsor.id}
    # What was said can't be unsaid, but corrected.
    undoing.undo(session, cast.sponsor, act.id)
    assert session.scalars(reminded).all().count(cast.editor.id) == 2


def test_a_reminder_is_not_taken_back_from_somebody_else(session, cast, make_document):
    document = make_document("editing", title="Edit")
    act = acts.remind(session, cast.sponsor, [document.id])
    head = revising.head_text(session, document)
    revising.deliver(session, document.id, cast.editor, Text("Edit", head.body + " The end.", head.number))
    assert outcomes(undoing.undo(session, cast.sponsor, act.id)) == {"Edit": "stays"}


def test_too_many_and_none_are_refused_as_a_whole(session, cast, make_document):
    document = make_document("editing")
    for which in ([], [document.id, *(uuid.uuid4() for _ in range(acts.MOST))]):
        with pytest.raises(InvalidInput):
            acts.assign(session, cast.sponsor, which, None)
    assert document.state is State.EDITING


def unpacked(session, actor, which):
    file = io.BytesIO()
    written = export.write(session, actor, which, lambda session, one: encode(records.of(session, one)), file)
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None
        return len(written), {name: opened.read(name).decode() for name in opened.namelist()}


def test_an_export_has_the_text_and_the_record_of_what_one_may_see(session, cast, make_document):
    mine = make_document("editing", title="../../etc/“Passwd”")
    foreign = make_document("editing", title="Foreign", sponsor=cast.other_sponsor)
    waiting = make_document("drafting", title="!!!", brief="Only a brief.")
    session.commit()
    ids, head = (mine.id, foreign.id, waiting.id), chain.revision(session, mine, mine.text_number).body
    count, files = unpacked(session, cast.sponsor, ids)
    assert count == 2
    folder = f"etc-passwd-{str(ids[0])[:8]}"
    assert set(files) == {
        f"{folder}/text.md",
        f"{folder}/record.json",
        f"document-{str(ids[2])[:8]}/text.md",
        f"document-{str(ids[2])[:8]}/record.json",
    }
    assert files[f"{folder}/text.md"] == f"# ../../etc/“Passwd”\n\n{head}\n"
    assert "Only a brief." in files[f"document-{str(ids[2])[:8]}/text.md"]
    assert json.loads(files[f"{folder}/record.json"])["document"]


def test_an_export_is_bounded(session, cast, make_document, monkeypatch):
    with pytest.raises(InvalidInput):
        unpacked(session, cast.sponsor, [uuid.uuid4() for _ in range(export.MOST + 1)])
    with pytest.raises(InvalidInput):
        unpacked(session, cast.sponsor, [])
    document = make_document("editing")
    session.commit()
    monkeypatch.setattr(export, "MOST_BYTES", 10)
    with pytest.raises(export.TooMuchToExport):
        unpacked(session, cast.sponsor, [document.id])


def test_an_edition_keeps_a_document_from_being_withdrawn_with_others(session, cast, make_document):
    document = make_document("published", title="Reopened")
    publishing.reopen(session, document.id, cast.sponsor, Change.CORRECTION, reason="The kiln was another.")
    act = acts.withdraw(session, cast.sponsor, [document.id], requests.withdraw)
    assert outcomes(act) == {"Reopened": "refused"}
