#!/bin/sh
# podman-compose for the started stack: ./compose.sh logs web
. "$(dirname "$0")/environment.sh"

exec "$HERE/inside.sh" "$PYTHON" -m podman_compose \
    --env-file "$WORK/stand/.env.prod" -f "$WORK/stand/docker-compose.prod.yml" "$@"
