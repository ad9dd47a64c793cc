"""Sign-off: each change accepted or refused, refusals as to-dos, the statement with a signature, links to sign by."""

import datetime as dt
import re

import pytest
from sqlalchemy import select, text, update

from copydesk import audit
from copydesk.config import settings
from copydesk.documents import operations, publishing, revising
from copydesk.documents.errors import (
    CommentNeeded,
    DecisionNotFound,
    DocumentNotFound,
    InvalidInput,
    LinkIsDead,
    LinkNotFound,
    RefusedChanges,
    SelfApproval,
    SponsorNotAvailable,
    StaleHead,
    WrongState,
)
from copydesk.documents.models import Change, Document, Kind, Revision, State
from copydesk.documents.revising import Text
from copydesk.documents.signoff import changes, decisions, handing_over, links, statements
from copydesk.documents.signoff.links import Dead
from copydesk.documents.signoff.statements import Said
from copydesk.documents.signoff.tables import Answer, ChangeDecision, ReviewStatement, SignLink, Sort, Verdict
from copydesk.documents.workflow import Act
from copydesk.mail.outbox import Mail
from tests import journeys

DRAFT = "The bakery smells of flour. The ovens are cold. Nobody has the key to the yard."
DELIVERED = "The old bakery smells of flour. The ovens are warm. Nobody has the key to the yard."


def deliver(session, document, editor, body, title=None):
    journeys.head(session, document)
    revising.deliver(session, document.id, editor, Text(title or document.title, body, document.text_number))
    return revising.head_text(session, document)


@pytest.fixture
def document(session, cast, make_document):
    document = make_document("editing", text=DRAFT)
    deliver(session, document, cast.editor, DELIVERED)
    return document


def listed(session, document):
    head = revising.head_text(session, document)
    return changes.between(changes.base_of(session, document), head)


def decide(session, document, actor, after, verdict, reason=""):
    """On the change that brought these words."""
    change = next(one for one in listed(session, document) if one.after.strip() == after)
    return decisions.decide(
        session,
        document.id,
        actor,
        sha256=revising.head_text(session, document).sha256,
        fingerprint=change.fingerprint,
        verdict=verdict,
        reason=reason,
    )


def sign(session, document, actor, **more):
    return operations.sign(session, document.id, actor, sha256=revising.head_text(session, document).sha256, **more)


def request_changes(session, document, actor, comment=""):
    return operations.move(session, document.id, Act.REQUEST_CHANGES, actor, comment=comment)


def todo(session, document):
    (one,) = decisions.todos(session, document, revising.head_text(session, document))
    return one


def acts(session, document, act):
    name = f"document.{act.value.replace(' ', '_')}"
    return [one for one in audit.history(session, "document", document.id) if one.action == name]


# What is compared


def test_the_first_delivery_is_compared_with_the_machines_draft(session, document):
    assert changes.base_of(session, document).kind is Kind.MACHINE
    assert [(one.before.strip(), one.after.strip()) for one in listed(session, document)] == [
        ("", "old"),
        ("cold", "warm"),
    ]


def test_a_later_delivery_is_compared_with_the_one_before(session, cast, document):
    first = document.text_number
    request_changes(session, document, cast.sponsor, "Warmer.")
    revising.save(session, document.id, cast.editor, Text("New title", DELIVERED + " It rains.", document.text_number))
    deliver(session, document, cast.editor, DELIVERED + " It snows.", "New title")
    assert changes.base_of(session, document).number == first
    found = listed(session, document)
    assert [one.part.value for one in found] == ["title", "text"]
    assert found[1].after.strip() == "It snows."


def test_delivered_again_as_it_was_there_is_nothing_to_decide(session, cast, document):
    request_changes(session, document, cast.sponsor, "Warmer.")
    deliver(session, document, cast.editor, DELIVERED)
    assert listed(session, document) == []


