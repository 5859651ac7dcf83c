#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-programs.sh - TAP: kcapi-enc, kcapi-dgst and kcapi-rng beside Debian's: the same output and exit status
# over a grid of options; and what they do better, each by the name of what went wrong
#
# After test-tools.sh, which runs with these programs, too, against openssl.
#
# needs: exec reference openssl
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
. c-tests/lib/tap.sh

root=$PWD
theirs=$(realpath "$(c-tests/harness/reference)/../bin")
ours=$(realpath "${KCAPI_BUILD:-build}")/stage/usr/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit
umask 022

key=000102030405060708090a0b0c0d0e0f
iv=$key
unhex() { perl -e 'print pack "H*", shift' "$1"; }
unhex $key >key16
unhex $key$key >key32
unhex $key$key$key$key >key64
unhex $key${key:0:4} >key18
printf secret >password
: >empty
head -c 100001 /dev/zero | openssl enc -aes-128-ctr -K $key -iv $iv >text
for size in 1 10 15 16 17 32 100 1000 61440 65536 65537 100001; do
    head -c $size text >$size
done
printf 0123456789 >ten

# tool DIRECTORY NAME ARG...: 3 to 7 are keys and a password
tool() { "$1/$2" "${@:3}" 3<key16 4<key32 5<password 6<key64 7<key18; }
# run DIRECTORY WHERE-TO NAME ARG...: standard output, the file out and the exit status
run() {
    local status=0
    rm -f out
    tool "$1" "${@:3}" >"$2.stdout" 2>"$2.stderr" || status=$?
    # What is left in an output file after a failure differs: here nothing.
    { cat "$2.stdout"; [ $status != 0 ] || [ ! -e out ] || cat out; echo "status $status"; } >"$2" 2>&1
}
# both NAME ARG... : the same of both
both() {
    run "$theirs" c "$@" <"${stdin:-empty}"
    run "$ours" rust "$@" <"${stdin:-empty}"
    cmp c rust || { (tail -n 1 c && tail -n 1 rust && cat rust.stderr) | tr -d '\0' && false; }
}
# is STATUS COMMAND... : ours, with this status; standard error in rust.stderr
is() {
    local status=0
    "${@:2}" >rust.stdout 2>rust.stderr || status=$?
    [ "$status" = "$1" ] || { echo "status $status, not $1" && cat rust.stderr && false; }
}
our() { tool "$ours" "$@"; }
# Since 1.5.0 only.
key_len=
[[ $("$theirs/kcapi-enc" --help 2>&1) != *key-len* ]] || key_len=1
says() { grep -qe "$1" rust.stderr || { cat rust.stderr && false; }; }

# A kernel is slow where it is User-Mode Linux: fewer sizes, the other engine has them all.
sizes=(0 1 15 16 17 100 1000 100001) digest_sizes=(0 1 1000 61440 100001) aead_sizes=(10 16 17 1000)
[ "${KCAPI_ENGINE:-}" != kernel ] || sizes=(0 17 100001) digest_sizes=(0 61440) aead_sizes=(10 1000)
# --- kcapi-enc: ciphers by standard input and output
for mode in cbc ctr ecb; do
    for size in "${sizes[@]}"; do
        [ $size != 0 ] || cp empty 0
        stdin=$size
        ok "$mode(aes), $size bytes" both kcapi-enc -q -c "$mode(aes)" --iv $iv --keyfd 3
        for direction in -e -d; do
            [ $size != 0 ] || continue
            ok "files, $direction" both kcapi-enc -q $direction -c "$mode(aes)" --iv $iv --keyfd 3 -i $size -o out --nounpad
        done
    done
done
stdin=1000
for options in '--iv 00' '--iv 0' '--iv 123' "--iv ${iv}0011" '' '--iv 00 --iv 11' "--iv $iv -e -d" "--iv $iv -d -e" \
    "--iv $iv --key-len 16" '--ccm-nonce 00112233445566 --iv 00'; do
    # shellcheck disable=SC2086
    [[ -z $key_len && $options = *key-len* ]] || ok "cbc(aes) $options" both kcapi-enc -q -c 'cbc(aes)' --keyfd 3 $options
done
for fd in 3 4 6 7; do
    ok "the key of --keyfd $fd" both kcapi-enc -q -c 'cbc(aes)' --iv $iv --keyfd $fd
    [ -z "$key_len" ] || ok 'with --key-len 64' both kcapi-enc -q -c 'xts(aes)' --iv $iv --keyfd $fd --key-len 64
