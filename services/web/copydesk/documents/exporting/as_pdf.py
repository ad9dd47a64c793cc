"""PDF: set by Typst in a process of its own, with a bound on its time; nothing of the text is ever taken for code."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from copydesk.documents.exporting import blocks
from copydesk.documents.exporting.blocks import Block, Run, Runs
from copydesk.documents.exporting.manuscript import Manuscript, NotExported, Notice

LONGEST = 30.0  # seconds that one may take; 20,000 words take less than one
AT_ONCE = 1  # in one web process, for the longest text takes 140 MB; others wait for their turn
PATIENCE = 15.0  # seconds that it waits
MISSING = (
    "Some letters of this text are shown as boxes here, for this desk has no font for them. "
    "The other formats hold every letter."
)
_HERE = Path(__file__).parent
_PLACES = threading.BoundedSemaphore(AT_ONCE)


def write(one: Manuscript, fonts: Path | None = None) -> bytes:
    """The file.

    Args:
        fonts: a folder with more fonts than the compiler brings (Latin, Greek, Cyrillic, Hebrew, some Arabic).

    Raises:
        NotExported: too many at once, or it took too long.
    """
    if not _PLACES.acquire(timeout=PATIENCE):
        raise NotExported("Many PDFs are being made at the moment. Please try again in a minute.")
    try:
        return _run(json.dumps(described(one), ensure_ascii=False).encode(), fonts)
    finally:
        _PLACES.release()


def _run(data: bytes, fonts: Path | None) -> bytes:
    folders = [str(fonts)] if fonts and fonts.is_dir() else []
    try:
        done = subprocess.run(  # noqa: S603  our own program; the text goes in as data
            [sys.executable, "-P", str(_HERE / "pdf_process.py"), str(_HERE / "page.typ"), *folders],
            input=data,
            capture_output=True,
            timeout=LONGEST,
            check=True,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"},  # no secret of the desk's
        )
    except subprocess.TimeoutExpired:
        raise NotExported("This text takes too long to be set as a PDF. Please take another format.") from None
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise NotExported("This text could not be set as a PDF. Please take another format.") from RuntimeError(*last)
    return done.stdout


def described(one: Manuscript) -> dict[str, Any]:
    """What the template reads."""
    moment = one.modified
    front = [_paragraph(blocks.words(one.byline))] if one.byline else []
    front += [_notice(notice) for notice in one.notices]
    made = [_block(blocks.Heading(2, blocks.words("How this text was made")))]
    made += [_paragraph((Run(f"{term}: ", strong=True), Run(words))) for term, words in one.made]
    return {
        "title": one.title,
        "authors": list(one.authors),
        "keywords": [one.source_type] if one.source_type else [],
        "modified": [moment.year, moment.month, moment.day, moment.hour, moment.minute],
        "foot": " · ".join(part for part in (one.publisher, one.address) if part),
        "missing": _notice(Notice(MISSING)),
        "blocks": [
            *front,
            *(_block(block) for block in blocks.parse(one.text)),
            *made,
            *(_block(block) for block in one.appendix),
        ],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case blocks.Heading(level, runs):
            found = {"kind": "heading", "level": level - 1, **_words(runs)}
        case blocks.Paragraph(runs):
            found = _paragraph(runs)
        case blocks.Quote(inner):
            found = {"kind": "quote", "blocks": [_block(one) for one in inner]}
        case blocks.Items(start, items):
            kind = {"kind": "bullets"} if start is None else {"kind": "numbers", "start": start}
            found = {**kind, "items": [[_block(one) for one in item] for item in items]}
        case blocks.Code(text):
            found = {"kind": "code", "text": text}
        case blocks.Table(head, rows):
            cells = [[{"runs": _runs(cell)} for cell in row] for row in rows]
            found = {"kind": "table", "head": [_runs(cell) for cell in head], "rows": cells}
        case blocks.Rule():
            found = {"kind": "rule"}
    return found


def _paragraph(runs: Runs) -> dict[str, Any]:
    return {"kind": "paragraph", **_words(runs)}


def _notice(notice: Notice) -> dict[str, Any]:
    heading = (Run(f"{notice.heading} ", strong=True),) if notice.heading else ()
    return {"kind": "notice", "label": notice.is_label, **_words((*heading, Run(notice.words)))}


def _words(runs: Runs) -> dict[str, Any]:
    return {"runs": _runs(runs), "rtl": blocks.is_rtl(blocks.plain(runs))}


def _runs(runs: Runs) -> list[dict[str, Any]]:
    return [vars(run) for run in runs] or [vars(Run(""))]
