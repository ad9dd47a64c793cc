"""The training loop: one compiled step, repeated until the budget is spent, safe against being killed."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copydesk.training.backend import tf
from copydesk.training.checkpoint import Progress, has_checkpoint, restore_checkpoint, save_checkpoint
from copydesk.training.corpus import Corpus, batch_windows
from copydesk.training.errors import DivergedError
from copydesk.training.evaluate import Evaluator, Score, weights_replaced
from copydesk.training.model import token_losses
from copydesk.training.optimizer import averaged_weights, build_optimizer
from copydesk.training.schedule import Budget, rate_factor

QUICK_WINDOWS = 64  # enough held-out text to see a trend by


@dataclass(frozen=True)
class Plan:
    """Everything that decides how a run goes, but for the text and the machine. Stored with the run."""

    minutes: float | None = 60.0
    steps: int | None = None
    context: int = 512  # tokens a window
    batch: int = 8  # windows a step
    muon_rate: float = 0.006  # peak; Moonlight's scale (0.2 of an AdamW step's size)
    adam_rate: float = 3e-3  # peak
    warmup_steps: int = 100
    stable_share: float = 0.4  # of the budget at the peak before the decay
    averaging: float = 0.99  # momentum of the weights' moving average
    seed: int = 0
    checkpoint_minutes: float = 5.0
    score_minutes: float = 10.0
    log_steps: int = 20
    jit_compile: bool = True

    @property
    def budget(self) -> Budget:
        return Budget(self.minutes * 60 if self.minutes else None, self.steps)


class Trainer:
    """Trains a model on a corpus in a folder that holds the run's checkpoint and its journal."""

    def __init__(
        self, model: Any, corpus: Corpus, plan: Plan, folder: Path, report: Callable[[str], None] = print
    ) -> None:
        self.model, self.corpus, self.plan, self.folder, self.report = model, corpus, plan, folder, report
        self.optimizer = build_optimizer(
            model, muon_rate=plan.muon_rate, adam_rate=plan.adam_rate, averaging=plan.averaging
        )
        self.evaluator = Evaluator(model, plan.context, batch=plan.batch, jit_compile=plan.jit_compile)
        self.progress = Progress()
        self.on_checkpoint: Callable[[Trainer], None] = lambda trainer: None
        self._step = tf.function(self._train_step, jit_compile=plan.jit_compile)
        self._stop = False
        if has_checkpoint(folder):
            self.progress = restore_checkpoint(folder, model, self.optimizer)

    def run(self) -> Progress:
        """Train until the budget is spent or `stop` is called; ends with a checkpoint either way."""
        last = saved = scored = time.monotonic()
        while self.spent < 1 and not self._stop:
            self._advance()
            now = time.monotonic()
            self.progress.seconds += now - last
            if self.progress.step % self.plan.log_steps == 0:
                self._report_step()
            if now - saved >= self.plan.checkpoint_minutes * 60:
                self.checkpoint()
                saved = time.monotonic()
            if now - scored >= self.plan.score_minutes * 60:
                self._report_score("so far, averaged weights", self.score_averaged(QUICK_WINDOWS))
                scored = time.monotonic()
            # Saving and scoring count as time spent: the budget is what the person waits.
            self.progress.seconds += time.monotonic() - now
            last = time.monotonic()
        self.checkpoint()
        return self.progress

    def stop(self) -> None:
        """End after the current step, as a signal handler would have it."""
        self._stop = True

    @property
    def spent(self) -> float:
        """The share of the budget that is used."""
        return self.plan.budget.spent(step=self.progress.step, seconds=self.progress.seconds)

    def checkpoint(self) -> None:
        save_checkpoint(self.folder, self.model, self.optimizer, self.progress)
        self.on_checkpoint(self)

    def score(self, windows: int | None = None) -> Score:
        return self.evaluator.score(self.corpus, windows=windows)

    def score_averaged(self, windows: int | None = None) -> Score:
        with weights_replaced(self.model, averaged_weights(self.optimizer)):
            return self.score(windows)

    def _advance(self) -> None:
        plan, progress = self.plan, self.progress
        factor = rate_factor(self.spent, progress.step, warmup_steps=plan.warmup_steps, stable_share=plan.stable_share)
        self.optimizer.learning_rate.assign(plan.muon_rate * factor)
        windows = batch_windows(
            self.corpus.train, progress.step, batch=plan.batch, context=plan.context, seed=plan.seed
        )
        loss = float(self._step(tf.constant(windows)))
        if not math.isfinite(loss):
            raise DivergedError(f"(step {progress.step})")
        progress.step += 1
        progress.tokens += plan.batch * plan.context
        # A slow average once there is one, quick at the start, so that early lines say something.
        keep = min(0.98, 1 - 1 / progress.step)
        progress.loss = loss if progress.loss is None else keep * progress.loss + (1 - keep) * loss

    def _train_step(self, windows: Any) -> Any:
        """One update from int32 (batch, context + 1); returns the mean loss before it."""
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(token_losses(self.model, windows, training=True))
        gradients = tape.gradient(loss, [variable.value for variable in self.model.trainable_variables])
        self.optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients])
        return loss

    def _report_step(self) -> None:
        progress = self.progress
        left = self.plan.budget.seconds_left(step=progress.step, seconds=progress.seconds)
        self.report(
            f"step {progress.step}  loss {progress.loss:.4f}  {progress.tokens / progress.seconds:.0f} tokens/s  "
            f"rate {float(self.optimizer.learning_rate):.5f}  {left / 60:.1f} min left"
        )
        self._journal(loss=progress.loss)

    def _report_score(self, title: str, score: Score) -> None:
        self.report(f"step {self.progress.step}  {title}: {score}")
        self._journal(held_out_loss=score.loss)

    def _journal(self, **figures: float | None) -> None:
        line = {
            "step": self.progress.step,
            "tokens": self.progress.tokens,
            "seconds": round(self.progress.seconds, 1),
            **{name: round(figure, 4) for name, figure in figures.items() if figure and math.isfinite(figure)},
        }
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