done
stdin=16
for secret in '-p secret' '--passwd=secret' '--passwdfd 5' '--passwd other --passwdfd 5' '--passwdfd 5 --keyfd 3'; do
    for pbkdf in '--pbkdfiter 1000' '--pbkdfiter 1' '--pbkdfiter 1000 --pbkdfmac hmac(sha512)' '--pbkdfiter 1000 --key-len 16'; do
        # shellcheck disable=SC2086
        [[ -z $key_len && $pbkdf = *key-len* ]] || ok "$secret $pbkdf" both kcapi-enc -q -c 'ctr(aes)' --iv $iv -s 0011 $secret $pbkdf
    done
done
ok 'an odd salt' both kcapi-enc -q -c 'ctr(aes)' --iv $iv -s 123 -p secret --pbkdfiter 1000
ok 'abbreviations' both kcapi-enc -q --ci 'ctr(aes)' --iv $iv --pbkdfi 1000 --sa 123 --passwd secret
stdin=17
ok 'unaligned ciphertext' both kcapi-enc -q -d -c 'cbc(aes)' --iv $iv --keyfd 3
# Padding, file to file.
for size in 1 10 15 17 1000 65537; do
    our kcapi-enc -q -c 'cbc(aes)' --iv $iv --keyfd 3 -i $size -o padded
    ok "padding of $size bytes goes" is 0 our kcapi-enc -q -d -c 'cbc(aes)' --iv $iv --keyfd 3 -i padded -o back
    ok 'completely' cmp back $size
done

# --- AEADs
gcm=(-c 'gcm(aes)' --iv 000102030405060708090a0b --aad 0a0b0c --keyfd 3)
ccm=(-c 'ccm(aes)' --ccm-nonce 10111213141516 --aad 0001020304050607 --keyfd 3)
for size in "${aead_sizes[@]}"; do
    stdin=$size
    ok "gcm(aes), $size bytes" both kcapi-enc -q "${gcm[@]}" --taglen 16
    ok "ccm(aes)" both kcapi-enc -q "${ccm[@]}" --taglen 4
    tag=$(our kcapi-enc -q "${gcm[@]}" --taglen 16 <$size | tail -c 16 | od -An -tx1 | tr -d ' \n')
    our kcapi-enc -q "${gcm[@]}" --taglen 16 <$size | tail -c +4 | head -c -16 >sealed
    stdin=sealed
    ok 'back' both kcapi-enc -q -d "${gcm[@]}" --tag "$tag"
    ok 'from a file' both kcapi-enc -q -d "${gcm[@]}" --tag "$tag" -i sealed
    ok 'a wrong tag' both kcapi-enc -q -d "${gcm[@]}" --tag "${tag%00}ff"
done
ok 'the known answer' cmp <(our kcapi-enc -q "${gcm[@]}" --taglen 16 <ten) \
    <(unhex 0a0b0ca35d95fd522ec16373eb658b339d36367e1b43e920758e76a568)
ok "CCM's" cmp <(our kcapi-enc -q "${ccm[@]}" --taglen 4 <ten) <(unhex 00010203040506079a5f0f61a1dcc770de3a254ccee2)

# --- What is wrong
stdin=ten
for wrong in "-c cbc(aes)" "-c cbc(aes) --iv $iv" "--iv $iv --keyfd 3" "--unknown" "-c nonsense --iv 00 --keyfd 3" \
    "-c cbc(aes) --iv $iv --keyfd 7" "-c cbc(aes) --iv $iv --keyfd 3 -i nope" \
    "-c cbc(aes) --iv $iv --keyfd 3 -i ten -o nowhere/out" "-c ccm(aes) --ccm-nonce 00 --aad 00 --taglen 4 --keyfd 3" \
    "-c gcm(aes) --iv 00 --aad 00 --keyfd 3" "-c gcm(aes) --iv 00 --aad 00 --taglen 0 --keyfd 3" \
    "-d -c gcm(aes) --iv 00 --aad 00 --keyfd 3" "-d -c gcm(aes) --iv 00 --aad 00 --taglen 16 --keyfd 3" \
    "-c gcm(aes) --iv 00 --aad 00 --tag 00112233445566778899aabbccddeeff --keyfd 3" \
    "-c gcm(aes) --iv 00 --aad 00 --taglen 3 --keyfd 3" "-c gcm(aes) --iv 00 --aad 00 --taglen 17 --keyfd 3" \
    "-c cbc(aes) --iv $iv -p secret -s 00 --pbkdfiter 1000 --pbkdfmac sha1"; do
    # shellcheck disable=SC2086
    ok "as the C program: $wrong" both kcapi-enc -q $wrong
done

