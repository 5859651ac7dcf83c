# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# table.awk - what bench prints, for people: a table while it runs, and a summary

function microseconds(value) { return value == "-" ? "-" : sprintf("%.2f", value / 1000) }

function ratio(a, b) { return a == "-" || b == "-" || b + 0 == 0 ? "-" : sprintf("%.2f", a / b) }

BEGIN { FS = "\t" }

/^#/ { print substr($1, 3) ": " $2; next }

$1 == "call" {
    print "Microseconds, medians. C/this above 1: this library is faster. messages: IOVECs, or calls.\n"
    printf "%-29s %-12s %7s %8s %-9s %9s %9s %9s %9s %7s\n", \
        "call", "algorithm", "bytes", "messages", "access", "C", "kernel", "io_uring", "user", "C/this"
    next
}

{
    row = sprintf("%-29s %-12s %7d %8d %-9s", $1, $2, $3, $4, $5)
    against_c = ratio($6, $7)
    printf "%s %9s %9s %9s %9s %7s\n", row, microseconds($6), microseconds($7), microseconds($8), \
        microseconds($9), against_c
    fflush()
    if (against_c != "-") {
        ratios[++rows] = against_c
        names[rows] = row
        below += against_c < 0.95
    }
    # An AIO row comes before that of the synchronous calls.
    if (sub(/_aio$/, "", $1)) {
        for (i = 6; i <= 9; i++) aio[i] = $i
        batch = $2 "\t" $3 "\t" $4
    } else if (batch == $2 "\t" $3 "\t" $4) {
        crossover[++batches] = sprintf("%-12s %7d %8d %9s %9s %9s %9s", $2, $3, $4, \
            ratio($6, aio[6]), ratio($7, aio[7]), ratio($7, aio[8]), ratio($9, aio[9]))
        batch = ""
    }
}

END {
    print "\nAIO against synchronous calls: their time over its time, above 1: AIO is faster.\n"
    printf "%-12s %7s %8s %9s %9s %9s %9s\n", \
        "algorithm", "bytes", "messages", "C", "kernel", "io_uring", "user"
    for (i = 1; i <= batches; i++) print crossover[i]

    print "\nThe lowest ratios C/this:\n"
    for (shown = 0; shown < 10 && shown < rows; shown++) {
        lowest = 0
        for (i = 1; i <= rows; i++)
            if (ratios[i] != "" && (!lowest || ratios[i] + 0 < ratios[lowest] + 0)) lowest = i
        print names[lowest] "  " ratios[lowest]
        ratios[lowest] = ""
    }
    printf "\n%d of %d calls below 0.95\n", below, rows
}
