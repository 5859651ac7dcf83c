# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# abi/symbols -> the linker's version script. Older versions of a symbol need no
# entry: the object file has them by their full name, name@NODE.
# `local` stands in the last node only, where it hides whatever has no entry.
$1 == "node"         { node[++nodes] = $2; next }
NF == 0 || /^#/      { next }
                     { names[$2] = names[$2] "        " $1 ";\n" }
END {
    for (i = 1; i <= nodes; i++) {
        printf "%s {\n", node[i]
        if (names[node[i]] != "") printf "    global:\n%s", names[node[i]]
        if (i == nodes) print "    local:\n        *;"
        print i == 1 ? "};" : "} " node[i - 1] ";"
    }
}
