"""Creating, saving, delivering, signing: what is kept, what is refused, what is recorded."""

import pytest
from sqlalchemy import select, text

from copydesk import audit
from copydesk.audit import AuditEvent
from copydesk.autodocs import requests
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.documents import chain, operations, revising
from copydesk.documents.errors import (
    CommentNeeded,
    EditorNotAvailable,
    InvalidInput,
    NotAllowed,
    NothingToDeliver,
    StaleHead,
)
from copydesk.documents.models import Document, Kind, State
from copydesk.documents.revising import Text
from copydesk.documents.workflow import Act
from copydesk.mail import Mail
from tests import journeys


def written(session, document, body, title=journeys.TITLE):
    return Text(title, body, journeys.head(session, document))


def test_creating_a_document_queues_its_draft_in_the_same_transaction(session, cast):
    document = requests.create_document(session, cast.sponsor, title="T", brief="B", editor_id=None)
    job = session.execute(text("SELECT task_name, args FROM procrastinate_jobs")).one()
    assert job.task_name == "write_draft"
    assert job.args["autodoc_id"] == journeys.live_draft(session, document).id


def test_a_rolled_back_document_leaves_no_job(session, cast):
    with session.begin_nested() as savepoint:
        requests.create_document(session, cast.sponsor, title="T", brief="B", editor_id=None)
        savepoint.rollback()
    assert session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar() == 0
    assert session.scalars(select(Document)).all() == []


@pytest.mark.parametrize("blank", ["", "   ", "\n\t ", "\u200b\u200e", "\x00"])
@pytest.mark.parametrize("field", ["title", "brief"])
def test_a_blank_field_is_named(session, cast, field, blank):
    words = {"title": "T", "brief": "B", field: blank}
    with pytest.raises(InvalidInput, match=f"Please enter the {field}") as caught:
        requests.create_document(session, cast.sponsor, **words, editor_id=None)
    assert caught.value.field == field


def test_a_brief_may_have_100_000_characters_and_no_more(session, cast):
    document = requests.create_document(session, cast.sponsor, title="T", brief="x" * 100_000, editor_id=None)
    assert len(document.brief) == 100_000
    with pytest.raises(InvalidInput, match="100,001 characters; the most is 100,000"):
        requests.create_document(session, cast.sponsor, title="T", brief="x" * 100_001, editor_id=None)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ovens 🔥👩‍🍳 and flour", "Ovens 🔥👩‍🍳 and flour"),
        ("מאפייה ישנה عربي", "מאפייה ישנה عربي"),
        ("nul\x00in the middle", "nulin the middle"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("<script>alert('x')</script> & <b>", "<script>alert('x')</script> & <b>"),
    ],
)
def test_what_is_typed_is_kept(session, cast, typed, kept):
    document = requests.create_document(session, cast.sponsor, title="T", brief=typed, editor_id=None)
    session.expire_all()
    assert session.get(Document, document.id).brief == kept


def test_only_approved_editors_can_be_chosen(session, cast):
    for nobody in (cast.suspended.id, cast.rejected.id, cast.other_sponsor.id, 10**12):
        with pytest.raises(EditorNotAvailable):
            requests.create_document(session, cast.sponsor, title="T", brief="B", editor_id=nobody)


def test_editors_do_not_create(session, cast):
    with pytest.raises(NotAllowed):
        requests.create_document(session, cast.editor, title="T", brief="B", editor_id=None)


def test_revisions_are_chained_from_the_first(session, cast, make_document):
    document = make_document("approved")
    revisions = chain.revisions(session, document.id)
    assert [one.kind for one in revisions] == [Kind.BRIEF, Kind.MACHINE, Kind.HUMAN]
    assert revisions[0].parent_sha256 is None
    assert [one.parent_sha256 for one in revisions[1:]] == [one.sha256 for one in revisions[:-1]]
    assert chain.first_broken(revisions) is None
    assert document.signed_sha256 == revisions[-1].sha256


@pytest.mark.parametrize("field", ["body", "title", "author_id", "created_at", "number", "kind", "parent_sha256"])
def test_a_changed_revision_breaks_the_chain(session, make_document, field):
    document = make_document("signoff")
    revisions = chain.revisions(session, document.id)
    session.expunge_all()
    other = {"kind": Kind.BRIEF, "created_at": revisions[0].created_at, "number": 9, "author_id": 0}
    setattr(revisions[1], field, other.get(field, "x"))
    assert chain.first_broken(revisions) == 2


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize(("table", "column"), [("revisions", "body"), ("audit_events", "action")])
def test_the_database_refuses_to_rewrite_history(session, make_document, table, column, statement):
    make_document("editing")
    with pytest.raises(Exception, match=r"append-only"), session.begin_nested():
        session.execute(text(statement.format(table, column)))


