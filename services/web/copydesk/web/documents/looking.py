"""Where to look first: words that the model doubted and that still stand, and claims that the brief does not support.

The page of a document does not wait for it: it is asked for when somebody wants to see it.
"""

import math
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import load_only

from copydesk.accounts.models import Role
from copydesk.autodocs import authors
from copydesk.autodocs.models import Autodoc
from copydesk.documents import chain, claims, revising
from copydesk.documents.authorship import Span
from copydesk.documents.claims import Claim
from copydesk.documents.errors import InvalidInput
from copydesk.documents.models import Document, Revision
from copydesk.documents.textdiff import difference
from copydesk.web.documents import certainty
from copydesk.web.documents.routes import blueprint, config, load
from copydesk.web.extensions import db
from copydesk.web.guards import approved
from copydesk.web.json_bodies import Message, read

_WORD = re.compile(r"\w+(?:[’'\-]\w+)*")
# Which share of the machine's words is doubted so deeply at most, and how unlikely such a word must have been.
DOUBTED = ((0.04, 0.02, 3), (0.1, 0.08, 2), (0.2, 0.2, 1))
LEVELS = ("", "a little unsure", "unsure", "very unsure")
KINDS = {"name": "Name", "number": "Number", "date": "Date", "quote": "Quote"}


@dataclass(frozen=True)
class Doubt:
    """Words at characters `start` to `end` (exclusive) that the model was unsure of: 1 a little, 3 very."""

    start: int
    end: int
    level: int


@dataclass(frozen=True)
class Marked:
    """A piece of the text as the page without script shows it; `place`: which place to look at begins here."""

    text: str
    level: int
    claim: str
    place: int


@dataclass(frozen=True)
class Listed:
    """A claim as the list shows it, with how often the same words stand in the text."""

    words: str
    kind: str
    place: int
    times: int


class Unsaved(Message):
    """The text as it stands in somebody's window."""

    text: str


@blueprint.get("/<uuid:document_id>/looking")
@approved()
def looking(document_id: uuid.UUID) -> ResponseReturnValue:
    """The stored text with its places marked, and a list of them: for readers, and without script."""
    document = load(document_id)
    head = revising.head_text(db.session(), document)
    doubts, found = places(document, head)
    return render_template(
        "documents/looking.html",
        document=document,
        head=head,
        pieces=list(_pieces(head.body if head else "", doubts, found)),
        listed=_listed(found),
        doubted=[sum(one.level == level for one in doubts) for level in (1, 2, 3)],
        levels=LEVELS,
        kinds=KINDS,
    )


@blueprint.get("/<uuid:document_id>/looking.json")
@approved()
def looking_data(document_id: uuid.UUID) -> ResponseReturnValue:
    document = load(document_id)
    head = revising.head_text(db.session(), document)
    return _answer(document, *places(document, head))


@blueprint.post("/<uuid:document_id>/looking.json")
@approved(Role.EDITOR)
def looking_at_unsaved(document_id: uuid.UUID) -> ResponseReturnValue:
    """The same for words that are not saved; nothing of them is kept."""
    document, text = load(document_id), read(Unsaved).text
    if len(text) > config().text_max_chars:
        raise InvalidInput("body", "The text is too long to be looked through.")
    head = revising.head_text(db.session(), document)
    return _answer(document, *places(document, head, text))


def places(document: Document, head: Revision | None, text: str | None = None) -> tuple[list[Doubt], list[Claim]]:
    """Doubts and claims of the stored text, or of the one it has become in somebody's window."""
    if head is None:
        return [], []
    spans = authors.spans(db.session(), document)
    doubts = _doubts(head.body, spans, _drafts(document, spans))
    if text is not None and text != head.body:
        doubts = list(_carried(doubts, head.body, text))
    return doubts, claims.find(head.body if text is None else text, _brief(document))


def _answer(document: Document, doubts: Iterable[Doubt], found: Iterable[Claim]) -> dict[str, Any]:
    return {
        "head": document.text_number,
        "doubt": [{"start": one.start, "end": one.end, "level": one.level} for one in doubts],
        "claims": [{"start": one.start, "end": one.end, "kind": one.kind, "words": one.words} for one in found],
    }


def _brief(document: Document) -> str:
    """What the sponsor asked for, with the title they gave it: the editor's own title supports nothing."""
    asked = chain.revision(db.session(), document, chain.brief_number(db.session(), document))
    return f"{asked.title}\n\n{asked.body}" if asked else document.brief


