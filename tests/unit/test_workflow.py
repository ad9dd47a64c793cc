"""The transitions table is walked whole: every state, every act, every kind of person."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from copydesk.accounts.models import Role, Status, User
from copydesk.autodocs import acceptances, continuations, requests, spans
from copydesk.autodocs.models import Autodoc, DraftKind, DraftState
from copydesk.documents import (
    diagram,
    machine_words,
    operations,
    policy,
    publishing,
    reminding,
    restoring,
    reviews,
    revising,
    suggesting,
)
from copydesk.documents.asking import attachments
from copydesk.documents.asking.attachments import Attachment, Upload
from copydesk.documents.conversation import operations as conversation
from copydesk.documents.conversation.models import Comment, CommentThread
from copydesk.documents.delivery import waivers
from copydesk.documents.delivery.waivers import Waiver
from copydesk.documents.editions import Edition, EditionState
from copydesk.documents.errors import DocumentError, DocumentNotFound, NotAllowed, WrongState
from copydesk.documents.housestyle import tidying
from copydesk.documents.machine_words import Passage
from copydesk.documents.models import Change, State
from copydesk.documents.paragraphs import fingerprint
from copydesk.documents.publishing import Times
from copydesk.documents.reviews import ParagraphReview
from copydesk.documents.revising import Text
from copydesk.documents.signoff import decisions, handing_over
from copydesk.documents.signoff.tables import Answer, ChangeDecision, Part, Sort, Verdict
from copydesk.documents.suggestions import Suggestion
from copydesk.documents.workflow import TRANSITIONS, Act, Who
from tests import journeys
from tests.conftest import ROOT

PEOPLE = ("sponsor", "other_sponsor", "editor", "other_editor", "admin", "pending", "rejected", "suspended")
MACHINE_ACTS = (Act.SUBMIT, Act.DRAFTED, Act.DRAFTED_SEVERAL, Act.FAILED, Act.KEEP_UNSAVED)
TOMORROW = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
PLAYS = {
    "sponsor": {Who.SPONSOR},
    "other_sponsor": set(),
    "editor": {Who.EDITOR, Who.ANY_EDITOR},
    "other_editor": {Who.ANY_EDITOR},
    "admin": {Who.ADMIN},
}


def perform(session, act, document, actor):
    head = revising.head_text(session, document)
    written = Text(document.title, (head.body if head else "") + " More.", head.number if head else 0)
    passage = Passage(written.base, 0, 3, "Other words")
    side = requests.side_by_side(session, document.id)

    def suggested():
        """An open suggestion of the actor's own, in whatever state the document is."""
        row = {"document_id": document.id, "number": 1, "base_number": written.base, "author_id": actor.id}
        session.add(Suggestion(**row, start=0, end=3, replacement="Other"))
        session.flush()
        return 1

    def reviewed():
        """A review of the actor's own, in whatever state the document is."""
        row = {"document_id": document.id, "revision_number": written.base, "start": 0, "end": 3}
        made = ParagraphReview(**row, text_sha256="0" * 64, reason="Because.", reviewer_id=actor.id)
        session.add(made)
        session.flush()
        return made.id

    def said():
        """A comment of the actor's own, in whatever state the document is."""
        made = Comment(thread=CommentThread(document_id=document.id), author_id=actor.id, words="Is it?")
        session.add(made)
        session.flush()
        return made

    def found_by_a_check():
        document.must_keep = "A line that is not there"
        found = waivers.standing(session, document)
        return found[0].finding.fingerprint if found else ""

    def waived():
        """A waiver of the actor's own, in whatever state the document is."""
        row = {"document_id": document.id, "revision_number": written.base, "check": "must_keep", "words": "One line"}
        made = Waiver(**row, fingerprint="0" * 64, reason="Because.", person_id=actor.id)
        session.add(made)
        session.flush()
        return made.id

    def attached():
        """A file of the actor's own, in whatever state the document is."""
        row = {"document_id": document.id, "name": "notes.txt", "media_type": "text/plain", "added_by_id": actor.id}
        made = Attachment(**row, size=5, sha256="0" * 64, content=b"Notes")
        session.add(made)
        session.flush()
        return made.id

    def changed(**columns):
        session.execute(update(Edition).where(Edition.document_id == document.id).values(columns))
        return document.id

    def flagged():
        """It was published in an emergency by somebody who is none of the cast."""
        return changed(emergency="A flood.", published_by_id=document.editor_id)

    def with_the_link():
        return changed(public_at=None)

    doers = {
        Act.DECIDE_CHANGE: lambda: decisions.let_stay(session, document.id, actor, refused(session, document)),
        Act.ANSWER_TODO: lambda: decisions.reply(session, document.id, actor, refused(session, document), Answer.DONE),
        Act.HAND_OVER: lambda: handing_over.hand_over(
            session, document.id, actor, another_sponsor(session, document).id, reason="They are away."
        ),
        Act.RETRY: lambda: requests.retry(session, document.id, actor),
        Act.REDRAFT: lambda: requests.redraft(session, document.id, actor),
        Act.CANCEL: lambda: requests.cancel(session, document.id, actor),
        Act.WITHDRAW: lambda: requests.withdraw(session, document.id, actor),
        Act.RESTORE: lambda: restoring.take_up_again(session, document.id, actor),
        Act.REMIND: lambda: reminding.remind(session, document.id, actor),
        Act.CHOOSE: lambda: requests.choose(session, document.id, actor, side[0].id),
        Act.ASK_PASSAGE: lambda: spans.ask(session, document.id, actor, base=written.base, start=0, end=3, count=2),
        Act.TAKE_PASSAGE: lambda: machine_words.take_passage(
            session, document.id, actor, passage=passage, autodoc_id=side[0].id
        ),
        Act.ASK_CONTINUATION: lambda: continuations.ask(
            session, document.id, actor, base=written.base, text=written.body, at=3
        ),
        Act.ACCEPT_WORDS: lambda: acceptances.accept(
            session, document.id, actor, proposed(session, document, actor, written.base), 3
        ),
        Act.SAVE: lambda: revising.save(session, document.id, actor, written),
        Act.DELIVER: lambda: revising.deliver(session, document.id, actor, written),
        Act.SIGN: lambda: operations.sign(session, document.id, actor, sha256=head.sha256 if head else ""),
        Act.ASSIGN: lambda: operations.assign(session, document.id, actor, None),
        Act.SUGGEST: lambda: suggesting.propose(session, document.id, actor, base=written.base, body=written.body),
        Act.ACCEPT_SUGGESTION: lambda: suggesting.accept(session, document.id, actor, suggested()),
        Act.REFUSE_SUGGESTION: lambda: suggesting.refuse(session, document.id, actor, suggested()),
        Act.TAKE_BACK_SUGGESTION: lambda: suggesting.take_back(session, document.id, actor, suggested()),
        Act.REVIEW_PARAGRAPH: lambda: reviews.review(
            session, document.id, actor, sha256=fingerprint(head.body if head else ""), reason="Because."
        ),
        Act.WAIVE_CHECK: lambda: waivers.waive(
            session, document.id, actor, fingerprint=found_by_a_check(), reason="Because."
        ),
        Act.TAKE_BACK_WAIVER: lambda: waivers.take_back(session, document.id, actor, waived()),
        Act.ATTACH: lambda: attachments.add(session, document.id, actor, [Upload("notes.txt", b"Some notes")]),
        Act.REMOVE_ATTACHMENT: lambda: attachments.remove(session, document.id, actor, attached()),
        Act.COMMENT: lambda: conversation.comment(session, document.id, actor, words="Is it?"),
        Act.REPLY: lambda: conversation.reply(session, document.id, actor, said().thread_id, words="It is."),
        Act.EDIT_COMMENT: lambda: conversation.change(session, document.id, actor, said().id, words="Was it?"),
        Act.TAKE_BACK_COMMENT: lambda: conversation.take_back(session, document.id, actor, said().id),
        Act.RESOLVE_COMMENT: lambda: conversation.resolve(session, document.id, actor, said().thread_id),
        Act.REOPEN_COMMENT: lambda: conversation.reopen(session, document.id, actor, said().thread_id),
        Act.TAKE_BACK_REVIEW: lambda: reviews.take_back(session, document.id, actor, reviewed()),
        Act.TIDY: lambda: tidying.apply(session, document.id, actor, base=written.base, rules=["quotes"]),
        Act.PUBLISH: lambda: publishing.publish(session, document.id, actor),
        Act.SCHEDULE: lambda: publishing.publish(session, document.id, actor, Times(TOMORROW)),
        Act.CANCEL_SCHEDULE: lambda: publishing.cancel_schedule(session, scheduled(session, document, actor), actor),
        Act.PUBLISH_IN_EMERGENCY: lambda: publishing.publish_in_emergency(
            session, document.id, actor, reason="A flood."
        ),
        Act.CONFIRM_EMERGENCY: lambda: publishing.confirm_emergency(session, flagged(), actor),
        Act.OPEN_TO_ALL: lambda: publishing.open_to_all(session, with_the_link(), actor),
        Act.REOPEN: lambda: publishing.reopen(
            session, document.id, actor, Change.CORRECTION, reason="The kiln was another."
        ),
        Act.KEEP_EDITION: lambda: publishing.keep_edition(session, document.id, actor),
        Act.RETRACT: lambda: publishing.retract(session, document.id, actor, note="It never took place."),
        Act.EDIT_BRIEF: lambda: operations.edit_brief(
            session, document.id, actor, title="New", brief="New brief.", base=1
        ),
    }
    doer = doers.get(act, lambda: operations.move(session, document.id, act, actor, comment="Because."))
    return doer()


