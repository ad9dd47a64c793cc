"""The corpus: what is held out, the tokens' cache, and the order of the windows."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from copydesk.training import corpus as corpus_module
from copydesk.training.corpus import batch_windows, book_paths, load_corpus, split_book
from copydesk.training.errors import CorpusTooSmallError, NoBooksError
from copydesk.training.tokenizer import train_tokenizer


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    folder.mkdir()
    for name in ("b", "a"):
        paragraphs = [f"Book {name}, paragraph {number}." for number in range(100)]
        (folder / f"{name}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")
    (folder / "manifest.tsv").write_text("not a book", encoding="utf-8")
    return folder


@pytest.fixture
def tokenizer() -> Tokenizer:
    return train_tokenizer([f"Book, paragraph {number}." for number in range(100)], 300)


def test_the_last_fiftieth_of_a_books_paragraphs_is_held_out() -> None:
    text = "\n".join(f"paragraph {number}\n  \n" for number in range(100))
    train, held_out = split_book(text)
    assert train.split("\n") == [f"paragraph {number}" for number in range(98)]
    assert held_out.split("\n") == ["paragraph 98", "paragraph 99"]


@pytest.mark.parametrize("text", ["", "\n \n", "one line"])
def test_a_book_too_short_to_split_is_still_kept_whole(text: str) -> None:
    assert "".join(split_book(text)) == text.strip()


def test_books_are_read_by_name_and_other_files_left_alone(books: Path) -> None:
    assert [path.name for path in book_paths(books)] == ["a.txt", "b.txt"]


def test_a_folder_without_books_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoBooksError, match=r"holds no \.txt file"):
        book_paths(tmp_path)


def test_each_book_ends_in_the_end_of_text(books: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    corpus = load_corpus(books, tokenizer, tmp_path / "cache")
    assert list(corpus.train).count(0) == 2
    assert corpus.train[-1] == corpus.held_out[-1] == 0
    assert tokenizer.decode(list(corpus.held_out)).startswith("Book a, paragraph 98.\nBook a, paragraph 99.")
    assert corpus.held_out_characters == 2 * len("Book a, paragraph 98.\nBook a, paragraph 99.")


def test_tokens_come_from_the_cache_the_second_time(
    books: Path, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_corpus(books, tokenizer, tmp_path / "cache")
    monkeypatch.setattr(corpus_module, "_encode", lambda *_: pytest.fail("encoded again"))
    second = load_corpus(books, tokenizer, tmp_path / "cache")
    assert np.array_equal(first.train, second.train)
    assert np.array_equal(first.held_out, second.held_out)
    assert (first.fingerprint, first.held_out_characters) == (second.fingerprint, second.held_out_characters)


def test_the_cache_knows_a_changed_book_and_another_tokenizer(
    books: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    before = load_corpus(books, tokenizer, tmp_path / "cache").fingerprint
    other = train_tokenizer(["quite other words"], 280)
    assert load_corpus(books, other, tmp_path / "cache").fingerprint != before
    with (books / "a.txt").open("a", encoding="utf-8") as file:
        file.write("\nOne more.")
    assert load_corpus(books, tokenizer, tmp_path / "cache").fingerprint != before


def test_an_epoch_visits_every_window_once_and_the_next_another_way() -> None:
    tokens = np.arange(1, 1002, dtype=np.uint16)

    windows = (len(tokens) - 9) // 9
    assert windows == 110

    def starts(epoch: int) -> list[int]:
        steps = range(epoch * 22, (epoch + 1) * 22)
        return [int(row[0]) for step in steps for row in batch_windows(tokens, step, batch=5, context=9, seed=1)]

    first, second = starts(0), starts(1)
    for epoch in (first, second):
        assert len(set(epoch)) == windows
        assert len({start % 9 for start in epoch}) == 1
    assert first != second


def test_a_batch_depends_on_nothing_but_its_step() -> None:
    tokens = np.arange(5000, dtype=np.uint16)
    options = {"batch": 4, "context": 16, "seed": 3}
    late = batch_windows(tokens, 200, **options)
    batch_windows(tokens, 0, **options)
    assert np.array_equal(late, batch_windows(tokens, 200, **options))
    assert late.shape == (4, 17)
    assert late.dtype == np.int32
    assert not np.array_equal(late, batch_windows(tokens, 201, **options))
    assert not np.array_equal(late, batch_windows(tokens, 200, batch=4, context=16, seed=4))
    assert np.array_equal(np.diff(late, axis=1), np.ones((4, 16)))


def test_too_little_text_for_one_window_says_so() -> None:
    with pytest.raises(CorpusTooSmallError, match="5 tokens, context 16"):
        batch_windows(np.arange(5, dtype=np.uint16), 0, batch=1, context=16, seed=0)