def test_what_is_loaded_already_gives_the_same_base(session, cast, document):
    from copydesk.documents import chain

    for _ in range(2):
        loaded = chain.revisions(session, document.id)
        assert changes.base_among(loaded, document).number == changes.base_of(session, document).number
        request_changes(session, document, cast.sponsor, "Warmer.")
        deliver(session, document, cast.editor, DELIVERED + " More.")


def test_a_change_shows_its_words_with_those_around(session, document):
    shown = "".join(piece.text for piece in listed(session, document)[1].pieces)
    assert "The ovens are coldwarm. Nobody" in shown


def test_formatting_and_moves_are_changes_of_their_own():
    lines = [f"Line {word} is about something of its own, {word}." for word in ("one", "two", "three", "four")]
    moved = [lines[3], lines[0], lines[1].replace("two.", "**two**."), lines[2]]
    before, after = (Revision(title="T", body="\n\n".join(one)) for one in (lines, moved))
    found = changes.between(before, after)
    assert {one.sort for one in found} == {Sort.MOVED, Sort.FORMATTING}
    assert next(one for one in found if one.sort is Sort.MOVED).after.strip() == lines[3]


# Decisions


def test_a_refusal_needs_a_reason_and_is_kept_with_both_versions(session, cast, document):
    with pytest.raises(InvalidInput, match="reason"):
        decide(session, document, cast.sponsor, "warm", Verdict.REFUSED, " \u200b ")
    with pytest.raises(InvalidInput, match="501"):
        decide(session, document, cast.sponsor, "warm", Verdict.REFUSED, "x" * 501)
    made = decide(session, document, cast.sponsor, "warm", Verdict.REFUSED, "They were cold.")
    base, head = changes.base_of(session, document), revising.head_text(session, document)
    assert (made.base_number, made.revision_number) == (base.number, head.number)
    assert (made.before.strip(), made.after.strip(), made.reason) == ("cold", "warm", "They were cold.")
    assert head.body == DELIVERED  # no word changed by it
    assert acts(session, document, Act.DECIDE_CHANGE)[-1].note == "They were cold."


def test_a_decision_can_be_made_again_and_left_open(session, cast, document):
    decide(session, document, cast.sponsor, "warm", Verdict.REFUSED, "They were cold.")
    decide(session, document, cast.sponsor, "warm", Verdict.ACCEPTED)
    (kept,) = decisions.everything(session, document.id)
    assert (kept.verdict, kept.reason) == (Verdict.ACCEPTED, None)
    decide(session, document, cast.sponsor, "warm", None)
    assert decisions.everything(session, document.id) == []
    assert len(acts(session, document, Act.DECIDE_CHANGE)) == 3


def test_accepting_the_rest_leaves_refusals_alone(session, cast, document):
    decide(session, document, cast.sponsor, "warm", Verdict.REFUSED, "They were cold.")
    head = revising.head_text(session, document)
    assert decisions.accept_rest(session, document.id, cast.sponsor, sha256=head.sha256) == 1
    assert decisions.accept_rest(session, document.id, cast.sponsor, sha256=head.sha256) == 0
    kept = {one.after.strip(): one.verdict for one in decisions.everything(session, document.id)}
    assert kept == {"warm": Verdict.REFUSED, "old": Verdict.ACCEPTED}


def test_of_another_text_nothing_is_decided(session, cast, document):
    (change, _) = listed(session, document)
    with pytest.raises(StaleHead):
        decisions.decide(
            session,
            document.id,
            cast.sponsor,
            sha256="0" * 64,
            fingerprint=change.fingerprint,
            verdict=Verdict.ACCEPTED,
        )
    with pytest.raises(DecisionNotFound):
        decisions.decide(
            session,
            document.id,
            cast.sponsor,
            sha256=revising.head_text(session, document).sha256,
            fingerprint="0" * 64,
            verdict=Verdict.ACCEPTED,
        )


