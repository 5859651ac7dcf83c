#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-tools.sh - TAP: Debian's kcapi-enc, kcapi-dgst and kcapi-rng, unchanged, on this library,
# against openssl
#
# `openssl enc` has no AEAD, so what GCM and CCM should give is put together from what openssl has:
# AES-CTR for the data, and for the tag GMAC and some arithmetic (GCM, SP 800-38D) or AES-CBC
# (CCM, SP 800-38C).
#
# What the tools themselves get wrong, on the C library as well, and is left out here:
#   - -d with -i, -o and padding reads a page that is mapped for writing only: SIGSEGV on
#     User-Mode Linux; so --nounpad
#   - an AEAD with a file of one byte by -i: SIGSEGV; by stdin it works
#   - an AEAD by stdin is no longer one message from about 60 KiB on; by -i it is
#   - without --aad, an AEAD is looked for among the skciphers
#
#   KCAPI_LONG=1     messages of more lengths
#   KCAPI_TOOLS=DIR  other programs of these names: ours, once Debian's are done
#
# needs: exec reference openssl
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=c-tests/lib/tap.sh
. c-tests/lib/tap.sh

tools=$(realpath "${KCAPI_TOOLS:-$(c-tests/harness/reference)/../bin}")
library=$(realpath "${KCAPI_BUILD:-build}")/stage/usr/lib
key128=000102030405060708090a0b0c0d0e0f
key256=${key128}101112131415161718191a1b1c1d1e1f
iv=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff
aad=00112233445566778899aabbccddeeff01020304
sizes=(1 17 1000 65537)
[ -z "${KCAPI_LONG:-}" ] || sizes=(1 15 16 17 1000 65536 65537 200000)
MiB5=$((5 << 20)) over_1MiB=$(((1 << 20) + 3))
EBADMSG=$((256 - 74)) EMSGSIZE=$((256 - 90)) # as exit statuses

unhex() { perl -e 'print pack "H*", shift' "$1"; }
# tool NAME ARG...: its descriptors 3, 4 and 5 are two keys and a password
tool() { "$tools/$1" "${@:2}" 3<"$work/key128" 4<"$work/key256" 5<"$work/password"; }
same() { cmp "$work/$1" "$work/$2"; }
# fails STATUS COMMAND...
fails() {
    local status=0
    "${@:2}" || status=$?
    [ "$status" = "$1" ] || { echo "status $status, not $1" && false; }
}

password='correct horse'
printf %s "$password" >"$work/password"
unhex $key128 >"$work/key128"
unhex $key256 >"$work/key256"
head -c $((MiB5 + 3)) /dev/zero | openssl enc -aes-256-ctr -K $key256 -iv $iv -out "$work/text"
for size in 0 "${sizes[@]}" $over_1MiB $MiB5 $((MiB5 + 3)); do
    head -c "$size" "$work/text" >"$work/$size"
done

for name in kcapi-enc kcapi-dgst kcapi-rng; do
    ok "$name runs on this library" grep -F "=> $library/libkcapi.so.1 " <(ldd "$tools/$name")
done

# What a block cipher gives for full blocks only, openssl is to leave alone as well.
padding() { [ $(($1 % 16)) != 0 ] || echo -nopad; }

# enc_both_ways MODE SIZE, with the tool by files, and by stdin and stdout: what it wrote is what
# openssl writes, and it reads that.
enc_both_ways() {
    local tool=(tool kcapi-enc -q -c "$1(aes)" --iv "$iv" --keyfd 3)
    local openssl=(openssl enc "-aes-128-$1" -K "$key128" -iv "$iv")
    rm -f "$work"/{c,d}
    # shellcheck disable=SC2046
    "${openssl[@]}" $(padding "$2") -in "$work/$2" -out "$work/openssl" &&
        "${openssl[@]}" -d -nopad -in "$work/openssl" -out "$work/padded" || return
    if [ "$3" = files ]; then
        "${tool[@]}" -e -i "$work/$2" -o "$work/c" && same c openssl &&
            "${tool[@]}" -d --nounpad -i "$work/openssl" -o "$work/d" && same d padded
    else
        "${tool[@]}" -e <"$work/$2" >"$work/c" && same c openssl &&
            "${tool[@]}" -d <"$work/openssl" >"$work/d" && same d padded
    fi
}
for mode in cbc ctr; do
    for size in "${sizes[@]}" $MiB5 $((MiB5 + 3)); do
        ok "$mode(aes), $size bytes: kcapi-enc and openssl enc, both ways" \
            enc_both_ways $mode "$size" files
    done
    for size in 17 65537 $((MiB5 + 3)); do
        ok "$mode(aes), $size bytes by stdin and stdout" enc_both_ways $mode "$size" stdin
    done
done

