"""The people of the chaos bench: each works through the pages, and writes down what the desk acknowledged.

An act counts as acknowledged when its answer arrived. Where the answer was lost, a person does what people do: a new
document, a save, a delivery and an approval are sent once more, a comment and a sign-up are not. Those may be there
once, or not at all.
"""

import itertools
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

import httpx

SPONSOR, EDITOR = ("test@test.com", "123456"), ("editor@test.com", "123456")
EDITOR_NAME = "Edda Editor"
LETTERS = "bcdfghklmnprstvw"
BRIEF = "A review of a small show of ceramics in a converted bakery."
JSON = {"Accept": "application/json"}
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_TICKET = re.compile(r'name="ticket"[^>]*value="([^"]+)"')
_EDITOR = re.compile(rf'<option[^>]*value="(\d+)"[^>]*>[^<]*{EDITOR_NAME}')
_BASE = re.compile(r'name="base_revision"[^>]*value="(\d+)"')
_SIGNED = re.compile(r'name="sha256"[^>]*value="([0-9a-f]{64})"')


@dataclass
class Act:
    """Something that somebody did. `place`: the document, or the address."""

    kind: str
    mark: str
    place: str
    acknowledged: bool


@dataclass
class Ledger:
    """What everybody did, in order."""

    acts: list[Act] = field(default_factory=list)
    tries: int = 0
    errors: int = 0  # answers that did not come, or said that something went wrong
    refused: list[str] = field(default_factory=list)  # answers that no fault explains
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, mark: str, place: str, *, acknowledged: bool) -> None:
        with self._lock:
            self.acts.append(Act(kind, mark, place, acknowledged))

    def count(self, *, error: bool) -> None:
        with self._lock:
            self.tries += 1
            self.errors += error

    def refuse(self, words: str) -> None:
        with self._lock:
            self.refused.append(words)

    def acknowledged(self, kind: str) -> list[Act]:
        return [act for act in self.acts if act.kind == kind and act.acknowledged]


class GaveUp(Exception):
    """The bench ends while somebody still waits."""


class Browser:
    """One person's browser. Everything is asked for again until it is answered, or the bench ends."""

    def __init__(self, url: str, ledger: Ledger, ended: threading.Event) -> None:
        self.http = httpx.Client(base_url=url, timeout=15, trust_env=False)
        self.ledger, self.ended = ledger, ended

    def try_once(self, method: str, path: str, **options: object) -> httpx.Response | None:
        """The answer; None where none came, or one that says that the desk is in trouble."""
        try:
            answer = self.http.request(method, path, **options)  # type: ignore[arg-type]
        except httpx.HTTPError:
            answer = None
        trouble = answer is None or answer.status_code >= 500
        self.ledger.count(error=trouble)
        return None if trouble else answer

    def insist(self, method: str, path: str, **options: object) -> httpx.Response:
        while (answer := self.try_once(method, path, **options)) is None:
            if self.ended.wait(0.2):
                raise GaveUp
        return answer

    def page(self, path: str) -> str:
        return self.insist("GET", path, follow_redirects=True).text

    def token(self, path: str) -> str:
        return unescape(_found(_TOKEN, self.page(path)))

    def log_in(self, email: str, password: str) -> None:
        while "/login" in str(self.insist("GET", "/documents", follow_redirects=True).url):
            data = {"csrf_token": self.token("/login"), "email": email, "password": password}
            self.insist("POST", "/login", data=data)


def _found(pattern: re.Pattern[str], page: str) -> str:
    match = pattern.search(page)
    if match is None:
        raise LookupError(f"no {pattern.pattern} in the page")
    return match[1]


class Marks:
    """Words that nobody else writes."""

    def __init__(self, name: str, seed: int) -> None:
        self._random = random.Random(f"{seed} {name}")  # noqa: S311  nothing is kept secret by it

    def new(self) -> str:
        return "".join(self._random.choices(LETTERS, k=14))


def keep_writing(url: str, ledger: Ledger, ended: threading.Event, name: str, seed: int) -> None:
    """Documents from the brief to the signature, one after the other, as sponsor and as editor."""
    marks = Marks(name, seed)
    sponsor, editor = Browser(url, ledger, ended), Browser(url, ledger, ended)
    try:
        sponsor.log_in(*SPONSOR)
        editor.log_in(*EDITOR)
        while not ended.is_set():
            _one_document(sponsor, editor, marks)
    except GaveUp:
        pass
    finally:
        sponsor.http.close()
        editor.http.close()


def _one_document(sponsor: Browser, editor: Browser, marks: Marks) -> None:
    title = f"Document {marks.new()}"
    path = _create(sponsor, title)
    while sponsor.insist("GET", f"{path}/progress.json").json()["document_state"] in ("drafting", "draft_failed"):
        if sponsor.ended.wait(0.2):
            raise GaveUp
    text = "The show is small and good."
    page = editor.page(path)
    token, base = unescape(_found(_TOKEN, page)), int(_found(_BASE, page))
    for _ in range(3):
        mark = marks.new()
        text += f" A pot that is called {mark} stands near the window."
        base = _save(editor, path, token, title, text, base, mark)
        _comment(editor, path, token, marks.new())
    _deliver(editor, path, token, title, text, base)
    _approve(sponsor, path)


