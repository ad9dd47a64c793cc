#!/bin/sh
# Stops the stack and removes its containers, volumes and namespaces. The images stay. Harmless when nothing runs.
. "$(dirname "$0")/environment.sh"

STAND=$WORK/stand
[ -d "$STAND" ] || exit 0
inner=$(cat "$STAND/inner.pid" 2>/dev/null || true)
outer=$(cat "$STAND/outer.pid" 2>/dev/null || true)
if [ -n "$inner" ] && [ "$(cat "/proc/$inner/comm" 2>/dev/null)" = sleep ]; then
    timeout 90 "$HERE/compose.sh" down --volumes --timeout 5 >"$WORK/down.log" 2>&1 || true
    kill -KILL "$inner" 2>/dev/null || true
fi
[ -z "$outer" ] || [ "$(cat "/proc/$outer/comm" 2>/dev/null)" != unshare ] || kill "$outer" 2>/dev/null || true
# What was killed half-way leaves its containers behind in the storage.
podman rm --all --force --time 0 >/dev/null 2>&1 || true
podman volume prune --force >/dev/null 2>&1 || true
podman network prune --force >/dev/null 2>&1 || true
awk -v ours="$WORK/storage/overlay/" 'index($2, ours) == 1 && $2 ~ /merged$/ { print $2 }' /proc/mounts | xargs -r umount 2>/dev/null || true
rm -rf "$STAND"
