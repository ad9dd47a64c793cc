"""Every key of the desk, once: the sheet of shortcuts and the help page are written from it.

`name` is what the front end calls the act (src/editor/keys.ts and the buttons' `data-act`); a test compares.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortcut:
    """One line of the sheet: these keys, pressed together, do this. `others` are keys that do the same."""

    name: str
    says: str
    keys: tuple[str, ...]
    others: tuple[tuple[str, ...], ...] = ()


SHORTCUTS: dict[str, tuple[Shortcut, ...]] = {
    "Writing": (
        Shortcut("save", "Save a version", ("Ctrl", "S")),
        Shortcut("undo", "Undo, also what the machine did", ("Ctrl", "Z")),
        Shortcut("redo", "Do it again", ("Ctrl", "Shift", "Z"), (("Ctrl", "Y"),)),
        Shortcut("find", "Find and replace", ("Ctrl", "F")),
        Shortcut("find-next", "Next place, while finding", ("Enter",), (("F3",),)),
        Shortcut("find-previous", "Place before, while finding", ("Shift", "Enter"), (("Shift", "F3"),)),
    ),
    "Format": (
        Shortcut("bold", "Bold", ("Ctrl", "B")),
        Shortcut("italic", "Italic", ("Ctrl", "I")),
        Shortcut("link", "Link", ("Ctrl", "K")),
        Shortcut("heading", "Heading", ("Ctrl", "Alt", "2")),
        Shortcut("subheading", "Smaller heading", ("Ctrl", "Alt", "3")),
        Shortcut("quote", "Quote", ("Ctrl", "Shift", "9")),
        Shortcut("list", "List", ("Ctrl", "Shift", "8")),
    ),
    "The machine’s words": (
        Shortcut("go-on", "Ask for words to go on with, at the cursor", ("Ctrl", "Space"), (("Ctrl", "Enter"),)),
        Shortcut("take-words", "Take the grey words, all of them", ("Tab",)),
        Shortcut("take-word", "Take the next of them", ("Ctrl", "→")),
        Shortcut("redraft", "Ask for other words for the selected passage", ("Ctrl", "J")),
        Shortcut("candidate", "Take that candidate", ("1",), (("2",), ("3",), ("4",), ("5",))),
    ),
    "Suggestions and the house": (
        Shortcut("suggesting", "Suggest instead of saving, or save again", ("Ctrl", "Alt", "S")),
        Shortcut("next-suggestion", "Next suggestion", ("Alt", "↓")),
        Shortcut("previous-suggestion", "Suggestion before", ("Alt", "↑")),
        Shortcut("accept-suggestion", "Accept it", ("Alt", "Enter")),
        Shortcut("refuse-suggestion", "Refuse it, or take your own back", ("Alt", "Delete")),
        Shortcut("comment", "Comment on the selected words", ("Ctrl", "Alt", "M")),
        Shortcut("house-word", "Take the house’s word at the cursor", ("Ctrl", ".")),
    ),
    "Where to look first": (
        Shortcut("look-next", "Next place that needs a look", ("F8",)),
        Shortcut("look-previous", "Place before", ("Shift", "F8")),
    ),
    "The page": (
        Shortcut("whose", "Say who wrote the paragraph at the cursor", ("F9",)),
        Shortcut("next-place", "Go on from the text to what follows it", ("Tab",)),
        Shortcut("calm", "Only the sheet", ("Ctrl", "Shift", "F")),
        Shortcut("leave", "Leave what is open: the finder, the candidates, only the sheet", ("Esc",)),
        Shortcut("shortcuts", "All shortcuts", ("Ctrl", "/"), (("?",),)),
    ),
}