# aead.pl MODE KEY NONCE AAD TAGLEN PLAINTEXT: prints the tag in hex, and writes beside PLAINTEXT
#   openssl      AAD || ciphertext || tag, which is what kcapi-enc writes when it encrypts,
#   ciphertext   which is what it takes to decrypt,
#   padded       AAD || plaintext, which is what it writes then
cat >"$work/aead.pl" <<'PERL'
use strict;
my ($mode, $key, $nonce, $aad, $tag_len, $plaintext) = @ARGV;
my ($bits, $dir) = (4 * length $key, $plaintext =~ s![^/]*$!!r);
my ($n, $a) = map { pack "H*", $_ } $nonce, $aad;
sub padded { $_[0] . "\0" x (-length($_[0]) % 16) }
sub put {
    open my $file, ">:raw", $dir . shift or die;
    print $file @_;
    close $file or die;
}
sub openssl { # openssl INPUT ARG...: its output
    put "scratch", shift;
    open my $pipe, "-|:raw", "openssl", shift, "-in", "${dir}scratch", @_ or die;
    local $/;
    my $output = <$pipe>;
    close $pipe or die "openssl: @_";
    return $output;
}
sub aes { # aes MODE IV INPUT
    openssl($_[2], "enc", "-aes-$bits-$_[0]", "-nopad", "-K", $key, $_[1] ? ("-iv", $_[1]) : ());
}
sub product { # in GF(2^128), SP 800-38D section 6.3
    my ($x, $v, $z) = (unpack("B128", $_[0]), $_[1], "\0" x 16);
    for my $bit (split //, $x) {
        $z ^= $v if $bit;
        my $v_bits = unpack "B128", $v;
        $v = pack "B128", "0" . substr $v_bits, 0, 127;
        $v ^= "\xe1" . "\0" x 15 if $v_bits =~ /1$/;
    }
    return $z;
}
open my $file, "<:raw", $plaintext or die;
my $p = do { local $/; <$file> };
my ($c, $tag);
if ($mode eq "gcm") {
    $c = aes("ctr", $nonce . "00000002", $p);
    my ($h, $first) = unpack "a16 a16", aes("ecb", "", "\0" x 16 . $n . pack("N", 1));
    # GMAC of all that GHASH takes hashes one block too many, its length: that is undone.
    my $hashed = padded($a) . padded($c) . pack("Q> Q>", 8 * length $a, 8 * length $c);
    my $gmac = pack "H*", openssl($hashed, "mac", "-cipher", "AES-$bits-GCM",
        "-macopt", "hexkey:$key", "-macopt", "hexiv:$nonce", "GMAC") =~ s/\s//gr;
    my ($inverse, $square) = (pack("B128", 1), $h); # h to the power of 2^128 - 2
    $inverse = product($inverse, $square = product($square, $square)) for 1 .. 127;
    $tag = product($gmac ^ $first, $inverse) ^ pack("Q> Q>", 8 * length $hashed, 0) ^ $first;
} else {
    my $q = 15 - length $n;
    my $length = substr pack("Q> Q>", 0, length $p), -$q;
    my $counter = pack("C", $q - 1) . $n;
    my $b0 = pack("C", 64 + 4 * ($tag_len - 2) + $q - 1) . $n . $length;
    my $mac = substr aes("cbc", "00" x 16,
        $b0 . padded(pack("n", length $a) . $a) . padded($p)), -16;
    # The first block of the stream belongs to the tag.
    my $stream = aes("ctr", unpack("H*", $counter . "\0" x $q), "\0" x 16 . $p);
    $tag = $mac ^ substr $stream, 0, 16;
    $c = substr $stream, 16;
}
$tag = substr $tag, 0, $tag_len;
put "openssl", $a, $c, $tag;
put "ciphertext", $c;
put "padded", $a, $p;
print unpack "H*", $tag;
PERL
# aead_options MODE: the options of kcapi-enc, and the nonce
aead_options() {
    case $1 in
    gcm) nonce=${iv:0:24} options=(-c 'gcm(aes)' --iv "$nonce" --aad "$aad") ;;
    ccm) nonce=${iv:0:22} options=(-c 'ccm(aes)' --ccm-nonce "$nonce" --aad "$aad") ;;
    esac
}

