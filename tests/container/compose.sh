#!/bin/sh
# podman-compose for the started stack: ./compose.sh logs web
. "$(dirname "$0")/environment.sh"

cd "$WORK/stand"
exec "$HERE/inside.sh" "$PYTHON" -m podman_compose --env-file .env.prod -f docker-compose.prod.yml "$@"
