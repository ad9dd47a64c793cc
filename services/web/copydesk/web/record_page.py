"""A record as a page: the same file that a program reads, in words. Works for documents that are deleted, too."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.documents import exporting
from copydesk.documents.authorship import Span
from copydesk.documents.figures.effort import Figures
from copydesk.documents.paragraphs import ParagraphState
from copydesk.documents.records import verification
from copydesk.documents.shares import shares
from copydesk.documents.signoff import decisions
from copydesk.documents.text import count_words
from copydesk.documents.workflow import TRANSITIONS, Act
from copydesk.web.documents import page_data

SAYS = {f"document.{act.value.replace(' ', '_')}": TRANSITIONS[act].says for act in Act} | exporting.SAYS
KINDS = {"whole": "Draft", "span": "Candidate", "continuation": "Continuation"}
STATES = {
    "queued": "waits for its turn",
    "writing": "is being written",
    "failed": "could not be written",
    "cancelled": "was stopped",
}
SAYS_OF_STATES = {
    ParagraphState.UNREAD: "untouched",
    ParagraphState.REVIEWED: "reviewed unchanged",
    ParagraphState.ENDORSED: "picked by a person",
    ParagraphState.CHANGED: "in paragraphs that a person changed",
}
OPENING = 90  # characters of a paragraph that a review is told by


@dataclass(frozen=True)
class Hand:
    """Someone, or something, that wrote part of the text."""

    name: str
    origin: str
    characters: int
    percent: int


@dataclass(frozen=True)
class Version:
    number: int
    words: str
    at: dt.datetime
    sha256: str


@dataclass(frozen=True)
class DraftLine:
    """A draft of the machine's: with what it was written and what became of it."""

    number: int
    name: str
    model: str
    model_sha256: str | None
    seed: int
    became: str
    replay: str


@dataclass(frozen=True)
class ReviewLine:
    number: int
    reviewer: str
    at: dt.datetime
    opening: str
    reason: str
    taken_back_by: str | None
    taken_back_at: dt.datetime | None


@dataclass(frozen=True)
class SuggestionLine:
    number: int
    author: str
    before: str
    after: str
    decided: str


@dataclass(frozen=True)
class StatementLine:
    """What was stated with a signature."""

    signer: str
    revision: int
    at: dt.datetime
    by_link: bool
    in_force: bool
    lines: Sequence[str]
    responsible: str
    examined: str


def record_page(raw: bytes) -> dict[str, Any]:
    """Everything `documents/record.html` needs but the document."""
    record = json.loads(raw)
    tiles = [
        Span(one["start"], one["end"], one["origin"], one["author_id"], one["revision"]) for one in record["spans"]
    ]
    names = {number: one["name"] for number, one in record["people"].items()}
    effort = record["figures"]["effort"]
    return {
        "record": record,
        "report": verification.verify(raw),
        "created_at": _moment(record["created_at"]),
        "signed_at": _moment(record["signed_at"]),
        "names": names,
        "words": count_words(record["text"]),
        "spans": _readable(record),
        "shares": shares(tiles),
        "hands": _hands(record),
        "machine_states": _machine_states(record),
        "versions": [_version(one, record, names) for one in reversed(record["revisions"])],
        "drafts": [_draft(one) for one in reversed(record["drafts"])],
        "reviews": [_review(number, one, record, names) for number, one in enumerate(record["reviews"], start=1)],
        "statements": [_statement(one, record, names) for one in reversed(record.get("statements", []))],
        "decisions": _decisions(record, names),
        "suggestions": [_suggestion(one, record, names) for one in record["suggestions"]],
        "events": [_event(one, names) for one in reversed(record["events"])],
        "effort": Figures(**effort) if effort else None,
        "minutes": [(names[str(one["person"])], one["minutes"]) for one in record["figures"]["minutes"]],
    }