def test_nobody_approves_what_they_refuse(session, cast, document):
    decide(session, document, cast.sponsor, "warm", Verdict.REFUSED, "They were cold.")
    with pytest.raises(RefusedChanges, match="One change is refused"):
        sign(session, document, cast.sponsor)
    assert document.state is State.SIGNOFF
    decide(session, document, cast.sponsor, "warm", Verdict.ACCEPTED)
    sign(session, document, cast.sponsor)
    assert document.state is State.APPROVED


def test_a_refusal_goes_back_without_a_comment_and_a_comment_may_stand_beside_it(session, cast, document):
    with pytest.raises(CommentNeeded):
        request_changes(session, document, cast.sponsor)
    decide(session, document, cast.sponsor, "warm", Verdict.REFUSED, "They were cold.")
    request_changes(session, document, cast.sponsor, "And shorter.")
    said = acts(session, document, Act.REQUEST_CHANGES)[-1].note
    assert said == "And shorter.\n\nRefused: “warm” for “cold”. They were cold."
    assert any("They were cold." in mail.body for mail in session.scalars(select(Mail)))


# To-dos


@pytest.fixture
def refused(session, cast, document):
    decide(session, document, cast.sponsor, "warm", Verdict.REFUSED, "They were cold.")
    request_changes(session, document, cast.sponsor)
    return document


def test_a_refusal_is_a_todo_until_its_words_change(session, cast, refused):
    assert todo(session, refused).stands
    elsewhere = DELIVERED + " It rains. They were warm once."
    revising.save(session, refused.id, cast.editor, Text(refused.title, elsewhere, refused.text_number))
    assert not todo(session, refused).gone
    mended = elsewhere.replace("ovens are warm", "ovens are cold")
    revising.save(session, refused.id, cast.editor, Text(refused.title, mended, journeys.head(session, refused)))
    assert todo(session, refused).gone
    deliver(session, refused, cast.editor, mended)
    assert todo(session, refused).gone
    sign(session, refused, cast.sponsor)
    assert decisions.todos(session, refused, revising.head_text(session, refused)) == []


def test_the_editor_ticks_a_todo_off(session, cast, refused):
    decisions.reply(session, refused.id, cast.editor, todo(session, refused).decision.id, Answer.DONE)
    assert not todo(session, refused).stands
    deliver(session, refused, cast.editor, DELIVERED + " It rains.")
    sign(session, refused, cast.sponsor)


def test_the_editor_says_why_it_stays_and_the_sponsor_lets_it(session, cast, refused):
    number = todo(session, refused).decision.id
    with pytest.raises(InvalidInput):
        decisions.reply(session, refused.id, cast.editor, number, Answer.STAYS, reason=" ")
    decisions.reply(session, refused.id, cast.editor, number, Answer.STAYS, reason="I felt them.")
    assert acts(session, refused, Act.ANSWER_TODO)[-1].note == "I felt them."
    deliver(session, refused, cast.editor, DELIVERED + " It rains.")
    assert todo(session, refused).stands
    with pytest.raises(RefusedChanges):
        sign(session, refused, cast.sponsor)
    decisions.let_stay(session, refused.id, cast.sponsor, number)
    sign(session, refused, cast.sponsor)


def test_an_answer_can_be_taken_back(session, cast, refused):
    number = todo(session, refused).decision.id
    decisions.reply(session, refused.id, cast.editor, number, Answer.DONE)
    kept = decisions.reply(session, refused.id, cast.editor, number, None)
    assert (kept.answer, kept.answered_by_id, kept.answered_at) == (None, None, None)


def test_a_todo_of_another_document_can_not_be_answered(session, cast, refused, make_document):
    other = make_document("editing")
    with pytest.raises(DecisionNotFound):
        decisions.reply(session, other.id, cast.editor, todo(session, refused).decision.id, Answer.DONE)


def test_what_nothing_was_done_about_stays_a_todo_over_rounds(session, cast, refused):
    deliver(session, refused, cast.editor, DELIVERED + " It rains.")
    request_changes(session, refused, cast.sponsor, "The ovens!")
    assert todo(session, refused).decision.after.strip() == "warm"


