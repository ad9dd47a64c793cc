"""Files and folders replaced whole or not at all."""

from pathlib import Path

import pytest

from copydesk.training.files import replace_file, replaced_folder


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in ("one", "two"):
        replace_file(path, lambda temporary, content=content: temporary.write_text(content))
        assert path.read_text() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_stays_as_it_was_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_file(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_replaced_with_all_that_was_in_it(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "folder"
    for name in ("one", "two"):
        with replaced_folder(target) as fresh:
            (fresh / name).write_text(name)
    assert [path.name for path in target.iterdir()] == ["two"]
    assert list(target.parent.iterdir()) == [target]


def test_a_folder_stays_as_it_was_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").touch()

    def fail() -> None:
        with replaced_folder(target) as fresh:
            (fresh / "new").touch()
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert [path.name for path in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]
