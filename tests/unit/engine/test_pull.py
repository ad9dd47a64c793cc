"""Fetching models over real HTTP from a hub on this machine: all of it, or nothing, and a sentence that says why."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from unit.engine.folders import ROOT, tiny, write_card
from unit.engine.hub_server import Hub, hub_serving

from copydesk.engine import models
from copydesk.engine import pull as pulling
from copydesk.engine.errors import ModelPullError
from copydesk.engine.models import ModelFolder
from copydesk.engine.pull import HubUnreachable, pull
from copydesk.engine.verify import verify

WEIGHTS = models.WEIGHTS
PIECE = 10_000  # bytes; ten million in the library
KILLED = """
import sys
from pathlib import Path
import huggingface_hub.constants
from copydesk.engine.pull import pull
huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = 10_000
pull("gpt2", Path(sys.argv[1]))
"""
Pull = Callable[..., ModelFolder]


@pytest.fixture(autouse=True)
def quick_and_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Notes of checksums in the test's folder; the hub's library writes small pieces and does not wait to try again."""
    monkeypatch.setenv("CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", PIECE)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub that has one small model, whatever it is asked for; tests make it worse."""
    source = tiny(tmp_path / "source", width=128, card=False)
    with hub_serving(source.path) as hub:
        yield hub


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def get(hub: Hub, said: list[str]) -> Pull:
    return lambda name, models_dir: pull(name, models_dir, tell=said.append, endpoint=hub.url)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def ranges(hub: Hub) -> list[str]:
    return [wanted for name, wanted in hub.asked if name == WEIGHTS]


def test_a_model_comes_with_a_card_and_is_whole(hub: Hub, get: Pull, said: list[str], tmp_path: Path) -> None:
    model = get("gpt2", tmp_path / "models")
    verify(model)
    assert model.name == "gpt2"
    assert hub.asked[0] == ("/api/models/openai-community/gpt2", "")
    assert model.card.licence == "MIT"
    assert model.card.trained_on.startswith("WebText")
    assert model.card.prompt_template == "{brief}"
    assert model.card.weights_sha256 == hashlib.sha256(model.weights.read_bytes()).hexdigest()
    about = model.card.rest
    assert about["source"] == "https://huggingface.co/openai-community/gpt2"
    assert about["source_revision"] == hub.revision
    assert (about["parameters"], about["bytes"]) == (model.parameters, model.weights.stat().st_size)
    assert names(tmp_path / "models") == ["gpt2"]
    assert names(model.path) == ["card.json", "config.json", WEIGHTS, "tokenizer.json"]
    assert "in 3 files" in said[0]
    assert "of disk are free" in said[0]
    assert any(line.startswith("100 %") for line in said)


def test_licence_and_data_are_what_the_hub_says(hub: Hub, get: Pull, tmp_path: Path) -> None:
    hub.licence = "apache-2.0"
    card = get("someone/theirs", tmp_path).card
    assert (card.licence, card.trained_on) == ("apache-2.0", "somebody/pages")
    hub.licence = None
    assert get("someone/other", tmp_path).card.licence == "see the source"


def test_a_whole_model_is_not_fetched_again_and_a_broken_one_is(hub: Hub, get: Pull, tmp_path: Path) -> None:
    get("gpt2", tmp_path / "m")
    asked = len(hub.asked)
    get("gpt2", tmp_path / "m")
    assert len(hub.asked) == asked
    (tmp_path / "m" / "gpt2" / WEIGHTS).write_bytes(b"damaged")
    verify(get("gpt2", tmp_path / "m"))
    assert len(hub.asked) > asked
    assert names(tmp_path / "m") == ["gpt2"]


def test_another_owners_model_of_the_same_name_is_not_overwritten(get: Pull, tmp_path: Path) -> None:
    get("someone/gpt2", tmp_path)
    with pytest.raises(ModelPullError, match="already"):
        get("gpt2", tmp_path)


def test_a_line_that_breaks_once_is_gone_on_with_in_the_same_attempt(hub: Hub, get: Pull, tmp_path: Path) -> None:
    hub.breaks[WEIGHTS] = [100_000]
    verify(get("gpt2", tmp_path / "models"))
    assert ranges(hub) == ["", "bytes=100000-"]
    assert hub.sent[WEIGHTS] == (hub.folder / WEIGHTS).stat().st_size


def test_the_next_attempt_goes_on_from_what_came(hub: Hub, get: Pull, said: list[str], tmp_path: Path) -> None:
    """Broken off for good in the middle: nothing is visible, and the rest alone is asked for the next time."""
    size = (hub.folder / WEIGHTS).stat().st_size
    hub.breaks[WEIGHTS] = [150_000, 0, 0, 0, 0, 0, 0]
    with pytest.raises(HubUnreachable):
        get("gpt2", tmp_path / "models")
    assert [model.name for model in models.list_models(tmp_path / "models")] == ["seed"]  # the one that came along
    assert names(tmp_path / "models") == [".gpt2.partial"]
    assert "goes on from there" in said[-1]
    hub.breaks.clear()
    hub.asked.clear()
    sent = dict(hub.sent)
    verify(get("gpt2", tmp_path / "models"))
    assert names(tmp_path / "models") == ["gpt2"]
    assert hub.asked[1:] == [(WEIGHTS, "bytes=150000-")]  # the small files are not asked for again either
    assert hub.sent[WEIGHTS] - sent[WEIGHTS] == size - 150_000
    assert "are here already" in "".join(said)


def test_a_command_that_was_killed_is_gone_on_with(hub: Hub, get: Pull, tmp_path: Path) -> None:
    """SIGKILL leaves no time to tidy up; the next attempt finds what came all the same."""
    hub.slow = 0.02
    environment = os.environ | {"HF_ENDPOINT": hub.url}
    command = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "m")], env=environment, cwd=ROOT)
    deadline = time.monotonic() + 60
    while hub.sent.get(WEIGHTS, 0) < 300_000 and time.monotonic() < deadline:
        time.sleep(0.01)
    command.send_signal(signal.SIGKILL)
    command.wait()
    hub.slow = 0
    part = next((tmp_path / "m" / ".gpt2.partial").glob(f"{WEIGHTS}.*.part"))
    came = part.stat().st_size
    hub.asked.clear()
    verify(get("gpt2", tmp_path / "m"))
    assert names(tmp_path / "m") == ["gpt2"]
    assert came > 100_000
    assert ranges(hub) == [f"bytes={came}-"]


def test_a_hub_that_knows_no_ranges_sends_all_again(hub: Hub, get: Pull, tmp_path: Path) -> None:
    hub.breaks[WEIGHTS] = [100_000, 0, 0, 0, 0, 0, 0]
    with pytest.raises(HubUnreachable):
        get("gpt2", tmp_path)
    hub.breaks.clear()
    hub.ignores_ranges = True
    verify(get("gpt2", tmp_path))


def test_what_came_of_another_revision_is_not_gone_on_with(hub: Hub, get: Pull, tmp_path: Path) -> None:
    hub.breaks[WEIGHTS] = [100_000, 0, 0, 0, 0, 0, 0]
    with pytest.raises(HubUnreachable):
        get("gpt2", tmp_path / "m")
    raw = bytearray((hub.folder / WEIGHTS).read_bytes())
    raw[-1] ^= 0x01
    (hub.folder / WEIGHTS).write_bytes(raw)
    hub.breaks.clear()
    hub.asked.clear()
    model = get("gpt2", tmp_path / "m")
    assert ranges(hub) == [""]
    assert names(model.path) == ["card.json", "config.json", WEIGHTS, "tokenizer.json"]


def test_a_beginning_that_was_damaged_here_is_fetched_afresh(hub: Hub, get: Pull, tmp_path: Path) -> None:
    hub.breaks[WEIGHTS] = [100_000, 0, 0, 0, 0, 0, 0]
    with pytest.raises(HubUnreachable):
        get("gpt2", tmp_path / "m")
    part = next((tmp_path / "m" / ".gpt2.partial").glob("*.part"))
    part.write_bytes(b"\0" * part.stat().st_size)
    hub.breaks.clear()
    hub.asked.clear()
    verify(get("gpt2", tmp_path / "m"))
    assert ranges(hub) == ["bytes=100000-", ""]


@pytest.mark.parametrize("file", [WEIGHTS, "tokenizer.json"])
def test_a_file_that_arrives_damaged_is_thrown_away(hub: Hub, get: Pull, tmp_path: Path, file: str) -> None:
    hub.wrong[file] = hashlib.sha256(b"others").hexdigest()
    with pytest.raises(ModelPullError, match=f"{file} of openai-community/gpt2 arrived damaged"):
        get("gpt2", tmp_path / "models")
    assert names(tmp_path / "models") == []


def test_a_whole_model_stays_when_another_fetch_arrives_damaged(hub: Hub, get: Pull, tmp_path: Path) -> None:
    get("gpt2", tmp_path / "m")
    write_card(tmp_path / "m" / "gpt2", weights_sha256="0" * 64)  # so that it is fetched again
    hub.wrong[WEIGHTS] = "1" * 64
    with pytest.raises(ModelPullError, match="damaged"):
        get("gpt2", tmp_path / "m")
    assert models.find("gpt2", tmp_path / "m").sha256 == hashlib.sha256((hub.folder / WEIGHTS).read_bytes()).hexdigest()
    assert names(tmp_path / "m") == ["gpt2"]


def test_no_room_is_said_with_figures_before_anything_is_fetched(
    hub: Hub, get: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling.shutil, "disk_usage", lambda path: SimpleNamespace(free=200_000_000))
    hub.claimed[WEIGHTS] = 6_431_829_964
    with pytest.raises(ModelPullError, match=r"6\.5 GB are needed and 200 MB are free"):
        get("gpt2-xl", tmp_path / "models")
    assert [name for name, _ in hub.asked] == ["/api/models/openai-community/gpt2-xl"]
    assert names(tmp_path / "models") == []


def test_a_disk_that_gets_full_meanwhile_leaves_nothing(
    hub: Hub, get: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, piece: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("copydesk.engine.hub._Counted.write", full)
    with pytest.raises(ModelPullError, match="No space left"):
        get("gpt2", tmp_path / "models")
    assert names(tmp_path / "models") == []


def test_a_really_small_disk_gets_full_and_keeps_nothing(
    hub: Hub, get: Pull, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a small disk needs root")
    try:
        with pytest.raises(ModelPullError, match="has no room for openai-community/gpt2"):
            get("gpt2", disk)
        monkeypatch.setattr(pulling, "_RESERVE", -(10**9))  # as if the room had gone meanwhile
        with pytest.raises(ModelPullError, match="No space left"):
            get("gpt2", disk)
        assert names(disk) == []
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_model_of_another_kind_is_refused_before_its_weights_come(hub: Hub, get: Pull, tmp_path: Path) -> None:
    config = hub.folder / "config.json"
    config.write_text(config.read_text().replace('"gpt2"', '"llama"'))
    with pytest.raises(ModelPullError, match="llama"):
        get("gpt2", tmp_path / "models")
    assert WEIGHTS not in hub.sent
    assert names(tmp_path / "models") == []


def test_a_repository_without_safetensors_is_refused_at_once(hub: Hub, get: Pull, tmp_path: Path) -> None:
    hub.names = ["config.json", "tokenizer.json"]
    with pytest.raises(ModelPullError, match=f"no {WEIGHTS}"):
        get("gpt2", tmp_path)
    assert len(hub.asked) == 1


def test_no_such_model(hub: Hub, get: Pull, tmp_path: Path) -> None:
    hub.no_such = True
    with pytest.raises(ModelPullError, match="no public model someone/nothing"):
        get("someone/nothing", tmp_path)


def test_two_at_once_do_not_write_into_the_same_folder(get: Pull, tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    models_dir.mkdir()
    with pulling._beside(models_dir / "gpt2", lambda line: None), pytest.raises(ModelPullError, match="another comman"):
        get("gpt2", models_dir)
    assert names(models_dir) == ["gpt2"]


@pytest.mark.parametrize("name", ["gpt3", "", "../x", "a/b/c", "-x/y", "a b"])
def test_a_name_that_is_none_is_refused_before_anything_happens(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelPullError, match="gpt2-xl"):
        pull(name, tmp_path)


def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    """A hub at an address where nobody listens."""
    with pytest.raises(HubUnreachable, match="can't be reached from here"):
        pull("gpt2", tmp_path / "models", endpoint="http://127.0.0.1:9")
    assert not (tmp_path / "models").exists()


def test_a_card_from_elsewhere_is_not_taken(hub: Hub, get: Pull, tmp_path: Path) -> None:
    write_card(hub.folder, weights_sha256="0" * 64, licence="theirs")
    card = get("gpt2", tmp_path).card
    assert json.loads((hub.folder / "card.json").read_text())["licence"] == "theirs"
    assert (card.licence, card.weights_sha256) == ("MIT", models.find("gpt2", tmp_path).sha256)