@pytest.mark.parametrize(
    ("then", "now", "words", "gone"),
    [
        ("a very warm day", "a warm day", "very", True),
        ("a very warm day", "a very cold day", "very", False),
        ("a warm day", "it was, they said, a warm day", "warm", False),
        ("one two three", "one two three four", "two", False),
        ("A day of rain.\n\nIt is warm here.", "It is warm here.\n\nA day of rain.", "warm", False),
    ],
)
def test_when_words_are_gone(then, now, words, gone):
    start = then.index(words)
    assert changes.is_gone(then, now, (start, start + len(words)), Sort.WORDS) is gone


def test_words_that_were_refused_to_go_are_back_when_something_is_put_there():
    assert changes.is_gone("The ovens.", "The cold ovens.", (4, 4), Sort.WORDS)
    assert not changes.is_gone("The ovens.", "The ovens. It rains.", (4, 4), Sort.WORDS)


# The statement


def test_a_signature_has_a_statement_of_its_version(session, cast, document):
    head = revising.head_text(session, document)
    sign(session, document, cast.sponsor, said=Said(examined=" I called the baker. "))
    made = statements.in_force(session, document)
    assert (made.sha256, made.revision_number, made.signer_id) == (head.sha256, head.number, cast.sponsor.id)
    assert (made.responsible_id, made.responsible_name) == (cast.sponsor.id, "Ruth Okafor")
    assert (made.examined, made.by_link) == ("I called the baker.", False)
    for word in ("Accuracy", "Plausibility", "Sources", "editorial responsibility"):
        assert word in made.wording
    assert acts(session, document, Act.SIGN)[-1].after["statement"] == made.id


def test_somebody_else_can_be_responsible(session, cast, document):
    sign(session, document, cast.sponsor, said=Said(person_id=cast.editor.id))
    assert statements.in_force(session, document).responsible_name == "Ada Byrne"


def test_anybody_can_be_named_with_their_role(session, cast, document):
    with pytest.raises(InvalidInput) as refused:
        sign(session, document, cast.sponsor, said=Said(name="Ines Marr"))
    assert refused.value.field == "responsible_role"
    sign(session, document, cast.sponsor, said=Said(name=" Ines  Marr ", role="Head of culture"))
    made = statements.in_force(session, document)
    kept = (made.responsible_id, made.responsible_name, made.responsible_role)
    assert kept == (None, "Ines Marr", "Head of culture")


@pytest.mark.parametrize("who", ["other_editor", "other_sponsor", "suspended", "pending"])
def test_who_is_none_of_the_texts_people_can_not_be_named_by_number(session, cast, document, who):
    with pytest.raises(InvalidInput) as refused:
        sign(session, document, cast.sponsor, said=Said(person_id=getattr(cast, who).id))
    assert refused.value.field == "responsible"


@pytest.mark.parametrize("field", ["name", "role", "examined"])
def test_what_is_stated_has_its_limits(session, cast, document, field):
    typed = {"name": "Ines", "role": "Head", "examined": ""} | {field: "x" * 2001}
    with pytest.raises(InvalidInput):
        sign(session, document, cast.sponsor, said=Said(**typed))


def test_a_later_edit_makes_the_statement_void_and_keeps_it(session, cast, document):
    sign(session, document, cast.sponsor)
    publishing.publish(session, document.id, cast.sponsor)
    publishing.reopen(session, document.id, cast.sponsor, Change.CORRECTION, reason="The kiln was another.")
    assert statements.in_force(session, document) is None
    deliver(session, document, cast.editor, DELIVERED + " It rains.")
    sign(session, document, cast.sponsor)
    first, second = statements.everything(session, document.id)
    assert statements.in_force(session, document) == second
    assert first.sha256 != second.sha256


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE review_statements SET examined = 'x'",
        "DELETE FROM review_statements",
        "TRUNCATE review_statements CASCADE",
    ],
)
def test_the_database_refuses_to_rewrite_a_statement(session, cast, document, statement):
    sign(session, document, cast.sponsor)
    session.flush()
    with pytest.raises(Exception, match="append-only"), session.begin_nested():
        session.execute(text(statement))


