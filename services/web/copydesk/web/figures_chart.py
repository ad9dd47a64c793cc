"""Figures of texts as pictures: places for the marks, which `admin/_figures_chart.html` draws as inline SVG.

Rows are as high as two lines of words; horizontal places are percentages of the picture's width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from copydesk.documents.figures.desk_figures import Summary

LEFT, RIGHT = 34.0, 88.0  # percent; names stand left of it, values right of the bar
ROW = 34  # pixels
TOP = 6
MOST_ROWS = 12


@dataclass(frozen=True)
class Row:
    """A name, and a bar with its value in words."""

    name: str
    value: str
    y: float
    width: float


@dataclass(frozen=True)
class Chart:
    """One picture. `summary` says in words what it shows; the same figures are in the table beside it."""

    title: str
    summary: str
    tone: str
    height: int
    rows: Sequence[Row]


def shares(title: str, found: Sequence[Summary]) -> Chart:
    """The machine's share of the words."""
    return _chart(title, "machine", found, lambda one: one.machine_share, "{:.0f} %", most=100.0)


def edits(title: str, found: Sequence[Summary]) -> Chart:
    """Edits on a hundred words."""
    return _chart(title, "human", found, lambda one: one.ter, "{:.1f}")


def _chart(
    title: str,
    tone: str,
    found: Sequence[Summary],
    of: Callable[[Summary], float],
    words: str,
    most: float | None = None,
) -> Chart:
    shown = found[:MOST_ROWS]
    top = most or max((of(one) for one in shown), default=0.0) or 1.0
    rows = [
        Row(_short(one.name), words.format(of(one)), TOP + number * ROW, (RIGHT - LEFT) * min(1.0, of(one) / top))
        for number, one in enumerate(shown)
    ]
    said = "; ".join(f"{one.name} {words.format(of(one))}" for one in shown)
    return Chart(title, said, tone, TOP + max(1, len(shown)) * ROW, rows)


def _short(name: str) -> str:
    return name if len(name) <= 22 else name[:21] + "…"
