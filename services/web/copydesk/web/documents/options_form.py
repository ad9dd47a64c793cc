"""The form “How should it be written?”: between `DraftOptions` and what a person sees and types."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from wtforms import Form, StringField

from copydesk.autodocs import requests
from copydesk.autodocs.default_model import default_model
from copydesk.autodocs.options import EXPERT, PRESETS, DraftOptions, Preset
from copydesk.documents.errors import InvalidInput
from copydesk.engine.card import Card
from copydesk.engine.sampling import Strategy
from copydesk.engine.template import PLACEHOLDERS, placeholders
from copydesk.web.documents import estimate
from copydesk.web.documents.routes import config
from copydesk.web.extensions import db

AnyForm = TypeVar("AnyForm", bound=Form)

SENTENCE, PAGE = 20, 400  # words
ROUND = 10  # words, to which the usual length is rounded for the eye
# These are what the slider moves, or what a draft by chance needs: a value of one's own among them makes it “Custom”.
SHAPING = tuple(name for name in EXPERT if name not in ("seed", "stop"))
_BY_CHANCE = "top-k top-p"
_DIGITS = {"inputmode": "numeric"}
_DECIMAL = {"inputmode": "decimal"}


@dataclass(frozen=True)
class ExpertField:
    """One field of the disclosure: its name in the field, one line for people, the strategies it has a part in."""

    name: str
    says: str
    strategies: str = ""  # separated by blanks; "": all
    wide: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shapes(self) -> bool:
        """Does a value of one's own move the slider to “Custom”?"""
        return self.name in SHAPING


FIELDS = (
    ExpertField(
        "strategy",
        "How the next token is found: the likeliest (greedy), the likeliest whole among several (beam), "
        "or by chance among the likely ones (top-k, top-p).",
        wide=True,
    ),
    ExpertField(
        "temperature", "How bold chance is. Low keeps to what is likely. 0.05 to 2.", _BY_CHANCE, attributes=_DECIMAL
    ),
    ExpertField("top_k", "Chance picks among so many of the likeliest. 1 to 1,000.", "top-k", attributes=_DIGITS),
    ExpertField(
        "top_p", "Chance picks among the likeliest that reach this together. 0.01 to 1.", "top-p", attributes=_DECIMAL
    ),
    ExpertField(
        "num_beams", "So many are written side by side, and the likeliest is kept. 1 to 16.", "beam", attributes=_DIGITS
    ),
    ExpertField(
        "repetition_penalty", "Above 1, what was said already becomes less likely. 1 to 2.", attributes=_DECIMAL
    ),
    ExpertField(
        "no_repeat_ngram_size", "No run of so many tokens comes twice; 0 allows it. 0 to 20.", attributes=_DIGITS
    ),
    ExpertField(
        "seed",
        "The same number gives the same draft again. Empty: a new one each time.",
        _BY_CHANCE,
        attributes=_DIGITS,
    ),
    ExpertField("stop", "Writing ends where one of these comes. One a line, at most 8.", attributes={"rows": 2}),
    ExpertField("prefix", "Words the draft has to begin with."),
    ExpertField("include_prefix", "Those words stand in the draft, too."),
    ExpertField("truncate", "The draft ends before these words, where they first come."),
)


def prepare(form_class: type[AnyForm], kept: DraftOptions | None = None, **values: Any) -> AnyForm:
    """The form, with a field for each of the metadata that the model's templates need, and the kept choice in it."""
    model = default_model(db.session())
    card = requests.card_of(model)
    names = _metadata_names(card)
    extra = {f"metadata_{name}": StringField(name.replace("_", " ").capitalize()) for name in names}
    form = type(form_class.__name__, (form_class,), extra)(**_typed(kept or DraftOptions(), card), **values)
    form.template.choices = [(name, name.replace("_", " ").capitalize()) for name in card.all_templates]
    form.strategy.choices = [("", "as the slider says"), *((one.value, one.value) for one in Strategy)]
    form.metadata = [form[name] for name in extra]
    form.model, form.card = model, card
    return form  # type: ignore[no-any-return]


def read(form: Any) -> DraftOptions | None:
    """What was chosen; None when something can't be, and then the fields at fault say why, all of them at once."""
    values = _values(form)
    good = True
    while True:
        try:
            options = _settle(DraftOptions.from_form(values), form.card)
            options.check(form.card)
        except InvalidInput as error:
            good = False
            if not complain(form, error) or error.field not in values:
                return None
            values.pop(error.field)
        else:
            return options if good else None


def complain(form: Any, error: InvalidInput) -> bool:
    """Put the error at its field; False where there is none and it stands above the form."""
    name = error.field
    if name == "metadata":
        name = next((one.name for one in form.metadata if f"“{one.name[9:]}”" in str(error)), name)
    if name not in form:
        form.form_errors.append(str(error))
        return False
    says = str(error)
    if says.lower().startswith(name) and name in EXPERT:
        says = name + says[len(name) :]  # the field's own name has no capital
    form[name].errors = [*form[name].errors, says]
    return True


