"""A Hugging Face hub on this machine: as much of its HTTP as fetching a model needs, and it can misbehave."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LARGE = (".safetensors",)  # what the hub keeps apart from git, with a SHA-256


@dataclass
class Hub:
    """Serves the files of one folder as the repository that is asked for, whatever it is called."""

    folder: Path
    url: str = ""
    revision: str = "0123456789abcdef0123456789abcdef01234567"
    licence: str | None = "mit"
    names: list[str] | None = None  # which files there are; None: all
    wrong: dict[str, str] = field(default_factory=dict)  # file: the SHA-256 that is claimed
    claimed: dict[str, int] = field(default_factory=dict)  # file: the size that is claimed
    breaks: dict[str, list[int]] = field(default_factory=dict)  # file: bytes after which the line breaks, per request
    no_such: bool = False
    ignores_ranges: bool = False
    slow: float = 0.0  # seconds between pieces
    asked: list[tuple[str, str]] = field(default_factory=list)  # path or file, and its Range
    sent: dict[str, int] = field(default_factory=dict)  # file: bytes that left
    waiting: threading.Event = field(default_factory=threading.Event)

    def files(self) -> list[Path]:
        found = (path for path in self.folder.iterdir() if path.is_file())
        return sorted(path for path in found if self.names is None or path.name in self.names)

    def model_info(self, repository: str) -> dict[str, Any]:
        card = {"license": self.licence, "datasets": ["somebody/pages"]} if self.licence else None
        siblings = [self._sibling(path) for path in self.files()]
        return {"id": repository, "sha": self.revision, "siblings": siblings, "cardData": card, "tags": []}

    def _sibling(self, path: Path) -> dict[str, Any]:
        raw = path.read_bytes()
        size = self.claimed.get(path.name, len(raw))
        git = hashlib.sha1(b"blob %d\0" % len(raw) + raw).hexdigest()
        about: dict[str, Any] = {"rfilename": path.name, "size": size, "blobId": self.wrong.get(path.name, git)}
        if path.suffix in LARGE:
            sha256 = self.wrong.get(path.name) or hashlib.sha256(raw).hexdigest()
            about["lfs"] = {"size": size, "sha256": sha256, "pointerSize": 130}
        return about


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/"):
            self.hub.asked.append((path, ""))
            self._info(path.removeprefix("/api/models/").partition("/revision/")[0])
        else:
            self._file(path.rpartition("/")[2])

    def _info(self, repository: str) -> None:
        status = 404 if self.hub.no_such else 200
        answer = {"error": "Repository not found"} if self.hub.no_such else self.hub.model_info(repository)
        raw = json.dumps(answer).encode()
        self.send_response(status)
        if self.hub.no_such:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _file(self, name: str) -> None:
        wanted = self.headers.get("Range", "")
        self.hub.asked.append((name, wanted))
        raw = (self.hub.folder / name).read_bytes()
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and not self.hub.ignores_ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(raw) - 1}/{len(raw)}")
        self.send_header("Content-Length", str(len(raw) - start))
        self.end_headers()
        breaks = self.hub.breaks.get(name)
        end = start + breaks.pop(0) if breaks else len(raw)
        for at in range(start, min(end, len(raw)), 16384):
            piece = raw[at : min(at + 16384, end)]
            self.wfile.write(piece)
            self.wfile.flush()
            self.hub.sent[name] = self.hub.sent.get(name, 0) + len(piece)
            if self.hub.slow and self.hub.waiting.wait(self.hub.slow):
                break
        if end < len(raw):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def hub_serving(folder: Path) -> Iterator[Hub]:
    """The hub, until the block ends."""
    hub = Hub(folder)
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield hub
    finally:
        hub.waiting.set()
        server.shutdown()
        server.server_close()
