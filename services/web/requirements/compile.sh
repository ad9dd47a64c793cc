#!/bin/sh
# Rewrite every lock file. The development set is solved first; the others are cut from it, so that one environment fits all.
set -eu
cd "$(dirname "$0")"
lock() { uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes --quiet --custom-compile-command 'services/web/requirements/compile.sh' "$@"; }
lock dev.in -o dev.txt "$@"
lock bootstrap.in -c dev.txt -o bootstrap.txt
for set in kernel web worker engine training backup local; do lock "$set.in" -c dev.txt -o "$set.txt"; done
