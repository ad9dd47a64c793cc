"""One POST to one receiver: to the address that was checked, without redirects, within bounds of time and size."""

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

from copydesk.webhooks import addresses
from copydesk.webhooks.addresses import Allowed, Refused

LONGEST = 15.0  # seconds for all of it, from the name to the end of the answer
MOST_READ = 500  # bytes of an answer that are kept; no more are read


@dataclass(frozen=True)
class Answer:
    """What came back. `status` is none where nothing did."""

    status: int | None
    words: str
    milliseconds: int


def post(url: str, body: bytes, headers: dict[str, str], allowed: Allowed, *, longest: float = LONGEST) -> Answer:
    """Never raises for what a receiver does: the log tells it."""
    began = time.monotonic()
    try:
        status, words = _post(url, body, headers, _Network(allowed, began + longest))
    except Refused as error:
        status, words = None, str(error)
    except (httpcore.TimeoutException, TimeoutError):
        status, words = None, f"No answer within {longest:g} seconds."
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        status, words = None, f"It could not be reached: {str(error) or type(error).__name__}"[:MOST_READ]
    return Answer(status, words, round(1000 * (time.monotonic() - began)))


def _post(url: str, body: bytes, headers: dict[str, str], network: "_Network") -> tuple[int, str]:
    sent: dict[bytes | str, bytes | str] = {
        "Content-Type": "application/json",
        "User-Agent": "Copydesk-Webhooks/1",
        "Connection": "close",
    }
    sent.update(headers)
    timeouts = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), LONGEST)}
    context = ssl.create_default_context()
    with (
        httpcore.ConnectionPool(ssl_context=context, network_backend=network, max_connections=1) as pool,
        pool.stream("POST", url, headers=sent, content=body, extensions=timeouts) as response,
    ):
        read = b""
        for chunk in response.iter_stream():
            read += chunk
            if len(read) >= MOST_READ:
                break
        return response.status, read[:MOST_READ].decode(errors="replace").replace("\x00", "")


class _Network(httpcore.NetworkBackend):
    """Connects to an address only after it was checked, so that a name can't be changed in between."""

    def __init__(self, allowed: Allowed, until: float) -> None:
        self.allowed, self.until = allowed, until
        self.real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        last: Exception = OSError("no address")
        for address in addresses.resolve(host, port, self.allowed):
            try:
                stream = self.real.connect_tcp(address, port, left(self.until), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
                continue
            return _Stream(stream, self.until)
        raise last


class _Stream(httpcore.NetworkStream):
    """Ends at one moment, however slowly the other side drips."""

    def __init__(self, real: httpcore.NetworkStream, until: float) -> None:
        self.real, self.until = real, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.real.read(max_bytes, left(self.until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.real.write(buffer, left(self.until))

    def close(self) -> None:
        self.real.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self.real.start_tls(ssl_context, server_hostname, left(self.until)), self.until)

    def get_extra_info(self, info: str) -> Any:
        return self.real.get_extra_info(info)


def left(until: float) -> float:
    """Raises: TimeoutError: nothing is left."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
