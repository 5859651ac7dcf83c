#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# TAP: the programs of examples/ compile as they say and do what they say; openssl agrees with the
# results. They run on the engine in user space; with --kernel on a kernel with AF_ALG.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

[ "${1:-}" != --kernel ] || exec c-tests/harness/with-kernel bash "$0" kernel
export KCAPI_ENGINE=${1:-user}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. c-tests/lib/tap.sh

build=$(realpath --relative-to=. "${BUILD:-build}")
export LD_LIBRARY_PATH=$PWD/$build/stage/usr/lib
export PKG_CONFIG_SYSROOT_DIR=$build/stage PKG_CONFIG_LIBDIR=$build/stage/usr/lib/pkgconfig
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
read -ra flags < <(pkg-config --cflags --libs libkcapi)

for source in examples/*.c; do
    name=$(basename "$source" .c)
    ok "$source compiles" "${CC:-cc}" -Wall -Wextra -Werror -o "$work/$name" "$source" "${flags[@]}"
    ok 'and says how' grep -qF "cc $name.c \$(pkg-config --cflags --libs libkcapi)" "$source"
done

head -c 32 /dev/urandom >"$work/key"
hexkey=$(od -An -v -tx1 "$work/key" | tr -d ' \n')
# Two calls of 1 MiB and a piece that is not whole.
head -c 2100001 /dev/urandom >"$work/long"
head -c 1000 /dev/urandom >"$work/short"
: >"$work/empty"

# decrypt SUFFIX < IV || ciphertext: by openssl; SUFFIX is what the IV lacks of 16 bytes, in hexadecimal.
decrypt() {
    local suffix=${1:-} iv
    iv=$(dd bs=1 count=$((16 - ${#suffix} / 2)) status=none | od -An -v -tx1 | tr -d ' \n')
    openssl enc -d -aes-256-ctr -K "$hexkey" -iv "$iv$suffix"
}

for file in long short empty; do
    ok "encrypt-file-aio: $file" bash -c '"$0/encrypt-file-aio" "$0/key" <"$0/$1" >"$0/$1.aio"' "$work" $file
    ok 'openssl decrypts it' cmp <(decrypt <"$work/$file.aio") "$work/$file"
done

ok 'many-streams' "$work/many-streams" "$work/key" "$work"/{long,short,empty}
for file in long short empty; do
    ok "openssl decrypts $file" cmp <(decrypt <"$work/$file.ctr") "$work/$file"
done

aead() { "$work/aead-in-place" "$1" "$work/key" "$2" <"$3" >"$4"; }
ok 'aead-in-place seals' aead seal 'to whom' "$work/short" "$work/sealed"
ok 'and opens' aead open 'to whom' "$work/sealed" "$work/opened"
ok 'what was sealed' cmp "$work/opened" "$work/short"
# GCM encrypts in CTR mode, from the counter 2 on.
ok 'openssl decrypts it' cmp <(head -c -16 "$work/sealed" | decrypt 00000002) "$work/short"
ok 'not with other AAD' bash -c '! "$0/aead-in-place" open "$0/key" "to wham" <"$0/sealed" >"$0/refused"' "$work"
ok 'and gives nothing then' test ! -s "$work/refused"
ok 'an empty message, no AAD' aead seal '' "$work/empty" "$work/sealed"
ok 'opens' aead open '' "$work/sealed" "$work/opened"
ok 'and is empty' test ! -s "$work/opened"

for file in long empty; do
    wanted=$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hexkey" "$work/$file" | sed 's/.* //')
    ok "hmac-file: $file, as openssl's" test "$("$work/hmac-file" "$work/key" <"$work/$file")" = "$wanted"
done

"${CC:-cc}" -Wall -Wextra -Werror -o "$work/evp" c-tests/host/evp.c -ldl
hex() { od -An -v -tx1 | tr -d ' \n'; }

# from_to IN OUT COMMAND...
from_to() { "${@:3}" <"$1" >"$2"; }
# sector FILE SIZE NUMBER
sector() { dd if="$1" bs="$2" skip="$3" count=1 status=none; }
head -c 64 /dev/urandom >"$work/key64"
# Two calls, the second of which is not full.
head -c $((100 * 4096)) /dev/urandom >"$work/image"
for size in 512 4096; do
    ok "sectors of $size bytes" from_to "$work/image" "$work/image.xts" "$work/sectors" encrypt "$work/key64" $size
    for number in 0 1 63 64 99; do
        iv=$(printf '%02x' $number)000000000000000000000000000000
        ok "sector $number, as openssl's" cmp <(sector "$work/image.xts" $size $number) \
            <(sector "$work/image" $size $number | "$work/evp" AES-256-XTS "$(hex <"$work/key64")" "$iv")
    done
    ok 'and back' cmp <("$work/sectors" decrypt "$work/key64" $size <"$work/image.xts") "$work/image"
done
ok 'half a sector is refused' bash -c '! head -c 700 "$1" | "$0/sectors" encrypt "$0/key64" 512 2>"$0/said"' \
    "$work" "$work/image"

head -c 36 /dev/urandom >"$work/key36"
# 148 packets: three calls, the last packet shorter.
head -c 210000 /dev/urandom >"$work/payloads"
ok 'packets' from_to "$work/payloads" "$work/wire" "$work/packets" seal "$work/key36"
for number in 0 63 64 147; do
    sector "$work/wire" 1452 $number >"$work/packet"
    sector "$work/payloads" 1420 $number >"$work/payload"
    nonce=$(tail -c 4 "$work/key36" | hex)$(head -c 16 "$work/packet" | tail -c 8 | hex)
    ok "packet $number, as openssl's" cmp <(tail -c +17 "$work/packet") \
        <("$work/evp" AES-256-GCM "$(head -c 32 "$work/key36" | hex)" "$nonce" "$(head -c 8 "$work/packet" | hex)" <"$work/payload")
done
ok 'and back' cmp <("$work/packets" open "$work/key36" <"$work/wire") "$work/payloads"
printf x | dd of="$work/wire" bs=1 seek=$((70 * 1452 + 500)) conv=notrunc status=none
ok 'a forged one is reported' grep -qx 'packets: a forged packet: Bad message' \
    <("$work/packets" open "$work/key36" <"$work/wire" 2>&1 >"$work/opened")
ok 'and the others are right' cmp "$work/opened" \
    <(head -c $((70 * 1420)) "$work/payloads"; tail -c +$((71 * 1420 + 1)) "$work/payloads")

# Keyrings may be forbidden here; and the kernel's engine takes keys by serial numbers since Linux 6.2.
keyring() { "$work/keyring" "$1" "$work/key" <"$work/short"; }
linux=$(uname -r | awk -F. '{ print $1 * 1000 + $2 }')
wanted=$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hexkey" "$work/short" | sed 's/.* //')
if grep -q 'the key: ' <(keyring user 2>&1); then
    echo '# no keyrings here'
elif [ "$KCAPI_ENGINE" = user ]; then
    ok "keyring: a user key, as openssl's" test "$(keyring user)" = "$wanted"
    ok 'and no logon key' grep -q 'not supported' <(keyring logon 2>&1)
elif [ "$linux" -lt 6002 ]; then
    ok 'keyring: this kernel takes no serial numbers' grep -q 'not supported' <(keyring user 2>&1)
else
    ok "keyring: a user key, as openssl's" test "$(keyring user)" = "$wanted"
    ok "a logon key, as openssl's" test "$(keyring logon)" = "$wanted"
fi

kdf() { openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt salt:pepper "$@" | tr -d : | tr A-F a-f; }
derived=$(echo secret | "$work/derive-keys" pepper 5000)
ok 'derive-keys' test "$(head -n 1 <<<"$derived")" = 'iterations 5000'
master=$(kdf -kdfopt pass:secret -kdfopt iter:5000 PBKDF2)
for purpose in encryption authentication; do
    wanted="$purpose $(kdf -kdfopt "hexkey:$master" -kdfopt "info:$purpose" HKDF)"
    ok "the key for $purpose, as openssl's" grep -qx "$wanted" <<<"$derived"
done
openssl genrsa -out "$work/rsa.pem" 2048 2>/dev/null
openssl rsa -in "$work/rsa.pem" -RSAPublicKey_out -outform DER -out "$work/rsa.der" 2>/dev/null
openssl dgst -sha256 -sign "$work/rsa.pem" -out "$work/signature" "$work/long"
verdict() { "$work/verify-signature" "$work/rsa.der" "$1" <"$2"; }
if [ "$KCAPI_ENGINE" != kernel ]; then
    ok "verify-signature: openssl's signature" test "$(verdict "$work/signature" "$work/long")" = right
    ok 'of another file' test "$(verdict "$work/signature" "$work/short")" = wrong
    head -c 256 /dev/urandom >"$work/forged"
    printf '\0' | dd of="$work/forged" conv=notrunc status=none
    ok 'a forged one' test "$(verdict "$work/forged" "$work/long")" = wrong
    ok 'what is none' bash -c '! "$0/verify-signature" "$0/rsa.der" "$0/short" <"$0/long"' "$work"
fi

ok 'derive-keys measures the iterations' grep -qE '^iterations [0-9]{5,}$' <(echo secret | "$work/derive-keys" pepper)

agreement() { "$work/key-agreement" "$@"; }
# Of a kernel without the patches for key agreement there is nothing to see.
if [ "$KCAPI_ENGINE" = user ]; then
    for party in alice bob; do
        ok 'key-agreement: a new key' bash -c '"$0/key-agreement" new "$0/$1" >"$0/$1.public"' "$work" $party
        ok 'which only its owner may read' test "$(stat -c %a "$work/$party")" = 600
    done
    ok 'no key is overwritten' bash -c '! "$0/key-agreement" new "$0/bob" >"$0/refused"' "$work"
    agreed=$(agreement with "$work/alice" "$work/bob.public")
    ok 'both have the same' test "$agreed" = "$(agreement with "$work/bob" "$work/alice.public")"
    # RFC 8410: what is before the 32 bytes of a key in DER.
    (printf '\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x6e\x04\x22\x04\x20' && cat "$work/alice") >"$work/alice.der"
    (printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00' && cat "$work/bob.public") >"$work/bob.der"
    hex() { od -An -v -tx1 "$@" | tr -d ' \n'; }
    secret=$(openssl pkeyutl -derive -keyform DER -inkey "$work/alice.der" -peerform DER -peerkey "$work/bob.der" | hex)
    both=$(printf '%s\n' "$(hex "$work/alice.public")" "$(hex "$work/bob.public")" | LC_ALL=C sort | tr -d '\n')
    wanted=$(openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt "hexkey:$secret" -kdfopt "hexinfo:$both" HKDF | tr -d : | tr A-F a-f)
    ok 'and openssl has it, too' test "$agreed" = "$wanted"
    head -c 32 /dev/zero >"$work/zeros"
    ok 'what is no public key is refused' bash -c '! "$0/key-agreement" with "$0/bob" "$0/zeros" >"$0/refused"' "$work"
fi

engines() { "$1" 'cbc(aes)' 'no(such)' || [ $? = 1 ]; }
ok 'which-engine' diff <(engines "$work/which-engine") - <<END
libkcapi 1.5.1
cbc(aes): $KCAPI_ENGINE
no(such): none: No such file or directory
END
if [ -z "${KCAPI_OFFLINE:-}" ]; then
    reference=$(c-tests/harness/reference)
    ok "which-engine compiles with the C library's header" "${CC:-cc}" -Wall -Wextra -Werror \
        -o "$work/with-c" examples/which-engine.c "-I$reference/../include" "-L$reference" -lkcapi
    ok 'and runs here' diff <(engines "$work/with-c") <(engines "$work/which-engine")
    # On a kernel without AF_ALG it has no cipher there; that it runs is what counts.
    ok 'and on the C library' grep -q '^libkcapi 1\.4\.' \
        <(LD_LIBRARY_PATH=$reference engines "$work/with-c" 2>&1)
fi
done_testing
