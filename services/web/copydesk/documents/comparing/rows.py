"""A difference in lines that belong together, for a page: beside each other or in one; long quiet stretches folded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from copydesk.documents.comparing.tiles import Tile

Op = Literal["same", "removed", "added", "moved_away", "moved_here"]
_LEAVES = ("removed", "moved_away")
KEPT_AROUND = 1  # lines with words that stay in sight before and after a change
FEWEST_FOLDED = 2  # lines: to fold a single one away would save nothing


@dataclass(frozen=True)
class Piece:
    """Characters that stayed, went, came or moved. `change` counts from 1, both ends of a move have the same."""

    op: Op
    text: str
    change: int = 0
    formatting: str = ""  # what it is about where no word is: "bold", "heading", "line breaks" …
    is_start: bool = False  # the first piece of its change, or of what moved away: where a link to it leads
    where: Literal["", "above", "below"] = ""  # the other end of a move

    @property
    def core(self) -> str:
        """What is marked: without the line ends around it."""
        return self.visible.strip("\n")

    @property
    def ends(self) -> tuple[str, str]:
        """The line ends before and after it."""
        shown = self.visible
        lead = len(shown) - len(shown.lstrip("\n"))
        return shown[:lead], shown[lead + len(self.core) :]

    @property
    def says_something(self) -> bool:
        """Is there anything to be marked? Breaks that came or went with a line are not."""
        return bool(self.formatting or self.text.strip())

    @property
    def visible(self) -> str:
        """The text, with spaces and line breaks made visible where nothing else changed."""
        if not self.formatting or self.text.strip():
            return self.text
        end = "\n" if self.op == "added" and self.text.endswith("\n") else ""
        return self.text.replace("\n", "¶").replace(" ", "·").replace("\t", "→") + end


@dataclass(frozen=True)
class Row:
    """Lines of both versions that belong together; `inline` has both in one."""

    before: tuple[Piece, ...]
    after: tuple[Piece, ...]
    inline: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        return any(piece.op != "same" for piece in self.inline)

    @property
    def blank(self) -> bool:
        return not any(piece.formatting or piece.text.strip() for piece in self.inline)


@dataclass(frozen=True)
class Stretch:
    """Rows one after the other. `folded`: how many lines with words nobody needs to see, all of them; 0: to be seen."""

    rows: tuple[Row, ...]
    folded: int


@dataclass
class _Lines:
    """Collects the pieces of a row until both versions are at the beginning of a line."""

    before: list[Piece]
    after: list[Piece]
    inline: list[Piece]

    def add(self, piece: Piece) -> None:
        if not piece.text:
            return
        self.inline.append(piece)
        if piece.op == "same" or piece.op in _LEAVES:
            self.before.append(piece)
        if piece.op not in _LEAVES:
            self.after.append(piece)

    @property
    def at_line_start(self) -> bool:
        return _ended(self.before) and _ended(self.after)

    def take(self) -> Row:
        row = Row(tuple(self.before), tuple(self.after), tuple(self.inline))
        self.before, self.after, self.inline = [], [], []
        return row


def _ended(pieces: Sequence[Piece]) -> bool:
    return not pieces or pieces[-1].text.endswith("\n")


def rows(tiles: Sequence[Tile], old: str, new: str) -> Iterator[Row]:
    lines = _Lines([], [], [])
    started: set[tuple[int, bool]] = set()
    for tile in tiles:
        i, j = tile.i + len(tile.old), tile.j + len(tile.new)
        rest = (old[i : i + 1], new[j : j + 1])
        for piece in _pieces(tile):
            opens = (
                piece.op != "same"
                and piece.text.startswith("\n")
                and (not lines.inline or rest[piece.op in _LEAVES] in ("", "\n"))
            )
            for part in _parts(piece, opens):
                lines.add(_begun(part, started))
                if lines.inline and (lines.at_line_start or opens):
                    yield lines.take()
                opens = False
    if lines.inline:
        yield lines.take()


def _begun(piece: Piece, started: set[tuple[int, bool]]) -> Piece:
    """The piece, marked when its change begins with it; a break alone is no beginning."""
    end = (piece.change, piece.op == "moved_away")
    if not piece.change or end in started or not piece.says_something:
        return piece
    started.add(end)
    if piece.op not in ("moved_away", "moved_here"):
        return replace(piece, is_start=True)
    return replace(piece, is_start=True, where="above" if (end[0], not end[1]) in started else "below")


def _pieces(tile: Tile) -> Iterator[Piece]:
    if tile.op == "replace":
        if tile.old:
            yield Piece("removed", tile.old, tile.change, tile.formatting)
        if tile.new:
            yield Piece("added", tile.new, tile.change, tile.formatting)
    else:
        yield Piece(tile.op, tile.old or tile.new, tile.change)


def _parts(piece: Piece, opens: bool) -> Iterator[Piece]:
    """A piece that stayed line by line; one that changed whole, but for the empty lines around it."""
    if piece.op == "same":
        parts = piece.text.split("\n")
        parts = [*(f"{part}\n" for part in parts[:-1]), *([parts[-1]] if parts[-1] else [])]
    elif opens:
        words = piece.text.lstrip("\n")
        parts = [piece.text[: len(piece.text) - len(words)], *_without_empty_lines(words)]
    else:
        parts = _without_empty_lines(piece.text)
    yield from (replace(piece, text=part) for part in parts if part)


def _without_empty_lines(text: str) -> list[str]:
    """The text up to its last line end, and the empty lines after that."""
    words = text.rstrip("\n")
    end = len(words) + 1 if words else len(text)
    return [text[:end], text[end:]]


def stretches(rows: Sequence[Row]) -> Iterator[Stretch]:
    """Rows to be seen and rows to be folded away, in turn."""
    seen = _near_changes(rows)
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or seen[at] != seen[start]:
            lines = sum(not row.blank for row in rows[start:at])
            yield Stretch(tuple(rows[start:at]), 0 if seen[start] or lines < FEWEST_FOLDED else lines)
            start = at


def _near_changes(rows: Sequence[Row]) -> list[bool]:
    seen = [row.changed for row in rows]
    for direction in (range(len(rows)), range(len(rows) - 1, -1, -1)):
        left = 0
        for at in direction:
            if rows[at].changed:
                left = KEPT_AROUND
            elif left:
                seen[at] = True
                left -= not rows[at].blank
    return seen
