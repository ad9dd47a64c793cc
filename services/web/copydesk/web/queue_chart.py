"""The queue over time as pictures: places for the marks, which `admin/_chart.html` draws as inline SVG.

Horizontal places are percentages of the picture's width and vertical ones pixels, so that a picture fills any column
while its words keep their size. Nothing here knows colours; a mark has a tone, and the stylesheet knows the rest.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from copydesk.autodocs.timings import Course, Step, Times

LEFT, RIGHT = 12.0, 99.0  # percent; words for the scale stand left of it
TOP, BOTTOM, HEIGHT = 12.0, 128.0, 152.0  # pixels
FEWEST = 2.0  # a scale of counts goes at least to 2
SECONDS = {0.01: "0.01 s", 0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 36000: "10 h"}


@dataclass(frozen=True)
class Bar:
    x: float
    width: float
    y: float
    height: float
    tone: str


@dataclass(frozen=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float
    tone: str


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    tone: str


@dataclass(frozen=True)
class Mark:
    """A word on the scale: at `at`, pixels for heights and percent for times."""

    at: float
    label: str


@dataclass(frozen=True)
class Key:
    tone: str
    label: str


@dataclass
class Chart:
    """One picture. `summary` says in words what it shows."""

    name: str
    title: str
    summary: str
    heights: Sequence[Mark]
    times: Sequence[Mark]
    bars: list[Bar] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    keys: Sequence[Key] = ()


def charts(course: Course) -> list[Chart]:
    """Drafts a minute, drafts that wait, and how long waiting and writing took."""
    return [_pace(course), _waiting(course), _durations(course)]


def duration(seconds: float | None) -> str:
    """“0.4 s”, “12 s”, “3 min”, “1 h 20 min”; a dash for None."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def rate(per_minute: float) -> str:
    """Drafts a minute, as exactly as is of use."""
    return f"{per_minute:.0f}" if per_minute >= 9.95 or per_minute == 0 else f"{max(0.1, per_minute):.1f}"


def _pace(course: Course) -> Chart:
    top = _round_up(max(_failed_too(step) for step in course.steps))
    chart = Chart(
        name="pace",
        title="Drafts a minute",
        summary=f"{course.span.label}: {course.written:,} written, {course.failed:,} failed.",
        heights=_scale(top),
        times=_times(course),
        keys=[Key("written", "written"), Key("failed", "failed")] if course.failed else [],
    )
    for number, step in enumerate(course.steps):
        x, width = _place(course, number)
        written = _height(step.per_minute, top)
        failed = _height(_failed_too(step), top) - written
        for tone, height, under in (("written", written, 0.0), ("failed", failed, written)):
            if height > 0:
                chart.bars.append(Bar(x + width * 0.14, width * 0.72, BOTTOM - under - height, height, tone))
    return chart


def _waiting(course: Course) -> Chart:
    most = max(step.waiting for step in course.steps)
    top = _round_up(most)
    chart = Chart(
        name="waiting",
        title="Drafts that wait",
        summary=f"{course.span.label}: at most {most:,} waited at the same time.",
        heights=_scale(top),
        times=_times(course),
    )
    for number, step in enumerate(course.steps):
        if step.waiting:
            x, width = _place(course, number)
            height = _height(step.waiting, top)
            chart.bars.append(Bar(x, width, BOTTOM - height, height, "waiting"))
    return chart


def _durations(course: Course) -> Chart:
    """On a scale of powers of ten: waiting and writing differ by far too much for any other."""
    seen = [
        seconds
        for step in course.steps
        for seconds in (step.wait.p50, step.wait.p95, step.write.p50, step.write.p95)
        if seconds is not None
    ]
    ticks = _ticks(min(seen, default=0.1), max(seen, default=10.0))
    chart = Chart(
        name="durations",
        title="Waiting and writing",
        summary=(
            f"{course.span.label}: half of the drafts waited at most {duration(course.wait.p50)} and were written in "
            f"{duration(course.write.p50)}; nineteen of twenty waited at most {duration(course.wait.p95)} and were "
            f"written in {duration(course.write.p95)}."
            if seen
            else f"{course.span.label}: no draft was written."
        ),
        heights=[Mark(_log_y(tick, ticks), SECONDS[tick]) for tick in ticks],
        times=_times(course),
        keys=[Key("wait", "waiting"), Key("write", "writing"), Key("p95", "19 of 20 took no longer")],
    )
    for tone, of in (("wait", _wait), ("write", _write)):
        for share in ("p95", "p50"):
            _trace(chart, course, ticks, f"{tone} {share}", of, share)
    return chart


def _wait(step: Step) -> Times:
    return step.wait


def _write(step: Step) -> Times:
    return step.write


def _trace(
    chart: Chart, course: Course, ticks: Sequence[float], tone: str, of: Callable[[Step], Times], share: str
) -> None:
    """A line through neighbouring steps; a step without neighbours is a dot."""
    before: tuple[float, float] | None = None
    for number, step in enumerate(course.steps):
        seconds = getattr(of(step), share)
        if seconds is None:
            before = None
            continue
        x, width = _place(course, number)
        here = x + width / 2, _log_y(seconds, ticks)
        if before is not None:
            chart.lines.append(Line(*before, *here, tone))
        if share == "p50":
            chart.dots.append(Dot(*here, tone))
        before = here


def _failed_too(step: Step) -> float:
    return step.per_minute + (step.failed / step.minutes if step.minutes else 0.0)


def _place(course: Course, number: int) -> tuple[float, float]:
    """Where a step begins and how wide it is, in percent."""
    width = (RIGHT - LEFT) / len(course.steps)
    return LEFT + number * width, width


def _height(value: float, top: float) -> float:
    return (BOTTOM - TOP) * value / top


def _round_up(value: float) -> float:
    """The least of 1, 2, 4, 6, 8 and 10 times a power of ten that is no less than `value`; at least `FEWEST`."""
    if value <= FEWEST:
        return FEWEST
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value)


def _scale(top: float) -> list[Mark]:
    return [Mark(BOTTOM - _height(value, top), f"{value:,.10g}") for value in (0, top / 2, top)]


def _ticks(least: float, most: float) -> list[float]:
    """The words of the scale of seconds that surround these two; at least two of them."""
    known = list(SECONDS)
    first = max((at for at, tick in enumerate(known) if tick <= least), default=0)
    last = min((at for at, tick in enumerate(known) if tick >= most), default=len(known) - 1)
    return known[first : max(last, first + 1) + 1] or known[-2:]


def _log_y(seconds: float, ticks: Sequence[float]) -> float:
    low, high = math.log10(ticks[0]), math.log10(ticks[-1])
    share = (math.log10(max(seconds, ticks[0])) - low) / (high - low)
    return BOTTOM - (BOTTOM - TOP) * min(1.0, share)


def _times(course: Course) -> list[Mark]:
    return [
        Mark(_place(course, number)[0], label)
        for number, label in _labels(course)
        if _place(course, number)[0] < RIGHT - 4
    ]


def _labels(course: Course) -> Iterator[tuple[int, str]]:
    """Round times of the clock; for a week its days."""
    name = course.span.name
    for number, step in enumerate(course.steps):
        at = step.begins.astimezone(dt.UTC)
        if name == "week" and at.hour == 0:
            yield number, at.strftime("%a")
        if (name == "hour" and at.minute % 20 == 0) or (name == "day" and at.hour % 6 == 0):
            yield number, at.strftime("%H:%M")
