"""Words that go on from the cursor: a sentence, joined to what stands before it. While it is written it only grows."""

import re
from dataclasses import dataclass, replace

from copydesk.autodocs.writing import Claim, Place
from copydesk.engine.client import EngineClient
from copydesk.engine.prompt import Prompt, Prompts
from copydesk.engine.sampling import Sampling
from copydesk.engine.trim import Trimmed, clean, sentence_ends
from copydesk.worker.plan import template_of, values_of

EMPTY = "The model had no words for this place. Try again, or write a few words first."
LEAST = 24  # characters: after a shorter sentence another one follows
LONG_WORD = 32
_HALF_SPECIAL = re.compile(r"<[|/]?[a-z_]*\|?\Z")
_LAST_WORD = re.compile(r"\s*\S*\Z")


@dataclass(frozen=True)
class ContinuationPlan:
    """What could go on from a place in a text.

    A person may take words while others are still being written: what was shown once stands in the end, at the same
    place.
    """

    prompt: Prompt
    sampling: Sampling
    template: str
    place: Place
    empty: str = EMPTY

    def shown(self, written: str) -> str:
        return _cut(written, self.place)[0]

    def finished(self, written: str, decoded: str) -> Trimmed:
        kept, rest = _cut(written, self.place, ended=True)
        if not kept.strip():
            return Trimmed("", rest)
        # Before a word that stands there already.
        return Trimmed(kept + (" " if self.place.after[:1].isalnum() else ""), rest)

    def score(self, client: EngineClient, builder: Prompts, model: str, text: str) -> float | None:
        return None


def plan_continuation(mine: Claim, builder: Prompts, place: Place) -> ContinuationPlan:
    """Raises: InvalidInput, NoRoom."""
    sampling = replace(
        mine.options.sampling(builder.card, mine.seed, mine.tokens_target), max_new_tokens=mine.tokens_target
    )
    template = template_of(mine, builder)
    prompt = builder.build_passage(
        mine.brief, place.before, max_new_tokens=sampling.max_new_tokens, template=template, values=values_of(mine)
    )
    return ContinuationPlan(prompt, sampling, template, place)


def _cut(written: str, place: Place, *, ended: bool = False) -> tuple[str, str]:
    """The words that a person sees, and the rest: up to the end of a sentence or of the line.

    A last word is left out, since it may be half of one, unless a sentence ends there and nothing more is written.
    """
    text = clean(_HALF_SPECIAL.sub("", written))
    words = text.lstrip()
    lead = _lead(text[: len(text) - len(words)], words, place.before)
    if lead is None:
        # The model went on with a word that the editor had ended.
        half = re.match(r"\S*\s*", words)
        words = words[half.end() if half else 0 :]
        lead = ""
    line, new_line, _ = words.partition("\n")
    kept = line[: _end(line, ended=ended or bool(new_line), whole=bool(new_line))].rstrip()
    return (lead + kept if kept else ""), words[len(kept) :]


def _lead(space: str, words: str, before: str) -> str | None:
    """What stands between the text and the words; None: they don't begin where the text ends."""
    if not before.strip() or before.endswith("\n"):
        return ""
    if before[-1].isspace():
        return "" if space or not words else None
    return " " if space else ""


def _end(line: str, *, ended: bool, whole: bool) -> int:
    """Where the words end, decided only by what can't change any more.

    `ended`: nothing follows in this line; `whole`: neither does anything of its last word.
    """
    ends = sentence_ends(line)
    for end in ends:
        if end >= LEAST and (ended or line[end:].strip()):
            return end
    if whole or (ended and len(line.rstrip()) in ends):
        return len(line)
    last = _LAST_WORD.search(line)
    start = last.start() if last and len(last[0]) < LONG_WORD else len(line)  # a script without spaces has no last word
    if ended and start == 0:
        return ends[-1] if ends else len(line)
    return start
