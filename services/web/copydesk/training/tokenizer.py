"""A byte-level BPE of GPT-2's kind, of any vocabulary size; any text goes in and comes out again unchanged."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from copydesk.training.errors import NotAModelError

END_OF_TEXT = "<|endoftext|>"
FILES = ("tokenizer.json", "vocab.json", "merges.txt")


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Learn `vocabulary` tokens: end of text, the 256 bytes, and merges of pairs seen at least twice."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def end_of_text(tokenizer: Tokenizer) -> int:
    """The number of the token that ends a text."""
    number = tokenizer.token_to_id(END_OF_TEXT)
    if number is None:
        raise NotAModelError(f"The tokenizer has no {END_OF_TEXT}.")
    return int(number)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model folder."""
    path = folder / "tokenizer.json"
    if not path.exists():
        raise NotAModelError(f"{path} is missing.")
    return Tokenizer.from_file(str(path))


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json (all of it) and vocab.json with merges.txt (for readers of GPT-2's own form)."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer.model.save(str(folder))


def copy_tokenizer(source: Path, target: Path) -> None:
    """Carry a tokenizer's files over as they are."""
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


def write_tokenizer_config(folder: Path, context: int) -> None:
    """The small file by which `transformers.AutoTokenizer` knows the class and the special tokens."""
    config = {
        "tokenizer_class": "GPT2TokenizerFast",
        "model_max_length": context,
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "unk_token": END_OF_TEXT,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
