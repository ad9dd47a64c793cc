"""Tokens a second, ours and the peers', in turns: what slows the machine down for a while slows all of them down.

All stay in memory for the whole time, and only one of them works at a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import click

from bench import drafts
from bench.contestants import Answer, CannotRun, Contestant, Kind, Ours
from bench.drafts import ALONE, ALONE_GREEDY, BEAMS, BEAMS_NO_REPEAT, CASES, EIGHT, MANY, MANY_GREEDY, Case
from copydesk.engine.models import ModelFolder

WARM_UP = 8  # tokens
_BEAMS = (BEAMS, BEAMS_NO_REPEAT)
_ALL = tuple(case.key for case in CASES)
# Ours in float32 is there for the limit and the replay: as slow as its weights are large.
_EXACT = tuple(case.key for case in (ALONE, ALONE_GREEDY, MANY, BEAMS))
_WITHOUT_BEAMS = tuple(case.key for case in CASES if case not in _BEAMS)
# PyTorch draws for 32 texts at once for half a minute, and KerasHub has no batch that fills up as drafts come.
_PYTORCH = tuple(case.key for case in (ALONE, ALONE_GREEDY, MANY_GREEDY, *_BEAMS))
_KERASHUB = tuple(case.key for case in (ALONE, ALONE_GREEDY))
OURS = ("int8", "f32")
SEED_A_DRAFT = ("OpenVINO GenAI int8", "llama.cpp q8_0")
FEW = 4
PEERS = (
    Kind("PyTorch float32", "pytorch", "pytorch", _PYTORCH),
    Kind("CTranslate2 int8", "ctranslate2", "ctranslate2", _ALL, converted=True),
    Kind("OpenVINO GenAI int8", "openvino", "openvino", _ALL, converted=True),
    Kind("llama.cpp q8_0", "llamacpp", "", _WITHOUT_BEAMS),
    Kind("KerasHub float32", "kerashub", "", _KERASHUB),
)
FULL_WARM_UP = ("KerasHub float32",)  # compiles for the length


@dataclass
class Field:
    """Those who take part, what each can write, and what came of it."""

    contestants: dict[str, Contestant] = field(default_factory=dict)
    cases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)  # name → reason
    failed: dict[str, str] = field(default_factory=dict)  # "name, case" → reason
    runs: dict[str, dict[str, list[Answer]]] = field(default_factory=dict)  # case → name → answers

    def add(self, contestant: Contestant, cases: tuple[str, ...]) -> None:
        self.contestants[contestant.name] = contestant
        self.cases[contestant.name] = cases

    def of(self, case: Case) -> Iterator[Contestant]:
        for name, contestant in self.contestants.items():
            if case.key in self.cases[name] and f"{name}, {case.title}" not in self.failed:
                yield contestant

    def try_to(self, contestant: Contestant, case: Case, new: int) -> Answer | None:
        try:
            return contestant.write(drafts.ask(case, new))
        except CannotRun as error:
            self.failed[f"{contestant.name}, {case.title}"] = str(error)
            return None


def run(model: ModelFolder, work: Path, *, quick: bool = False, only: Sequence[str] = ()) -> dict[str, Any]:
    """Every case by everybody who can write it."""
    with _field(model, work, only) as everybody:
        for case in CASES:
            _warm_up(everybody, case)
            for _ in range(1 if quick else case.rounds):
                for contestant in list(everybody.of(case)):
                    answer = everybody.try_to(contestant, case, drafts.NEW_TOKENS)
                    if answer:
                        everybody.runs.setdefault(case.key, {}).setdefault(contestant.name, []).append(answer)
            click.echo(f"  {case.title}: {_summary(everybody, case)}")
        replay = {name: _replay(everybody, name, most) for name, most in _to_replay(quick)}
        return _results(everybody, replay)


@contextmanager
def _field(model: ModelFolder, work: Path, only: Sequence[str]) -> Iterator[Field]:
    everybody = Field()
    with ExitStack() as stack:
        for precision in OURS:
            ours = Ours(model, work / "ours", precision)
            stack.callback(ours.close)
            everybody.add(ours, _EXACT if precision == "f32" else _ALL)
        for kind in PEERS:
            if only and kind.module not in only:
                continue
            try:
                peer = kind.start(model, work)
            except CannotRun as error:
                everybody.missing[kind.name] = str(error)
                click.echo(f"  {kind.name} is left out: {error}")
                continue
            stack.callback(peer.close)
            everybody.add(peer, kind.cases)
        yield everybody


def _warm_up(everybody: Field, case: Case) -> None:
    for contestant in list(everybody.of(case)):
        everybody.try_to(contestant, case, drafts.NEW_TOKENS if contestant.name in FULL_WARM_UP else WARM_UP)


def _summary(everybody: Field, case: Case) -> str:
    rates = {name: median(one.rate for one in runs) for name, runs in everybody.runs.get(case.key, {}).items()}
    return ", ".join(f"{name} {rate:.1f}" for name, rate in sorted(rates.items(), key=lambda pair: -pair[1]))


def _to_replay(quick: bool) -> Iterator[tuple[str, int]]:
    """Whose drafts to write again alone, and how many: of peers a few, if they take a seed for each draft."""
    for precision, most in zip(OURS, (MANY.drafts, MANY.drafts // 4), strict=True):
        yield f"Copydesk {precision}", FEW if quick else most
    for name in SEED_A_DRAFT:
        yield name, FEW


def _replay(everybody: Field, name: str, most: int) -> list[bool]:
    """Are the drafts of each run of 32 at once token by token those that the same seeds give alone?"""
    runs = everybody.runs.get(MANY.key, {}).get(name, [])
    if not runs:
        return []
    asks = drafts.ask(MANY).one_by_one()[:most]
    alone = [everybody.contestants[name].write(one).texts[0] for one in asks]
    return [answer.texts[:most] == alone for answer in runs]


def _results(everybody: Field, replay: dict[str, list[bool]]) -> dict[str, Any]:
    return {
        "cases": {
            case.key: {
                "title": case.title,
                "tokens_per_s": {name: round(median(run.rate for run in runs), 1) for name, runs in ran.items()},
                "runs": {
                    name: [{"seconds": round(run.seconds, 4), "tokens": run.tokens} for run in runs]
                    for name, runs in ran.items()
                },
            }
            for case in CASES
            if (ran := everybody.runs.get(case.key))
        },
        "contestants": {name: {"version": one.version, **one.memory()} for name, one in everybody.contestants.items()},
        "missing": everybody.missing,
        "failed": everybody.failed,
        "same_alone_and_among_32": replay,
    }


def memory(model: ModelFolder, work: Path, slots: int = 8) -> dict[str, Any]:
    """Bytes that an engine with `slots` slots holds after it wrote as many drafts at once, twice."""
    ours = Ours(model, work / "ours", OURS[0], slots)
    try:
        case = replace(EIGHT, drafts=slots)
        for _ in range(2):
            ours.write(drafts.ask(case))
        return {"slots": slots, **ours.memory()}
    finally:
        ours.close()


def first_system(model: ModelFolder, work: Path, *, quick: bool = False) -> dict[str, Any]:
    """Seconds a draft in the first system's way, and the most memory its process held."""
    case = replace(BEAMS_NO_REPEAT, title="the first system")
    try:
        peer = Kind("first system", "first_system", "first_system").start(model, work)
    except CannotRun as error:
        return {"missing": str(error)}
    try:
        peer.write(drafts.ask(case, WARM_UP))
        answers = [peer.write(drafts.ask(case)) for _ in range(1 if quick else 2)]
    except CannotRun as error:
        return {"missing": str(error)}
    finally:
        peer.close()
    return {
        "version": peer.version,
        "seconds": round(median(answer.seconds for answer in answers), 3),
        "runs": [{"seconds": round(answer.seconds, 3), "tokens": answer.tokens} for answer in answers],
        **peer.memory(),
    }
