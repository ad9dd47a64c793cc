"""The paragraphs of a text, and for each with machine words: did a person read it, pick it or change it?

Pure: everything is told from the text, who wrote which characters of it, its revisions and the reviews.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from copydesk.documents.authorship import Span
from copydesk.documents.models import Kind, Revision

LONGEST = 1_000  # characters of lines that follow each other; beyond, each line is a paragraph
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
_ALONE = re.compile(r"\s*$| {0,3}(?:#{1,6}|[-*+]|\d{1,9}[.)])\s|\s*>")  # ends the paragraph before it
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_WORD = re.compile(r"\w")
_SPACE = re.compile(r"\s+")
_MARK = re.compile(r"^[\s>#*+\-]*")


class ParagraphState(StrEnum):
    HUMAN = "human"  # no machine words in it
    UNREAD = "unread"  # as the machine wrote it, and nobody said that they read it
    REVIEWED = "reviewed"  # as the machine wrote it, and a person said why it may stay
    ENDORSED = "endorsed"  # its machine words are there because a person picked them
    CHANGED = "changed"  # a person worked on it since the machine wrote it


class Review(Protocol):
    """What is asked of a review here; `reviews.ParagraphReview` is one."""

    text_sha256: str
    reason: str


@dataclass(frozen=True)
class Block:
    """Characters `start` to `end` (exclusive) of a text: a paragraph."""

    start: int
    end: int


@dataclass(frozen=True)
class Paragraph:
    """A paragraph as it stands; `number` counts from 1, `share` is the machine's, in percent of its characters."""

    number: int
    start: int
    end: int
    text: str
    sha256: str
    state: ParagraphState
    share: int
    review: Review | None

    @property
    def anchor(self) -> str:
        """Where a page shows it."""
        return f"paragraph-{self.number}"

    @property
    def opening(self) -> str:
        """Its first words, to tell it by."""
        words = _MARK.sub("", self.text)
        return words if len(words) <= 60 else words[:60].rsplit(" ", 1)[0].rstrip(" ,;:.") + " …"


def blocks(text: str) -> list[Block]:
    """Paragraphs as Markdown has them: between blank lines, each heading and list item, a fenced block as a whole.

    Lines that follow each other are one paragraph, unless it were longer than anyone writes one.
    """
    found: list[Block] = []
    run: list[Block] = []
    fence = ""
    for line in _LINE.finditer(text):
        mark = _FENCE.match(line[0])
        if not fence and (mark or _ALONE.match(line[0])):
            found += _joined(run)
            run = []
        if fence or mark or line[0].strip():
            run.append(_trim(text, line.start(), line.end()))
        if fence and mark and _closes(line[0], fence):
            found.append(Block(run[0].start, run[-1].end))
            run, fence = [], ""
        elif not fence and mark:
            fence = mark[1]
        elif not fence and _HEADING.match(line[0]):
            found += run
            run = []
    found += [_trim(text, run[0].start, len(text))] if fence else _joined(run)
    return [one for one in found if _WORD.search(text, one.start, one.end)]


def fingerprint(words: str) -> str:
    """The hash by which a paragraph is known again; how its words are spaced makes no difference."""
    return hashlib.sha256(_SPACE.sub(" ", words).strip().encode()).hexdigest()


def machine_share(spans: Iterable[Span]) -> float:
    """How much of the whole text is the machine's, in percent of its characters; 0 for no text."""
    lengths = Counter[str]()
    for span in spans:
        lengths[span.origin] += span.end - span.start
    total = sum(lengths.values())
    return 100 * lengths["machine"] / total if total else 0.0


def paragraphs(
    text: str, spans: Sequence[Span], revisions: Sequence[Revision], reviews: Sequence[Review] = ()
) -> list[Paragraph]:
    """Every paragraph of `text` with its state.

    Args:
        spans: tile `text`.
        revisions: every revision of the document, from which the machine's own drafts are known.
        reviews: those that were not taken back, oldest first.
    """
    drafts = Drafts(text, revisions)
    kept = {one.text_sha256: one for one in reviews}
    tiles = _by_block(spans, found := blocks(text))
    return [
        _paragraph(number, text, block, pieces, drafts, kept)
        for number, (block, pieces) in enumerate(zip(found, tiles, strict=True), start=1)
    ]


