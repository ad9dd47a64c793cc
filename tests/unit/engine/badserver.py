"""A completions server that does what a test tells it to, on a port of its own."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Script = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(script: Script, models: Script | None = None) -> Iterator[str]:
    """`script` answers a completion, `models` the list of models (none: there is no such page)."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script(self)

        def do_GET(self) -> None:
            if models and self.path == "/v1/models":
                models(self)
            else:
                answer(self, {}, 404)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(handler: BaseHTTPRequestHandler, value: object, status: int = 200) -> None:
    """A whole JSON answer."""
    body = json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def begin(handler: BaseHTTPRequestHandler) -> None:
    """The head of a stream; its end is the connection's."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()


def send(handler: BaseHTTPRequestHandler, *events: object) -> None:
    """Events, as JSON or as they are."""
    for event in events:
        data = event if isinstance(event, bytes) else f"data: {json.dumps(event)}\n\n".encode()
        handler.wfile.write(data)
        handler.wfile.flush()


def word(text: str, finish: str | None = None, **more: object) -> dict:
    return {"choices": [{"text": text, "finish_reason": finish, **more}], "model": "stub"}
