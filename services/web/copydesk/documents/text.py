"""What is done to every text on its way in, and small measures of it."""

import re
import unicodedata

from copydesk.config import settings
from copydesk.documents.errors import InvalidInput

MOST_KEPT, LONGEST_KEPT = 50, 500
MOST_WORDS = 100_000  # the largest limit that a sponsor can set

_LINE_ENDS = re.compile(r"\r\n?|\x85|\u2028|\u2029")
# PostgreSQL can't store NUL, and no other control character has a meaning in a text; the last two can't stand in XML.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_WORD = re.compile(r"\w+(?:[’'\-]\w+)*")


def clean(text: str) -> str:
    """Line ends as `\\n`, no control characters; every visible character, any script and emoji are kept."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def clean_line(text: str) -> str:
    """A single line: a title, a name."""
    return " ".join(clean(text).split())


def is_blank(text: str) -> bool:
    """Nothing a reader could see: only white space and invisible marks (zero-width spaces, direction marks)."""
    return all(char.isspace() or unicodedata.category(char) in ("Cf", "Cc", "Zs") for char in text)


def required(field: str, text: str, *, name: str, most: int) -> str:
    """The cleaned text, or an error that says what to do.

    Raises:
        InvalidInput: blank, or longer than `most` characters.
    """
    if is_blank(text):
        raise InvalidInput(field, f"Please enter the {name}.")
    if len(text) > most:
        raise InvalidInput(field, f"The {name} has {len(text):,} characters; the most is {most:,}. Please shorten it.")
    return text


def title(typed: str) -> str:
    """A document's title as it is kept."""
    return required("title", clean_line(typed), name="title", most=settings().title_max_chars)


def brief(typed: str) -> str:
    """A document's brief as it is kept."""
    return required("brief", clean(typed).strip(), name="brief", most=settings().brief_max_chars)


def most_words(limit: int | None) -> int | None:
    """The limit on a text's length, or none.

    Raises:
        InvalidInput: no number of words that anyone could write.
    """
    if limit is not None and not 1 <= limit <= MOST_WORDS:
        raise InvalidInput("most_words", f"Please give a number of words from 1 to {MOST_WORDS:,}, or none.")
    return limit


def must_keep(typed: str) -> str:
    """Lines that have to stand in the text, one below the other.

    Raises:
        InvalidInput: more lines, or longer ones, than anyone keeps an eye on.
    """
    lines = [clean_line(line) for line in clean(typed).split("\n")]
    lines = list(dict.fromkeys(line for line in lines if not is_blank(line)))
    if len(lines) > MOST_KEPT:
        raise InvalidInput("must_keep", f"These are {len(lines)} lines; the most is {MOST_KEPT}.")
    if any(len(line) > LONGEST_KEPT for line in lines):
        raise InvalidInput("must_keep", f"A line has more than {LONGEST_KEPT} characters. Please shorten it.")
    return "\n".join(lines)


def count_words(text: str) -> int:
    return len(_WORD.findall(text))
