"""Writing a draft again from what was kept of it, and comparing it token by token."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from copydesk.autodocs import replays
from copydesk.autodocs.models import Autodoc
from copydesk.autodocs.recall import Comparison, compare_texts, compare_tokens
from copydesk.db import transaction
from copydesk.engine.errors import EngineBusy, EngineError, EngineUnreachable, ModelError, ModelNotFound
from copydesk.engine.prompt import PromptBuilder
from copydesk.engine.sampling import Sampling
from copydesk.worker.drafting import Received, TryLater, check_model
from copydesk.worker.engines import Served

log = structlog.get_logger(__name__)

UNEXPECTED = "Something went wrong on our side while the draft was written again. The draft itself is as it was."


class Interrupted(Exception):
    """This worker was told to stop."""


@dataclass(frozen=True)
class Recalled:
    """A draft that was written again."""

    found: Comparison
    tokens: int
    engine: str
    model_sha256: str


@dataclass
class Replayer:
    """What a worker needs to write drafts again; shared by its threads."""

    database: Engine
    serve: Callable[[str], Served]  # who writes, by model name
    stopping: threading.Event = field(default_factory=threading.Event)

    def replay(self, replay_id: int) -> None:
        """Carry out the replay `replay_id`, unless it is finished.

        Raises:
            TryLater: the engine does not answer, or this worker is told to stop.
        """
        try:
            with transaction(self.database) as session:
                draft = replays.claim(session, replay_id)
            if draft is not None:
                self._replay(replay_id, draft)
        except OperationalError as error:
            raise TryLater(2.0) from error

    def recall(self, draft: Autodoc) -> Recalled:
        """Write `draft` again and compare; stops at the first difference.

        Raises:
            ModelError: its weights are not here any more, or never were.
            EngineError: the engine doesn't answer, or refuses.
            Interrupted: `stopping` was set.
        """
        served = self.serve(draft.model)
        builder = _the_same_weights(served.builder, draft)
        received = self._receive(draft, served, builder)
        expected = list(draft.output_tokens or ())
        if received.tokens or not received.text:
            found = compare_tokens(expected, received.tokens, builder.decode)
        else:  # the server doesn't name its tokens
            found = compare_texts(builder.decode(expected), received.text)
        engine = received.engine or served.client.describe().engine
        return Recalled(found, len(received.tokens), engine, builder.sha256)

    def _receive(self, draft: Autodoc, served: Served, builder: PromptBuilder) -> Received:
        expected, received = draft.output_tokens or [], Received()
        chunks = served.client.stream(
            draft.prompt_tokens or [], Sampling.from_dict(draft.sampling), model=builder.alias, keep=draft.keep
        )
        try:
            for chunk in chunks:
                check_model(chunk, builder)
                known = len(received.tokens)
                received.add(chunk, builder)
                if self.stopping.is_set():
                    raise Interrupted
                if received.tokens[known:] != expected[known : len(received.tokens)]:
                    break
        finally:
            chunks.close()
        return received

    def _replay(self, replay_id: int, draft: Autodoc) -> None:
        try:
            done = self.recall(draft)
        except (EngineUnreachable, EngineBusy, Interrupted) as error:
            with transaction(self.database) as session:
                replays.hand_back(session, replay_id)
            raise TryLater(0.0 if isinstance(error, Interrupted) else 2.0) from error
        except (EngineError, ModelError) as error:
            self._fail(replay_id, str(error))
        except OperationalError:
            raise
        except Exception:
            self._fail(replay_id, UNEXPECTED)
            raise
        else:
            with transaction(self.database) as session:
                replays.finish(session, replay_id, done.found, engine=done.engine, model_sha256=done.model_sha256)
            log.info("replay.done", replay=replay_id, identical=done.found.identical)

    def _fail(self, replay_id: int, reason: str) -> None:
        with transaction(self.database) as session:
            replays.fail(session, replay_id, reason)
        log.warning("replay.failed", replay=replay_id, reason=reason)


def _the_same_weights(builder: PromptBuilder | None, draft: Autodoc) -> PromptBuilder:
    if builder is None or not draft.model_sha256 or not draft.prompt_tokens:
        raise ModelNotFound(
            f"This draft was written by another server ({draft.model}), which did not tell by which weights: "
            "it can't be written again to the letter."
        )
    if builder.sha256 != draft.model_sha256:
        raise ModelNotFound(
            f"The weights that wrote this draft ({draft.model_sha256[:16]}) are not here any more: {draft.model} has "
            f"others now ({builder.sha256[:16]}). It can be written again when they are back."
        )
    return builder
