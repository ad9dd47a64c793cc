"""What a key costs in a long text, with everything on that follows it: tint, suggestions, where to look first."""

import random
from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any

from bench.machine import load
from tests import journeys

ROUNDS, KEYS = 5, 20  # of each kind, at each place
PLACES = ("Control+Home", "middle", "Control+End")
KINDS = {"letters": "abcdefghij ", "Enter": ["Enter"], "deletion": ["Backspace"]}
NAMES = ("Ruth Adler", "Tomás Vega", "the year 1987", "eleven pots", "“nobody knew”", "Lake Constance", "£4,200")
# Painted: the frame after the key is done.
FRAME = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
LONG_TASKS = """() => {
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.longTasks.push(Math.round(one.duration));
  }).observe({ type: "longtask" });
}"""


def prose(words: int) -> str:
    """Paragraphs of five sentences, one in four of which claims something that no brief says."""
    chance = random.Random(7)  # noqa: S311  words, not secrets
    pool = journeys.DRAFT.lower().replace(".", "").split()
    sentences = []
    for number in range(words // 20):
        chosen = [chance.choice(pool) for _ in range(20)]
        if number % 4 == 0:
            chosen[10:12] = [NAMES[number // 4 % len(NAMES)]]
        sentences.append(" ".join(chosen).capitalize() + ".")
    return "\n\n".join(" ".join(sentences[start : start + 5]) for start in range(0, len(sentences), 5))


def run(page: Any, path: str, quick: bool) -> dict[str, Any]:
    """Milliseconds of the main thread for one key; of its own time, and by the clock."""
    page.goto(path)
    page.locator(".cm-content").wait_for()
    page.get_by_role("button", name="Where to look first").click()
    page.locator("[data-looking] [data-at]").first.wait_for()
    page.evaluate(LONG_TASKS)
    rounds = [_typed(page, "threadTicks", KEYS) for _ in range(1 if quick else ROUNDS)]
    clock = _typed(page, "timeTicks", KEYS)
    middle = sorted(rounds, key=lambda costs: _spread(_all(costs))["p95"])[len(rounds) // 2]
    page.evaluate("window.longTasks = []")
    page.keyboard.type("on and on without a pause " * (2 if quick else 8), delay=60)
    page.wait_for_timeout(3_000)
    long_tasks = page.evaluate("window.longTasks")
    words = page.evaluate("document.querySelector('[data-count]').textContent")
    page.context.close()
    return {
        "text": words.strip(),
        "keys_a_round": len(_all(middle)),
        "main_thread_ms": _spread(_all(middle)),
        "all_rounds_ms": [_spread(_all(costs)) for costs in rounds],
        "by_the_clock_ms": _spread(_all(clock)),
        "by_kind": {kind: _spread(costs) for kind, costs in middle.items()},
        "tasks_over_50_ms_while_typing": sorted(long_tasks),
        "load": load(),
    }


def _typed(page: Any, domain: str, keys: int) -> dict[str, list[float]]:
    """Costs of single keys by their kind: each after a pause, in which what the one before put off is done."""
    watched = page.context.new_cdp_session(page)
    watched.send("Performance.enable", {"timeDomain": domain})
    costs: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for place in PLACES:
        _go_to(page, place)
        for _ in range(5):
            page.keyboard.press("x")  # what is done once is done
        for kind, of_kind in KINDS.items():
            for number in range(keys):
                page.wait_for_timeout(60)
                before = _busy(watched)
                page.keyboard.press(of_kind[number % len(of_kind)])
                page.evaluate(FRAME)
                costs[kind].append(1000 * (_busy(watched) - before))
    watched.send("Performance.disable")
    watched.detach()
    return costs


def _go_to(page: Any, place: str) -> None:
    page.locator(".cm-content").focus()
    if place != "middle":
        page.keyboard.press(place)
        return
    page.keyboard.press("Control+Home")
    for _ in range(40):
        page.keyboard.press("PageDown")
    page.wait_for_timeout(500)


def _busy(watched: Any) -> float:
    """Seconds that the page's main thread has been at work so far: script, layout and painting."""
    metrics = {one["name"]: one["value"] for one in watched.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def _all(costs: Mapping[str, Sequence[float]]) -> list[float]:
    return [one for of_kind in costs.values() for one in of_kind]


def _spread(costs: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(costs, n=20)
    return {"p50": round(median(costs), 1), "p95": round(cuts[-1], 1), "worst": round(max(costs), 1)}
