"""A desk in use, for attacks: one sponsor's texts in every state, and another's, whose every word is a canary."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from copydesk.accounts import invitations
from copydesk.accounts.models import Role
from copydesk.autodocs import requests
from copydesk.documents import suggesting
from copydesk.documents.asking import attachments, batches, templates, unfinished
from copydesk.documents.asking.attachments import Upload
from copydesk.documents.conversation import operations as conversation
from copydesk.documents.finding import views
from copydesk.documents.housestyle import house_words
from copydesk.documents.models import Document
from copydesk.documents.records import kept_records, record
from copydesk.webhooks import operations as webhooks
from tests import asking, journeys

STATES = (
    "drafting", "draft_failed", "choosing", "unassigned", "editing", "question", "signoff", "approved", "published",
    "retracted", "withdrawn",
)  # fmt: skip
PEOPLE = ("anonymous", "pending", "sponsor", "editor", "admin")
MARKUP = "<b>bold</b><script>alert('x')</script>"  # in everything that people wrote; a page shows it as it is
CANARY = "Kanarienvogel"  # in everything of the other sponsor and the other editor
STRANGERS = ("anonymous", "pending", "sponsor", "editor")  # who may see none of it


@dataclass(frozen=True)
class Desk:
    """What the attacks start from."""

    documents: dict[str, Document]
    foreign: list[Document]


def populate(session: Session, cast) -> Desk:
    """Texts of `cast.sponsor` and `cast.editor` in every state, and what stands beside texts; commits."""
    mine = {
        state: journeys.bring_to(session, state, cast.sponsor, cast.editor, title=f"{state} {MARKUP}", brief=MARKUP)
        for state in STATES
    }
    editing = mine["editing"]
    # On a passage of the draft: the tag that it is given with has to be words of the page, too.
    conversation.comment(session, editing.id, cast.sponsor, words=f"Is it? {MARKUP}")
    suggesting.propose(
        session, editing.id, cast.sponsor, base=editing.text_number, body=f"{journeys.DRAFT} {MARKUP} Or not."
    )
    attachments.add(session, editing.id, cast.sponsor, [Upload(f"{MARKUP}.txt", b"Notes")])
    _beside_texts(session, cast.sponsor, MARKUP)
    invitations.invite(
        session, cast.admin, email="nora@example.org", role=Role.EDITOR, address="https://desk.test/join"
    )
    webhooks.add(session, cast.admin, "https://site.example.org/hook", [webhooks.CHOICES[0].value])
    house_words.add(session, cast.admin, "grey", "gray")
    foreign = _foreign(session, cast)
    kept = mine["withdrawn"]
    kept_records.keep(session, kept, cast.admin, record=record.encode(records_of(session, kept)), reason="So.")
    session.commit()
    return Desk(mine, foreign)


def records_of(session: Session, document: Document):
    from copydesk.autodocs import records

    return records.of(session, document)


def _foreign(session: Session, cast) -> list[Document]:
    """What only the other sponsor, the other editor and admins may see: each word that they wrote has the canary."""
    owner, editor, made = cast.other_sponsor, cast.other_editor, []
    for state in ("choosing", "editing", "question", "signoff", "approved", "withdrawn", "draft_failed"):
        words = f"{CANARY} {state}"
        made.append(
            journeys.bring_to(
                session, state, owner, editor, title=words, brief=words, text=f"{words}. {journeys.DRAFT}"
            )
        )
    editing = made[1]
    conversation.comment(session, editing.id, owner, words=f"{CANARY} asks.")
    suggesting.propose(session, editing.id, owner, base=editing.text_number, body=f"{CANARY} suggests.")
    attachments.add(session, editing.id, owner, [Upload(f"{CANARY}.txt", CANARY.encode())])
    _beside_texts(session, owner, CANARY)
    requests.withdraw(session, made[3].id, owner)
    return made


def _beside_texts(session: Session, sponsor, words: str) -> None:
    unfinished.keep(session, sponsor, uuid.uuid4(), {"title": words, "brief": words}, version=0, new=uuid.uuid4())
    templates.add(session, sponsor, templates.Content(words, f"[Artist] {words}", words, asking.TEMPLATE.fields))
    batches.keep(session, sponsor, "briefs.csv", f"title,brief\n{words},{words}\n".encode())
    views.keep(session, sponsor, name=words[:50], query="state=editing", shared=False)
