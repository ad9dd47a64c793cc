"""Prompts: which part of a brief is read, and that nothing in it is taken for more than text."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.engine.folders import MODELS, tiny, write_card

from copydesk.engine import models
from copydesk.engine.prompt import PromptBuilder
from copydesk.engine.tokens import END_OF_TEXT, Tokens

BUILDER = PromptBuilder(models.find("seed", MODELS))
CONTEXT = BUILDER.model.context
STRANGE = "🎉 שלום עולם — مرحبا “quoted” naïve 漢字 👩‍👩‍👧 \x00 <|endoftext|> </s> <b>&amp;</b> "


def test_a_short_brief_is_read_whole() -> None:
    prompt = BUILDER.build("A review of a small show.  \n", max_new_tokens=100)
    assert (prompt.text, prompt.read_from_char, prompt.truncated) == ("A review of a small show.", 0, False)
    assert prompt.total_chars == len("A review of a small show.  \n")
    assert BUILDER.decode(prompt.tokens) == prompt.text


def test_strange_text_is_just_text() -> None:
    prompt = BUILDER.build(STRANGE, max_new_tokens=100)
    assert BUILDER.decode(prompt.tokens) == STRANGE.rstrip()
    assert BUILDER.model.end_of_text not in prompt.tokens


@pytest.mark.parametrize("unit", ["word and another, ", STRANGE, "🎉", "ש", "é", "a"])
@pytest.mark.parametrize("room", [1, 7, 160, CONTEXT - 8])
def test_a_long_brief_is_read_from_its_end(unit: str, room: int) -> None:
    brief = unit * (100_000 // len(unit))
    prompt = BUILDER.build(brief, max_new_tokens=room)
    assert prompt.truncated
    assert prompt.total_chars == len(brief)
    assert brief.rstrip()[prompt.read_from_char :] == prompt.text == BUILDER.decode(prompt.tokens)
    assert CONTEXT - room - 4 <= len(prompt.tokens) <= CONTEXT - room


@given(st.text(max_size=40), st.integers(1, 30))
@settings(max_examples=150)
def test_any_brief_is_cut_between_characters(brief: str, room: int) -> None:
    try:
        prompt = BUILDER.build(brief, max_new_tokens=CONTEXT - room)
    except ValueError:
        assert room < 5  # not even one character of many bytes
        return
    assert len(prompt.tokens) <= room
    assert prompt.text == brief.rstrip()[prompt.read_from_char :]
    if prompt.text:
        assert BUILDER.decode(prompt.tokens) == prompt.text


@pytest.mark.parametrize("brief", ["", " \n\t "])
def test_an_empty_brief_begins_a_text(brief: str) -> None:
    assert BUILDER.build(brief, max_new_tokens=10).tokens == [BUILDER.model.end_of_text]


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert BUILDER.build("a\ud83c b", max_new_tokens=10).text == "a? b"


@pytest.mark.parametrize("tokens", [CONTEXT, CONTEXT + 1])
def test_no_room_for_the_brief_is_an_error(tokens: int) -> None:
    with pytest.raises(ValueError, match="no room"):
        BUILDER.build("word " * 9, max_new_tokens=tokens)


def test_the_models_template_is_kept_whole(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "model", context=64).path
    write_card(folder, prompt_template="Brief: {brief}\nText:")
    builder = PromptBuilder(models.read(folder))
    assert builder.build("Pots.", max_new_tokens=20).text == "Brief: Pots.\nText:"
    prompt = builder.build("pots and jars " * 50, max_new_tokens=30)
    assert prompt.truncated
    assert len(prompt.tokens) <= 34
    text = builder.decode(prompt.tokens)
    assert text.startswith("Brief: ")
    assert text.endswith("and jars\nText:")
    with pytest.raises(ValueError, match="no room"):
        builder.build("pots and jars " * 50, max_new_tokens=56)


def test_tokens_that_the_engine_does_not_name_are_found() -> None:
    """llama.cpp streams 🎉, four tokens of the seed model, as one piece with the number of the last."""
    tokens = BUILDER.encode("Yes 🎉")
    assert BUILDER.name_tokens(" 🎉", tokens[-1:]) == tokens[-5:]
    assert BUILDER.name_tokens("Yes", tokens[:1]) == tokens[:1]
    assert BUILDER.name_tokens("", [BUILDER.model.end_of_text]) == [BUILDER.model.end_of_text]
    assert BUILDER.name_tokens("Yes", []) == []


def test_every_byte_has_its_token_and_they_add_up(tmp_path: Path) -> None:
    tokens = Tokens(BUILDER.model.path)
    assert b"".join(tokens.bytes_of(token) for token in tokens.encode(STRANGE)) == STRANGE.encode()
    assert {tokens.bytes_of(tokens.merge(bytes([byte]))[0]) for byte in range(256)} == {bytes([b]) for b in range(256)}
    assert tokens.bytes_of(BUILDER.model.end_of_text) == b""


def test_both_forms_of_tokenizer_files_say_the_same(tmp_path: Path) -> None:
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / name).write_bytes((BUILDER.model.path / name).read_bytes())
    assert Tokens(tmp_path).encode(STRANGE) == BUILDER.encode(STRANGE)
    assert Tokens(tmp_path).bytes_of(BUILDER.model.end_of_text) == b""
    assert END_OF_TEXT not in Tokens(tmp_path).decode([BUILDER.model.end_of_text])
