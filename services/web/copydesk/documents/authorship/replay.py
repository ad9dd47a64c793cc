"""The text from revision to revision: what stays keeps its author, what is new is looked for before it is credited."""

import datetime as dt
from collections.abc import Iterable, Sequence

from copydesk.documents.authorship.search import Before, New, Place, Search
from copydesk.documents.authorship.spans import Source, Span, cut, joined
from copydesk.documents.models import Kind, Revision
from copydesk.documents.textdiff import difference
from copydesk.documents.textdiff.difference import Change

# The number of this way of computing; cached spans of another are not used. Raise it with every change of a result.
ALGORITHM = 2
ISLAND = 24  # characters that stayed between new words, and are looked for with them


def spans(revisions: Sequence[Revision], sources: Iterable[Source] = ()) -> list[Span]:
    """Spans that tile the newest text exactly, in order, none empty.

    Args:
        revisions: every revision of one document, oldest first.
        sources: what the machine wrote for the document, and what people took of it.
    """
    history = History(sources)
    for revision in revisions:
        history.add(revision)
    return history.spans


class History:
    """A document's text as far as it was read, with who wrote each character."""

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        self.text = ""
        self.spans: list[Span] = []
        self._search = Search(sources)
        self._saved_at: dict[int, dt.datetime] = {}
        self._newest = 0

    def add(self, revision: Revision, known: list[Span] | None = None) -> None:
        """Read the next revision; `known`: what was computed for it before."""
        if revision.kind is Kind.BRIEF:
            self._search.learn_brief(revision)
            return
        found = self._read(revision) if known is None else known
        self.text, self.spans = revision.body, found
        self._search.learn(revision, found)
        self._saved_at[revision.number] = revision.created_at
        self._newest = revision.number

    def _read(self, revision: Revision) -> list[Span]:
        body, before = revision.body, self.text
        start, end = 0, len(before)
        if revision.span_start is not None and revision.span_end is not None:
            start, end = revision.span_start, revision.span_end
        stop = len(body) - (len(before) - end)
        place = Place(body, start, stop)
        if revision.kind is Kind.MACHINE:
            new = self._search.in_machine_words(revision, place)
        else:
            new = self._revised(revision, place, before[start:end])
        return joined([*cut(self.spans, 0, start, 0), *new, *cut(self.spans, end, len(before), stop)])

    def _revised(self, revision: Revision, place: Place, before: str) -> list[Span]:
        """A person's, or a tool's: what stayed between the two keeps its author."""
        found = [
            Change(one.op, one.i1 + place.start, one.i2 + place.start, one.j1 + place.start, one.j2 + place.start)
            for one in difference.changes(before, place.text)
        ]
        if revision.kind is Kind.TOOL:
            come = [Place(place.body, one.j1, one.j2) for one in found if one.op == "replace"]
            return [*self._kept(found), *(one.span(revision) for one in come)]
        pieces = _with_islands(found)
        new = New(
            where=place,
            places=[Place(place.body, piece[0].j1, piece[-1].j2) for piece in pieces],
            islands=self._kept([one for piece in pieces for one in piece]),
            gone=[(piece[0].i1, piece[-1].i2) for piece in pieces],
        )
        inside = {one for piece in pieces for one in piece}
        kept = self._kept([one for one in found if one not in inside])
        text = Before(self.text, self.spans, kept, self._since(revision))
        return self._search.in_text(revision, text, new)

    def _kept(self, changes: Sequence[Change]) -> list[Span]:
        """Whose what stayed is, where it stands now."""
        stayed = (one for one in changes if one.op == "same")
        return [span for one in stayed for span in cut(self.spans, one.i1, one.i2, one.j1)]

    def _since(self, revision: Revision) -> dt.datetime | None:
        """When the text was saved that this revision's author had before them."""
        return self._saved_at.get(revision.merged_from or self._newest)


def _with_islands(changes: Sequence[Change]) -> list[list[Change]]:
    """What was replaced, together with a few characters that stayed between two such pieces.

    "the" stays where a paragraph comes back instead of another that had it, too; the paragraph is looked for whole.
    """
    pieces: list[list[Change]] = []
    for index, one in enumerate(changes):
        if one.op == "replace":
            joins = (
                pieces and index >= 2 and changes[index - 2] is pieces[-1][-1] and _size(changes[index - 1]) <= ISLAND
            )
            if joins:
                pieces[-1] += [changes[index - 1], one]
            else:
                pieces.append([one])
    return pieces


def _size(change: Change) -> int:
    return change.j2 - change.j1
