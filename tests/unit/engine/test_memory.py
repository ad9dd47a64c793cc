"""How much memory a model takes, said before it is loaded; and checksums that are not made twice."""

import datetime as dt
import os
from pathlib import Path

import pytest
from unit.engine.folders import MODELS, tiny

from copydesk.engine import checksums, models
from copydesk.engine.errors import ModelTooLarge
from copydesk.engine.inventory import ModelList, ModelRow, describe, published
from copydesk.engine.memory import cache_bytes, cache_tokens, check_fits, in_words, needed_memory, weight_bytes
from copydesk.engine.precision import Precision
from copydesk.engine.verify import verify

GB = 1000**3


@pytest.fixture(autouse=True)
def notes_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CACHE_DIR", str(tmp_path / "cache"))


def test_the_published_sizes_need_what_they_are_known_to_need() -> None:
    sizes = {each.name: each for each in published(slots=4)}
    assert [round(each.bytes / GB, 1) for each in sizes.values()] == [0.5, 1.5, 3.2, 6.4]
    assert [round(each.needed_bytes / GB, 1) for each in sizes.values()] == [0.4, 0.9, 1.7, 3.0]


def test_more_texts_and_more_exactness_need_more(tmp_path: Path) -> None:
    model = models.find("seed", MODELS)
    assert cache_tokens(model, 4) == 4 * model.context
    assert needed_memory(model, slots=8) - needed_memory(model, slots=4) == cache_bytes(model, Precision.INT8, 4 * 512)
    assert needed_memory(model, tokens=512) == needed_memory(model, slots=1)
    assert weight_bytes(model, Precision.F32) == 4 * model.parameters
    assert cache_bytes(model, Precision.F32, 100) == 2 * cache_bytes(model, Precision.INT8, 100)


def test_what_does_not_fit_is_refused_with_the_figures() -> None:
    model = models.find("seed", MODELS)
    check_fits(model, Precision.INT8, 4, None)
    check_fits(model, Precision.INT8, 4, GB)
    with pytest.raises(ModelTooLarge, match=r"seed needs 8\d MB of memory and 50 MB are available"):
        check_fits(model, Precision.INT8, 4, 50_000_000)


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 kB"), (999, "1 kB"), (548_105_171, "548 MB"), (999_700_000, "1.0 GB"), (6.43e9, "6.4 GB")],
)
def test_bytes_in_words(count: float, words: str) -> None:
    assert in_words(int(count)) == words


def test_a_checksum_is_read_once_and_again_when_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"a" * 3_000_000)
    assert checksums.remembered(file) is None
    first = checksums.of(file)
    assert checksums.remembered(file).sha256 == first.sha256
    assert dt.datetime.now(dt.UTC) - first.read_at < dt.timedelta(minutes=1)
    file.rename(tmp_path / "elsewhere")  # the same file
    assert checksums.remembered(tmp_path / "elsewhere").sha256 == first.sha256
    (tmp_path / "elsewhere").write_bytes(b"b" + b"a" * 2_999_999)
    assert checksums.remembered(tmp_path / "elsewhere") is None
    assert checksums.of(tmp_path / "elsewhere").sha256 != first.sha256


def test_notes_that_are_damaged_or_can_not_be_kept_cost_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"a")
    checksums.of(file)
    (tmp_path / "cache" / "checksums.json").write_text('["no notes"]')
    assert checksums.remembered(file) is None
    monkeypatch.setenv("CACHE_DIR", "/proc/none")
    assert checksums.of(file).sha256 == checksums.read(file).sha256


def test_verifying_believes_no_note(tmp_path: Path) -> None:
    """Other bytes in the middle of a large file, its time and size put back: a note would hold, the file does not."""
    model = tiny(tmp_path / "a", width=256, vocab_size=8192)
    _ = model.sha256
    about = model.weights.stat()
    with model.weights.open("r+b") as opened:
        opened.seek(about.st_size // 2)
        opened.write(b"\x12\x34")
    os.utime(model.weights, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert checksums.remembered(model.weights) is not None
    with pytest.raises(Exception, match="not what its card says"):
        verify(models.find("a", tmp_path))
    assert describe(models.find("a", tmp_path)).verified is False


def test_a_row_goes_over_the_line_and_comes_back(tmp_path: Path) -> None:
    model = tiny(tmp_path / "a")
    verify(model)
    row = describe(model, available=GB, default=True)
    assert (row.verified, row.fits, row.loaded, row.id) == (True, True, False, model.alias)
    known = ModelList.from_dict(ModelList([row], available_bytes=5, engine="e").to_dict())
    assert known.rows == [row]
    assert known.named("a") == known.named(model.alias) == row
    assert known.named("b") is None


def test_a_model_whose_weights_nobody_has_read_is_not_called_verified(tmp_path: Path) -> None:
    model = tiny(tmp_path / "a")
    checksums._notes_file().unlink()
    row = describe(model, available=1)
    assert (row.verified, row.verified_on, row.fits) == (None, None, False)
    assert len(row.sha256) == 64  # the card's
    assert describe(tiny(tmp_path / "b", card=False)).sha256 == ""


def test_other_servers_name_their_models_and_little_else() -> None:
    known = ModelList.from_dict({"object": "list", "data": [{"id": "meta/theirs@x", "owned_by": "vllm", "name": None}]})
    assert known.rows == [ModelRow(id="meta/theirs@x", name="meta/theirs")]
    assert known.available_bytes is None