def test_saving_appends_a_revision_by_the_editor(session, cast, make_document):
    document = make_document("editing")
    revision = revising.save(session, document.id, cast.editor, written(session, document, "My words.", "New title"))
    assert (revision.kind, revision.author_id, revision.body) == (Kind.HUMAN, cast.editor.id, "My words.")
    assert document.title == "New title"


def test_saving_what_is_there_adds_nothing(session, cast, make_document):
    document = make_document("editing")
    before = document.head_number
    revising.save(session, document.id, cast.editor, written(session, document, journeys.DRAFT))
    assert document.head_number == before


def test_a_stale_save_overwrites_nothing(session, cast, make_document):
    document = make_document("editing")
    stale = written(session, document, "Mine, typed on an old page.")
    revising.save(session, document.id, cast.editor, written(session, document, "Saved in between."))
    with pytest.raises(StaleHead):
        revising.save(session, document.id, cast.editor, stale)
    assert revising.head_text(session, document).body == "Saved in between."


def test_a_changed_brief_does_not_make_the_editors_page_stale(session, cast, make_document):
    document = make_document("editing")
    mine = written(session, document, "Typed while the brief changed.")
    operations.edit_brief(session, document.id, cast.sponsor, title=document.title, brief="Another brief.", base=1)
    assert revising.save(session, document.id, cast.editor, mine).body == "Typed while the brief changed."
    assert chain.first_broken(chain.revisions(session, document.id)) is None


def test_nothing_can_not_be_delivered(session, cast, make_document):
    document = make_document("editing")
    with pytest.raises(NothingToDeliver):
        revising.deliver(session, document.id, cast.editor, written(session, document, " \n"))


def test_asking_for_changes_needs_words_and_starts_a_round(session, cast, make_document):
    document = make_document("signoff")
    with pytest.raises(CommentNeeded):
        operations.move(session, document.id, Act.REQUEST_CHANGES, cast.sponsor, comment="  ")
    operations.move(session, document.id, Act.REQUEST_CHANGES, cast.sponsor, comment="Mention the ovens.")
    assert (document.state, document.round) == (State.EDITING, 2)
    assert audit.history(session, "document", document.id)[-1].note == "Mention the ovens."


def test_signing_binds_to_the_text_on_the_page(session, cast, make_document):
    document = make_document("signoff")
    with pytest.raises(StaleHead):
        operations.sign(session, document.id, cast.sponsor, sha256="f" * 64)


def test_every_act_leaves_exactly_one_audit_row(session, cast, make_document):
    document = make_document("approved")
    acts = session.scalars(
        select(AuditEvent.action).where(AuditEvent.object_id == str(document.id)).order_by(AuditEvent.id)
    ).all()
    assert acts == ["document.submit", "document.drafted", "document.save", "document.deliver", "document.sign"]


def test_a_redraft_keeps_every_earlier_draft_and_word(session, cast, make_document):
    document = make_document("editing")
    revising.save(session, document.id, cast.editor, written(session, document, "The editor's own words."))
    requests.redraft(session, document.id, cast.sponsor)
    journeys.draft(session, document, "A second draft.")
    bodies = [one.body for one in chain.revisions(session, document.id)]
    assert bodies == [journeys.BRIEF, journeys.DRAFT, "The editor's own words.", "A second draft."]
    states = session.scalars(select(Autodoc.state).where(Autodoc.document_id == document.id)).all()
    assert states == [DraftState.DONE, DraftState.DONE]


def test_whoever_has_to_act_next_is_told(session, cast, make_document):
    document = make_document("signoff")
    operations.move(session, document.id, Act.REQUEST_CHANGES, cast.sponsor, comment="Mention the ovens.")
    operations.assign(session, document.id, cast.sponsor, cast.other_editor.id)
    operations.move(session, document.id, Act.DECLINE, cast.other_editor, comment="I know the potter.")
    told = session.execute(select(Mail.recipient, Mail.subject, Mail.body).order_by(Mail.id)).all()
    assert [(one.recipient, one.subject.partition(":")[0]) for one in told] == [
        (cast.editor.email, "For you to edit"),
        (cast.sponsor.email, "For your sign-off"),
        (cast.editor.email, "Changes asked"),
        (cast.editor.email, "No longer yours"),
        (cast.other_editor.email, "For you to edit"),
        (cast.sponsor.email, "Needs another editor"),
    ]
    assert "Mention the ovens." in told[2].body
    assert f"/documents/{document.id}" in told[0].body


def test_a_suspended_editors_work_goes_back_to_the_desk(session, cast, make_document):
    mine = [make_document(state) for state in ("editing", "signoff", "drafting", "approved")]
    assert operations.release_work(session, cast.editor, cast.admin) == 3
    assert [one.state for one in mine] == [State.UNASSIGNED, State.UNASSIGNED, State.DRAFTING, State.APPROVED]
    assert [one.editor_id for one in mine] == [None, None, None, cast.editor.id]
