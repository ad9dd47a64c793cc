"""Is a model what its card says it is, and do others read it as we do? Weights, shapes and tokenizer are looked at."""

import os

from copydesk.engine import checksums
from copydesk.engine.errors import ModelBroken
from copydesk.engine.models import ModelFolder
from copydesk.engine.tokens import Tokens, load_tokenizer

_PREFIX = "transformer."
_NUMBERS = ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head")
# What tokenizers are known to disagree on: spaces, contractions, digits, accents, scripts, emoji.
_SAMPLE = "Hello world,  it's 1,024 o'clock\n\n\tin Łódź: “café” — שלום, 東京 🎉👩‍🍳."


def verify(model: ModelFolder, *, afresh: bool = True) -> None:
    """Compare the weights with the card, their shapes with the configuration, and the tokenizer with both.

    `afresh`: read all of the weights even where their checksum is remembered.

    Raises:
        ModelBroken: with what differs.
    """
    _verify_checksum(model, afresh)
    _verify_shapes(model)
    _verify_tokenizer(model)
    _compare_with_transformers(model)


def expected_shapes(model: ModelFolder) -> dict[str, tuple[int, ...]]:
    """Every weight by its Hugging Face name, with its shape; matrices are (in, out)."""
    width, inner = model.config["n_embd"], model.inner_width
    shapes: dict[str, tuple[int, ...]] = {
        "wte.weight": (model.config["vocab_size"], width),
        "wpe.weight": (model.context, width),
        "ln_f.weight": (width,),
        "ln_f.bias": (width,),
    }
    matrices = {
        "attn.c_attn": (width, 3 * width),
        "attn.c_proj": (width, width),
        "mlp.c_fc": (width, inner),
        "mlp.c_proj": (inner, width),
    }
    for block in range(model.config["n_layer"]):
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"h.{block}.{norm}.{part}": (width,) for part in ("weight", "bias")}
        for name, shape in matrices.items():
            shapes |= {f"h.{block}.{name}.weight": shape, f"h.{block}.{name}.bias": shape[1:]}
    return shapes


def _verify_checksum(model: ModelFolder, afresh: bool) -> None:
    expected = model.card.weights_sha256
    if not expected:
        raise ModelBroken(f"{model.name} has no checksum in its card, so nothing can be said about its weights.")
    found = (checksums.read if afresh else checksums.of)(model.weights).sha256
    if expected != found:
        raise ModelBroken(
            f"{model.name} is not what its card says: the weights hash to {found[:16]}…, "
            f"the card says {expected[:16]}…. Fetch it again."
        )


def _verify_shapes(model: ModelFolder) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(model.weights, framework="np") as tensors:
            found = {
                name.removeprefix(_PREFIX): tuple(tensors.get_slice(name).get_shape())
                for name in tensors.keys()  # noqa: SIM118
            }
    except SafetensorError as error:
        raise ModelBroken(f"The weights of {model.name} can't be read: {error}") from error
    for name, shape in expected_shapes(model).items():
        if found.get(name) != shape:
            raise ModelBroken(
                f"{model.name}: the weights don't fit config.json; {name} is {found.get(name)}, not {shape}."
            )


def _verify_tokenizer(model: ModelFolder) -> None:
    try:
        size = load_tokenizer(model.path).get_vocab_size()
    except Exception as error:  # tokenizers raises plain Exception
        raise ModelBroken(f"The tokenizer of {model.name} can't be read: {error}") from error
    if not model.end_of_text < size <= model.config["vocab_size"]:
        raise ModelBroken(f"{model.name}: the tokenizer knows {size} tokens, config.json {model.config['vocab_size']}.")


def _compare_with_transformers(model: ModelFolder) -> None:
    """Hugging Face's library is the reference of the folder's form: it has to see the same numbers and tokens."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # it would announce that PyTorch is missing
    from transformers import AutoConfig, AutoTokenizer

    try:
        config = AutoConfig.from_pretrained(model.path, local_files_only=True)  # nosec B615  # nothing is fetched
        theirs = AutoTokenizer.from_pretrained(model.path, local_files_only=True)  # nosec B615  # the same
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelBroken(f"{model.name} can't be read by transformers: {error}") from error
    for name in _NUMBERS:
        if getattr(config, name) != model.config[name]:
            raise ModelBroken(f"{model.name}: transformers reads {name} as {getattr(config, name)}.")
    if theirs.encode(_SAMPLE, add_special_tokens=False) != Tokens(model.path).encode(_SAMPLE):
        raise ModelBroken(f"{model.name}: transformers makes other tokens of a text than the engine's tokenizer.")
