"""Fetching models: all of it, or nothing, and a sentence that says why."""

import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest
from unit.engine.folders import tiny, write_card

from copydesk.engine import models
from copydesk.engine.errors import ModelPullError
from copydesk.engine.pull import HubUnreachable, pull
from copydesk.engine.verify import verify


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A hub that has one small model, whatever it is asked for; tests make it worse."""
    source = tiny(tmp_path / "source", card=False)
    state = SimpleNamespace(source=source, sha256=source.sha256, error=None, asked=[], names=None)

    def model_info(self, repository: str, **_: object) -> SimpleNamespace:
        state.asked.append(repository)
        weights = SimpleNamespace(rfilename=models.WEIGHTS, lfs=SimpleNamespace(sha256=state.sha256))
        return SimpleNamespace(sha="abc", siblings=[weights])

    def snapshot_download(repository: str, *, local_dir: Path, **_: object) -> str:
        for name in state.names or ["tokenizer.json", "config.json", models.WEIGHTS]:
            shutil.copyfile(source.path / name, Path(local_dir) / name)
        if state.error:
            raise state.error
        return str(local_dir)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return state


def test_a_model_comes_with_a_card_and_is_whole(hub, tmp_path: Path) -> None:
    model = pull("gpt2", tmp_path / "models")
    verify(model)
    assert (model.name, hub.asked) == ("gpt2", ["openai-community/gpt2"])
    assert model.card.licence == "MIT"
    assert model.card.trained_on.startswith("WebText")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["gpt2"]


def test_a_whole_model_is_not_fetched_again_and_a_broken_one_is(hub, tmp_path: Path) -> None:
    pull("gpt2", tmp_path)
    pull("gpt2", tmp_path)
    assert len(hub.asked) == 1
    (tmp_path / "gpt2" / models.WEIGHTS).write_bytes(b"damaged")
    verify(pull("gpt2", tmp_path))
    assert len(hub.asked) == 2


def test_another_owners_model_of_the_same_name_is_not_overwritten(hub, tmp_path: Path) -> None:
    pull("someone/gpt2", tmp_path)
    with pytest.raises(ModelPullError, match="already"):
        pull("gpt2", tmp_path)


def test_weights_that_arrive_damaged_are_thrown_away(hub, tmp_path: Path) -> None:
    hub.sha256 = hashlib.sha256(b"others").hexdigest()
    with pytest.raises(ModelPullError, match="damaged"):
        pull("gpt2", tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_no_room_is_said_and_nothing_stays(hub, tmp_path: Path) -> None:
    hub.error = OSError(28, "No space left on device")
    with pytest.raises(ModelPullError, match="No space left"):
        pull("gpt2", tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_line_that_breaks_leaves_no_half_model_but_what_came(hub, tmp_path: Path) -> None:
    hub.names, hub.error = ["config.json"], ConnectionError("reset")
    with pytest.raises(HubUnreachable):
        pull("gpt2", tmp_path / "models")
    assert list(models.list_models(tmp_path / "models")) == []
    hub.names = hub.error = None
    verify(pull("gpt2", tmp_path / "models"))
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["gpt2"]


def test_a_model_of_another_kind_is_refused(hub, tmp_path: Path) -> None:
    config = hub.source.path / "config.json"
    config.write_text(config.read_text().replace('"gpt2"', '"llama"'))
    with pytest.raises(ModelPullError, match="llama"):
        pull("gpt2", tmp_path / "models")


@pytest.mark.parametrize("name", ["gpt3", "", "../x", "a/b/c", "-x/y", "a b"])
def test_a_name_that_is_none_is_refused_before_anything_happens(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelPullError, match="gpt2-xl"):
        pull(name, tmp_path)


def test_without_a_network_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real library, and a hub at an address where nobody listens."""
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubUnreachable, match="can't be reached from here"):
        pull("gpt2", tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_card_from_elsewhere_is_not_trusted_for_the_checksum(hub, tmp_path: Path) -> None:
    write_card(hub.source.path, weights_sha256="0" * 64)
    assert pull("gpt2", tmp_path).card.weights_sha256 == hub.sha256