# --- kcapi-dgst
for size in "${digest_sizes[@]}"; do
    stdin=$size
    for digest in sha1 sha256 sha512 sha3-256; do
        ok "$digest, $size bytes" both kcapi-dgst -q -c $digest
        ok 'in digits' both kcapi-dgst -q -c $digest --hex
        [ $size = 0 ] || ok 'to a file' both kcapi-dgst -q -c $digest --hex -i $size -o out
    done
    ok 'hmac(sha256)' both kcapi-dgst -q -c 'hmac(sha256)' --hex --keyfd 3
    ok 'with a password' both kcapi-dgst -q -c 'hmac(sha256)' --hex -p secret -s 0011 --pbkdfiter 1000
    ok 'cmac(aes)' both kcapi-dgst -q -c 'cmac(aes)' --keyfd 3
done
stdin=ten
for wrong in '-c nonsense' '' '-c sha256 -i nope' '-c sha256 -i ten -o nowhere/out' '-c cmac(aes) --keyfd 7'; do
    # shellcheck disable=SC2086
    ok "as the C program: $wrong" both kcapi-dgst -q $wrong
done

# --- kcapi-rng
for count in 1 8 128 129 4096 100000; do
    ok "kcapi-rng: $count bytes" test "$(our kcapi-rng -q -b $count </dev/null | wc -c)" = $count
    ok 'in digits' test "$(our kcapi-rng -q --hex -b $count </dev/null | grep -oE '[0-9a-f]*' | tr -d '\n' | wc -c)" = $((2 * count))
done
for wrong in '' '-b 0' '-b x' '-b 8 -n nonsense'; do
    # shellcheck disable=SC2086
    ok "as the C program: $wrong" both kcapi-rng -q $wrong
done

# --- Better
AEAD=("${gcm[@]}" --taglen 16)
# big-aead-to-stdout, big-aead-from-stdin, big-aead-file: wrong ciphertext, waits forever
head -c 3000000 /dev/zero | openssl enc -aes-128-ctr -K $key -iv $iv >big
for size in 61437 61441 100001 3000000; do
    head -c $size big >message
    ok "an AEAD of $size bytes by files" is 0 env -u KCAPI_ENGINE timeout 60 "$ours/kcapi-enc" -q "${AEAD[@]}" -i message -o sealed 3<key16
    ok 'by standard input and output, the same' cmp sealed <(env -u KCAPI_ENGINE timeout 60 "$ours/kcapi-enc" -q "${AEAD[@]}" <message 3<key16)
    ok 'which is CTR' cmp <(tail -c +4 sealed | head -c -16) \
        <(openssl enc -aes-128-ctr -K $key -iv 000102030405060708090a0b00000002 -in message)
    tag=$(tail -c 16 sealed | od -An -v -tx1 | tr -d ' \n')
    tail -c +4 sealed | head -c -16 >body
    ok 'and comes back' cmp <({ unhex 0a0b0c; cat message; }) \
        <(env -u KCAPI_ENGINE "$ours/kcapi-enc" -q -d "${gcm[@]}" --tag "$tag" -i body 3<key16)
done
ok '-v says who does it' grep -qE 'by the engine (kernel|user)' <(env -u KCAPI_ENGINE "$ours/kcapi-enc" -v "${AEAD[@]}" -i big 2>&1 >/dev/null 3<key16)
# plaintext-before-tag
cp 1000 before
head -c 100000 body >sealed
mv sealed body
cp 1000 out
ok 'a wrong tag' is 182 our kcapi-enc -d "${gcm[@]}" --tag 00112233445566778899aabbccddeeff -i body -o out
ok 'says so' says 'the tag is wrong'
ok 'and leaves the output as it was' cmp out before
ok 'and nothing else' test -z "$(find . -name '.out*')"
cp body same
ok 'in place, too' is 182 our kcapi-enc -q -d "${gcm[@]}" --tag 00112233445566778899aabbccddeeff -i same -o same
ok 'the ciphertext is there still' cmp body same
ok 'to standard output nothing comes' test -z "$(our kcapi-enc -q -d "${gcm[@]}" --tag 0011 <body)"
ok 'an empty message with any tag' is 182 our kcapi-enc -q -d "${gcm[@]}" --tag 00112233445566778899aabbccddeeff <empty
# interrupted-output
mkfifo slow
signals=(TERM HUP INT QUIT PIPE ALRM USR1 USR2 XCPU VTALRM PROF ABRT IO PWR SYS SEGV RTMIN)
[ "${KCAPI_ENGINE:-}" != kernel ] || signals=(TERM QUIT)
for signal in "${signals[@]}"; do
    # A shell that is no terminal's has its children ignore some of them. There is no core dump of a plaintext.
    (ulimit -c 0 && exec env --default-signal "$ours/kcapi-enc" -q -d -c 'ctr(aes)' --iv $iv --keyfd 3 -i slow -o out 3<key16) &
    exec 9>slow
    cat big >&9
    for _ in {1..100}; do
        [ -n "$(find . -name '.out*')" ] && break
        sleep 0.05
    done
    ok 'an incomplete output is beside its name' test -n "$(find . -name '.out*')"
    kill -$signal $!
    wait $! 2>/dev/null
    ok "$signal ends it" test $? = $((128 + $(kill -l $signal)))
    exec 9>&-
    ok 'and takes it away' test -z "$(find . -name '.out*')"
