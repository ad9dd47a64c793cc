"""A short soak: everybody works and looks at pages, each process is weighed, and growing memory would be seen."""

import subprocess
import sys

import pytest

from bench import soak

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


def test_memory_is_weighed_while_people_work(tmp_path):
    found = soak.run(tmp_path, acts=24, pages=60, samples=4)
    assert sum(found["acts"].values()) >= 24
    assert found["pages"] >= 60
    assert (found["errors"], found["refused"], found["restarts"]) == (0, [], {})
    for name in soak.PROCESSES:
        assert len(found["mebibytes"][name]) == 4
        assert min(found["mebibytes"][name]) > 10  # MiB: it is the process, not the shell before it
    assert set(found["growth"]) == set(soak.PROCESSES)


@pytest.mark.parametrize(("sizes", "growth"), [([9, 9, 5, 5, 5, 5, 5, 5], 1.0), ([2, 3, 4, 4, 5, 5, 6, 6], 1.5)])
def test_what_grows_after_the_first_quarter_is_seen(sizes, growth):
    assert soak.growth({"web": sizes}) == {"web": growth}


def test_a_process_is_weighed_with_its_children():
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', {!r}])"
    child = "kept = b'x' * 80_000_000; print(len(kept), flush=True); input()"
    command = [sys.executable, "-c", script.format(child)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout.readline()
        assert soak.held(process.pid) > 80_000_000
        process.stdin.close()
