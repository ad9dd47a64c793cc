"""The sponsor accepts or refuses each change of a delivery; what is refused is the editor's to-do. The caller commits.

A decision is bound to the two versions it is about. No word changes by it: only the editor writes.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import access, chain, text
from copydesk.documents.errors import DecisionNotFound, RefusedChanges, StaleHead
from copydesk.documents.models import Document, Revision, State
from copydesk.documents.signoff import changes
from copydesk.documents.signoff.changes import Listed
from copydesk.documents.signoff.tables import Answer, ChangeDecision, Part, Verdict
from copydesk.documents.workflow import Act

REASON_MAX = 500


@dataclass(frozen=True)
class Todo:
    """A change that the sponsor refused in an earlier delivery, and what became of it."""

    decision: ChangeDecision
    gone: bool  # the refused words were changed or taken out since

    @property
    def stands(self) -> bool:
        """Is it still refused, and nothing was done about it?"""
        return not self.gone and self.decision.answer is not Answer.DONE


def decide(
    session: Session,
    document_id: uuid.UUID,
    actor: User,
    *,
    sha256: str,
    fingerprint: str,
    verdict: Verdict | None,
    reason: str = "",
) -> ChangeDecision | None:
    """Accept or refuse one change of the delivery, or (no verdict) leave it open again.

    Raises:
        StaleHead: the text is another one by now.
        DecisionNotFound: there is no such change.
        InvalidInput: `reason`: a refusal needs one.
    """
    document = access.lock_for(session, document_id, Act.DECIDE_CHANGE, actor)
    base, head = _versions(session, document, sha256)
    kept = _of(session, document, base, head).get(fingerprint)
    if verdict is None:
        if kept is not None:
            session.delete(kept)
            _record(session, document, actor, kept, "open")
        return None
    if verdict is Verdict.REFUSED:
        reason = text.required("reason", text.clean_line(reason), name="reason", most=REASON_MAX)
    if kept is None:
        found = next((one for one in changes.between(base, head) if one.fingerprint == fingerprint), None)
        if found is None:
            raise DecisionNotFound
        kept = ChangeDecision(**_columns(document, base, head, found))
        session.add(kept)
    kept.verdict, kept.reason = verdict, reason if verdict is Verdict.REFUSED else None
    kept.person_id, kept.decided_at = actor.id, func.clock_timestamp()
    _record(session, document, actor, kept, verdict.value)
    return kept


def accept_rest(session: Session, document_id: uuid.UUID, actor: User, *, sha256: str) -> int:
    """Accept every change on which nothing was decided. Returns how many."""
    document = access.lock_for(session, document_id, Act.DECIDE_CHANGE, actor)
    base, head = _versions(session, document, sha256)
    kept = _of(session, document, base, head)
    rest = {one.fingerprint: one for one in changes.between(base, head) if one.fingerprint not in kept}
    for one in rest.values():
        columns = _columns(document, base, head, one)
        session.add(ChangeDecision(**columns, verdict=Verdict.ACCEPTED, person_id=actor.id))
    if rest:
        facts: dict[str, object] = {"accepted": len(rest), "base": base.number, "revision": head.number}
        access.record(session, Act.DECIDE_CHANGE, document, actor, before=document.state, extra=({}, facts))
    return len(rest)


def let_stay(session: Session, document_id: uuid.UUID, actor: User, decision_id: int) -> ChangeDecision:
    """The sponsor accepts what they had refused in an earlier delivery."""
    document = access.lock_for(session, document_id, Act.DECIDE_CHANGE, actor)
    kept = _refused(session, document, decision_id)
    kept.verdict, kept.person_id, kept.decided_at = Verdict.ACCEPTED, actor.id, func.clock_timestamp()
    _record(session, document, actor, kept, Verdict.ACCEPTED.value)
    return kept


def reply(
    session: Session, document_id: uuid.UUID, actor: User, decision_id: int, answer: Answer | None, *, reason: str = ""
) -> ChangeDecision:
    """The editor ticks a to-do off, says why it stays, or (no answer) takes that back.

    Raises:
        DecisionNotFound: there is no such to-do.
        InvalidInput: `reason`: to let it stay needs one.
    """
    document = access.lock_for(session, document_id, Act.ANSWER_TODO, actor)
    kept = _refused(session, document, decision_id)
    if answer is Answer.STAYS:
        reason = text.required("reason", text.clean_line(reason), name="reason", most=REASON_MAX)
    kept.answer, kept.answer_reason = answer, reason if answer is Answer.STAYS else None
    kept.answered_by_id = actor.id if answer else None
    kept.answered_at = func.clock_timestamp() if answer else None
    what: dict[str, object] = {"decision": kept.id, "answer": answer.value if answer else None}
    access.record(
        session, Act.ANSWER_TODO, document, actor, before=document.state, note=kept.answer_reason, extra=({}, what)
    )
    session.refresh(kept)
    return kept


def todos(session: Session, document: Document, head: Revision | None) -> list[Todo]:
    """What the sponsor refused and is not settled, oldest first. What waits for their decision now is none yet.

    Of what is done only the last delivery's is shown.
    """
    if head is None:
        return []
    refused = ChangeDecision.verdict == Verdict.REFUSED, ChangeDecision.settled_at.is_(None)
    query = select(ChangeDecision).where(ChangeDecision.document_id == document.id, *refused)
    found = session.scalars(query.order_by(ChangeDecision.id)).all()
    if document.state is State.SIGNOFF:
        found = [one for one in found if one.revision_number != head.number]
    then = _delivered(session, document, {one.revision_number for one in found})
    made = [Todo(one, _gone(one, then[one.revision_number], head)) for one in found]
    last = max((one.revision_number for one in found), default=0)
    return [one for one in made if one.stands or one.decision.revision_number == last]


def of_delivery(session: Session, document: Document, base: Revision, head: Revision) -> Mapping[str, ChangeDecision]:
    """What was decided on the changes between these two, by their fingerprints."""
    return _of(session, document, base, head)


def refused_now(session: Session, document: Document) -> Sequence[ChangeDecision]:
    """What is refused of the text as it was delivered."""
    query = select(ChangeDecision).where(
        ChangeDecision.document_id == document.id,
        ChangeDecision.revision_number == document.text_number,
        ChangeDecision.verdict == Verdict.REFUSED,
    )
    return session.scalars(query.order_by(ChangeDecision.id)).all()


def in_words(refused: Sequence[ChangeDecision]) -> str:
    """For a letter and the timeline."""
    return "\n".join(f"Refused: {quoted(one.before, one.after)}. {one.reason}" for one in refused)


def quoted(before: str, after: str) -> str:
    """A change in one line."""
    before, after = _short(before), _short(after)
    if not after:
        return f"“{before}” taken out"
    return f"“{after}” for “{before}”" if before and before != after else f"“{after}”"


def refuse_signing(session: Session, document: Document, head: Revision) -> None:
    """Nobody approves what they refuse.

    Raises:
        RefusedChanges: something is refused in this delivery, or was and stands as it did.
    """
    count = standing(session, document, head)
    if count:
        raise RefusedChanges(count)


def standing(session: Session, document: Document, head: Revision) -> int:
    """How many refusals there are in the delivery that waits: new ones, and earlier ones that stand as they did."""
    return len(refused_now(session, document)) + sum(one.stands for one in todos(session, document, head))


def settle(session: Session, document: Document) -> None:
    """With the signature every refusal is settled: nothing that was refused is in the text."""
    of_document = ChangeDecision.document_id == document.id, ChangeDecision.settled_at.is_(None)
    session.execute(
        update(ChangeDecision)
        .where(*of_document)
        .values(settled_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


def everything(session: Session, document_id: uuid.UUID) -> Sequence[ChangeDecision]:
    """Every decision, oldest first."""
    query = select(ChangeDecision).where(ChangeDecision.document_id == document_id)
    return session.scalars(query.order_by(ChangeDecision.id)).all()


def _versions(session: Session, document: Document, sha256: str) -> tuple[Revision, Revision]:
    base, head = changes.base_of(session, document), chain.revision(session, document, document.text_number)
    if base is None or head is None or head.sha256 != sha256:
        raise StaleHead
    return base, head


def _of(session: Session, document: Document, base: Revision, head: Revision) -> dict[str, ChangeDecision]:
    query = select(ChangeDecision).where(
        ChangeDecision.document_id == document.id,
        ChangeDecision.base_number == base.number,
        ChangeDecision.revision_number == head.number,
    )
    return {one.fingerprint: one for one in session.scalars(query)}


def _columns(document: Document, base: Revision, head: Revision, one: Listed) -> dict[str, object]:
    return {
        "document_id": document.id,
        "base_number": base.number,
        "revision_number": head.number,
        "part": one.part,
        "sort": one.sort,
        "fingerprint": one.fingerprint,
        "old_start": one.old[0],
        "old_end": one.old[1],
        "new_start": one.new[0],
        "new_end": one.new[1],
        "before": one.before,
        "after": one.after,
    }


def _refused(session: Session, document: Document, decision_id: int) -> ChangeDecision:
    kept = session.get(ChangeDecision, decision_id)
    mine = kept is not None and kept.document_id == document.id and kept.verdict is Verdict.REFUSED
    if kept is None or not mine or kept.settled_at is not None:
        raise DecisionNotFound
    return kept


def _delivered(session: Session, document: Document, numbers: set[int]) -> dict[int, Revision]:
    query = select(Revision).where(Revision.document_id == document.id, Revision.number.in_(numbers))
    return {one.number: one for one in session.scalars(query)} if numbers else {}


def _gone(one: ChangeDecision, then: Revision, now: Revision) -> bool:
    texts = (then.title, now.title) if one.part is Part.TITLE else (then.body, now.body)
    return changes.is_gone(*texts, (one.new_start, one.new_end), one.sort)


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 60 else line[:60].rpartition(" ")[0] + " …"


def _record(session: Session, document: Document, actor: User, kept: ChangeDecision, what: str) -> None:
    session.flush()
    facts: dict[str, object] = {"decision": kept.id, "verdict": what, "revision": kept.revision_number}
    note = kept.reason if what == Verdict.REFUSED.value else None
    access.record(session, Act.DECIDE_CHANGE, document, actor, before=document.state, note=note, extra=({}, facts))
