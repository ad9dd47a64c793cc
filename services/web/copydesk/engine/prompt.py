"""From a brief to the tokens that the model reads. A brief that is too long is read from its end."""

from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.engine.models import ModelFolder
from copydesk.engine.tokens import Tokens


@dataclass(frozen=True)
class Prompt:
    """What the model reads, and which part of the brief that is."""

    tokens: list[int]
    text: str
    read_from_char: int  # 0: the whole brief was read
    total_chars: int  # of the brief

    @property
    def truncated(self) -> bool:
        """Was the brief's beginning left out?"""
        return self.read_from_char > 0


class PromptBuilder:
    """Builds prompts for one model; loads its tokenizer once. Safe to share between threads."""

    def __init__(self, model: ModelFolder) -> None:
        self.model = model
        self._tokens = Tokens(model.path)

    def encode(self, text: str) -> list[int]:
        """The tokens of a text; a special token's name in it is just text."""
        return self._tokens.encode(text)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        return self._tokens.decode(tokens)

    def build(self, brief: str, *, max_new_tokens: int) -> Prompt:
        """The prompt for `brief`, in the model's template, that leaves room for `max_new_tokens`.

        Its last white space is left out, since the model's words begin with theirs. Never cut inside a character.

        Raises:
            ValueError: the answer, or it and the template, would fill the model's window.
        """
        text = brief.encode("utf-8", "replace").decode("utf-8").rstrip()  # half a surrogate pair becomes "?"
        before, _, after = self.model.card.prompt_template.partition("{brief}")
        tokens = self.encode(before + text + after)
        room = self.model.context - max_new_tokens
        read_from = 0
        if len(tokens) > room:
            head = self.encode(before)
            tail, read_from = self._end_of(text, after, room - len(head))
            tokens = head + tail
        return Prompt(tokens or [self.model.end_of_text], before + text[read_from:] + after, read_from, len(brief))

    def name_tokens(self, text: str, tokens: Sequence[int]) -> list[int]:
        """All tokens of a streamed chunk, of which llama.cpp names only the last.

        It holds tokens back until they make up a whole character, as with curly quotes in GPT-2's vocabulary. Their
        bytes are known; that the model spelt them by its merges is what its training taught it, and an assumption.
        """
        named = b"".join(self._tokens.bytes_of(token) for token in tokens)
        whole = text.encode("utf-8")
        if not named or len(named) >= len(whole) or not whole.endswith(named):
            return list(tokens)
        return self._tokens.merge(whole[: -len(named)]) + list(tokens)

    def _end_of(self, text: str, after: str, room: int) -> tuple[list[int], int]:
        """The last tokens of `text + after` that fit into `room`, and the character of `text` they begin with."""
        tokens = self.encode(text + after)
        start = len(tokens) - room
        dropped = sum(len(self._tokens.bytes_of(token)) for token in tokens[: max(0, start)])
        raw = text.encode("utf-8")
        while start < len(tokens) and dropped < len(raw) and raw[dropped] & 0xC0 == 0x80:  # inside a character
            dropped += len(self._tokens.bytes_of(tokens[start]))
            start += 1
        if room < 1 or dropped >= len(raw) > 0:
            raise ValueError(f"the answer leaves no room for the brief in a window of {self.model.context} tokens")
        return tokens[start:], len(raw[:dropped].decode("utf-8"))
