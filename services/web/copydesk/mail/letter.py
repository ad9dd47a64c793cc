"""A mail as plain text and as HTML, from the same words. Nothing in it is loaded from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Entry:
    """Something that happened, and the page where it goes on."""

    words: str  # paragraphs, with empty lines between them
    url: str = ""
    heading: str = ""  # of this entry and those after it

    @property
    def paragraphs(self) -> list[str]:
        return [part for part in self.words.split("\n\n") if part.strip()]


@dataclass(frozen=True)
class Footer:
    words: str
    url: str


@dataclass(frozen=True)
class Letter:
    """To one person; no name: without a greeting."""

    name: str
    entries: Sequence[Entry]
    footer: Sequence[Footer] = ()
    lead: str = ""  # before the first entry


def as_text(letter: Letter) -> str:
    parts = [f"Hello {letter.name},"] if letter.name else []
    if letter.lead:
        parts.append(letter.lead)
    for entry in letter.entries:
        if entry.heading:
            parts.append(f"{entry.heading}\n{'-' * len(entry.heading)}")
        parts.extend(part for part in (entry.words, entry.url) if part)
    text = "\n\n".join(parts) + "\n"
    if letter.footer:
        text += "\n-- \n" + "".join(f"{one.words}\n{one.url}\n" for one in letter.footer)
    return text


def as_html(letter: Letter, *, subject: str) -> str:
    return _template().render(letter=letter, subject=subject)


@cache
def _template() -> Template:
    """Everything that people typed is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("letter.html")
