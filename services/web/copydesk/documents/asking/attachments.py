"""Reading matter: files that the sponsor gives the editor to read. Nobody else gets them, and the machine doesn't.

They are kept in PostgreSQL: they are few and small, one backup holds all of a document, and a file and its row can't
disagree. What a file is, is told by its content; its name only says what to call it.
"""

import datetime as dt
import hashlib
import io
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import puremagic
from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, func, select
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column, relationship, undefer

from copydesk.accounts.models import User
from copydesk.db import Base, BigIntId, CreatedAt
from copydesk.documents import access, text
from copydesk.documents.errors import DocumentError, InvalidInput
from copydesk.documents.models import Document
from copydesk.documents.workflow import Act

MOST_FILES = 10
MOST_BYTES = 10 * 1024 * 1024
MOST_TOGETHER = 30 * 1024 * 1024
LONGEST_NAME = 120
MOST_MEMBERS = 5_000  # of a file that is an archive inside

PDF, PLAIN, MARKDOWN = "application/pdf", "text/plain", "text/markdown"
PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
ENDINGS = {
    PDF: (".pdf",), PLAIN: (".txt",), MARKDOWN: (".md", ".markdown"), PNG: (".png",), JPEG: (".jpg", ".jpeg"),
    WEBP: (".webp",), DOCX: (".docx",), ODT: (".odt",),
}  # fmt: skip
NAMES = {
    PDF: "PDF", PLAIN: "plain text", MARKDOWN: "Markdown", PNG: "PNG", JPEG: "JPEG", WEBP: "WebP", DOCX: "Word",
    ODT: "OpenDocument",
}  # fmt: skip
TYPES = "PDF, plain text, Markdown, PNG, JPEG, WebP, Word (.docx) or OpenDocument (.odt)"
_FIRST_BYTES = (PDF, PNG, JPEG, WEBP)
_CONTROLS = set(range(32)) - set(b"\t\n\r\f") | {127}
_NOT_IN_NAMES = set('\\/:*?"<>|')


class AttachmentNotFound(DocumentError):
    """This file is not there any more."""


