"""What a Word file says of itself: title, authors, dates, and where its words come from."""

import datetime as dt
from xml.sax.saxutils import escape

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part

from copydesk.documents.exporting.manuscript import Manuscript

LONGEST = 255  # characters of a core property
_CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"  # the same for every property that a program adds


def describe(word: WordDocument, one: Manuscript) -> None:
    core = word.core_properties
    core.title, core.author = one.title[:LONGEST], "; ".join(one.authors)[:LONGEST]
    core.last_modified_by, core.comments = one.publisher[:LONGEST], ""
    core.created, core.modified = _naive(one.published or one.modified), _naive(one.modified)
    core.identifier = one.address[:LONGEST]
    facts = {"digitalSourceType": one.source_type, "publisher": one.publisher}
    _add_custom(word, {name: value for name, value in facts.items() if value})


def _add_custom(word: WordDocument, facts: dict[str, str]) -> None:
    """python-docx writes no properties of one's own; the part is small."""
    lines = "".join(
        f'<property fmtid="{_FORMAT_ID}" pid="{number}" name="{name}"><vt:lpwstr>{escape(value)}</vt:lpwstr></property>'
        for number, (name, value) in enumerate(facts.items(), start=2)
    )
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?><Properties xmlns="{_CUSTOM}" xmlns:vt="{_TYPES}">{lines}</Properties>'
    )
    package = word.part.package
    part = Part(PackURI("/docProps/custom.xml"), _CONTENT_TYPE, xml.encode(), package)
    package.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_PROPERTIES)


def _naive(moment: dt.datetime) -> dt.datetime:
    """In UTC, as python-docx wants it."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None)
