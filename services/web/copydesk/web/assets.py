"""The built files of the front end: which a page loads, by Vite's manifest."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import url_for

DIST = Path(__file__).parent / "static" / "dist"


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