class Attachment(Base):
    """One file. When it is removed its content goes, and what it was stays."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint(f"size BETWEEN 1 AND {MOST_BYTES}", "size"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        CheckConstraint("(removed_at IS NULL) = (content IS NOT NULL)", "removed"),
        CheckConstraint("(removed_at IS NULL) = (removed_by_id IS NULL)", "removed_by"),
        Index("ix_attachments_document", "document_id", "id"),
    )

    id: Mapped[BigIntId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    added_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    added_at: Mapped[CreatedAt]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[dt.datetime | None]

    added_by: Mapped[User] = relationship(foreign_keys=[added_by_id], lazy="joined", innerjoin=True)

    @property
    def kind(self) -> str:
        """Its type in words."""
        return NAMES[self.media_type]


@dataclass(frozen=True)
class Upload:
    """A file as somebody sent it."""

    name: str
    content: bytes


def of(session: Session, document: Document) -> Sequence[Attachment]:
    """What there is to read, without the contents, oldest first."""
    query = select(Attachment).where(Attachment.document_id == document.id, Attachment.removed_at.is_(None))
    return session.scalars(query.order_by(Attachment.id)).all()


def get(session: Session, document: Document, number: int) -> Attachment:
    """One of them with its content; the caller has loaded the document under the person's right.

    Raises:
        AttachmentNotFound: it is another document's, or was removed.
    """
    query = select(Attachment).where(Attachment.id == number, Attachment.document_id == document.id)
    query = query.where(Attachment.removed_at.is_(None)).options(undefer(Attachment.content))
    found = session.scalars(query).one_or_none() if number < 2**63 else None
    if found is None:
        raise AttachmentNotFound
    return found


def add(session: Session, document_id: uuid.UUID, actor: User, uploads: Sequence[Upload]) -> list[Attachment]:
    """Give the editor these files to read: all of them, or none.

    Raises:
        InvalidInput: `attachment`: too many, too large, of another type, or there already.
    """
    document = access.lock_for(session, document_id, Act.ATTACH, actor)
    there = of(session, document)
    _check_room(there, uploads)
    made: list[Attachment] = []
    for upload in uploads:
        one = _attachment(document, actor, upload)
        same = next((other for other in (*there, *made) if other.sha256 == one.sha256), None)
        if same is not None:
            raise InvalidInput("attachment", f"“{one.name}” is there already, as “{same.name}”.")
        made.append(one)
    session.add_all(made)
    for one in made:
        what: dict[str, object] = {"file": one.name, "type": one.media_type, "bytes": one.size, "sha256": one.sha256}
        access.record(session, Act.ATTACH, document, actor, before=document.state, note=one.name, extra=({}, what))
    return made


def remove(session: Session, document_id: uuid.UUID, actor: User, number: int) -> Attachment:
    """Take a file away for good; that it was there stays in the log."""
    document = access.lock_for(session, document_id, Act.REMOVE_ATTACHMENT, actor)
    found = get(session, document, number)
    found.content, found.removed_at, found.removed_by_id = None, func.clock_timestamp(), actor.id
    what: dict[str, object] = {"file": found.name, "sha256": found.sha256}
    access.record(
        session, Act.REMOVE_ATTACHMENT, document, actor, before=document.state, note=found.name, extra=(what, {})
    )
    return found


def type_of(content: bytes, name: str) -> str | None:
    """What a file is; None when it is nothing that we keep. Of its name only Markdown is believed, which is text."""
    found = {match.mime_type for match in _matches(content)}
    told = next((one for one in _FIRST_BYTES if one in found), None)
    if told is not None:
        return told
    if content.startswith(b"PK\x03\x04"):
        return _type_of_archive(content)
    if _is_text(content):
        return MARKDOWN if PurePosixPath(name.lower()).suffix in ENDINGS[MARKDOWN] else PLAIN
    return None


def clean_name(typed: str, media_type: str) -> str:
    """A name that is safe on every machine and ends as its type does: `evil.html` becomes `evil.html.txt`."""
    last = text.clean_line(typed).replace("\\", "/").rpartition("/")[2]
    kept = "".join(" " if one in _NOT_IN_NAMES else one for one in last)
    kept = "".join(one for one in kept if one.isprintable())  # direction marks can turn a name's end around
    stem = " ".join(kept.split()).strip(" .")
    ending = next((one for one in ENDINGS[media_type] if stem.lower().endswith(one)), None)
    if ending is not None:
        stem = stem[: -len(ending)].rstrip(" .")
    ending = ending or ENDINGS[media_type][0]
    return (stem[: LONGEST_NAME - len(ending)].rstrip(" .") or "file") + ending


def _attachment(document: Document, actor: User, upload: Upload) -> Attachment:
    called = text.clean_line(upload.name)[:LONGEST_NAME] or "The file"
    if not upload.content:
        raise InvalidInput("attachment", f"“{called}” is empty.")
    if len(upload.content) > MOST_BYTES:
        raise InvalidInput("attachment", f"“{called}” is larger than {in_words(MOST_BYTES)}.")
    media_type = type_of(upload.content, upload.name)
    if media_type is None:
        raise InvalidInput("attachment", f"“{called}” is none of these: {TYPES}.")
    return Attachment(
        document_id=document.id,
        name=clean_name(upload.name, media_type),
        media_type=media_type,
        size=len(upload.content),
        sha256=hashlib.sha256(upload.content).hexdigest(),
        content=upload.content,
        added_by_id=actor.id,
    )


def in_words(size: int) -> str:
    """A size as people say it."""
    if size >= 1024 * 1024:
        return f"{size / (1024 * 1024):.1f} MB".replace(".0 ", " ")
    return f"{max(1, round(size / 1024)):,} kB"


def limits() -> str:
    """How much may be given, in words."""
    return f"At most {MOST_FILES} files, {in_words(MOST_BYTES)} each, {in_words(MOST_TOGETHER)} together."


def _check_room(there: Sequence[Attachment], uploads: Sequence[Upload]) -> None:
    if not uploads:
        raise InvalidInput("attachment", "Please choose a file.")
    if len(there) + len(uploads) > MOST_FILES:
        raise InvalidInput("attachment", f"At most {MOST_FILES} files, please; {len(there)} are there already.")
    if sum(one.size for one in there) + sum(len(one.content) for one in uploads) > MOST_TOGETHER:
        raise InvalidInput("attachment", f"Together they are larger than {in_words(MOST_TOGETHER)}.")


def _matches(content: bytes) -> list[puremagic.PureMagicWithConfidence]:
    try:
        return puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):  # it knows none, or there is nothing to look at
        return []


def _type_of_archive(content: bytes) -> str | None:
    """Word's and OpenDocument's texts are archives; only their list of contents is read, nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            names = {one.filename for one in members}
            if len(members) > MOST_MEMBERS or any(name.lower().endswith("vbaproject.bin") for name in names):
                return None  # macros are programs
            if {"[Content_Types].xml", "word/document.xml"} <= names:
                return DOCX
            first = members[0] if members else None
            if first is not None and first.filename == "mimetype" and first.file_size == len(ODT):
                return ODT if archive.read(first) == ODT.encode() else None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        return None
    return None


def _is_text(content: bytes) -> bool:
    """No control characters, in UTF-8 or in Windows’ own letters: binary files always have some."""
    if set(content) & _CONTROLS:
        return False
    for encoding in ("utf-8", "cp1252"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
