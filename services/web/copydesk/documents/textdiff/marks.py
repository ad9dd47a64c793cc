"""Which characters of a Markdown text are marks (`**`, `#`, `>`, `- `, `[`, `](address)`) and which are words."""

import re
from collections.abc import Iterator

# Name of the mark, and a pattern whose groups are the marks. Bounded: a mark that is never closed costs little.
_LINES = [
    (
        "rule",
        re.compile(r"^[ \t]{0,3}((?:-[ \t]{0,3}){3,40}|(?:\*[ \t]{0,3}){3,40}|(?:_[ \t]{0,3}){3,40})$", re.MULTILINE),
    ),
    ("heading", re.compile(r"^[ \t]{0,3}(#{1,6}(?:[ \t]{1,8}|$))", re.MULTILINE)),
    ("quote", re.compile(r"^[ \t]{0,3}((?:>[ \t]?){1,20})", re.MULTILINE)),
    ("list", re.compile(r"^(?:>[ \t]?){0,9}([ \t]{0,20}(?:[-*+]|\d{1,9}[.)])[ \t]{1,8})(?=\S)", re.MULTILINE)),
]
_INLINE = [
    ("code", re.compile(r"(`)[^`\n]{1,400}(`)")),
    ("link", re.compile(r"(!?\[)[^\]\[\n]{0,400}(\]\([^)\n]{0,2000}\))")),
    ("bold", re.compile(r"(\*\*)(?=[^\s*])[^\n]{1,400}?(?<=\S)(\*\*)")),
    ("bold", re.compile(r"(?<!\w)(__)(?=\S)[^\n]{1,400}?(?<=\S)(__)(?!\w)")),
    ("struck out", re.compile(r"(~~)(?=\S)[^\n]{1,400}?(?<=\S)(~~)")),
    ("italics", re.compile(r"(?<!\*)(\*)(?=[^\s*])[^\n*]{1,400}?(?<=\S)(\*)(?!\*)")),
    ("italics", re.compile(r"(?<![\w_])(_)(?=[^\s_])[^\n_]{1,400}?(?<=\S)(_)(?![\w_])")),
]
PAIRED = frozenset(name for name, _ in _INLINE)
ANY = frozenset("*_~#>`[]()-+!.0123456789")


def marks(text: str) -> dict[int, str]:
    """The name of the mark that each of these characters belongs to."""
    found: dict[int, str] = {}
    for name, start, end in _everything(text):
        for at in range(start, end):
            found.setdefault(at, name)
    return found


def _everything(text: str) -> Iterator[tuple[str, int, int]]:
    for name, form in (*_LINES, *_INLINE):
        for match in form.finditer(text):
            for group in range(1, form.groups + 1):
                yield name, *match.span(group)
