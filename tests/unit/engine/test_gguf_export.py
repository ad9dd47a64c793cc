"""GGUF: written once for weights and precision, whole or not at all, with the right tensors in the right form."""

from pathlib import Path

import gguf
import numpy as np
import pytest
from peers import gguf_export
from peers.gguf_export import Precision, cached_gguf, tensor_name
from safetensors.numpy import load_file
from unit.engine.folders import tiny


def read(path: Path) -> tuple[dict, dict]:
    reader = gguf.GGUFReader(path)
    return {tensor.name: tensor for tensor in reader.tensors}, reader.fields


def test_written_once_for_weights_and_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny(tmp_path / "a")
    paths = {cached_gguf(model, tmp_path / "cache", precision) for precision in Precision}
    assert len(paths) == 3
    monkeypatch.setattr(gguf_export, "write_gguf", lambda *_: pytest.fail("written again"))
    assert {cached_gguf(model, tmp_path / "cache", precision) for precision in Precision} == paths
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {path.name for path in paths}


def test_a_write_that_is_cut_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(model: object, path: Path, precision: object) -> None:
        path.write_bytes(b"GGUF")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gguf_export, "write_gguf", half)
    with pytest.raises(OSError, match="No space"):
        cached_gguf(tiny(tmp_path / "a"), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_matrices_are_transposed_and_the_rest_is_float32(tmp_path: Path) -> None:
    model = tiny(tmp_path / "a")
    ours = load_file(model.weights)
    theirs, _ = read(cached_gguf(model, tmp_path / "cache", Precision.F32))
    assert {tensor_name(name) for name in ours} == set(theirs)
    for name, values in ours.items():
        expected = values.astype(np.float32)
        if name.endswith("weight") and expected.ndim == 2 and name.startswith("h."):
            expected = expected.T
        np.testing.assert_array_equal(theirs[tensor_name(name)].data.reshape(expected.shape), expected)
    eight, _ = read(cached_gguf(model, tmp_path / "cache", Precision.Q8_0))
    kinds = {name: tensor.tensor_type.name for name, tensor in eight.items()}
    assert kinds["token_embd.weight"] == kinds["blk.0.attn_qkv.weight"] == "Q8_0"
    assert kinds["position_embd.weight"] == kinds["blk.0.attn_qkv.bias"] == kinds["output_norm.weight"] == "F32"
    assert "output.weight" not in kinds


def test_rows_that_make_no_blocks_of_32_stay_float32(tmp_path: Path) -> None:
    tensors, _ = read(cached_gguf(tiny(tmp_path / "a", width=40), tmp_path / "cache", Precision.Q8_0))
    assert {tensor.tensor_type.name for name, tensor in tensors.items() if "token_embd" in name} == {"F32"}


def test_the_tokenizer_goes_along(tmp_path: Path) -> None:
    model = tiny(tmp_path / "a", vocab_size=8200)  # padded: eight numbers without a word
    _, fields = read(cached_gguf(model, tmp_path / "cache"))
    tokens = fields["tokenizer.ggml.tokens"]
    types = fields["tokenizer.ggml.token_type"].contents()
    assert len(tokens.data) == len(types) == 8200
    assert types[model.end_of_text] == gguf.TokenType.CONTROL
    assert types[-1] == gguf.TokenType.UNUSED
    assert fields["tokenizer.ggml.eos_token_id"].contents() == model.end_of_text
    assert fields["gpt2.context_length"].contents() == model.context


def test_masks_and_a_second_head_are_left_out() -> None:
    assert tensor_name("transformer.h.3.mlp.c_fc.weight") == "blk.3.ffn_up.weight"
    assert tensor_name("h.11.ln_2.bias") == "blk.11.ffn_norm.bias"
    assert tensor_name("h.0.attn.c_attn.bias") == "blk.0.attn_qkv.bias"
    for name in ("h.0.attn.bias", "h.0.attn.masked_bias", "lm_head.weight"):
        assert tensor_name(name) is None
