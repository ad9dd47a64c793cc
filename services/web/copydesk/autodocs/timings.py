"""How the queue went over time: how many drafts were written, how many waited, how long waiting and writing took."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Span:
    """A stretch of time that ends now, in `steps` equal steps; the last one is not over yet."""

    name: str
    label: str
    step: dt.timedelta
    steps: int


SPANS = {
    span.name: span
    for span in (
        Span("hour", "Last hour", dt.timedelta(minutes=2), 30),
        Span("day", "Last day", dt.timedelta(hours=1), 24),
        Span("week", "Last week", dt.timedelta(hours=6), 28),
    )
}


@dataclass(frozen=True)
class Times:
    """Seconds: half of the drafts took at most `p50`, nineteen of twenty at most `p95`. None: there were none."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Step:
    """What happened from `begins` on, for one step."""

    begins: dt.datetime
    minutes: float  # how long it has lasted
    written: int
    failed: int
    waiting: int  # at its end
    wait: Times  # from the asking to the first word's claim
    write: Times

    @property
    def per_minute(self) -> float:
        return self.written / self.minutes if self.minutes else 0.0


@dataclass(frozen=True)
class Course:
    """The steps, oldest first, and all of them together."""

    span: Span
    steps: Sequence[Step]
    written: int
    failed: int
    wait: Times
    write: Times

    @property
    def per_minute(self) -> float:
        return self.written / minutes if (minutes := sum(step.minutes for step in self.steps)) else 0.0


def course(session: Session, span: Span, now: dt.datetime | None = None) -> Course:
    """The course of the queue over `span`, in two statements whatever its length."""
    now = now or dt.datetime.now(dt.UTC)
    first = _floor(now, span.step) - (span.steps - 1) * span.step
    arguments = {"first": first, "step": span.step, "now": now}
    rows = {row.begins: row for row in session.execute(_FINISHED, arguments)}
    whole = rows.pop(None)
    waiting = {row.begins: row.waiting for row in session.execute(_WAITING, arguments)}
    begins = [first + number * span.step for number in range(span.steps)]
    steps, so_far = [], waiting.get(None, 0)
    for begin in begins:
        row, so_far = rows.get(begin), so_far + waiting.get(begin, 0)
        steps.append(
            Step(
                begins=begin,
                minutes=min(span.step, now - begin).total_seconds() / 60,
                written=row.written if row else 0,
                failed=row.failed if row else 0,
                waiting=max(0, so_far),
                wait=_times(row.wait if row else None),
                write=_times(row.write if row else None),
            )
        )
    return Course(
        span=span,
        steps=steps,
        written=whole.written,
        failed=whole.failed,
        wait=_times(whole.wait),
        write=_times(whole.write),
    )


def _times(both: Sequence[float | None] | None) -> Times:
    return Times(*both) if both else Times(None, None)


def _floor(moment: dt.datetime, step: dt.timedelta) -> dt.datetime:
    """The last whole step since the epoch, as `date_bin` counts them."""
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return epoch + (moment - epoch) // step * step


# A draft that was cancelled says nothing about the machine.
_FINISHED = text(
    """
    WITH ended AS (
        SELECT date_bin(:step, finished_at, timestamptz 'epoch') AS begins, state,
            extract(epoch FROM started_at - created_at)::float AS wait,
            extract(epoch FROM finished_at - started_at)::float AS write
        FROM autodocs WHERE state IN ('done', 'failed') AND finished_at >= :first AND finished_at <= :now
    )
    SELECT begins,
        count(*) FILTER (WHERE state = 'done') AS written,
        count(*) FILTER (WHERE state = 'failed') AS failed,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY wait) FILTER (WHERE state = 'done') AS wait,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY write) FILTER (WHERE state = 'done') AS write
    FROM ended GROUP BY GROUPING SETS ((begins), ())
    """
)

# By how much the number of waiting drafts changed in each step; NULL: how many there were before the first.
# Whatever was asked for or begun since then is alive, or was finished since then.
_WAITING = text(
    """
    WITH seen AS (
        SELECT created_at, started_at, finished_at, state FROM autodocs WHERE state IN ('queued', 'writing')
        UNION ALL
        SELECT created_at, started_at, finished_at, state FROM autodocs
        WHERE state IN ('done', 'failed', 'cancelled') AND finished_at >= :first
    ), changes AS (
        SELECT created_at AS at, 1 AS by FROM seen
        UNION ALL
        SELECT coalesce(started_at, finished_at), -1 FROM seen WHERE state <> 'queued'
    )
    SELECT CASE WHEN at >= :first THEN date_bin(:step, at, timestamptz 'epoch') END AS begins, sum(by) AS waiting
    FROM changes WHERE at <= :now GROUP BY 1
    """
)
