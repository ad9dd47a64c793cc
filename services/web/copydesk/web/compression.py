"""Answers are compressed for whoever takes that, on a desk that no proxy stands before: nginx does it by itself."""

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request
from flask.globals import current_app

TYPES = {
    "text/html",
    "text/css",
    "text/plain",
    "text/javascript",
    "application/javascript",
    "application/json",
    "image/svg+xml",
}
LEAST = 1024  # bytes; less fits into one packet anyway
LEVEL = 5  # of answers that are made anew each time
FILES = 32  # of the static ones that are kept compressed


def install(app: Flask) -> None:
    app.after_request(compress)


def compress(response: Response) -> Response:
    """With gzip, whole answers only: what is streamed should arrive as it is written."""
    if response.mimetype not in TYPES:
        return response
    response.vary.add("Accept-Encoding")
    if (
        response.status_code != 200
        or "Content-Encoding" in response.headers
        or request.accept_encodings.best_match(["gzip", "identity"], "identity") != "gzip"
    ):
        return response
    packed = _file(response) if response.direct_passthrough else _words(response)
    if packed is not None:
        response.direct_passthrough = False
        response.set_data(packed)
        response.headers["Content-Encoding"] = "gzip"
        etag, _ = response.get_etag()
        if etag:
            response.set_etag(etag, weak=True)  # the same contents, not the same bytes
    return response


def _words(response: Response) -> bytes | None:
    if response.is_streamed or (response.content_length or 0) < LEAST:
        return None
    return gzip.compress(response.get_data(), LEVEL)


def _file(response: Response) -> bytes | None:
    """A static file, compressed once; by its path below the folder, which the address names."""
    name, folder = (request.view_args or {}).get("filename"), current_app.static_folder
    if request.endpoint != "static" or not name or not folder or (response.content_length or 0) < LEAST:
        return None
    path = Path(folder, name)
    packed = _packed(path, path.stat().st_mtime_ns)
    response.close()
    return packed


@lru_cache(maxsize=FILES)
def _packed(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), 9)
