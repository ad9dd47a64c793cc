"""Two versions of a document side by side: every field, word by word, in lines that belong together.

What a page shows is computed here; a template only prints it. A change of words is told apart from one of formatting
(Markdown's marks, spaces, line breaks), and what only moved is shown as moved.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from copydesk.documents import chain
from copydesk.documents.comparing.rows import Piece, Row, Stretch, rows, stretches
from copydesk.documents.comparing.tiles import Tile, compared
from copydesk.documents.models import Document, Kind, Revision

__all__ = ["Comparison", "Field", "Piece", "Row", "Stretch", "Version", "compare", "version"]


@dataclass(frozen=True)
class Version:
    """A document as it stood with one of its revisions: that one's title, and the brief and the text of then."""

    number: int
    title: str
    brief: str
    text: str


@dataclass(frozen=True)
class Field:
    name: str
    stretches: tuple[Stretch, ...]
    changes: int

    @property
    def is_empty(self) -> bool:
        return not self.stretches


@dataclass(frozen=True)
class Comparison:
    """Every field. `changes` is the sum of `words`, `formatting` and `moves`."""

    fields: tuple[Field, ...]
    words: int
    formatting: int
    moves: int

    @property
    def changes(self) -> int:
        return self.words + self.formatting + self.moves


def version(session: Session, document: Document, number: int) -> Version | None:
    """The document as it stood with revision `number`; None when there is no such revision."""
    shown = chain.revision(session, document, number)
    if shown is None:
        return None
    brief = shown if shown.kind is Kind.BRIEF else _newest(session, shown, Revision.kind == Kind.BRIEF)
    text = shown if shown.kind is not Kind.BRIEF else _newest(session, shown, Revision.kind != Kind.BRIEF)
    return Version(number, shown.title, brief.body if brief else "", text.body if text else "")


def compare(before: Version, after: Version) -> Comparison:
    """What became of `before`; changes are counted through, field by field."""
    fields: list[Field] = []
    counts = {"words": 0, "formatting": 0, "moves": 0}
    for name, old, new in (
        ("Title", before.title, after.title),
        ("Brief", before.brief, after.brief),
        ("Text", before.text, after.text),
    ):
        tiles = compared(old, new, sum(counts.values()))
        mine = {tile.change: _sort(tile) for tile in tiles if tile.op != "same" and (tile.old + tile.new).strip()}
        mine |= {tile.change: _sort(tile) for tile in tiles if tile.op != "same" and tile.change not in mine}
        for sort in mine.values():
            counts[sort] += 1
        fields.append(Field(name, tuple(stretches(list(rows(tiles, old, new)))), len(mine)))
    return Comparison(tuple(fields), **counts)


def _newest(session: Session, until: Revision, of_kind: ColumnElement[bool]) -> Revision | None:
    query = select(Revision).where(Revision.document_id == until.document_id, Revision.number < until.number)
    return session.scalars(query.where(of_kind).order_by(Revision.number.desc()).limit(1)).one_or_none()


def _sort(tile: Tile) -> str:
    return "moves" if tile.move is not None else "formatting" if tile.formatting else "words"
