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
from copydesk.autodocs.writing import Claim, Overtaken, Written
from copydesk.db import transaction
from copydesk.engine.client import Chunk, EngineClient
from copydesk.engine.errors import EngineBusy, EngineError, EngineOtherModel, EngineUnreachable
from copydesk.engine.prompt import Prompt, PromptBuilder
from copydesk.engine.sampling import Sampling
from copydesk.engine.trim import trim_to_sentence

log = structlog.get_logger(__name__)

SAVE_EVERY = 0.12  # seconds between two looks that a watching page can get
MOST_FAILURES = 1  # so many broken attempts are repeated quietly; then the sponsor is told
EMPTY = "The model wrote nothing for this brief. Try again, or say a little more in the brief."
UNEXPECTED = "Something went wrong on our side while the draft was written. The brief is safe; please try again."


class TryLater(Exception):
    """The job goes back into the queue and is tried again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


@dataclass
class Drafter:
    """What a worker needs to write drafts; one for the process, shared by its threads."""

    database: Engine
    client: EngineClient
    prompts: Callable[[str], PromptBuilder]  # by model name
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
        builder = self.prompts(mine.model)
        # At least a quarter of a small model's window is kept for the brief.
        most = builder.model.context * 3 // 4
        sampling = builder.model.card.sampling_for(seed=mine.seed, max_new_tokens=min(mine.tokens_target, most))
        prompt = builder.build(mine.brief, max_new_tokens=sampling.max_new_tokens)
        with transaction(self.database) as session:
            writing.begin(
                session,
                mine,
                sampling=sampling.to_dict(),
                prompt_tokens=prompt.tokens,
                read_from_char=prompt.read_from_char,
            )
        text, tokens = self._receive(mine, builder, prompt, sampling)
        self._finish(mine, builder, text, tokens)

    def _receive(
        self, mine: Claim, builder: PromptBuilder, prompt: Prompt, sampling: Sampling
    ) -> tuple[str, list[int]]:
        text, saved_at = "", 0.0
        tokens: list[int] = []
        chunks = self.client.stream(prompt.tokens, sampling)
        try:
            for chunk in chunks:
                _check_model(chunk, builder)
                text += chunk.text
                tokens.extend(builder.name_tokens(chunk.text, chunk.tokens))
                if time.monotonic() - saved_at >= SAVE_EVERY:
                    with transaction(self.database) as session:
                        writing.progress(session, mine, text.lstrip(), len(tokens))
                    saved_at = time.monotonic()
                if self.stopping.is_set():
                    self._hand_back(mine)
        finally:
            chunks.close()  # tells the engine to stop when we were overtaken
        return text, tokens

    def _hand_back(self, mine: Claim) -> None:
        with transaction(self.database) as session:
            writing.hand_back(session, mine, waiting=False)
        raise TryLater(0.0)

    def _finish(self, mine: Claim, builder: PromptBuilder, text: str, tokens: list[int]) -> None:
        trimmed = trim_to_sentence(text.strip())
        if not trimmed.kept:
            self._fail(mine, EMPTY)
            return
        with transaction(self.database) as session:
            writing.finish(
                session,
                mine,
                Written(
                    text=trimmed.kept,
                    trimmed=trimmed.cut,
                    output_tokens=tokens,
                    model_sha256=builder.model.sha256,
                    engine=self.client.describe().engine,
                ),
            )
        log.info("draft.done", autodoc=mine.autodoc_id, tokens=len(tokens))

    def _fail(self, mine: Claim, reason: str) -> None:
        with transaction(self.database) as session:
            writing.fail(session, mine, reason)
        log.warning("draft.failed", autodoc=mine.autodoc_id, reason=reason)


def _check_model(chunk: Chunk, builder: PromptBuilder) -> None:
    """Our engine names its weights' hash: the record must not name others. Other servers are taken at their word."""
    if "@" in chunk.model and chunk.model != builder.model.alias:
        raise EngineOtherModel(f"{chunk.model} instead of {builder.model.alias}")
