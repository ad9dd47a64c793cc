"""The desk on one machine: which programs there are, in which order they come up, and what is told about it."""

import http.client
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url

from copydesk.config import read_settings
from copydesk.local import postgres
from copydesk.local.checks import HOST, check_data_dir, check_disk, check_port
from copydesk.local.console import Console
from copydesk.local.environment import Place, for_programs
from copydesk.local.occupancy import Occupancy
from copydesk.local.programs import Program
from copydesk.local.supervisor import Slot, Stopped, Supervisor
from copydesk.rights import logins
from copydesk.rights.tables import Process

COPYDESK = (str(Path(sys.executable).with_name("copydesk")),)
PEOPLE = (
    ("admin@test.com", "password", "admin"),
    ("test@test.com", "123456", "sponsor"),
    ("editor@test.com", "123456", "editor"),
)
ENGINE_PATIENCE = 60.0


@dataclass(frozen=True)
class Cast:
    """The programs of the desk, besides the database."""

    engine: Program | None  # none: it runs elsewhere
    migrate: Program  # to its end, before anything else sees the database
    lasting: tuple[Program, ...]
    web: Program
    meanwhile: tuple[Program, ...] = ()  # each to its end, while the others come up


def real_cast(place: Place, environ: Mapping[str, str], with_engine: bool) -> Cast:
    """The programs that `make run` starts; on the embedded database web and worker log in with roles of their own."""
    owner, own = environ["DATABASE_URL"], _logins(place, environ)
    environ_of = {process: {**environ, "DATABASE_URL": own.get(process) or owner} for process in Process}
    told = {**environ, **{logins.setting_of(process): url for process, url in own.items()}}
    headers = {"Authorization": f"Bearer {environ.get('ENGINE_TOKEN', '')}"}
    engine = _program("engine", environ, answers(f"{environ['ENGINE_URL']}/health", headers))
    people = replace(_program("people", environ_of[Process.WEB]), command=[*COPYDESK, "development-people"])
    web = _program("web", environ_of[Process.WEB], answers(f"{place.address}/healthz"))
    return Cast(
        engine=engine if with_engine else None,
        migrate=_program("migrate", told),
        lasting=(_program("worker", environ_of[Process.WORKER]),),
        web=replace(web, command=[*web.command, "--port", str(place.port)]),
        meanwhile=(people,) if _is_development(environ) else (),
    )


def run(
    place: Place,
    console: Console,
    make_cast: Callable[[Place, Mapping[str, str], bool], Cast] = real_cast,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Check, start everything, and tend it until somebody asks to stop."""
    check_data_dir(place.data_dir)
    check_disk(place.data_dir)
    with Occupancy(place.data_dir, place.address) as occupancy:
        for name in occupancy.take():
            console.say(f"{name} was left running by a desk that was killed; stopped it")
        check_port(place.port)
        with Supervisor(console, occupancy.add) as supervisor:
            supervisor.obey_terminal()
            try:
                _bring_up(supervisor, place, make_cast, environ, occupancy.tell)
                supervisor.watch()
            except Stopped as reason:
                console.say(f"Stopping ({reason})")
        console.say("Everything has stopped")


def answers(url: str, headers: Mapping[str, str] | None = None) -> Callable[[], bool]:
    """A question to put again and again: is that page there? Never asked through a proxy."""
    parts = urlsplit(url)

    def ask() -> bool:
        connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port, timeout=1)
        try:
            connection.request("GET", parts.path, headers=dict(headers or {}))
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


def _program(name: str, environ: Mapping[str, str], ready: Callable[[], bool] | None = None) -> Program:
    return Program(name=name, command=[*COPYDESK, name], environ=environ, ready=ready)


def _logins(place: Place, environ: Mapping[str, str]) -> dict[Process, str]:
    """The addresses of web and worker: as given, or on the embedded database, which asks for no password."""
    given = {process: environ.get(logins.setting_of(process), "") for process in Process}
    if any(given.values()) or environ["DATABASE_URL"] != postgres.Postgres(place.data_dir).url:
        return {process: url for process, url in given.items() if url}
    url = make_url(environ["DATABASE_URL"])
    named = {process: url.set(username=f"{url.database}_{process}") for process in Process}
    return {process: url.render_as_string(hide_password=False) for process, url in named.items()}


def _is_development(environ: Mapping[str, str]) -> bool:
    return environ.get("COPYDESK_ENV", "development") == "development"


def _bring_up(
    supervisor: Supervisor,
    place: Place,
    make_cast: Callable[[Place, Mapping[str, str], bool], Cast],
    real: Mapping[str, str],
    tell: Callable[[Mapping[str, str]], None],
) -> None:
    started = time.monotonic()
    environ = for_programs(place, real)
    url = environ.get("DATABASE_URL") or postgres.Postgres(place.data_dir).url
    environ["DATABASE_URL"] = url
    read_settings(environ)  # a bad value is named before anything starts
    tell(environ)
    cast = make_cast(place, environ, not real.get("ENGINE_URL"))
    engine = supervisor.start(cast.engine) if cast.engine else None  # loads the model meanwhile
    if not real.get("DATABASE_URL"):
        with _told(supervisor.console, "Starting the database"):
            postgres.start(supervisor, postgres.Postgres(place.data_dir))
    with _told(supervisor.console, "Bringing the database up to date"):
        supervisor.run_once(cast.migrate)
    with _told(supervisor.console, "Starting worker and web"):
        for program in cast.lasting:
            supervisor.start(program)
        web = supervisor.start(cast.web)
        for program in cast.meanwhile:
            supervisor.run_once(program)
        supervisor.wait_ready(web)
    if engine:
        _await_engine(supervisor, engine)
    _greet(supervisor.console, place, environ, time.monotonic() - started)


def _await_engine(supervisor: Supervisor, engine: Slot) -> None:
    """The desk is of use without it: documents are taken in, and drafting begins when the engine is there."""
    deadline = time.monotonic() + ENGINE_PATIENCE
    with _told(supervisor.console, "Waiting for the engine"):
        supervisor.watch(until=lambda: engine.child.is_ready or engine.breakdowns > 1 or time.monotonic() > deadline)
    if not engine.child.is_ready:
        supervisor.console.say("The engine is not ready yet: documents are accepted and drafting waits for it")


@contextmanager
def _told(console: Console, what: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    console.say(what)
    started = time.monotonic()
    yield
    console.say(f"{what}: done in {time.monotonic() - started:.1f} s")


def _greet(console: Console, place: Place, environ: Mapping[str, str], seconds: float) -> None:
    lines = ["", f"  Copydesk is ready at {environ['BASE_URL']}  (started in {seconds:.1f} s)", ""]
    if _is_development(environ):
        lines.append("  People for development:")
        lines += [f"    {email:<16}  {password:<9} {role}" for email, password, role in PEOPLE]
        lines.append("")
    lines.append(f"  Data is kept in {place.data_dir}. Ctrl-C stops everything.")
    console.write("\n".join([*lines, "", ""]))
