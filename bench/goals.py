"""What was wanted, and was it reached? One row a goal, out of the measured figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.drafts import ALONE, ALONE_GREEDY, BEAMS, BEAMS_NO_REPEAT, MANY, MANY_GREEDY, Case

OURS, EXACT = "Copydesk int8", "Copydesk f32"


@dataclass(frozen=True)
class Goal:
    """A figure of ours beside another, and the bound of their ratio."""

    what: str
    ours: str
    against: str
    ratio: float
    goal: str
    met: bool
    note: str = ""

    def row(self) -> dict[str, Any]:
        return {**vars(self), "ratio": round(self.ratio, 2), "met": "met" if self.met else "MISSED"}


def goals(results: Mapping[str, Any]) -> Iterator[Goal]:
    """Of those parts that were measured."""
    engines, desk, first = (results.get(name) or {} for name in ("engines", "desk", "first_system"))
    if desk and first.get("seconds"):
        yield _one_draft(desk, first)
    if engines:
        for case in (ALONE, ALONE_GREEDY, MANY, MANY_GREEDY, BEAMS, BEAMS_NO_REPEAT):
            yield from _fastest(engines, case)
        yield from _replays(engines)
        yield from _limits(engines, results.get("machine", {}), results.get("weights", {}))
    if results.get("perplexity", {}).get("change_percent") is not None:
        yield _perplexity(results["perplexity"])
    if desk:
        yield _backlog(desk["backlog"])
    if results.get("seed_desk"):
        yield from _first_words(results["seed_desk"]["first_words_s"])
    if desk:
        yield _pages(desk["web"])
    yield from _editing(results)
    if results.get("authorship"):
        yield from _authors(results["authorship"])
    if results.get("memory") and first.get("peak_bytes"):
        yield from _memory(results["memory"], first)
    yield from _soak(results.get("soak") or {"growth": {}})


def _one_draft(desk: Mapping[str, Any], first: Mapping[str, Any]) -> Goal:
    ours, theirs = desk["one_draft_s"]["p50"], first["seconds"]
    note = f"{desk['prompt_tokens']} tokens read, {desk['new_tokens']:.0f} written; theirs is the writing alone"
    return _goal("one draft, commit to done", f"{ours} s", f"first system {theirs} s", theirs / ours, 20, note)


def _fastest(engines: Mapping[str, Any], case: Case) -> Iterator[Goal]:
    rates = dict(engines["cases"].get(case.key, {}).get("tokens_per_s", {}))
    mine = rates.pop(OURS, None)
    rates.pop(EXACT, None)
    if mine and rates:
        best = max(rates, key=lambda name: rates[name])
        note = f"left out: {', '.join(engines['missing'])}" if engines["missing"] else ""
        yield _goal(case.title, f"{mine} tokens/s", f"{best} {rates[best]} tokens/s", mine / rates[best], 1, note)


def _replays(engines: Mapping[str, Any]) -> Iterator[Goal]:
    for name, runs in engines["same_alone_and_among_32"].items():
        if name in (OURS, EXACT) and runs:
            same = f"{sum(runs)} of {len(runs)} runs"
            yield Goal(f"the same text alone and among 32, {name}", same, "", sum(runs) / len(runs), "all", all(runs))


def _limits(engines: Mapping[str, Any], machine: Mapping[str, Any], weights: Mapping[str, int]) -> Iterator[Goal]:
    """Each token needs every weight once: no engine that reads them from memory can be faster alone."""
    bandwidth = machine.get("read_bandwidth", {}).get("all threads", {}).get("gb_per_s")
    rates = engines["cases"].get(ALONE_GREEDY.key, {}).get("tokens_per_s", {})
    for name, precision in ((OURS, "int8"), (EXACT, "f32")):
        if bandwidth and name in rates and precision in weights:
            limit = bandwidth * 1e9 / weights[precision]
            against = f"{limit:.0f} tokens/s = {bandwidth} GB/s ÷ {weights[precision] / 1e6:.0f} MB"
            share = rates[name] / limit
            yield _goal(f"share of the memory's limit, {precision}", f"{rates[name]} tokens/s", against, share, 0.6)


def _perplexity(found: Mapping[str, Any]) -> Goal:
    change, values = found["change_percent"], found["perplexity"]
    ours, theirs = f"int8 {values['int8']}", f"f32 {values['f32']}"
    return Goal("perplexity, seed model", ours, theirs, 1 + change / 100, "at most 1.01", change <= 1)


def _backlog(backlog: Mapping[str, Any]) -> Goal:
    whole, drafts = backlog["nothing_lost"], backlog["drafts"]
    note = "nothing lost" if whole else "SOME LOST"
    ours = f"{backlog['seconds'] / drafts:.3f} s a draft"
    found = _goal(f"backlog of {drafts} drafts", ours, "one by one", backlog["gain"], 4, note)
    return Goal(**{**vars(found), "met": found.met and whole})


def _first_words(seconds: Mapping[str, Any]) -> Iterator[Goal]:
    for name, most in (("p50", 0.7), ("p95", 1.5)):
        mine = seconds[name]
        yield Goal(f"first words on the page, {name}", f"{mine} s", f"{most} s", mine / most, "at most 1", mine <= most)


def _pages(web: Mapping[str, Any]) -> Goal:
    ours, theirs = (f"{1000 * web[name]['p95']:.0f} ms" for name in ("busy_s", "idle_s"))
    ratio, note = web["ratio_p95"], f"engine at {web['engine_cpu_percent_when_busy']} % of a core"
    return Goal("web p95, engine busy", ours, f"idle {theirs}", ratio, "at most 1.5", ratio <= 1.5, note)


def _editing(results: Mapping[str, Any]) -> Iterator[Goal]:
    if results.get("pages"):
        yield from _document_page(results["pages"])
    if results.get("candidates"):
        yield from _candidates(results["candidates"])
    if results.get("lists"):
        yield from _lists(results["lists"])


def _document_page(pages: Mapping[str, Any]) -> Iterator[Goal]:
    painted, key = pages["first_paint"]["first_contentful_paint_ms"], pages["typing"]["main_thread_ms"]["p95"]
    yield _at_most(
        "first paint of a document, slow phone",
        painted,
        1000,
        "ms",
        f"best {pages['first_paint']['best_ms']} ms; {_while(pages['first_paint'])}",
    )
    yield _at_most(
        "a key in 20,000 words, p95",
        key,
        16,
        "ms",
        f"the main thread’s own time, the middle round of five; {_while(pages['typing'])}",
    )
    sent = round(pages["bytes"]["script_and_style_as_served"] / 1000)
    yield _at_most(
        "script and style of the editor’s page, compressed", sent, 250, "KB", "gzip, as the desk serves them"
    )


def _while(found: Mapping[str, Any]) -> str:
    return f"load {found['load']} on the machine"


def _candidates(found: Mapping[str, Any]) -> Iterator[Goal]:
    going_on, several = found["continuation"]["first_words_s"], found["candidates"]["whole_s"]
    read = f"{found['words_before']} words before"
    yield _at_most("words to go on with, first, p95", going_on["p95"], 1.5, "s", f"p50 {going_on['p50']} s; {read}")
    what = f"{found['candidates_at_once']} candidates, written and ranked, p95"
    first = found["candidates"]["first_words_s"]
    note = f"p50 {several['p50']} s, first words {first['p50']} s; {read}"
    yield _at_most(what, several["p95"], 1.5, "s", note)


def _lists(found: Mapping[str, Any]) -> Iterator[Goal]:
    """Each page beside the same page of a small desk."""
    pages, count = found["pages"], f"{found['documents']['large']:,} documents"
    small = f"{found['documents']['small']:,} documents"
    for key, what in (("ratio_p50", "p50"), ("ratio_p95", "p95")):
        name = max(pages, key=lambda name: float(pages[name][key]))
        ours, against = (f"{pages[name][size][what]} ms" for size in ("large", "small"))
        ratio = pages[name][key]
        note = f"the slowest against itself of {len(pages)}: {name}; load {found['load']} on the machine"
        shown = (f"{ours} at {count}", f"{against} at {small}")
        yield Goal(f"a list’s page, {what}", *shown, ratio, "at most 3", ratio <= 3, note)
    most = max(page["statements"]["large"] for page in pages.values())
    more = max(page["statements"]["large"] - page["statements"]["small"] for page in pages.values())
    note = "of any page; without rows, or without words to search for, one or two fewer"
    yield Goal(
        "statements of a list’s page",
        str(most),
        f"{more} more than the small desk",
        most / 16,
        "at most 1",
        most <= 16,
        note,
    )


def _authors(found: Mapping[str, Any]) -> Iterator[Goal]:
    method = "Copydesk, revisions alone"
    for name in ("logged, all", "logged, all, by the desk's rule", "made"):
        wrong = found["accuracy"][method][name]
        for key, most in (("letters", 0.3), ("characters", 0.5), ("worst", 4)):
            what = "the worst text’s characters" if key == "worst" else key
            note = f"{method}; histories: {name}"
            yield _at_most(f"{what} whose author is mistaken", wrong[f"{key}_percent"], most, "%", note)
    for key, most, what in (("cold_ms", 2_000, "computed from nothing"), ("kept_ms", 50, "from what is kept")):
        note = "5,000 words and 50 revisions, processor time"
        yield _at_most(f"authors of every character, {what}", found["speed"][key], most, "ms", note)


def _at_most(what: str, found: float, most: float, unit: str, note: str) -> Goal:
    return Goal(what, f"{found:g} {unit}", f"{most:g} {unit}", found / most, "at most 1", found <= most, note)


def _memory(memory: Mapping[str, Any], first: Mapping[str, Any]) -> Iterator[Goal]:
    for name, when in (("held_bytes", "held after writing"), ("peak_bytes", "at its peak, start included")):
        ours, theirs = memory[name], first[name]
        shown = [f"{each / 1e6:.0f} MB" for each in (ours, theirs)]
        what = f"memory {when}, {memory['slots']} slots"
        yield Goal(what, shown[0], f"first system {shown[1]}", ours / theirs, "at most 0.2", 5 * ours <= theirs)


def _soak(soak: Mapping[str, Any]) -> Iterator[Goal]:
    """Not growing is what is wanted: a twentieth is what the same work differs by from run to run."""
    for name, ratio in soak["growth"].items():
        held = f"{median(soak['mebibytes'][name][-(len(soak['mebibytes'][name]) // 4) :]):.0f} MiB"
        note = f"{sum(soak['acts'].values()):,} acts and {soak['pages']:,} pages; last quarter to second"
        yield Goal(f"memory of {name} after an hour’s work", held, "itself", ratio, "at most 1.05", ratio <= 1.05, note)


def _goal(what: str, ours: str, against: str, ratio: float, least: float, note: str = "") -> Goal:
    return Goal(what, ours, against, ratio, f"at least {least:g}", ratio >= least, note)
