"""How often the author of a character is mistaken: on 145 logged histories, on others like them, and how fast it is."""

import datetime as dt
import difflib
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.histories import START, History, Labels, as_the_desk_counts, logged, made
from copydesk.documents import authorship
from copydesk.documents.authorship import Source
from copydesk.documents.models import Kind, Revision
from copydesk.documents.textdiff import difference

Method = Callable[[History], list[Labels]]

WORDS, REVISIONS = 5_000, 50
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def run(data: Path, *, quick: bool = False) -> dict[str, Any]:
    """Accuracy of Copydesk and of `difflib` on the same histories in the same run, and Copydesk's speed."""
    histories = logged(data / "coauthor" / "histories.jsonl")[: 20 if quick else None]
    sets = {
        "logged, developed on": histories[::2],
        "logged, held out": histories[1::2],
        "logged, all": histories,
        "made": made(data / "corpus", 6 if quick else 60),
    }
    accuracy: dict[str, Any] = {}
    for method, read in _methods().items():
        found = {id(one): read(one) for each in (histories, sets["made"]) for one in each}
        accuracy[method] = {name: _wrong(each, found) for name, each in sets.items()}
        accuracy[method] |= {
            f"{name}, by the desk's rule": _wrong(each, found, _by_the_rule)
            for name, each in sets.items()
            if name != "made"
        }
    return {"accuracy": accuracy, "speed": speed(data / "corpus")}


def rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One for a method and a set of histories, for the terminal."""
    return [
        {"method": method, "histories": name}
        | {key.replace("_percent", " %").replace("_", " "): value for key, value in each.items()}
        for method, sets in found["accuracy"].items()
        for name, each in sets.items()
    ]


def speed(corpus: Path) -> dict[str, Any]:
    """Milliseconds of processor time for 5,000 words and 50 revisions: from nothing, one more, and unpacked."""
    revisions, sources = _long_history(corpus)
    began = time.process_time()
    history = authorship.History(sources)
    known = {}
    for revision in revisions:
        history.add(revision)
        known[revision.number] = history.spans
    cold = time.process_time() - began
    began = time.process_time()
    again = authorship.History(sources)
    for revision in revisions:
        again.add(revision, known[revision.number] if revision is not revisions[-1] else None)
    one_more = time.process_time() - began
    packed = authorship.pack(history.spans)
    began = time.process_time()
    unpacked = authorship.unpack(packed)
    kept = time.process_time() - began
    if not again.spans == unpacked == history.spans:
        raise RuntimeError("computed again, the authors are others")
    seconds = {"cold_ms": cold, "one_more_ms": one_more, "kept_ms": kept}
    return {name: round(1000 * one, 1) for name, one in seconds.items()} | {
        "spans": len(unpacked),
        "bytes": len(packed),
    }


def _methods() -> dict[str, Method]:
    return {
        "Copydesk, revisions alone": lambda history: _copydesk(history, with_drafts=False),
        "Copydesk, with the machine's drafts": lambda history: _copydesk(history, with_drafts=True),
        "difference alone": lambda history: _by_difference(history, _copydesks_changes),
        "difflib, words": lambda history: _by_difference(history, lambda *texts: _difflib(*texts, by=_TOKEN.findall)),
        "difflib, characters": lambda history: _by_difference(history, lambda *texts: _difflib(*texts, by=list)),
    }


def _copydesk(history: History, *, with_drafts: bool) -> list[Labels]:
    """As the desk would have recorded it: a machine's revision has its place, and its words are kept as a draft."""
    revisions, drafts = _recorded(history)
    read = authorship.History([*_taken(history), *(drafts if with_drafts else ())])
    labels: list[Labels] = []
    for revision in revisions:
        read.add(revision)
        if revision.kind is not Kind.BRIEF:
            labels.append([span.origin for span in read.spans for _ in range(span.end - span.start)])  # type: ignore[misc]  # no tools here
    return labels


def _recorded(history: History) -> tuple[list[Revision], list[Source]]:
    """Where a history begins with the brief as the text, a person put it there."""
    revisions: list[Revision] = []
    drafts: list[Source] = []
    before = ""
    for number, step in enumerate(history.steps):
        if step.kind == "brief":
            revisions.append(_revision(number, Kind.BRIEF, step.text))
        revisions.append(_revision(number, Kind.HUMAN if step.kind == "brief" else Kind(step.kind), step.text))
        if step.kind == "machine":
            start, end = step.span or _place(before, step.text)
            revisions[-1].span_start, revisions[-1].span_end = start, end
            words = step.text[start : len(step.text) - (len(before) - end)]
            drafts.append(Source("machine", words, number, _when(number)))
        before = step.text
    return revisions, drafts


def _taken(history: History) -> list[Source]:
    """Drafts that people took words of, and which of them they were seen accepting."""
    return [
        Source("machine", words, 1_000 + number, _when(step) - dt.timedelta(seconds=1), certain=certain)
        for number, (step, words, accepted) in enumerate(history.drafts)
        for certain in ((False, True) if accepted else (False,))
    ]


