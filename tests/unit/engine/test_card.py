"""A card's templates: several by name, places for title and metadata, and cards from before."""

from pathlib import Path

import pytest
from unit.engine.folders import write_card

from copydesk.engine.card import TOKENS_PER_WORD, Card
from copydesk.engine.errors import ModelBroken
from copydesk.engine.template import fill, placeholders

REVIEW = "{rating}\n{category}\n{title}\n"


def test_a_card_from_before_has_its_one_template(tmp_path: Path) -> None:
    write_card(tmp_path, prompt_template="Brief: {brief}")
    card = Card.read(tmp_path)
    assert card.all_templates == {"brief": "Brief: {brief}"}
    assert card.tokens_per_word == TOKENS_PER_WORD
    assert Card.read(tmp_path / "none").all_templates == {"brief": "{brief}"}


def test_several_templates_are_listed_with_the_models_own(tmp_path: Path) -> None:
    write_card(tmp_path, templates={"review": REVIEW}, tokens_per_word=1.6, held_out={"perplexity": 9})
    card = Card.read(tmp_path)
    assert card.all_templates == {"brief": "{brief}", "review": REVIEW}
    assert card.tokens_per_word == 1.6
    assert card.rest == {"held_out": {"perplexity": 9}}
    write_card(tmp_path, prompt_template="{title}\n{brief}", templates={"with title": "{title}\n{brief}"})
    assert Card.read(tmp_path).all_templates == {"with title": "{title}\n{brief}"}


@pytest.mark.parametrize(
    "values",
    [
        {"prompt_template": "no place"},
        {"prompt_template": "{brief}{brief}"},
        {"templates": {"none": "no place"}},
        {"templates": {"twice": "{brief} {brief}"}},
        {"templates": ["{brief}"]},
        {"tokens_per_word": 0.5},
        {"tokens_per_word": "few"},
    ],
)
def test_what_can_not_be_meant_is_refused(tmp_path: Path, values: dict[str, object]) -> None:
    write_card(tmp_path, **values)
    with pytest.raises(ModelBroken):
        Card.read(tmp_path)


def test_places_are_named_and_filled_once() -> None:
    assert placeholders("{title} {brief} {title} {Other} {} { brief }") == ["title", "brief"]
    assert fill("{a}{b}{C}", {"a": "{b}", "b": "\\1"}) == "{b}\\1{C}"
    with pytest.raises(KeyError):
        fill("{a}", {})
