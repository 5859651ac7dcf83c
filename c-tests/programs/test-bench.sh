#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-bench.sh - TAP: bench makes each of its calls once, and its tables can be made of the result
#
# Nothing is said about the time that they take.
#
# needs: kernel exec bench
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=c-tests/lib/tap.sh
. c-tests/lib/tap.sh

bench=$(realpath "${KCAPI_BUILD:-build}")/bench
result=$work/result

once() { "$bench/bench" --once "$bench" >"$result"; }
# A number for this library in every row, but for an AEAD message that the kernel may not take; and for the
# C library in every one that is not AIO.
complete() {
    awk -F'\t' '/^#/ || $1 == "call" { next }
        { rows++ }
        $9 == "-" || ($7 == "-" && !($2 == "gcm(aes)" && $3 > 200000)) { print; bad = 1 }
        $6 == "-" && $1 !~ /^aead_encrypt|_aio$/ { print; bad = 1 }
        END { exit bad || rows < 100 }' "$result"
}
summary() {
    awk -f bench/table.awk "$result" | tail -n 1 | grep -x '[0-9]* of [0-9]* calls below 0.95'
}
# A Markdown table: every line has as many columns.
table() {
    awk -v table="$1" -f bench/document.awk "$result" |
        awk -F'|' 'NR > 1 && NF != columns { bad = 1 } { columns = NF } END { exit bad || NR < 10 }'
}

ok 'every call once' once
ok 'a number in every row' complete
ok 'the summary' summary
ok 'the table of ratios' table ratios
ok 'the table of AIO against synchronous calls' table crossover
done_testing
