"""The exported folder: read back by KerasHub, by transformers, and name by name."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from integration.training.conftest import PLAN, SHAPE, Finished
from safetensors.numpy import load_file
from transformers import AutoConfig, AutoTokenizer

from copydesk.training import run
from copydesk.training.backend import values
from copydesk.training.errors import NotAModelError
from copydesk.training.evaluate import Evaluator
from copydesk.training.model import load_model, logits, read_shape

pytestmark = pytest.mark.integration


def test_the_model_read_back_gives_the_same_logits(finished: Finished, tmp_path: Path) -> None:
    run.export(finished.trainer, name="tiny", trained_on="nothing", averaged=False, target=tmp_path / "model")
    read = load_model(tmp_path / "model")
    tokens = np.random.default_rng(0).integers(0, SHAPE.vocabulary, (2, SHAPE.context)).astype("int32")
    before, after = values(logits(finished.trainer.model, tokens)), values(logits(read, tokens))
    assert np.abs(before - after).max() < 0.02  # float16 on disk
    assert (before.argmax(-1) == after.argmax(-1)).mean() > 0.98
    score = Evaluator(read, SHAPE.context, jit_compile=False).score(finished.trainer.corpus)
    assert score.loss == pytest.approx(finished.trainer.score().loss, abs=1e-3)


def test_the_weights_have_gpt2s_names_shapes_and_half_precision(finished: Finished) -> None:
    tensors = load_file(finished.model_folder / "model.safetensors")
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    assert len(shapes) == 4 + 12 * SHAPE.layers
    assert shapes["wte.weight"] == (360, 64)
    assert shapes["wpe.weight"] == (32, 64)
    assert shapes["h.1.attn.c_attn.weight"] == (64, 192)
    assert shapes["h.1.mlp.c_proj.weight"] == (256, 64)
    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(np.float16)}


def test_transformers_reads_configuration_and_tokenizer(finished: Finished) -> None:
    config = AutoConfig.from_pretrained(finished.model_folder)
    assert (config.architectures, config.n_embd, config.n_layer) == (["GPT2LMHeadModel"], 64, 2)
    assert config.tie_word_embeddings
    tokenizer = AutoTokenizer.from_pretrained(finished.model_folder)
    assert tokenizer.decode(tokenizer.encode("The editor signs the draft.")) == "The editor signs the draft."


def test_the_card_says_what_was_measured(finished: Finished) -> None:
    card = json.loads((finished.model_folder / "card.json").read_text())
    weights = (finished.model_folder / "model.safetensors").read_bytes()
    assert card["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    assert card["held_out"]["perplexity_per_token"] == pytest.approx(finished.score.perplexity, abs=0.01)
    assert card["training"]["steps"] == PLAN.steps
    assert "invented sentences" in (finished.model_folder / "README.md").read_text()


def test_a_run_can_continue_an_exported_model(finished: Finished, books: Path, tmp_path: Path) -> None:
    trainer = run.begin(books, tmp_path / "next", PLAN, source=finished.model_folder, report=lambda line: None)
    assert trainer.corpus.fingerprint == finished.trainer.corpus.fingerprint
    assert trainer.score().loss < finished.before.loss / 2
    assert run.read_origin(tmp_path / "next").source == "model"


def test_what_is_no_model_is_refused(finished: Finished, tmp_path: Path) -> None:
    with pytest.raises(NotAModelError, match="safetensors is missing"):
        load_model(tmp_path)
    with pytest.raises(NotAModelError, match=r"config\.json is missing"):
        read_shape(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(NotAModelError, match="'llama'"):
        read_shape(tmp_path)
