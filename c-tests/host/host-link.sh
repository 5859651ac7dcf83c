#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# TAP: the library, and programs with it, are linked by every compiler and linker that is installed: gcc and clang;
# bfd, gold, lld and mold; against libkcapi.so and libkcapi.a, -static, -static-pie, and with -flto.
#
# The library must be staged (make stage). What Rust has made is linked anew, not made anew.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. c-tests/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$(realpath "${BUILD:-build}")/stage/usr
lib=$stage/lib

# More than the version, so that an engine is linked, too; with threads and memory, which take the C library.
cat >"$work/program.c" <<'C'
#include <kcapi.h>
#include <string.h>

int main(void)
{
    static const uint8_t digest[8] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
    uint8_t out[32] = { 0 };

    return kcapi_md_sha256((const uint8_t *)"abc", 3, out, sizeof(out)) != sizeof(out) ||
           memcmp(out, digest, sizeof(digest)) != 0;
}
C

works() { # works LIBRARIES COMPILER ARGUMENT... : a program is linked, and runs with the libraries of a directory
    rm -f "$work/program"
    "$2" -Wall -Wextra -Werror -O2 "-I$stage/include" -o "$work/program" "$work/program.c" "${@:3}" &&
        KCAPI_ENGINE=user LD_LIBRARY_PATH=$1 "$work/program"
}
# Whether an empty program is linked so. It is not by gold with -static-pie, nor by lld with gcc's -flto.
possible() { "$@" -o "$work/nothing" -x c - <<<'int main(void) { return 0; }' >/dev/null 2>&1; }
with_archive() { # with_archive NAME COMPILER ARGUMENT...
    ! possible "${@:2}" || ok "$1" works '' "${@:2}" "$lib/libkcapi.a"
}
# The library by that compiler and linker, in a directory of its own.
library() { # library DIRECTORY COMPILER LINKER
    mkdir -p "$1"
    make --no-print-directory "CC=$2" "LDFLAGS=-fuse-ld=$3" "shared=$1/libkcapi.so.1.5.1" "$1/libkcapi.so.1.5.1" &&
        ln -sf libkcapi.so.1.5.1 "$1/libkcapi.so.1" && ln -sf libkcapi.so.1 "$1/libkcapi.so" &&
        abi/check "$1/libkcapi.so.1.5.1"
}
all() { # all COMPILER LINKER
    local name="$1, $2" own=$work/$1-$2
    ok "$name: libkcapi.so.1, with all symbols" library "$own" "$1" "$2"
    set -- "$1" "-fuse-ld=$2"
    ok "$name: a program with that" works "$own" "$@" "-L$own" -lkcapi
    ok "$name: a program" works "$lib" "$@" "-L$lib" -lkcapi
    with_archive "$name: with libkcapi.a" "$@"
    with_archive "$name: -static" "$@" -static
    with_archive "$name: -static-pie" "$@" -static-pie -fPIE
    with_archive "$name: -flto" "$@" -flto
    with_archive "$name: -flto -static" "$@" -flto -static
    with_archive "$name: --gc-sections" "$@" -ffunction-sections -Wl,--gc-sections
}

for compiler in gcc clang; do
    for linker in bfd gold lld mold; do
        ! possible "$compiler" "-fuse-ld=$linker" || all "$compiler" "$linker"
    done
done
done_testing
