"""From a brief to the tokens the model reads. A brief that is too long is read from its end."""

import os
from dataclasses import dataclass
from typing import Any

from copydesk.engine.models import ModelFolder


@dataclass(frozen=True)
class Prompt:
    """What the model reads, and which part of the brief that is."""

    tokens: list[int]
    text: str
    read_from_char: int  # 0: the whole brief was read
    total_chars: int

    @property
    def truncated(self) -> bool:
        return self.read_from_char > 0


class PromptBuilder:
    """Builds prompts for one model; loads its tokenizer once. Safe to share between threads."""

    def __init__(self, model: ModelFolder) -> None:
        self.model = model
        self._tokenizer = load_tokenizer(model)

    def encode(self, text: str) -> list[int]:
        """The tokens of a text; a special token's name in it is just text."""
        return [int(token) for token in self._tokenizer(text, split_special_tokens=True)["input_ids"]]

    def decode(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def build(self, brief: str, *, max_new_tokens: int) -> Prompt:
        """The prompt for `brief` that leaves room for `max_new_tokens`; never cut inside a character.

        Raises:
            ValueError: the answer alone would fill the model's window.
        """
        room = self.model.context - max_new_tokens
        if room < 1:
            raise ValueError(f"max_new_tokens {max_new_tokens} leaves no room in a window of {self.model.context}")
        text = brief.replace("\x00", "").rstrip()
        encoded = self._tokenizer(text, split_special_tokens=True, return_offsets_mapping=True)
        tokens, offsets = encoded["input_ids"], encoded["offset_mapping"]
        if len(tokens) <= room:
            return Prompt([int(token) for token in tokens], text, 0, len(brief))
        start = self._whole_character(offsets, len(tokens) - room)
        read_from = offsets[start][0]
        return Prompt([int(token) for token in tokens[start:]], text[read_from:], read_from, len(brief))

    @staticmethod
    def _whole_character(offsets: list[tuple[int, int]], start: int) -> int:
        """The first token from `start` on that does not begin inside a character: byte-level tokens can share one."""
        while start < len(offsets) - 1 and offsets[start][0] < offsets[start - 1][1]:
            start += 1
        return start


def load_tokenizer(model: ModelFolder) -> Any:
    """The model's tokenizer, by transformers, from its folder alone: the network is never asked."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # it would announce that PyTorch is missing
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()  # "sequence is longer than the maximum" is what `build` is there for
    return AutoTokenizer.from_pretrained(model.path, local_files_only=True)
