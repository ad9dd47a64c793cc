"""What an editor waits for: words that go on from the cursor, and three candidates for a passage, ranked."""

import re
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from bench.desk import Person, _spread, whole_desk
from tests import journeys
from tests.desk import Desk, until

EDITOR, PASSWORD = "editor@test.com", "123456"
COUNT = 3
LOOK = 0.02  # seconds between two looks
TEXT = " ".join([journeys.DRAFT] * 12)  # 250 words
PASSAGE = "There is something in these vessels that recalls the hour before dawn."
JSON = {"Accept": "application/json"}


class Editor:
    """The editor's browser, without the browser."""

    def __init__(self, live: Desk) -> None:
        self.http = httpx.Client(base_url=live.url, follow_redirects=True, timeout=30, trust_env=False)
        self.http.post("/login", data={"csrf_token": self.token("/login"), "email": EDITOR, "password": PASSWORD})

    def token(self, page: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.http.get(page).text)
        assert found, page
        return found.group(1)

    def close(self) -> None:
        self.http.close()


def run(work: Path, *, quick: bool = False) -> dict[str, Any]:
    """Seconds from asking to the first words and to the whole, with the seed model on an idle desk."""
    rounds = 4 if quick else 30
    with whole_desk(work) as (live, sponsor), closing(Editor(live)) as editor:
        path, base = _document(sponsor, editor)
        token = editor.token(path)
        found = {}
        for name, ask in (("continuation", _continuation), ("candidates", _candidates)):
            for number in range(2):
                ask(editor, path, base, token, number)
            first, whole = zip(*(ask(editor, path, base, token, number) for number in range(rounds)), strict=True)
            found[name] = {"first_words_s": _spread(first), "whole_s": _spread(whole)}
    return found | {"candidates_at_once": COUNT, "words_before": len(TEXT.split())}


def _document(sponsor: Person, editor: Editor) -> tuple[str, int]:
    """The path of a document with a text of 250 words, and its version."""
    path = f"/documents/{sponsor.ask_for('Candidates', sponsor.token_of('/documents/new'))}"
    until(lambda: sponsor.state(path) == "unassigned", "the draft")
    editor.http.post(f"{path}/claim", data={"csrf_token": editor.token(path)})
    typed = {"csrf_token": editor.token(path), "title": "Candidates", "body": TEXT, "base_revision": 2}
    saved = editor.http.post(f"{path}/save", data=typed, headers=JSON)
    assert saved.status_code == 200, saved.text
    return path, saved.json()["revision"]


def _continuation(editor: Editor, path: str, base: int, token: str, number: int) -> tuple[float, float]:
    started = time.perf_counter()
    text = f"{TEXT} This was typed as number {number}, and"
    question = {"base": base, "text": text, "at": len(text)}
    asked = editor.http.post(f"{path}/go-on", json=question, headers=JSON | {"X-CSRFToken": token})
    assert asked.status_code == 201, asked.text  # so many a minute are allowed
    return _times(editor, asked.json()["url"], started, lambda told: bool(told["text"]))


def _candidates(editor: Editor, path: str, base: int, token: str, number: int) -> tuple[float, float]:
    """Another passage each time, so that nothing of the last answer can be used again."""
    start = [found.start() for found in re.finditer(PASSAGE, TEXT)][number % 12]
    data = {"csrf_token": token, "base_revision": base, "start": start, "end": start + len(PASSAGE), "count": COUNT}
    started = time.perf_counter()
    asked = editor.http.post(f"{path}/redraft-passage", data=data, headers=JSON)
    assert asked.status_code == 201, asked.text
    return _times(editor, asked.json()["url"], started, lambda told: any(one["text"] for one in told["candidates"]))


def _times(
    editor: Editor, url: str, started: float, has_words: Callable[[dict[str, Any]], bool]
) -> tuple[float, float]:
    first = None
    while True:
        told = editor.http.get(url, headers=JSON).json()
        now = time.perf_counter() - started
        if first is None and has_words(told):
            first = now
        if told["done"]:
            assert first is not None, told
            return first, now
        time.sleep(LOOK)
