#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-kcapi-app.sh - TAP: every option of the test application kcapi, with known answers
#
# It runs what is staged, under DIR/stage where KCAPI_BUILD names DIR (default: build).
#
# needs: exec
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kcapi=${KCAPI_BUILD:-$here/../../build}/stage/usr/bin/kcapi
messages=$(mktemp)
trap 'rm -f "$messages"' EXIT
tests=0 failed=0

if [ ! -x "$kcapi" ]; then
    echo "Bail out!  no program $kcapi"
    exit 1
fi

# ok NAME COMMAND... : the test holds when COMMAND does
ok() {
    local name=$1 verdict=ok
    shift
    tests=$((tests + 1))
    "$@" || { verdict='not ok' && failed=$((failed + 1)); }
    printf '%s %d - %s\n' "$verdict" "$tests" "$name"
    [ "$verdict" = ok ] ||
        printf '# status %s, stdout "%.400s", stderr "%.400s"\n' "$status" "$out" "$err" >&2
}

# run ARG... : sets status, out and err
run() {
    status=0
    out=$(timeout 20 "$kcapi" "$@" 2>"$messages") || status=$?
    err=$(<"$messages")
}

said() { [ "$status" = "$1" ] && [ "$out" = "$2" ]; }

# gives NAME RESULT ARG... : kcapi ARG... prints RESULT, nothing else, and succeeds
gives() {
    local name=$1 result=$2
    shift 2
    run "$@"
    ok "$name" said 0 "$result"
}

complained() { [ "$status" = "$1" ] && [ -z "$out" ] && [[ $err == *"$2"* ]]; }

# refuses STATUS MESSAGE ARG... : kcapi ARG... fails with STATUS, and says MESSAGE on stderr only
refuses() {
    local want=$1 message=$2
    shift 2
    run "$@"
    ok "status $want and: $message" complained "$want" "$message"
}

lines() { printf '%s\n' "$@"; }

# SP 800-38A, F.1.1 ECB-AES128, F.2.1 CBC-AES128 and F.5.1 CTR-AES128 share the key and plaintext.
aes=(-k 2b7e151628aed2a6abf7158809cf4f3c)
plain=6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51
plain+=30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710
ecb=(-c 'ecb(aes)' "${aes[@]}")
ecb_want=3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf
ecb_want+=43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4
cbc=(-c 'cbc(aes)' "${aes[@]}" -i 000102030405060708090a0b0c0d0e0f)
cbc_want=7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2
cbc_want+=73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7
ctr=(-c 'ctr(aes)' "${aes[@]}" -i f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff)
ctr_want=874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff
ctr_want+=5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee

for how in "1" "1 -s" "1 -v" "1 -m" "1 -s -j" "1 -o" "1 -s -o" "1 -y" "9" "9 -v" "9 -m -o -y"; do
    # shellcheck disable=SC2206
    x=(-x $how)
    gives "-x $how: SP 800-38A F.1.1, encrypt" "$ecb_want" "${x[@]}" "${ecb[@]}" -e -p "$plain"
    gives "-x $how: SP 800-38A F.2.1, encrypt" "$cbc_want" "${x[@]}" "${cbc[@]}" -e -p "$plain"
    gives "-x $how: SP 800-38A F.2.2, decrypt" "$plain" "${x[@]}" "${cbc[@]}" -q "$cbc_want"
    gives "-x $how: SP 800-38A F.5.1, encrypt" "$ctr_want" "${x[@]}" "${ctr[@]}" -e -p "$plain"
    gives "-x $how: SP 800-38A F.5.1 cut at 13 bytes" "${ctr_want:0:26}" \
        "${x[@]}" "${ctr[@]}" -e -p "${plain:0:26}"
done

# Repetitions do not chain, IOVECs do: four IOVECs of a block are one message of four.
one=${plain:0:32}
gives "-x 1 -d 3: each call has the given IV" \
    "$(lines "${cbc_want:0:32}" "${cbc_want:0:32}" "${cbc_want:0:32}")" \
    -x 1 "${cbc[@]}" -e -p "$one" -d 3