def _drafts(document: Document, spans: Sequence[Span]) -> dict[int, Autodoc]:
    """The drafts that words of the text came from, by id; another document's are never among them."""
    ids = {one.autodoc_id for one in spans if one.origin == "machine" and one.autodoc_id is not None}
    light = load_only(Autodoc.text, Autodoc.output_tokens, Autodoc.token_logprobs, Autodoc.model)
    query = select(Autodoc).where(Autodoc.document_id == document.id, Autodoc.id.in_(ids)).options(light)
    return {one.id: one for one in db.session.scalars(query)} if ids else {}


def _doubts(text: str, spans: Sequence[Span], drafts: dict[int, Autodoc]) -> list[Doubt]:
    """What the model doubted of the words that still stand as it wrote them.

    Good prose is full of words that nobody could foresee: doubts are those that were among the least likely of all.
    """
    known = {number: certainty.logprobs(*_written(draft)) for number, draft in drafts.items()}
    words: list[tuple[int, int, float]] = []
    for span in spans:
        draft, size = drafts.get(span.autodoc_id or 0), span.end - span.start
        if draft is None or span.at is None or draft.text[span.at : span.at + size] != text[span.start : span.end]:
            continue
        if values := known[draft.id][span.at : span.at + size]:
            for match in _WORD.finditer(text, span.start, span.end):
                inside = slice(match.start() - span.start, match.end() - span.start)
                words.append((*match.span(), min(values[inside])))
    return _joined(text, words, _limits([value for _, _, value in words]))


def _written(draft: Autodoc) -> tuple[str, Sequence[int], bytes | None, str]:
    return draft.text, draft.output_tokens or [], draft.token_logprobs, draft.model


def _limits(values: Sequence[float]) -> list[tuple[float, int]]:
    """Below which log-probability a word has which level, the deepest first."""
    ranked = sorted(values)
    found = []
    for share, probability, level in DOUBTED:
        rank = math.ceil(share * len(ranked)) - 1
        found.append((min(ranked[rank], math.log(probability)) if ranked else -math.inf, level))
    return found


def _joined(text: str, words: Sequence[tuple[int, int, float]], limits: Sequence[tuple[float, int]]) -> list[Doubt]:
    """Neighbours of one level are one place."""
    found: list[Doubt] = []
    for start, end, value in words:
        level = next((level for limit, level in limits if value <= limit), 0)
        if not level:
            continue
        last = found[-1] if found else None
        if last and last.level == level and text[last.end : start] == " ":
            found[-1] = replace(last, end=end)
        else:
            found.append(Doubt(start, end, level))
    return found


def _carried(doubts: Iterable[Doubt], before: str, after: str) -> Iterator[Doubt]:
    """The doubts where they stand now; those whose words were changed are settled."""
    found = difference.changes_with_moves(before, after)
    came = {one.move: one.j1 for one in found if one.op == "moved_here"}
    stays = [(one.i1, one.i2, came.get(one.move, one.j1)) for one in found if one.op in ("same", "moved_away")]
    at = 0
    for doubt in doubts:
        while at < len(stays) and stays[at][1] < doubt.end:
            at += 1
        if at < len(stays) and stays[at][0] <= doubt.start:
            shift = stays[at][2] - stays[at][0]
            yield Doubt(doubt.start + shift, doubt.end + shift, doubt.level)


def _pieces(text: str, doubts: Sequence[Doubt], found: Sequence[Claim]) -> Iterator[Marked]:
    """The text in pieces that tile it; a claim is one place, whatever the model thought of its words."""
    levels = [0] * len(text)
    for doubt in doubts:
        levels[doubt.start : doubt.end] = [doubt.level] * (doubt.end - doubt.start)
    at = 0
    for number, claim in enumerate(found, start=1):
        yield from _tinted(text, levels, at, claim.start)
        words = slice(claim.start, claim.end)
        yield Marked(text[words], max(levels[words]), claim.kind, number)
        at = claim.end
    yield from _tinted(text, levels, at, len(text))


def _tinted(text: str, levels: Sequence[int], start: int, end: int) -> Iterator[Marked]:
    for level, run in groupby(range(start, end), key=lambda at: levels[at]):
        places_ = list(run)
        yield Marked(text[places_[0] : places_[-1] + 1], level, "", 0)


def _listed(found: Sequence[Claim]) -> list[Listed]:
    """Each claim once, in the order of the text."""
    first: dict[tuple[str, str], int] = {}
    times: dict[tuple[str, str], int] = {}
    for number, one in enumerate(found, start=1):
        key = (one.kind, one.words.casefold())
        first.setdefault(key, number)
        times[key] = times.get(key, 0) + 1
    return [Listed(found[place - 1].words, key[0], place, times[key]) for key, place in first.items()]
