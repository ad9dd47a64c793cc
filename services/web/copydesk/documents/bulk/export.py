"""Many documents as one file: the text of each as Markdown, and its record."""

import re
import unicodedata
import uuid
import zipfile
from collections.abc import Callable, Sequence
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.config import settings
from copydesk.documents import chain, policy
from copydesk.documents.bulk.acts import NothingChosen
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document

MOST = 100  # documents: a record is as long as all versions of a text together
MOST_BYTES = 200_000_000  # of the file
NAME_WORDS = 60

RecordOf = Callable[[Session, Document], bytes]


class TooMuchToExport(InvalidInput):
    """This is too much for one file."""

    def __init__(self, message: str) -> None:
        super().__init__("document", message)


def write(
    session: Session, actor: User, which: Sequence[uuid.UUID], record_of: RecordOf, into: IO[bytes]
) -> Sequence[uuid.UUID]:
    """Put those that the actor may see into a ZIP; gives which they were.

    Args:
        record_of: the record of one, as bytes.
    """
    if not which:
        raise NothingChosen
    if len(set(which)) > MOST:
        raise TooMuchToExport(f"These are {len(set(which)):,} documents; at most {MOST} go into one file.")
    visible = policy.visible_to(actor, claiming=settings().claiming)
    query = select(Document.id).where(Document.id.in_(which), visible).order_by(Document.title, Document.id)
    shown = session.scalars(query).all()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as file:
        for document_id in shown:
            document = session.get_one(Document, document_id)
            name = folder(document)
            file.writestr(f"{name}/text.md", markdown(session, document))
            file.writestr(f"{name}/record.json", record_of(session, document))
            session.expunge_all()  # a hundred histories are not held at once
            if into.tell() > MOST_BYTES:
                raise TooMuchToExport("These are too long for one file. Please choose fewer.")
    return shown


def markdown(session: Session, document: Document) -> str:
    """Title and text; the brief, where there is no text yet."""
    head = chain.revision(session, document, document.text_number) if document.text_number else None
    body = head.body if head else document.brief
    return f"# {document.title}\n\n{body.rstrip()}\n"


def folder(document: Document) -> str:
    """A name that every file system takes, and no other document has."""
    plain = unicodedata.normalize("NFKD", document.title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain)[:NAME_WORDS].strip("-")
    return f"{words or 'document'}-{str(document.id)[:8]}"
