"""A website's own program that takes webhooks: notes what it gets and answers as told."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """A website's own program: notes what it gets and answers as told."""

    def __init__(self):
        self.got, self.now, self.most = [], 0, 0
        self.lock = threading.Lock()
        self.answer = lambda handler: handler.reply(200, b"thank you")
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                with receiver.lock:
                    receiver.now += 1
                    receiver.most = max(receiver.most, receiver.now)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                try:
                    receiver.answer(self)
                except OSError:
                    pass  # whoever asked has gone
                finally:
                    with receiver.lock:
                        receiver.now -= 1

            def reply(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
