#!/bin/sh
# Builds the production images with buildah, as `docker compose build` would: ./build.sh [target…]
. "$(dirname "$0")/environment.sh"

build() { # tag, then buildah's arguments
    tag=$1
    shift
    say "building $tag"
    buildah bud --format docker --isolation chroot --network host --layers --volume "$CA:$CA:ro" \
        --tag "$tag" "$@" >"$WORK/build-$(echo "$tag" | tr ':/' '--').log" 2>&1 ||
        { tail -n 30 "$WORK/build-$(echo "$tag" | tr ':/' '--').log" >&2; say "$tag could not be built"; exit 1; }
}

[ $# -gt 0 ] || set -- web worker engine backup nginx
for target in "$@"; do
    case $target in
        nginx) build "copydesk-nginx:$VERSION" --build-context "web=container-image://localhost/copydesk-web:$VERSION" "$ROOT/services/nginx" ;;
        *) build "copydesk-$target:$VERSION" --target "$target" "$ROOT/services/web" ;;
    esac
done
podman image prune --force --filter until=72h >/dev/null # layers of builds long past
say "built"
