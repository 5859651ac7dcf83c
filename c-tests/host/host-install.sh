#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# TAP: `make install` puts down what a user's build needs, where it was told, and `make uninstall`
# takes it away; programs link with it in every way that they could with the C library. So does
# `make install-strip`, and the install of one library alone.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. c-tests/lib/tap.sh

dirs=(prefix=/opt/kcapi libdir=/opt/kcapi/lib/multi includedir=/opt/kcapi/inc
    pkgconfigdir=/opt/kcapi/share/pkgconfig)
root=$work/root
lib=$root/opt/kcapi/lib/multi
read -ra cc <<<"${CC:-cc}"

cat >"$work/program.c" <<'C'
#include <kcapi.h>
#include <stdio.h>

int main(void)
{
    char name[32];

    kcapi_versionstring(name, sizeof(name));
    printf("%s %u\n", name, kcapi_version());
    return 0;
}
C
cat >"$work/plugin.c" <<'C'
#include <kcapi.h>

unsigned int plugin_version(void);
unsigned int plugin_version(void)
{
    return kcapi_version();
}
C

pc() { PKG_CONFIG_PATH=$root/opt/kcapi/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@"; }
flags() { pc "$@" libkcapi; }
runs() { [ "$(LD_LIBRARY_PATH=$lib "$1")" = 'libkcapi 1.5.1 1050100' ]; }
# shellcheck disable=SC2046
compile() { "${cc[@]}" -Wall -Wextra -Werror "$work/program.c" -o "$work/$1" "${@:2}"; }

# in_root TARGET [VARIABLE=VALUE]: make it there
in_root() { make --no-print-directory "$@" "DESTDIR=$root" "${dirs[@]}"; }
# uninstalled [VARIABLE=VALUE]: the way back
uninstalled() {
    ok 'make uninstall' in_root uninstall "$@"
    ok 'leaves no file behind' test -z "$(find "$root" ! -type d)"
}
has_symbol_table() { readelf -SW "$root/opt/kcapi/$1" | grep -F .symtab; }
lacks_symbol_table() { ! has_symbol_table "$1"; }
# Without being told where its library is.
finds_its_own() {
    local found
    found=$(env -u LD_LIBRARY_PATH ldd "$root/opt/kcapi/bin/kcapi-info" | awk '$1 == "libkcapi.so.1" { print $3 }')
    echo "$found"
    [ "$found" -ef "$lib/libkcapi.so.1" ]
}
info() { [ "$(LD_LIBRARY_PATH=$lib "$root/opt/kcapi/bin/kcapi-info" --version)" = 'kcapi-info, libkcapi 1.5.1' ]; }

ok 'make install' in_root install
for file in lib/multi/libkcapi.so.1.5.1 lib/multi/libkcapi.so.1 lib/multi/libkcapi.so \
    lib/multi/libkcapi.a inc/kcapi.h share/pkgconfig/libkcapi.pc \
    bin/kcapi-info share/man/man1/kcapi-info.1 share/man/man3/kcapi_md_final.3 share/man/man7/libkcapi.7; do
    ok "installs $file" test -f "$root/opt/kcapi/$file"
done
ok 'soname libkcapi.so.1' grep -q 'soname: \[libkcapi.so.1\]' <(readelf -d "$lib/libkcapi.so" | grep SONAME)
ok 'DESTDIR is not in the .pc' bash -c "! grep -q '$root' '$root/opt/kcapi/share/pkgconfig/libkcapi.pc'"
ok 'pkg-config --modversion' test "$(pc --modversion libkcapi)" = 1.5.1
ok 'pkg-config: at least 1.4' pc --exists 'libkcapi >= 1.4'
# shellcheck disable=SC2046
ok 'a program compiles with what pkg-config says' compile shared $(flags --cflags --libs)
ok 'and runs' runs "$work/shared"
# shellcheck disable=SC2046
ok 'a -static program links' compile static -static $(flags --cflags) $(flags --static --libs)
ok 'and runs' runs "$work/static"
ok "a user's shared library takes libkcapi.a" \
    "${cc[@]}" -shared -fPIC -Wl,-z,defs "-I$root/opt/kcapi/inc" "$work/plugin.c" "$lib/libkcapi.a" -o "$work/plugin.so"
ok 'libkcapi.a shows the API and nothing else' \
    bash -c "! ${NM:-nm} -g --defined-only '$lib/libkcapi.a' | awk 'NF == 3 { print \$3 }' | grep -v '^kcapi_'"
binaries=(lib/multi/libkcapi.so.1.5.1 bin/kcapi-info)
for file in "${binaries[@]}"; do
    ok "$file has a symbol table" has_symbol_table "$file"
done
ok 'kcapi-info runs' info
[ "${cc[0]}" != "${cc[0]%-gcc}" ] || ok 'and finds the library of its prefix' finds_its_own
# shellcheck disable=SC2046
ok 'a program links without libgcc' compile alone -nodefaultlibs \
    $(flags --cflags) "$lib/libkcapi.a" -lpthread -ldl -lc
ok 'and runs' runs "$work/alone"
uninstalled

ok 'make install-strip' in_root install-strip
for file in "${binaries[@]}"; do
    ok "$file has none" lacks_symbol_table "$file"
done
ok 'a program still runs' runs "$work/shared"
ok 'and kcapi-info' info
# shellcheck disable=SC2046
ok 'and a -static program links' compile static -static $(flags --cflags) $(flags --static --libs)
uninstalled

ok 'make install SHARED=' in_root install SHARED=
ok 'installs no libkcapi.so' test -z "$(find "$root" -name 'libkcapi.so*')"
ok 'kcapi-info runs without one' info
# shellcheck disable=SC2046
ok 'a program compiles with what pkg-config says' compile alone $(flags --cflags --libs)
ok 'and runs' runs "$work/alone"
uninstalled SHARED=

# Every symbol of abi/symbols, linked by other linkers than the one that `make` calls.
awk '/^kcapi_/ {
    printf "int %s(void);\nint %s(void) { return 0; }\n", $1, $1
    for (i = 3; i <= NF; i++) {
        n++
        printf "int older%d(void);\nint older%d(void) { return 0; }\n", n, n
        printf "__asm__(\".symver older%d, %s@%s\");\n", n, $1, $i
    }
}' abi/symbols >"$work/symbols.c"
awk -f abi/version-script.awk abi/symbols >"$work/symbols.map"
linked_by() {
    "${cc[@]}" -fuse-ld="$1" -shared -fPIC "$work/symbols.c" -o "$work/symbols.so" \
        -Wl,--version-script,"$work/symbols.map" -Wl,-soname,libkcapi.so.1 && abi/check "$work/symbols.so"
}
for linker in bfd lld mold; do
    "${cc[@]}" -fuse-ld=$linker -shared -o "$work/nothing.so" -x c /dev/null 2>/dev/null || continue
    ok "abi/check takes what $linker has linked" linked_by $linker
done
echo 'int kcapi_more(void); int kcapi_more(void) { return 0; }' >>"$work/symbols.c"
sed -i 's/kcapi_version;/&\n        kcapi_more;/; s/LIBKCAPI_1.3.0/LIBKCAPI_9/' "$work/symbols.map"
refuses() { ! linked_by bfd; }
ok 'and refuses a symbol and a node too many' refuses

ok 'make install STATIC=' in_root install STATIC=
ok 'installs no libkcapi.a' test ! -e "$lib/libkcapi.a"
ok 'kcapi-info runs' info
ok 'a program runs' runs "$work/shared"
uninstalled STATIC=
done_testing
