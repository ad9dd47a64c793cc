"""A text as readers see it, each hand's words still marked: Markdown whose every letter knows where it was written.

Markdown's own parser says what the text is made of, but not where each letter of it stood. The letters of a rendered
text stand in the order of the source, with marks between them, and so are found again one after the other. What can't
be found (a letter that an entity stands for) belongs to whatever stands before it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import nh3
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markupsafe import Markup

from copydesk.documents import markdown
from copydesk.documents.hidden import visible_in_code

_NEAR = 24  # characters: further than that no mark, entity or escape reaches
_LINK_END = re.compile(
    r"\](?:\(\s*(?:<[^>\n]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)?"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^)]*\)))?\s*\)|\[[^\]\n]*\])"
)
_ATTRIBUTES = markdown.ATTRIBUTES | {"span": {"data-at"}, "mark": {"data-thread", "id", "data-at"}}
_CLASSES = {"span": {"m", "b"}, "mark": {"commented"}}
_MARKS = {"machine": "m", "brief": "b"}


def render(pieces: Sequence[Mapping[str, Any]]) -> Markup:
    """HTML for the inside of an article.

    Args:
        pieces: the text in pieces that tile it, each with its `text` and `origin`; those under a comment also with its
            `thread`, and `first` where it begins.

    Letters stand in `<span data-at="…">`: the offset in the source of the first of them.
    """
    return _Reading(pieces).html()


class _Reading:
    def __init__(self, pieces: Sequence[Mapping[str, Any]]) -> None:
        self.pieces = pieces
        self.text = "".join(piece["text"] for piece in pieces)
        self.starts = [0, *accumulate(len(piece["text"]) for piece in pieces)][:-1]
        self.lines = [0, *(at + 1 for at, letter in enumerate(self.text) if letter == "\n"), len(self.text) + 1]
        self.at = 0  # everything before it was found
        self.end = len(self.text)  # of the block that is being read
        self.begun: set[str] = set()

    def html(self) -> Markup:
        tokens = markdown.tokens(self.text)
        for token in tokens:
            self._enter(token)
            if token.children:
                token.children = list(self._inline(token.children))
            elif token.type in ("fence", "code_block"):
                token.type, token.content = "html_block", f"<pre><code>{self._marked(token.content)}</code></pre>\n"
        clean = nh3.clean(
            markdown.to_html(tokens),
            tags=markdown.TAGS | {"span", "mark"},
            attributes=_ATTRIBUTES,
            allowed_classes=_CLASSES,
            url_schemes=markdown.SCHEMES,
            link_rel=markdown.LINK_REL,
        )
        return Markup(visible_in_code(clean))  # noqa: S704  # nosec B704  # cleaned in the lines above

    def _enter(self, token: Token) -> None:
        """A block begins: nothing of it stands before its first line, or after its last."""
        if token.map is not None:
            first, last = token.map
            self.at = max(self.at, self.lines[min(first, len(self.lines) - 1)])
            self.end = self.lines[min(last, len(self.lines) - 1)]

    def _inline(self, children: Sequence[Token]) -> Iterator[Token]:
        for child in children:
            if child.type in ("text", "code_inline"):
                marked = self._marked(child.content)
                code = child.type == "code_inline"
                yield Token("html_inline", "", 0, content=f"<code>{marked}</code>" if code else marked)
                continue
            if child.type == "link_close" and (end := _LINK_END.match(self.text, self.at, self.end)):
                self.at = end.end()
            yield child

    def _marked(self, content: str) -> str:
        """The letters, in runs of one hand that stood beside each other."""
        html, run, begins, last = "", "", -1, -1
        for letter, place in zip(content, self._places(content), strict=True):
            same = run and place == last + 1 and self._piece(place) == self._piece(begins)
            if not same and run:
                html += self._run(run, begins)
                run = ""
            if not run:
                begins = place
            run, last = run + letter, place
        return html + (self._run(run, begins) if run else "")

    def _places(self, content: str) -> list[int]:
        """Where each letter stood."""
        places: list[int] = []
        for line in content.splitlines(keepends=True):
            found = self.text.find(line, self.at, self.end)
            if found >= 0:
                places += range(found, found + len(line))
                self.at = found + len(line)
                continue
            for letter in line:
                found = self.text.find(letter, self.at, min(self.end, self.at + _NEAR))
                places.append(found if found >= 0 else max(0, self.at - 1))
                self.at = found + 1 if found >= 0 else self.at
        return places

    def _piece(self, place: int) -> int:
        return bisect_right(self.starts, place) - 1

    def _run(self, words: str, place: int) -> str:
        piece = self.pieces[self._piece(place)]
        mark = _MARKS.get(piece["origin"])
        html = f'<span{f" class={mark}" if mark else ""} data-at="{place}">{escapeHtml(words)}</span>'
        thread = str(piece.get("thread") or "")
        if not thread:
            return html
        first = "" if thread in self.begun else f' id="words-{thread}"'
        self.begun.add(thread)
        return f'<mark class="commented"{first} data-thread="{thread}">{html}</mark>'
