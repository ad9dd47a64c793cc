"""What readers are told before a text, wherever it stands: retracted or replaced, the label, corrections."""

import datetime as dt
from collections.abc import Sequence

from copydesk.documents.disclosure import Reason
from copydesk.documents.editions import Edition, EditionState
from copydesk.documents.exporting.manuscript import Notice
from copydesk.documents.models import Change


def of(edition: Edition, everything: Sequence[Edition]) -> tuple[Notice, ...]:
    """For one edition.

    Args:
        everything: all editions of its document that went out, newest first.
    """
    found = []
    if edition.state is EditionState.RETRACTED and edition.ended_at and edition.retraction:
        found.append(Notice(edition.retraction, f"This text was retracted, {day(edition.ended_at)}."))
    elif edition.state is EditionState.REPLACED:
        found.append(Notice("This is an older edition; a later one has taken its place."))
    found += [Notice(Reason(one).says, is_label=True) for one in edition.label]
    for one in everything:
        if one.change is not None and one.note and one.number <= edition.number:
            name = "Correction" if one.change is Change.CORRECTION else "Update"
            found.append(Notice(one.note, f"{name}, {day(one.live_at)}."))
    return tuple(found)


def day(moment: dt.datetime) -> str:
    moment = moment.astimezone(dt.UTC)
    return f"{moment.day} {moment:%B %Y}"


def minute(moment: dt.datetime) -> str:
    return f"{day(moment)}, {moment.astimezone(dt.UTC):%H:%M} UTC"
