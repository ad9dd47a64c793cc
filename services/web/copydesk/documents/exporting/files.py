"""From a manuscript to the file that is handed out, with the record beside it where that was chosen."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from copydesk.documents.exporting.manuscript import Format, Manuscript, file_name


@dataclass(frozen=True)
class File:
    name: str
    mimetype: str
    content: bytes


def export(one: Manuscript, form: Format, *, edition: int | None = None, fonts: Path | None = None) -> File:
    """The text in this format.

    Raises:
        NotExported: see `as_pdf`.
    """
    content = _write(one, form, fonts)
    return File(file_name(one.title, edition, form.value), form.mimetype, content)


def with_record(file: File, record: bytes, at: dt.datetime) -> File:
    """Text and record in one archive: the record has to stay as it is, byte for byte, to be verified."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ((file.name, file.content), ("record.json", record)):
            entry = zipfile.ZipInfo(name, at.astimezone(dt.UTC).timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return File(f"{Path(file.name).stem}-with-record.zip", "application/zip", out.getvalue())


def _write(one: Manuscript, form: Format, fonts: Path | None) -> bytes:
    # Loaded when they are needed: Word's library alone takes a web process 20 MB.
    if form is Format.PDF:
        from copydesk.documents.exporting import as_pdf

        return as_pdf.write(one, fonts)
    write: Callable[[Manuscript], bytes]
    if form is Format.DOCX:
        from copydesk.documents.exporting.as_docx import write
    elif form is Format.HTML:
        from copydesk.documents.exporting.as_html import write
    else:
        from copydesk.documents.exporting.as_markdown import write
    return write(one)
