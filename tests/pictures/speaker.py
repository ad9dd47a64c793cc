"""The machine of the pictures: the seed engine's own words are nobody's example, so it is given lines to speak.

It stands in front of the real engine. Only the words of a completion are ours; how probable the seed model finds each
of them is asked of that model itself, so that “where to look first” shows real doubts.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from copydesk.engine import models
from copydesk.engine.prompt import PromptBuilder

MODELS = Path(__file__).resolve().parents[2] / "services/web/models"


class Speaker:
    """Speaks its lines in turn, and begins again after the last."""

    def __init__(self, engine: str, token: str) -> None:
        self.engine = httpx.Client(
            base_url=engine, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        )
        self.tokens = PromptBuilder(models.find("seed", MODELS))
        self.lines: list[str] = []
        self._said = 0
        self._lock = threading.Lock()

    def will_say(self, *lines: str) -> None:
        with self._lock:
            self.lines, self._said = list(lines), 0

    def next_line(self) -> str:
        with self._lock:
            self._said += 1
            return self.lines[(self._said - 1) % len(self.lines)]

    def events(self, question: dict) -> Iterator[dict]:
        """One event a token, as the engine itself sends them."""
        prompt = question["prompt"] if isinstance(question["prompt"], list) else self.tokens.encode(question["prompt"])
        known = self.engine.get("/v1/models").json()
        line = self.tokens.encode(self.next_line())
        asked = {"model": question.get("model", ""), "prompt": prompt, "continuations": [line]}
        scores = self.engine.post("/v1/scores", json=asked).json()["scores"][0]["token_logprobs"]
        for number, (token, logprob) in enumerate(zip(line, scores, strict=True), start=1):
            choice = {
                "index": 0,
                "text": self.tokens.decode([token]),
                "logprobs": {"content": [{"id": token, "logprob": logprob}]},
                "finish_reason": "stop" if number == len(line) else None,
            }
            yield {"model": known["data"][0]["id"], "engine": known.get("engine", ""), "choices": [choice]}


@contextmanager
def speaking(speaker: Speaker, port: int) -> Iterator[None]:
    """The speaker's own address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.pass_on(speaker.engine.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/v1/completions":
                return self.pass_on(speaker.engine.post(self.path, content=body))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for event in speaker.events(json.loads(body)):
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                self.wfile.flush()
                time.sleep(0.002)
            return None

        def pass_on(self, answer: httpx.Response) -> None:
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
