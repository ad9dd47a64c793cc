"""The record for people, as the appendix of an export. The file `record.json` beside it holds all of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from copydesk.documents.exporting.blocks import Block, Heading, Paragraph, Table, words
from copydesk.documents.notices import minute

MOST = 200  # lines of one table
SHORT = 12  # characters of a fingerprint


def appendix(page: Mapping[str, Any]) -> tuple[Block, ...]:
    """From what the page of the record shows."""
    record, names = page["record"], page["names"]
    found: list[Block] = [
        _heading("The record"),
        _line(f"Of the document as it stood when this file was made: {record['document']}."),
        _line(f"Fingerprint of the whole record (SHA-256): {record['sha256']}"),
        _line(f"Checked when it was made: {'it holds' if page['report'].holds else 'it does not hold'}."),
        _heading("Who wrote what", 3),
        _table(("Who", "Share of the letters"), ((one.name, f"{one.percent} %") for one in page["hands"])),
    ]
    if page["machine_states"]:
        said = ", ".join(f"{percent} % {words}" for words, percent in page["machine_states"])
        found.append(_line(f"Of the machine’s letters: {said}."))
    found += [_heading("Who answers for it", 3), *_answering(record, names, page)]
    versions = [(str(one.number), one.words, minute(one.at), one.sha256[:SHORT]) for one in page["versions"]]
    found += [_heading("Versions", 3), *_long(("Version", "What", "When", "Fingerprint"), versions)]
    if page["drafts"]:
        drafts = [
            (f"{one.name}, {one.became}", one.model, (one.model_sha256 or "")[:SHORT], str(one.seed), one.replay)
            for one in page["drafts"]
        ]
        head = ("Draft", "Model", "Its fingerprint", "Seed", "Replay")
        found += [_heading("What the machine wrote", 3), *_long(head, drafts)]
    if page["reviews"]:
        reviews = [(one.reviewer, minute(one.at), one.opening, one.reason) for one in page["reviews"]]
        found += [_heading("Read and left as it was", 3), *_long(("Reviewer", "When", "Passage", "Reason"), reviews)]
    return tuple(found)


def _answering(record: Mapping[str, Any], names: Mapping[str, str], page: Mapping[str, Any]) -> list[Block]:
    found = [f"Sponsor: {names[str(record['sponsor'])]}."]
    if record["editor"]:
        found.append(f"Editor: {names[str(record['editor'])]}.")
    if record["signed_by"]:
        found.append(f"Signed by {names[str(record['signed_by'])]}, {minute(page['signed_at'])}.")
    else:
        found.append("Nobody has signed this version.")
    return [_line(one) for one in found]


def _long(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Block]:
    """The newest lines; of the others it is said where they are."""
    found: list[Block] = [_table(head, rows[:MOST])]
    if len(rows) > MOST:
        found.append(_line(f"And {len(rows) - MOST:,} older ones, in record.json."))
    return found


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    return Table(tuple(words(one) for one in head), tuple(tuple(words(cell) for cell in row) for row in rows))


def _heading(said: str, level: int = 2) -> Heading:
    return Heading(level, words(said))


def _line(said: str) -> Paragraph:
    return Paragraph(words(said))
