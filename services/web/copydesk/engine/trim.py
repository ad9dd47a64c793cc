"""From what the model emitted to what a person reads: no special tokens, no half sentence at the end."""

import re
from dataclasses import dataclass

SPECIAL = re.compile(r"<\|[a-z_]{2,32}\|>|</?s>|\[(?:PAD|UNK|CLS|SEP|MASK)\]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffd]")
_CLOSERS = "\"'”’»)]}*_"
# A stop, whatever closes after it, and then white space or the end.
_END = re.compile(rf"(?:[.!?…]+|[。！？｡])[{re.escape(_CLOSERS)}]*(?=\s|$|(?<=[。！？｡]))")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Messrs|Mme|Mlle|vs|etc|cf|al|viz|No|Nos|pp?|vols?|"
    r"ch|fig|ed|eds|e\.g|i\.e|a\.m|p\.m|U\.S|U\.K)|\b[A-Z])\.$"
)


@dataclass(frozen=True)
class Trimmed:
    """`kept + cut` is the cleaned text, character by character; `kept` ends on a whole sentence where there is one."""

    kept: str
    cut: str


def clean(text: str) -> str:
    """Without special tokens, control characters and broken characters."""
    return _CONTROLS.sub("", SPECIAL.sub("", text.replace("\r\n", "\n")))


def trim_to_sentence(text: str) -> Trimmed:
    """Cut an unfinished last sentence off. A text without any full sentence is kept whole: better than nothing."""
    text = clean(text)
    for match in reversed(list(_END.finditer(text))):
        sentence = text[: match.end()]
        if _is_end(sentence, text[match.end() :]):
            return Trimmed(sentence, text[match.end() :])
    return Trimmed(text, "")


def _is_end(sentence: str, rest: str) -> bool:
    """Is the stop at the end of `sentence` the end of a sentence, and not of an abbreviation or inside an ellipsis?"""
    bare = sentence.rstrip(_CLOSERS)
    if bare.endswith(("...", "…")) and rest.lstrip()[:1].islower():
        return False
    if bare.endswith(".") and _ABBREVIATION.search(bare):
        # "… at 5 p.m." ends the text; "Mr." never does.
        return not rest.strip() and bare.endswith((".m.", "etc.", "U.S.", "U.K."))
    return not rest.lstrip()[:1].islower()
