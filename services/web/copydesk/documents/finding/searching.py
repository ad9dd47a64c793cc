"""Full-text search: title, brief and current text. Every word must be there, if only as the beginning of a longer one.

“Quoted words” stand in that order, -words are left out, `or` takes either side.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, cast, exists, func, literal, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased

from copydesk.documents.finding.models import DocumentSearch
from copydesk.documents.models import Document

LEAST_PREFIX = 3  # letters of a word that is also looked for as a beginning; shorter ones begin half the dictionary
MILLION = 1_000_000
BEFORE, AFTER = 60, 120  # characters around the first match in an excerpt
QUOTES = str.maketrans(dict.fromkeys("“”„‟«»〝〞＂", '"'))
_WORD = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r'-?"[^"]*"?|\S+')


@dataclass(frozen=True)
class Piece:
    """A piece of an excerpt, and whether it is what was looked for."""

    text: str
    found: bool


def matches(asked: str) -> ColumnElement[bool]:
    """Has the document what was asked for?"""
    index = aliased(DocumentSearch)  # a list by title has joined it already
    mine = index.document_id == Document.id
    return exists(select(index.document_id).where(mine, index.words.op("@@")(query(asked))))


def score(asked: str) -> ColumnElement[int]:
    """How well the row of `DocumentSearch` answers: the title counts most, then the brief; long texts a little less.

    A whole number: two of them are equal, or they are not.
    """
    return cast(func.ts_rank(DocumentSearch.words, query(asked), 1) * MILLION, Integer)


def query(asked: str) -> ColumnElement[Any]:
    """What PostgreSQL is asked; the words made plain as the index has them."""
    plain = func.regexp_replace(
        func.copydesk_plain(_readable(asked)).collate("pg_c_utf8"), '[^[:alnum:]"-]+', " ", "g", type_=String
    )
    parsed = cast(func.websearch_to_tsquery("simple", plain), String)
    # 'word' becomes 'word':*, but not inside a phrase, which is meant as it stands.
    single = r"(?<!<-> )(?<!<\d> )('\w{" + str(LEAST_PREFIX) + r",}')(?! <)"
    return cast(func.regexp_replace(parsed, literal(single), r"\1:*", "g"), TSQUERY)


def _readable(asked: str) -> str:
    """Typed quotes as PostgreSQL knows them; a hyphen within a word parts it, one before it leaves it out."""
    return re.sub(r"(?<=[^\s\"])-+|--+|-(?=\s|$)", " ", asked.translate(QUOTES))


def words_of(asked: str) -> list[str]:
    """The words that a reader will look for in what was found, plain; not those that were to be left out."""
    wanted = [clause for clause in _CLAUSE.findall(asked.translate(QUOTES)) if not clause.startswith("-")]
    found = [word for clause in wanted if clause.lower() != "or" for word in _WORD.findall(_plain(clause)[0])]
    return list(dict.fromkeys(found))


def marked(text: str, words: list[str]) -> list[Piece]:
    """The whole text in pieces, found words apart."""
    return _pieces(text, _places(text, words), 0, len(text))


def excerpt(text: str, words: list[str]) -> list[Piece]:
    """The text around the first place that was looked for, on one line; nothing where none is found."""
    text = " ".join(text.split())
    places = _places(text, words)
    if not places:
        return []
    start = max(0, places[0][0] - BEFORE)
    end = min(len(text), places[0][1] + AFTER)
    if start and (space := text.find(" ", start, places[0][0])) != -1:
        start = space + 1
    if end < len(text) and (space := text.rfind(" ", places[0][1], end)) != -1:
        end = space
    pieces = _pieces(text, [place for place in places if start <= place[0] and place[1] <= end], start, end)
    before, after = ([Piece("… ", found=False)] if cut else [] for cut in (start > 0, end < len(text)))
    return [*before, *pieces, *(Piece(" …", found=False) for _ in after)]


def _places(text: str, words: list[str]) -> list[tuple[int, int]]:
    """Where in the text one of the words stands, or begins a longer one."""
    if not words:
        return []
    plain, origins = _plain(text)
    longest = sorted(words, key=len, reverse=True)
    begins = "|".join(re.escape(one) + (r"(?![^\W_])" if len(one) < LEAST_PREFIX else "") for one in longest)
    found: list[tuple[int, int]] = []
    for one in re.finditer(rf"(?<![^\W_])(?:{begins})", plain):
        first, last = origins[one.start()], origins[one.end() - 1] + 1
        if not found or found[-1][1] <= first:  # both digits of ¼ stand in one character
            found.append((first, last))
    return found


def _plain(text: str) -> tuple[str, list[int]]:
    """Small letters without accents, and which character of the text each of them comes from."""
    letters: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).lower():
            if not unicodedata.combining(part):
                letters.append(part)
                origins.append(index)
    return "".join(letters), origins


def _pieces(text: str, places: list[tuple[int, int]], start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    at = start
    for first, last in places:
        pieces += [Piece(text[at:first], found=False), Piece(text[first:last], found=True)]
        at = last
    return [piece for piece in [*pieces, Piece(text[at:end], found=False)] if piece.text]
