"""Is a record what the desk wrote? Checked from the file alone: no desk, no database, no configuration, no package.

This file needs nothing but Python's own library, so that it can be sent along with a record:
`python verification.py RECORD.json` does what `copydesk verify RECORD.json` does. The format is in `docs/record.md`.
"""

import datetime as dt
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 3
KNOWN = (2, FORMAT)  # 2 had no editions
PUBLISHED = ("published", "retracted")
ORIGINS = ("brief", "machine", "human", "tool")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_LATER = {"span": "span", "accepted_by": "accepted_by_id", "merged_from": "merged_from", "tool": "tool"}


class BrokenRecord(Exception):
    """The record is not what the desk wrote."""


@dataclass
class Report:
    """What was found. `broken`: the first link that does not hold, in words; None: the record is whole."""

    file: str
    document: str | None = None
    title: str | None = None
    broken: str | None = None
    part: str | None = None  # which part of the record that is in
    checked: list[str] = field(default_factory=list)
    sha256: str | None = None

    @property
    def holds(self) -> bool:
        return self.broken is None

    def to_dict(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "holds": self.holds,
            "part": self.part,
            "broken": self.broken,
            "checked": self.checked,
            "document": self.document,
            "title": self.title,
            "sha256": self.sha256,
        }

    def in_words(self) -> str:
        if self.broken is not None:
            return f"{self.file}: broken.\n{self.broken}"
        checked = "".join(f"\n  {line}" for line in self.checked)
        return f"{self.file}: whole. “{self.title}”{checked}\nIts fingerprint is {self.sha256}."


def canonical(value: object) -> bytes:
    """What hashes are taken of: JSON with sorted keys, no white space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256_of(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def verify(raw: bytes, name: str = "record") -> Report:
    """Check a record from its bytes; the first link that does not hold ends it."""
    report = Report(name)
    part = "file"
    try:
        record = parse(raw)
        report.document, report.title = _text_of(record.get("document")), _text_of(record.get("title"))
        for name_of_part, check in CHECKS:
            part = name_of_part
            report.checked.append(check(record))
    except BrokenRecord as error:
        report.part, report.broken = part, str(error)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else "something has the wrong form"
        report.part, report.broken = part, f"{part.capitalize()}: {what}."
    else:
        report.sha256 = record["sha256"]
    return report


def parse(raw: bytes) -> dict[str, Any]:
    """The record as values, each written in the only way that the desk writes it.

    Two spellings of one value would leave a byte that could be changed unseen: `1e2` for `100.0`, a key that is there
    twice, an escape in other letters.

    Raises:
        BrokenRecord: it is no record.
    """
    try:
        text = raw.decode("utf-8")
        record = json.loads(
            text, object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_no_constant
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BrokenRecord("The file is not JSON in UTF-8, so nothing in it can be checked.") from error
    if any(found[1] and found[1] != found[1].lower() for found in _ESCAPE.finditer(text)):
        raise BrokenRecord("The file spells a character in a way that the desk does not.")
    if not isinstance(record, dict) or not isinstance(record.get("revisions"), list):
        raise BrokenRecord("The file is JSON, but it is not the record of a document.")
    if record.get("format") not in KNOWN or isinstance(record["format"], bool | float):
        known = " and ".join(map(str, KNOWN))
        raise BrokenRecord(f"The record’s format is {record.get('format')!r}; this program knows {known}.")
    return record


def check_revisions(record: Mapping[str, Any]) -> str:
    """Every version's hash, and that it names the hash of the one before."""
    parent: str | None = None
    for expected, one in enumerate(record["revisions"], start=1):
        what = f"Version {expected}"
        if one["number"] != expected:
            raise BrokenRecord(f"{what} is missing: the next one there is {one['number']}.")
        if one["parent_sha256"] != parent:
            raise BrokenRecord(f"{what} does not follow the version before it: it names another one’s fingerprint.")
        if sha256_of(revision_fields(record["document"], one)) != one["sha256"]:
            raise BrokenRecord(f"{what} is not what was saved: its words or its facts do not fit its fingerprint.")
        _known_people(record, what, (one["author_id"], one["accepted_by_id"]))
        parent = one["sha256"]
    return f"{_count(record['revisions'], 'version')}, each chained to the one before"


