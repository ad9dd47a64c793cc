"""From tokens to what a client reads, token by token: whole characters only, and nothing of a text that stops it."""

import codecs
from collections.abc import Callable, Sequence


class TokenBytes:
    """The bytes of each token, looked up once."""

    def __init__(self, bytes_of: Callable[[int], bytes]) -> None:
        self._bytes_of = bytes_of
        self._known: dict[int, bytes] = {}

    def __call__(self, token: int) -> bytes:
        found = self._known.get(token)
        if found is None:
            found = self._known[token] = self._bytes_of(token)
        return found


class Spelling:
    """The text of one answer while it is written.

    Bytes are held back while they may be the beginning of a character or of a stop text. What never becomes a character
    is left out.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self.stopped = False
        self._stops = [stop.encode("utf-8") for stop in stops]
        self._held = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    def feed(self, raw: bytes) -> str:
        """The text that is certain now; `stopped` is set when a stop text is complete, and nothing follows."""
        if not self._stops:
            return self._decoder.decode(raw)
        raw = self._held + raw
        places = [place for place in (raw.find(stop) for stop in self._stops) if place >= 0]
        if places:
            self.stopped, self._held = True, b""
            return self._decoder.decode(raw[: min(places)], final=True)
        certain = len(raw) - max(_overlap(raw, stop) for stop in self._stops)
        self._held = raw[certain:]
        return self._decoder.decode(raw[:certain])

    def end(self) -> str:
        """What was held back for a stop text that did not come."""
        held, self._held = self._held, b""
        return self._decoder.decode(held, final=True)


def stops_in(pieces: Sequence[bytes], stops: Sequence[bytes]) -> bool:
    """Does the last of `pieces` complete one of `stops`? For beams, which go back and forth."""
    if not stops or not pieces:
        return False
    longest = max(map(len, stops)) - 1 + len(pieces[-1])
    tail = b""
    for piece in reversed(pieces):
        tail = piece + tail
        if len(tail) >= longest:
            break
    return any(stop in tail for stop in stops)


def _overlap(raw: bytes, stop: bytes) -> int:
    """How many of the last bytes of `raw` are the first of `stop`."""
    for length in range(min(len(raw), len(stop) - 1), 0, -1):
        if raw.endswith(stop[:length]):
            return length
    return 0
