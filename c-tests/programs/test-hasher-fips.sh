#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-hasher-fips.sh - TAP: the self-check that FIPS mode makes, with the HMAC files that `make install` wrote,
# with those of older releases, and with what is missing or wrong; and kcapi-hasher where AF_ALG is forbidden
#
# needs: exec
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
. c-tests/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$PWD
# A copy, in which files may be damaged.
cp -a "$(realpath "${KCAPI_BUILD:-build}")/stage/usr" "$work/usr"
bin=$work/usr/bin
export LD_LIBRARY_PATH=$work/usr/lib
cd "$work" || exit
printf abc >a
sum=$(sha512sum a)

forced() { KCAPI_HASHER_FORCE_FIPS='' "$@"; }
# fails PATTERN COMMAND... : with status 1, no output, and such a message
fails() {
    local status=0 output
    output=$(forced "${@:2}" 2>"$work/stderr") || status=$?
    [ "$status" = 1 ] && [ -z "$output" ] && grep -q "$1" "$work/stderr" ||
        { echo "status $status, $output" && cat "$work/stderr" && false; }
}
passes() { [ "$(forced "$bin/kcapi-hasher" -n sha512hmac -u a)" = "$sum" ]; }
hmac() { openssl dgst "-$1" -hmac "$2" -r "$3" | cut -d ' ' -f 1; }
hmaccalc=FIPS-FTW-RHT2009 fipscheck=orboDeJITITejsirpADONivirpUkvarP

ok 'what make install has written is right' passes
ok 'by a link, too' forced "$work/usr/libexec/libkcapi/sha512sum" a
ok 'by a link in the PATH' env PATH="$bin:$PATH" KCAPI_HASHER_FORCE_FIPS=1 sha512hmac a
ok '--self-test' "$bin/sha512hmac" --self-test
# renamed-library: one of another name was taken for a part of the program, and not verified
cp "$work/usr/lib/libkcapi.so.1" "$work/libother.so"
echo >>"$work/libother.so"
ok 'a library of another name' fails 'libother.so.hmac: No such file' env LD_PRELOAD="$work/libother.so" "$bin/sha512hmac" a
# umask-077: nobody but root could read them
ok 'HMAC files are for all' test "$(stat -c %a "$bin/.kcapi-hasher.hmac" "$work/usr/lib/.libkcapi.so.1.hmac" | sort -u)" = 644
for name in kcapi-hasher libkcapi.so.1; do
    case $name in lib*) option=-L file=$work/usr/lib/$name ;; *) option=-S file=$bin/$name ;; esac
    hmac_file=$(dirname "$file")/.$name.hmac
    value=$(hmac sha512 $hmaccalc "$file")
    ok "$option" test "$("$bin/kcapi-hasher" -n sha1sum -h sha256 --tag -z -t 8 $option)" = "$value"
    ok "$hmac_file is openssl's" test "$(cut -d ' ' -f 1 "$hmac_file")" = "$value"
    cp "$hmac_file" saved
    rm "$hmac_file"
    ok 'without it' fails "$hmac_file: No such file" "$bin/sha512hmac" a
    ok '--self-test says so, too' fails 'No such file' "$bin/sha512hmac" --self-test
    for junk in '' junk "${value/[0-9]/g}" "${value%??}" "$(tr 0-9a-f 1-9a-f0 <<<"$value")" "x$value"; do
        echo "$junk" >"$hmac_file"
        ok "with '${junk:0:10}...' in it" fails "integrity test failed: " "$bin/sha512hmac" a
    done
    : >"$hmac_file"
    ok 'empty' fails "integrity test failed: " "$bin/sha512hmac" a
    for good in "$value" "$value  anything" "$(tr a-f A-F <<<"$value")"; do
        echo "$good" >"$hmac_file"
        ok 'the digest alone counts' passes
    done
    # What releases up to 1.4.0 had.
    hmac sha256 $fipscheck "$file" >"$hmac_file"
    ok "HMAC-SHA-256 with fipscheck's key" passes
    hmac sha512 $fipscheck "$file" >"$hmac_file"
    ok 'but no mixture' fails 'it is not what' "$bin/sha512hmac" a
    hmac sha256 $hmaccalc "$file" >"$hmac_file"
    ok 'nor the other one' fails 'it is not what' "$bin/sha512hmac" a
    cp saved "$hmac_file"
    ok 'and all is well again' passes
    cp -a "$file" saved-file
    real=$(realpath "$file")
    cp "$real" real
    printf x >>"$real"
    ok "a changed $name" fails 'integrity test failed: .*it is not what' "$bin/sha512hmac" a
    cp real "$real"