def _create(sponsor: Browser, title: str) -> str:
    page = sponsor.page("/documents/new")
    data = {"csrf_token": unescape(_found(_TOKEN, page)), "ticket": unescape(_found(_TICKET, page))}
    data |= {"title": title, "brief": BRIEF, "editor": _found(_EDITOR, page)}
    try:
        answer = sponsor.insist("POST", "/documents/new", data=data)
    except GaveUp:
        sponsor.ledger.note("document", title, "", acknowledged=False)
        raise
    path = answer.headers.get("Location", "")
    if answer.status_code != 303:
        sponsor.ledger.refuse(f"a new document was answered with {answer.status_code}")
        raise GaveUp
    sponsor.ledger.note("document", title, path.rpartition("/")[2], acknowledged=True)
    return str(path)


def _save(editor: Browser, path: str, token: str, title: str, text: str, base: int, mark: str) -> int:
    """The number of the version that it became."""
    data = {"csrf_token": token, "title": title, "body": text, "base_revision": str(base)}
    answer = _insisted(editor, "save", mark, path, f"{path}/save", data)
    return int(answer.json()["revision"])


def _deliver(editor: Browser, path: str, token: str, title: str, text: str, base: int) -> None:
    data = {"csrf_token": token, "title": title, "body": text, "base_revision": str(base)}
    _insisted(editor, "delivery", title, path, f"{path}/deliver", data, reached="signoff")


def _approve(sponsor: Browser, path: str) -> None:
    page = sponsor.page(path)
    data = {"csrf_token": unescape(_found(_TOKEN, page)), "sha256": _found(_SIGNED, page)}
    _insisted(sponsor, "approval", data["sha256"], path, f"{path}/approve", data, reached="approved")


def _insisted(
    who: Browser, kind: str, mark: str, path: str, address: str, data: dict[str, str], reached: str = ""
) -> httpx.Response:
    """Sent until it is answered. A refusal is looked into: the answer to an earlier sending may have been lost."""
    document = path.rpartition("/")[2]
    try:
        answer = who.insist("POST", address, data=data, headers=JSON)
        done = answer.status_code in (200, 303)
        if not done and reached:
            done = who.insist("GET", f"{path}/progress.json").json()["document_state"] == reached
    except GaveUp:
        who.ledger.note(kind, mark, document, acknowledged=False)
        raise
    who.ledger.note(kind, mark, document, acknowledged=done)
    if not done:
        who.ledger.refuse(f"{kind} was answered with {answer.status_code}: {answer.text[:300]}")
        raise GaveUp
    return answer


def _comment(editor: Browser, path: str, token: str, mark: str) -> None:
    answer = editor.try_once(
        "POST", f"{path}/comments", data={"csrf_token": token, "comment": f"What is {mark}?"}, headers=JSON
    )
    done = answer is not None and answer.status_code == 200
    if answer is not None and not done:
        editor.ledger.refuse(f"a comment was answered with {answer.status_code}: {answer.text[:300]}")
    editor.ledger.note("comment", mark, path.rpartition("/")[2], acknowledged=done)


def keep_signing_up(url: str, ledger: Ledger, ended: threading.Event, name: str, seed: int) -> None:
    """A new person every second."""
    marks = Marks(name, seed)
    try:
        for _ in itertools.count():
            browser = Browser(url, ledger, ended)
            try:
                _sign_up(browser, marks.new())
            finally:
                browser.http.close()
            if ended.wait(1):
                return
    except GaveUp:
        pass


def _sign_up(browser: Browser, mark: str) -> None:
    data = {
        "csrf_token": browser.token("/signup/sponsor"),
        "name": f"Pia {mark.capitalize()}",
        "organization": "The Bench",
    }
    data |= {"email": f"{mark}@example.org", "password": f"a long {mark[::-1]} password"}
    answer = browser.try_once("POST", "/signup/sponsor", data=data)
    done = answer is not None and answer.status_code == 302
    if answer is not None and not done:
        browser.ledger.refuse(f"a sign-up was answered with {answer.status_code}")
    browser.ledger.note("sign-up", data["email"], "", acknowledged=done)


def everybody(url: str, ledger: Ledger, ended: threading.Event, writers: int, seed: int) -> list[threading.Thread]:
    """All of them at work."""
    work: list[Callable[[], None]] = [
        lambda number=number: keep_writing(url, ledger, ended, f"writer {number}", seed)  # type: ignore[misc]
        for number in range(writers)
    ]
    work.append(lambda: keep_signing_up(url, ledger, ended, "sign-ups", seed))
    threads = [threading.Thread(target=_noted, args=(one, ledger)) for one in work]
    for thread in threads:
        thread.start()
    return threads


def _noted(work: Callable[[], None], ledger: Ledger) -> None:
    try:
        work()
    except Exception as error:
        ledger.refuse(f"{type(error).__name__}: {error} at {time.strftime('%H:%M:%S')}")