def revision_fields(document: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a revision's hash is taken of."""
    fields = {name: one[name] for name in ("number", "kind", "title", "body", "autodoc", "round", "created_at")}
    fields |= {"document": document, "author": one["author_id"], "parent": one["parent_sha256"]}
    return fields | {name: one[key] for name, key in _LATER.items() if one[key] is not None}


def check_places(record: Mapping[str, Any]) -> str:
    """A version that changed one place changed nothing else; what the machine wrote is what its draft says."""
    drafts = {one["autodoc"]: one for one in record["drafts"]}
    before, compared = "", 0
    for one in record["revisions"]:
        if one["kind"] == "brief":
            continue
        words = _new_words(one, before)
        if one["autodoc"] is not None:
            if one["autodoc"] not in drafts:
                raise BrokenRecord(f"Version {one['number']} is the machine’s, but its draft is missing.")
            if drafts[one["autodoc"]]["text"] != words:
                number = drafts[one["autodoc"]]["number"]
                raise BrokenRecord(f"Version {one['number']} does not hold the words of draft {number}.")
            compared += 1
        before = one["body"]
    if record["text"] != before:
        raise BrokenRecord("The text is not that of the newest version.")
    return f"{compared} of them by the machine, the same as {'its draft' if compared == 1 else 'their drafts'}"


def check_spans(record: Mapping[str, Any]) -> str:
    """Who wrote what leaves out no character and counts none twice."""
    text, at = record["text"], 0
    drafts = {one["autodoc"] for one in record["drafts"]}
    for one in record["spans"]:
        here = f"The words from character {one['start']} on"
        if one["start"] != at or one["end"] <= at:
            raise BrokenRecord(f"Who wrote what does not fit the text: character {at} has no author, or two.")
        if one["origin"] not in ORIGINS:
            raise BrokenRecord(f"{here} have no known origin.")
        if not 1 <= one["revision"] <= len(record["revisions"]):
            raise BrokenRecord(f"{here} come from version {one['revision']}, which is not there.")
        if one["draft"] is not None and one["draft"] not in drafts:
            raise BrokenRecord(f"{here} come from a draft that is not there.")
        if (one["origin"] == "human") != (one["author_id"] is not None) and one["origin"] in ("human", "machine"):
            raise BrokenRecord(f"{here} have no author, or one too many.")
        _known_people(record, here, (one["author_id"],))
        at = one["end"]
    if at != len(text):
        raise BrokenRecord(f"Who wrote what does not fit the text: it ends at character {at} of {len(text)}.")
    return f"{len(text):,} characters, each with its author"


def check_drafts(record: Mapping[str, Any]) -> str:
    """Drafts are there once each, and say which version they became as the versions do."""
    became = {one["autodoc"]: one["number"] for one in record["revisions"] if one["autodoc"] is not None}
    for expected, one in enumerate(record["drafts"], start=1):
        if one["number"] != expected:
            raise BrokenRecord(f"Draft {expected} is missing.")
        if one["revision"] != became.get(one["autodoc"]):
            raise BrokenRecord(f"Draft {expected} says that it became another version than it did.")
        _known_people(record, f"Draft {expected}", (one["requested_by"],))
    return _count(record["drafts"], "draft")


def check_reviews(record: Mapping[str, Any]) -> str:
    """A review's fingerprint is that of the words at its place."""
    bodies = {one["number"]: one["body"] for one in record["revisions"]}
    for number, one in enumerate(record["reviews"], start=1):
        words = " ".join(bodies[one["revision"]][one["start"] : one["end"]].split())
        if hashlib.sha256(words.encode()).hexdigest() != one["text_sha256"]:
            raise BrokenRecord(f"Review {number} is of other words than those at its place.")
        _known_people(record, f"Review {number}", (one["reviewer"], one["taken_back_by"]))
    for number, one in enumerate(record.get("waivers", ()), start=1):
        _known_people(record, f"Waiver {number}", (one["person"], one["taken_back_by"]))
    for number, one in enumerate(record.get("comments", ()), start=1):
        if one["base"] is not None and bodies[one["base"]][one["start"] : one["end"]] != one["quote"]:
            raise BrokenRecord(f"Comment {number} is about other words than those at its place.")
        _known_people(record, f"Comment {number}", (one["resolved_by"], *(said["author"] for said in one["said"])))
    return _count(record["reviews"], "review")


def check_decisions(record: Mapping[str, Any]) -> str:
    """A decision is about the words at its places, and a statement is of the version that it names."""
    versions = {one["number"]: one for one in record["revisions"]}
    fields = {"title": "title", "text": "body"}
    decisions, statements = record.get("decisions", ()), record.get("statements", ())
    for number, one in enumerate(decisions, start=1):
        words = [
            versions[one[which]][fields[one["part"]]][slice(*one[place])]
            for which, place in (("base", "old"), ("revision", "new"))
        ]
        if words != [one["before"], one["after"]]:
            raise BrokenRecord(f"Decision {number} is about other words than those at its place.")
        if one["verdict"] == "refused" and not one["reason"]:
            raise BrokenRecord(f"Decision {number} refuses a change without a reason.")
        _known_people(record, f"Decision {number}", (one["person"], one["answered_by"]))
    for number, one in enumerate(statements, start=1):
        if versions[one["revision"]]["sha256"] != one["sha256"]:
            raise BrokenRecord(f"Statement {number} is of another text than version {one['revision']}.")
        if not one["wording"] or not one["responsible"]["name"]:
            raise BrokenRecord(f"Statement {number} does not say what was stated, or who is responsible.")
        _known_people(record, f"Statement {number}", (one["signer"], one["responsible"]["person"]))
    return f"{_count(decisions, 'decision')}, {_count(statements, 'statement')}"


def check_events(record: Mapping[str, Any]) -> str:
    """Every event's hash, and that it names the hash of the one before."""
    previous: str | None = None
    for number, one in enumerate(record["events"], start=1):
        if one["previous"] != previous:
            raise BrokenRecord(f"Event {number} ({one['action']}) does not follow the one before it.")
        if sha256_of({name: value for name, value in one.items() if name != "sha256"}) != one["sha256"]:
            raise BrokenRecord(f"Event {number} ({one['action']}) does not fit its fingerprint.")
        _known_people(record, f"Event {number}", (one["actor"],))
        previous = one["sha256"]
    return f"{_count(record['events'], 'event')}, each chained to the one before"


def check_editions(record: Mapping[str, Any]) -> str:
    """Each is the version that it says, and readers have the one that is the text."""
    editions = record["editions"] if record["format"] > 2 else []
    versions = {one["number"]: one for one in record["revisions"]}
    for expected, one in enumerate(editions, start=1):
        what = f"Edition {expected}"
        if one["number"] != expected:
            raise BrokenRecord(f"{what} is missing.")
        if versions[one["revision"]]["sha256"] != one["sha256"]:
            raise BrokenRecord(f"{what} is of another text than version {one['revision']}.")
        if one["responsible"] is None and one["emergency"] is None:
            raise BrokenRecord(f"{what} has nobody who is responsible for it.")
        stated = {statement["id"]: statement["sha256"] for statement in record.get("statements", ())}
        if one.get("statement") is not None and stated.get(one["statement"]) != one["sha256"]:
            raise BrokenRecord(f"{what} has a statement about another text.")
        _known_people(record, what, (one["editor"], one["responsible"], one["confirmed_by"], one["published_by"]))
    if record["state"] in PUBLISHED:
        current = _current(editions)
        if current is None:
            raise BrokenRecord("The text is said to be published, but no edition is there.")
        if versions[current["revision"]]["body"] != record["text"]:
            raise BrokenRecord("What readers have is another text than the newest version.")
    return _count(editions, "edition")


def check_signature(record: Mapping[str, Any]) -> str:
    """The signature is of the text as it stands."""
    signed = record["signed_sha256"]
    texts = [one for one in record["revisions"] if one["kind"] != "brief"]
    if signed is None:
        current = _current(record["editions"]) if record["state"] in PUBLISHED else None
        if record["state"] == "approved" or (current is not None and current["emergency"] is None):
            raise BrokenRecord("The text is said to be approved, but nobody signed it.")
        return "not signed"
    # An edition that was kept, after the next was given up, has the signature of its own version.
    right = _current(record["editions"]) if record["state"] in PUBLISHED else texts[-1] if texts else None
    if right is None or right["sha256"] != signed:
        raise BrokenRecord("The signature is of another text than the newest version.")
    _known_people(record, "The signature", (record["signed_by"],))
    stated = [(one["sha256"], one["signer"]) for one in record.get("statements", ())]
    if "statements" in record and (signed, record["signed_by"]) not in stated:
        raise BrokenRecord("Nothing was stated with the signature.")
    moment = dt.datetime.fromisoformat(record["signed_at"])
    return f"signed on {moment.day} {moment:%B %Y} by {record['people'][str(record['signed_by'])]['name']}"


def check_whole(record: Mapping[str, Any]) -> str:
    """The fingerprint of all of it."""
    if sha256_of({name: value for name, value in record.items() if name != "sha256"}) != record["sha256"]:
        raise BrokenRecord("Every link holds by itself, but the record as a whole does not fit its fingerprint.")
    return "the whole record fits its fingerprint"


CHECKS: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("versions", check_revisions),
    ("drafts", check_drafts),
    ("text", check_places),
    ("authors", check_spans),
    ("reviews", check_reviews),
    ("events", check_events),
    ("editions", check_editions),
    ("signature", check_signature),
    ("sign-off", check_decisions),
    ("whole", check_whole),
)


