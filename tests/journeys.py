"""How a document gets into a state: by the acts of people and worker, in order, never by setting the column."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.autodocs import requests, writing
from copydesk.autodocs.models import LIVE, Autodoc
from copydesk.autodocs.options import DraftOptions
from copydesk.documents import operations, publishing, revising
from copydesk.documents.models import Document
from copydesk.documents.revising import Text
from copydesk.documents.workflow import Act

TITLE = "Ceramics at the bakery"
BRIEF = "A review of a small show of ceramics in a converted bakery."
DRAFT = "The old bakery still smells of flour. There is something in these vessels that recalls the hour before dawn."
HANDS = ("pot", "kiln", "glaze", "oven", "street", "window", "baker", "hour", "lamp", "cup", "shelf", "door")
FINAL = ("approved", "published", "retracted")
REVISED = DRAFT + " The ovens are cold now."


def prose(sentences: int) -> str:
    """A person's words, none of them in a row twice."""
    pairs = [(one, other) for one in HANDS for other in HANDS if one != other]
    return " ".join(f"A {one} is near some {other}." for one, other in pairs[:sentences])


def live_draft(session: Session, document: Document) -> Autodoc:
    query = select(Autodoc).where(Autodoc.document_id == document.id, Autodoc.state.in_(LIVE))
    return session.scalars(query).one()


def live_drafts(session: Session, document: Document) -> list[Autodoc]:
    query = select(Autodoc).where(Autodoc.document_id == document.id, Autodoc.state.in_(LIVE))
    return list(session.scalars(query.order_by(Autodoc.number)).all())


def draft(session: Session, document: Document, text: str = DRAFT) -> None:
    """What the worker does, without a model."""
    write(session, live_draft(session, document).id, text)


def write(session: Session, autodoc_id: int, text: str = DRAFT, score: float | None = None) -> None:
    """The worker writes this draft."""
    mine = writing.claim(session, autodoc_id)
    writing.begin(session, mine, sampling={"strategy": "top-p"}, prompt_tokens=[1, 2, 3], read_from_char=0)
    writing.finish(
        session,
        mine,
        writing.Written(
            text=text,
            trimmed=" And then the",
            output_tokens=[4, 5],
            logprobs=[-0.5, -2.25],
            model_sha256="0" * 64,
            engine="tests",
            score=score,
        ),
    )


def fail_draft(session: Session, document: Document, reason: str = "The engine said no.") -> None:
    writing.fail(session, writing.claim(session, live_draft(session, document).id), reason)


def head(session: Session, document: Document) -> int:
    session.refresh(document)
    return document.text_number


def bring_to(
    session: Session,
    state: str,
    sponsor: User,
    editor: User,
    *,
    title: str = TITLE,
    brief: str = BRIEF,
    text: str = DRAFT,
) -> Document:
    """A document in this state, owned by `sponsor` and, where the state has one, edited by `editor`."""
    with_editor = state not in ("unassigned",)
    document = requests.create_document(
        session,
        sponsor,
        title=title,
        brief=brief,
        editor_id=editor.id if with_editor else None,
        options=DraftOptions(n=2 if state == "choosing" else 1),
    )
    if state == "drafting":
        return document
    if state == "choosing":
        for number, each in enumerate(live_drafts(session, document), start=1):
            write(session, each.id, f"{text} It is draft {number}.")
        session.refresh(document)
        return document
    if state == "draft_failed":
        fail_draft(session, document)
        return document
    draft(session, document, text)
    if state == "question":
        operations.move(session, document.id, Act.ASK, editor, comment="Which kiln was it?")
    if state in ("signoff", *FINAL):
        written = Text(title, text + " The ovens are cold now.", head(session, document))
        revising.deliver(session, document.id, editor, written)
    if state in FINAL:
        revision = revising.head_text(session, document)
        operations.sign(session, document.id, sponsor, sha256=revision.sha256)
        _end(session, document, state, sponsor)
    if state == "withdrawn":
        operations.move(session, document.id, Act.WITHDRAW, sponsor)
    session.flush()
    return document


def _end(session: Session, document: Document, state: str, sponsor: User) -> None:
    """From approved on."""
    if state != "approved":
        publishing.publish(session, document.id, sponsor)
    if state == "retracted":
        publishing.retract(session, document.id, sponsor, note="The show never took place.")
