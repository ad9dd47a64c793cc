"""`make run` with small programs in the places of engine, worker and web, and the real PostgreSQL.

`python desk_of_stand_ins.py PORT DATA_DIR` is the desk; with a role's name it is one of the programs.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ME = [sys.executable, str(Path(__file__).resolve())]


def main(role: str, *arguments: str) -> None:
    if role == "serve":
        serve(int(arguments[0]))
    elif role == "once":
        count_starts()
    elif role == "worker":
        # A grandchild, as gunicorn has them: it must not be left behind either.
        subprocess.Popen([*ME, "idle"])
        idle()
    elif role == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        idle()
    elif role == "idle":
        idle()
    else:
        desk(int(role), Path(arguments[0]))


def idle() -> None:
    while True:
        time.sleep(60)


def count_starts() -> None:
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO starts DEFAULT VALUES")
        found = connection.execute("SELECT count(*) FROM starts").fetchone()
    sys.stdout.write(f"start number {found[0] if found else 0}\n")


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def serve(port: int) -> None:
    ThreadingHTTPServer.allow_reuse_address = True
    ThreadingHTTPServer(("127.0.0.1", port), Page).serve_forever()


def desk(port: int, data_dir: Path) -> None:
    from copydesk.local import desk as local_desk
    from copydesk.local.checks import CannotStart
    from copydesk.local.console import Console
    from copydesk.local.environment import Place
    from copydesk.local.programs import Program

    def cast(place: Place, environ: Mapping[str, str], with_engine: bool) -> local_desk.Cast:
        def program(name: str, *words: str) -> Program:
            return Program(name=name, command=[*ME, *words], environ=environ, stop_seconds=0.5)

        def served(name: str, address: str, path: str) -> Program:
            port = address.rpartition(":")[2]
            return Program(
                name=name,
                command=[*ME, "serve", port],
                environ=environ,
                ready=local_desk.answers(f"{address}{path}"),
            )

        return local_desk.Cast(
            migrate=program("migrate", "once"),
            engine=served("engine", environ["ENGINE_URL"], "/health"),
            lasting=(program("worker", "worker"), program("deaf", "deaf")),
            web=served("web", place.address, "/healthz"),
        )

    try:
        local_desk.run(Place(port, data_dir), Console(), cast)
    except CannotStart as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main(*sys.argv[1:])