gives "-x 9 -d 3 of ecb: three equal lines" "$(lines "$ecb_want" "$ecb_want" "$ecb_want")" \
    -x 9 "${ecb[@]}" -e -p "$plain" -d 3
for mode in cbc ctr; do
    declare -n cipher=$mode
    run -x 1 "${cipher[@]}" -e -p "$one" -m 64
    whole=$out
    ok "-m repeats -p ($mode)" [ "$status ${#whole}" = "0 128" ]
    gives "-x 9 -d 4 of $mode is one chain" \
        "$(lines "${whole:0:32}" "${whole:32:32}" "${whole:64:32}" "${whole:96:32}")" \
        -x 9 "${cipher[@]}" -e -p "$one" -d 4
done

# 00 01 02 ... from -m; longer than one send to the kernel takes.
run -x 1 "${ctr[@]}" -e -m 200001
long=$out
ok "-m alone: the message is 00 01 02 ... (sync)" [ "$status ${#long}" = "0 400002" ]
gives "the same by AIO" "$long" -x 9 "${ctr[@]}" -e -m 200001
gives "the same by stream calls" "$long" -x 1 -s "${ctr[@]}" -e -m 200001
gives "and its first bytes" "${long:0:32}" -x 1 "${ctr[@]}" -e -p 000102030405060708090a0b0c0d0e0f

# GCM, CAVP gcmEncryptExtIV128.rsp: [IVlen 96, PTlen 128, AADlen 128, Taglen 128], Count 0 ...
gcm=(-c 'gcm(aes)' -k c939cc13397c1d37de6ae0e1cb7c423c -i b3d8cc017cbb89b39e0f67e2)
aad=(-a 24825602bd12a984e0092d3e448eda5f)
gcm_plain=c3b3c41f113a31b73d9a5cd432103069
gcm_data=93fe7d9e9bfd10348a5606e5cafa7354
gcm_tag=0032a1dc85f1c9786925a2e71d8272dd
# ... and [IVlen 96, PTlen 0, AADlen 0, Taglen 128], Count 0.
empty=(-c 'gcm(aes)' -k 11754cd72aec309bf52f7687212e8957 -i 3c819d9a9bed087615030b65)
empty_tag=250327c674aaf477aef2675748cf6971

for how in "2" "2 -s" "2 -v" "2 -m" "2 -s -j" "2 -o" "2 -y" "10" "10 -v" "10 -m -o -y"; do
    # shellcheck disable=SC2206
    x=(-x $how)
    all=$gcm_data$gcm_tag
    gives "-x $how: CAVP GCM, encrypt" "$all" "${x[@]}" "${gcm[@]}" "${aad[@]}" -e -p "$gcm_plain"
    gives "-x $how: CAVP GCM, decrypt" "$gcm_plain" \
        "${x[@]}" "${gcm[@]}" "${aad[@]}" -q "$gcm_data" -t "$gcm_tag"
    gives "-x $how: -l 12 cuts the tag" "${all:0:56}" \
        "${x[@]}" "${gcm[@]}" "${aad[@]}" -e -p "$gcm_plain" -l 12
    gives "-x $how: a cut tag is enough" "$gcm_plain" \
        "${x[@]}" "${gcm[@]}" "${aad[@]}" -q "$gcm_data" -t "${gcm_tag:0:24}" -l 12
    gives "-x $how: -d 3, each a message of its own" "$(lines "$all" "$all" "$all")" \
        "${x[@]}" "${gcm[@]}" "${aad[@]}" -e -p "$gcm_plain" -d 3
    gives "-x $how: CAVP GCM, nothing but a tag" "$empty_tag" "${x[@]}" "${empty[@]}" -e -p ''

    run "${x[@]}" "${gcm[@]}" "${aad[@]}" -q "$gcm_data" -t "${gcm_tag/%dd/dc}"
    ok "-x $how: a wrong tag is the answer EBADMSG" said 0 EBADMSG
    run "${x[@]}" "${gcm[@]}" -a "${aad[1]/#24/25}" -q "$gcm_data" -t "$gcm_tag" -d 3
    ok "-x $how: so is wrong associated data, -d 3" said 0 EBADMSG
