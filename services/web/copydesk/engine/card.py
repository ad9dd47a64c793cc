"""A model's card: where it comes from, how to ask it, and what its weights hash to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from copydesk.engine.errors import ModelBroken
from copydesk.engine.sampling import Sampling, SamplingError

FILE = "card.json"
_SAID = ("licence", "trained_on", "prompt_template", "weights_sha256")


@dataclass(frozen=True)
class Card:
    """What card.json says; a folder without one has an empty card."""

    licence: str = ""
    trained_on: str = ""
    prompt_template: str = "{brief}"  # what the model is asked, with the brief's place
    weights_sha256: str = ""
    sampling: Mapping[str, Any] = field(default_factory=dict)  # fields of `Sampling` that suit the model
    rest: Mapping[str, Any] = field(default_factory=dict, repr=False)  # figures for people

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
            card = cls(**said, sampling=values.pop("sampling", {}), rest=values)
            card.sampling_for()
        except (ValueError, TypeError, AttributeError, SamplingError) as error:
            raise ModelBroken(f"The card of {folder.name} can't be read: {error}") from error
        if card.prompt_template.count("{brief}") != 1:
            raise ModelBroken(f"The prompt template of {folder.name} must say {{brief}} once.")
        return card
