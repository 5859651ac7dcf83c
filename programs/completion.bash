# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# shellcheck shell=bash
# Completion for libkcapi's programs: options, digests, ciphers that the kernel knows, files.

# The names of a type in /proc/crypto.
_kcapi_algorithms() {
    awk -v type="$1" '$1 == "name" { name = $3 } $1 == "type" && $3 ~ type { print name }' /proc/crypto 2>/dev/null |
        sort -u
}

_kcapi() {
    local program=${1##*/} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
    local hashes='sha1 sha224 sha256 sha384 sha512 sm3 sha3-224 sha3-256 sha3-384 sha3-512'
    COMPREPLY=()
    case $program:$before in
    kcapi-enc:-c | kcapi-enc:--cipher)
        words="cbc(aes) ctr(aes) ecb(aes) xts(aes) gcm(aes) ccm(aes) $(_kcapi_algorithms 'skcipher|aead')"
        ;;
    kcapi-dgst:-c | kcapi-dgst:--cipher | *:--pbkdfmac)
        words="hmac(sha256) hmac(sha512) ${hashes} $(_kcapi_algorithms 'hash')"
        ;;
    kcapi-rng:-n | kcapi-rng:--name) words="stdrng jitterentropy_rng $(_kcapi_algorithms rng)" ;;
    kcapi-enc:* | kcapi-dgst:* | kcapi-rng:* | kcapi-speed:* | kcapi-info:*) ;;
    *:-n | *:--name)
        words='sha1sum sha224sum sha256sum sha384sum sha512sum md5sum sm3sum sha3sum sha1hmac sha224hmac sha256hmac
            sha384hmac sha512hmac sm3hmac fipscheck fipshmac'
        ;;
    *:-h | *:--hash) words=$hashes ;;
    esac
    if [ -z "$words" ] && [[ $word == -* ]]; then
        words=$("$1" --help 2>/dev/null | grep -oE '(^|[ ,|])--?[a-zA-Z][a-z0-9-]*' | tr -d ' ,|')
    fi
    if [ -n "$words" ]; then
        local IFS=$' \t\n' name
        for name in $words; do
            # What a shell would take apart is quoted.
            [[ $name != "$word"* ]] || COMPREPLY+=("$(printf %q "$name")")
        done
    else
        compopt -o default 2>/dev/null
    fi
}

complete -F _kcapi kcapi-hasher kcapi-enc kcapi-dgst kcapi-rng kcapi-speed kcapi-info \
    sha1hmac sha224hmac sha256hmac sha384hmac sha512hmac sm3hmac sm3sum fipscheck fipshmac