def _new_words(one: Mapping[str, Any], before: str) -> str:
    """What this version brought: all of it, or what stands at its one place."""
    if one["span"] is None:
        return str(one["body"])
    start, end = one["span"]
    body, stop = one["body"], len(one["body"]) - (len(before) - end)
    fits = 0 <= start <= end <= len(before) and start <= stop
    if not fits or body[:start] != before[:start] or body[stop:] != before[end:]:
        raise BrokenRecord(f"Version {one['number']} changed more than the place that it says it changed.")
    return str(body[start:stop])


def _current(editions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The one that readers have, or had before it was retracted."""
    return next((one for one in editions if one["state"] in ("live", "retracted")), None)


def _known_people(record: Mapping[str, Any], what: str, ids: Sequence[int | None]) -> None:
    for one in ids:
        if one is not None and str(one) not in record["people"]:
            raise BrokenRecord(f"{what}: person {one} is not among the record’s people.")


def _count(things: Sequence[object], word: str) -> str:
    return f"{len(things):,} {word}{'' if len(things) == 1 else 's'}"


def _text_of(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BrokenRecord("The file says something twice, so that it is not clear what holds.")
    return made


def _float(written: str) -> float:
    value = float(written)
    if repr(value) != written:
        raise BrokenRecord(f"The file writes the number {written[:40]} in a way that the desk does not.")
    return value


def _int(written: str) -> int:
    if len(written) > 40 or str(value := int(written)) != written:
        raise BrokenRecord(f"The file writes the number {written[:40]} in a way that the desk does not.")
    return value


def _no_constant(written: str) -> None:
    raise BrokenRecord(f"The file holds {written}, which is no number.")


def main(arguments: Sequence[str]) -> int:
    """`verification.py [--json] RECORD.json …`; returns 0 when all of them are whole."""
    files = [one for one in arguments if one != "--json"]
    reports = [verify(Path(name).read_bytes(), name) for name in files]
    for line in shown(reports, as_json="--json" in arguments):
        sys.stdout.write(line + "\n")
    return 0 if files and all(one.holds for one in reports) else 1


def shown(reports: Sequence[Report], *, as_json: bool) -> Iterator[str]:
    """What the command prints."""
    if as_json:
        several = [one.to_dict() for one in reports]
        yield json.dumps(several[0] if len(several) == 1 else several, indent=2, ensure_ascii=False)
    else:
        yield from (one.in_words() for one in reports)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