done
ok 'an output over the limit of a file is an error' is 251 eval '(ulimit -f 100 && our kcapi-enc -q -c "ctr(aes)" --iv $iv --keyfd 3 -i big -o out)'
ok 'and nothing is left' test -z "$(find . -name '.out*')"
# unwritable-directory, lost-owner, broken-hard-link, dangling-link, unlinked-output: a file that cannot be replaced is
# written to, when all is known
to() { our kcapi-enc -q -d "${gcm[@]}" --tag "$good_tag" -i good -o "$@"; }
wrongly_to() { our kcapi-enc -q -d "${gcm[@]}" --tag 00112233445566778899aabbccddeeff -i good -o "$@"; }
our kcapi-enc -q "${AEAD[@]}" -i 1000 | tail -c +4 >good
good_tag=$(tail -c 16 good | od -An -tx1 | tr -d ' \n')
truncate -s -16 good
{ unhex 0a0b0c; cat 1000; } >right
in_place() { # in_place NAME FILE COMMAND... : COMMAND runs what writes to FILE, which is longer
    local old
    cat 100001 >"$2"
    ok "$1: a failure" is 182 "${@:3}" wrongly_to "$2"
    ok 'leaves the file as it was' cmp "$2" 100001
    old=$(stat -L -c '%i %u:%g %a' "$2")
    ok 'success' is 0 "${@:3}" to "$2"
    ok 'is the new content' cmp "$2" right
    ok 'of the same file' test "$(stat -L -c '%i %u:%g %a' "$2")" = "$old"
}
# In case of root, without what root may do.
without_rights() { (
    our() { env setpriv --bounding-set=-all --inh-caps=-all "$ours/$1" "${@:2}" 3<key16; }
    "$@"
); }
mkdir closed
: >closed/out
chmod 666 closed/out
chmod 555 closed
in_place 'a directory that cannot be written to' closed/out without_rights
chmod 755 closed
: >first
ln first second
in_place 'a file with two names' first eval
ok 'has both still' cmp second right
# shared-descriptor: the file got another inode, and what the caller wrote there was lost
dgst() { our kcapi-dgst -q -c sha256 --hex -i 10 -o "$1"; }
digest=$(our kcapi-dgst -q -c sha256 --hex -i 10)
(echo before && dgst /dev/stdout && echo after) >out
ok 'a digest between what others write' cmp out <(echo before && echo "${digest}after")
(echo before >&2 && dgst /dev/stderr && echo after >&2) 2>out
ok 'on standard error, too' cmp out <(echo before && echo "${digest}after")
echo before >out
exec 9>>out
dgst /dev/fd/9
echo after >&9
exec 9>&-
ok 'on a descriptor that appends' cmp out <(echo before && echo "${digest}after")
: >out
exec 9>out
dgst /dev/fd/9
ok "on another one's file" cmp out <(printf %s "$digest")
ok 'which stays that file' test "$(stat -L -c %i out)" = "$(stat -L -c %i /dev/fd/9)"
exec 9>&-
# both-lost: an output that is written over its input lost both
if command -v strace >/dev/null && strace -o strace.out true 2>/dev/null; then
    # over INJECTION : the input is its output, and has another name
    over() {
        cat big >first
        strace -o strace.out -e "inject=$1" "$ours/kcapi-enc" -c 'ctr(aes)' --iv $iv --keyfd 3 -i first -o first 3<key16
    }
    our kcapi-enc -q -c 'ctr(aes)' --iv $iv --keyfd 3 -i big -o right-too
    ok 'an error' is 251 over ftruncate:error=EIO
    kept=$(sed -n 's/.*all of it is in //p' rust.stderr)
    ok 'says where all of it is' cmp "$kept" right-too
    rm -f "$kept"
    ok 'a signal' is 143 over fallocate:signal=TERM
    ok 'comes when all is written' cmp second right-too
    cat right >first
fi
# The file system of User-Mode Linux has neither such paths nor files without a name.
if [ "${KCAPI_ENGINE:-}" != kernel ]; then
    deep=$(printf '%0250d/' {1..16})
    mkdir -p "$deep"
    deep=$deep$(printf '%078d' 0)
    in_place 'a path as long as there are' "$deep" eval
    : >gone
    exec 9<>gone
    rm gone
    in_place 'a file without a name' /dev/fd/9 eval
    ln -s /proc/self/fd/1 stdout
    ok 'by a link to standard output' is 0 eval 'our kcapi-enc -q -c "ctr(aes)" --iv $iv --keyfd 3 -i 10 -o stdout >/dev/fd/9'
    exec 9>&-
    ok 'which stays one' test -L stdout
