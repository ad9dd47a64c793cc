"""“@Ada Byrne, please look”: who is called by name in a comment. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.accounts.models import User

# An address (ada@example.org) calls nobody.
_AT = re.compile(r"(?<![\w.])@(?=[^\W\d_])")
_WORD = re.compile(r"[^\W_][\w’'-]*")


@dataclass(frozen=True)
class Mention:
    """Characters `start` to `end` (exclusive) of a comment, with the “@”. No `people`: nobody has this name."""

    start: int
    end: int
    people: tuple[User, ...]


def find(words: str, people: Sequence[User]) -> list[Mention]:
    """Every name that is called, in order. A first name is enough where only one of these people has it."""
    names = _names(people)
    found = []
    for at in _AT.finditer(words):
        start = at.end()
        name = next((name for name in names if _stands(words, start, name)), None)
        if name is None:
            word = _WORD.match(words, start)
            found.append(Mention(at.start(), word.end() if word else start, ()))
        else:
            found.append(Mention(at.start(), start + len(name), names[name]))
    return found


def pieces(words: str, people: Sequence[User]) -> list[tuple[str, bool]]:
    """The words, cut where somebody is called: each piece, and whether it is a name."""
    cut, at = [], 0
    for one in find(words, people):
        if one.people:
            cut += [(words[at : one.start], False), (words[one.start : one.end], True)]
            at = one.end
    return [(text, called) for text, called in [*cut, (words[at:], False)] if text]


def _names(people: Sequence[User]) -> dict[str, tuple[User, ...]]:
    """Whole names before first names, long ones before short ones."""
    whole: dict[str, tuple[User, ...]] = {}
    first: dict[str, tuple[User, ...]] = {}
    for person in people:
        whole[person.name] = (*whole.get(person.name, ()), person)
        name = person.name.split()[0]
        first[name] = (*first.get(name, ()), person)
    known = {name: those for name, those in first.items() if len(those) == 1} | whole
    return dict(sorted(known.items(), key=lambda one: -len(one[0])))


def _stands(words: str, start: int, name: str) -> bool:
    after = words[start + len(name) : start + len(name) + 1]
    return words[start : start + len(name)].casefold() == name.casefold() and not after.isalnum()
