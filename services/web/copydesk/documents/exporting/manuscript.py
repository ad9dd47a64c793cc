"""What every format is made from: the text, and what has to stand around it wherever it goes."""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from copydesk.documents.exporting.blocks import Block

LONGEST_NAME = 80  # characters of a file's name


class NotExported(Exception):
    """There is no file; the words say what to do."""


class Format(StrEnum):
    MARKDOWN = "md"
    HTML = "html"
    DOCX = "docx"
    PDF = "pdf"

    @property
    def mimetype(self) -> str:
        return _MIMETYPES[self]

    @property
    def says(self) -> str:
        return {"md": "Markdown", "html": "Web page", "docx": "Word", "pdf": "PDF"}[self]


_MIMETYPES = {
    Format.MARKDOWN: "text/markdown; charset=utf-8",
    Format.HTML: "text/html; charset=utf-8",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.PDF: "application/pdf",
}


@dataclass(frozen=True)
class Notice:
    """What readers are told before the text: a label, a correction, a retraction."""

    words: str
    heading: str = ""
    is_label: bool = False  # that a machine wrote it


@dataclass(frozen=True)
class Manuscript:
    """One text, ready for any format."""

    title: str
    text: str  # Markdown, as it was saved
    byline: str
    notices: tuple[Notice, ...]
    made: tuple[tuple[str, str], ...]  # how it was made: a term and what there is to say
    authors: tuple[str, ...]
    publisher: str
    modified: dt.datetime
    published: dt.datetime | None = None
    source_type: str = ""  # IPTC's address of it
    address: str = ""  # where readers find it; empty: nowhere yet
    structured: Mapping[str, Any] = field(default_factory=dict)  # schema.org's Article
    appendix: tuple[Block, ...] = ()


def file_name(title: str, edition: int | None, suffix: str) -> str:
    """A name that every system can keep: the words of the title in any script, nothing that is a path."""
    plain = unicodedata.normalize("NFC", title)
    safe = re.sub(r"[^\w]+", "-", plain).strip("-_")[:LONGEST_NAME].strip("-_")
    number = f"-edition-{edition}" if edition and edition > 1 else ""
    return f"{safe or 'text'}{number}.{suffix}"
