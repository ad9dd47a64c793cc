"""About how long a draft will take, from those that this desk wrote last; what was not measured is not promised."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from copydesk.autodocs.models import Autodoc, DraftKind, DraftState
from copydesk.engine.sampling import Strategy

LATEST = 60  # drafts looked at


@dataclass(frozen=True)
class Speed:
    """Tokens a second of one text: written alone, beside others of its request, by beam search; None: not measured."""

    alone: float | None = None
    beside: float | None = None
    beam: float | None = None
    engine: str | None = None  # who wrote last

    def seconds(self, tokens: float, n: int, strategy: str) -> float | None:
        """Until `n` texts of `tokens` tokens each are there."""
        by_chance = (self.beside or self.alone) if n > 1 else self.alone
        rate = self.beam if strategy == Strategy.BEAM else by_chance
        return tokens / rate if rate else None

    def rates(self) -> dict[str, float | None]:
        return {"alone": self.alone, "beside": self.beside, "beam": self.beam}


def measured(session: Session, model: str) -> Speed:
    """The median speeds of the latest finished drafts of `model`."""
    done = (
        select(
            Autodoc.id,
            Autodoc.engine,
            Autodoc.tokens_written,
            Autodoc.sampling["strategy"].astext.label("strategy"),
            extract("epoch", Autodoc.finished_at - Autodoc.started_at).label("seconds"),
            func.count().over(partition_by=(Autodoc.document_id, Autodoc.request)).label("beside"),
        )
        .where(Autodoc.state == DraftState.DONE, Autodoc.kind == DraftKind.WHOLE, Autodoc.model == model)
        .where(Autodoc.id > select(func.max(Autodoc.id) - 4 * LATEST).scalar_subquery())
        .subquery()
    )
    rows = session.execute(select(done).order_by(done.c.id.desc()).limit(LATEST)).all()
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.seconds and row.tokens_written:
            kind = "beam" if row.strategy == Strategy.BEAM else "beside" if row.beside > 1 else "alone"
            found[kind].append(row.tokens_written / float(row.seconds))
    return Speed(
        alone=_middle(found["alone"]),
        beside=_middle(found["beside"]),
        beam=_middle(found["beam"]),
        engine=rows[0].engine if rows else None,
    )


def in_words(seconds: float | None) -> str:
    """“about 3 seconds”; the form's script says it in the same words."""
    if seconds is None:
        return "a time not measured on this desk yet"
    if seconds < 1.5:
        return "about a second"
    if seconds < 50:
        return f"about {round(seconds) if seconds < 10 else 5 * round(seconds / 5)} seconds"
    minutes = round(seconds / 60)
    return "about a minute" if minutes <= 1 else f"about {minutes} minutes"


def _middle(rates: Sequence[float]) -> float | None:
    return round(median(rates), 2) if rates else None