def page(form: Any) -> dict[str, Any]:
    """What `documents/_options.html` needs beside the form."""
    card, model = form.card, form.model
    speed = estimate.measured(db.session(), model)
    usual = config().draft_tokens
    lengths = [
        ("sentence", "A sentence", SENTENCE),
        ("usual", "A paragraph", max(ROUND, ROUND * round(usual / card.tokens_per_word / ROUND))),
        ("page", "A page", PAGE),
    ]
    presets = {one.preset: DraftOptions(preset=one.preset).sampling(card, 0) for one in PRESETS}
    base = Preset.BALANCED if form.preset.data not in presets else Preset(form.preset.data)
    strategy = form.strategy.data or presets[base].strategy.value
    words = next((amount for value, _, amount in lengths if value == form.length.data), form.words.data)
    tokens = _number(words) * card.tokens_per_word
    return {
        "presets": [(one.preset.value, one.name, one.says) for one in PRESETS],
        "preset_values": {name.value: _shown(one.to_dict()) for name, one in presets.items()},
        "lengths": lengths,
        "templates": form.template.choices,
        "fields": FIELDS,
        "expert_open": any(form[one.name].errors or _is_set(form, one.name) for one in FIELDS),
        "model": model,
        "engine": speed.engine,
        "rates": {**speed.rates(), "tokens_per_word": card.tokens_per_word},
        "duration": estimate.in_words(speed.seconds(tokens, int(_number(form.n.data) or 1), strategy)),
        "comes_whole": strategy == Strategy.BEAM,
    }


def _values(form: Any) -> dict[str, Any]:
    """The fields as typed. A number of words that was typed counts, whichever length is marked."""
    values = {name: one.data for name, one in form._fields.items() if name not in ("length", "csrf_token")}
    handy = {"sentence": str(SENTENCE), "page": str(PAGE)}
    if not (values["words"] or "").strip():
        values["words"] = handy.get(form.length.data, "")
    if form.length.data == "number" and not values["words"]:
        values["words"] = "0"  # refused with the bounds
    if values["template"] in _own_template(form.card):
        values["template"] = ""
    if not values["prefix"]:
        values.pop("include_prefix")
    for name in _unused_metadata(form, values["template"]):
        values.pop(name, None)
    return values


def _unused_metadata(form: Any, template: str) -> list[str]:
    """The metadata that this template does not ask for."""
    card = form.card
    text = card.all_templates.get(template, card.prompt_template)
    return [one.name for one in form.metadata if one.name.removeprefix("metadata_") not in placeholders(text)]


def _settle(options: DraftOptions, card: Card) -> DraftOptions:
    """A value of one's own makes it “Custom”, which begins where the slider stood."""
    chosen = {name for name in SHAPING if getattr(options, name) is not None}
    if not chosen or options.preset in (Preset.CUSTOM, Preset.BALANCED):
        return replace(options, preset=Preset.CUSTOM) if chosen else options
    stood = options.__class__(preset=options.preset).sampling(card, 0)
    rest = {name: getattr(stood, name) for name in ("temperature", "top_k", "top_p") if name not in chosen}
    return replace(options, preset=Preset.CUSTOM, **rest)


def _typed(kept: DraftOptions, card: Card) -> dict[str, Any]:
    """The kept choice as a person would have typed it."""
    values: dict[str, Any] = {name: _text(getattr(kept, name)) for name in EXPERT}
    handy = {None: "usual", SENTENCE: "sentence", PAGE: "page"}
    return {
        **values,
        "preset": kept.preset.value,
        "n": str(kept.n),
        "length": handy.get(kept.words, "number"),
        "words": "" if kept.words in handy else _text(kept.words),
        "template": kept.template or next(iter(_own_template(card)), ""),
        "prefix": kept.prefix,
        "include_prefix": kept.include_prefix,
        "truncate": kept.truncate,
        **{f"metadata_{name}": value for name, value in kept.metadata.items()},
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "\n".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shown(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(values[name]) for name in SHAPING}


def _is_set(form: Any, name: str) -> bool:
    return name != "include_prefix" and bool(form[name].data)


def _number(value: Any) -> float:
    try:
        return float(str(value or 0).replace(",", ""))
    except ValueError:
        return 0.0


def _metadata_names(card: Card) -> list[str]:
    names = [name for text in card.all_templates.values() for name in placeholders(text)]
    return [name for name in dict.fromkeys(names) if name not in PLACEHOLDERS]


def _own_template(card: Card) -> list[str]:
    """The name of the template that the model has for itself."""
    return [name for name, text in card.all_templates.items() if text == card.prompt_template]
