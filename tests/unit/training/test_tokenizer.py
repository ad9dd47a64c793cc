"""The tokenizer: whatever goes in comes out again."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from copydesk.training.errors import NotAModelError
from copydesk.training.tokenizer import (
    END_OF_TEXT,
    copy_tokenizer,
    end_of_text,
    load_tokenizer,
    save_tokenizer,
    train_tokenizer,
    write_tokenizer_config,
)

TEXTS = [
    "The desk writes, the editor revises.",
    "  leading, trailing  \n\nand\ttabs ",
    "naïve café — “quotes” … 漢字 🙂‍↔️ עברית العربية",
    "\x00\x07 control characters",
    "",
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(["The editor revises what the desk writes. " * 20], 280)


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_survives(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_the_vocabulary_is_end_of_text_then_bytes_then_merges(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() == 280
    assert end_of_text(tokenizer) == 0
    assert len(tokenizer.encode("The editor").ids) < len("The editor")


def test_training_it_twice_gives_the_same(tokenizer: Tokenizer) -> None:
    again = train_tokenizer(["The editor revises what the desk writes. " * 20], 280)
    assert again.to_str() == tokenizer.to_str()


def test_it_can_be_carried_from_folder_to_folder(tokenizer: Tokenizer, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path / "one")
    copy_tokenizer(tmp_path / "one", tmp_path / "two")
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"tokenizer.json", "vocab.json", "merges.txt"}
    assert load_tokenizer(tmp_path / "two").to_str() == tokenizer.to_str()


def test_transformers_reads_it(tokenizer: Tokenizer, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path)
    write_tokenizer_config(tmp_path, 64)
    read = AutoTokenizer.from_pretrained(tmp_path)
    assert read.encode(TEXTS[0]) == tokenizer.encode(TEXTS[0]).ids
    assert (read.eos_token, read.eos_token_id, read.model_max_length) == (END_OF_TEXT, 0, 64)


def test_a_folder_without_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotAModelError, match=r"tokenizer\.json is missing"):
        load_tokenizer(tmp_path)
