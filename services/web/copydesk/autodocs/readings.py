"""What readers are shown of an edition: its text, who wrote and who answers for it, what was corrected.

The pages of readers, exports and webhooks all show this one value.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.autodocs import authors
from copydesk.documents import chain, editions, notices
from copydesk.documents.disclosure import Reason
from copydesk.documents.editions import Edition, EditionState, PublicPage
from copydesk.documents.models import Document, Kind, Revision
from copydesk.documents.shares import shares

# https://cv.iptc.org/newscodes/digitalsourcetype
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
REVIEWED = "The signer stated that accuracy, plausibility and sources were examined."


@dataclass(frozen=True)
class Reading:
    """One edition as readers have it."""

    document: Document
    page: PublicPage
    edition: Edition
    revision: Revision
    everything: list[Edition]  # that can be read, newest first
    writers: list[str]
    shares: dict[str, int]
    is_public: bool

    @property
    def corrections(self) -> list[Edition]:
        """The later editions' notes, newest first, up to the one that is read."""
        return [one for one in self.everything if one.change is not None and one.number <= self.edition.number]

    @property
    def first(self) -> Edition:
        return self.everything[-1]

    @property
    def responsibility(self) -> str:
        """Who answers for it, in words."""
        edition, who, signer = self.edition, self.edition.answers_for_it, self.edition.signer
        if who is None:
            return "Nobody yet. It was published in an emergency."
        since = edition.signed_at if edition.responsible else edition.confirmed_at
        by = f" by {signer.name}" if signer and signer.name != who[0] else ""
        verb = "signed" if edition.responsible else "since"
        return ", ".join(filter(None, who)) + (f"; {verb}{by} {notices.minute(since)}" if since else "")

    @property
    def review(self) -> str:
        """What was stated of a review, in words; empty: nothing."""
        statement = self.edition.statement
        return REVIEWED if statement is not None and statement.says_reviewed else ""

    @property
    def label(self) -> list[str]:
        """The sentences that tell readers that a machine wrote it; none: they need not be told."""
        return [Reason(one).says for one in self.edition.label]

    @property
    def byline(self) -> str:
        return byline(self.writers, self.shares)

    @property
    def is_retracted(self) -> bool:
        return self.edition.state is EditionState.RETRACTED

    @property
    def source_type(self) -> str:
        """IPTC's address of where the words came from."""
        return source_type(self.shares)


def of(session: Session, document: Document, page: PublicPage, number: int | None = None) -> Reading | None:
    """The edition of that number, or the one that readers have now; None: it never went out."""
    now = dt.datetime.now(dt.UTC)
    everything = [one for one in reversed(editions.of(session, document.id)) if one.state in editions.WENT_OUT]
    current = next((one for one in everything if one.number == document.edition), None)
    wanted = current if number is None else next((one for one in everything if one.number == number), None)
    if current is None or wanted is None:
        return None
    revision = chain.revision(session, document, wanted.revision_number)
    if revision is None:
        return None
    tiles = authors.spans_of(session, document, revision.number)
    names = writers(session, document, {one.author_id for one in tiles if one.origin == Kind.HUMAN.value})
    # Once one was public all are: whoever read the first may read what became of it.
    is_public = any(one.is_public(now) for one in everything)
    return Reading(document, page, wanted, revision, everything, names, shares(tiles), is_public)


def writers(session: Session, document: Document, ids: set[int | None]) -> list[str]:
    """The people whose words stand in the text; the editor first."""
    query = select(User.id, User.name).where(User.id.in_([one for one in ids if one is not None]))
    found = sorted(session.execute(query), key=lambda row: (row.id != document.editor_id, row.name))
    return [row.name for row in found]


def byline(names: list[str], share: dict[str, int]) -> str:
    """The line under the title."""
    if names:
        return f"By {', '.join(names)}" + (", from a machine draft" if share["machine"] else "")
    return "Written by a machine" if share["machine"] else ""


def source_type(share: dict[str, int]) -> str:
    if not share["machine"]:
        return _IPTC + "digitalCreation"
    return _IPTC + ("compositeWithTrainedAlgorithmicMedia" if share["human"] else "trainedAlgorithmicMedia")


def article(reading: Reading, url: str) -> dict[str, Any]:
    """schema.org's Article, for machines that read it."""
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": reading.revision.title,
        "url": url,
        "datePublished": moment(reading.first.live_at),
        "dateModified": moment(reading.edition.live_at),
        "author": [{"@type": "Person", "name": name} for name in reading.writers],
        "publisher": {"@type": "Organization", "name": reading.document.sponsor.organization},
        "digitalSourceType": reading.source_type,
        "correction": [
            {"@type": "CorrectionComment", "text": one.note, "datePublished": moment(one.live_at)}
            for one in reading.corrections
        ],
    }
    if reading.edition.answers_for_it is not None:
        found["editor"] = {"@type": "Person", "name": reading.edition.answers_for_it[0]}
    if reading.is_retracted:
        found["creativeWorkStatus"] = "Retracted"
    return found


def moment(value: dt.datetime) -> str:
    return value.isoformat(timespec="seconds")