fi
mkdir far
ln -s far/nothing nowhere
ln -s nowhere dangling
ok 'a link to nothing' is 0 to dangling
ok 'is followed' cmp far/nothing right
ok 'and stays' test "$(readlink dangling)" = nowhere
echo old >out
chmod 640 out
owner=$(stat -c %u:%g out)
[ "$(id -u)" != 0 ] || { owner=1:1 && chown 1:1 out; }
ok 'over another file' is 0 to out
ok 'whose owner and permissions stay' test "$(stat -c '%u:%g %a' out)" = "$owner 640"
if unshare -m true 2>/dev/null; then
    : >mounted
    : >mount-point
    # shellcheck disable=SC2317
    mounted() { unshare -m bash -c 'mount --bind mounted mount-point && exec "$@"' - "$ours/kcapi-enc" "${@:2}" 3<key16; }
    in_mount() { (our() { mounted "$@"; }; to mount-point); }
    ok 'a file that is mounted' is 0 in_mount
    ok 'is written to' cmp mounted right
fi
if command -v setfacl >/dev/null && setfacl -m u:1:r out 2>/dev/null; then
    ok 'a file with an access control list' is 0 to out
    ok 'keeps it' grep -q '^user:[^:]' <(getfacl out 2>/dev/null)
fi
rm -f out
ok 'no other file is left' test -z "$(find . -name '.*-[0-9]*')"
# endless-append: the output would be input again
head -c 262144 big >message
for cipher in 'ctr(aes)' 'chacha20'; do
    for way in '-i grows >>grows' '<grows >>grows'; do
        cat message >grows
        ok "$cipher: $way" is 234 eval "ulimit -f 10000; timeout 10 '$ours/kcapi-enc' -q -c '$cipher' --iv 00 --keyfd 4 4<key32 $way"
        ok 'changes nothing' cmp grows message
    done
    for way in '-i grows -o grows' '-i grows 1<>grows'; do
        cat 100001 >grows
        ok "$cipher: $way" is 0 eval "our kcapi-enc -q -c '$cipher' --iv 00 --keyfd 4 $way"
        ok 'is the result' cmp grows <(our kcapi-enc -q -c "$cipher" --iv 00 --keyfd 4 -i 100001)
    done
done
cat 1000 >grows
ok 'a message in memory is read before' is 0 eval 'our kcapi-enc -q "${AEAD[@]}" -i grows >>grows'
# executable-output
(umask 077 && our kcapi-enc -q -c 'ctr(aes)' --iv $iv --keyfd 3 -i ten -o private)
our kcapi-enc -q -c 'ctr(aes)' --iv $iv --keyfd 3 -i ten -o cipher
our kcapi-enc -q -d -c 'ctr(aes)' --iv $iv --keyfd 3 -i cipher -o plain
ok 'nobody reads or runs what nobody should' test "$(stat -c %a private cipher plain | paste -sd ' ')" = '600 644 600'
# empty-input-leaves-output
echo old >out
ok 'empty input gives empty output' is 0 our kcapi-enc -q -c 'ctr(aes)' --iv $iv --keyfd 3 -i empty -o out
ok 'in place of the old one' test ! -s out
# chunked-xts
for size in 65536 65552 131072; do
    head -c $size big >message
    ok "xts(aes), $size bytes" is 0 our kcapi-enc -q -c 'xts(aes)' --iv $iv --keyfd 6 --key-len 64 -i message -o out
    ok 'is one message' cmp out <(our kcapi-enc -q -c 'xts(aes)' --iv $iv --keyfd 6 --key-len 64 <message)
    ok 'and comes back' cmp message <(our kcapi-enc -q -d -c 'xts(aes)' --iv $iv --keyfd 6 --key-len 64 <out)
done
# A counter in the IV goes on from piece to piece.
for size in 0 65535 65536 65537 3000000; do
    head -c $size big >message
    ok "chacha20, $size bytes" is 0 our kcapi-enc -q -c chacha20 --iv ffffffff0000000102030405060708 --keyfd 4 -i message -o out
    ok "is openssl's" cmp <(head -c 64 out) <(head -c 64 message | openssl enc -chacha20 -K $key$key -iv ffffffff000000010203040506070800)
    ok 'is one message' cmp <(tail -c +65 out) \
        <(tail -c +65 message | openssl enc -chacha20 -K $key$key -iv 00000000000000010203040506070800)
    ok 'and comes back' cmp message <(our kcapi-enc -q -d -c chacha20 --iv ffffffff0000000102030405060708 --keyfd 4 <out)
