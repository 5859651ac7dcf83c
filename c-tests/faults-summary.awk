# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# What became of each errno of each system call, out of the table of test-faults: how many times the
# result was as without the fault, its errno, or another one, which is named.
BEGIN { FS = "\t" }
/^#/ { next }
!(($2, $4) in injected) { order[++pairs] = $2 SUBSEP $4 }
{ injected[$2, $4]++ }
$6 == "as without" { same[$2, $4]++; next }
$6 == "-" $4 { told[$2, $4]++; next }
!(($2, $4, $6) in other) { others[$2, $4] = others[$2, $4] " " $6 }
{ other[$2, $4, $6]++ }
END {
    printf "%-18s %-15s %8s %10s %10s  %s\n",
        "call", "errno", "injected", "as without", "its errno", "others"
    for (i = 1; i <= pairs; i++) {
        split(order[i], key, SUBSEP)
        printf "%-18s %-15s %8d %10d %10d %s\n", key[1], key[2], injected[order[i]],
            same[order[i]], told[order[i]], others[order[i]]
    }
}
