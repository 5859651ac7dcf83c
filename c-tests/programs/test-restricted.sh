#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-restricted.sh - TAP: where the kernel gives programs few algorithms (crypto.af_alg_restrict, Linux 7.3),
# the engine in user space serves the others, unless that was forbidden, and kcapi-info says why
# needs: exec
#
# What such a kernel does is imitated, by restricted-alg.c and a file in the place of the sysctl's. On a kernel that
# has the sysctl, and root may set it, the same holds of the sysctl itself.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. c-tests/lib/tap.sh

work=$(mktemp -d)
chmod 755 "$work"
stage=$(realpath "${KCAPI_BUILD:-build}")/stage/usr
engine=$KCAPI_ENGINE
unset KCAPI_ENGINE
sysctl=/proc/sys/crypto/af_alg_restrict
original=$(cat $sysctl 2>/dev/null)
finish() {
    [ -z "$original" ] || echo "$original" >$sysctl
    rm -rf "$work"
}
trap finish EXIT

# The program and its library where every user may read them. PRELOAD is loaded before this program only: this
# machine's others may have another C library.
mkdir "$work/bin"
cp "$stage/bin/kcapi-info" "$work/bin"
cp "$stage/lib/libkcapi.so.1" "$work"
# shellcheck disable=SC2016
printf '#!/bin/sh\nLD_PRELOAD=$PRELOAD exec "%s" "$@"\n' "$work/bin/kcapi-info" >"$work/kcapi-info"
chmod +x "$work/kcapi-info"
export LD_LIBRARY_PATH=$work
info() { "$work/kcapi-info" "$@"; }

# restricted VALUE COMMAND...: as if the sysctl had that value; FIPS is what fips_enabled says.
restricted() {
    # shellcheck disable=SC2016
    RESTRICT=$1 unshare -m bash -c 'mount -t tmpfs none /proc/sys && mkdir /proc/sys/crypto || exit 99
        echo "$RESTRICT" >'$sysctl'
        [ -z "${FIPS:-}" ] || echo "$FIPS" >/proc/sys/crypto/fips_enabled
        export PRELOAD="$0"; exec "$@"' "$work/restricted-alg.so" "${@:2}"
}
# set_to VALUE COMMAND...: by the sysctl itself.
set_to() { echo "$1" >$sysctl && "${@:2}"; }
# Without privileges.
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# row ENGINE WHY ALGORITHM COMMAND...: what kcapi-info says of it, called by that command.
row() {
    local engine=$1 why=$2 algorithm=$3
    "${@:4}" "$work/kcapi-info" "$algorithm" >"$work/out" && grep -qE "^[a-z]+ +[^ ]+ +$engine +$why\$" "$work/out" ||
        { cat "$work/out" && false; }
}
fails() { ! "$@"; }
forbidden='bind: No such file or directory(, perhaps)?: crypto\.af_alg_restrict is 1'
no_family='socket: Address family not supported by protocol: crypto\.af_alg_restrict is 2'

# all HOW COMMAND...: what holds of either way to be restricted; a command that takes a value and a command.
all() {
    local how=$1 set=$2 who=${3:-env}
    ok "$how, 1: gcm(aes) is served in user space, and why" row user "$forbidden" 'gcm(aes)' "$set" 1 "$who"
    ok "$how, 1: so is a generator of random numbers" row user "$forbidden" stdrng "$set" 1 "$who"
    ok "$how, 1, KCAPI_ENGINE=kernel: by nobody" row none "$forbidden" 'gcm(aes)' "$set" 1 "$who" env KCAPI_ENGINE=kernel
    ok "$how, 1, user-first: in user space, and that is why" row user 'KCAPI_ENGINE is user-first' 'gcm(aes)' \
        "$set" 1 "$who" env KCAPI_ENGINE=user-first
    ok "$how, 1: a name that nobody has may be forbidden, too" row none "$forbidden" 'no-such' "$set" 1 "$who"
    ok "$how, 2: everything is served in user space" row user "$no_family" sha1 "$set" 2 "$who"
    ok "$how, 2, KCAPI_ENGINE=kernel: by nobody" row none "$no_family" sha1 "$set" 2 "$who" env KCAPI_ENGINE=kernel
    ok "$how: the table has the value" grep -qx 'af_alg_restrict 1' <("$set" 1 "$who" "$work/kcapi-info" sha1)
    ok "$how: JSON has the value" grep -q '"af_alg_restrict": 2,' <("$set" 2 "$who" "$work/kcapi-info" --json sha1)
}

read -ra cc <<<"${CC:-cc}"
ok 'restricted-alg.c compiles' "${cc[@]}" -Wall -Wextra -Werror -shared -fPIC -o "$work/restricted-alg.so" \
    c-tests/programs/restricted-alg.c -ldl
if restricted 1 true; then
    all 'as if restricted' restricted
    ok 'as if in FIPS mode as well: by nobody' env FIPS=1 bash -c "$(declare -f row restricted)
        work='$work' sysctl=$sysctl; row none '$forbidden; FIPS mode: only the kernel' 'gcm(aes)' restricted 1"
    [ "$engine" = user ] || ok 'and what is allowed is served by the kernel' row kernel '.*xts.*' 'xts(aes)' restricted 1
fi
if [ -z "$original" ]; then
    ok 'without the sysctl there is no value' grep -q '"af_alg_restrict": null,' <(info --json sha1)
elif echo "$original" 2>/dev/null >$sysctl; then
    all 'restricted, as root' set_to
    ok 'restricted, as root: cbc(aes) is served by the kernel' row kernel '.*cbc.*' 'cbc(aes)' set_to 1
    all 'restricted, without privileges' set_to as_nobody
    ok 'restricted, without privileges: cbc(aes) is not' row user "$forbidden" 'cbc(aes)' set_to 1 as_nobody
    ok 'restricted, without privileges: xts(aes) is' row kernel '.*xts.*' 'xts(aes)' set_to 1 as_nobody
fi
done_testing
