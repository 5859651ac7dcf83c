#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-constant-emulated.sh - TAP: no branch and no address of the user engine depends on a secret, on
# another architecture, which QEMU emulates
#
# constant-emulated and constant-plugin.c say how that is seen. By itself this takes every algorithm with
# one length of key; KCAPI_CONSTANT_TIME=all takes all lengths, on every code path.
#
# needs: programs
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${KCAPI_BUILD:-$here/../../build}
programs=$build/c-tests

if [ "${1:-}" = --programs ]; then
    printf '%s\n' constant-emulated
    exit
fi

leave_out() {
    echo "1..0 # SKIP $1"
    exit
}

runner=${KCAPI_RUNNER:-}
emulator=${runner%% *}

[ "${KCAPI_ENGINE:-}" = user ] || leave_out "what the kernel does is its own"
[ -n "$runner" ] || leave_out "no emulator: test-constant-time does more here"
"$emulator" -help | grep -e '-plugin' >/dev/null || leave_out "$emulator takes no plugins"
command -v gcc >/dev/null || leave_out "no gcc for this machine"

results=$(mktemp -d)
trap 'rm -r "$results"' EXIT

# For the emulator's architecture, which is this machine's. QEMU 9 has another version of the interface.
major=$("$emulator" -version | sed -n '1s/.*version \([0-9]*\).*/\1/p')
gcc -std=c11 -Wall -Wextra -Werror -O2 -shared -fPIC -pthread -I"$here/../lib" \
    -DPLUGIN_VERSION=$((major < 9 ? 1 : 2)) -o "$results/plugin.so" "$here/constant-plugin.c"
truncate -s 4096 "$results/events"

paths=nothing-hidden
[ -z "${KCAPI_CONSTANT_TIME:-}" ] || paths="nothing-hidden hidden-from-std hidden-from-crates all-hidden"

# Only what failed, and the counts, which go to stdout at the end.
compare() { # compare PATH
    local status=0
    # shellcheck disable=SC2086
    $runner -plugin "$results/plugin.so,events=$results/events" "$programs/constant-emulated" \
        "$results/events" "$1" ${KCAPI_CONSTANT_TIME:-} >"$results/out" 2>&1 || status=$?
    grep '^# counts: ' "$results/out" >>"$results/counts" || true
    grep -v '^ok' "$results/out" || true
    [ "$status" = 0 ] || echo "exit status $status, after: $(tail -n 1 "$results/out")"
    return "$status"
}

# shellcheck source=c-tests/lib/tap.sh
. "$here/../lib/tap.sh"
for path in $paths; do
    ok "other secrets have the same instructions executed, at the same addresses: $path" compare "$path"
done
cat "$results/counts"
done_testing
