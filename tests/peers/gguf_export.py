"""From a Hugging Face GPT-2 folder to the GGUF file that llama.cpp reads; written once per weights and precision.

Tensor and key names: llama.cpp's architecture `gpt2` (`gguf.MODEL_ARCH.GPT2`).
"""

import json
import os
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any

from copydesk.engine.models import ModelFolder

VERSION = 1  # part of the cache's name: raise it when this module writes another file for the same weights


class Precision(StrEnum):
    Q8_0 = "q8_0"  # 8 bits in blocks of 32 with a scale each
    F16 = "f16"
    F32 = "f32"  # as exact as the reference

    @property
    def bits_per_weight(self) -> float:
        """Bits on disk and in memory, scales included."""
        return {Precision.Q8_0: 8.5, Precision.F16: 16.0, Precision.F32: 32.0}[self]


_PER_BLOCK = {
    "ln_1": "attn_norm",
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
}
_WHOLE = {"wte.weight": "token_embd.weight", "wpe.weight": "position_embd.weight"}
_SKIPPED = (".attn.bias", ".attn.masked_bias", "lm_head.weight")  # masks, and the head that is the embedding


def cached_gguf(model: ModelFolder, cache_dir: Path, precision: Precision = Precision.Q8_0) -> Path:
    """The GGUF file of these weights, from the cache or written into it. A write that is cut off leaves nothing."""
    path = cache_dir / f"{model.sha256}-{precision}-v{VERSION}.gguf"
    if path.exists():
        return path
    cache_dir.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".partial", dir=cache_dir)
    os.close(handle)
    partial = Path(name)
    try:
        write_gguf(model, partial, precision)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def write_gguf(model: ModelFolder, path: Path, precision: Precision) -> None:
    """Write `model` to `path`. Matrices get `precision`; norms, biases and positions stay float32."""
    import gguf

    writer = gguf.GGUFWriter(path, "gpt2")
    _add_configuration(writer, model, precision)
    _add_tokenizer(writer, model)
    _add_tensors(writer, model, precision)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensor_name(name: str) -> str | None:
    """GGUF's name of a Hugging Face tensor; None for those that are not needed."""
    name = name.removeprefix("transformer.")
    if name.endswith(_SKIPPED):
        return None
    if name in _WHOLE:
        return _WHOLE[name]
    if name.startswith("ln_f."):
        return "output_norm." + name.rpartition(".")[2]
    _, block, rest = name.split(".", 2)
    part, _, kind = rest.rpartition(".")
    return f"blk.{block}.{_PER_BLOCK[part]}.{kind}"


def _add_configuration(writer: Any, model: ModelFolder, precision: Precision) -> None:
    import gguf

    config = model.config
    writer.add_name(model.alias)
    writer.add_block_count(config["n_layer"])
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_feed_forward_length(model.inner_width)
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config.get("layer_norm_epsilon", 1e-5))
    kinds = {
        Precision.Q8_0: gguf.LlamaFileType.MOSTLY_Q8_0,
        Precision.F16: gguf.LlamaFileType.MOSTLY_F16,
        Precision.F32: gguf.LlamaFileType.ALL_F32,
    }
    writer.add_file_type(kinds[precision])


def _add_tokenizer(writer: Any, model: ModelFolder) -> None:
    import gguf

    vocabulary, merges, special = _read_tokenizer(model)
    size = model.config["vocab_size"]
    words = {number: word for word, number in vocabulary.items()}
    tokens = [words.get(number, f"[unused{number}]") for number in range(size)]
    types = [
        gguf.TokenType.CONTROL
        if number in special
        else gguf.TokenType.NORMAL
        if number in words
        else gguf.TokenType.UNUSED
        for number in range(size)
    ]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(model.end_of_text)  # GPT-2 has one for both
    writer.add_eos_token_id(model.end_of_text)
    writer.add_add_bos_token(False)


def _read_tokenizer(model: ModelFolder) -> tuple[dict[str, int], list[str], set[int]]:
    """Vocabulary, merges ("a b") and the numbers of special tokens, from either form of tokenizer files."""
    whole = model.path / "tokenizer.json"
    special = {model.end_of_text}
    if whole.is_file():
        data = json.loads(whole.read_text(encoding="utf-8"))
        vocabulary = dict(data["model"]["vocab"])
        for added in data.get("added_tokens", ()):
            vocabulary[added["content"]] = added["id"]
            if added.get("special"):
                special.add(added["id"])
        merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in data["model"]["merges"]]
        return vocabulary, merges, special
    vocabulary = json.loads((model.path / "vocab.json").read_text(encoding="utf-8"))
    lines = (model.path / "merges.txt").read_text(encoding="utf-8").splitlines()
    return vocabulary, [line for line in lines if line and not line.startswith("#version")], special


def _add_tensors(writer: Any, model: ModelFolder, precision: Precision) -> None:
    import gguf
    import numpy as np
    from safetensors import safe_open

    kinds = {
        Precision.Q8_0: gguf.GGMLQuantizationType.Q8_0,
        Precision.F16: gguf.GGMLQuantizationType.F16,
        Precision.F32: gguf.GGMLQuantizationType.F32,
    }
    with safe_open(model.weights, framework="np") as tensors:
        for name in sorted(tensors.keys()):
            target = tensor_name(name)
            if target is None:
                continue
            values = tensors.get_tensor(name).astype(np.float32)
            if values.ndim == 2 and not target.startswith(("token_embd", "position_embd")):
                values = np.ascontiguousarray(values.T)  # Hugging Face's Conv1D keeps (in, out); GGUF wants (out, in)
            kind = kinds[precision]
            if values.ndim == 1 or target.startswith("position_embd") or values.shape[-1] % 32:
                kind = gguf.GGMLQuantizationType.F32
            writer.add_tensor(target, gguf.quants.quantize(values, kind), raw_dtype=kind)
