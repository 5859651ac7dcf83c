#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-aio-backends.sh - TAP: the tests of AIO on the backends that the kernel's best one hides
#
# By themselves they run on io_uring where the kernel has it. With --programs it prints which
# programs it runs: harness/run builds them.
#
# needs: kernel exec programs
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${KCAPI_BUILD:-$here/../../build}

linux="aio-cipher aio-errors descriptors eintr recovery reinit"
sync="aio-cipher eintr recovery"

if [ "${1:-}" = --programs ]; then
    printf 'test-%s\n' $linux $sync | sort -u
    exit
fi

# shellcheck source=c-tests/lib/tap.sh
. "$here/../lib/tap.sh"
for name in $linux; do
    ok "test-$name on Linux AIO" env KCAPI_AIO=linux "$build/c-tests/test-$name"
done
for name in $sync; do
    ok "test-$name on synchronous calls" env KCAPI_AIO=sync "$build/c-tests/test-$name"
done
done_testing