def _readable(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    text = record["text"]
    return [
        {"origin": one["origin"], "author": one["author"] or "", "text": text[one["start"] : one["end"]]}
        for one in record["spans"]
    ]


def _hands(record: Mapping[str, Any]) -> list[Hand]:
    """Whoever wrote most first."""
    models = {one["autodoc"]: (one["model"], one["number"]) for one in record["drafts"]}
    lengths: Counter[tuple[str, str]] = Counter()
    for one in record["spans"]:
        lengths[one["origin"], _hand(one, models)] += one["end"] - one["start"]
    total = sum(lengths.values())
    return [Hand(name, origin, size, round(100 * size / total)) for (origin, name), size in lengths.most_common()]


def _machine_states(record: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What became of the machine's characters, in percent of them, the most first."""
    lengths: Counter[str] = Counter()
    for one in record["spans"]:
        if one["state"] is not None:
            lengths[SAYS_OF_STATES[ParagraphState(one["state"])]] += one["end"] - one["start"]
    total = sum(lengths.values())
    return [(words, round(100 * size / total)) for words, size in lengths.most_common()]


def _hand(one: Mapping[str, Any], models: Mapping[int, tuple[str, int]]) -> str:
    if one["origin"] == "brief":
        return "The brief"
    if one["origin"] == "tool":
        return "A tool"
    if one["origin"] == "human":
        return str(one["author"])
    model, number = models.get(one["draft"], ("", 0))
    return f"The machine, {model}, draft {number}" if model else "The machine"


def _version(one: Mapping[str, Any], record: Mapping[str, Any], names: Mapping[str, str]) -> Version:
    return Version(one["number"], _version_words(one, record, names), _known(one["created_at"]), one["sha256"])


def _version_words(one: Mapping[str, Any], record: Mapping[str, Any], names: Mapping[str, str]) -> str:
    author = one["author"]
    if one["kind"] == "brief":
        return f"The brief, by {author}"
    if one["kind"] == "machine":
        number = next((draft["number"] for draft in record["drafts"] if draft["autodoc"] == one["autodoc"]), 0)
        return f"Words for a passage, candidate {number}" if one["span"] else f"Draft {number} by the machine"
    if one["kind"] == "tool":
        return f"Tidied by a tool ({one['tool']}), let by {author}"
    if one["accepted_by_id"] is not None:
        return f"Proposed by {author}, accepted by {names[str(one['accepted_by_id'])]}"
    merged = f", merged with version {one['merged_from']}" if one["merged_from"] else ""
    return f"Edited by {author}{merged}"


def _draft(one: Mapping[str, Any]) -> DraftLine:
    if one["revision"] is not None:
        became = f"became version {one['revision']}"
    elif one["state"] == "done":
        became = "was written and not chosen" if one["kind"] == "whole" else "was written"
    else:
        became = STATES.get(one["state"], one["state"])
    return DraftLine(
        number=one["number"],
        name=f"{KINDS.get(one['kind'], 'Draft')} {one['number']}",
        model=one["model"],
        model_sha256=one["model_sha256"],
        seed=one["seed"],
        became=became,
        replay=_replay(one["replays"]),
    )


def _replay(replays: Sequence[Mapping[str, Any]]) -> str:
    """How the last replay that came to an end went."""
    done = [one for one in replays if one["identical"] is not None]
    if not done:
        return "not replayed"
    last = done[-1]
    return "the same, letter by letter" if last["identical"] else f"differs at character {last['first_difference']:,}"


def _review(number: int, one: Mapping[str, Any], record: Mapping[str, Any], names: Mapping[str, str]) -> ReviewLine:
    words = record["revisions"][one["revision"] - 1]["body"][one["start"] : one["end"]]
    return ReviewLine(
        number=number,
        reviewer=names[str(one["reviewer"])],
        at=_known(one["at"]),
        opening=words if len(words) <= OPENING else words[:OPENING].rsplit(" ", 1)[0] + " …",
        reason=one["reason"],
        taken_back_by=names.get(str(one["taken_back_by"])),
        taken_back_at=_moment(one["taken_back_at"]),
    )


def _suggestion(one: Mapping[str, Any], record: Mapping[str, Any], names: Mapping[str, str]) -> SuggestionLine:
    body = record["revisions"][one["base"] - 1]["body"]
    decided = one["state"]
    if one["decided_by"] is not None:
        decided = f"{one['state']} by {names[str(one['decided_by'])]}"
    return SuggestionLine(
        one["number"], names[str(one["author"])], body[one["start"] : one["end"]], one["replacement"], decided
    )


def _statement(one: Mapping[str, Any], record: Mapping[str, Any], names: Mapping[str, str]) -> StatementLine:
    responsible = one["responsible"]
    return StatementLine(
        signer=names[str(one["signer"])],
        revision=one["revision"],
        at=_known(one["at"]),
        by_link=one["by_link"],
        in_force=(record["signed_sha256"], record["signed_by"]) == (one["sha256"], one["signer"]),
        lines=one["wording"].split("\n"),
        responsible=", ".join(filter(None, (responsible["name"], responsible["role"]))),
        examined=one["examined"],
    )


def _decisions(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = record.get("decisions", [])
    refused = [
        {
            "words": decisions.quoted(one["before"], one["after"]),
            "person": names[str(one["person"])],
            "revision": one["revision"],
            "reason": one["reason"],
            "answer": _answered(one, names),
        }
        for one in found
        if one["verdict"] == "refused"
    ]
    return {"accepted": len(found) - len(refused), "refused": refused} if found else {}


def _answered(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if one["answer"] is None:
        return ""
    said = "done" if one["answer"] == "done" else f"it stays, because {one['answer_reason']}"
    return f"{names[str(one['answered_by'])]}: {said}"


def _event(one: Mapping[str, Any], names: Mapping[str, str]) -> page_data.TimelineEntry:
    return page_data.TimelineEntry(
        who=names[str(one["actor"])] if one["actor"] is not None else "The machine",
        what=SAYS.get(one["action"], one["action"]),
        at=_known(one["at"]),
        comment=one["note"],
    )


def _moment(value: str | None) -> dt.datetime | None:
    return None if value is None else dt.datetime.fromisoformat(value)


def _known(value: str) -> dt.datetime:
    return dt.datetime.fromisoformat(value)
