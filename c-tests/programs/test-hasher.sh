#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-hasher.sh - TAP: kcapi-hasher under its names: values, lists, keys, options, what is wrong
#
# It runs what is staged, under DIR/stage where KCAPI_BUILD names DIR (default: build). coreutils and openssl
# are the other side.
#
#   KCAPI_LONG=1  a file of 5 GiB, too
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
. c-tests/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$(realpath "${KCAPI_BUILD:-build}")/stage
cd "$work" || exit
umask 022
mkdir names
ln -s "$stage"/usr/libexec/libkcapi/* "$stage/usr/bin/kcapi-hasher" names/
names=$work/names

# For another architecture each is a script, which a runner runs.
runner=${KCAPI_RUNNER:-}
if [ -n "$runner" ]; then
    mv names links
    mkdir names
    for name in links/*; do
        # shellcheck disable=SC2016
        printf '#!/bin/sh\nexec %s %q "$@"\n' "$runner" "$work/$name" >"names/${name##*/}"
        chmod +x "names/${name##*/}"
    done
fi
# h NAME ARG... : the program under that name
h() { "$names/$1" "${@:2}"; }
# is STATUS STDOUT COMMAND... : both are these. STDOUT without the last LF; STATUS may be "not 0".
is() {
    local status=0 output
    output=$("${@:3}" 2>"$work/stderr") || status=$?
    if [ "$1" = "not 0" ]; then
        [ "$status" != 0 ] && [ "$status" -lt 126 ] || { echo "status $status" && return 1; }
    else
        [ "$status" = "$1" ] || { echo "status $status: $(cat "$work/stderr")" && return 1; }
    fi
    [ "$output" = "$2" ] || { printf 'stdout: %s\n' "$output" && return 1; }
}
# says PATTERN: the last `is` printed such a message
says() { grep -qe "$1" "$work/stderr" || { cat "$work/stderr" && false; }; }
# silent: it printed none
silent() { [ ! -s "$work/stderr" ] || { cat "$work/stderr" && false; }; }
# hash_of OPTION... FILE: openssl's, on its standard input as well
hash_of() { openssl dgst -r "$@" | cut -d ' ' -f 1; }

printf abc >a
: >e
sm3=1
h sm3sum a >/dev/null 2>&1 || sm3=

# --- Values
while read -r name digest; do
    ok "$name abc" is 0 "$digest  a" h "$name" a
done <<'VALUES'
sha1sum a9993e364706816aba3e25717850c26c9cd0d89d
sha224sum 23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7
sha256sum ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
sha384sum cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7
sha512sum ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
md5sum 900150983cd24fb0d6963f7d28e17f72
sha3sum e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf
sha1hmac 8b11486b7d66d0a0def74843df94d40de179e423
sha256hmac b70fd8d7c4f9591fd069e225c04bd162095f018f7f3336da5475ea0a0cb6e1f2
VALUES
[ -z "$sm3" ] || ok 'sm3hmac abc' grep -qE '^77e818a6.*0adf09cc  a$' <(h sm3hmac a)
for hash in 1 224 256 384 512; do
    ok "sha${hash}hmac is openssl's" is 0 "$(hash_of -sha$hash -hmac FIPS-FTW-RHT2009 a)  a" h "sha${hash}hmac" a
done
for hash in sha3-224 sha3-256 sha3-384 sha3-512; do
    ok "-h $hash" is 0 "$(hash_of -$hash a)  a" h sha3sum -h $hash a
done
ok 'sha512hmac -h sha1 is sha1hmac' is 0 "$(h sha1hmac a)" h sha512hmac -h sha1 a
ok 'sha512hmac -u is sha512sum' is 0 "$(sha512sum a)" h sha512hmac -u a
ok 'the name by -n' is 0 "$(h sha512hmac a)" h kcapi-hasher -n sha512hmac a
ok 'by --name, after an operand' is 0 "$(h sha512hmac a)" h kcapi-hasher a --na sha512hmac
ok 'kcapi-hasher wants -h' is 1 '' h kcapi-hasher a
ok 'and takes it' is 0 "$(sha256sum a)" h kcapi-hasher -h sha256 a
ln -s "$stage/usr/bin/kcapi-hasher" sha512hmac.bin
ln -s "$stage/usr/bin/kcapi-hasher" lt-sha512hmac
# shellcheck disable=SC2086
ok 'the beginning of a name counts' is 0 "$(h sha512hmac a)" $runner ./sha512hmac.bin a
# shellcheck disable=SC2086
ok 'lt-sha512hmac is no name' is 1 '' $runner ./lt-sha512hmac a

