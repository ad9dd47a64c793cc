"""The model's card, for machines and for people."""

import json

from copydesk.training.card import Card, card_json, readme

CARD = Card(
    name="a-model",
    parameters=7_000_000,
    trained_on="old books",
    training={"steps": 12},
    held_out={"perplexity_per_token": 60.5},
)


def test_the_card_tells_machines_what_the_desk_asks() -> None:
    card = json.loads(card_json(CARD, "ab" * 32))
    assert card["weights_sha256"] == "ab" * 32
    assert card["prompt_template"].format(brief="A brief.") == "A brief."
    assert card["sampling"]["top_p"] == 0.92
    assert card["licence"] == "MIT"


def test_the_card_tells_people_the_same() -> None:
    text = readme(CARD, "ab" * 32)
    assert text.startswith("# a-model\n")
    assert all(
        part in text for part in ("7.0 million", "old books", "| steps | 12 |", "60.5", "ab" * 32, "knows no facts")
    )
