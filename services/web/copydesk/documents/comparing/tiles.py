"""What changed between two texts, in whole words: each change with what it is about and its number."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from copydesk.documents.textdiff import difference
from copydesk.documents.textdiff.marks import ANY, PAIRED, marks
from copydesk.documents.textdiff.words import offsets, tokens
from copydesk.documents.textdiff.work import Work

LONGEST_FINER = 4_000  # characters of a change that is looked at once more
MOST_FINER = 1_000_000  # pairs of equal words in all changes that are
MOST_STAYED = 0.45  # of the letters: below that two sentences only share some words


@dataclass
class Tile:
    """A change with all that is found out about it."""

    op: Literal["same", "replace", "moved_away", "moved_here"]
    old: str
    new: str
    i: int
    j: int
    move: int | None = None
    change: int = 0
    formatting: str = ""


def compared(old: str, new: str, counted: int) -> list[Tile]:
    """Tiles that give both texts exactly; changes are numbered on from `counted`."""
    return _numbered(_tiles(old, new), counted)


@lru_cache(maxsize=8)
def _differences(old: str, new: str) -> tuple[difference.Change, ...]:
    """Both are kept for good: whoever pages between two views of a long text waits only once."""
    return tuple(difference.changes_with_moves(old, new))


def _tiles(old: str, new: str) -> list[Tile]:
    """The difference in tiles of whole words, each with what it is about."""
    found = [
        Tile(one.op, old[one.i1 : one.i2], new[one.j1 : one.j2], one.i1, one.j1, one.move)
        for one in _differences(old, new)
    ]
    work = Work(MOST_FINER)
    tiles = _without_islands(_whole_words(one for tile in _breaks_apart(found) for one in _finer(tile, work)))
    if any(tile.op == "replace" and _may_be_formatting(tile) for tile in tiles):
        old_marks, new_marks = marks(old), marks(new)
        for tile in tiles:
            if tile.op == "replace":
                tile.formatting = _formatting(tile, old_marks, new_marks)
    return tiles


def _breaks_apart(tiles: Sequence[Tile]) -> Iterator[Tile]:
    """Spaces and line breaks between what moved and what changed otherwise are tiles of their own."""
    for at, tile in enumerate(tiles):
        if tile.op == "replace" and at and tiles[at - 1].move is not None:
            yield from _lead(tile, tiles[at - 1].op == "moved_away")
        if tile.op == "replace" and at + 1 < len(tiles) and tiles[at + 1].move is not None:
            yield from _without_trail(tile, tiles[at + 1].op == "moved_away")
        elif tile.old or tile.new:
            yield tile


def _lead(tile: Tile, from_old: bool) -> Iterator[Tile]:
    """The white space that a change begins with on that side; the tile goes on without it."""
    side = tile.old if from_old else tile.new
    size = len(side) - len(side.lstrip())
    if not size:
        return
    if from_old:
        yield Tile("replace", tile.old[:size], "", tile.i, tile.j)
        tile.old, tile.i = tile.old[size:], tile.i + size
    else:
        yield Tile("replace", "", tile.new[:size], tile.i, tile.j)
        tile.new, tile.j = tile.new[size:], tile.j + size


def _without_trail(tile: Tile, from_old: bool) -> Iterator[Tile]:
    """The tile without the white space that it ends with on that side, and then that."""
    side = tile.old if from_old else tile.new
    size = len(side) - len(side.rstrip())
    trail = side[len(side) - size :]
    if from_old:
        tile.old = tile.old[: len(tile.old) - size]
    else:
        tile.new = tile.new[: len(tile.new) - size]
    if tile.old or tile.new:
        yield tile
    if trail:
        old, new = (trail, "") if from_old else ("", trail)
        yield Tile("replace", old, new, tile.i + len(tile.old), tile.j + len(tile.new))


def _finer(tile: Tile, work: Work) -> list[Tile]:
    """A change in which most words stayed, word by word: who reads it wants to see "cold" become "warm" and no more."""
    if tile.op != "replace" or not tile.old or not tile.new or len(tile.old) + len(tile.new) > LONGEST_FINER:
        return [tile]
    a, b = tokens(tile.old), tokens(tile.new)
    least = MOST_STAYED * max(sum(map(len, filter(_is_word, side))) for side in (a, b))
    there, here = Counter(a), Counter(b)
    # What is not in both cannot have stayed, wherever it is: that is quick to see, and most were written anew.
    if sum(count * len(token) for token, count in (there & here).items() if _is_word(token)) < least:
        return [tile]
    if not work.take(sum(count * here[token] for token, count in there.items())):
        return [tile]
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    kept = sum(len(token) for op, i1, i2, _, _ in blocks if op == "equal" for token in a[i1:i2] if _is_word(token))
    if kept < least:
        return [tile]
    offsets_a, offsets_b = offsets(a), offsets(b)
    return [
        Tile(
            "same" if op == "equal" else "replace",
            tile.old[offsets_a[i1] : offsets_a[i2]],
            tile.new[offsets_b[j1] : offsets_b[j2]],
            tile.i + offsets_a[i1],
            tile.j + offsets_b[j1],
        )
        for op, i1, i2, j1, j2 in blocks
    ]


def _whole_words(tiles: Iterable[Tile]) -> list[Tile]:
    """Where half a word stayed, the whole of it changed: "walk" became "walked", it did not get an "ed"."""
    result: list[Tile] = []
    for tile in tiles:
        last = result[-1] if result else None
        if last and last.op == "replace" and tile.op == "same":
            _grow(last, tile, _half_word(last, tile))
            if tile.old:
                result.append(tile)
        elif last and last.op == "same" and tile.op == "replace":
            size = _half_word_before(last, tile)
            cut = len(last.old) - size
            half = last.old[cut:]
            last.old = last.new = last.old[:cut]
            tile.old, tile.new, tile.i, tile.j = half + tile.old, half + tile.new, tile.i - size, tile.j - size
            if not last.old:
                result.pop()
            _append(result, tile)
        else:
            _append(result, tile)
    return result


def _append(result: list[Tile], tile: Tile) -> None:
    if result and result[-1].op == tile.op == "replace" and not (_is_break(result[-1]) or _is_break(tile)):
        result[-1].old += tile.old
        result[-1].new += tile.new
    else:
        result.append(tile)


def _is_break(tile: Tile) -> bool:
    return "\n" in tile.old + tile.new and not (tile.old + tile.new).strip()


def _grow(last: Tile, tile: Tile, size: int) -> None:
    """The first `size` characters that stayed go over to the change before them."""
    half = tile.old[:size]
    last.old, last.new = last.old + half, last.new + half
    tile.old = tile.new = tile.old[size:]
    tile.i, tile.j = tile.i + size, tile.j + size


def _half_word(last: Tile, tile: Tile) -> int:
    """How many characters at the beginning of what stayed belong to a word that changed before."""
    if not (_is_word(last.old[-1:]) or _is_word(last.new[-1:])):
        return 0
    return next((at for at, letter in enumerate(tile.old) if not _is_word(letter)), len(tile.old))


def _half_word_before(last: Tile, tile: Tile) -> int:
    if not (_is_word(tile.old[:1]) or _is_word(tile.new[:1])):
        return 0
    return next((at for at, letter in enumerate(reversed(last.old)) if not _is_word(letter)), len(last.old))


def _is_word(letter: str) -> bool:
    return letter[:1].isalnum()


def _without_islands(tiles: Sequence[Tile]) -> list[Tile]:
    """A space between two words that were replaced was replaced with them: one change, not two."""
    result: list[Tile] = []
    for at, tile in enumerate(tiles):
        last = result[-1] if result else None
        following = tiles[at + 1] if at + 1 < len(tiles) else None
        if (
            last is not None
            and following is not None
            and tile.op == "same"
            and tile.old.strip() == ""
            and "\n" not in tile.old
            and _is_replaced(last)
            and _is_replaced(following)
        ):
            last.old += tile.old
            last.new += tile.new
        else:
            _append(result, tile)
    return result


def _is_replaced(tile: Tile) -> bool:
    return tile.op == "replace" and any(map(_is_word, tile.old)) and any(map(_is_word, tile.new))


def _may_be_formatting(tile: Tile) -> bool:
    return any(letter in ANY or letter.isspace() for letter in tile.old + tile.new)


def _formatting(tile: Tile, old_marks: dict[int, str], new_marks: dict[int, str]) -> str:
    """The names of the marks that changed where no word did; "" where a word did."""
    old_words, old_names = _apart(tile.old, tile.i, old_marks)
    new_words, new_names = _apart(tile.new, tile.j, new_marks)
    if old_words != new_words:
        return ""
    names = old_names ^ new_names or old_names
    if names:
        return " and ".join(sorted(names))
    return "line breaks" if "\n" in tile.old + tile.new else "spaces"


def _apart(text: str, start: int, named: dict[int, str]) -> tuple[str, set[str]]:
    words = "".join(letter for at, letter in enumerate(text, start=start) if at not in named and not letter.isspace())
    return words, {named[at] for at in range(start, start + len(text)) if at in named}


def _numbered(tiles: list[Tile], counted: int) -> list[Tile]:
    """Both ends of a move are one change, and so are both ends of bold words, and a line and the break before it."""
    moves: dict[int, int] = {}
    opened: dict[tuple[str, bool], int] = {}
    for at, tile in enumerate(tiles):
        if tile.op == "same":
            if "\n" in tile.old:
                opened.clear()
            continue
        side = (tile.formatting, bool(tile.new))
        if _is_break_beside(tiles, at):
            tile.formatting = ""
        elif tile.move in moves:
            tile.change = moves[tile.move]
        elif side in opened:
            tile.change = opened.pop(side)
        else:
            tile.change = counted = counted + 1
            if tile.move is not None:
                moves[tile.move] = counted
            elif tile.formatting in PAIRED and not (tile.old and tile.new):
                opened[side] = counted
    return _with_breaks(tiles)


def _is_break_beside(tiles: Sequence[Tile], at: int) -> bool:
    """Only spaces or line breaks, right beside something that changed?"""
    if tiles[at].op != "replace" or (tiles[at].old + tiles[at].new).strip():
        return False
    return any(0 <= one < len(tiles) and tiles[one].op != "same" for one in (at - 1, at + 1))


def _with_breaks(tiles: list[Tile]) -> list[Tile]:
    """Breaks that belong to their neighbours have their number."""
    for at, tile in enumerate(tiles):
        if tile.op != "same" and not tile.change:
            before = tiles[at - 1].change if at else 0
            tile.change = before or tiles[at + 1].change
    return tiles