done
rm "$bin/.kcapi-hasher.hmac"
hmac sha512 $hmaccalc "$bin/kcapi-hasher" >"$bin/.sha512hmac.hmac"
ok 'a file for each name, as in 1.4.0' forced "$bin/sha512hmac" a
ok 'is for that name only' fails 'No such file' "$bin/sha256hmac" a
ok 'help, version and what is wrong come first' forced "$bin/sha256hmac" --help
ok 'version' forced "$bin/sha256hmac" -v
ok '-S does without' forced "$bin/sha256hmac" -S
for operands in 'nope' '-c nope' '-c a -T a' '-k nope a'; do
    # shellcheck disable=SC2086
    ok "before any file: $operands" fails 'integrity test failed' "$bin/sha256hmac" $operands
done
ok 'nothing is verified then' fails 'integrity test failed' "$bin/fipscheck" a
ok 'and nobody asks outside FIPS mode' "$bin/sha256hmac" a
cp "$bin/kcapi-hasher" "$work/copy"
ok 'a copy wants a file of its own' fails "$work/.copy.hmac" "$work/copy" -n sha512hmac a
hmac sha512 $hmaccalc copy >.copy.hmac
ok 'and has one' forced "$work/copy" -n sha512hmac a

# A file in the place of the kernel's, where this process may mount.
in_mode() { # in_mode CONTENT STATUS
    # shellcheck disable=SC2016
    unshare -m bash -c 'mount -t tmpfs none /proc/sys && mkdir /proc/sys/crypto || exit 99
        [ "$1" = none ] || printf %s "$1" >/proc/sys/crypto/fips_enabled
        "$2/sha256hmac" a; [ $? = "$3" ]' - "$1" "$bin" "$2"
}
if unshare -m mount -t tmpfs none /proc/sys 2>/dev/null; then
    ok 'fips_enabled is 1, and a file is missing' in_mode 1 1
    ok 'fips_enabled is 0' in_mode 0 0
    ok 'it is empty' in_mode '' 1
    ok 'there is none' in_mode none 0
    hmac sha512 $hmaccalc "$bin/kcapi-hasher" >"$bin/.kcapi-hasher.hmac"
    ok 'it is 1, and all is well' in_mode 1 0
fi

cd "$root" || exit
read -ra cc <<<"${CC:-cc}"
ok 'a program that forbids AF_ALG is built' \
    "${cc[@]}" -Wall -Wextra -Werror -Ic-tests/lib -o "$work/forbid" c-tests/programs/forbid-alg.c
if "$work/forbid" true; then
    forbidden() { env -u KCAPI_ENGINE "$work/forbid" "$@"; }
    "$bin/sha512hmac" "$work/a" >"$work/list"
    ok 'where AF_ALG is forbidden' test "$(forbidden "$bin/sha512hmac" -u "$work/a" 2>&1)" = "$(sha512sum "$work/a")"
    ok 'lists are verified' forbidden "$bin/sha512hmac" -c "$work/list"
    ok 'and not by the kernel' grep -q 'in user space' <(forbidden "$bin/sha512hmac" -v)
    ok 'unless that is demanded' bash -c '! KCAPI_ENGINE=kernel "$@" 2>/dev/null' - "$work/forbid" "$bin/sha512hmac" -c "$work/list"
fi
done_testing
