# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# From abi/symbols to dpkg's symbols file: a symbol's version node is the version that brought it.
# Except: Debian's first package was 1.0.0, it never built akcipher and kpp, and this project's own
# node came with its first.
function minimum(name, node) {
    sub(/^LIBKCAPI_/, "", node)
    if (name ~ /^kcapi_(akcipher|kpp)_/ || node ~ /^RS_/)
        return "1.5.1+rs1"
    return node ~ /^0\./ ? "1.0.0" : node
}
BEGIN {
    print "libkcapi.so.1 libkcapi1 #MINVER#"
    print "* Build-Depends-Package: libkcapi-dev"
}
$1 == "node" { print " " $2 "@" $2, minimum($2, $2) }
$1 ~ /^kcapi_/ {
    for (i = 2; i <= NF; i++)
        print " " $1 "@" $i, minimum($1, $i)
}
