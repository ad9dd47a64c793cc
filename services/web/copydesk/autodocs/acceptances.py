"""A person takes words that the machine proposed into a text that is not saved yet.

Whose words these are is computed on the server; this record tells it where to look. It is no claim: what counts is
that the saved text has the very words that the draft has.
"""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.autodocs.models import Acceptance, Autodoc, DraftKind, DraftState
from copydesk.documents import access, machine_words
from copydesk.documents.errors import InvalidInput
from copydesk.documents.workflow import Act


def accept(session: Session, document_id: uuid.UUID, actor: User, autodoc_number: int, characters: int) -> Acceptance:
    """The first `characters` (code points) of a continuation or of a candidate were taken into the text.

    One row a draft: more of its words make it longer, fewer change nothing.

    Raises:
        InvalidInput: `draft`: it is none of this document's proposals; `characters`: it does not have so many.
    """
    document = access.lock_for(session, document_id, Act.ACCEPT_WORDS, actor)
    draft = _proposal(session, document_id, autodoc_number)
    if not 0 < characters <= len(draft.text):
        raise InvalidInput("characters", "These words are not the machine’s as the desk knows them.")
    kept = session.scalars(select(Acceptance).where(Acceptance.autodoc_id == draft.id)).one_or_none()
    if kept is None:
        kept = Acceptance(document_id=document_id, autodoc_id=draft.id, person_id=actor.id, characters=characters)
        session.add(kept)
        machine_words.record_words_accepted(session, document, actor, autodoc_id=draft.id)
    kept.characters = max(kept.characters, characters)
    session.flush()
    return kept


def _proposal(session: Session, document_id: uuid.UUID, number: int) -> Autodoc:
    query = select(Autodoc).where(
        Autodoc.document_id == document_id, Autodoc.number == number, Autodoc.kind != DraftKind.WHOLE
    )
    found = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    # A candidate may be cut otherwise when it is done; a continuation only grows.
    if found is None or (found.kind is DraftKind.SPAN and found.state is not DraftState.DONE):
        raise InvalidInput("draft", "There are no such words to take.")
    return found
