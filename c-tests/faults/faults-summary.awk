# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# What became of the faults of each system call, out of the table of test-faults, in Markdown: how many
# times the result was as without the fault, its errno, or another one, which is named.
BEGIN { FS = "\t" }
/^#/ { next }
!($2 in injected) { order[++calls] = $2 }
!(($2, $4) in tried) { tried[$2, $4]; codes[$2] = codes[$2] " " $4 }
{ injected[$2]++; injected["all"]++ }
$6 == "as without" { same[$2]++; same["all"]++; next }
$6 == "-" $4 { told[$2]++; told["all"]++; next }
!(($2, $4, $6) in other) { other[$2, $4, $6]; others[$2] = others[$2] "; " $4 ": " $6 }
{ different[$2]++; different["all"]++ }
function row(call) {
    printf "| %s | %d | %d | %d | %d%s | %s |\n", call, injected[call], same[call], told[call],
        different[call], others[call] ? " (" substr(others[call], 3) ")" : "", substr(codes[call], 2)
}
END {
    print "| call | faults | as without | its errno | another result | how it fails |"
    print "|---|---|---|---|---|---|"
    for (i = 1; i <= calls; i++)
        row(order[i])
    row("all")
}
