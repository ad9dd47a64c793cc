"""The corpus: what is held out, the tokens' cache, and the order of the windows."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from copydesk.training import corpus as corpus_module
from copydesk.training.corpus import batch_windows, book_paths, load_corpus, split_books, training_texts
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


def write_books(folder: Path, count: int) -> Path:
    for number in range(count):
        (folder / f"book-{number:03}.txt").write_text(f"Book {number}\n \n\nends.", encoding="utf-8")
    return folder


@pytest.mark.parametrize(("count", "held_out"), [(2, 1), (10, 1), (11, 2), (157, 16)])
def test_a_tenth_of_the_books_is_held_out_whole(tmp_path: Path, count: int, held_out: int) -> None:
    train, held = split_books(write_books(tmp_path, count))
    assert len(held) == held_out
    assert sorted(train + held) == book_paths(tmp_path)


def test_a_book_keeps_its_side_when_a_book_comes(tmp_path: Path) -> None:
    before = split_books(write_books(tmp_path, 100))[1]
    after = split_books(write_books(tmp_path, 101))[1]
    assert len(set(before) - set(after)) <= 1


def test_one_book_leaves_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(CorpusTooSmallError, match="none is left"):
        split_books(write_books(tmp_path, 1))


def test_the_tokenizer_learns_from_what_is_not_held_out_without_blank_lines(tmp_path: Path) -> None:
    train, _ = split_books(write_books(tmp_path, 20))
    assert list(training_texts(tmp_path)) == [f"Book {int(path.stem[-3:])}\nends." for path in train]


def test_books_are_read_by_name_and_other_files_left_alone(books: Path) -> None:
    assert [path.name for path in book_paths(books)] == ["a.txt", "b.txt"]


def test_a_folder_without_books_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoBooksError, match=r"holds no \.txt file"):
        book_paths(tmp_path)


def test_each_book_ends_in_the_end_of_text(books: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    corpus = load_corpus(books, tokenizer, tmp_path / "cache")
    assert list(corpus.train).count(0) == list(corpus.held_out).count(0) == 1
    assert corpus.train[-1] == corpus.held_out[-1] == 0
    text = "\n".join(f"Book {split_books(books)[1][0].stem}, paragraph {number}." for number in range(100))
    assert tokenizer.decode(list(corpus.held_out)) == text
    assert corpus.held_out_characters == len(text)


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
