"""What a person chooses about a draft: how bold, how long, how many, in which template. Kept with the document."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self

from copydesk.documents.errors import InvalidInput
from copydesk.documents.text import clean, clean_line
from copydesk.engine.card import Card
from copydesk.engine.sampling import LARGEST_SEED, Sampling, SamplingError, Strategy
from copydesk.engine.template import PLACEHOLDERS, placeholders

FEWEST_WORDS, MOST_WORDS = 10, 5_000
MOST_DRAFTS = 4
LONGEST_PREFIX, LONGEST_STOP, LONGEST_VALUE = 2_000, 64, 200  # characters
MOST_VALUES = 16


class Preset(StrEnum):
    CAREFUL = "careful"
    BALANCED = "balanced"
    ECCENTRIC = "eccentric"
    CUSTOM = "custom"  # the expert fields say it


@dataclass(frozen=True)
class Position:
    """A position of the slider from careful to eccentric, relative to the model's own sampling."""

    preset: Preset
    name: str
    says: str
    heat: float  # times the model's temperature
    reach: float  # added to its top_p
    width: float  # times its top_k


PRESETS = (  # in the slider's order
    Position(Preset.CAREFUL, "Careful", "Stays close to what is likely; repeats itself sooner.", 0.7, -0.12, 0.4),
    Position(Preset.BALANCED, "Balanced", "The model's own way of writing.", 1.0, 0.0, 1.0),
    Position(Preset.ECCENTRIC, "Eccentric", "Unlikely words, odd turns.", 1.45, 0.06, 3.0),
)
EXPERT = (
    "strategy",
    "temperature",
    "top_k",
    "top_p",
    "num_beams",
    "repetition_penalty",
    "no_repeat_ngram_size",
    "stop",
    "seed",
)
_WHOLE = ("words", "n", "top_k", "num_beams", "no_repeat_ngram_size", "seed")
_BROKEN = ("temperature", "top_p", "repetition_penalty")
_NAMES = {"n": "number of drafts", "words": "length in words"}


