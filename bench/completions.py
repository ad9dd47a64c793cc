"""A client that costs next to nothing, so that the engine is measured and not what asks it. Standard library only."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 600.0  # seconds


class Refused(Exception):
    """The server did not write; the message says what it answered."""


def post(url: str, token: str, path: str, question: dict[str, Any]) -> bytes:
    """The whole answer, read to its end before anybody looks at it.

    Raises:
        Refused: with the server's words.
    """
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(question), headers)
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise Refused(f"{response.status} {answer[:300].decode(errors='replace')}")
    return answer


def tokens(stream: bytes) -> list[int]:
    """The token numbers of one text in a stream of events.

    Raises:
        Refused: the stream holds an error.
    """
    found: list[int] = []
    for line in stream.split(b"\n"):
        name, _, data = line.partition(b":")
        if name != b"data" or data.strip() in (b"", b"[DONE]"):
            continue
        event = json.loads(data)
        if "error" in event:
            raise Refused(str(event["error"])[:300])
        for choice in event.get("choices", ()):
            found += choice.get("token_ids") or ()
    return found