def test_an_edition_names_who_is_responsible_by_the_statement(session, cast, document):
    sign(session, document, cast.sponsor, said=Said(name="Ines Marr", role="Head of culture"))
    edition = publishing.publish(session, document.id, cast.sponsor)
    assert edition.answers_for_it == ("Ines Marr", "Head of culture")
    assert edition.signer.name == "Ruth Okafor"


def test_without_a_statement_the_label_stands(session, cast, document):
    """A signature in the database that nobody stated anything with."""
    head = revising.head_text(session, document)
    signed = {"signed_sha256": head.sha256, "signed_by_id": cast.sponsor.id, "signed_at": dt.datetime.now(dt.UTC)}
    session.execute(update(Document).where(Document.id == document.id).values(state=State.APPROVED, **signed))
    session.refresh(document)
    assert "nobody" in publishing.publish(session, document.id, cast.sponsor).label


def test_who_stands_for_an_emergency_states_the_same(session, cast, document):
    edition = publishing.publish_in_emergency(session, document.id, cast.admin, reason="A flood.")
    assert edition.answers_for_it is None
    publishing.confirm_emergency(session, document.id, cast.sponsor)
    assert edition.answers_for_it == ("Ruth Okafor", "The Tests")
    (made,) = session.scalars(select(ReviewStatement))
    assert made.sha256 == edition.sha256


def test_nobody_signs_a_round_they_wrote(session, cast, document):
    revision = revising.head_text(session, document)
    session.execute(update(Document).where(Document.id == document.id).values(sponsor_id=cast.other_sponsor.id))
    from copydesk.documents import chain

    session.refresh(document)
    chain.append(
        session,
        document,
        kind=Kind.HUMAN,
        title=revision.title,
        body=revision.body + " Mine.",
        author_id=cast.other_sponsor.id,
    )
    with pytest.raises(SelfApproval):
        sign(session, document, cast.other_sponsor)


# Links to sign by


@pytest.fixture
def link(session, document):
    return links.find(session, secret(session))


def secret(session):
    """As it stands in the newest letter."""
    bodies = [one.body for one in session.scalars(select(Mail).order_by(Mail.id)) if "/sign/" in one.body]
    return re.search(r"/sign/(\S+)", bodies[-1])[1]


def use(session, link):
    operations.sign(session, link.document_id, link.person, sha256=link.sha256, by_link=True)
    links.spend(session, link)


def test_the_letter_has_a_link_whose_secret_is_not_kept(session, link):
    token = secret(session)
    assert len(token) >= 40
    assert link.token_sha256 != token
    assert token not in str(session.execute(select(SignLink.__table__)).all())
    days = (link.expires_at - link.created_at) / dt.timedelta(days=1)
    assert round(days) == settings().sign_link_days
    assert links.why_dead(session, link) is None


def test_a_link_signs_once_and_the_audit_says_how(session, document, link):
    use(session, link)
    assert document.state is State.APPROVED
    assert acts(session, document, Act.SIGN)[-1].after["how"] == "by mailed link"
    assert statements.in_force(session, document).by_link
    session.refresh(link)
    assert links.why_dead(session, link) is Dead.USED
    with pytest.raises(WrongState):
        use(session, link)
    with pytest.raises(LinkIsDead):
        links.spend(session, link)


def test_a_link_expires(session, link):
    link.expires_at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    session.flush()
    assert links.why_dead(session, link) is Dead.EXPIRED
    with pytest.raises(LinkIsDead), session.begin_nested():
        use(session, link)


