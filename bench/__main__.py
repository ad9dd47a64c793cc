"""Run every measurement, or those that are named; print the tables; write `bench/results.json`."""

import datetime as dt
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from bench import authorship, candidates, chaos, desk, engines, lists, machine, pages, perplexity, soak
from bench.goals import goals
from bench.models import large_model, weight_bytes
from copydesk.engine.models import ModelFolder

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.json"
KEPT = ROOT / "var" / "bench"  # peers' environments, the model, and what peers make of it
QUIET = 0.3  # load before a run
CHAOS = ROOT / "docs" / "chaos.md"
ON_REQUEST = ("chaos", "soak")  # they measure no pace, and take a while
PARTS = ("engines", "memory", "first", "desk", "seed", "perplexity", "pages", "candidates", "lists", "authorship")


def shared() -> Path:
    """Where data lie that are not the repository's: COPYDESK_SHARED, or a folder beside it."""
    return Path(os.environ.get("COPYDESK_SHARED", ROOT.parent / "shared"))


def tokenizer() -> Path | None:
    """GPT-2's own tokenizer: a folder named by COPYDESK_TOKENIZER, or among the shared data."""
    folder = Path(os.environ.get("COPYDESK_TOKENIZER", shared() / "data" / "gpt2-tokenizer"))
    return folder if (folder / "vocab.json").exists() else None


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS + ON_REQUEST))
@click.option("--quick", is_flag=True, help="One round each: to see that everything runs. Nothing is written.")
@click.option("--peer", "peers", multiple=True, help="Only this peer (bench/peers/NAME.py); nothing is written.")
@click.option("--keep", is_flag=True, help="Write the figures of PARTS beside the others' in the results.")
@click.option("--minutes", default=0.0, show_default="one round", help="How long chaos goes on at least.")
def main(parts: tuple[str, ...], quick: bool, peers: tuple[str, ...], keep: bool, minutes: float) -> None:
    """Measure PARTS, or everything but chaos and soak."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that whatever runs is stopped
    started = time.monotonic()
    results: dict[str, Any] = {"measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    results["machine"] = machine.describe() | {"read_bandwidth": machine.bandwidth()}
    _show_machine(results["machine"])
    with tempfile.TemporaryDirectory() as folder:
        for part in parts or PARTS:
            click.echo(f"\n{part}, at {time.monotonic() - started:.0f} s")
            if part == "chaos":
                results |= _chaos(Path(folder) / part, minutes, keep)
            else:
                results |= _measure(part, Path(folder) / part, quick, peers)
    after = machine.bandwidth()
    _keep_the_faster(results["machine"]["read_bandwidth"], after)
    results["goals"] = [goal.row() for goal in goals(results)]
    results["minutes"] = round((time.monotonic() - started) / 60, 1)
    _show_engines(results)
    show("Goals", results["goals"])
    click.echo(f"\n{results['minutes']} minutes")
    if keep and parts and not quick and not peers:
        results = _beside_the_others(results, parts)
    if not quick and not peers and (keep or not parts):
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        click.echo(f"Written to {RESULTS.relative_to(ROOT)}")


def _beside_the_others(results: dict[str, Any], parts: tuple[str, ...]) -> dict[str, Any]:
    """The kept results of the last whole run with these parts anew, each with when it was and how busy the machine."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    new = {name: value for name, value in results.items() if name not in ("measured_at", "machine", "goals", "minutes")}
    when = {"measured_at": results["measured_at"], "load_before": results["machine"]["load_before"]}
    kept |= new | {"parts": kept.get("parts", {}) | dict.fromkeys(parts, when)}
    return kept | {"goals": [goal.row() for goal in goals(kept)]}


def _measure(part: str, work: Path, quick: bool, peers: tuple[str, ...]) -> dict[str, Any]:
    """The part's figures by their names in the results; nothing where its data are missing, which is said."""
    if part in _SMALL:
        return _SMALL[part](work, quick)
    where = tokenizer()
    if where is None:
        click.echo("  left out: GPT-2's tokenizer was not found; COPYDESK_TOKENIZER names its folder")
        return {}
    model = large_model(KEPT / "124m", where)
    return _LARGE[part](model, work, quick, peers)


def _pages(work: Path, quick: bool) -> dict[str, Any]:
    found = pages.run(work, quick=quick)
    if found is None:
        click.echo("  left out: no chromium on the path")
    return {"pages": found} if found else {}


def _lists(work: Path, quick: bool) -> dict[str, Any]:
    found = lists.run(work, quick=quick)
    show("The list of documents", lists.rows(found))
    return {"lists": found}


