#!/bin/sh
# Starts the production stack from images that are built already, in namespaces of its own: nothing outside can reach it,
# and its processes end with the first of them, at the latest after a quarter of an hour. Prints how to get in.
. "$(dirname "$0")/environment.sh"

STAND=$WORK/stand
"$HERE/down.sh"
mkdir -p "$STAND/secrets" "$STAND/tls" "$STAND/acme" "$STAND/backups"
chown 10001 "$STAND/backups"
chmod 0700 "$STAND/secrets"
cp "$ROOT/docker-compose.prod.yml" "$STAND/"

random() { openssl rand -hex 32; }
password=$(random)
random >"$STAND/secrets/secret_key.txt"
random >"$STAND/secrets/password_salt.txt"
random >"$STAND/secrets/engine_token.txt"
echo "$password" >"$STAND/secrets/database_password.txt"
echo "postgresql://copydesk:$password@database:5432/copydesk" >"$STAND/secrets/database_url.txt"
for process in web worker; do
    echo "postgresql://copydesk_$process:$(random)@database:5432/copydesk" >"$STAND/secrets/${process}_database_url.txt"
done
: >"$STAND/secrets/smtp_url.txt"
random >"$STAND/secrets/metrics_token.txt"
: >"$STAND/secrets/sentry_dsn.txt"
: >"$STAND/secrets/remote_engine_keys.txt"
chmod 0444 "$STAND"/secrets/*.txt
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=desk.test" \
    -addext "subjectAltName=DNS:desk.test" -keyout "$STAND/tls/privkey.pem" -out "$STAND/tls/fullchain.pem" 2>/dev/null
chmod 0444 "$STAND"/tls/*.pem
cat >"$STAND/.env.prod" <<ENV
SERVER_NAME=desk.test
COPYDESK_VERSION=$VERSION
MAIL_FROM=Copydesk <desk@desk.test>
WEB_DATABASE_URL_FILE=./secrets/web_database_url.txt
WORKER_DATABASE_URL_FILE=./secrets/worker_database_url.txt
ENV

unshare --mount --net --pid --fork --mount-proc --kill-child sleep "${COPYDESK_LIFETIME:-900}" >/dev/null 2>&1 &
outer=$!
i=0
until inner=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null) && [ -n "$inner" ]; do
    i=$((i + 1))
    [ "$i" -lt 50 ] || { say "no namespaces of our own: may this user do unshare?"; exit 1; }
    sleep 0.1
done
echo "$outer" >"$STAND/outer.pid"
echo "${inner% }" >"$STAND/inner.pid"

# podman's own notes on what runs are apart from those of any other podman on this machine.
# shellcheck disable=SC2016 # the variable is the inner shell's
"$HERE/inside.sh" sh -ec 'for folder in /run/containers /run/libpod /run/netns /dev/shm; do
    mkdir -p "$folder"
    mount -t tmpfs -o mode=1777 tmpfs "$folder"
done'
"$HERE/inside.sh" ip link set lo up
setsid "$HERE/inside.sh" sh "$HERE/heartbeat.sh" >"$STAND/heartbeat.log" 2>&1 </dev/null &

# This podman can't wait for health, and trips over what depends on what has ended: the order is kept here.
start() { # patience, service…
    patience=$1
    shift
    say "starting $*"
    "$HERE/compose.sh" up -d --no-build --no-deps "$@" >>"$STAND/up.log" 2>&1 || { tail -n 30 "$STAND/up.log" >&2; exit 1; }
    [ "$patience" = 0 ] || "$HERE/wait-healthy.sh" "$patience" "$@"
}

start 60 database
start 0 migrate
status=$(timeout 120 "$HERE/inside.sh" podman wait copydesk_migrate_1)
[ "$status" = 0 ] || { "$HERE/compose.sh" logs migrate >&2; say "migrate ended with $status"; exit 1; }
start 150 engine web worker
start 60 nginx
start 0 backup
say "the desk is up: https://desk.test, from the inside"
