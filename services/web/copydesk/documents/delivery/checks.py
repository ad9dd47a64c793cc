"""The checks: small named functions of the text and what was asked for. Pure; `run` asks all that are switched on.

A new one is a function with `@check`, and nothing else: settings, waivers, pages and the record know its name.
Rules that can be mistaken only say so until the house decides otherwise; what the sponsor asked for word by word holds.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from copydesk.documents import claims
from copydesk.documents.text import count_words

SHOWN = 3  # places that a finding quotes
GRAM = 8  # words; so many in a row are not written twice by chance
MOST_REPEATS = 2
_WORD = re.compile(r"\w+(?:[’'\-]\w+)*")
_PLACEHOLDER = re.compile(r"\b(?:TK|TKTK|TODO|FIXME|XXX+|TBD|TBC)\b|\[(?:\.{3}|…|\?+)\]|(?i:\blorem ipsum\b)")
_LEFTOVER = re.compile(r"<\|[a-z_]+\|>|�|(?:\b(\w{2,})\b(?:\s+\1\b){3,})", re.IGNORECASE)
_END = re.compile(r"[.!?…:;)\]”’\"'»`*_|>\-–—]\s*$|^\s*(?:#{1,6}\s|[-*+]\s|\d+[.)]\s|>|\|)")


class Mode(StrEnum):
    """How strictly the desk takes a check."""

    HOLD = "hold"  # the text waits until it is mended or waived with a reason
    WARN = "warn"  # the text may go; the editor is told
    OFF = "off"


@dataclass(frozen=True)
class Subject:
    """What is checked: the text, and what was asked for."""

    text: str
    brief: str
    most_words: int | None = None
    must_keep: Sequence[str] = ()
    open_comments: Sequence[str] = ()  # how each begins that is not resolved, and that everyone sees


@dataclass(frozen=True)
class Finding:
    """Something that a check found; a waiver holds for it while `fingerprint` is the same."""

    check: str
    words: str  # what a person reads
    details: Sequence[str]
    fingerprint: str


@dataclass(frozen=True)
class Check:
    """A check as the desk knows it. `look` returns what to say and the details, or None: there is nothing to say."""

    name: str
    title: str
    usual: Mode
    look: Callable[[Subject], tuple[str, Sequence[str]] | None]


CHECKS: dict[str, Check] = {}
_Look = Callable[[Subject], tuple[str, Sequence[str]] | None]


def check(title: str, usual: Mode) -> Callable[[_Look], _Look]:
    """Register a check under its function's name."""

    def register(look: _Look) -> _Look:
        CHECKS[look.__name__] = Check(look.__name__, title, usual, look)
        return look

    return register


def run(subject: Subject, modes: Mapping[str, Mode]) -> list[Finding]:
    """What the checks found that are not switched off, in their order."""
    found = []
    for one in CHECKS.values():
        if modes.get(one.name, one.usual) is Mode.OFF:
            continue
        answer = one.look(subject)
        if answer is not None:
            words, details = answer
            found.append(Finding(one.name, words, details, _fingerprint(one.name, details)))
    return found


@check("Lines that must stand in the text", Mode.HOLD)
def must_keep(subject: Subject) -> tuple[str, Sequence[str]] | None:
    text = _plain(subject.text)
    gone = [line for line in subject.must_keep if _plain(line) not in text]
    if not gone:
        return None
    return f"{_many(gone, 'line')} the brief wants kept {'is' if len(gone) == 1 else 'are'} not in the text", gone


@check("Length", Mode.WARN)
def length(subject: Subject) -> tuple[str, Sequence[str]] | None:
    words = count_words(subject.text)
    if subject.most_words is None or words <= subject.most_words:
        return None
    return f"{words - subject.most_words:,} words more than the brief allows", [str(words)]


@check("Passages that come twice", Mode.WARN)
def repetition(subject: Subject) -> tuple[str, Sequence[str]] | None:
    """Machines turn in circles: the same words in a row, again and again."""
    words = _WORD.findall(subject.text)
    folded = [word.casefold() for word in words]
    grams = Counter(tuple(folded[at : at + GRAM]) for at in range(len(folded) - GRAM + 1))
    asked = " ".join(word.casefold() for line in subject.must_keep for word in _WORD.findall(line))
    often = [gram for gram, times in grams.items() if times > MOST_REPEATS and " ".join(gram) not in asked]
    if not often:
        return None
    first = " ".join(often[0])
    return f"The same words stand in the text {grams[often[0]]} times", [first]


@check("Words that stand for others", Mode.WARN)
def placeholders(subject: Subject) -> tuple[str, Sequence[str]] | None:
    found = [one.group() for one in _PLACEHOLDER.finditer(_without_code(subject.text))]
    return (f"{_many(found, 'placeholder')} left in the text", found) if found else None


@check("What a model leaves behind", Mode.WARN)
def leftovers(subject: Subject) -> tuple[str, Sequence[str]] | None:
    """Marks of a tokenizer, broken characters, one word over and over."""
    found = [one.group() for one in _LEFTOVER.finditer(_without_code(subject.text))]
    return (f"{_many(found, 'place')} that only a machine writes", found) if found else None


@check("The last sentence", Mode.WARN)
def unfinished(subject: Subject) -> tuple[str, Sequence[str]] | None:
    last = subject.text.rstrip().rpartition("\n")[2]
    if not last or _END.search(last):
        return None
    return "The last sentence does not end", [last[-60:]]


@check("Names, numbers, dates and quotes that are not in the brief", Mode.WARN)
def unsupported(subject: Subject) -> tuple[str, Sequence[str]] | None:
    found = list(dict.fromkeys(one.words for one in claims.find(subject.text, subject.brief)))
    return (f"{_many(found, 'claim')} the brief does not support", found) if found else None


@check("Open comments", Mode.WARN)
def open_comments(subject: Subject) -> tuple[str, Sequence[str]] | None:
    found = list(subject.open_comments)
    return (f"{_many(found, 'comment')} {'is' if len(found) == 1 else 'are'} still open", found) if found else None


def _plain(text: str) -> str:
    """As a reader would compare: case and spacing make no difference."""
    return " ".join(text.split()).casefold()


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", " ", text, flags=re.DOTALL)


def _many(things: Sequence[str], word: str) -> str:
    return f"One {word}" if len(things) == 1 else f"{len(things)} {word}s"


def _fingerprint(name: str, details: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([name, *sorted(details)]).encode()).hexdigest()
