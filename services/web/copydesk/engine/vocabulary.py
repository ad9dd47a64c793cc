"""The bytes that a model's tokens stand for, read from its files alone: showing a text needs no tokenizer."""

import json
from pathlib import Path
from typing import Self


class Vocabulary:
    """Token numbers to bytes, for one model folder."""

    def __init__(self, numbers: dict[str, int]) -> None:
        values = {character: byte for byte, character in byte_alphabet().items()}
        self._bytes = {
            number: bytes(values[character] for character in name)
            for name, number in numbers.items()
            if all(character in values for character in name) and not name.startswith("<|")
        }

    def bytes_of(self, token: int) -> bytes:
        """None at all for a special token or a number that is not in use."""
        return self._bytes.get(token, b"")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """From either form of a tokenizer's files.

        Raises:
            OSError, ValueError: they are not there, or can't be read.
        """
        plain = folder / "vocab.json"
        if plain.is_file():
            return cls(json.loads(plain.read_text(encoding="utf-8")))
        try:
            return cls(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"{folder.name} has no vocabulary") from error


def byte_alphabet() -> dict[int, str]:
    """The visible character by which GPT-2's vocabulary names each byte (Radford et al. 2019, `bytes_to_unicode`)."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in set(visible)]
    return {byte: chr(byte) for byte in visible} | {byte: chr(256 + place) for place, byte in enumerate(hidden)}
