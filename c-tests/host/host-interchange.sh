#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# TAP: what one engine has made, the other takes. Debian's own kcapi-enc and kcapi-dgst run with the staged
# library twice, on a kernel with AF_ALG and, by the engine in user space, on this machine's.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. c-tests/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A kernel's image is what `sha512hmac` digests at boot.
image=$(command -v linux.uml || find /boot -name 'vmlinuz-*' 2>/dev/null | head -1)
image=${image:-/proc/self/exe}
head -c 300000 "$image" >"$work/plain"
head -c 32 /dev/urandom >"$work/key"

cat >"$work/job" <<'JOB'
set -e
enc() { "$TOOLS/kcapi-enc" -q "$@" --iv 000102030405060708090a0b0c0d0e0f --keyfd 3 3<"$WORK/key"; }
case $1 in
make)
    for mode in cbc ctr xts; do
        enc -e -c "$mode(aes)" -i "$WORK/plain" -o "$WORK/$2.$mode"
    done
    "$TOOLS/kcapi-dgst" -q -c 'hmac(sha512)' --hex --keyfd 3 3<"$WORK/key" -i "$IMAGE" >"$WORK/$2.hmac"
    ;;
take)
    for mode in cbc ctr xts; do
        enc -d --nounpad -c "$mode(aes)" -i "$WORK/$2.$mode" -o "$WORK/back"
        head -c 300000 "$WORK/back" | cmp - "$WORK/plain"
    done
    ;;
esac
JOB

TOOLS=$(realpath "$(c-tests/harness/reference)/../bin")
LD_LIBRARY_PATH=$(realpath "${BUILD:-build}")/stage/usr/lib
export TOOLS LD_LIBRARY_PATH
# job kernel|user make|take NAME: on that engine. The kernel under test gets no variables but a few.
job() {
    local variables=(TOOLS="$TOOLS" WORK="$work" IMAGE="$image")
    if [ "$1" = kernel ]; then
        KCAPI_ENGINE=kernel c-tests/harness/with-kernel env "${variables[@]}" bash "$work/job" "${@:2}"
    else
        KCAPI_ENGINE=user env "${variables[@]}" bash "$work/job" "${@:2}"
    fi
}

ok 'encrypt and digest on a kernel' job kernel make kernel
ok 'encrypt and digest in user space' job user make user
for mode in cbc ctr xts; do
    ok "$mode(aes): the same ciphertext" cmp "$work/kernel.$mode" "$work/user.$mode"
    ok 'which is not the plaintext' bash -c "! cmp -s '$work/plain' '$work/kernel.$mode'"
done
ok "HMAC-SHA-512 of $image: the same" cmp "$work/kernel.hmac" "$work/user.hmac"
ok 'and one at all' grep -qE '^[0-9a-f]{128}$' "$work/kernel.hmac"
ok 'user space decrypts what the kernel has encrypted' job user take kernel
ok 'the kernel decrypts what user space has encrypted' job kernel take user
done_testing
