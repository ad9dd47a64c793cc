# shellcheck shell=sh disable=SC2034 # what is set here is used by the others
# Shared by the other scripts here: where everything is kept, and the tools' settings. Nothing of the machine's own is used.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
WORK=${COPYDESK_CONTAINERS:-${TMPDIR:-/tmp}/copydesk-containers}
PYTHON=${PYTHON:-$ROOT/.venv/bin/python}
VERSION=tested
CA=/etc/ssl/certs/ca-certificates.crt

mkdir -p "$WORK/etc" "$WORK/run"
export CONTAINERS_CONF="$WORK/etc/containers.conf"
export CONTAINERS_STORAGE_CONF="$WORK/etc/storage.conf"
export CONTAINERS_REGISTRIES_CONF="$WORK/etc/registries.conf"
export TMPDIR="$WORK/tmp"
mkdir -p "$TMPDIR"

write() { # a file, from standard input, only when it differs
    cat >"$1.$$"
    if cmp -s "$1.$$" "$1"; then rm "$1.$$"; else mv "$1.$$" "$1"; fi
}

write "$CONTAINERS_CONF" <<CONF
[containers]
cgroups = "enabled"
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
network_cmd_options = []
[network]
network_backend = "netavark"
network_config_dir = "$WORK/networks"
CONF

write "$CONTAINERS_STORAGE_CONF" <<CONF
[storage]
driver = "${COPYDESK_STORAGE_DRIVER:-overlay}"
graphroot = "$WORK/storage"
runroot = "$WORK/run"
CONF

# Names without a registry mean Docker Hub's, as with Docker; nothing is ever fetched, our own images stand there.
write "$CONTAINERS_REGISTRIES_CONF" <<CONF
unqualified-search-registries = ["docker.io"]
short-name-mode = "disabled"
CONF

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