def _chaos(work: Path, minutes: float, keep: bool) -> dict[str, Any]:
    found = chaos.run(work, minutes=minutes) | {"measured_at": f"{dt.datetime.now(dt.UTC):%d %B %Y}"}
    show("What was acknowledged", [{"act": kind, **row} for kind, row in found["acts"].items()])
    click.echo(f"lost {found['losses']}, there twice {found['doubles']}, chains {found['chains'] or 'hold'}")
    if keep:
        CHAOS.write_text(chaos.report(found), encoding="utf-8")
    return {"chaos": found}


def _soak(work: Path, quick: bool) -> dict[str, Any]:
    found = soak.run(work, acts=48, pages=48) if quick else soak.run(work)
    show("Memory, MiB", soak.rows(found))
    return {"soak": found}


def _perplexity(_: Path, quick: bool) -> dict[str, Any]:
    corpus = shared() / "data" / "corpus"
    if corpus.is_dir():
        return {"perplexity": perplexity.run(corpus, KEPT, quick=quick)}
    click.echo("  left out: no books in data/corpus of the folder that COPYDESK_SHARED names")
    return {}


def _authorship(_: Path, quick: bool) -> dict[str, Any]:
    data = shared() / "data"
    if not (data / "coauthor" / "histories.jsonl").exists() or not (data / "corpus").is_dir():
        click.echo("  left out: no data/coauthor and data/corpus in the folder that COPYDESK_SHARED names")
        return {}
    found = authorship.run(data, quick=quick)
    show("Characters whose origin was mistaken", authorship.rows(found))
    return {"authorship": found}


# Parts with the seed model, or with none.
_SMALL: Mapping[str, Callable[[Path, bool], dict[str, Any]]] = {
    "seed": lambda work, quick: {"seed_desk": desk.first_words(work, drafts=6 if quick else 30)},
    "candidates": lambda work, quick: {"candidates": candidates.run(work, quick=quick)},
    "pages": _pages,
    "lists": _lists,
    "perplexity": _perplexity,
    "authorship": _authorship,
    "soak": _soak,
}


def _engines(model: ModelFolder, _: Path, quick: bool, peers: tuple[str, ...]) -> dict[str, Any]:
    found = engines.run(model, KEPT / "124m" / "work", quick=quick, only=peers)
    return {"weights": weight_bytes(model), "engines": found}


def _first(model: ModelFolder, _: Path, quick: bool, __: tuple[str, ...]) -> dict[str, Any]:
    return {"first_system": engines.first_system(model, KEPT / "124m" / "work", quick=quick)}


_LARGE: Mapping[str, Callable[[ModelFolder, Path, bool, tuple[str, ...]], dict[str, Any]]] = {
    "engines": _engines,
    "memory": lambda model, work, quick, peers: {"memory": engines.memory(model, KEPT / "124m" / "work")},
    "first": _first,
    "desk": lambda model, work, quick, peers: {"desk": desk.large_model(model, work, quick=quick)},
}


def _keep_the_faster(first: dict[str, Any], second: dict[str, Any]) -> None:
    """The machine's bandwidth is what it gave at its best; others can only have slowed it down."""
    for name, found in second.items():
        rounds = first[name]["rounds"] + found["rounds"]
        first[name] |= {"gb_per_s": max(rounds), "rounds": rounds}


def _show_machine(found: Mapping[str, Any]) -> None:
    click.echo(" · ".join(f"{name} {value}" for name, value in found.items() if name != "read_bandwidth"))
    for name, each in found["read_bandwidth"].items():
        click.echo(f"memory is read at {each['gb_per_s']} GB/s with {name}")
    if found["load_before"] > QUIET:
        click.echo(f"The machine was not idle before (load {found['load_before']}): take the figures as rough.")


def _show_engines(results: Mapping[str, Any]) -> None:
    found = results.get("engines")
    if not found:
        return
    names = list(found["contestants"])
    rows = [
        {"tokens/s": case["title"]} | {name: case["tokens_per_s"].get(name, "–") for name in names}
        for case in found["cases"].values()
    ]
    peaks = {name: f"{one['peak_bytes'] / 1e6:.0f} MB" for name, one in found["contestants"].items()}
    show("124M architecture, random weights, 20-token prompts, 80 new tokens", [*rows, {"tokens/s": "peak"} | peaks])
    for what, reason in (found["missing"] | found["failed"]).items():
        click.echo(f"  {what}: {reason}")


def show(title: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    click.echo(f"\n{title}")
    widths = {key: max(len(str(key)), *(len(str(row[key])) for row in rows)) for key in rows[0]}
    for row in [dict(zip(widths, widths, strict=True)), *rows]:
        click.echo(("  " + "  ".join(str(row[key]).ljust(width) for key, width in widths.items())).rstrip())


if __name__ == "__main__":
    main()
