"""What of a Markdown text is prose. Code, links, addresses, HTML, lines of marks and front matter are not."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

Range = tuple[int, int]

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?=\n|\Z)")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)[ \t]*\S")
# Lines that are marks and nothing else: rules, underlines of headings, rulers of tables, a reference with its address.
_MARKS = re.compile(r"[ \t]*(?:[-*_=][-*_= \t]*|\[[^\]\n]+\]:.*)$|(?=.*-)[|:\- \t]+$")
# What ends a paragraph: an empty line, or a line that begins an item, a heading or a quotation.
_NEXT = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*+>]|\d{1,9}[.)]|#{1,6})[ \t])")
_INSIDE = re.compile(
    r"""
    (?P<ticks>`++).*?(?<!`)(?P=ticks)(?!`) | `++                 # code; a run of ticks that is never closed
    | </?[A-Za-z][^<>]*>                                          # HTML
    | <[A-Za-z][A-Za-z0-9+.-]*:[^<>\s]*>                          # an address in angle brackets
    | !?\[(?:[^\[\]]|\[[^\[\]]*\])*\]                             # a link, a picture: its words
      (?:\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\[\]]*\])              # and its address, or the name of one
    | \[\^?[^\[\]\n]+\](?=:)                                      # a note's name
    | \[\^[^\[\]\n]+\]
    | \b(?:(?:https?|ftp|file|mailto|tel):|www\.)[^\s<>"]*[^\s<>.,;:!?"”’)\]]
    | (?<![\w.+'-])[\w.+'-]++@[\w-]+(?:\.[\w-]+)+                   # a mail address
    | \\.                                                         # a mark that Markdown is told to leave alone
    """,
    re.VERBOSE | re.DOTALL,
)


class Kept:
    """The parts of one text that no rule may touch."""

    def __init__(self, text: str) -> None:
        blocks = _merged([*_blocks(text), *(one.span() for one in _COMMENT.finditer(text))])
        self.ranges = _merged([*blocks, *_inside(text, blocks)])
        self._starts = [start for start, _ in self.ranges]

    def holds(self, start: int, end: int) -> bool:
        """Is any of these characters one of those?"""
        at = bisect_left(self._starts, end) - 1
        return at >= 0 and self.ranges[at][1] > start


def _blocks(text: str) -> list[Range]:
    """Whole lines: front matter, code between fences or set in, lines of marks."""
    found: list[Range] = []
    at, fence, blank, code = 0, "", True, False
    if front := _FRONT_MATTER.match(text):
        found.append(front.span())
        at = front.end()
    for one in _LINE.finditer(text, at):
        line = one[0].rstrip("\n")
        mark = _FENCE.match(line)
        code = not fence and (blank or code) and bool(_INDENTED.match(line))
        if fence or (mark and not code) or code or _MARKS.match(line):
            found.append((one.start(), one.start() + len(line)))
        if fence:
            closes = mark and mark[1].startswith(fence) and not line.strip(" \t" + fence[0])
            fence = "" if closes else fence
        elif mark and not code:
            fence = mark[1]
        blank = not line.strip()
    return found


def _inside(text: str, blocks: Sequence[Range]) -> Iterable[Range]:
    """Parts of lines, looked for in each paragraph by itself: code never goes on into the next."""
    ends = [start for start, _ in blocks] + [len(text)]
    begins = [0] + [end for _, end in blocks]
    for begin, end in zip(begins, ends, strict=True):
        stops = [one.start() for one in _NEXT.finditer(text, begin, end)]
        for first, last in zip([begin, *stops], [*stops, end], strict=True):
            yield from (one.span() for one in _INSIDE.finditer(text, first, last))


def _merged(ranges: Iterable[Range]) -> list[Range]:
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged
