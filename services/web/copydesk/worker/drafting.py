"""Writing one draft: claim it, stream words from the engine into it, finish it.

No transaction is open while the model writes. The fence in `autodocs.writing` makes a second delivery of the same job
harmless.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from copydesk.autodocs import writing
from copydesk.autodocs.models import DraftKind
from copydesk.autodocs.writing import Claim, Overtaken, TextMovedOn, Written
from copydesk.db import transaction
from copydesk.documents.errors import InvalidInput
from copydesk.engine.client import Chunk
from copydesk.engine.errors import EngineBusy, EngineError, EngineOtherModel, EngineUnreachable, ModelError
from copydesk.engine.prompt import NoRoom, PlainPrompts, Prompts
from copydesk.worker import metrics
from copydesk.worker.continuations import plan_continuation
from copydesk.worker.engines import Served
from copydesk.worker.passages import plan_passage
from copydesk.worker.plan import Plan, plan_whole

log = structlog.get_logger(__name__)

SAVE_EVERY = 0.12  # seconds between two looks that a watching page can get
CHARACTERS_A_SECOND = 20_000  # a long text is saved more seldom, so that no more than this is written
MOST_FAILURES = 1  # so many broken attempts are repeated quietly; then the sponsor is told
UNEXPECTED = "Something went wrong on our side while the draft was written. The brief is safe; please try again."


class TryLater(Exception):
    """The job goes back into the queue and is tried again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


@dataclass
class Received:
    """What came from the engine so far."""

    pieces: list[str] = field(default_factory=list)
    characters: int = 0
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    engine: str = ""
    steps: int = 0  # of a beam search, whose words come at its end

    def add(self, chunk: Chunk, builder: Prompts) -> None:
        self.pieces.append(chunk.text)
        self.characters += len(chunk.text)
        self.tokens.extend(builder.name_tokens(chunk.text, chunk.tokens))
        self.logprobs.extend(chunk.logprobs)
        self.engine = chunk.engine or self.engine
        self.steps = int((chunk.progress or {}).get("beam") or self.steps)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass
class Drafter:
    """What a worker needs to write drafts; one for the process, shared by its threads."""

    database: Engine
    serve: Callable[[str], Served]  # who writes, by model name
    stopping: threading.Event = field(default_factory=threading.Event)

    def write(self, autodoc_id: int) -> None:
        """Write the draft `autodoc_id`, or leave it as it is when it is no longer ours.

        Raises:
            TryLater: the engine does not answer, or this worker is told to stop; the draft waits in the queue.
        """
        try:
            with transaction(self.database) as session:
                mine = writing.claim(session, autodoc_id)
            self._write_claimed(mine)
        except Overtaken:
            log.info("draft.overtaken", autodoc=autodoc_id)
        except OperationalError as error:  # the database went away; the draft stays claimable
            raise TryLater(2.0) from error

    def _write_claimed(self, mine: Claim) -> None:
        try:
            self._stream(mine)
        except (EngineUnreachable, EngineBusy) as error:
            with transaction(self.database) as session:
                writing.hand_back(session, mine, waiting=True)
            log.warning("draft.waits", autodoc=mine.autodoc_id, reason=str(error))
            raise TryLater(2.0) from error
        except EngineError as error:
            self._retry_or_give_up(mine, error)
        except (InvalidInput, ModelError, NoRoom, TextMovedOn) as error:
            self._fail(mine, str(error))
        except (Overtaken, OperationalError, TryLater):
            raise
        except Exception:
            self._fail(mine, UNEXPECTED)
            raise

    def _retry_or_give_up(self, mine: Claim, error: EngineError) -> None:
        if error.worth_retrying and mine.failures < MOST_FAILURES:
            with transaction(self.database) as session:
                writing.hand_back(session, mine, waiting=False, failed=True)
            raise TryLater(0.5) from error
        self._fail(mine, str(error))

    def _stream(self, mine: Claim) -> None:
        served = self.serve(mine.model)
        builder = served.builder or PlainPrompts()
        plan = self._plan(mine, builder)
        with transaction(self.database) as session:
            writing.begin(
                session,
                mine,
                sampling=plan.sampling.to_dict(),
                prompt_tokens=plan.prompt.tokens,
                read_from_char=plan.prompt.read_from_char,
                template=plan.template,
                keep=plan.prompt.keep,
                tokens_target=plan.sampling.max_new_tokens,
            )
        received = self._receive(mine, served, builder, plan)
        self._finish(mine, served, builder, plan, received)

    def _plan(self, mine: Claim, builder: Prompts) -> Plan:
        if mine.kind is DraftKind.WHOLE:
            return plan_whole(mine, builder, mine.tokens_target)
        with transaction(self.database) as session:
            place = writing.place(session, mine)
        if mine.kind is DraftKind.CONTINUATION:
            return plan_continuation(mine, builder, place)
        return plan_passage(mine, builder, place)

    def _receive(self, mine: Claim, served: Served, builder: Prompts, plan: Plan) -> Received:
        received, saved_at, waited_for = Received(), 0.0, True
        chunks = served.client.stream(
            plan.prompt.question, plan.sampling, model=builder.alias or served.model, keep=plan.prompt.keep
        )
        try:
            for chunk in chunks:
                check_model(chunk, builder)
                received.add(chunk, builder)
                first = waited_for and plan.shown(received.text) != ""  # nobody waits for these a moment longer
                pause = max(SAVE_EVERY, received.characters / CHARACTERS_A_SECOND)
                if first or time.monotonic() - saved_at >= pause:
                    tokens = max(len(received.tokens), received.steps)
                    with transaction(self.database) as session:
                        writing.progress(session, mine, plan.shown(received.text), tokens)
                    saved_at, waited_for = time.monotonic(), waited_for and not first
                if self.stopping.is_set():
                    self._hand_back(mine)
        finally:
            chunks.close()  # tells the engine to stop when we were overtaken
        return received

    def _hand_back(self, mine: Claim) -> None:
        with transaction(self.database) as session:
            writing.hand_back(session, mine, waiting=False)
        raise TryLater(0.0)

    def _finish(self, mine: Claim, served: Served, builder: Prompts, plan: Plan, received: Received) -> None:
        trimmed = plan.finished(received.text, builder.decode(received.tokens))
        if not trimmed.kept:
            self._fail(mine, plan.empty)
            return
        written = Written(
            text=trimmed.kept,
            trimmed=trimmed.cut,
            output_tokens=received.tokens,
            logprobs=received.logprobs,
            model_sha256=builder.sha256,
            engine=received.engine or served.client.describe().engine,
            score=plan.score(served.client, builder, builder.alias or served.model, trimmed.kept),
        )
        with transaction(self.database) as session:
            writing.finish(session, mine, written)
        metrics.DRAFTS.labels("done").inc()
        metrics.TOKENS.inc(len(received.tokens))
        log.info("draft.done", autodoc=mine.autodoc_id, tokens=len(received.tokens))

    def _fail(self, mine: Claim, reason: str) -> None:
        with transaction(self.database) as session:
            writing.fail(session, mine, reason)
        metrics.DRAFTS.labels("failed").inc()
        log.warning("draft.failed", autodoc=mine.autodoc_id, reason=reason)


def check_model(chunk: Chunk, builder: Prompts) -> None:
    """Our engine names its weights' hash: the record must not name others. Other servers are taken at their word."""
    if builder.alias and "@" in chunk.model and chunk.model != builder.alias:
        raise EngineOtherModel(f"{chunk.model} instead of {builder.alias}")