# --- Lines
ok 'standard input' is 0 "$(hash_of -sha3-224 a)  -" h sha3sum <a
ok 'as an operand' is 0 "$(sha1sum - a <e)" h sha1sum - a <e
ok '--tag, -t' is 0 'SHA1 (a) = a9993e364706816a' h sha1sum -t 64 --tag a
ok '--tag with a key' is 0 "HMAC(SHA1) (a) = $(h sha1hmac a | cut -c1-40)" h sha1hmac --tag a
ok '-t +8 with a blank' is 0 'a9  a' h sha1sum -t ' +8' a
ok '-t 0 is all' is 0 "$(sha1sum a)" h sha1sum -t 0 a
for bits in 7 12 -8 x 4294967296 168 ''; do
    ok "-t '$bits' is refused" is 1 '' h sha1sum -t "$bits" a
done
ok '-S has a digest of its own, whatever -t says' is 0 "$(h sha1sum -S)" h sha1sum -S -t 512
ok '-z' cmp <(h sha1sum -z a e) <(sha1sum -z a e)
touch -- $'new\nline' 'back\slash' $'re\rturn' ä $'\xff' ' blank' '*star' 'c (d) = 00' '-dash'
odd=($'new\nline' 'back\slash' ä $'\xff' ' blank' '*star' 'c (d) = 00' ./-dash)
for tag in '' --tag; do
    # shellcheck disable=SC2086
    ok "odd names are coreutils' $tag" cmp <(h sha1sum $tag -- "${odd[@]}") <(sha1sum $tag -- "${odd[@]}")
    # shellcheck disable=SC2086
    h sha1sum $tag -- "${odd[@]}" $'re\rturn' >odd
    ok 'and are read back' is 0 '' h sha1sum --status -c odd
done
h sha1sum -z -- "${odd[@]}" >odd
ok 'and those of -z with -z' is 0 '' h sha1sum -z --status -c odd
ok 'in the order of the operands, twice' is 0 "$(sha1sum e a e)" h sha1sum e a e
ok 'after a file that is not there' is 1 "$(sha1sum a e)" h sha1sum a nope e
ok 'which it names, in a line' cmp stderr <(echo "sha1sum: nope: No such file or directory")

# --- Any file
head -c 300001 /dev/urandom >long
truncate -s 5M sparse
mkdir directory
mkfifo fifo
if [ -n "${KCAPI_LONG:-}" ]; then
    truncate -s 5G huge
    ok 'a file of 5 GiB' is 0 "$(sha256sum huge)" h sha256sum huge
    rm huge
fi
ok 'a long file' is 0 "$(sha512sum long)" h sha512sum long
ok 'a sparse one' is 0 "$(sha256sum sparse)" h sha256sum sparse
ok 'one of /proc, whose size is 0' is 0 "$(sha256sum /proc/version)" h sha256sum /proc/version
ok 'a pipe' is 0 "$(sha1sum <long)" h sha1sum < <(cat long)
cat long >fifo &
ok 'a FIFO by its name' is 0 "$(sha1sum <long | sed 's/-$/fifo/')" h sha1sum fifo
ok '<( )' grep -qx "$(sha1sum <a | cut -c1-40)  /dev/fd/.*" <(h sha1sum <(cat a))
ok 'a directory is an error' is 1 '' h sha1sum directory
ok 'which it names' says 'directory: Is a directory'
ok 'and as standard input' is 1 '' h sha1sum <directory
ok 'a closed one, too' is 1 '' bash -c '"$1" <&-' - "$names/sha1sum"
(sleep 0.02; : >long) &
ok 'a file that shrinks is read to its end' eval 'h sha512sum long sparse long sparse long >/dev/null'
wait $!
ok 'a full disk is an error' is 1 '' bash -c '"$1" a >/dev/full' - "$names/sha256sum"
ok 'which it says' says 'write error: No space left'
ok 'closed standard output, too' is 1 '' bash -c '"$1" a >&-' - "$names/sha256sum"
ok 'and is no file of its own' is 0 '' bash -c 'cd "$1" && "$2" a >&- && cat .a.hmac >/dev/null' - "$work" "$names/fipshmac"
rm -f .a.hmac
sigpipe() { (trap - PIPE && (sleep 0.1 && h sha1sum a; echo $? >status) | true) && [ "$(<status)" = 141 ]; }
ok 'SIGPIPE ends it' sigpipe