done
# message-over-int-max
truncate -s 2200M huge
for cipher in "-c xts(aes) --iv $iv --keyfd 4" "${AEAD[*]}"; do
    # shellcheck disable=SC2086
    ok "2200 MiB for $cipher" is 166 timeout 10 "$ours/kcapi-enc" $cipher -i huge -o out 3<key16 4<key32
    ok 'says so' says 'huge: Message too long'
done
rm huge
ok 'pieces have a length' is 1 our kcapi-enc -c 'xts(aes)' --iv $iv --keyfd 4 --pieces 4294967296 -i 1000
head -c 131072 big >message
head -c 32 big >key32b
xts() { "$ours/kcapi-enc" -q -c 'xts(aes)' --iv $iv --keyfd 6 "$@" 6<key32b; }
"$theirs/kcapi-enc" -q -c 'xts(aes)' --iv $iv --keyfd 6 <message >sealed 6<key32b
ok 'what the C program wrote in pieces of 61440' cmp message <(xts -d --pieces 61440 <sealed)
# File to file it is the C library that cuts.
{ head -c 65536 message | xts; tail -c +65537 message | xts; } >sealed
ok 'or of 65536' cmp message <(xts -d --pieces 65536 -i sealed)
ok 'the other way, too' cmp sealed <(xts --pieces 65536 -i message)
# xts-begun-anew
head -c 131072 /dev/zero >message
xts -i message -o sealed
ok 'a long message begins as one of pieces' cmp <(head -c 65536 sealed) <(head -c 65536 message | xts)
ok 'and does not begin anew' test "$(head -c 65552 sealed | tail -c 16 | xxd -p)" != "$(head -c 16 sealed | xxd -p)"
ok 'it comes back' cmp message <(xts -d <sealed)
# padding-in-the-midst
cbc() { "$ours/kcapi-enc" -q -c 'cbc(aes)' --iv $iv --keyfd 6 "$@" 6<key16; }
for size in 0 1 31 32 33 64 100; do
    head -c $size big >message
    cbc --pieces 32 --pkcs7 <message >sealed
    ok "$size bytes in padded pieces" test "$(stat -c %s sealed)" = $((size / 16 * 16 + 16))
    ok 'come back' cmp message <(cbc -d --pieces 32 --pkcs7 <sealed)
done
ok 'without a last block there is no padding' is 234 our kcapi-enc -q -d --pkcs7 -c 'cbc(aes)' --iv $iv --keyfd 3 -i empty
# one-key-stream: pieces of a stream cipher were all encrypted with the same
for cipher in 'ctr(aes)' 'rfc3686(ctr(aes))' chacha20; do
    ok "pieces of $cipher" is 234 our kcapi-enc -q -c "$cipher" --iv 00 --keyfd 4 --key-len 32 --pieces 64 -i 1000
done
ok 'a long piece takes the memory of the message' is 0 eval 'ulimit -v 1500000; our kcapi-enc -q -c "cbc(aes)" --iv $iv --keyfd 3 --pieces 2147483632 -i 1000'
ok 'a tag that is too long' is 234 our kcapi-enc -q -d -c 'gcm(aes)' --aad 00 --keyfd 3 --tag "$(printf %0600d 0)" -i 1000
ok 'pieces of less than blocks' is 234 our kcapi-enc -c 'cbc(aes)' --iv $iv --keyfd 3 --pieces 40 -i 1000
ok 'are told' says 'pieces: 40 bytes are no multiple of the block size, 16 bytes'
# guessed-padding
printf '0123456789abcde\1' >ends-like-padding
ok '--pkcs7' is 0 our kcapi-enc -q --pkcs7 -c 'cbc(aes)' --iv $iv --keyfd 3 -i ends-like-padding -o out
ok "is openssl's" cmp out <(openssl enc -aes-128-cbc -K $key -iv $iv -in ends-like-padding)
ok 'and comes back' is 0 our kcapi-enc -q -d --pkcs7 -c 'cbc(aes)' --iv $iv --keyfd 3 -i out -o back
ok 'whole' cmp back ends-like-padding
ok 'by standard input, too' cmp back <(our kcapi-enc -q -d --pkcs7 -c 'cbc(aes)' --iv $iv --keyfd 3 <out)
our kcapi-enc -c 'cbc(aes)' --iv $iv --keyfd 3 -i ends-like-padding -o out 2>rust.stderr
ok 'without it there is a warning' says 'ends like padding'
ok '--pkcs7 of what has none' is 234 our kcapi-enc -q -d --pkcs7 -c 'cbc(aes)' --iv $iv --keyfd 4 -i out -o back
# swallowed-errors, wrong-numbers, endless-waits
for command in "kcapi-enc -c ctr(aes) --iv $iv --keyfd 3" 'kcapi-dgst -c sha256' 'kcapi-rng -b 8'; do
    # shellcheck disable=SC2086
    ok "${command%% *}: a full disk" is 251 eval "our $(printf '%q ' $command) <ten >/dev/full"
    ok 'is told' says 'No space left'
    # shellcheck disable=SC2086
    ok '--help' is 0 our ${command%% *} --help
    ok 'on standard output' test -s rust.stdout
    ok 'which may be full' is 1 eval "our ${command%% *} --help >/dev/full"
    ok 'and that is told' says 'No space left'
    # shellcheck disable=SC2086
    ok '--version' is 0 our ${command%% *} --version
    ok 'is the library' test "$(cat rust.stdout rust.stderr)" = 'Version libkcapi 1.5.1'
    # shellcheck disable=SC2086
    ok 'an operand is an error' is 1 our $command operand
    [ "${command%% *}" != kcapi-rng ] || continue
    # shellcheck disable=SC2086
    ok 'a directory as standard input' is 251 eval "our $(printf '%q ' $command) <."
    # shellcheck disable=SC2086
    ok '/proc has files, too' test "$(our $command -i /proc/version | wc -c)" -gt 0
