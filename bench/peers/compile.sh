#!/bin/sh
# Rewrite every peer's lock file. A peer has an environment of its own, so they are solved one by one.
set -eu
cd "$(dirname "$0")"
lock() { uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes --quiet --custom-compile-command 'bench/peers/compile.sh' "$@"; }
for peer in first_system ctranslate2 openvino; do lock "$peer.in" -o "$peer.txt" --upgrade; done
lock pytorch.in -o pytorch.txt --excludes excludes.in --no-emit-package torch --upgrade  # torch itself: torch.txt
