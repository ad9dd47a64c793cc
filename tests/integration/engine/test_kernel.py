"""The kernel gives the same scores to the last bit, however the work is cut, shared out, or done."""

import ctypes
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from integration.engine.engines import MODELS
from numpy.typing import NDArray

from copydesk.engine import models
from copydesk.engine.backend import CacheFull, Work
from copydesk.engine.errors import EngineCannotStart, ModelBroken
from copydesk.engine.native import backend as native
from copydesk.engine.native import build, library
from copydesk.engine.native.backend import NativeBackend
from copydesk.engine.native.library import PAGE_POSITIONS
from copydesk.engine.precision import Precision

pytestmark = pytest.mark.integration

SEED = models.find("seed", MODELS)
TOKENS = np.random.default_rng(7).integers(0, SEED.config["vocab_size"], 200).tolist()


@pytest.fixture(params=list(Precision))
def precision(request: pytest.FixtureRequest) -> Precision:
    return Precision(request.param)


def read(backend: NativeBackend, tokens: Sequence[int]) -> NDArray[np.float32]:
    """The scores after each of `tokens`, read in one go."""
    sequence = backend.open()
    scores = backend.step([Work(sequence, tokens, len(tokens))]).copy()
    backend.close(sequence)
    return scores


def test_alone_and_in_any_company(precision: Precision) -> None:
    backend = NativeBackend(SEED, precision=precision, threads=2)
    expected = read(backend, TOKENS)
    company = [backend.open() for _ in range(31)]
    mine, found, start = backend.open(), [], 0
    for count in (1, 1, 7, 16, 3, 64, 100, 8):  # inside a page, a whole one, over several
        others = [Work(each, TOKENS[each % 50 : each % 50 + 1 + each % 4], 1) for each in company]
        work = [*others[:9], Work(mine, TOKENS[start : start + count], count), *others[9:]]
        found.append(backend.step(work)[9 : 9 + count].copy())
        start += count
    assert start == len(TOKENS)
    assert np.array_equal(np.concatenate(found), expected)


def test_with_any_number_of_threads(precision: Precision) -> None:
    one, *others = (read(NativeBackend(SEED, precision=precision, threads=number), TOKENS) for number in (1, 2, 3, 8))
    for other in others:
        assert np.array_equal(one, other)


def variants_that_run_here() -> Iterator[build.Variant]:
    flags = library.processor_flags()
    return (variant for variant in build.variants() if variant.needs <= flags)


def test_on_every_kind_of_processor(precision: Precision, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for variant in variants_that_run_here():
        kernel = library.load(variant)
        monkeypatch.setattr(native, "kernel", lambda kernel=kernel: kernel)
        found[variant.name] = read(NativeBackend(SEED, precision=precision, threads=2), TOKENS[:40])
    assert len(found) > 1
    first, *others = found.values()
    for other in others:
        assert np.array_equal(first, other)


def test_texts_that_branch_off(precision: Precision) -> None:
    """A fork shares its past, whether it branches off inside a page or at its end, and disturbs nobody."""
    backend = NativeBackend(SEED, precision=precision, threads=2)
    for past in (1, PAGE_POSITIONS - 1, PAGE_POSITIONS, PAGE_POSITIONS + 1, 50):
        expected = [read(backend, TOKENS[:past] + ending)[past:] for ending in (TOKENS[60:90], TOKENS[100:130])]
        trunk = backend.open()
        backend.step([Work(trunk, TOKENS[:past], 0)])
        branch = backend.fork(trunk)
        both = [Work(trunk, TOKENS[60:90], 30), Work(branch, TOKENS[100:130], 30)]
        found = backend.step(both)
        assert np.array_equal(found[:30], expected[0])
        assert np.array_equal(found[30:], expected[1])
        backend.close(trunk)
        again = backend.fork(branch)
        backend.close(branch)
        last = backend.step([Work(again, [5], 1)])[0].copy()
        assert np.array_equal(last, read(backend, TOKENS[:past] + TOKENS[100:130] + [5])[-1])
        backend.close(again)


def test_what_others_left_in_a_page_is_never_seen() -> None:
    backend = NativeBackend(SEED, threads=1, cache_tokens=64)
    expected = read(backend, TOKENS[:20])
    read(backend, TOKENS[100:164])  # fills every page
    assert np.array_equal(read(backend, TOKENS[:20]), expected)


def test_the_cache_is_given_back_and_a_full_one_changes_nothing() -> None:
    backend = NativeBackend(SEED, threads=1, cache_tokens=64)
    assert backend.room() == 64
    sequence, other = backend.open(), backend.open()
    backend.step([Work(sequence, TOKENS[:40], 0)])
    assert backend.room() == 16
    with pytest.raises(CacheFull):
        backend.step([Work(other, TOKENS[:17], 1)])
    assert backend.room() == 16
    branch = backend.fork(sequence)
    assert backend.room() == 16
    with pytest.raises(CacheFull):  # its own page, and one more
        backend.step([Work(branch, TOKENS[:17], 1)])
    backend.close(sequence)
    backend.step([Work(branch, TOKENS[40:48], 1)])
    backend.close(branch)
    backend.close(other)
    assert backend.room() == 64
    with pytest.raises(KeyError):
        backend.close(branch)


def test_what_it_refuses() -> None:
    backend = NativeBackend(SEED, threads=1, sequences=2)
    sequence = backend.open()
    for tokens in ([], [-1], [SEED.config["vocab_size"]], [1] * (SEED.context + 1)):
        with pytest.raises(ValueError, match=r"token|window"):
            backend.step([Work(sequence, tokens, 0)])
    with pytest.raises(ValueError, match="wanted"):
        backend.step([Work(sequence, [1], 2)])
    backend.open()
    with pytest.raises(CacheFull):
        backend.open()


def test_models_that_it_does_not_know(tmp_path_factory: pytest.TempPathFactory) -> None:
    odd = models.ModelFolder(SEED.name, SEED.path, {**SEED.config, "n_head": 32}, SEED.card)  # heads of width 8
    with pytest.raises(EngineCannotStart, match="shape"):
        NativeBackend(odd, threads=1)
    deeper = models.ModelFolder(SEED.name, SEED.path, {**SEED.config, "n_layer": 7}, SEED.card)
    with pytest.raises(ModelBroken, match=r"h\.6"):
        NativeBackend(deeper, threads=1)
    wider = models.ModelFolder(SEED.name, SEED.path, {**SEED.config, "n_inner": 512}, SEED.card)
    with pytest.raises(ModelBroken, match="c_fc"):
        NativeBackend(wider, threads=1)


def test_the_libraries_are_of_the_present_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    assert build.is_built()
    assert library.description("int8") == f"copydesk-gpt2 {library.VERSION}+{build.sources_sha256()[:8]} int8"
    monkeypatch.setattr(build, "sources_sha256", lambda: "0" * 64)
    assert not build.is_built()
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    with pytest.raises(build.BuildFailed, match="ziglang"):
        build.build()


def test_a_library_can_be_asked_what_it_is_for() -> None:
    for variant in variants_that_run_here():
        kernel = library.load(variant)
        kernel.gpt2_processor.restype = ctypes.c_char_p
        assert kernel.gpt2_processor()