done

gives "-u: the AAD in front" "${aad[1]}$gcm_data$gcm_tag" \
    -x 2 "${gcm[@]}" "${aad[@]}" -e -p "$gcm_plain" -u
# RFC 3610, packet vector 1: the nonce as it is.
gives "-n: a nonce for CCM" 588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0 \
    -x 2 -c 'ccm(aes)' -k c0c1c2c3c4c5c6c7c8c9cacbcccdcecf -n 00000003020100a0a1a2a3a4a5 -e -l 8 \
    -a 0001020304050607 -p 08090a0b0c0d0e0f101112131415161718191a1b1c1d1e

# Digests and HMAC: FIPS 180-4's "abc", RFC 4231, test case 2.
sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
jefe=(-c 'hmac(sha256)' -k 4a656665 -p 7768617420646f2079612077616e7420666f72206e6f7468696e673f)
hmac=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843
for how in "3" "3 -s" "3 -v" "3 -m"; do
    # shellcheck disable=SC2206
    x=(-x $how)
    gives "-x $how: SHA-256" "$sha256" "${x[@]}" -c sha256 -p 616263
    gives "-x $how: HMAC" "$hmac" "${x[@]}" "${jefe[@]}"
    gives "-x $how -d 2: twice" "$(lines "$hmac" "$hmac")" "${x[@]}" "${jefe[@]}" -d 2
done
gives "-x 3 without -p: of nothing" da39a3ee5e6b4b0d3255bfef95601890afd80709 -x 3 -c sha1

# RFC 6070, cases 1 and 2; RFC 5869, case 1.
salt=73616c74
password=70617373776f7264
gives "-x 8: PBKDF2" 0c60c80f961f0e71f3a9b524af6012062fe037a6 \
    -x 8 -c 'hmac(sha1)' -k $password -p $salt -d 1 -b 20
gives "-x 8 -d 2: two iterations" ea6c014dc72d6f8c \
    -x 8 -c 'hmac(sha1)' -k $password -p $salt -d 2 -b 8
gives "-x 12: HKDF" 3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865 \
    -x 12 -c 'hmac(sha256)' -k 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b \
    -i 000102030405060708090a0b0c -p f0f1f2f3f4f5f6f7f8f9 -b 42
# SP 800-108: K(1) of the counter mode is PRF(1 || input); the others begin with the input's digest.
run -x 3 -c 'hmac(sha256)' -k 4a656665 -p 00000001616263
gives "-x 5: counter mode" "$out" -x 5 -c 'hmac(sha256)' -k 4a656665 -p 616263 -b 32
iv=$(printf '%064d' 0)
run -x 3 -c 'hmac(sha256)' -k 4a656665 -p "${iv}00000001616263"
gives "-x 6: feedback mode" "$out" -x 6 -c 'hmac(sha256)' -k 4a656665 -p "${iv}616263" -b 32
run -x 3 -c 'hmac(sha256)' -k 4a656665 -p 616263
run -x 3 -c 'hmac(sha256)' -k 4a656665 -p "${out}00000001616263"
gives "-x 7: double-pipeline mode" "$out" -x 7 -c 'hmac(sha256)' -k 4a656665 -p 616263 -b 32

gives "-z: this program's own known answers" '' -z
gives "-x 1 -h: random calls return" '' -x 1 -h -c 'cbc(aes)'
gives "-x 2 -h: random calls return" '' -x 2 -h -c 'gcm(aes)'
gives "-x 3 -h: random calls return" '' -x 3 -h -c 'hmac(sha256)'

# The clock.
matches() { [ "$status" = 0 ] && [[ $out =~ ^$1$ ]]; }
time_of='time: -?[0-9]+ ns for 4 operations of 16 bytes, -?[0-9]+ ns each, median of'
for x in 1 9; do
    run -x $x "${cbc[@]}" -e -m 16 -d 4 -f -r 25
    ok "-x $x -m -f -r 25: the time only" matches "$time_of 25"
    run -x $x "${ecb[@]}" -e -p "$one" -d 4 -f
    first=${ecb_want:0:32}$'\n'
    ok "-x $x -p -f: results, then the time" matches "$first$first$first$first$time_of 1"