def _place(before: str, after: str) -> tuple[int, int]:
    """What a machine's revision of a log replaced, where no more than the two texts is known."""
    changed = [one for one in difference.changes(before, after) if one.op != "same"]
    return (changed[0].i1, changed[-1].i2) if changed else (0, 0)


def _revision(number: int, kind: Kind, body: str) -> Revision:
    machine = kind is Kind.MACHINE
    return Revision(
        document_id=uuid.UUID(int=0),
        number=number + 1,
        kind=kind,
        body=body,
        title="",
        round=1,
        author_id=None if machine else 1,
        autodoc_id=number if machine else None,
        created_at=_when(number),
    )


def _when(step: int) -> dt.datetime:
    return START + dt.timedelta(minutes=step)


def _by_difference(
    history: History, changes: Callable[[str, str], Iterator[tuple[int, int, int, int]]]
) -> list[Labels]:
    """What stays keeps its author, what is new is its revision's."""
    text, labels = "", Labels()
    found = []
    for step in history.steps:
        new: Labels = [step.kind] * len(step.text)
        for i1, i2, j1, j2 in changes(text, step.text):
            new[j1:j2] = labels[i1:i2]
        text, labels = step.text, new
        found.append(new)
    return found


def _copydesks_changes(before: str, after: str) -> Iterator[tuple[int, int, int, int]]:
    return ((one.i1, one.i2, one.j1, one.j2) for one in difference.changes(before, after) if one.op == "same")


def _difflib(before: str, after: str, by: Callable[[str], list[str]]) -> Iterator[tuple[int, int, int, int]]:
    a, b = by(before), by(after)
    at_a, at_b = (list(accumulate(map(len, tokens), initial=0)) for tokens in (a, b))
    for i, j, size in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
        yield at_a[i], at_a[i + size], at_b[j], at_b[j + size]


def _by_the_rule(history: History) -> History:
    if history.name not in _RULED:
        _RULED[history.name] = as_the_desk_counts(history)
    return _RULED[history.name]


_RULED: dict[str, History] = {}


def _wrong(
    histories: Sequence[History],
    found: Mapping[int, list[Labels]],
    truth: Callable[[History], History] = lambda history: history,
) -> dict[str, float]:
    """Percent of all letters, and of all characters, whose origin is mistaken: in the final texts, and in every
    revision's; and in the worst final text."""
    final, every, worst = _Count(), _Count(), 0.0
    for history in histories:
        for step, labels in zip(truth(history).steps, found[id(history)], strict=True):
            one = _Count()
            one.add(step.text, step.truth, labels)
            every += one
        final += one
        worst = max(worst, one.characters)
    return {
        "letters_percent": round(final.letters, 3),
        "characters_percent": round(final.characters, 3),
        "worst_percent": round(worst, 2),
        "letters_of_all_revisions_percent": round(every.letters, 3),
        "characters_of_all_revisions_percent": round(every.characters, 3),
    }


class _Count:
    """Mistaken letters and characters."""

    def __init__(self) -> None:
        self.mistaken = Counter[str]()
        self.seen = Counter[str]()

    def add(self, text: str, truth: Labels, found: Labels) -> None:
        for char, one, other in zip(text, truth, found, strict=True):
            for name in ("letters", "characters") if char.isalpha() else ("characters",):
                self.seen[name] += 1
                self.mistaken[name] += one != other

    def __iadd__(self, other: "_Count") -> "_Count":
        self.mistaken += other.mistaken
        self.seen += other.seen
        return self

    @property
    def letters(self) -> float:
        return 100 * self.mistaken["letters"] / max(self.seen["letters"], 1)

    @property
    def characters(self) -> float:
        return 100 * self.mistaken["characters"] / max(self.seen["characters"], 1)


def _long_history(corpus: Path) -> tuple[list[Revision], list[Source]]:
    """A draft, and 49 revisions of it by a person who adds, removes, replaces and moves words; 60 candidates."""
    chance = random.Random(1)  # noqa: S311
    book = max(corpus.glob("*.txt"), key=lambda path: path.stat().st_size).read_text(encoding="utf-8").split(" ")
    words, other = book[2_000 : 2_000 + WORDS], book[50_000:60_000]
    revisions = [_revision(1, Kind.MACHINE, " ".join(words))]
    for number in range(2, REVISIONS + 1):
        for _ in range(chance.randint(3, 14)):
            _edit(words, other, chance)
        revisions.append(_revision(number, Kind.HUMAN, " ".join(words)))
    candidates = [" ".join(other[40 * number : 40 * number + 40]) for number in range(60)]
    return revisions, [Source("machine", one, 100 + number, START) for number, one in enumerate(candidates)]


def _edit(words: list[str], other: Sequence[str], chance: random.Random) -> None:
    place, size, start = chance.randrange(len(words) - 20), chance.randint(1, 14), chance.randrange(len(other) - 20)
    act = chance.choice(("add", "remove", "replace", "move"))
    taken = words[place : place + size]
    if act != "add":
        del words[place : place + size]
    if act in ("add", "replace"):
        words[place:place] = other[start : start + size]
    elif act == "move":
        to = chance.randrange(len(words))
        words[to:to] = taken
