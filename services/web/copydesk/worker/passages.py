"""Words for a passage: written on from the text before it, cut so that they join, measured by what follows them."""

import math
import re
from dataclasses import dataclass, replace

import structlog

from copydesk.autodocs.writing import Claim, Place
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import EngineBadRequest
from copydesk.engine.prompt import Prompt, Prompts
from copydesk.engine.sampling import Sampling
from copydesk.engine.trim import Trimmed, clean, sentence_ends
from copydesk.worker.plan import template_of, values_of

log = structlog.get_logger(__name__)

EMPTY = "The model wrote nothing for this passage. Try again, or mark another."
FOLLOWING = 64  # tokens of what follows that are looked at
_FOLLOWING_CHARS = 12 * FOLLOWING
_WORD = re.compile(r"\S+")
_CLOSING = ",.;:!?…)]}”’"


@dataclass(frozen=True)
class PassagePlan:
    """Words for a passage of a text; the rest of the text is not touched."""

    prompt: Prompt
    sampling: Sampling
    template: str
    place: Place
    mine: Claim
    empty: str = EMPTY

    def shown(self, written: str) -> str:
        return written.lstrip()

    def finished(self, written: str, decoded: str) -> Trimmed:
        return cut_to_join(written, self.place)

    def score(self, client: EngineClient, builder: Prompts, model: str, text: str) -> float | None:
        """The mean log-probability of the first tokens of what follows, after the text with `text` in its place."""
        before = self.place.before + text
        bare = before.rstrip(" \t")  # a token begins with its space
        following = builder.encode((before[len(bare) :] + self.place.after)[:_FOLLOWING_CHARS])[:FOLLOWING]
        if not self.place.after.strip() or not following:
            return None
        prompt = builder.build_passage(
            self.mine.brief,
            bare,
            max_new_tokens=len(following),
            template=self.template,
            values=values_of(self.mine),
        )
        try:
            (logprobs,) = client.score(prompt.tokens, [following], model=model)
        except EngineBadRequest as error:
            log.info("span.unranked", autodoc=self.mine.autodoc_id, detail=error.detail)
            return None
        return math.fsum(logprobs) / len(logprobs)


def plan_passage(mine: Claim, builder: Prompts, place: Place) -> PassagePlan:
    """Raises: InvalidInput, NoRoom."""
    sampling = mine.options.sampling(builder.card, mine.seed, mine.tokens_target)
    sampling = replace(sampling, max_new_tokens=mine.tokens_target)
    template = template_of(mine, builder)
    prompt = builder.build_passage(
        mine.brief,
        place.before,
        max_new_tokens=sampling.max_new_tokens,
        template=template,
        values=values_of(mine),
    )
    return PassagePlan(prompt, sampling, template, place, mine)


def cut_to_join(written: str, place: Place) -> Trimmed:
    """About as many words as the passage has, so that what follows goes on from them.

    A passage that ends a sentence gets whole sentences, one inside a sentence whole words; white space around it stays
    as it was. `kept` is empty when the model wrote no word.
    """
    passage = place.passage
    lead = passage[: len(passage) - len(passage.lstrip())]
    trail = passage[len(passage.rstrip()) :]
    text = clean(written).rstrip()
    # Inside a word the model goes on with it, or begins another.
    text = text.lstrip("\n") if _inside_word(place.before, passage) else text.lstrip()
    if "\n" not in passage.strip():
        text = text.partition("\n")[0].rstrip()
    wanted = len(passage.strip())
    kept = _whole_sentences(text, wanted) if _ends_sentence(place) else _whole_words(text, wanted, place.after)
    if not kept.strip():
        return Trimmed("", text)
    return Trimmed(lead + kept + trail, text[len(kept) :])


def _inside_word(before: str, passage: str) -> bool:
    return before[-1:].isalnum() and passage[:1].isalnum()


def _ends_sentence(place: Place) -> bool:
    """Does something new begin after the passage: a sentence, a paragraph, nothing at all?"""
    passage, after = place.passage.rstrip(), place.after.lstrip(" \t")
    new_line = not after.strip() or after.startswith("\n") or "\n" in place.passage[len(passage) :]
    return new_line or len(passage) in sentence_ends(passage)


def _whole_sentences(text: str, wanted: int) -> str:
    """As many sentences as come nearest to `wanted` characters; whole words where there is no sentence."""
    ends = sentence_ends(text)
    if not ends:
        return _whole_words(text, wanted, "")
    return text[: min(ends, key=lambda end: abs(end - wanted))]


def _whole_words(text: str, wanted: int, after: str) -> str:
    """As many words as come nearest to `wanted` characters, without a stop where the sentence goes on."""
    ends = [word.end() for word in _WORD.finditer(text)]
    if len(ends) > 1 and ends[-1] == len(text):
        ends.pop()  # it may be half a word
    if not ends:
        return ""
    kept = text[: min(ends, key=lambda end: abs(end - wanted))]
    following = after.lstrip()[:1]
    goes_on = following in _CLOSING or following.islower()
    return kept.rstrip(_CLOSING) if following and goes_on else kept