done

# Help, and mistakes.
run -h
ok "-h succeeds" [ "$status" = 0 ]
for option in x c k i n e p q a u t l b s j v o y g d m f r z h; do
    ok "-h explains -$option" grep -qE "(^|[ ,])-${option}[ ,]" <<<"$out"
done
good=(-x 1 "${cbc[@]}" -e)
refuses 2 "option -x is missing" "${cbc[@]}" -e -p "$plain"
refuses 2 "option -c is missing" -x 1 "${aes[@]}" -e -p "$plain"
refuses 2 "option -k is missing" -x 1 -c 'ecb(aes)' -e -p "$plain"
refuses 2 "needs option -p or -m" "${good[@]}"
refuses 2 "needs option -q or -m" -x 1 "${cbc[@]}"
refuses 2 "option -q has no place in encryption" "${good[@]}" -p "$plain" -q "$plain"
refuses 2 "option -p has no place in decryption" -x 1 "${cbc[@]}" -p "$plain" -q "$plain"
refuses 2 "-p: an odd number of hex digits" "${good[@]}" -p 123
refuses 2 "-p: '1g' is not hex" "${good[@]}" -p 001g
refuses 2 "no data" "${good[@]}" -p ''
refuses 2 "-x: '15' is no number from 1 to 14" "${good[@]}" -p "$plain" -x 15
refuses 2 "option -b is missing" -x 5 -c 'hmac(sha256)' -k 00 -p 00
refuses 2 "-d: '0' is not a number" "${good[@]}" -p "$plain" -d 0
refuses 2 "-d: '2x' is not a number" "${good[@]}" -p "$plain" -d 2x
refuses 2 "-r: '0' is not a number" "${good[@]}" -p "$plain" -r 0
refuses 2 "needs an IV of 16 bytes, not 1" "${good[@]}" -p "$plain" -i 00
refuses 2 "needs an IV of 16 bytes, not 0" -x 1 -c 'cbc(aes)' "${aes[@]}" -e -p "$plain"
refuses 2 "'more' belongs to no option" "${good[@]}" -p "$plain" more
refuses 2 "unknown option" "${good[@]}" -p "$plain" -Z
refuses 1 "no asymmetric cipher rsa-nosuch" -x 4 -c rsa-nosuch -k 00 -e -p 00
refuses 1 "no key agreement nosuch" -x 13 -c nosuch -k 00 -b 16
refuses 2 "are for an AEAD" "${good[@]}" -p "$plain" -a 00
refuses 2 "two ways to say the same" -x 2 "${gcm[@]}" -n 00 -e -p 00
refuses 2 "-s cannot be combined" -x 9 "${cbc[@]}" -e -p "$plain" -s
refuses 2 "needs option -t" -x 2 "${gcm[@]}" -q "$gcm_data"
refuses 2 "option -t is for decryption" -x 2 "${gcm[@]}" -e -p "$plain" -t "$gcm_tag"
refuses 2 "-l 12, but the tag of -t has 16 bytes" \
    -x 2 "${gcm[@]}" -q "$gcm_data" -t "$gcm_tag" -l 12
refuses 2 "may have at most 65536 bytes" -x 2 -s "${gcm[@]}" -e -m 65537
refuses 1 "no cipher cbc(nonsense)" "${good[@]}" -p "$plain" -c 'cbc(nonsense)'
refuses 1 "refuses a key of 15 bytes" "${good[@]}" -p "$plain" -k "${aes[1]:2}"
refuses 1 "refuses a tag of 17 bytes" -x 2 "${gcm[@]}" -e -p "$plain" -l 17
refuses 1 "encryption failed" "${good[@]}" -p 00

echo "1..$tests"
[ "$failed" = 0 ] || echo "# $failed of $tests tests failed" >&2
[ "$failed" = 0 ]
