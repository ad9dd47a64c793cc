"""An engine that behaves as told, for the worker's side of drafting."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from copydesk.autodocs.models import Autodoc
from copydesk.documents.models import Document
from copydesk.engine.client import Chunk, EngineDescription
from copydesk.worker.engines import Served

WORDS = ("The old", " bakery", " smells of flour.", " And then the")
TABLES = (
    "replays",
    "autodocs",
    "revisions",
    "documents",
    "audit_events",
    "mails",
    "notices",
    "notification_choices",
    "digests",
    "queue_turns",
    "users",
    "procrastinate_jobs",
)


class ToldEngine:
    """Answers each request with the next of its answers: words, or an error after some words."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.keeps = []
        self.closed = 0
        self.between = lambda: None
        self.model = "told"
        self.engine = ""
        self.scored = []
        self.scores = None

    def describe(self):
        return EngineDescription(model="seed", engine="told", context=512)

    def stream(self, prompt, sampling, *, model="", keep=0):
        self.asked.append((prompt, sampling))
        self.keeps.append((model, keep))
        answer = self.answers.pop(0)
        try:
            for number, piece in enumerate(answer):
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, Chunk):
                    yield piece
                else:
                    yield Chunk(
                        text=piece,
                        tokens=(number,),
                        logprobs=(-0.25 * number,),
                        model=self.model,
                        engine=self.engine,
                    )
                self.between()
        finally:
            self.closed += 1

    def score(self, prompt, continuations, *, model=""):
        self.scored.append((prompt, continuations))
        answer = self.scores.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [answer]


def served_by(engine, prompts):
    """What `Drafter` asks for a model's server."""
    return lambda name: Served(engine, prompts, name)


def empty(engine):
    """Take everything out of a database, past the append-only triggers."""
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))


def seen(engine, document_id, draft_id):
    """The document and one of its drafts, as they are now."""
    with Session(engine, expire_on_commit=False) as session:
        return session.get(Document, document_id), session.get(Autodoc, draft_id)