# aead_both_ways MODE SIZE KEY TAGLEN KEY-OPTION...
aead_both_ways() {
    local input=$work/$2 nonce options=() tag
    aead_options "$1"
    options+=("${@:5}")
    rm -f "$work"/{c,d}
    tag=$(perl "$work/aead.pl" "$1" "$3" "$nonce" "$aad" "$4" "$input") || return
    if [ "$2" -lt 1000 ]; then
        tool kcapi-enc -q -e "${options[@]}" --taglen "$4" <"$input" >"$work/c" && same c openssl &&
            tool kcapi-enc -q -d "${options[@]}" --tag "$tag" <"$work/ciphertext" >"$work/d" &&
            same d padded
    else
        tool kcapi-enc -q -e "${options[@]}" --taglen "$4" -i "$input" -o "$work/c" &&
            same c openssl &&
            tool kcapi-enc -q -d "${options[@]}" --tag "$tag" -i "$work/ciphertext" -o "$work/d" &&
            same d padded
    fi
}
for mode in gcm ccm; do
    for size in "${sizes[@]}"; do
        ok "$mode(aes), $size bytes: kcapi-enc and openssl, both ways" \
            aead_both_ways $mode "$size" $key128 16 --keyfd 3
    done
    ok "$mode(aes), 256-bit key, tag of 12 bytes" aead_both_ways $mode 1000 $key256 12 --keyfd 4
done
for tag_len in 4 8; do
    ok "ccm(aes), tag of $tag_len bytes" aead_both_ways ccm 1000 $key128 $tag_len --keyfd 3
done

flip() { perl -e 'print unpack "H*", "\x01" ^ pack "H*", shift' "$1"; }
tampered() { # tampered MODE WHAT
    local nonce options=() tag
    aead_options "$1"
    tag=$(perl "$work/aead.pl" "$1" "$key128" "$nonce" "$aad" 16 "$work/1000") || return
    case $2 in
    tag) tag=$(flip "$tag") ;;
    AAD) options[5]=$(flip "$aad") ;;
    ciphertext) unhex "$(flip "$(od -An -v -tx1 "$work/ciphertext" | tr -d ' \n')")" >"$work/c" ;;
    esac
    [ "$2" = ciphertext ] || cp "$work/ciphertext" "$work/c"
    fails "$EBADMSG" tool kcapi-enc -q -d "${options[@]}" --keyfd 3 --tag "$tag" <"$work/c"
}
for mode in gcm ccm; do
    for what in tag AAD ciphertext; do
        ok "$mode(aes): a changed $what is EBADMSG" tampered $mode $what
    done
done

# The kernel takes an AEAD message as a whole or not at all, and as much as these allow. The C
# library waits forever in its sendmsg(2).
ok_or_too_long() {
    local status=0
    "$@" || status=$?
    [ "$status" = 0 ] || [ "$status" = "$EMSGSIZE" ]
}
limits=(/proc/sys/net/core/{wmem,rmem,optmem}_max)
for mode in gcm ccm; do
    ok "$mode(aes), 5 MiB: EMSGSIZE, unless it fits" \
        ok_or_too_long aead_both_ways $mode $MiB5 $key128 16 --keyfd 3
done
if grep -q 'User Mode Linux' /proc/cpuinfo; then
    mapfile -t before < <(cat "${limits[@]}")
    for limit in "${limits[@]}"; do
        echo $((32 << 20)) >"$limit"
    done
    for mode in gcm ccm; do
        # The kernel wants memory in one piece for it, the more the longer the message is.
        ok "$mode(aes), 1 MiB and 3 bytes, once net.core.*mem_max allow it" \
            aead_both_ways $mode $over_1MiB $key128 16 --keyfd 3
    done
    for i in "${!limits[@]}"; do
        echo "${before[i]}" >"${limits[i]}"
    done
fi

# openssl_key DIGEST SALT ITERATIONS: 256 bits from the password
openssl_key() {
    openssl kdf -keylen 32 -kdfopt "digest:$1" -kdfopt "pass:$password" -kdfopt "hexsalt:$2" \
        -kdfopt "iter:$3" PBKDF2 | tr -d ':\n'
}
salt8=0102030405060708
salt32=$(printf '%02x' {32..63})

password_enc() { # password_enc MODE HASH: both ways, with openssl's own use of a password
    local secret=(--passwdfd 5 -s "$salt8" --pbkdfiter 1000 --pbkdfmac "hmac($2)")
    local openssl=(enc "-aes-256-$1" -pbkdf2 -iter 1000 -md "$2" -S "$salt8"
        -pass "file:$work/password" -iv "$iv")
    rm -f "$work"/{c,d}
    openssl "${openssl[@]}" -in "$work/1000" -out "$work/openssl" &&
        openssl "${openssl[@]}" -d -nopad -in "$work/openssl" -out "$work/padded" &&
        tool kcapi-enc -q -c "$1(aes)" -e --iv $iv "${secret[@]}" -i "$work/1000" -o "$work/c" &&
        same c openssl &&
        tool kcapi-enc -q -c "$1(aes)" -d --iv $iv "${secret[@]}" --nounpad \
            -i "$work/openssl" -o "$work/d" && same d padded
}
for hash in sha256 sha512; do
    for mode in cbc ctr; do
        ok "$mode(aes) with a password, PBKDF2 with $hash: both ways" password_enc $mode $hash
    done
