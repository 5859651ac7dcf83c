#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-constant-time.sh - TAP: no branch and no address of the user engine depends on a secret
#
# Two programs look: constant-time follows secrets under valgrind, constant-trace compares what the
# processor executes with two of them. By itself this does what is quick; KCAPI_CONSTANT_TIME=all does
# all algorithms with all lengths of key on every code path. With --programs it prints which
# programs it runs: harness/run builds them.
#
# needs: exec programs
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${KCAPI_BUILD:-$here/../../build}
programs=$build/c-tests

if [ "${1:-}" = --programs ]; then
    printf '%s\n' constant-time constant-trace
    exit
fi

leave_out() {
    echo "1..0 # SKIP $1"
    exit
}

[ "${KCAPI_ENGINE:-}" = user ] || leave_out "what the kernel does is its own"
case $(${CC:-cc} -dumpmachine) in x86_64*) ;; *) leave_out "for x86-64 only" ;; esac
case ${CC:-cc} in *musl*) leave_out "valgrind does not know musl's functions" ;; esac
valgrind -q true 2>/dev/null && command -v objdump >/dev/null && [ -e /usr/include/valgrind/memcheck.h ] ||
    leave_out "valgrind, its header, libc6-dbg or binutils are missing"

paths="nothing-hidden all-hidden"
[ -z "${KCAPI_CONSTANT_TIME:-}" ] || paths="nothing-hidden hidden-from-std hidden-from-crates all-hidden-but-ssse3 all-hidden"

results=$(mktemp -d)
trap 'rm -r "$results"' EXIT

# Only what failed, and the counts, which go to stdout at the end.
report() {
    grep '^# counts: ' "$results/out" >>"$results/counts" || true
    grep -v '^ok' "$results/out" || true
}

follow() { # follow PATH
    local status=0
    valgrind -q -s --error-limit=no --log-file="$results/log" --suppressions="$here/constant-time.supp" \
        "$programs/constant-time" "$1" ${KCAPI_CONSTANT_TIME:-} >"$results/out" 2>&1 || status=$?
    report
    return "$status"
}

# Of the last run.
each_entry_is_used() {
    local name
    while read -r name; do
        grep -F "used_suppression: " "$results/log" | grep -qF "$name" ||
            { echo "not used any more: $name"; return 1; }
    done < <(sed -n '/^{/{n;s/^ *//;p}' "$here/constant-time.supp")
}

compare() {
    local status=0
    "$programs/constant-trace" ${KCAPI_CONSTANT_TIME:-} >"$results/out" 2>&1 || status=$?
    report
    return "$status"
}

# shellcheck source=c-tests/lib/tap.sh
. "$here/../lib/tap.sh"
for path in $paths; do
    ok "no branch and no address depends on a secret: $path" follow "$path"
    ok "each entry of constant-time.supp is needed: $path" each_entry_is_used
done
ok "other secrets have the same instructions executed, at the same addresses" compare
cat "$results/counts"
echo "# counts: $(nm -D --undefined-only "$programs/constant-time" | grep -c ' kcapi_') functions of the C API"
done_testing
