"""How much work lies between the machine's draft and the text: figures, counted once a revision and kept.

Paragraphs of the draft and of the text are paired first; each pair is measured by itself. Words that only went to
another place are counted apart, because no measure of edits sees them as what they are.
"""

import re
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rapidfuzz.distance import Levenshtein
from sqlalchemy import BigInteger, ForeignKey, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from copydesk.db import Base, CreatedAt
from copydesk.documents import chain
from copydesk.documents.authorship import Span
from copydesk.documents.models import Document, Kind, Revision
from copydesk.documents.paragraphs import blocks
from copydesk.documents.presence import TimeAtWork
from copydesk.documents.textdiff import difference

ALGORITHM = 1  # of the kept figures; a higher number has them counted anew
ALIKE = 0.3  # paragraphs are a pair when this share of the shorter one's letters stayed
LONGEST_TER = 120  # words; beyond, and beyond the two below, edits are counted without shifts
FURTHEST_TER = 0.25  # edits a word of the longer one: looking for shifts among many takes seconds, and finds few
FEW_EDITS = 10  # among so many it is quick for any two paragraphs
WORK_TER = 8_000  # words times edits, of all paragraphs together
LONGEST_LETTERS = 20_000  # characters of a paragraph; beyond, its words are counted instead
_TOKEN = re.compile(r"\w+(?:[’'\-]\w+)*|[^\w\s]")
_WORD = re.compile(r"\w+(?:[’'\-]\w+)*")

Piece = tuple[int, int]  # start and end (exclusive) of a paragraph


class Effort(Base):
    """The figures of one text revision. Anything here can be thrown away and comes back the same."""

    __tablename__ = "efforts"

    revision_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("revisions.id"), primary_key=True)
    algorithm: Mapped[int] = mapped_column(primary_key=True)
    autodoc_id: Mapped[int] = mapped_column(BigInteger)  # the draft that the text is compared with
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[CreatedAt]


@dataclass(frozen=True)
class Figures:
    """Of a text beside the draft that it was made from. Words of `ter` are words and punctuation marks."""

    words: int  # of the text
    machine_words: int  # of these, the machine's
    draft_words: int
    ter: float  # edits (insert, delete, substitute, shift) for each 100 words of the text
    ter_edits: int
    ter_words: int
    without_shifts: int  # pairs of paragraphs that were too long or too far apart to look for shifts
    letters_changed: int  # Levenshtein distance in characters
    words_changed: int  # Levenshtein distance in words
    words_moved: int  # to another place, otherwise as they were
    paragraphs_kept: int  # word for word
    paragraphs_changed: int
    paragraphs_added: int
    paragraphs_removed: int

    @property
    def machine_share(self) -> int:
        """In whole percent of the text's words."""
        return round(100 * self.machine_words / self.words) if self.words else 0


@dataclass
class _Sum:
    """What the pairs add up to."""

    ter: int = 0
    plain: int = 0
    letters: int = 0
    words: int = 0
    kept: int = 0
    changed: int = 0
    work: int = 0


def measure(draft: str, text: str, spans: Sequence[Span]) -> Figures:
    """The figures of `text`, tiled by `spans`, beside the machine's `draft`. Bounded in time for any texts."""
    changes = difference.changes_with_moves(draft, text)
    before, after = _pieces(draft), _pieces(text)
    pairs, removed, added = _pair(draft, text, before, after, changes)
    total = _Sum()
    for (i1, i2), (j1, j2) in pairs:
        _add(total, draft[i1:i2], text[j1:j2])
    for words in [draft[i1:i2] for i1, i2 in removed] + [text[j1:j2] for j1, j2 in added]:
        total.ter += len(_TOKEN.findall(words))
        total.words += len(_WORD.findall(words))
        total.letters += len(words)
    tokens = len(_TOKEN.findall(text))
    return Figures(
        words=len(_WORD.findall(text)),
        machine_words=_machine_words(text, spans),
        draft_words=len(_WORD.findall(draft)),
        ter=round(100 * total.ter / tokens, 1) if tokens else 0.0,
        ter_edits=total.ter,
        ter_words=tokens,
        without_shifts=total.plain,
        letters_changed=total.letters,
        words_changed=total.words,
        words_moved=sum(len(_WORD.findall(text[one.j1 : one.j2])) for one in changes if one.op == "moved_here"),
        paragraphs_kept=total.kept,
        paragraphs_changed=total.changed,
        paragraphs_added=len(added),
        paragraphs_removed=len(removed),
    )


def of(session: Session, document: Document, spans: Sequence[Span]) -> Figures | None:
    """The figures of the text as it stands, from the kept ones or counted now; None before there is a text."""
    head = chain.revision(session, document, document.text_number) if document.text_number else None
    if head is None:
        return None
    kept = session.get(Effort, (head.id, ALGORITHM))
    if kept is not None:
        return Figures(**kept.figures)
    draft = _draft(session, head)
    if draft is None or draft.autodoc_id is None:
        return None
    found = measure(draft.body, head.body, spans)
    # Two pages may count at the same time: both find the same.
    session.execute(
        insert(Effort)
        .values(revision_id=head.id, algorithm=ALGORITHM, autodoc_id=draft.autodoc_id, figures=asdict(found))
        .on_conflict_do_nothing()
    )
    return found


