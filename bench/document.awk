# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# document.awk - results of bench, a file for each kernel, as a Markdown table: ratios or crossover

function ratio(a, b) { return a == "-" || b == "-" || b + 0 == 0 ? "-" : sprintf("%.2f", a / b) }

# Rows and columns come in the order in which they are first seen.
function add(row, column, value) {
    if (!(row in known_rows)) { known_rows[row]; row_names[++rows] = row }
    if (!(column in known_columns)) { known_columns[column]; column_names[++columns] = column }
    if (!((row, column) in cells)) cells[row, column] = value
}

BEGIN {
    FS = "\t"
    head = table == "ratios" ? "call | algorithm | bytes | messages | access" \
                             : "algorithm | bytes | library | kernel"
}

/^# kernel/ { kernel = $2; sub(/User-Mode Linux /, "", kernel) }

/^#/ || $1 == "call" { next }

{ is_aio = $1 ~ /_aio$/ }

table == "ratios" && $3 ~ /^(0|16|32|64|1024|16384|65536|1048576)$/ && $4 ~ /^(1|2|8|64)$/ &&
(is_aio || $4 == 1) {
    add($1 " | " $2 " | " $3 " | " $4 " | " $5, kernel, \
        ratio($6, $7) (is_aio ? "; " ratio($6, $8) : ""))
}

# The row of an AIO call comes before that of the synchronous calls.
table == "crossover" && is_aio {
    for (i = 6; i <= 9; i++) aio[i] = $i
    batch = $2 $3 $4
    next
}

table == "crossover" && batch == $2 $3 $4 {
    of = $2 " | " $3 " | "
    add(of "C | " kernel, $4, ratio($6, aio[6]))
    add(of "this, Linux AIO | " kernel, $4, ratio($7, aio[7]))
    add(of "this, io_uring | " kernel, $4, ratio($7, aio[8]))
    add(of "this, user space | " kernel, $4, ratio($9, aio[9]))
    batch = ""
}

END {
    printf "| %s |", head
    for (c = 1; c <= columns; c++) printf " %s |", column_names[c]
    line = head
    gsub(/[^|]+/, "---", line)
    printf "\n|%s|", line
    for (c = 1; c <= columns; c++) printf "---|"
    print ""
    for (r = 1; r <= rows; r++) {
        printf "| %s |", row_names[r]
        for (c = 1; c <= columns; c++) printf " %s |", cells[row_names[r], column_names[c]]
        print ""
    }
}