def span_states(text: str, spans: Sequence[Span], found: Sequence[Paragraph], drafts: "Drafts") -> list[ParagraphState]:
    """The state of every span by itself; one of the machine's that reaches over paragraphs has the least read's."""
    states: list[ParagraphState] = []
    first = 0
    for span in spans:
        while first < len(found) and found[first].end <= span.start:
            first += 1
        if span.origin != "machine":
            states.append(ParagraphState.HUMAN)
        elif drafts.is_picked(span):
            states.append(ParagraphState.ENDORSED)
        else:
            states.append(_least_read(span, found[first:]))
    return states


class Drafts:
    """What is known of the machine's whole drafts: which they are, and which of their paragraphs stand as they were."""

    def __init__(self, text: str, revisions: Sequence[Revision]) -> None:
        self._by_number = {one.number: one.autodoc_id for one in revisions}
        whole = [one for one in revisions if one.kind is Kind.MACHINE and one.span_start is None]
        self._ids: Set[int | None] = {one.autodoc_id for one in whole}
        squeezed = _squeeze(text)
        bodies = (one.body for one in whole)
        pieces = {_squeeze(body[block.start : block.end]) for body in bodies for block in blocks(body)}
        self._standing = {piece for piece in pieces if piece in squeezed}

    def is_picked(self, span: Span) -> bool:
        """Are these machine words there because a person took them, not because a draft became the text?"""
        autodoc = span.autodoc_id if span.autodoc_id is not None else self._by_number.get(span.revision)
        return autodoc is not None and autodoc not in self._ids

    def stands_whole(self, words: str) -> bool:
        """Is everything that the machine wrote around these words still in the text, white space aside?"""
        words = _squeeze(words)
        return words in self._standing or any(one in words or words in one for one in self._standing)


def _paragraph(
    number: int, text: str, block: Block, pieces: Sequence[Span], drafts: Drafts, kept: Mapping[str, Review]
) -> Paragraph:
    words = text[block.start : block.end]
    sha256 = fingerprint(words)
    state = _state(text, pieces, drafts, words)
    review = kept.get(sha256) if state is ParagraphState.UNREAD else None
    machine = sum(one.end - one.start for one in pieces if one.origin == "machine")
    return Paragraph(
        number=number,
        start=block.start,
        end=block.end,
        text=words,
        sha256=sha256,
        state=state if review is None else ParagraphState.REVIEWED,
        share=round(100 * machine / (block.end - block.start)),
        review=review,
    )


def _state(text: str, pieces: Sequence[Span], drafts: Drafts, words: str) -> ParagraphState:
    by: Counter[str] = Counter()
    for one in pieces:
        hand = "picked" if one.origin == "machine" and drafts.is_picked(one) else one.origin
        by[hand] += sum(not char.isspace() for char in text[one.start : one.end])
    if not by["machine"] and not by["picked"]:
        return ParagraphState.HUMAN
    if not by["machine"]:
        return ParagraphState.ENDORSED
    if by["human"] or by["picked"]:
        return ParagraphState.CHANGED
    # A tool that set the quotes right has read nothing; only words that a person took out are a change.
    untouched = bool(by["tool"]) or drafts.stands_whole(words)
    return ParagraphState.UNREAD if untouched else ParagraphState.CHANGED


def _by_block(spans: Sequence[Span], found: Sequence[Block]) -> list[list[Span]]:
    """For each block the parts of spans that lie in it."""
    tiles: list[list[Span]] = []
    first = 0
    for block in found:
        while first < len(spans) and spans[first].end <= block.start:
            first += 1
        here = []
        for span in spans[first:]:
            if span.start >= block.end:
                break
            here.append(_clip(span, block))
        tiles.append(here)
    return tiles


def _clip(span: Span, block: Block) -> Span:
    return replace(span, start=max(span.start, block.start), end=min(span.end, block.end))


def _least_read(span: Span, found: Sequence[Paragraph]) -> ParagraphState:
    order = (ParagraphState.UNREAD, ParagraphState.REVIEWED, ParagraphState.CHANGED)
    here = set()
    for one in found:
        if one.start >= span.end:
            break
        here.add(one.state)
    return next((state for state in order if state in here), ParagraphState.CHANGED)


def _closes(line: str, fence: str) -> bool:
    line = line.strip()
    return len(line) >= len(fence) and not line.strip(fence[0])


def _joined(lines: Sequence[Block]) -> list[Block]:
    if not lines or lines[-1].end - lines[0].start > LONGEST:
        return list(lines)
    return [Block(lines[0].start, lines[-1].end)]


def _trim(text: str, start: int, end: int) -> Block:
    words = text[start:end]
    return Block(start + len(words) - len(words.lstrip()), start + len(words.rstrip()))


def _squeeze(words: str) -> str:
    return _SPACE.sub("", words)