# --- Lists
h sha512hmac a >l
for way in 'h sha512hmac -c l' 'h sha512hmac --check=l' 'h sha512hmac --check l' 'h sha512hmac -c - <l' \
    'h sha512hmac -c <l' 'h sha512hmac -c -b -P l' 'h sha512hmac l -c' 'h sha512hmac -bPc l'; do
    ok "$way" is 0 'a: OK' eval "$way"
done
for quiet in --quiet --status -q '-cq' '-qc'; do
    ok "$quiet" is 0 '' h sha512hmac $quiet -c l
done
ok 'two lists' is 0 $'a: OK\na: OK' h sha512hmac -c l l
ok 'after a list that is not there' is 1 'a: OK' h sha512hmac -c nope l
cut -d ' ' -f 1 l >digest
ok '-T' is 0 'a: OK' h sha512hmac -c digest -T a
ok 'and with a name in the list' is 1 'e: Not OK' h sha512hmac -c l -T e
ok '-T wants -c' is 1 '' h sha512hmac -T a l
ok 'a digest without a name verifies nothing' is 1 '' h sha512hmac -c digest
sed 's/  / */' l >star
ok "coreutils' other mark" is 0 'a: OK' h sha512hmac -c star
tr a-f A-F <l >upper
sed 's/A$/a/' upper >l2
ok 'upper case' is 0 'a: OK' h sha512hmac -c l2
sed 's/$/\r/' l >crlf
ok 'CR LF' is 0 'a: OK' h sha512hmac -c crlf
{ echo '# comment'; cat l; echo; } >comment
ok 'comments and blank lines' is 0 'a: OK' h sha512hmac -c comment
h sha512hmac --tag a >tag
ok 'a BSD list' is 0 'a: OK' h sha512hmac -c tag
ok 'but not with another digest' is 1 '' h sha512sum -c tag
openssl dgst -sha512 -hmac FIPS-FTW-RHT2009 a >openssl
ok "openssl's" is 0 'a: OK' h sha512hmac -c openssl
h sha512hmac -t 128 a >short
ok 'a short digest needs the same -t' is 0 'a: OK' h sha512hmac -c short -t 128
ok 'and is none without' is 1 '' h sha512hmac -c short
ok 'nor with another' is 1 '' h sha512hmac -c short -t 136
printf x >>a
ok 'a changed file' is 1 'a: Not OK' h sha512hmac -c l
ok 'quietly' is 1 '' h sha512hmac -q -c l
ok '-cq is -c -q' is 1 '' h sha512hmac -cq l
ok '--quiet tells' is 1 'a: Not OK' h sha512hmac --quiet -c l
printf abc >a
h sha512hmac e >>l
mv a b
ok 'a missing file, then a good one' is 1 $'a: Not OK\ne: OK' h sha512hmac -c l
ok 'its name and why' says 'a: No such file or directory'
mv b a
ok 'a digest of a directory' is 1 'directory: Not OK' h sha512hmac -c <(sed 's/  a/  directory/;2d' l)
ok 'a file that cannot be read does not spoil the next' is 1 $'directory: Not OK\na: OK' \
    h sha512hmac -c <(sed 's/  a/  directory/;2d' l; head -n 1 l)

: >empty
echo >lf
head -n 1 l | tr 0 g >no-digit
# What verifies nothing never succeeds, whatever the name.
for name in sha512hmac sha512sum; do
    for list in empty lf digest no-digit directory nope /dev/null; do
        ok "$name -c $list" is 1 '' h $name -c $list
        ok 'says why' says "$list: "
    done
done
# bad-lists: a good line, and one that says nothing
{ head -n 1 l; printf '\0rest\n'; } >nul
{ head -n 1 l; echo junk; } >junk
{ head -n 1 l; cat digest; } >nameless
{ head -n 1 l; head -n 1 l | tr 0 g; } >digits
{ head -n 1 l; printf '%0100d  a\n' 0; } >length
{ printf '%0*d  a\n' 2000000 0; head -n 1 l; } >endless
for list in nul junk nameless digits length endless; do
    ok "a good line and another: $list" is 1 'a: OK' h sha512hmac -c $list
    ok 'says which' says "$list: [12]: improperly formatted"
