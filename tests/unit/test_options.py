"""What a person chooses about a draft: bounds with the field's name, presets around the model's own, kept as it was."""

from dataclasses import asdict

import pytest

from copydesk.autodocs.options import MOST_DRAFTS, PRESETS, DraftOptions, Preset
from copydesk.documents.errors import InvalidInput
from copydesk.engine.card import Card
from copydesk.engine.sampling import LARGEST_SEED, Sampling, Strategy

CARD = Card(sampling={"temperature": 0.7, "top_p": 0.92, "top_k": 40, "repetition_penalty": 1.1}, tokens_per_word=1.5)
REVIEW = "{rating}\n{category}\n{title}\n"
FULL = DraftOptions(
    preset=Preset.CUSTOM,
    words=800,
    n=3,
    strategy=Strategy.BEAM,
    temperature=1.0,
    top_k=5,
    top_p=0.5,
    num_beams=4,
    repetition_penalty=1.2,
    no_repeat_ngram_size=3,
    stop=("END", "\n\n"),
    seed=5,
    template="review",
    prefix="Once",
    include_prefix=False,
    truncate="###",
    metadata={"rating": "8.2"},
)


def test_nothing_chosen_is_the_models_own_way():
    assert DraftOptions().sampling(CARD, 9, 160) == CARD.sampling_for(seed=9, max_new_tokens=160)


def test_the_slider_goes_from_likely_to_unlikely():
    heat = [DraftOptions(preset=position.preset).sampling(CARD, 0).temperature for position in PRESETS]
    reach = [DraftOptions(preset=position.preset).sampling(CARD, 0).top_p for position in PRESETS]
    width = [DraftOptions(preset=position.preset).sampling(CARD, 0).top_k for position in PRESETS]
    assert [position.name for position in PRESETS] == ["Careful", "Balanced", "Eccentric"]
    assert heat == sorted(set(heat))
    assert reach == sorted(set(reach))
    assert width == sorted(set(width))
    assert (heat[1], reach[1], width[1]) == (0.7, 0.92, 40)


@pytest.mark.parametrize("extreme", [0.05, 2.0])
def test_the_slider_stays_within_bounds(extreme):
    card = Card(sampling={"temperature": extreme, "top_p": 0.05 if extreme < 1 else 1.0, "top_k": 1})
    for position in PRESETS:
        DraftOptions(preset=position.preset).sampling(card, 0)


def test_expert_fields_win_over_the_preset():
    sampling = DraftOptions(preset=Preset.ECCENTRIC, temperature=0.3, strategy="greedy").sampling(CARD, 0)
    assert (sampling.temperature, sampling.strategy) == (0.3, Strategy.GREEDY)
    assert sampling.top_p > 0.92


def test_words_become_tokens_by_the_models_own_measure():
    assert DraftOptions(words=5000).sampling(CARD, 0).max_new_tokens == 7500
    assert DraftOptions(words=10).tokens(CARD, 160) == 15
    assert DraftOptions().tokens(CARD, 160) == 160


def test_the_engine_stops_where_the_text_is_truncated():
    assert DraftOptions(truncate="###", stop=("END",)).sampling(CARD, 0).stop == ("END", "###")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("words", 9),
        ("words", 5001),
        ("words", "many"),
        ("n", 0),
        ("n", MOST_DRAFTS + 1),
        ("temperature", 2.1),
        ("temperature", float("nan")),
        ("top_k", 0),
        ("top_p", 1.5),
        ("num_beams", 17),
        ("repetition_penalty", 0.5),
        ("no_repeat_ngram_size", -1),
        ("seed", -1),
        ("seed", LARGEST_SEED),
        ("stop", ("x" * 65,)),
        ("stop", ("",)),
        ("strategy", "best"),
        ("preset", "wild"),
        ("prefix", "x" * 2001),
        ("truncate", "x" * 65),
        ("metadata", {"rating": "x" * 201}),
        ("metadata", {f"m{number}": "x" for number in range(17)}),
    ],
)
def test_a_value_out_of_bounds_is_named(field, value):
    with pytest.raises(InvalidInput) as caught:
        DraftOptions(**{field: value})
    assert caught.value.field == ("stop" if field == "truncate" and caught.value.field == "stop" else field)


def test_what_was_chosen_is_kept_as_it_was():
    assert DraftOptions.from_dict(FULL.to_dict()) == FULL
    assert DraftOptions().to_dict() == {"preset": "balanced"}
    assert DraftOptions.from_dict({}) == DraftOptions()
    assert DraftOptions.from_dict({"preset": "careful", "gone": 1}) == DraftOptions(preset=Preset.CAREFUL)


def test_every_field_of_sampling_can_be_chosen():
    chosen = set(asdict(DraftOptions())) | {"max_new_tokens"}
    assert set(asdict(Sampling())) <= chosen


def test_a_form_gives_the_same():
    form = {
        "preset": "custom",
        "words": "800",
        "n": "3",
        "strategy": "beam",
        "temperature": " 1.0 ",
        "top_k": "5",
        "top_p": "0.5",
        "num_beams": "4",
        "repetition_penalty": "1.2",
        "no_repeat_ngram_size": "3",
        "stop": "END\r\n###",
        "seed": "5",
        "template": "review",
        "prefix": "Once",
        "truncate": "",
        "metadata_rating": " 8.2 ",
        "metadata_colour": " ",
        "csrf_token": "x",
    }
    options = DraftOptions.from_form(form)
    assert options.stop == ("END", "###")
    assert (options.include_prefix, options.metadata) == (False, {"rating": "8.2"})
    assert options.to_dict() | {"stop": ["END", "\n\n"], "truncate": "###"} == FULL.to_dict()
    assert DraftOptions.from_form({"prefix": "Once", "include_prefix": "y"}).include_prefix is True


def test_a_blank_form_chooses_nothing():
    assert DraftOptions.from_form(dict.fromkeys(asdict(DraftOptions()), "")) == DraftOptions()
    assert DraftOptions.from_form(dict.fromkeys(asdict(DraftOptions()))) == DraftOptions()
    assert DraftOptions.from_form({}) == DraftOptions()


@pytest.mark.parametrize(("field", "typed"), [("words", "ten"), ("top_p", "half"), ("seed", "1.5"), ("n", "1e3")])
def test_what_is_no_number_is_named(field, typed):
    with pytest.raises(InvalidInput, match=typed) as caught:
        DraftOptions.from_form({field: typed})
    assert caught.value.field == field


def test_a_templates_places_must_have_values():
    card = Card(templates={"review": REVIEW})
    DraftOptions(template="review", metadata={"rating": "8.2", "category": "Electronic"}).check(card)
    with pytest.raises(InvalidInput, match="category") as caught:
        DraftOptions(template="review", metadata={"rating": "8.2"}).check(card)
    assert caught.value.field == "metadata"
    with pytest.raises(InvalidInput, match="no template “letter”") as caught:
        DraftOptions(template="letter").check(card)
    assert caught.value.field == "template"
    DraftOptions().check(card)
