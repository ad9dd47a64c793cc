"""Prompts: which part of a brief is read, and that nothing in it is taken for more than text."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.engine.folders import MODELS, tiny, write_card

from copydesk.engine import models
from copydesk.engine.prompt import NoRoom, PlainPrompts, PromptBuilder
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
    most = max(CONTEXT - room, CONTEXT // 2)  # beyond that the window slides
    assert most - 4 <= len(prompt.tokens) <= most
    assert prompt.keep == min(len(prompt.tokens), CONTEXT // 2)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], PromptBuilder]:
    """A builder for a model with so small a window that a few tokens fill half of it."""
    folder = tmp_path_factory.mktemp("small")
    made: dict[int, PromptBuilder] = {}

    def make(room: int) -> PromptBuilder:
        if room not in made:
            made[room] = PromptBuilder(models.read(tiny(folder / str(room), context=2 * room).path))
        return made[room]

    return make


@given(brief=st.text(max_size=40), room=st.sampled_from([1, 2, 4, 7, 30]))
@settings(max_examples=150, deadline=None)
def test_any_brief_is_cut_between_characters(small: Callable[[int], PromptBuilder], brief: str, room: int) -> None:
    try:
        prompt = small(room).build(brief, max_new_tokens=8000)
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


@pytest.mark.parametrize("tokens", [CONTEXT // 2, CONTEXT, 8192])
def test_however_long_the_answer_half_the_window_is_the_briefs(tokens: int) -> None:
    assert not BUILDER.build("word " * 200, max_new_tokens=tokens).truncated
    prompt = BUILDER.build("word " * 600, max_new_tokens=tokens)
    assert len(prompt.tokens) == prompt.keep == CONTEXT // 2


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
    with pytest.raises(NoRoom, match="no room"):
        builder.build("pots and jars " * 50, max_new_tokens=56, prefix="a beginning " * 20)


def test_a_template_may_name_title_and_metadata() -> None:
    values = {"title": "Pots", "rating": "8.2", "category": "{title}"}
    template = "{rating}\n{category}\n{title}\n"
    prompt = BUILDER.build("Not read.", max_new_tokens=20, template=template, values=values)
    assert (prompt.text, prompt.read_from_char) == ("8.2\n{title}\nPots\n", 0)
    prompt = BUILDER.build("A {title} show. ", max_new_tokens=20, template="{title}\n\n{brief}", values=values)
    assert prompt.text == "Pots\n\nA {title} show."
    with pytest.raises(KeyError, match="colour"):
        BUILDER.build("x", max_new_tokens=20, template="{colour} {brief}", values=values)


def test_the_answers_first_words_may_be_given() -> None:
    assert BUILDER.build("A show. ", max_new_tokens=20, prefix="It began").text == "A show.\n\nIt began"
    assert BUILDER.build("", max_new_tokens=20, prefix="It began").text == "It began"
    assert BUILDER.build("A.", max_new_tokens=20, prefix="It", template="{brief}\nText:\n").text == "A.\nText:\nIt"


def test_a_passage_is_gone_on_from_what_is_before_it() -> None:
    prompt = BUILDER.build_passage("A show.", "The bakery is old.\n\n", max_new_tokens=20)
    assert prompt.text == BUILDER.decode(prompt.tokens) == "A show.\n\nThe bakery is old.\n\n"
    assert prompt.keep == len(BUILDER.encode("A show."))
    assert BUILDER.build_passage("A show.", " ", max_new_tokens=20).text == "A show."


@pytest.mark.parametrize(("brief", "before"), [(2000, 10), (10, 2000), (2000, 2000)])
def test_brief_and_text_before_share_the_room(brief: int, before: int) -> None:
    prompt = BUILDER.build_passage("brief " * brief, "before " * before, max_new_tokens=100)
    assert CONTEXT - 104 <= len(prompt.tokens) <= CONTEXT - 100 or prompt.keep == CONTEXT // 2
    assert prompt.keep <= CONTEXT // 2
    assert prompt.text == BUILDER.decode(prompt.tokens)
    assert prompt.text.count("brief") >= min(brief, 100)
    assert prompt.text.count("before") >= min(before, 100)
    assert prompt.text.endswith("before")


def test_for_another_server_a_prompt_is_its_text() -> None:
    plain = PlainPrompts()
    prompt = plain.build(
        "A show. \n", max_new_tokens=20, template="{title}: {brief}", values={"title": "T"}, prefix="So"
    )
    assert (prompt.question, prompt.tokens, prompt.keep) == ("T: A show.\n\nSo", [], 0)
    assert plain.build_passage("A show.", "It is. ", max_new_tokens=20).question == "A show.\n\nIt is."
    assert BUILDER.build("A show.", max_new_tokens=20).question == BUILDER.encode("A show.")


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
