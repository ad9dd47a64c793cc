"""From a brief to the tokens that the model reads. A brief that is too long is read from its end.

A text may be longer than the model's window: then the window slides over it, and the prompt, which has at most half of
it, stays in view.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from copydesk.engine.card import Card
from copydesk.engine.models import ModelFolder
from copydesk.engine.template import fill
from copydesk.engine.tokens import Tokens

_GAP = "\n\n"  # between the brief and the text


class NoRoom(ValueError):
    """The template and the given beginning leave no room for the brief in this model's window."""

    def __init__(self, window: int) -> None:
        super().__init__(f"{self.__doc__} It has {window} tokens.")


@dataclass(frozen=True)
class Prompt:
    """What the model reads, and which part of the brief that is."""

    tokens: list[int]  # none where only the text is known
    text: str
    read_from_char: int  # 0: the whole brief was read
    total_chars: int  # of the brief
    keep: int  # tokens at the beginning that stay in view when the window slides

    @property
    def question(self) -> list[int] | str:
        """What an engine is asked: tokens make a replay exact."""
        return self.tokens or self.text

    @property
    def truncated(self) -> bool:
        """Was the brief's beginning left out?"""
        return self.read_from_char > 0


class Prompts(Protocol):
    """Who builds prompts for a model: `PromptBuilder` where its folder is at hand, else `PlainPrompts`."""

    @property
    def card(self) -> Card: ...

    @property
    def alias(self) -> str:
        """How our engine names the model; "" where its weights are not known."""

    @property
    def sha256(self) -> str | None:
        """Of the weights; None where they are not known."""

    def build(
        self,
        brief: str,
        *,
        max_new_tokens: int,
        template: str | None = None,
        values: Mapping[str, str] | None = None,
        prefix: str = "",
    ) -> Prompt: ...

    def build_passage(
        self,
        brief: str,
        before: str,
        *,
        max_new_tokens: int,
        template: str | None = None,
        values: Mapping[str, str] | None = None,
    ) -> Prompt: ...

    def encode(self, text: str) -> list[int]: ...

    def decode(self, tokens: Sequence[int]) -> str: ...

    def name_tokens(self, text: str, tokens: Sequence[int]) -> list[int]: ...


class PlainPrompts:
    """Prompts as text alone, for a model of another server: its tokenizer and its window are that server's business."""

    card = Card()
    alias = ""
    sha256 = None

    def build(
        self,
        brief: str,
        *,
        max_new_tokens: int,
        template: str | None = None,
        values: Mapping[str, str] | None = None,
        prefix: str = "",
    ) -> Prompt:
        """Raises: KeyError: a place of the template has no value."""
        first, place, last = (self.card.prompt_template if template is None else template).partition("{brief}")
        text = _whole_characters(brief).rstrip() if place else ""
        filled = fill(first, values or {}) + text + fill(last, values or {})
        if prefix:
            filled += (_GAP if filled and not filled[-1].isspace() else "") + _whole_characters(prefix)
        return Prompt([], filled, 0, len(brief), 0)

    def build_passage(
        self,
        brief: str,
        before: str,
        *,
        max_new_tokens: int,
        template: str | None = None,
        values: Mapping[str, str] | None = None,
    ) -> Prompt:
        """Raises: as `build`."""
        prompt = self.build(brief, max_new_tokens=max_new_tokens, template=template, values=values)
        text = _whole_characters(before).rstrip(" \t")
        return replace(prompt, text=prompt.text + (_GAP + text if text else ""))

    def encode(self, text: str) -> list[int]:
        """None: its tokens are not known."""
        return []

    def decode(self, tokens: Sequence[int]) -> str:
        """Nothing: see `encode`."""
        return ""

    def name_tokens(self, text: str, tokens: Sequence[int]) -> list[int]:
        """Those that the server names."""
        return list(tokens)


class PromptBuilder:
    """Builds prompts for one model; loads its tokenizer once. Safe to share between threads."""

    def __init__(self, model: ModelFolder) -> None:
        self.model = model
        self._tokens = Tokens(model.path)

    @property
    def card(self) -> Card:
        return self.model.card

    @property
    def alias(self) -> str:
        return self.model.alias

    @property
    def sha256(self) -> str:
        return self.model.sha256

    def encode(self, text: str) -> list[int]:
        """The tokens of a text; a special token's name in it is just text."""
        return self._tokens.encode(text)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        return self._tokens.decode(tokens)

    def build(
        self,
        brief: str,
        *,
        max_new_tokens: int,
        template: str | None = None,
        values: Mapping[str, str] | None = None,
        prefix: str = "",
    ) -> Prompt:
        """The prompt for `brief` that leaves room for `max_new_tokens`, or half the window where they are more.

        The brief's last white space is left out, since the model's words begin with theirs. Never cut inside a
        character.

        Args:
            template: with `{brief}` at most once; None: the model's own.
            values: for the template's other places.
            prefix: the answer's first words, which the model goes on from.

        Raises:
            NoRoom: the template and the prefix fill the room.
            KeyError: a place of the template has no value.
        """
        return self._fit(brief, self.room(max_new_tokens), template, values or {}, prefix)

    def build_passage(
        self,
        brief: str,
        before: str,
        *,
        max_new_tokens: int,
        template: str | None = None,
        values: Mapping[str, str] | None = None,
    ) -> Prompt:
        """The prompt for words that go on from `before`, a part of a text that was written for `brief`.

        What does not fit is left out at the beginning of each; the brief has at most half of the room, or what
        `before` leaves. Spaces at the end of `before` are left out.

        Raises: as `build`.
        """
        room = self.room(max_new_tokens)
        text = _whole_characters(before).rstrip(" \t")
        rest = self.encode(_GAP + text) if text else []
        share = min(max(room // 2, room - len(rest)), self.model.context // 2)
        prompt = self._fit(brief, share, template, values or {}, "")
        left = room - len(prompt.tokens)
        shown = _GAP + text if text else ""
        if len(rest) > left:
            rest, start = self._end_of(text, "", left)
            shown = text[start:]
        return replace(prompt, tokens=prompt.tokens + rest, text=prompt.text + shown)

    def room(self, max_new_tokens: int) -> int:
        """How many tokens a prompt may have."""
        return max(self.model.context - max_new_tokens, self.model.context // 2)

    def _fit(self, brief: str, room: int, template: str | None, values: Mapping[str, str], prefix: str) -> Prompt:
        whole = {name: _whole_characters(value) for name, value in values.items()}
        first, place, last = (self.model.card.prompt_template if template is None else template).partition("{brief}")
        before, after = fill(first, whole), fill(last, whole)
        text = _whole_characters(brief).rstrip() if place else ""
        if prefix:
            filled = before + text + after
            after += (_GAP if filled and not filled[-1].isspace() else "") + _whole_characters(prefix)
        tokens = self.encode(before + text + after)
        read_from = 0
        if len(tokens) > room:
            if not text:
                raise NoRoom(self.model.context)
            head = self.encode(before)
            tail, read_from = self._end_of(text, after, room - len(head))
            tokens = head + tail
        tokens = tokens or [self.model.end_of_text]
        keep = min(len(tokens), self.model.context // 2)
        return Prompt(tokens, before + text[read_from:] + after, read_from, len(brief), keep)

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
            raise NoRoom(self.model.context)
        return tokens[start:], len(raw[:dropped].decode("utf-8"))


def _whole_characters(text: str) -> str:
    """Half a surrogate pair becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")
