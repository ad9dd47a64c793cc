"""What the sponsor decides on: each change of a delivery, in title and text, with the words around it."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.documents.comparing import Piece
from copydesk.documents.comparing.tiles import Tile, compared
from copydesk.documents.models import Document, Kind, Revision
from copydesk.documents.signoff.tables import Part, Sort

AROUND = 70  # characters of what stayed, before and after a change


@dataclass(frozen=True)
class Listed:
    """One change. Places are characters of the two versions; a move's are where the words were and where they are."""

    number: int
    part: Part
    sort: Sort
    pieces: tuple[Piece, ...]
    old: tuple[int, int]
    new: tuple[int, int]
    before: str
    after: str

    @property
    def fingerprint(self) -> str:
        """Which change it is, whatever its number: that of a later program may be another."""
        what = [self.part.value, *self.old, *self.new, self.before, self.after]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def base_of(session: Session, document: Document) -> Revision | None:
    """What a delivery is compared with: the text of the last round, which the sponsor had to decide on.

    In the first round there was none: then the draft with which the editor began.
    """
    texts = select(Revision).where(Revision.document_id == document.id, Revision.kind != Kind.BRIEF)
    newest = texts.order_by(Revision.number.desc()).limit(1)
    last = session.scalars(newest.where(Revision.round < document.round)).one_or_none()
    if last is not None:
        return last
    drafts = newest.where(Revision.kind == Kind.MACHINE, Revision.span_start.is_(None))
    return session.scalars(drafts).one_or_none()


def base_among(revisions: Sequence[Revision], document: Document) -> Revision | None:
    """The same as `base_of`, of revisions that are loaded already, oldest first."""
    texts = [one for one in reversed(revisions) if one.kind is not Kind.BRIEF]
    last = next((one for one in texts if one.round < document.round), None)
    if last is not None:
        return last
    return next((one for one in texts if one.kind is Kind.MACHINE and one.span_start is None), None)


def between(base: Revision, head: Revision) -> list[Listed]:
    """Every change, the title's first."""
    titles = _listed(Part.TITLE, base.title, head.title, 0)
    return [*titles, *_listed(Part.TEXT, base.body, head.body, len(titles))]


def is_gone(then: str, now: str, place: tuple[int, int], sort: Sort) -> bool:
    """Were the characters at this place of `then` changed or taken out since? An empty place: was anything put there?

    What only moved is still there, unless moving was the change.
    """
    start, end = place
    words = then[start:end].strip()
    for tile in compared(then, now, 0) if then != now else ():
        if tile.op == "same" or (tile.formatting and sort is not Sort.FORMATTING):
            continue
        if tile.op != "replace" and sort is not Sort.MOVED:
            continue
        stop = tile.i + len(tile.old)
        meets = tile.i <= start <= stop if start == end else tile.i < end and stop > start
        # A sentence that was written anew may have the same words in it.
        if meets and not (sort is Sort.WORDS and words and words in tile.new):
            return True
    return False


def _listed(part: Part, old: str, new: str, counted: int) -> list[Listed]:
    tiles = compared(old, new, counted)
    places: dict[int, list[int]] = {}
    for at, tile in enumerate(tiles):
        if tile.op != "same":
            places.setdefault(tile.change, []).append(at)
    return [_one(part, number, tiles, where, (old, new)) for number, where in sorted(places.items())]


def _one(part: Part, number: int, tiles: Sequence[Tile], where: Sequence[int], texts: tuple[str, str]) -> Listed:
    mine = [tiles[at] for at in where]
    moved = any(tile.move is not None for tile in mine)
    # Breaks that came or went with a move have its number, too, and may stand anywhere.
    leaving = [tile for tile in mine if tile.op == "moved_away" or not moved]
    coming = [tile for tile in mine if tile.op == "moved_here" or not moved]
    old = _span((tile.i, tile.i + len(tile.old)) for tile in leaving)
    new = _span((tile.j, tile.j + len(tile.new)) for tile in coming)
    sort = Sort.MOVED if moved else Sort.FORMATTING if any(tile.formatting for tile in mine) else Sort.WORDS
    pieces = tuple(_pieces(tiles, where))
    return Listed(number, part, sort, pieces, old, new, texts[0][slice(*old)], texts[1][slice(*new)])


def _span(places: Iterable[tuple[int, int]]) -> tuple[int, int]:
    found = list(places)
    return (min(start for start, _ in found), max(end for _, end in found)) if found else (0, 0)


def _pieces(tiles: Sequence[Tile], where: Sequence[int]) -> Iterable[Piece]:
    """The change's pieces with a little of what stayed around each; what lies between two ends is left out."""
    for at in where:
        tile = tiles[at]
        if at - 1 not in where:
            if at != where[0]:
                yield Piece("same", " … ")
            yield from _stayed(_tail(tiles[at - 1]) if at else "")
        if tile.op == "replace":
            if tile.old:
                yield Piece("removed", tile.old, tile.change, tile.formatting)
            if tile.new:
                yield Piece("added", tile.new, tile.change, tile.formatting)
        else:
            yield Piece(tile.op, tile.old or tile.new, tile.change)
        if at + 1 not in where:
            yield from _stayed(_lead(tiles[at + 1]) if at + 1 < len(tiles) else "")


def _stayed(words: str) -> Iterable[Piece]:
    if words:
        yield Piece("same", words)


def _tail(tile: Tile) -> str:
    """The last words of the line before a change."""
    line = tile.new.rpartition("\n")[2] if tile.op == "same" else ""
    return line if len(line) <= AROUND else "… " + line[-AROUND:].partition(" ")[2]


def _lead(tile: Tile) -> str:
    """The first words of the line after a change."""
    line = tile.new.partition("\n")[0] if tile.op == "same" else ""
    return line if len(line) <= AROUND else line[:AROUND].rpartition(" ")[0] + " …"
