"""Markdown: the text letter by letter as it was saved, under a head that programs can read."""

import json
import re

from copydesk.documents.exporting import blocks
from copydesk.documents.exporting.blocks import Block, Runs
from copydesk.documents.exporting.manuscript import Manuscript, Notice

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")


def write(one: Manuscript) -> bytes:
    parts = [_head(one), f"# {escape(one.title)}"]
    if one.byline:
        parts.append(f"*{escape(one.byline)}*")
    parts += [_notice(notice) for notice in one.notices]
    parts += [one.text.strip("\n"), "---", "## How this text was made"]
    parts.append("\n".join(f"- **{escape(term)}:** {escape(words)}" for term, words in one.made))
    parts += [_block(block) for block in one.appendix]
    return ("\n\n".join(parts) + "\n").encode()


def escape(words: str) -> str:
    """Words that are shown as they are, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))


def _head(one: Manuscript) -> str:
    """YAML, of which JSON is a part. It says all that stands below the text, too, which an open fence could swallow."""
    facts: dict[str, object] = {
        "title": one.title,
        "authors": list(one.authors),
        "publisher": one.publisher,
        "published": one.published and one.published.isoformat(timespec="seconds"),
        "modified": one.modified.isoformat(timespec="seconds"),
        "url": one.address,
        "digitalSourceType": one.source_type,
        "machine_label": [notice.words for notice in one.notices if notice.is_label],
        "made": dict(one.made),
    }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items() if value]
    return "\n".join(["---", *lines, "---"])


def _notice(notice: Notice) -> str:
    return f"> **{escape(notice.heading)}** {escape(notice.words)}" if notice.heading else f"> {escape(notice.words)}"


def _block(block: Block) -> str:
    """The kinds that an appendix is made of."""
    match block:
        case blocks.Heading(level, runs):
            return f"{'#' * level} {_words(runs)}"
        case blocks.Table(head, rows):
            lines = [_row(head), "|" + " --- |" * len(head), *(_row(row) for row in rows)]
            return "\n".join(lines)
        case blocks.Paragraph(runs):
            return _words(runs)
    raise TypeError(block)


def _row(cells: tuple[Runs, ...]) -> str:
    return "| " + " | ".join(_words(cell) for cell in cells) + " |"


def _words(runs: Runs) -> str:
    return escape(blocks.plain(runs))
