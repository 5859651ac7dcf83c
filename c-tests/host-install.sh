#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# TAP: `make install` puts down what a user's build needs, where it was told, and `make uninstall`
# takes it away; programs link with it in every way that they could with the C library.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. c-tests/tap.sh

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

ok 'make install' make --no-print-directory install "DESTDIR=$root" "${dirs[@]}"
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
ok 'make uninstall' make --no-print-directory uninstall "DESTDIR=$root" "${dirs[@]}"
ok 'leaves no file behind' test -z "$(find "$root" ! -type d)"
done_testing