done
for mode in gcm ccm; do
    ok "$mode(aes) with a password, salt of 32 bytes: both ways" \
        aead_both_ways $mode 1000 "$(openssl_key SHA256 "$salt32" 1000)" 16 \
        --passwdfd 5 -s "$salt32" --pbkdfiter 1000
done

# Without --pbkdfiter and -s, kcapi-enc says on stderr what it has chosen.
chosen_by_tool() {
    local iterations salt
    tool kcapi-enc -c 'cbc(aes)' -e --iv $iv --passwdfd 5 -i "$work/1000" -o "$work/c" \
        2>"$work/said" || return
    iterations=$(sed -n 's/.*iterations used: //p' "$work/said")
    salt=$(sed -n 's/.*salt used: //p' "$work/said")
    openssl enc -aes-256-cbc -K "$(openssl_key SHA256 "$salt" "$iterations")" -iv $iv \
        -in "$work/1000" -out "$work/openssl" && same c openssl
}
ok 'kcapi-enc chooses the number of iterations and the salt' chosen_by_tool

# openssl_digests HASH KEY FILE... : one line each; KEY may be empty
openssl_digests() {
    local key=()
    [ -z "$2" ] || key=(-mac hmac -macopt "hexkey:$2")
    (cd "$work" && openssl dgst "-$1" "${key[@]}" -r "${@:3}") | cut -d ' ' -f 1
}
digests_agree() { # digests_agree HASH KEY NAME OPTION...
    local size
    for size in 0 1000 65537; do
        tool kcapi-dgst -q -c "$3" --hex -i "$work/$size" "${@:4}" && echo || return
    done >"$work/c"
    openssl_digests "$1" "$2" 0 1000 65537 >"$work/openssl" && same c openssl
}
digest_by_stdin() { # a large one, and in binary
    tool kcapi-dgst -q -c sha256 <"$work/$MiB5" -o "$work/c" &&
        unhex "$(openssl_digests sha256 '' $MiB5)" >"$work/openssl" && same c openssl
}
hashes=(sha1 sha224 sha256 sha384 sha512 sha3-224 sha3-256 sha3-384 sha3-512)
! tool kcapi-dgst -q -c sm3 </dev/null >/dev/null 2>&1 || hashes+=(sm3)
for hash in "${hashes[@]}"; do
    ok "$hash: kcapi-dgst and openssl dgst" digests_agree "$hash" '' "$hash"
    ok "hmac($hash)" digests_agree "$hash" $key256 "hmac($hash)" --keyfd 4
done
ok 'sha256, 5 MiB by stdin, to a file' digest_by_stdin
for salt in $salt8 "$salt32"; do
    ok "hmac(sha256) with a password, salt of $((${#salt} / 2)) bytes" \
        digests_agree sha256 "$(openssl_key SHA256 "$salt" 1000)" 'hmac(sha256)' \
        --passwdfd 5 -s "$salt" --pbkdfiter 1000
done

random() { # random BYTES SEED-BYTES OPTION...: so many, and others the next time
    rm -f "$work"/{c,d}
    # No pipe: kcapi-rng may end before it has read all, and a writer then dies.
    head -c "$2" "$work/text" >"$work/seed"
    tool kcapi-rng -b "$1" "${@:3}" <"$work/seed" >"$work/c" &&
        tool kcapi-rng -b "$1" "${@:3}" <"$work/seed" >"$work/d" &&
        [ "$(stat -c %s "$work/c")" = "$1" ] && [ "$(stat -c %s "$work/d")" = "$1" ] &&
        fails 1 cmp "$work/c" "$work/d"
}
for size in 8 129 4096 100000; do
    ok "kcapi-rng: $size bytes" random $size 0
done
for seed in 1 32 300; do
    ok "kcapi-rng: 16 bytes, with $seed bytes of seed by stdin" random 16 $seed
done
ok 'kcapi-rng -n stdrng' random 40 48 -n stdrng
ok 'kcapi-rng --hex' grep -qxE '[0-9a-f]{66}' <(tool kcapi-rng -b 33 --hex </dev/null)
for wrong in 'kcapi-rng -b 16 -n' 'kcapi-dgst -c' 'kcapi-enc --iv 00 --keyfd 3 -c'; do
    # shellcheck disable=SC2086
    ok "${wrong%% *} fails with ENOENT for an unknown algorithm" \
        fails $((256 - 2)) tool $wrong nonsense </dev/null
done
# Ours read and write what they do. On one engine: which it is, test-programs.sh looks after.
if [ -z "${KCAPI_TOOLS:-}" ] && [ "${KCAPI_ENGINE:-}" = user ]; then
    ok 'our programs, all of the same' env KCAPI_TOOLS="$library/../bin" c-tests/programs/test-tools.sh
fi
done_testing