def test_a_link_is_of_one_version(session, cast, document, link):
    request_changes(session, document, cast.sponsor, "Warmer.")
    assert links.why_dead(session, link) is Dead.NOT_WAITING
    deliver(session, document, cast.editor, DELIVERED + " It rains.")
    session.refresh(link)
    assert links.why_dead(session, link) is Dead.CHANGED
    with pytest.raises(StaleHead):
        use(session, link)
    newer = links.find(session, secret(session))
    assert newer.id != link.id
    assert links.why_dead(session, newer) is None


def test_delivered_again_as_it_was_only_the_newest_letters_link_signs(session, cast, document, link):
    request_changes(session, document, cast.sponsor, "Warmer.")
    deliver(session, document, cast.editor, DELIVERED)
    session.refresh(link)
    assert links.why_dead(session, link) is Dead.EXPIRED


def test_a_suspended_persons_link_is_dead(session, cast, link):
    cast.sponsor.status, cast.sponsor.status_reason = "suspended", "The tests say so."
    session.flush()
    assert links.why_dead(session, link) is Dead.NOT_YOURS
    with pytest.raises(DocumentNotFound):
        use(session, link)


def test_what_is_no_link_of_ours_is_not_found(session, link):
    for token in ("", "x", "x" * 5000, link.token_sha256):
        with pytest.raises(LinkNotFound):
            links.find(session, token)


def test_where_one_logs_in_to_sign_there_are_no_links(session, cast, document, link, monkeypatch):
    stricter = settings().model_copy(update={"sign_link_login": True})
    monkeypatch.setattr(links, "settings", lambda: stricter)
    assert links.why_dead(session, link) is Dead.SWITCHED_OFF
    assert links.issue(session, document, cast.sponsor) is None


# Another sponsor


def test_another_sponsor_takes_over_with_a_link_of_their_own(session, cast, document, link):
    handing_over.hand_over(session, document.id, cast.admin, cast.other_sponsor.id, reason="Ruth is away.")
    assert document.sponsor_id == cast.other_sponsor.id
    (event,) = acts(session, document, Act.HAND_OVER)
    assert (event.note, event.before["sponsor"], event.after["sponsor"]) == (
        "Ruth is away.",
        cast.sponsor.id,
        cast.other_sponsor.id,
    )
    told = {one.recipient: one for one in session.scalars(select(Mail).order_by(Mail.id))}
    assert "Ruth is away." in told[cast.sponsor.email].body
    assert "/sign/" in told[cast.other_sponsor.email].body
    session.refresh(link)
    assert links.why_dead(session, link) is Dead.NOT_YOURS
    with pytest.raises(DocumentNotFound):
        sign(session, document, cast.sponsor)
    use(session, links.find(session, secret(session)))
    assert document.signed_by_id == cast.other_sponsor.id


@pytest.mark.parametrize("who", ["sponsor", "editor", "admin", "pending", "suspended"])
def test_only_another_approved_sponsor_takes_over(session, cast, document, who):
    with pytest.raises(SponsorNotAvailable):
        handing_over.hand_over(session, document.id, cast.admin, getattr(cast, who).id, reason="Away.")
    assert getattr(cast, who).id not in {one.id for one in handing_over.sponsors(session, document)}


def test_handing_over_needs_a_reason(session, cast, document):
    with pytest.raises(InvalidInput):
        handing_over.hand_over(session, document.id, cast.admin, cast.other_sponsor.id, reason=" ")


def test_decisions_go_over_with_the_document(session, cast, document):
    decide(session, document, cast.sponsor, "warm", Verdict.REFUSED, "They were cold.")
    handing_over.hand_over(session, document.id, cast.admin, cast.other_sponsor.id, reason="Away.")
    with pytest.raises(RefusedChanges):
        sign(session, document, cast.other_sponsor)
    decide(session, document, cast.other_sponsor, "warm", Verdict.ACCEPTED)
    sign(session, document, cast.other_sponsor)
    (kept,) = session.scalars(select(ChangeDecision))
    assert kept.person_id == cast.other_sponsor.id
