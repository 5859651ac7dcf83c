#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# TAP: `make install` puts down the programs, their names, manual pages and completion, and HMAC files that the
# self-check takes, also those that are written after stripping; with the settings of a distribution they are
# where it wants them. What an initramfs needs is libc, the library and the program.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. c-tests/lib/tap.sh

root=$work/root
dirs=(prefix=/usr libdir=/usr/lib "DESTDIR=$root")
export KCAPI_ENGINE=user LD_LIBRARY_PATH=$root/usr/lib
printf abc >"$work/a"
forced() { KCAPI_HASHER_FORCE_FIPS=1 "$@"; }
makes() { make --no-print-directory "$@" "${dirs[@]}"; }
hasher_names=(sha1sum sha224sum sha256sum sha384sum sha512sum md5sum sm3sum sha3sum fipscheck fipshmac
    sha1hmac sha224hmac sha256hmac sha384hmac sha512hmac sm3hmac)

ok 'make install' makes install
for name in "${hasher_names[@]}"; do
    ok "$name" test "$(readlink "$root/usr/libexec/libkcapi/$name")" = ../../bin/kcapi-hasher
done
for name in fipscheck sha512hmac sm3hmac; do
    ok "$name is in the PATH" test -x "$root/usr/bin/$name"
    ok 'and has a manual page' test -e "$root/usr/share/man/man1/$name.1"
done
ok "what is coreutils' is not" test -z "$(find "$root/usr/bin" "$root/usr/share" -name '*[25]*sum*' -o -name 'md5sum*')"
for name in hasher enc dgst rng speed; do
    program=$root/usr/bin/kcapi-$name
    ok "kcapi-$name runs" "$program" --help
    ok 'and has a manual page' test -s "$root/usr/share/man/man1/kcapi-$name.1"
    # The loader and the kernel's own are no libraries of anybody's.
    ok 'it needs libc and the library' test -z \
        "$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libkcapi.so.1|libc.so.6|libc.so|ld-.*)$')"
    ok 'is position-independent, bound at start, without RUNPATH' bash -c \
        'readelf -hd "$0" | grep -q "Type:.*DYN" && readelf -d "$0" | grep -q NOW && ! readelf -d "$0" | grep -q PATH' "$program"
done
ok 'kcapi is there, too' test "$("$root/usr/bin/kcapi" -x 3 -c sha256 -p 616263)" = "$(sha256sum "$work/a" | cut -c1-64)"
ok 'and has a manual page' test -s "$root/usr/share/man/man1/kcapi.1"
ok 'the self-check is content' forced "$root/usr/bin/sha512hmac" "$work/a"
ok 'with names in libexec, too' forced "$root/usr/libexec/libkcapi/sha512sum" "$work/a"
completes() { # completes PROGRAM WORD: the completions, one a line
    PATH=$root/usr/bin:$PATH bash -c '. "$1"
        COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
        compopt() { :; }
        _kcapi "$2"
        printf "%s\n" "${COMPREPLY[@]}"' - "$root/usr/share/bash-completion/completions/sha512hmac" "$@"
}
ok 'options are completed' grep -qx -e --self-sum-lib <(completes sha512hmac --se)
ok 'digests' grep -qx sha3-256 <(completes kcapi-hasher -h sha3-2)
ok 'ciphers, quoted' grep -qxF 'cbc\(aes\)' <(completes kcapi-enc -c cbc)

