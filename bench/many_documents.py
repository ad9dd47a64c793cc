"""A desk with very many documents, made quickly; states, people, lengths and words as uneven as real ones are."""

import datetime as dt
import hashlib
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Insert, insert, text
from sqlalchemy.orm import Session

from copydesk.accounts.models import Role, Status, User
from copydesk.audit.log import AuditEvent
from copydesk.autodocs.models import Autodoc, DraftState
from copydesk.documents.editions import Edition, EditionState
from copydesk.documents.models import Document, Kind, Revision, State

AT_ONCE = 2000
SPONSORS, EDITORS = 120, 60
# Of a hundred: most is done long ago, little is in hand.
SHARES = {
    State.PUBLISHED: 62.0,
    State.WITHDRAWN: 12.0,
    State.EDITING: 8.0,
    State.SIGNOFF: 5.0,
    State.APPROVED: 4.0,
    State.UNASSIGNED: 2.0,
    State.DRAFTING: 2.0,
    State.QUESTION: 1.5,
    State.CHOOSING: 1.5,
    State.RETRACTED: 1.0,
    State.DRAFT_FAILED: 1.0,
}
WITHOUT_TEXT = (State.DRAFTING, State.DRAFT_FAILED, State.CHOOSING)
COMMON, RARE = "harbour", "zymurgy"  # in most texts; in a few
SYLLABLES = [one + other for one in "bklmnrst" for other in "aeio"]


@dataclass(frozen=True)
class People:
    """Who does most of each kind."""

    admin: int
    sponsors: list[int]
    editors: list[int]


def fill(engine: Engine, count: int, seed: int = 5) -> People:
    """`count` documents, each with its revisions, a draft and what happened; found by words like any other."""
    rng = random.Random(seed)  # noqa: S311  no secret
    with Session(engine) as session:
        people = _people(session)
        # The index is filled at the end, once a document: twice as fast as with each revision.
        session.execute(text("ALTER TABLE revisions DISABLE TRIGGER revisions_are_searched"))
        words = _Words(rng)
        for start in range(0, count, AT_ONCE):
            _some(session, people, words, rng, min(AT_ONCE, count - start))
        session.execute(text("ALTER TABLE revisions ENABLE TRIGGER revisions_are_searched"))
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("SELECT count(copydesk_index_document(id)) FROM documents"))
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
    return people


