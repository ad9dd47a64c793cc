"""The help pages: how the desk is worked at, in plain words and pictures."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.web.guards import approved, person
from copydesk.web.shortcuts import SHORTCUTS

blueprint = Blueprint("help", __name__, url_prefix="/help")

FOLDER = Path(__file__).parent / "static" / "help"
SCALE = 1.5  # of the pictures: so many of their pixels on one of the page


@dataclass(frozen=True)
class Picture:
    """A picture of the desk, once in light and once in dark; `make pictures` shoots them."""

    name: str
    shows: str  # for whoever doesn't see it
    caption: str

    def file(self, theme: str) -> str:
        return f"help/{self.name}-{theme}.webp"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height on the page, so that nothing jumps when it arrives."""
        return _size(FOLDER / f"{self.name}-light.webp")


PICTURES = {
    one.name: one
    for one in (
        Picture(
            "words",
            "A text on the sheet: whole sentences are amber, a few words have a green line, the others are plain."
            " Below stands a bar with the share of each hand.",
            "Amber is the machine’s, the green line the brief’s, and the plain words are yours.",
        ),
        Picture(
            "passage",
            "A marked passage in the text with other words in its place, and beside it a list of three candidates, each"
            " with its number.",
            "The arrow keys show one candidate after the other in its place; its number takes it.",
        ),
        Picture(
            "going-on",
            "Grey words stand behind the cursor, and behind them the key Tab.",
            "The grey words are not in your text yet. Tab takes them, Esc lets them go.",
        ),
        Picture(
            "looking",
            "Some words are shaded or have a dotted line; a name and a year have a wave under them. Beside the year"
            " stands: a date or time that is not in the brief.",
            "Shaded: the model was unsure. A wave: the brief does not say so.",
        ),
        Picture(
            "suggestion",
            "In the text a word is struck and another stands behind it, underlined. Beside it a card lists each"
            " suggestion, with buttons to accept and to refuse it.",
            "The sponsor’s suggestions, in their place and in the list.",
        ),
        Picture(
            "conflict",
            "A place where two people changed the same words, with three choices: the stored ones, yours, or both.",
            "Only what both of you changed needs a choice.",
        ),
        Picture(
            "comparing",
            "Two versions in one: what was taken out is struck, what was added is underlined, and a paragraph has a"
            " sign that it was moved here from above.",
            "What moved is shown as moved, not as taken out and written again.",
        ),
        Picture(
            "record",
            "The record’s page: it says that every link holds, and shows the text with the share of each hand.",
            "The record of a text: who wrote what, and that nothing was changed afterwards.",
        ),
        Picture(
            "today",
            "A page that begins with the words: two texts wait for you. Below stand the texts, each with what happened"
            " to it and a button for what is to be done.",
            "What waits for you, in words, with the next act beside it.",
        ),
        Picture(
            "choosing",
            "Two drafts of the same brief stand side by side; under each is a button to choose it.",
            "Several drafts at once. One becomes the text; the others are kept.",
        ),
        Picture(
            "changes",
            "A list of changes: words struck and words underlined, each with the buttons Accept and Refuse, and a field"
            " for the reason.",
            "Each change since you last saw the text, to accept or to refuse.",
        ),
        Picture(
            "published",
            "A text as readers see it: its title, its author line, the responsible person, a link to the record.",
            "What readers get: the text, who answers for it, and how it was made.",
        ),
        Picture(
            "routing",
            "A table of editors with what each has in hand and what is late; beside it the rules of the desk.",
            "Who has how much in hand, and what the desk does by itself.",
        ),
        Picture(
            "finding",
            "A list of documents with filters above it; two of them are ticked, and a bar offers to assign, remind,"
            " withdraw or export them.",
            "Find, tick, act; and undo it.",
        ),
        Picture(
            "disclosure",
            "A table of published texts with label, reviewer, responsible person and share of machine words.",
            "Every published text, and who stands for it.",
        ),
    )
}


@blueprint.get("")
@approved()
def index() -> ResponseReturnValue:
    """To the page of one's own role."""
    pages = {Role.SPONSOR: "help.sponsoring", Role.EDITOR: "help.editing", Role.ADMIN: "help.desk"}
    return redirect(url_for(pages[person().role]))


@blueprint.get("/sponsoring")
@approved()
def sponsoring() -> ResponseReturnValue:
    """For sponsors: the brief, the signature, publication."""
    return render_template("help/sponsoring.html", pictures=PICTURES)


@blueprint.get("/desk")
@approved()
def desk() -> ResponseReturnValue:
    """For admins: people, routing, lists, what to do when something is stuck."""
    return render_template("help/desk.html", pictures=PICTURES)


@blueprint.get("/editing")
@approved()
def editing() -> ResponseReturnValue:
    """For editors: the sheet, its colours, its keys."""
    return render_template("help/editing.html", shortcuts=SHORTCUTS, pictures=PICTURES)


@cache
def _size(path: Path) -> tuple[int, int]:
    """From the head of a WebP: with a colour profile three bytes each, and one too small; without it 14 bits each."""
    with path.open("rb") as file:
        head = file.read(30)
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    else:
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return round(width / SCALE), round(height / SCALE)
