"""What everyone reads while drafting is paused; looked up once a request, and only where somebody waits."""

from flask import g

from copydesk.autodocs import queue
from copydesk.autodocs.queue_tables import DeskSwitch
from copydesk.web.extensions import db

SAFE = "What you wrote is safe and keeps its place; it is the machine’s turn as soon as drafting goes on."


def drafting_pause() -> DeskSwitch | None:
    """The switch with its note, or None: drafting goes on."""
    if "drafting_pause" not in g:
        g.drafting_pause = queue.paused(db.session())
    pause: DeskSwitch | None = g.drafting_pause
    return pause


def pause_message() -> str | None:
    """“Drafting is paused: New disks. What you wrote is safe …”, or None."""
    pause = drafting_pause()
    if pause is None:
        return None
    end = "" if pause.note[-1] in ".!?…" else "."
    return f"Drafting is paused: {pause.note}{end} {SAFE}"
