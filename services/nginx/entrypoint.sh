#!/bin/sh
# Names the server, then becomes nginx, whose errors go through a filter that hides secrets. Beside it a watch lets nginx read its configuration anew, without dropping a
# connection, when the web service moved to another address or the certificate was renewed.
set -eu

TLS=/etc/nginx/tls
UPSTREAM=web

fail() {
    echo "$1" >&2
    exit 64
}

addresses() {
    getent ahostsv4 "$UPSTREAM" | cut -d ' ' -f 1 | sort -u
}

watch() {
    before=$1
    while sleep 5; do
        now="$(addresses) $(cksum "$TLS"/*.pem 2>/dev/null)"
        if [ "$now" != "$before" ] && [ -n "$(addresses)" ]; then
            before=$now
            nginx -s reload || true
        fi
    done
}

case "${SERVER_NAME:-}" in
    "" | *[!A-Za-z0-9.-]*) fail "SERVER_NAME must be the desk's host name, such as desk.example.org; it is '${SERVER_NAME:-}'." ;;
esac
for file in fullchain.pem privkey.pem; do
    [ -r "$TLS/$file" ] || fail "$TLS/$file is missing, or user $(id -u) may not read it."
done

mkdir -p /tmp/nginx
rm -f /tmp/nginx/errors
printf 'server_name %s;\n' "$SERVER_NAME" >/tmp/nginx/server_name.conf

patience=60
until [ -n "$(addresses)" ]; do
    patience=$((patience - 1))
    [ "$patience" -gt 0 ] || fail "The service '$UPSTREAM' has no address; is it running?"
    sleep 1
done

mkfifo /tmp/nginx/errors
sed -u -E -f /etc/nginx/mask.sed </tmp/nginx/errors >&2 &
watch "$(addresses) $(cksum "$TLS"/*.pem)" &
exec "$@" 2>/tmp/nginx/errors
