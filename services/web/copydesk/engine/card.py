"""A model's card: where it comes from, how to ask it, and what its weights hash to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from copydesk.engine.errors import ModelBroken
from copydesk.engine.sampling import Sampling, SamplingError
from copydesk.engine.template import placeholders

FILE = "card.json"
# GPT-2's vocabulary on English prose: OpenAI reckons 100 tokens for 75 words. A card can say what its model's own texts
# came to: the seed's 1.25 was counted in four texts of 1,500 tokens for four briefs.
TOKENS_PER_WORD = 4 / 3
_SAID = ("licence", "trained_on", "prompt_template", "weights_sha256")


@dataclass(frozen=True)
class Card:
    """What card.json says; a folder without one has an empty card."""

    licence: str = ""
    trained_on: str = ""
    prompt_template: str = "{brief}"  # what the model is asked, with the brief's place
    templates: Mapping[str, str] = field(default_factory=dict)  # others, by name, for the sponsor to pick from
    tokens_per_word: float = TOKENS_PER_WORD  # of its own English
    weights_sha256: str = ""
    sampling: Mapping[str, Any] = field(default_factory=dict)  # fields of `Sampling` that suit the model
    rest: Mapping[str, Any] = field(default_factory=dict, repr=False)  # figures for people

    @property
    def all_templates(self) -> dict[str, str]:
        """Every template by name; the model's own first, under "brief" where the card gives it no other name."""
        if self.prompt_template in self.templates.values():
            return dict(self.templates)
        return {"brief": self.prompt_template, **self.templates}

    def sampling_for(self, **fields: Any) -> Sampling:
        """The model's own sampling with `fields` on top; without a word in the card, `Sampling`'s defaults."""
        return Sampling.from_dict({**self.sampling, **fields})

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The card of the model in `folder`.

        Raises:
            ModelBroken: it is there but can't be understood.
        """
        path = folder / FILE
        if not path.is_file():
            return cls()
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            said = {name: str(values.pop(name)) for name in _SAID if name in values}
            card = cls(
                **said,
                templates={str(name): str(text) for name, text in values.pop("templates", {}).items()},
                tokens_per_word=float(values.pop("tokens_per_word", TOKENS_PER_WORD)),
                sampling=values.pop("sampling", {}),
                rest=values,
            )
            card.sampling_for()
        except (ValueError, TypeError, AttributeError, SamplingError) as error:
            raise ModelBroken(f"The card of {folder.name} can't be read: {error}") from error
        card._check(folder.name)
        return card

    def _check(self, name: str) -> None:
        if self.prompt_template.count("{brief}") != 1:
            raise ModelBroken(f"The prompt template of {name} must say {{brief}} once.")
        for title, text in self.templates.items():
            if not placeholders(text) or text.count("{brief}") > 1:
                raise ModelBroken(f"The template {title!r} of {name} must have a place, and {{brief}} at most once.")
        if not 1.0 <= self.tokens_per_word <= 8.0:
            raise ModelBroken(f"The card of {name}: tokens_per_word must be between 1 and 8.")