class _Words:
    """Twenty thousand words, the first of them used most, as in any language."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        made = {"".join(rng.choices(SYLLABLES, k=rng.randint(2, 4))) for _ in range(20_000)}
        self.all = sorted(made)
        rng.shuffle(self.all)
        total = 0.0
        self.sums = [total := total + 1 / (rank + 3) for rank in range(len(self.all))]

    def some(self, count: int) -> str:
        return " ".join(self.rng.choices(self.all, cum_weights=self.sums, k=count))

    def title(self) -> str:
        return self.some(self.rng.randint(3, 7)).capitalize()

    def body(self) -> str:
        """Half of them shorter than 200 words, a few very long."""
        count = min(5_000, max(20, int(self.rng.lognormvariate(5.3, 0.8))))
        found = self.some(count)
        if self.rng.random() < 0.6:
            found += f" {COMMON}"
        return f"{found} {RARE}" if self.rng.random() < 0.0005 else found


def _people(session: Session) -> People:
    def one(name: str, role: Role) -> int:
        person = User(
            name=name, email=f"{name.lower().replace(' ', '.')}@example.org", organization="The bench", role=role,
            status=Status.APPROVED, password=uuid.uuid4().hex, fs_uniquifier=uuid.uuid4().hex,
        )  # fmt: skip
        session.add(person)
        session.flush()
        return person.id

    return People(
        one("Admin", Role.ADMIN),
        [one(f"Sponsor {number}", Role.SPONSOR) for number in range(SPONSORS)],
        [one(f"Editor {number}", Role.EDITOR) for number in range(EDITORS)],
    )


def _some(session: Session, people: People, words: _Words, rng: random.Random, count: int) -> None:
    rows: dict[type[Any], list[dict[str, Any]]] = {
        kind: [] for kind in (Document, Revision, Autodoc, AuditEvent, Edition)
    }
    for _ in range(count):
        document = _document(people, words, rng)
        rows[Document].append(document)
        rows[Revision] += _revisions(document, words)
        rows[Autodoc].append(_draft(document, rng))
        rows[AuditEvent] += _events(document, rng)
        if document["edition"]:
            rows[Edition].append(_edition(document))
    for kind, found in rows.items():
        if found:
            session.execute(_insert(kind), found)


def _insert(kind: type[Any]) -> Insert[Any]:
    return insert(kind.__table__)


def _skewed(rng: random.Random, people: Sequence[int]) -> int:
    """The first does a tenth of all, the last hardly anything."""
    return rng.choices(people, weights=[1 / (rank + 2) for rank in range(len(people))])[0]


def _document(people: People, words: _Words, rng: random.Random) -> dict[str, Any]:
    state = rng.choices(list(SHARES), weights=list(SHARES.values()))[0]
    changed = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=rng.expovariate(1 / 400_000))
    needs_editor = state not in (State.UNASSIGNED, *WITHOUT_TEXT)
    editor = _skewed(rng, people.editors) if needs_editor or rng.random() < 0.5 else None
    sponsor = _skewed(rng, people.sponsors)
    edition = int(state in (State.PUBLISHED, State.RETRACTED))
    signed = state in (State.APPROVED, State.PUBLISHED, State.RETRACTED)
    has_text = state not in WITHOUT_TEXT
    return {
        "id": uuid.UUID(int=rng.getrandbits(128), version=4),
        "title": words.title(),
        "brief": words.some(rng.randint(15, 60)),
        "state": state,
        "entered_at": changed,
        "round": 1,
        "sponsor_id": sponsor,
        "editor_id": None if state is State.UNASSIGNED else editor,
        "head_number": 2 if has_text else 1,
        "text_number": 2 if has_text else 0,
        "sampling": {},
        "must_keep": "",
        "edition": edition,
        "signed_sha256": "0" * 64 if signed else None,
        "signed_by_id": sponsor if signed else None,
        "signed_at": changed if signed else None,
        "due_at": changed + dt.timedelta(hours=rng.randint(-50, 300)) if rng.random() < 0.7 else None,
        "clock_stopped_at": changed if state is State.QUESTION else None,
        "created_at": changed,
        "updated_at": changed,
    }


def _revisions(document: dict[str, Any], words: _Words) -> Iterator[dict[str, Any]]:
    same = {"document_id": document["id"], "round": 1, "title": document["title"], "created_at": document["created_at"]}
    first = hashlib.sha256(document["id"].bytes).hexdigest()
    brief = {"kind": Kind.BRIEF, "body": document["brief"], "author_id": document["sponsor_id"]}
    yield same | brief | {"number": 1, "sha256": first, "parent_sha256": None}
    if document["text_number"]:
        author = document["editor_id"] or document["sponsor_id"]
        written = {"kind": Kind.HUMAN, "body": words.body(), "author_id": author}
        yield same | written | {"number": 2, "sha256": first[::-1], "parent_sha256": first}


def _draft(document: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    return {
        "document_id": document["id"],
        "number": 1,
        "request": 1,
        "requested_by_id": document["sponsor_id"],
        "state": DraftState.DONE,
        "brief": "",
        "sampling": {},
        "seed": 1,
        "model": rng.choices(("gpt2", "seed", "gpt2-xl"), weights=(80, 15, 5))[0],
        "model_sha256": "0" * 64,
        "tokens_target": 100,
        "text": "One.",
        "finished_at": document["created_at"],
    }


def _events(document: dict[str, Any], rng: random.Random) -> Iterator[dict[str, Any]]:
    for act in ("submit", "drafted", *rng.choices(("save", "review_a_paragraph"), k=rng.randint(1, 8))):
        yield {
            "at": document["created_at"],
            "actor_id": None if act == "drafted" else document["editor_id"] or document["sponsor_id"],
            "action": f"document.{act}",
            "object_type": "document",
            "object_id": str(document["id"]),
            "before": {},
            "after": {},
            "source": "bench",
        }


def _edition(document: dict[str, Any]) -> dict[str, Any]:
    retracted = document["state"] is State.RETRACTED
    return {
        "document_id": document["id"],
        "number": 1,
        "revision_number": 2,
        "sha256": "0" * 64,
        "state": EditionState.RETRACTED if retracted else EditionState.LIVE,
        "live_at": document["created_at"],
        "public_at": document["created_at"],
        "responsible_id": document["sponsor_id"],
        "label": [],
        "machine_share": 10,
        "published_by_id": document["sponsor_id"],
        "retraction": "Gone." if retracted else None,
    }
