#!/bin/sh
# The entrypoint of every image: waits for the database where the command needs it, then becomes the command.
# It never migrates (the service `migrate` does) and exports no secret: the programs read /run/secrets themselves.
set -eu

wait_for_database() {
    python - <<'PYTHON'
import os
import sys
import time

import psycopg2

from copydesk.config import ConfigurationError, read_settings

patience = float(os.environ.get("DATABASE_WAIT", "60"))
try:
    url = read_settings().libpq_url
except ConfigurationError as error:
    sys.exit(str(error))
started = time.monotonic()
said = ""
while True:
    try:
        psycopg2.connect(url, connect_timeout=5).close()
        break
    except psycopg2.OperationalError as error:
        words = str(error).strip().splitlines()[-1]
    if "authentication failed" in words or "does not exist" in words:
        sys.exit(f"The database refuses us: {words}")
    if time.monotonic() - started > patience:
        sys.exit(f"The database did not answer within {patience:.0f} seconds (DATABASE_WAIT): {words}")
    if words != said:
        print(f"Waiting for the database: {words}", file=sys.stderr)
        said = words
    time.sleep(1)
PYTHON
}

# Has any worker given a sign of life lately? Procrastinate keeps them in the database.
worker_alive() {
    python - <<'PYTHON'
import sys

import psycopg2

from copydesk.config import read_settings

with psycopg2.connect(read_settings().libpq_url, connect_timeout=5) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds' LIMIT 1")
    sys.exit(0 if cursor.fetchone() else "No worker gave a sign of life for 30 seconds.")
PYTHON
}

case "${1:-} ${2:-}" in
    "worker-alive "*)
        worker_alive
        exit 0
        ;;
    "copydesk web" | "copydesk worker" | "copydesk migrate" | "copydesk create-admin" | "copydesk development-people" | "copydesk shell")
        wait_for_database
        ;;
esac

exec "$@"