# Files are on the disk before they get their names, and then the names are; what cannot get there gets no name.
cat >"$work/order.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int fsync(int fd)
{
    fputs("fsync\n", stderr);
    errno = EIO;
    return getenv("FULL") ? -1 : ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
int rename(const char *from, const char *to)
{
    fputs("rename\n", stderr);
    return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
}
C
"${CC:-cc}" -shared -fPIC -o "$work/order.so" "$work/order.c"
in_order() { env -C "$work" LD_PRELOAD="$work/order.so" "$@" 2>&1 | tr '\n' ' '; }
for program in "fipshmac a" "kcapi-dgst -q -c sha256 -i a -o sum"; do
    # shellcheck disable=SC2086
    ok "$program: data, name, directory" test "$(in_order "$root/usr/bin/"$program)" = 'fsync rename fsync '
done
cp "$work/.a.hmac" "$work/before"
printf abcd >"$work/a"
ok 'a disk with errors' grep -q '^fsync .*a.hmac: Input/output error' <(FULL=1 in_order "$root/usr/bin/fipshmac" a)
ok 'leaves the file before' cmp "$work/.a.hmac" "$work/before"
ok 'and nothing else' test -z "$(find "$work" -maxdepth 1 -name '..a*')"
rm "$work/.a.hmac"
printf abc >"$work/a"

# As a packager: no HMAC files, strip, then HMAC files.
makes uninstall >/dev/null 2>&1
ok 'make uninstall leaves nothing' test -z "$(find "$root" ! -type d)"
ok 'make install HMAC=' makes install HMAC=
ok 'no HMAC file' test -z "$(find "$root" -name '*.hmac')"
ok 'fails the self-check' bash -c '! KCAPI_HASHER_FORCE_FIPS=1 "$@" 2>/dev/null' - "$root/usr/bin/sha512hmac" "$work/a"
"${STRIP:-strip}" "$root/usr/bin/kcapi-hasher" "$root/usr/lib/libkcapi.so.1.5.1"
ok 'make hmac' makes hmac
ok 'makes up for it' forced "$root/usr/bin/sha512hmac" "$work/a"
ok 'make install-strip' makes install-strip
ok 'does that itself' forced "$root/usr/bin/sha512hmac" "$work/a"
makes uninstall >/dev/null 2>&1
ok 'make install PROGRAMS=' makes install PROGRAMS=
ok 'leaves the programs out' test -z "$(find "$root" -name 'kcapi-[ehdrs]*' -o -name 'sha512*' -o -name '.*')"
makes uninstall PROGRAMS= >/dev/null 2>&1

# Fedora's settings. The directory is the built-in one, so it is under the root by its whole name.
dirs+=(SUM_PREFIX= "SUM_DIR=$work/sums" "programs_target=$work/target" "programs_build=$work/build" BIN_NAMES= DESTDIR=)
dirs+=("bindir=$root/usr/bin" "libdir=$root/usr/lib" "prefix=$root/usr")
ok 'make install with SUM_PREFIX= and SUM_DIR' makes install
ok 'HMAC files are there' test -s "$work/sums/hmaccalc/kcapi-hasher.hmac" -a -s "$work/sums/hmaccalc/libkcapi.so.1.hmac"
ok 'and nowhere else' test -z "$(find "$root" -name '*.hmac')"
hasher=$root/usr/bin/kcapi-hasher
ok 'the self-check finds them' forced "$hasher" -n sha512hmac "$work/a"
mkdir "$work/sums/fipscheck"
ok 'fipshmac -d writes without a prefix' "$hasher" -n fipshmac -d "$work/sums/fipscheck" "$work/a"
ok 'as it should be' test -s "$work/sums/fipscheck/a.hmac"
ok 'fipscheck looks there' "$hasher" -n fipscheck "$work/a"
printf x >>"$work/a"
ok 'and at the content' bash -c '! "$@" 2>/dev/null' - "$hasher" -n fipscheck "$work/a"
rm "$work/sums/fipscheck/a.hmac"
"$hasher" -n fipshmac "$work/a"
ok 'a file of its own has a dot' test -s "$work/.a.hmac"
ok 'which fipscheck takes, where there is no other' "$hasher" -n fipscheck "$work/a"
# What 1.4.0 had.
rm "$work"/sums/hmaccalc/*
"$hasher" -n sha512hmac "$hasher" | cut -d ' ' -f 1 >"$work/sums/hmaccalc/sha512hmac.hmac"
for name in fipscheck sha512sum libkcapi.so.1; do
    file=$hasher
    [ $name != libkcapi.so.1 ] || file=$root/usr/lib/$name
    openssl dgst -sha256 -hmac orboDeJITITejsirpADONivirpUkvarP -r "$file" >"$work/sums/fipscheck/$name.hmac"
done
for name in sha512hmac fipscheck sha512sum; do
    ok "the older files serve $name" forced "$hasher" -n $name "$work/a"
done
ok 'but not other names' bash -c '! KCAPI_HASHER_FORCE_FIPS=1 "$@" 2>/dev/null' - "$hasher" -n sha256hmac "$work/a"
makes uninstall >/dev/null 2>&1
done_testing
