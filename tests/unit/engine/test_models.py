"""Model folders: what is found, what is refused, and what verifying finds out."""

import json
import shutil
from pathlib import Path

import pytest
from unit.engine.folders import MODELS, SEED, tiny, write_card

from copydesk.engine import models
from copydesk.engine.errors import ModelBroken, ModelNotFound
from copydesk.engine.models import GPT2_SIZES, ModelFolder
from copydesk.engine.sampling import Strategy
from copydesk.engine.verify import verify


@pytest.fixture(autouse=True)
def notes_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CACHE_DIR", str(tmp_path / "cache"))


def test_the_model_that_came_along_is_what_its_card_says() -> None:
    model = models.find("seed", MODELS)
    verify(model)
    assert model.card.licence == "MIT"
    assert model.card.trained_on
    assert model.card.sampling_for(seed=3).strategy is Strategy.TOP_P
    assert model.weights.stat().st_size < 25e6
    assert model.alias == f"seed@{model.sha256[:16]}"


def test_found_by_name_and_by_path(tmp_path: Path) -> None:
    assert models.find("seed", MODELS).sha256 == models.find(str(SEED), tmp_path).sha256
    alias = models.find("seed", MODELS).alias
    assert models.find(alias, MODELS).name == "seed"
    assert models.find(str(SEED), tmp_path).alias == alias


def test_what_came_along_is_there_whatever_the_models_folder_is(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none", MODELS.parent):
        assert [model.path for model in models.list_models(folder)] == [SEED]
        assert models.find("seed", folder).path == SEED
    own = tiny(tmp_path / "seed", width=64)  # a model of one's own goes before it
    assert [model.path for model in models.list_models(tmp_path)] == [own.path]
    assert models.find("seed", tmp_path).sha256 == own.sha256 != models.find("seed", MODELS).sha256


def test_an_alias_finds_these_weights_and_no_others(tmp_path: Path) -> None:
    alias = tiny(tmp_path / "a").alias
    shutil.rmtree(tmp_path / "a")
    tiny(tmp_path / "a", width=64)
    with pytest.raises(ModelNotFound, match="other weights now"):
        models.find(alias, tmp_path)


def test_a_folder_elsewhere_is_linked_under_its_own_name(tmp_path: Path) -> None:
    theirs = tiny(tmp_path / "elsewhere" / "mine")
    for _ in range(2):
        assert models.adopt(theirs.path, tmp_path / "models").name == "mine"
    assert models.find("mine", tmp_path / "models").sha256 == theirs.sha256
    assert [model.name for model in models.list_models(tmp_path / "models")] == ["mine", "seed"]


def test_a_folder_that_can_not_be_linked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no folder"):
        models.adopt(tmp_path / "nothing", tmp_path / "models")
    with pytest.raises(ModelBroken, match="another model called seed"):
        models.adopt(tiny(tmp_path / "seed").path, tmp_path / "models")
    with pytest.raises(ModelBroken, match="can't be a model's name"):
        models.adopt(tiny(tmp_path / "my model").path, tmp_path / "models")
    with pytest.raises(ModelBroken, match="incomplete"):
        models.adopt(tmp_path, tmp_path / "models")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("name", ["nope", "", ".", "..", "/nowhere"])
def test_no_such_model_names_those_at_hand(name: str) -> None:
    with pytest.raises(ModelNotFound, match="seed"):
        models.find(name, MODELS)


def test_a_folder_that_lacks_something_is_broken_and_not_listed(tmp_path: Path) -> None:
    tiny(tmp_path / "a")
    for file in ("config.json", "tokenizer.json", models.WEIGHTS):
        shutil.copytree(tmp_path / "a", tmp_path / "b")
        (tmp_path / "b" / file).unlink()
        with pytest.raises(ModelBroken, match=file):
            models.find("b", tmp_path)
        assert [model.name for model in models.list_models(tmp_path)] == ["a", "seed"]
        shutil.rmtree(tmp_path / "b")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "llama"}, "llama"),
        ({"n_layer": 0}, "n_layer"),
        ({"n_head": "two"}, "n_head"),
        ({"n_head": 3}, "multiple"),
        ({"activation_function": "relu"}, "relu"),
        ({"tie_word_embeddings": False}, "tie_word"),
    ],
)
def test_what_is_no_gpt2_is_refused(tmp_path: Path, change: dict, said: str) -> None:
    path = tiny(tmp_path / "a").path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelBroken, match=said):
        models.find("a", tmp_path)


@pytest.mark.parametrize(
    "card",
    [
        "{",
        "[]",
        '{"sampling": {"temperature": 9}}',
        '{"sampling": 3}',
        '{"prompt_template": "no place"}',
        '{"prompt_template": "{brief} and {brief}"}',
    ],
)
def test_a_card_that_says_nonsense_is_refused(tmp_path: Path, card: str) -> None:
    (tiny(tmp_path / "a").path / "card.json").write_text(card)
    with pytest.raises(ModelBroken):
        models.find("a", tmp_path)


def test_verifying_finds_changed_weights(tmp_path: Path) -> None:
    verify(tiny(tmp_path / "a"))
    with (tmp_path / "a" / models.WEIGHTS).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x55")
    with pytest.raises(ModelBroken, match="hash"):
        verify(models.find("a", tmp_path))


def test_verifying_finds_no_checksum_wrong_shapes_and_cut_off_files(tmp_path: Path) -> None:
    model = tiny(tmp_path / "a", card=False)
    with pytest.raises(ModelBroken, match="checksum"):
        verify(model)
    config = json.loads((model.path / "config.json").read_text())
    (model.path / "config.json").write_text(json.dumps(config | {"n_layer": 2}))
    write_card(model.path, weights_sha256=model.sha256)
    with pytest.raises(ModelBroken, match=r"h\.1"):
        verify(models.find("a", tmp_path))
    model.weights.write_bytes(model.weights.read_bytes()[:100])
    write_card(model.path, weights_sha256=models.find("a", tmp_path).sha256)
    with pytest.raises(ModelBroken, match="can't be read"):
        verify(models.find("a", tmp_path))


def test_the_published_sizes_have_their_published_numbers(tmp_path: Path) -> None:
    """124M, 355M, 774M and 1558M, as they are called, and what llama.cpp and transformers count."""
    counts = {"gpt2": 124_439_808, "gpt2-medium": 354_823_168, "gpt2-large": 774_030_080, "gpt2-xl": 1_557_611_200}
    for name, (layers, width, heads) in GPT2_SIZES.items():
        config = {"n_layer": layers, "n_embd": width, "n_head": heads, "n_positions": 1024, "vocab_size": 50257}
        assert ModelFolder(name, tmp_path, config, models.Card()).parameters == counts[name]