def minutes(session: Session, document_id: uuid.UUID) -> dict[int, float]:
    """How long each person wrote, in minutes; pauses are left out."""
    query = select(TimeAtWork.person_id, func.sum(TimeAtWork.seconds)).where(TimeAtWork.document_id == document_id)
    rows = session.execute(query.group_by(TimeAtWork.person_id).order_by(TimeAtWork.person_id))
    return {person: round(seconds / 60, 1) for person, seconds in rows}


def _draft(session: Session, head: Revision) -> Revision | None:
    """The whole draft that this text began as."""
    query = select(Revision).where(
        Revision.document_id == head.document_id,
        Revision.number <= head.number,
        Revision.kind == Kind.MACHINE,
        Revision.span_start.is_(None),
    )
    return session.scalars(query.order_by(Revision.number.desc()).limit(1)).one_or_none()


def _pieces(text: str) -> list[Piece]:
    return [(one.start, one.end) for one in blocks(text)]


def _pair(
    draft: str, text: str, before: Sequence[Piece], after: Sequence[Piece], changes: Sequence[difference.Change]
) -> tuple[list[tuple[Piece, Piece]], list[Piece], list[Piece]]:
    """Paragraphs that are the same or became one another, those only of the draft, those only of the text."""
    stayed = _stayed(before, after, changes)
    best = sorted(
        stayed,
        key=lambda pair: (draft[slice(*pair[0])] == text[slice(*pair[1])], stayed[pair], -pair[0][0], -pair[1][0]),
        reverse=True,
    )
    free_before, free_after = dict.fromkeys(before), dict.fromkeys(after)
    pairs = []
    for one, other in best:
        shorter = min(one[1] - one[0], other[1] - other[0])
        if one in free_before and other in free_after and stayed[one, other] >= ALIKE * shorter:
            pairs.append((one, other))
            del free_before[one], free_after[other]
    return sorted(pairs, key=lambda pair: pair[1]), list(free_before), list(free_after)


def _stayed(
    before: Sequence[Piece], after: Sequence[Piece], changes: Sequence[difference.Change]
) -> Counter[tuple[Piece, Piece]]:
    """How many characters of which paragraph are found in which; moved ones count for both of their places."""
    came = {one.move: one for one in changes if one.op == "moved_here"}
    found: Counter[tuple[Piece, Piece]] = Counter()
    for one in changes:
        if one.op not in ("same", "moved_away"):
            continue
        to = one.j1 if one.op == "same" else came[one.move].j1
        for i1, i2 in _touching(before, one.i1, one.i2):
            start, end = max(i1, one.i1) + to - one.i1, min(i2, one.i2) + to - one.i1
            for j1, j2 in _touching(after, start, end):
                found[(i1, i2), (j1, j2)] += min(j2, end) - max(j1, start)
    return found


def _touching(pieces: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """Those that have a character between `start` and `end`; pieces are in order."""
    low, high = 0, len(pieces)
    while low < high:
        middle = (low + high) // 2
        if pieces[middle][1] <= start:
            low = middle + 1
        else:
            high = middle
    found = []
    for piece in pieces[low:]:
        if piece[0] >= end:
            break
        found.append(piece)
    return found


def _add(total: _Sum, before: str, after: str) -> None:
    if before == after:
        total.kept += 1
        return
    total.changed += 1
    a, b = _TOKEN.findall(before), _TOKEN.findall(after)
    edits = Levenshtein.distance(a, b)
    words = Levenshtein.distance(_WORD.findall(before), _WORD.findall(after))
    longest = max(len(a), len(b))
    work = total.work + longest * edits
    if longest <= LONGEST_TER and edits <= max(FEW_EDITS, FURTHEST_TER * longest) and work <= WORK_TER:
        total.work = work
        edits = _ter_edits(a, b) if edits > 1 else edits  # a shift takes away two edits at least
    elif edits > 1:
        total.plain += 1
    total.ter += edits
    total.words += words
    short = max(len(before), len(after)) <= LONGEST_LETTERS
    total.letters += Levenshtein.distance(before, after) if short else _letters_of_words(before, after)


def _ter_edits(before: Sequence[str], after: Sequence[str]) -> int:
    from sacrebleu.metrics.ter import TER  # takes half a second to load

    score = TER(case_sensitive=True).sentence_score(" ".join(before), [" ".join(after)])
    return int(score.num_edits)


def _letters_of_words(before: str, after: str) -> int:
    """At most so many characters differ: those of words that are not in both."""
    return sum(
        max(one.i2 - one.i1, one.j2 - one.j1) for one in difference.changes(before, after) if one.op == "replace"
    )


def _machine_words(text: str, spans: Sequence[Span]) -> int:
    """Words that begin in the machine's characters."""
    machine = [(one.start, one.end) for one in spans if one.origin == "machine"]
    return sum(bool(_touching(machine, word.start(), word.start() + 1)) for word in _WORD.finditer(text))
