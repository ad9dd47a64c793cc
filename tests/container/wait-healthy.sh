#!/bin/sh
# Waits until services are healthy: ./wait-healthy.sh SECONDS SERVICE…
. "$(dirname "$0")/environment.sh"

end=$(($(date +%s) + $1))
shift
for service in "$@"; do
    until [ "$("$HERE/inside.sh" podman inspect --format '{{.State.Health.Status}}' "copydesk_${service}_1" 2>/dev/null)" = healthy ]; do
        if [ "$(date +%s)" -ge "$end" ]; then
            say "$service is not healthy; its last lines:"
            "$HERE/inside.sh" podman logs --tail 40 "copydesk_${service}_1" >&2 || true
            exit 1
        fi
        sleep 1
    done
done
