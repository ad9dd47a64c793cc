"""A table of briefs as bytes: any bytes give rows, or words that say what is wrong and in which line."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from copydesk.documents.errors import InvalidInput
from copydesk.documents.text import clean, clean_line, is_blank

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 200
DELIMITERS = (",", ";", "\t")
PROBLEM = "problem"  # a column of the report, passed over when the file comes back
COLUMNS = ("title", "brief", "editor", "most_words", "must_keep", "due")
REQUIRED = ("title", "brief")
ALIASES = {
    "words": "most_words", "most words": "most_words", "at most words": "most_words", "length": "most_words",
    "must keep": "must_keep", "keep": "must_keep", "due date": "due", "due_at": "due",
}  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out
EXAMPLE: tuple[dict[str, str], ...] = (
    {
        "title": "Ceramics at the bakery",
        "brief": "The old bakery on Quay Street has a new tenant. Eleven pots by Ines Marr stand on the ovens, and",
        "editor": "editor@example.org",
        "most_words": "400",
        "must_keep": "Quay Street 14\nOpen until 30 June",
        "due": "2027-06-01",
    },
    {
        "title": "The harbour library opens again",
        "brief": "After two years of work, the harbour library has its reading room back. On Monday",
    },
)


class Unreadable(InvalidInput):
    """The file can't be read."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__("file", f"Line {line:,}: {message}" if line else message)
        self.line = line


@dataclass(frozen=True)
class Row:
    """One brief as typed: the line it begins in, and its cells by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    rows: tuple[Row, ...]
    unknown: tuple[str, ...] = ()  # columns that nobody asked for
    encoding: str = "utf-8"
    delimiter: str = ","


@dataclass(frozen=True)
class Asked:
    """What a row asks for, and what is wrong with it. Who the editor is, is found out by others."""

    line: int
    title: str
    brief: str
    editor: str
    most_words: int | None
    must_keep: str
    due: dt.date | None
    problems: list[str] = field(default_factory=list)


def read(content: bytes) -> Table:
    """The table.

    Raises:
        Unreadable: says why, and in which line.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // (1024 * 1024)} MB. Please send it in parts.")
    words, encoding = decode(content)
    if is_blank(words):
        raise Unreadable("The file is empty.")
    delimiter = _delimiter(words)
    records = _records(words, delimiter)
    head = next(records, None)
    if head is None:
        raise Unreadable("The file is empty.")
    names = [_column(cell) for cell in head[1]]
    _check_head(head[0], names)
    rows: list[Row] = []
    for line, cells in records:
        if all(is_blank(cell) for cell in cells):
            continue
        if len(rows) == MOST_ROWS:
            raise Unreadable(f"There are more than {MOST_ROWS} rows. Please send them in parts.", line)
        if len(cells) > len(names) and not all(is_blank(cell) for cell in cells[len(names) :]):
            says = f"{len(cells)} cells, but {len(names)} columns. "
            says += f"A cell with a “{_name(delimiter)}” in it needs quotes around it."
            raise Unreadable(says, line)
        found = {name: _typed(cell) for name, cell in zip(names, cells, strict=False) if name in COLUMNS}
        rows.append(Row(line, found))
    if not rows:
        raise Unreadable("There is a first line with the columns’ names, but no brief below it.")
    unknown = tuple(name for name in names if name and name not in (*COLUMNS, PROBLEM))
    return Table(tuple(rows), unknown, encoding, delimiter)


def decode(content: bytes) -> tuple[str, str]:
    """The words and the encoding: what a mark at the beginning says, UTF-8, UTF-16 by its zeros, or Windows’ own."""
    if content.startswith(b"\xef\xbb\xbf"):
        candidates = ["utf-8-sig"]
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif b"\0" in content[:4000]:
        even, odd = content[0:4000:2].count(0), content[1:4000:2].count(0)
        candidates = ["utf-16-le" if odd > even else "utf-16-be"]
    else:
        candidates = ["utf-8", "cp1252"]
    for encoding in candidates:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise Unreadable("Its letters can’t be read. Please save it as “CSV UTF-8” and send it again.")


def asked(row: Row) -> Asked:
    """What one row asks for; numbers and dates that can't be read are among its problems."""
    problems: list[str] = []
    cells = {name: clean(row.cells.get(name, "")).strip() for name in COLUMNS}
    most_words, due = None, None
    number = cells["most_words"].replace(",", "").replace(" ", "")
    if number and number.isascii() and number.isdigit() and len(number) < 10:
        most_words = int(number)
    elif number:
        problems.append(f"most_words: “{cells['most_words'][:40]}” is not a whole number.")
    if cells["due"]:
        try:
            due = dt.date.fromisoformat(cells["due"])
        except ValueError:
            problems.append(f"due: “{cells['due'][:40]}” is not a date such as 2027-06-01.")
    return Asked(
        row.line,
        clean_line(cells["title"]),
        cells["brief"],
        clean_line(cells["editor"]),
        most_words,
        cells["must_keep"],
        due,
        problems,
    )


def write(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """A table that spreadsheets open as it is meant, and that nothing in it makes them carry out."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(columns)
    for row in rows:
        table.writerow([harmless(row.get(name, "")) for name in columns])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def harmless(cell: str) -> str:
    """Words that a spreadsheet would take for a formula are marked as text; `read` takes the mark off again."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def _typed(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip("'").startswith(FORMULA) else cell


def _records(words: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins in."""
    reader = csv.reader(io.StringIO(words, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(_said(str(error)), line) from error
        yield line, cells
        line = reader.line_num + 1


def _said(error: str) -> str:
    if "field larger" in error:
        return f"A cell has more than {csv.field_size_limit():,} characters."
    if "unexpected end of data" in error:
        return "A quote is opened here and never closed."
    return "Quotes don’t fit together here. A quote inside a quoted cell is written twice."


def _delimiter(words: str) -> str:
    """The one with which the first line has the most columns that we know."""
    first = next((line for line in words.splitlines() if line.strip()), "")

    def known(delimiter: str) -> int:
        return sum(_column(cell) in COLUMNS for cell in first.split(delimiter))

    return max(DELIMITERS, key=known)


def _column(cell: str) -> str:
    name = clean_line(cell).strip("\ufeff\"' ").casefold()
    return ALIASES.get(name, name.replace(" ", "_"))[:80]


def _check_head(line: int, names: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        wanted = " and ".join(f"“{name}”" for name in missing)
        raise Unreadable(f"The first line names the columns, and {wanted} is not among them.", line)
    twice = next((name for name in COLUMNS if names.count(name) > 1), None)
    if twice is not None:
        raise Unreadable(f"The column “{twice}” is there twice.", line)


def _name(delimiter: str) -> str:
    return {"\t": "tab"}.get(delimiter, delimiter)