@dataclass(frozen=True)
class DraftOptions:
    """Every choice with its usual value; expert fields that are None are the preset's, or the model's own.

    Made with values out of bounds it raises `InvalidInput`, which names the field.
    """

    preset: Preset = Preset.BALANCED
    words: int | None = None  # None: the desk's usual length
    n: int = 1  # drafts side by side, with seeds that follow each other

    strategy: Strategy | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    num_beams: int | None = None
    repetition_penalty: float | None = None
    no_repeat_ngram_size: int | None = None
    stop: tuple[str, ...] | None = None
    seed: int | None = None  # None: a new one for each request

    template: str = ""  # one of the card's by name; "": the model's own
    prefix: str = ""  # the text's first words, given
    include_prefix: bool = True  # are they part of the draft?
    truncate: str = ""  # the draft ends before the first occurrence of this
    metadata: Mapping[str, str] = field(default_factory=dict)  # for a template's other placeholders

    def __post_init__(self) -> None:
        object.__setattr__(self, "preset", _preset(self.preset))
        _within("words", self.words, FEWEST_WORDS, MOST_WORDS)
        _within("n", self.n, 1, MOST_DRAFTS)
        if self.seed is not None:
            _within("seed", self.seed, 0, LARGEST_SEED - MOST_DRAFTS)
        _not_longer("prefix", self.prefix, LONGEST_PREFIX)
        _not_longer("truncate", self.truncate, LONGEST_STOP)  # before it counts as one of the stops
        try:
            Sampling.from_dict(self._chosen())
        except SamplingError as error:
            raise InvalidInput(str(error).partition(" ")[0], f"{_capital(str(error))}.") from error
        if self.strategy is not None:
            object.__setattr__(self, "strategy", Strategy(self.strategy))
        _check_metadata(self.metadata)

    @property
    def is_usual(self) -> bool:
        """Did nobody choose anything?"""
        return self == type(self)()

    def tokens(self, card: Card, usual: int) -> int:
        """How many tokens the text may have; `usual`: where no length was chosen."""
        return usual if self.words is None else math.ceil(self.words * card.tokens_per_word)

    def sampling(self, card: Card, seed: int, usual_tokens: int = Sampling.max_new_tokens) -> Sampling:
        """The preset's position relative to the model's own sampling, and the expert fields on top."""
        values = {**_positioned(card.sampling_for(), self.preset), **self._chosen()}
        return Sampling.from_dict({**values, "seed": seed, "n": 1, "max_new_tokens": self.tokens(card, usual_tokens)})

    def check(self, card: Card) -> None:
        """Does the model know the template, and has the template all that it names?

        Raises:
            InvalidInput: `template`, or `metadata` with the name of what is missing.
        """
        known = card.all_templates
        if self.template and self.template not in known:
            raise InvalidInput("template", f"The model has no template “{self.template}”.")
        template = known[self.template] if self.template else card.prompt_template
        for name in placeholders(template):
            if name not in PLACEHOLDERS and not self.metadata.get(name, "").strip():
                raise InvalidInput("metadata", f"This template needs a value for “{name}”.")

    def to_dict(self) -> dict[str, Any]:
        """What was chosen, as plain values for JSON; what was not is left out."""
        usual, mine = asdict(DraftOptions()), asdict(self)
        return {name: _plain(value) for name, value in mine.items() if name == "preset" or value != usual[name]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The value that `to_dict` was made of; names that are not known any more are left aside."""
        known = {one.name for one in fields(cls)}
        chosen = {name: value for name, value in values.items() if name in known}
        if chosen.get("stop") is not None:
            chosen["stop"] = tuple(chosen["stop"])
        return cls(**chosen)

    @classmethod
    def from_form(cls, values: Mapping[str, Any]) -> Self:
        """From a form's fields, by name, as typed; blank ones are not chosen, unknown ones are left aside.

        `stop` has one text a line; `metadata_rating` is the metadata's `rating`; an `include_prefix` that is missing
        is a box that was not ticked.

        Raises:
            InvalidInput: names the field.
        """
        typed = {name: value for name, value in values.items() if value not in (None, "")}
        chosen: dict[str, Any] = {name: _number(name, typed[name], int) for name in _WHOLE if name in typed}
        chosen |= {name: _number(name, typed[name], float) for name in _BROKEN if name in typed}
        chosen |= {name: str(typed[name]) for name in ("preset", "strategy", "template") if name in typed}
        chosen |= {name: clean(str(typed[name])) for name in ("prefix", "truncate") if name in typed}
        lines = [line for line in clean(str(typed.get("stop", ""))).split("\n") if line]
        metadata = {
            name.removeprefix("metadata_"): clean_line(str(value))
            for name, value in typed.items()
            if name.startswith("metadata_") and str(value).strip()
        }
        ticked = bool(typed.get("include_prefix", "prefix" not in chosen))
        return cls(**chosen, stop=tuple(lines) or None, metadata=metadata, include_prefix=ticked)

    def with_seed(self, seed: int | None) -> Self:
        return replace(self, seed=seed)

    def _chosen(self) -> dict[str, Any]:
        """The fields of `Sampling` that were chosen; the engine stops at `truncate` too."""
        chosen = {name: getattr(self, name) for name in EXPERT if getattr(self, name) is not None}
        if self.truncate:
            chosen["stop"] = (*chosen.get("stop", ()), self.truncate)
        return chosen


def _positioned(own: Sampling, preset: Preset) -> dict[str, Any]:
    """The model's own sampling, moved along the slider and kept within the bounds."""
    position = next((one for one in PRESETS if one.preset is preset), PRESETS[1])
    return {
        **own.to_dict(),
        "temperature": round(min(2.0, max(0.05, own.temperature * position.heat)), 3),
        "top_p": round(min(1.0, max(0.05, own.top_p + position.reach)), 3),
        "top_k": min(1000, max(1, round(own.top_k * position.width))),
    }


def _preset(value: str) -> Preset:
    try:
        return Preset(value)
    except ValueError:
        raise InvalidInput("preset", "Please choose one of the ways of writing.") from None


def _within(name: str, value: int | None, low: int, high: int) -> None:
    if value is None:
        return
    given: Any = value  # from JSON, whatever the types say
    if isinstance(given, bool) or not isinstance(given, int) or not low <= given <= high:
        what = _capital(_NAMES.get(name, name))
        raise InvalidInput(name, f"{what} must be a whole number between {low:,} and {high:,}.")


def _not_longer(name: str, value: str, most: int) -> None:
    if len(value) > most:
        raise InvalidInput(name, f"{_capital(name)} has {len(value):,} characters; the most is {most:,}.")


def _check_metadata(values: Mapping[str, str]) -> None:
    if len(values) > MOST_VALUES:
        raise InvalidInput("metadata", f"At most {MOST_VALUES} values, please.")
    for name, value in values.items():
        if len(name) > LONGEST_STOP or len(str(value)) > LONGEST_VALUE:
            raise InvalidInput(
                "metadata", f"The value of “{name[:LONGEST_STOP]}” is too long: at most {LONGEST_VALUE}."
            )


def _number(name: str, typed: Any, kind: type[int] | type[float]) -> int | float:
    try:
        return kind(str(typed).strip().replace(",", "") if kind is int else str(typed).strip())
    except (ValueError, OverflowError):
        what = _capital(_NAMES.get(name, name))
        whole = "a whole number" if kind is int else "a number"
        raise InvalidInput(name, f"{what} must be {whole}, not “{str(typed)[:40]}”.") from None


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    return list(value) if isinstance(value, tuple) else value
