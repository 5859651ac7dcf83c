#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-kcapi-info.sh - TAP: kcapi-info says who serves, and why; its JSON is JSON
#
# It runs the staged program, under DIR/stage where KCAPI_BUILD names DIR (default: build), on the
# engine that KCAPI_ENGINE names, kernel or user.
#
# needs: exec
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. c-tests/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
info=${KCAPI_BUILD:-build}/stage/usr/bin/kcapi-info
engine=$KCAPI_ENGINE
unset KCAPI_AIO

# run ARG... : kcapi-info --json ARG..., for `holds` to look at
run() { "$info" --json "$@" >"$work/json"; }
# holds CONDITION: what was printed is JSON, and CONDITION holds of $j, the whole, and $a, its algorithms
# by their names
holds() {
    perl -MJSON::PP -e '
        local $/;
        my $j = decode_json(<STDIN>);
        my $a = { map { $_->{name} => $_ } @{$j->{algorithms}} };
        exit !('"$1"')' <"$work/json" || { cat "$work/json" && false; }
}
json() {
    local condition=$1
    shift
    run "$@" && holds "$condition"
}
# row ALGORITHM PATTERN... : in the table there is a row of these columns
row() { "$info" "$1" | grep -E "^$2 +$3 +$4 +$5\$"; }
status() {
    local want=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$want" ] || { echo "status $got" && false; }
}

ok '--version' test "$("$info" --version)" = 'kcapi-info, libkcapi 1.5.1'
ok '--help' grep -q '^usage: kcapi-info' <("$info" --help)
ok 'an option that is none: status 2' status 2 "$info" --nothing
ok 'and nothing on stdout' test -z "$("$info" --nothing 2>/dev/null)"
ok 'a full device: status 1' status 1 bash -c '"$0" sha256 >/dev/full' "$info"

ok "cbc(aes) by the engine $engine" json "\$a->{'cbc(aes)'}{engine} eq '$engine'"
ok 'an engine, or an error' holds '!grep { defined $_->{engine} == !!$_->{error} } values %$a'
ok 'a reason in any case' holds '!grep { $_->{why} eq "" } values %$a'
ok 'KCAPI_ENGINE is told' holds "\$j->{KCAPI_ENGINE} eq '$engine'"
if [ "$engine" = user ]; then
    ok 'why: the variable' row 'cbc(aes)' skcipher 'cbc\(aes\)' user 'KCAPI_ENGINE is user'
else
    ok 'why: the driver, where bind(2) works' holds \
        '!grep { defined $_->{engine} && ($_->{bind} || $_->{why} !~ /^\Q$_->{driver}\E \(.+\)$/) } values %$a'
fi
export KCAPI_ENGINE=nonsense
ok 'a value that is none is the default' json '$j->{default_engine} eq "kernel-first" && defined $a->{sha256}{engine}' sha256
unset KCAPI_ENGINE
ok 'the default: the kernel where bind(2) works, else user space' json \
    '!grep { defined $_->{engine} && ($_->{engine} eq "kernel") != !$_->{bind} } values %$a'
ok 'why not the kernel: what socket(2) or bind(2) said' holds \
    '!grep { ($_->{engine} // "") eq "user" && $_->{why} !~ /^(socket|bind): / } values %$a'
export KCAPI_ENGINE=$engine

ok 'named algorithms only, in the family that has them' json \
    'join(" ", map { $_->{family}, $_->{name} } @{$j->{algorithms}}) eq "hash sha256 skcipher cbc(aes)"' \
    sha256 'cbc(aes)'
ok 'one that nobody has: none, in all families' json \
    '@{$j->{algorithms}} == 4 && !grep { defined $_->{engine} } @{$j->{algorithms}}' 'a"b\c'
ok 'its name is quoted' holds '$a->{"a\"b\\c"}{error} == -2'
ok 'as a table' row sha256 hash sha256 "$engine" '.+'
# The kernel may have io_uring for programs of an architecture for which the library has not.
readelf -h "${info%/bin/*}/lib/libkcapi.so.1" | grep -qE 'Machine: .*(X86-64|AArch64|RISC-V|LoongArch|PowerPC64)' ||
    ok 'AIO: not by io_uring, which the library does not know here' json '$j->{aio_backend} ne "io_uring"' sha256
export KCAPI_AIO=sync
ok 'AIO: without' json '$j->{KCAPI_AIO} eq "sync" && $j->{aio_backend} eq "sync"' sha256
unset KCAPI_AIO

ok '--speed: the engine is among those measured' json \
    "grep { \$_->{engine} eq '$engine' && \$_->{ns_64} > 0 && \$_->{mb_per_s_16384} > 0 } @{\$j->{speed}}" \
    --speed 'gcm(aes)'
ok 'and nothing but what was named' holds '!grep { $_->{name} ne "gcm(aes)" } @{$j->{speed}}'
ok 'with progress on stderr' grep -qx '1/2 sha256 on kernel' <("$info" --speed sha256 2>&1 >/dev/null)
ok 'every algorithm that serves can be measured' test -z \
    "$("$info" --speed 2>&1 >/dev/null | grep '^kcapi-info')"
done_testing
