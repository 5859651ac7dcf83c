# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# shellcheck shell=bash
# TAP for the scripts of this directory: sourced.

tap_count=0
tap_failed=0

# ok NAME COMMAND... : the test holds when COMMAND does; what it printed is shown if not.
ok() {
    local name=$1 output
    shift
    tap_count=$((tap_count + 1))
    if output=$("$@" 2>&1); then
        echo "ok $tap_count - $name"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $name"
        printf '%s\n' "$output" | sed 's/^/# /'
    fi
}

# The plan, and the exit status of the script.
done_testing() {
    echo "1..$tap_count"
    exit $((tap_failed > 0))
}
