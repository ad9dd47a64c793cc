"""How one draft is written: what the model reads, how it chooses, and what becomes of its words."""

from dataclasses import dataclass
from typing import Protocol

from copydesk.autodocs.writing import Claim
from copydesk.engine.client import EngineClient
from copydesk.engine.prompt import Prompt, Prompts
from copydesk.engine.sampling import Sampling
from copydesk.engine.trim import Trimmed, clean, trim_to_sentence

EMPTY = "The model wrote nothing for this brief. Try again, or say a little more in the brief."


class Plan(Protocol):
    """What `Drafter` carries out. It holds no connection and no lock."""

    @property
    def prompt(self) -> Prompt: ...

    @property
    def sampling(self) -> Sampling: ...

    @property
    def template(self) -> str: ...

    @property
    def empty(self) -> str:
        """What a person reads when the model wrote nothing."""

    def shown(self, written: str) -> str:
        """The words so far, for the page that watches."""

    def finished(self, written: str, decoded: str) -> Trimmed:
        """From all that the model wrote to what a person reads; `decoded` are its tokens as text."""

    def score(self, client: EngineClient, builder: Prompts, model: str, text: str) -> float | None:
        """How well `text` fits in its place; None where that can't be said."""


@dataclass(frozen=True)
class WholePlan:
    """A text from a brief."""

    prompt: Prompt
    sampling: Sampling
    template: str
    prefix: str  # the text's first words, which the model was given; "" when they are no part of the draft
    truncate: str
    empty: str = EMPTY

    def shown(self, written: str) -> str:
        return (self.prefix + written).lstrip()

    def finished(self, written: str, decoded: str) -> Trimmed:
        """Up to `truncate` where the model wrote it, else up to the end of a sentence; the prefix is never cut."""
        words = written.rstrip() if self.prefix else written.strip()
        if self.truncate and self.truncate in words:
            kept, stop, rest = words.partition(self.truncate)
            trimmed = Trimmed(clean(kept).rstrip(), stop + rest)
        elif self.truncate and self.truncate in decoded:  # the engine stopped there, and left it out
            trimmed = Trimmed(clean(words).rstrip(), "")
        else:
            trimmed = trim_to_sentence(words)
        return Trimmed(self.prefix + trimmed.kept, trimmed.cut) if trimmed.kept.strip() else Trimmed("", trimmed.cut)

    def score(self, client: EngineClient, builder: Prompts, model: str, text: str) -> float | None:
        return None


def template_of(mine: Claim, builder: Prompts) -> str:
    """The template that was chosen, if the model has it and all its places can be filled.

    Raises:
        InvalidInput: it hasn't, or they can't.
    """
    card = builder.card
    mine.options.check(card)
    return card.all_templates[mine.options.template] if mine.options.template else card.prompt_template


def values_of(mine: Claim) -> dict[str, str]:
    return {**mine.options.metadata, "title": mine.title}


def plan_whole(mine: Claim, builder: Prompts, usual_tokens: int) -> WholePlan:
    """Raises: InvalidInput, NoRoom."""
    options = mine.options
    sampling = options.sampling(builder.card, mine.seed, usual_tokens)
    template, prefix = template_of(mine, builder), options.prefix.strip()
    prompt = builder.build(
        mine.brief,
        max_new_tokens=sampling.max_new_tokens,
        template=template,
        values=values_of(mine),
        prefix=prefix,
    )
    return WholePlan(prompt, sampling, template, prefix if options.include_prefix else "", options.truncate)
