"""A model's own tokenizer: byte-level BPE, so that any text goes in and comes out again, byte by byte.

By the library `tokenizers`, which transformers uses too: the same numbers, without two seconds of imports.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from copydesk.engine.vocabulary import byte_alphabet

END_OF_TEXT = "<|endoftext|>"


class Tokens:
    """Text to token numbers and back, for one model folder. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = load_tokenizer(folder)
        self._bytes = {character: number for number, character in byte_alphabet().items()}

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`; a special token's name in it is just text."""
        return [int(token) for token in self._tokenizer.encode(text, add_special_tokens=False).ids]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of `tokens` without special ones; bytes that make no character become U+FFFD."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    def bytes_of(self, token: int) -> bytes:
        """The bytes that a token stands for; none for a special token or a number that is not in use."""
        name = self._tokenizer.id_to_token(token)
        if name is None or name == END_OF_TEXT or any(character not in self._bytes for character in name):
            return b""
        return bytes(self._bytes[character] for character in name)

    def merge(self, raw: bytes) -> list[int]:
        """The tokens of bytes that need not be whole characters, by the merges alone."""
        alphabet = byte_alphabet()
        return [int(token.id) for token in self._tokenizer.model.tokenize("".join(alphabet[byte] for byte in raw))]


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer in a model folder, from either form of its files; names of special tokens are plain text to it."""
    from tokenizers import ByteLevelBPETokenizer, Tokenizer

    whole = folder / "tokenizer.json"
    if whole.is_file():
        tokenizer = Tokenizer.from_file(str(whole))
        tokenizer.no_truncation()
        tokenizer.no_padding()
    else:
        vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
        tokenizer = ByteLevelBPETokenizer(str(vocabulary), str(merges))._tokenizer
        tokenizer.add_special_tokens([END_OF_TEXT])
    tokenizer.encode_special_tokens = True
    return tokenizer