done
ok 'the digest of /proc/version' test "$(our kcapi-dgst -c sha256 --hex -i /proc/version)" = "$(sha256sum </proc/version | cut -c1-64)"
for wrong in '--iv zz' '--iv 00 --keyfd abc' '--iv 00 --keyfd 3 --key-len 4294967312' '--iv 00 --keyfd 3 --key-len 8x' \
    '--iv 00 -p secret --pbkdfiter x' '--iv 00 -p secret -s 0g'; do
    # shellcheck disable=SC2086
    ok "strict: $wrong" is 1 our kcapi-enc -c 'ctr(aes)' $wrong <ten
done
ok 'a descriptor that is not open' is 247 our kcapi-enc -c 'ctr(aes)' --iv 00 --keyfd 99
ok 'for kcapi-dgst' is 247 our kcapi-dgst -c 'hmac(sha256)' --keyfd 99
# input-as-key: the first file that a program opens gets the number of the descriptor that is not open
for secret in --keyfd --passwdfd; do
    ok "the input is not what $secret reads" is 247 our kcapi-enc -c 'ctr(aes)' --iv 00 $secret 8 -i ten -o unmade 8<&-
    ok 'and there is no output' test ! -e unmade
    ok 'nor for kcapi-dgst' is 247 our kcapi-dgst --hex -c 'hmac(sha256)' $secret 8 -i ten -o unmade 8<&-
    ok 'and no digest' test ! -e unmade
done
ok 'no IV is told' grep -q 'no IV' <(our kcapi-enc -c 'ctr(aes)' --keyfd 3 <ten 2>&1 >/dev/null)
our kcapi-enc -vvv -c 'ctr(aes)' --iv 00 -p secret -s 00 --pbkdfiter 1000 <ten >told 2>&1
our kcapi-enc -vvv -c 'ctr(aes)' --iv 00 --keyfd 3 <ten >>told 2>&1
derived=$(openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:secret -kdfopt hexsalt:00 -kdfopt iter:1000 PBKDF2)
# shellcheck disable=SC2016
ok 'secrets are never told' bash -c '! grep -ai -e secret -e "$1" -e "$2" told' - "$key" "$(tr -d ': \n' <<<"$derived")"
# superseded-secrets: in the list of processes nobody sees a password that another option replaces, either
hidden() {
    local line
    line=$(tr '\0' ' ' <"/proc/$1/cmdline")
    [[ $line = *xxxxxxx* && $line != *visible* ]] || { echo "$line" && false; }
}
for replaced in '-p visible2' '--keyfd 3' '--passwdfd 5'; do
    for command in 'kcapi-enc -c ctr(aes) --iv 00' 'kcapi-dgst -c hmac(sha256)'; do
        # shellcheck disable=SC2086
        "$ours/"$command -q -p visible1 $replaced -s 00 --pbkdfiter 1 -i slow >out 2>&1 3<key16 5<password &
        for _ in {1..50}; do hidden $! >/dev/null && break || sleep 0.02; done
        ok "${command%% *} -p ... $replaced" hidden $!
        : >slow
        wait $!
    done
done
# long-password, cut-hmac-key, key-in-two-writes
head -c 200 text | od -An -v -tx1 | tr -d ' \n' >long
ok 'a long password by descriptor is the same by option' cmp \
    <(our kcapi-enc -q -c 'ctr(aes)' --iv $iv -s 00 --pbkdfiter 10 --passwdfd 8 <ten 8<long) \
    <(our kcapi-enc -q -c 'ctr(aes)' --iv $iv -s 00 --pbkdfiter 10 -p "$(<long)" <ten)
ok 'a key of 64 bytes counts as a whole' test "$(our kcapi-dgst -q -c 'hmac(sha256)' --hex --keyfd 6 <ten)" = \
    "$(openssl dgst -sha256 -mac hmac -macopt hexkey:$key$key$key$key -r ten | cut -d ' ' -f 1)"
