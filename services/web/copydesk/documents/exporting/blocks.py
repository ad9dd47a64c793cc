"""A text as a tree of blocks, from the same Markdown as the page of readers."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import urlsplit

from markdown_it.tree import SyntaxTreeNode

from copydesk.documents import markdown


@dataclass(frozen=True)
class Run:
    """Words in a row that look the same; a line break is `\\n`."""

    text: str
    strong: bool = False
    em: bool = False
    strike: bool = False
    code: bool = False
    href: str = ""


Runs: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    level: int  # from 2: the title is the first
    runs: Runs


@dataclass(frozen=True)
class Paragraph:
    runs: Runs


@dataclass(frozen=True)
class Quote:
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Items:
    start: int | None  # none: bullets
    items: tuple[tuple["Block", ...], ...]


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Table:
    head: tuple[Runs, ...]
    rows: tuple[tuple[Runs, ...], ...]


@dataclass(frozen=True)
class Rule:
    pass


Block: TypeAlias = Heading | Paragraph | Quote | Items | Code | Table | Rule


def parse(text: str) -> tuple[Block, ...]:
    """The blocks of a text in Markdown."""
    return _blocks(SyntaxTreeNode(markdown.tokens(text)))


def words(text: str) -> Runs:
    """Words that are no Markdown."""
    return (Run(text),)


def plain(runs: Runs) -> str:
    return "".join(run.text for run in runs)


def count_runs(found: Iterable[Block]) -> int:
    return sum(_count(one) for one in found)


def is_rtl(text: str) -> bool:
    """Does it run from right to left? The first letter with a direction says so, as in HTML's `dir=auto`."""
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def _blocks(node: SyntaxTreeNode) -> tuple[Block, ...]:
    return tuple(_block(child) for child in node.children)


def _block(node: SyntaxTreeNode) -> Block:
    if node.type in _CONTAINERS:
        return _CONTAINERS[node.type](node)
    return Paragraph(_inside(node))


def _items(node: SyntaxTreeNode) -> Items:
    start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    return Items(start, tuple(_blocks(item) for item in node.children))


def _code(node: SyntaxTreeNode) -> Code:
    return Code(node.content.rstrip("\n"))


def _count(block: Block) -> int:
    match block:
        case Heading() | Paragraph():
            return len(block.runs)
        case Quote():
            return count_runs(block.blocks)
        case Items():
            return sum(count_runs(item) for item in block.items)
        case Table():
            return sum(len(cell) for row in (block.head, *block.rows) for cell in row)
    return 1


def _table(node: SyntaxTreeNode) -> Table:
    rows = [tuple(_inside(cell) for cell in row.children) for part in node.children for row in part.children]
    return Table(rows[0], tuple(rows[1:]))


def _inside(node: SyntaxTreeNode) -> Runs:
    """The words of a block that holds no other blocks."""
    found: list[Run] = []
    for child in node.children:
        _collect(child, Run(""), found)
    return tuple(found)


def _collect(node: SyntaxTreeNode, look: Run, found: list[Run]) -> None:
    match node.type:
        case "text":
            _add(found, replace(look, text=node.content))
            return
        case "code_inline":
            _add(found, replace(look, text=node.content, code=True))
            return
        case "softbreak" | "hardbreak":
            _add(found, replace(look, text=" " if node.type == "softbreak" else "\n"))
            return
        case "strong":
            look = replace(look, strong=True)
        case "em":
            look = replace(look, em=True)
        case "s":
            look = replace(look, strike=True)
        case "link":
            look = replace(look, href=_address(str(node.attrs.get("href", ""))))
    for child in node.children:
        _collect(child, look, found)


def _address(href: str) -> str:
    """Where a link may lead: as on the page, and never into the reader's own files."""
    try:
        scheme = urlsplit(href).scheme.lower()
    except ValueError:
        return ""
    return href if scheme in markdown.SCHEMES else ""


def _add(found: list[Run], run: Run) -> None:
    if found and replace(found[-1], text="") == replace(run, text=""):
        found[-1] = replace(run, text=found[-1].text + run.text)
    elif run.text:
        found.append(run)


_CONTAINERS: dict[str, Callable[[SyntaxTreeNode], Block]] = {
    "heading": lambda node: Heading(int(node.tag[1]), _inside(node)),
    "blockquote": lambda node: Quote(_blocks(node)),
    "bullet_list": _items,
    "ordered_list": _items,
    "fence": _code,
    "code_block": _code,
    "table": _table,
    "hr": lambda node: Rule(),
}
