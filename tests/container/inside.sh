#!/bin/sh
# Runs a command in the namespaces of the started stack: ./inside.sh podman ps
. "$(dirname "$0")/environment.sh"

inner=$(cat "$WORK/stand/inner.pid")
exec nsenter --target "$inner" --mount --net --pid -- "$@"