done
h sha512hmac -z a e >zeros
ok 'a list of -z is none without -z' is 1 '' h sha512hmac -c zeros
ok 'and one with it' is 0 $'a: OK\ne: OK' h sha512hmac -z -c zeros
ok 'a list that never ends, too' is 1 '' timeout 60 "$names/sha512hmac" -c /dev/zero
ok 'is too large' says '/dev/zero: File too large'
ok 'a list of /dev/zero ends' is 1 '' timeout 20 bash -c 'head -c 20M /dev/zero | "$1" -c' - "$names/sha512hmac"

# swallowed-list: an entry named - would read the rest of the list, which then nobody verifies. The program reads
# 16384 bytes at once.
wrong=$(head -n 1 l | tr 0-9 1-90)
first=$(h sha512hmac <<<"$wrong")
{ echo "$first"; printf '#%*s\n' $((16384 - ${#first} - 3)) ''; echo "$wrong"; } >itself
for option in '' '-T -'; do
    # shellcheck disable=SC2086
    ok "a list from standard input that names it $option" is 1 '' h sha512hmac -q -c $option <itself
    ok 'says so' says 'standard input: 1: improperly formatted'
    # shellcheck disable=SC2086
    ok 'by a pipe of another name, too' is 1 '' h sha512hmac -q -c $option /proc/self/fd/0 < <(cat itself)
    ok 'says so' says '/proc/self/fd/0: 1: improperly formatted'
done
for own in /dev/fd/0 /proc/self/fd/0; do
    sed "1s|-\$|$own|" itself >itself-too
    ok "a list from a pipe that names it $own" is 1 '' eval 'cat itself-too | h sha512hmac -q -c'
    ok 'says so' says 'standard input: 1: improperly formatted'
    ok "and -T $own" is 1 '' eval "cat itself | h sha512hmac -q -c -T $own"
done
h sha512hmac - <e >named
ok 'a list from a file may name it' is 0 '-: OK' h sha512hmac -c named <e
# all-is-key: a key goes to the end of what it is read from, and the digest was that of nothing
for key in '-k -' '-k /dev/fd/0' '--key-fd 0'; do
    for message in '' '-' '/dev/fd/0'; do
        ok "$key and the message '$message' in a pipe" is 1 '' eval "cat a e | h sha512hmac $key $message"
        ok 'say so' says 'nothing would be left'
    done
    ok "$key and the message in another file" is 0 "$(h sha512hmac -k a e)" eval "cat a | h sha512hmac $key e"
done

# --- Under the names of coreutils, its words and rules
sha1sum a e >l
same_as_coreutils() {
    local theirs ours their_status=0 our_status=0
    theirs=$(LC_ALL=C sha1sum "$@" 2>&1) || their_status=$?
    ours=$(h sha1sum "$@" 2>&1) || our_status=$?
    [ "$our_status" = "$their_status" ] || { echo "status $our_status, not $their_status" && return 1; }
    diff <(echo "$theirs") <(echo "$ours")
}
{ cat l; echo junk; } >junk
printf '%s  nope\n' "$(sha1sum a | cut -c1-40)" >missing
{ cat l missing; } >some
printf '%s  e\n' "$(sha1sum a | cut -c1-40)" >wrong
sha1sum --tag a >tag
openssl dgst -sha1 a >openssl
{ printf '   \n'; cat l; } >blanks
sed 's/$/\r/' l >crlf
printf %s "$(<l)" >no-lf
tr a-f A-F <l >upper
sha1sum 'back\slash' $'new\nline' >escaped
{ cat l; echo "SHA1 () = $(sha1sum e | cut -c1-40)"; } >unnamed
for list in l junk missing some wrong tag unnamed openssl digest lf blanks crlf no-lf upper escaped; do
    for options in '' --status --quiet --warn --strict --ignore-missing '--strict --quiet'; do
        # shellcheck disable=SC2086
        ok "as coreutils: -c $options $list" same_as_coreutils -c $options $list
    done
done
ok 'coreutils reads our lists' sha256sum --status -c <(h sha256sum a e)
ok 'in BSD form, too' sha256sum --status -c <(h sha256sum --tag a e)
ok '--zero, --binary, --text' is 0 "$(sha1sum a)" h sha1sum --binary --text a

# --- Keys
printf 'key\n' >key
ok '-K' is 0 '4fd0b215276ef12f2b3e4c8ecac2811498b656fc  a' h sha1sum -K key a
ok '-Kkey' is 0 '4fd0b215276ef12f2b3e4c8ecac2811498b656fc  a' h sha1sum -Kkey a
ok '-k, with its LF' is 0 'efaa12bd2c18143192586b3db953a199f3df2ae4  a' h sha1sum -k key a
ok '-k <( )' is 0 'efaa12bd2c18143192586b3db953a199f3df2ae4  a' h sha1sum -k <(cat key) a
ok '-k -' is 0 'efaa12bd2c18143192586b3db953a199f3df2ae4  a' h sha1sum -k - a <key
ok '--key-fd' is 0 'efaa12bd2c18143192586b3db953a199f3df2ae4  a' h sha1sum --key-fd 7 a 7<key
ok 'the last counts' is 0 "$(sha1sum a)" h sha1sum -K key -u a
ok "-K '' is an empty key" is 0 '9b4a918f398d74d3e367970aba3cbe54e4d2b5d9  a' h sha1sum -K '' a
ok 'an empty file is none' is 1 '' h sha1sum -k e a
ok 'and it says so' says 'e: the key is empty'
ok 'a missing one' is 1 '' h sha1sum -k nope a
ok 'a descriptor that is not open' is 1 '' h sha1sum --key-fd 9 a 9<&-
ok 'SHA-3 takes no key' is 1 '' h sha3sum -K key a
ok 'nor under an HMAC name' is 1 '' h sha1hmac -h sha3-256 a
ok 'unless -u' is 0 "$(hash_of -sha3-256 a)  a" h sha1hmac -h sha3-256 -u a
if [ -z "$runner" ]; then
    "$names/sha1sum" -K visible -K visible2 -u fifo >visible &
    hidden() { tr '\0' ' ' </proc/$!/cmdline >line && grep -q xxxxxxx line && ! grep -q visible line; }
    for _ in {1..50}; do hidden && break || sleep 0.02; done
    ok 'no key is in the list of processes, not even one that another option replaces' hidden
    : >fifo
    wait $!
fi
# RFC 4231, case 2; RFC 2202, case 6: a key longer than a block
ok 'RFC 4231' is 0 '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843  -' \
    h sha256sum -K Jefe < <(printf 'what do ya want for nothing?')
ok 'RFC 2202' is 0 'aa4ae5e15272d00e95705637ce8a3b55ed402112  -' h sha1sum -k <(printf '\xaa%.0s' {1..80}) \
    < <(printf 'Test Using Larger Than Block-Size Key - Hash Key First')

# --- Options
ok '--help' is 0 "usage: sha1sum [-n NAME] [OPTION...] [FILE...]" bash -c '"$1" --help | head -n 1' - "$names/sha1sum"
ok '--version' is 0 'sha1sum: libkcapi 1.5.1' bash -c '"$1" -v | head -n 1' - "$names/sha1sum"
ok 'says nothing on standard error' silent
for wrong in --nothing --k=a -x '-h md5' '-h SHA1' '-t' '-c -S' '-S a' '-L -c'; do
    # shellcheck disable=SC2086
    ok "refuses $wrong" is 1 '' h sha1sum $wrong
    ok 'and says why' says 'sha1sum: '
done
ok '-n is the first or none' is 1 '' h sha1sum -u -n md5sum a
printf FIPS-FTW-RHT2009 >key.16
ok 'short options in a word' is 0 "$(h sha1hmac a)" h sha1sum -bPkkey.16 a
ok 'an abbreviation' is 0 "$(h sha1hmac a)" h sha1sum --key-fi key.16 a
# ambiguous-abbreviations: options that the C program has not must not make its own ambiguous
for option in --key- --key-f; do
    ok "$option is --key-file" is 0 "$(h sha1hmac a)" h sha1sum $option key.16 a
done
sha1sum a >abbreviated
ok '--st is --status' is 0 '' h sha1sum --st -c abbreviated
ok 'operands before options' is 0 "$(h sha1hmac a)" h sha1sum a -k key.16
ok '--' is 1 '' h sha1sum -- -k
# It is getopt_long(3) that knows this variable; musl's does not.
case ${CC:-cc} in
*musl*) ok 'POSIXLY_CORRECT is not known' is 0 "$(h sha1hmac a)" env POSIXLY_CORRECT=1 "$names/sha1sum" a -k key.16 ;;
*) ok 'POSIXLY_CORRECT' is 1 "$(sha1sum a)" env POSIXLY_CORRECT=1 "$names/sha1sum" a -k ;;
esac
ok '-d eats a word' is 0 "$(sha1sum a)" h sha1sum -d -P -b a

# --- fipshmac, fipscheck
mkdir d
ok 'fipshmac writes' is 0 '' h fipshmac a
ok 'the HMAC alone' is 0 '3ef0268e42d438231befa0c1458b8d912f0ac604961dce3ef1e519725eb1bb43' cat .a.hmac
ok 'for all to read' is 0 644 stat -c %a .a.hmac
ok 'fipscheck is silent' is 0 '' h fipscheck a
ok 'on standard error, too' silent
ok 'fipshmac -d' is 0 '' h fipshmac -d d ./a "$PWD/e"
ok 'puts them there' is 0 $'.a.hmac\n.e.hmac' ls -A d
ok 'where fipscheck -d finds them' is 0 '' h fipscheck -d d a e
ok 'fipshmac of standard input' is 0 "$(hash_of -sha256 -hmac orboDeJITITejsirpADONivirpUkvarP a)  -" h fipshmac <a
printf x >>a
ok 'fipscheck sees a change' is 1 '' h fipscheck a
ok 'and says so' says 'a: it is not what .a.hmac says'
h fipshmac e
ok 'in any operand' is 1 '' h fipscheck e a
ok 'and in whatever order' is 1 '' h fipscheck a e
ok 'no HMAC file' is "not 0" '' h fipscheck long
ok 'which it names' says '.long.hmac: No such file'
ok 'no operand' is "not 0" '' h fipscheck
ok 'no file' is "not 0" '' h fipscheck nope
ok 'neither -c' is 1 '' h fipscheck -c a
ok 'nor -T' is 1 '' h fipscheck -T a e
for junk in junk '' ' '; do
    echo "$junk" >.e.hmac
    ok "an HMAC file of '$junk'" is 1 '' h fipscheck e
done
printf %s "$(openssl dgst -sha256 -hmac orboDeJITITejsirpADONivirpUkvarP -r e)" >.e.hmac
ok "one of openssl's" is 0 '' h fipscheck e
printf abc >a
for options in '-z' '--tag' '-t 128' '-h sha1' '-K key' '-u'; do
    # shellcheck disable=SC2086
    h fipshmac $options a
    # shellcheck disable=SC2086
    ok "fipshmac and fipscheck $options" is 0 '' h fipscheck $options a
done
for options in '-z --tag' '--tag' '-z'; do
    # shellcheck disable=SC2086
    h fipshmac $options $'new\nline'
    # shellcheck disable=SC2086
    ok "a name of two lines, fipshmac $options" is 0 '' h fipscheck $options $'new\nline'
done
h fipshmac e
cp .e.hmac before
rm e
ok 'fipshmac of what is not there fails' is 1 '' h fipshmac e
ok 'and leaves its HMAC file' cmp .e.hmac before
: >e
ok 'nowhere to write is an error' is 1 '' h fipshmac -d nowhere e
ok 'nor is nothing a directory' is 1 '' h fipshmac -d '' e
ok 'and the rest is done' is 1 '' h fipshmac nope a
mv .a.hmac elsewhere && ln -s elsewhere .a.hmac
ok 'through a symbolic link' is 0 '' h fipshmac a
ok 'which stays one' test -L .a.hmac
ok 'to what was written' is 0 '' h fipscheck a
# replaced-device: what is no regular file is written to, and stays
mkfifo collector
ln -sf collector .a.hmac
timeout 10 cat collector >collected &
ok 'to a FIFO' is 0 '' h fipshmac a
wait $!
ok 'which stays one' test -p collector
ok 'and has what was written' is 0 '3ef0268e42d438231befa0c1458b8d912f0ac604961dce3ef1e519725eb1bb43' cat collected
rm .a.hmac
# lost-owner, broken-hard-link
echo old >.a.hmac
ln .a.hmac second-name
chmod 640 .a.hmac
owner=$(stat -c %u:%g .a.hmac)
[ "$(id -u)" != 0 ] || { owner=1:1 && chown 1:1 .a.hmac; }
ok 'over a file with two names' is 0 '' h fipshmac a
ok 'which has both still' cmp .a.hmac second-name
ok 'and what was written' is 0 '' h fipscheck a
rm second-name
ok 'over one with one name' is 0 '' h fipshmac -h sha1 a
ok 'and what was written' is 0 '' h fipscheck -h sha1 a
ok 'owner and permissions stay' is 0 "$owner 640" stat -c '%u:%g %a' .a.hmac
ok 'no other file is left' is 0 '' find . -name '.*-[0-9]*'
done_testing
