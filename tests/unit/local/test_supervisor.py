"""The supervisor with the smallest of programs, and no database."""

import io
import signal
import sys
import time

import psutil
import pytest

from copydesk.local.console import Console
from copydesk.local.guardian import read_groups
from copydesk.local.programs import Program, describe_exit
from copydesk.local.supervisor import ProgramFailed, Supervisor


def python(code: str, **options: object) -> Program:
    return Program(name="program", command=[sys.executable, "-S", "-c", code], **options)  # type: ignore[arg-type]


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def console(shown: io.StringIO) -> Console:
    return Console(shown)


def test_every_line_stands_behind_its_programs_name(console: Console, shown: io.StringIO) -> None:
    with Supervisor(console) as supervisor:
        supervisor.run_once(
            python("print('one'); print(); print('t\\u00e9xt \\udc80'.encode('utf8', 'ignore').decode())")
        )
    assert shown.getvalue() == "program  | one\nprogram  | téxt\n"


def test_a_failed_program_is_an_error_with_the_lines_that_were_not_shown(console: Console, shown: io.StringIO) -> None:
    program = python("print('why'); raise SystemExit(3)", shows=lambda line: False)
    with Supervisor(console) as supervisor, pytest.raises(ProgramFailed, match=r"program ended with status 3\n  why"):
        supervisor.run_once(program)
    assert shown.getvalue() == ""


def test_a_program_that_ends_before_it_is_ready(console: Console) -> None:
    with Supervisor(console) as supervisor, pytest.raises(ProgramFailed, match="program ended with status 0"):
        supervisor.wait_ready(supervisor.start(python("", ready=lambda: False)))


def test_a_program_that_never_gets_ready(console: Console) -> None:
    sleeper = python("import time; time.sleep(60)", ready=lambda: False)
    with Supervisor(console) as supervisor, pytest.raises(ProgramFailed, match="was not ready after 0 s"):
        supervisor.wait_ready(supervisor.start(sleeper), seconds=0.2)


def test_the_end_of_the_block_stops_everything(console: Console) -> None:
    with Supervisor(console) as supervisor:
        slot = supervisor.start(python("import time; time.sleep(60)"))
        supervisor.wait_ready(slot)
        process = psutil.Process(slot.child.pid)
    assert not process.is_running()


def test_an_error_in_the_block_stops_everything_too(console: Console) -> None:
    pids: list[int] = []

    def work() -> None:
        with Supervisor(console) as supervisor:
            pids.append(supervisor.start(python("import time; time.sleep(60)")).child.pid)
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        work()
    assert not psutil.pid_exists(pids[0])


def test_breakdowns_in_a_row_wait_longer_each_time(console: Console, shown: io.StringIO) -> None:
    with Supervisor(console) as supervisor:
        slot = supervisor.start(python("raise SystemExit(1)"))
        supervisor.watch(until=lambda: slot.breakdowns == 3)
    waits = [line.rpartition(" in ")[2] for line in shown.getvalue().splitlines() if " in " in line]
    assert waits == ["0.5 s", "1 s", "2 s"]


def test_the_order_of_stopping(console: Console) -> None:
    """What the others need to end well is stopped last."""
    slowly = "signal.signal(15, lambda *_: (time.sleep(0.3), sys.exit()))"
    code = f"import signal, sys, time; {slowly}; print('up', flush=True); time.sleep(60)"
    first, second = python(code, stop_last=True), python(code)
    with Supervisor(console) as supervisor:
        slots = [supervisor.start(first), supervisor.start(second)]
        supervisor.watch(until=lambda: all(slot.child.last_lines for slot in slots))
        started = time.monotonic()
    assert time.monotonic() - started > 0.6


def test_when_nobody_reads_the_desk_stops() -> None:
    stream = io.StringIO()
    console = Console(stream)
    stream.close()
    console.say("to nobody")
    assert console.gone


def test_what_the_guardian_has_to_stop() -> None:
    assert read_groups(["+10 15 10.0\n", "+11 2 20\n", "-10\n"]) == {11: (2, 20.0)}


@pytest.mark.parametrize(
    ("status", "words"),
    [(1, "ended with status 1"), (-signal.SIGKILL, "was ended by SIGKILL"), (-200, "was ended by signal 200")],
)
def test_an_exit_status_in_words(status: int, words: str) -> None:
    assert describe_exit(status) == words
