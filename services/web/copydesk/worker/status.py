"""How a worker is, over HTTP: /healthz, /readyz and /metrics. In a thread of its own, which asks nobody anything."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import generate_latest

from copydesk import scraping
from copydesk.config import Settings
from copydesk.worker import metrics
from copydesk.worker.pulse import Pulse

SLOWEST = 5.0  # seconds that a client may take for its question


@contextmanager
def answering(settings: Settings, pulse: Pulse) -> Iterator[int]:
    """Answer at `status_host`:`status_port`, for as long as the block runs; gives the port, 0 where there is none."""
    if not settings.status_port:
        yield 0
        return
    server = ThreadingHTTPServer((settings.status_host, settings.status_port), _handler(settings, pulse))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="status", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _handler(settings: Settings, pulse: Pulse) -> type[BaseHTTPRequestHandler]:
    token = settings.metrics_token.get_secret_value()

    class Handler(BaseHTTPRequestHandler):
        timeout = SLOWEST
        server_version, sys_version = "copydesk", ""

        def do_GET(self) -> None:
            if self.path == "/healthz":
                self._say(200, {"status": "alive"})
            elif self.path == "/readyz":
                faults = pulse.faults()
                self._say(503 if faults else 200, {"status": "not ready" if faults else "ready", **faults})
            elif self.path == "/metrics" and self._may_scrape():
                self._answer(200, generate_latest(metrics.registry), scraping.TYPE)
            else:
                self._say(404, {"error": "There is nothing here."})

        def _may_scrape(self) -> bool:
            return scraping.allowed(
                peer=self.client_address[0],
                forwarded="X-Forwarded-For" in self.headers or "Forwarded" in self.headers,
                authorization=self.headers.get("Authorization", ""),
                token=token,
            )

        def _say(self, status: int, words: dict[str, str]) -> None:
            self._answer(status, json.dumps(words).encode(), "application/json")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads in the log that somebody looked."""

    return Handler