def refused(session, document):
    """A change that was refused in an earlier delivery, in whatever state the document is."""
    made = ChangeDecision(
        document_id=document.id, base_number=1, revision_number=2, part=Part.TEXT, sort=Sort.WORDS,
        fingerprint="0" * 64, old_start=0, old_end=3, new_start=0, new_end=3, before="The", after="Old",
        verdict=Verdict.REFUSED, reason="Because.", person_id=document.sponsor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def proposed(session, document, actor, base):
    """The number of a candidate that was written, in whatever state the document is."""
    place = {"kind": DraftKind.SPAN, "span_start": 0, "span_end": 3, "base_number": base}
    kept = {"brief": "", "sampling": {}, "seed": 1, "model": "seed", "model_sha256": "0" * 64, "tokens_target": 9}
    ended = {"state": DraftState.DONE, "text": "Other", "finished_at": dt.datetime.now(dt.UTC)}
    row = {"document_id": document.id, "number": 99, "request": 99, "requested_by_id": actor.id}
    session.add(Autodoc(**row, **place, **kept, **ended))
    session.flush()
    return 99


def scheduled(session, document, actor):
    """A time is set, in whatever state the document is."""
    moment = {"live_at": TOMORROW, "public_at": TOMORROW, "responsible_id": document.sponsor_id}
    kept = {
        "number": 9,
        "revision_number": 1,
        "sha256": "0" * 64,
        "label": [],
        "machine_share": 0,
        "published_by_id": actor.id,
    }
    session.add(Edition(document_id=document.id, state=EditionState.SCHEDULED, **moment, **kept))
    session.flush()
    return document.id


def another_sponsor(session, document):
    query = select(User).where(User.role == Role.SPONSOR, User.status == Status.APPROVED)
    return session.scalars(query.where(User.id != document.sponsor_id)).first()


@pytest.mark.parametrize("state", list(State))
def test_every_act_in_every_state_by_everyone(session, cast, make_document, state):
    document = make_document(state.value)
    wrong = []
    for act in Act:
        if act in MACHINE_ACTS:
            continue
        for person in PEOPLE:
            with session.begin_nested() as undo:
                refusal = try_to(session, act, document, getattr(cast, person))
                session.refresh(document)
                if not as_the_table_says(act, state, person, refusal, document.state):
                    wrong.append((act, person, refusal, document.state))
                undo.rollback()
            session.expire_all()
    assert wrong == []


def plays(person, state):
    """A text in the pool is no editor's own."""
    return PLAYS.get(person, set()) - ({Who.EDITOR} if state is State.UNASSIGNED else set())


def as_the_table_says(act, state, person, refusal, after):
    row = TRANSITIONS[act]
    allowed = bool(plays(person, state) & set(row.who)) and state in row.sources
    if act in (Act.KEEP, Act.KEEP_EDITION):
        allowed = False  # there is no earlier text to keep after a first draft failed, and nothing was published
    if allowed:
        return refusal is None and after in (row.targets or (state,))
    return isinstance(refusal, DocumentNotFound | NotAllowed | WrongState) and after is state


def try_to(session, act, document, actor):
    try:
        perform(session, act, document, actor)
    except DocumentError as refusal:
        return refusal
    return None


@pytest.mark.parametrize("state", list(State))
def test_the_buttons_show_exactly_what_the_operations_allow(session, cast, make_document, state):
    document = make_document(state.value)
    for person in ("sponsor", "editor", "admin", "other_editor", "other_sponsor"):
        for act in Act:
            if act in MACHINE_ACTS or act in (Act.KEEP, Act.KEEP_EDITION):
                continue
            expected = bool(plays(person, state) & set(TRANSITIONS[act].who)) and state in TRANSITIONS[act].sources
            assert policy.can(act, getattr(cast, person), document, claiming=True) is expected


def test_keep_brings_the_earlier_text_back(session, cast, make_document):
    document = make_document("editing")
    requests.redraft(session, document.id, cast.sponsor)
    requests.cancel(session, document.id, cast.sponsor)
    assert document.state is State.DRAFT_FAILED
    operations.move(session, document.id, Act.KEEP, cast.sponsor)
    assert document.state is State.EDITING
    assert revising.head_text(session, document).body == journeys.DRAFT


def test_the_machine_has_no_act_of_a_person():
    for act, row in TRANSITIONS.items():
        assert (Who.WORKER in row.who) == (act in (Act.DRAFTED, Act.DRAFTED_SEVERAL, Act.FAILED))


def test_the_readme_shows_the_table_as_it_is():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert diagram.section() in readme, "run: make readme"


def test_the_diagram_shows_every_act_that_changes_a_state():
    still = {
        Act.SAVE,
        Act.KEEP_UNSAVED,
        Act.ASK_PASSAGE,
        Act.TAKE_PASSAGE,
        Act.ASK_CONTINUATION,
        Act.ACCEPT_WORDS,
        Act.SUGGEST,
        Act.ACCEPT_SUGGESTION,
        Act.REFUSE_SUGGESTION,
        Act.TAKE_BACK_SUGGESTION,
        Act.TIDY,
        Act.REVIEW_PARAGRAPH,
        Act.TAKE_BACK_REVIEW,
        Act.WAIVE_CHECK,
        Act.TAKE_BACK_WAIVER,
        Act.COMMENT,
        Act.REPLY,
        Act.EDIT_COMMENT,
        Act.TAKE_BACK_COMMENT,
        Act.RESOLVE_COMMENT,
        Act.REOPEN_COMMENT,
        Act.DELETE,
        Act.EDIT_BRIEF,
        Act.ATTACH,
        Act.REMOVE_ATTACHMENT,
        Act.WITHDRAW,
        Act.RESTORE,
        Act.REMIND,
        Act.SCHEDULE,
        Act.CANCEL_SCHEDULE,
        Act.CONFIRM_EMERGENCY,
        Act.OPEN_TO_ALL,
        Act.DECIDE_CHANGE,
        Act.ANSWER_TODO,
        Act.HAND_OVER,
        Act.SET_DUE,
    }  # these lead nowhere else, or from everywhere
    drawn = diagram.mermaid()
    assert {act for act in Act if act.value in drawn} == set(Act) - still
    assert all(f"| {act} |" in diagram.table() for act in Act)