ok 'a key in two writes' cmp <(our kcapi-enc -q -c 'ctr(aes)' --iv $iv --keyfd 8 <ten 8< <(head -c 8 key16; sleep 0.1; tail -c 8 key16)) \
    <(our kcapi-enc -q -c 'ctr(aes)' --iv $iv --keyfd 3 <ten)
for cipher in "-c ctr(aes) --iv $iv" "-c gcm(aes) --iv 00 --aad 00 --taglen 16" "-c cts(cbc(aes)) --iv $iv"; do
    # shellcheck disable=SC2086
    ok "key and message by standard input: $cipher" cmp <(cat key32 1000 | our kcapi-enc -q $cipher --keyfd 0) \
        <(our kcapi-enc -q $cipher --keyfd 4 <1000)
done
ok 'for kcapi-dgst, too' test "$(cat key32 1000 | our kcapi-dgst -q -c 'hmac(sha256)' --hex --keyfd 0)" = \
    "$(our kcapi-dgst -q -c 'hmac(sha256)' --hex --keyfd 4 <1000)"
# key-by-another-number: it is on standard input as well, and the message behind it
mac="$(our kcapi-dgst -q -c 'hmac(sha256)' --hex --keyfd 4 <1000)"
for input in '' '-i -' '-i /dev/fd/0' '-i /dev/fd/8'; do
    for fd in 0 00 8; do
        # shellcheck disable=SC2086
        ok "kcapi-dgst --keyfd $fd $input" test \
            "$(cat key32 1000 | our kcapi-dgst -q -c 'hmac(sha256)' --hex --keyfd $fd $input 8<&0)" = "$mac"
    done
done
# A file that is opened twice is not shared.
ok 'a key and a message in one file' test "$(our kcapi-dgst -q -c 'hmac(sha256)' --hex --keyfd 8 8<1000 <1000)" = \
    "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(xxd -p -c 1000 1000)" -r 1000 | cut -d ' ' -f 1)"
# all-is-password: a password goes to the end of its descriptor, where no message is left
for command in 'kcapi-enc -c ctr(aes) --iv 00' 'kcapi-dgst -c hmac(sha256)'; do
    for fd in 0 00 8; do
        for input in '' '-i -' '-i /dev/fd/0' '-i /dev/fd/8'; do
            # shellcheck disable=SC2086
            ok "${command%% *} --passwdfd $fd $input" is 1 eval "cat password ten | our $(printf '%q ' $command) --passwdfd $fd $input 8<&0"
            ok 'says so' says 'passwdfd'
        done
        # shellcheck disable=SC2086
        ok 'and a message elsewhere' is 0 eval "our $(printf '%q ' $command) -s 00 --pbkdfiter 1 --passwdfd $fd -i ten <password 8<&0"
    done
done
# open-pipe-on-stdin
ok 'kcapi-rng does not wait for a seed' is 0 eval 'timeout 10 "$ours/kcapi-rng" -b 8 < <(sleep 20)'
# swallowed-stdin
printf '1\n2\n3\n' >lines
ok "kcapi-rng leaves its caller's standard input" test \
    "$(while read -r line; do our kcapi-rng -b 1 --hex >/dev/null && echo "$line"; done <lines)" = "$(<lines)"
ok 'and takes a seed from there if that is wanted' test \
    "$(while read -r line; do our kcapi-rng -b 1 --hex --seed - >/dev/null && echo "$line"; done <lines)" = 1
ok '--seed reads a file' is 0 our kcapi-rng -b 8 --seed text
ok 'which must be there' is 251 our kcapi-rng -b 8 --seed nope

# --- kcapi-speed
ok 'kcapi-speed' grep -qE '^cbc\(aes\) .*\|e\| +256 bytes\| *[0-9]+\.[0-9]{2} MB/s\|[0-9]+ ops/s$' <("$ours/kcapi-speed" -t 0 -c 'cbc(aes)' -b 16)
ok '-r' grep -qE '^sha512,h,64,[0-9]+,[0-9]+$' <("$ours/kcapi-speed" -t 0 -r -c sha512)
ok '--aio' grep -qE '^gcm\(aes\) .*\|e\| +64 bytes\|' <("$ours/kcapi-speed" --time 0 --aio 8 --blocks 4 --cipher gcm)
ok 'not too much at once' is 1 our kcapi-speed -t 0 -o 1000000 -b 1000 -c 'cbc(aes)'
ok '-l' grep -qE '^skcipher \| cbc\(aes\)' <("$ours/kcapi-speed" -l)
ok 'an unknown one' is 254 our kcapi-speed -c nonsense
cd "$root" || exit
done_testing
