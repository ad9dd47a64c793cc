"""From what the model emitted to what a person reads: no special tokens, no half sentence at the end."""

import re
from dataclasses import dataclass

SPECIAL = re.compile(r"<\|[a-z_]{2,32}\|>|</?s>|\[(?:PAD|UNK|CLS|SEP|MASK)\]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
_CLOSERS = "\"'”’»)]}*_"
_WIDE = "。！？｡"  # Chinese and Japanese stops: no white space follows them
_STOPS = ".!?…؟۔।"  # the last three are Arabic, Urdu and Hindi
# A whole run of stops, whatever closes after it, and then white space or the end.
_STOP = re.compile(
    rf"(?:(?<![{_STOPS}])[{_STOPS}]++|[{_WIDE}]++)[{re.escape(_CLOSERS)}]*+"
    rf"(?=\s|$|(?<=[{_WIDE}{re.escape(_CLOSERS)}]))"
)
# After these a sentence goes on.
_TITLE = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Messrs|Mme|Mlle|Sir|vs|cf|viz|e\.g|i\.e)|\b[A-Z])\.$"
)
_BEFORE_NUMBER = re.compile(
    r"\b(?:Nos?|pp?|vols?|ch|figs?|eds?|art|sec)\.$", re.IGNORECASE
)  # "No. 7", but "He said no."
_EITHER = re.compile(r"(?:\b(?:etc|al|a\.m|p\.m|ibid)|(?:\b[A-Z]\.)+[A-Z])\.$")  # "… at 5 p.m." and "the U.S. Senate"


_LOOK = 200  # characters that tell an end from what only looks like one
_MUCH = 400  # characters of a sentence without an end: that is no slip at the end any more


@dataclass(frozen=True)
class Trimmed:
    """`kept + cut` is the cleaned text, character by character; `kept` ends on a whole sentence where it can."""

    kept: str
    cut: str


def clean(text: str) -> str:
    """Without special tokens, control characters and broken characters."""
    return _CONTROLS.sub("", SPECIAL.sub("", text.replace("\r\n", "\n")))


def trim_to_sentence(text: str) -> Trimmed:
    """Cut an unfinished last sentence off.

    A text without any full sentence, or of which much would be lost, is kept whole: better than nothing.
    """
    text = clean(text)
    end = next((match.end() for match in reversed(list(_STOP.finditer(text))) if _ends(text, match.end())), len(text))
    if len(text) - end > max(_MUCH, end // 3):
        end = len(text)
    return Trimmed(text[:end], text[end:])


def sentence_ends(text: str) -> list[int]:
    """Where a cleaned text could be cut so that it ends on a whole sentence."""
    return [match.end() for match in _STOP.finditer(text) if _ends(text, match.end())]


def _ends(text: str, place: int) -> bool:
    return _is_end(text[max(0, place - _LOOK) : place], text[place : place + _LOOK])


def _is_end(sentence: str, rest: str) -> bool:
    """Is the stop at the end of `sentence` that of a sentence, and not of an abbreviation or inside an ellipsis?"""
    bare, following = sentence.rstrip(_CLOSERS), rest.lstrip()[:1]
    if bare.endswith(tuple(_WIDE)):
        return True
    if following.islower():  # `"Go away!" she said`, "wait … what", "etc. and"
        return False
    if _EITHER.search(bare):
        return not following or rest.startswith("\n")  # a name may follow as well as a sentence
    if _BEFORE_NUMBER.search(bare):
        return not following.isdigit()
    return not _TITLE.search(bare)
