"""The built files of the front end: which a page loads, by Vite's manifest; the style is announced ahead of it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, url_for

DIST = Path(__file__).parent / "static" / "dist"
MAIN = "src/main.ts"


def install(app: Flask) -> None:
    app.after_request(announce_style)


def announce_style(response: Response) -> Response:
    """In the head of the answer, so that the browser asks for the style before the page itself has arrived."""
    if response.mimetype == "text/html" and "Content-Disposition" not in response.headers:
        for url in asset(MAIN)["css"]:
            response.headers.add("Link", f"<{url}>; rel=preload; as=style")
    return response


def asset(source: str) -> dict[str, Any]:
    """The built files of one front-end entry or chunk, by Vite's manifest; nothing when the front end is not built.

    `modules`: what else the script imports, to be fetched at the same time.
    """
    manifest = _manifest(_manifest_time())
    entry = manifest.get(source)
    if entry is None:
        return {"js": None, "css": [], "modules": []}
    chunks = [entry, *(manifest[name] for name in entry.get("imports", []))]
    # Another entry that it imports stands on the page already.
    own = [chunk for chunk in chunks if chunk is entry or not chunk.get("isEntry")]
    return {
        "js": _static(entry["file"]),
        "css": [_static(name) for chunk in own for name in chunk.get("css", [])],
        "modules": [_static(chunk["file"]) for chunk in own[1:]],
    }


def _static(name: str) -> str:
    return url_for("static", filename=f"dist/{name}")


def _manifest_time() -> float:
    path = DIST / "manifest.json"
    return path.stat().st_mtime if path.exists() else 0.0


@cache
def _manifest(modified: float) -> dict[str, Any]:
    """Read once a build: the modification time is the cache's key."""
    path = DIST / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if modified else {}
