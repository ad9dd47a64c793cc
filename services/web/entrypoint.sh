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

case "${1:-} ${2:-}" in
    "copydesk web" | "copydesk worker" | "copydesk migrate" | "copydesk create-admin" | "copydesk development-people" | "copydesk shell")
        wait_for_database
        ;;
esac

exec "$@"
