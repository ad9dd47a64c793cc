"""Whole characters out of a stream that may cut them: byte-level tokens end inside a character as often as not."""

import codecs
import re

_LONE_SURROGATE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # without those that stand for a raw byte
_HIGH_SURROGATES = range(0xD800, 0xDC00)


class WholeCharacters:
    """Takes pieces of text as a server sent them, gives back only characters that are complete.

    A piece may end with half of a UTF-8 sequence (its bytes as `surrogateescape` reads them) or with half of a
    surrogate pair (as JSON escapes them). The rest is waited for; what never becomes a character is dropped.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        self._high = ""

    def feed(self, piece: str) -> str:
        """The characters that are complete now."""
        text, self._high = self._high + piece, ""
        if text and ord(text[-1]) in _HIGH_SURROGATES:
            text, self._high = text[:-1], text[-1]
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        raw = _LONE_SURROGATE.sub("", joined).encode("utf-8", "surrogateescape")
        return self._decoder.decode(raw).replace("\ufffd", "")
