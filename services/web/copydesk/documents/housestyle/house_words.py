"""The words of the house: found, added, removed, read from a pasted list. The caller commits."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents.errors import DocumentError, InvalidInput
from copydesk.documents.housestyle import house
from copydesk.documents.housestyle.house import HouseWord
from copydesk.documents.housestyle.tidy import Rule, Style, tidy
from copydesk.documents.text import clean, clean_line, is_blank

WORD_MOST_CHARS = 80
MOST_WORDS = 20_000
MOST_LINES = 10_000  # of one pasted list
_ARROW = re.compile(r"\s*(?:->|→|=>|\t)\s*")


class WordNotFound(DocumentError):
    """This word is not in the list any more."""


@dataclass(frozen=True)
class Entry:
    """`instead_of` becomes `word`; without it, the word is only known to be right."""

    word: str
    instead_of: str | None = None


@dataclass(frozen=True)
class Imported:
    """How many words of a list are new, and how many were there already."""

    added: int
    known: int


def find(session: Session, words: str, *, limit: int, offset: int = 0) -> tuple[Sequence[HouseWord], int]:
    """The words that contain these, by alphabet, and how many there are."""
    query = select(HouseWord)
    if words:
        like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(or_(HouseWord.word.ilike(like), HouseWord.instead_of.ilike(like)))
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (func.lower(func.coalesce(HouseWord.instead_of, HouseWord.word)), HouseWord.id)
    return session.scalars(query.order_by(*order).limit(limit).offset(offset)).all(), count


def version(session: Session) -> str:
    """Changes whenever a word comes or goes: ids only grow, so a last one and a count name one list."""
    count, last = session.execute(select(func.count(), func.max(HouseWord.id))).one()
    return f"{last or 0}-{count}"


def everything(session: Session) -> list[Entry]:
    """Every word, as the editor's script wants them."""
    query = select(HouseWord.word, HouseWord.instead_of).order_by(HouseWord.id)
    return [Entry(word, wrong) for word, wrong in session.execute(query)]


def add(session: Session, actor: User, word: str, instead_of: str = "") -> HouseWord:
    """One word more.

    Raises:
        InvalidInput: there is no word, it is too long, in the list already, or would never come to rest.
    """
    house.may_keep_house(actor)
    entry = _entry(word, instead_of)
    _lock(session)
    held = _held(session)
    if _known(entry, held):
        raise InvalidInput("word", "This is in the list already.")
    _check_room(len(held), 1)
    _check_rest([entry], held)
    new = HouseWord(word=entry.word, instead_of=entry.instead_of, added_by_id=actor.id)
    session.add(new)
    session.flush()
    house.note_change(session, actor, "house.word_added", new.id, after=_described(entry))
    return new


def remove(session: Session, actor: User, word_id: int) -> Entry:
    """One word less; what it was is returned, so that it can be put back.

    Raises:
        WordNotFound: somebody was quicker.
    """
    house.may_keep_house(actor)
    found = session.get(HouseWord, word_id)
    if found is None:
        raise WordNotFound
    entry = Entry(found.word, found.instead_of)
    session.delete(found)
    session.flush()
    house.note_change(session, actor, "house.word_removed", word_id, before=_described(entry))
    return entry


def read_list(session: Session, actor: User, pasted: str) -> Imported:
    """Every line of a list, or none of them: a word, or what it replaces, an arrow (or a tab) and the word.

    Raises:
        InvalidInput: names the lines that can't be read.
    """
    house.may_keep_house(actor)
    lines = [(number, line) for number, line in enumerate(clean(pasted).split("\n"), start=1) if not is_blank(line)]
    if not lines:
        raise InvalidInput("pasted", "Please paste at least one word.")
    if len(lines) > MOST_LINES:
        raise InvalidInput("pasted", f"At most {MOST_LINES:,} lines at once, please; these are {len(lines):,}.")
    entries = _read(lines)
    _lock(session)
    held = _held(session)
    new = {entry: None for entry in entries if not _known(entry, held)}
    _check_room(len(held), len(new))
    _check_rest(list(new), held)
    rows = [{"word": one.word, "instead_of": one.instead_of, "added_by_id": actor.id} for one in new]
    if rows:
        session.execute(insert(HouseWord), rows)
        house.note_change(session, actor, "house.words_added", "list", after={"added": len(rows)})
    return Imported(len(rows), len(lines) - len(rows))


def _read(lines: Sequence[tuple[int, str]]) -> list[Entry]:
    entries, wrong = [], []
    for number, line in lines:
        first, *rest = _ARROW.split(line.strip(), maxsplit=1)
        try:
            entries.append(_entry(rest[0], first) if rest else _entry(first, ""))
        except InvalidInput as error:
            wrong.append(f"Line {number}: {error}")
    if wrong:
        more = f" And {len(wrong) - 3:,} more lines." if len(wrong) > 3 else ""
        raise InvalidInput("pasted", " ".join(wrong[:3]) + more)
    return entries


def _entry(word: str, instead_of: str) -> Entry:
    word, wrong = clean_line(word), clean_line(instead_of)
    if is_blank(word):
        raise InvalidInput("word", "Please enter the word as the house writes it.")
    for field, words in (("word", word), ("instead_of", wrong)):
        if len(words) > WORD_MOST_CHARS:
            raise InvalidInput(field, f"At most {WORD_MOST_CHARS} characters, please.")
    if is_blank(wrong):
        return Entry(word)
    if not re.match(r"\w", wrong):
        raise InvalidInput("instead_of", "What is replaced has to begin with a letter or a number.")
    if wrong == word:
        raise InvalidInput("instead_of", "Both are the same, so there is nothing to replace.")
    return Entry(word, wrong)


_Held = Mapping[Entry, None]


def _held(session: Session) -> _Held:
    return dict.fromkeys(everything(session))


def _known(entry: Entry, held: _Held) -> bool:
    return entry in held


def _check_room(held: int, new: int) -> None:
    if held + new > MOST_WORDS:
        raise InvalidInput("word", f"The list holds at most {MOST_WORDS:,} words. Please remove some first.")


def _check_rest(new: Sequence[Entry], held: _Held) -> None:
    """A spelling has one right form, and no right form is replaced itself: otherwise no text would come to rest."""
    spelt = {entry.instead_of: entry.word for entry in held if entry.instead_of}
    for entry in new:
        other = spelt.setdefault(entry.instead_of, entry.word) if entry.instead_of else entry.word
        if other != entry.word:
            raise InvalidInput("instead_of", f"“{entry.instead_of}” already becomes “{other}”.")
    only = Style(rules=frozenset([Rule.SPELLINGS]), spellings=spelt)
    # Each on a line of its own, so that none is read together with the next.
    rights = [entry.word for entry in [*held, *new]]
    for right, rest in zip(rights, tidy("\n".join(rights), only).split("\n"), strict=True):
        if right != rest:
            raise InvalidInput("instead_of", f"“{right}” is right in this list, but would itself become “{rest}”.")


def _lock(session: Session) -> None:
    """Two admins who add at once wait for each other, so that what is checked stays true."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("copydesk.house_words"))))


def _described(entry: Entry) -> dict[str, object]:
    return {"word": entry.word, "instead_of": entry.instead_of}
