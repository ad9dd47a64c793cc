"""How much memory a model takes, told before it is loaded."""

from copydesk.engine.errors import ModelTooLarge
from copydesk.engine.models import ModelFolder
from copydesk.engine.precision import Precision

_INT8_BYTES = 1.07  # a parameter of a matrix: a byte, and its share of the group's scale
_F32_BYTES = 4
_CACHE_BYTES = {Precision.INT8: 2, Precision.F32: 4}  # a key's or a value's number
ROWS_AT_ONCE = 4096  # of the embedding, while a model is loaded
_PROGRAM = 64 * 1000**2  # the tokenizer, and what is computed in between


def needed_memory(
    model: ModelFolder, precision: Precision = Precision.INT8, slots: int = 4, tokens: int | None = None
) -> int:
    """Bytes that `model` takes once loaded, its cache full with `tokens` (as many as `slots` whole texts have).

    What loading it takes for a moment is in it: the largest piece of the file in float32.
    """
    kept = cache_tokens(model, slots) if tokens is None else tokens
    width = int(model.config["n_embd"])
    largest = width * max(min(int(model.config["vocab_size"]), ROWS_AT_ONCE), 3 * width, model.inner_width)
    loading = largest * _F32_BYTES if precision is Precision.INT8 else 0
    return weight_bytes(model, precision) + cache_bytes(model, precision, kept) + loading + _PROGRAM


def cache_tokens(model: ModelFolder, slots: int) -> int:
    """Tokens that the cache has to hold for `slots` whole texts at once."""
    return slots * model.context


def weight_bytes(model: ModelFolder, precision: Precision) -> int:
    """Bytes of the weights in memory: the matrices in this precision, positions, norms and biases in float32."""
    if precision is Precision.F32:
        return model.parameters * _F32_BYTES
    width, inner = int(model.config["n_embd"]), model.inner_width
    matrices = int(model.config["vocab_size"] * width + model.config["n_layer"] * (4 * width**2 + 2 * width * inner))
    return int(matrices * _INT8_BYTES) + (model.parameters - matrices) * _F32_BYTES


def cache_bytes(model: ModelFolder, precision: Precision, tokens: int) -> int:
    """Bytes of the keys and values of so many tokens."""
    return 2 * int(model.config["n_layer"] * model.config["n_embd"]) * tokens * _CACHE_BYTES[precision]


def check_fits(
    model: ModelFolder, precision: Precision, slots: int, available: int | None, tokens: int | None = None
) -> None:
    """Is there room for `model` in `available` bytes? None: nobody knows, and it is tried.

    Raises:
        ModelTooLarge: with the figures.
    """
    needed = needed_memory(model, precision, slots, tokens)
    if available is not None and needed > available:
        raise ModelTooLarge(too_large(model.name, needed, available))


def too_large(name: str, needed: int, available: int) -> str:
    """The sentence that says so."""
    return (
        f"{name} needs {in_words(needed)} of memory and {in_words(available)} are available to the engine. "
        "Use a smaller model, or give the engine more memory."
    )


def in_words(count: int) -> str:
    """A number of bytes as people say it: 548 MB, 1.6 GB."""
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    if count < 999_500_000:
        return f"{count / 1000**2:.0f} MB"
    return f"{count / 1000**3:.1f} GB"
