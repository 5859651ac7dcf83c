/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * algorithms.h - every algorithm of the engine in user space, with every length of key
 *
 * Most lists are those of the engine's own tables: `cargo test` compares them. The others are examples of
 * what adiantum, essiv, authenc and krb5enc are made of. Which mode goes with which cipher, and which
 * lengths a key may have, the library itself tells, by taking it. Of the kernel's algorithms only those
 * with AES and SHA-256 are taken: the library hands all on, and a kernel that lacks one takes its time
 * to look for it.
 */
#ifndef ALGORITHMS_H
#define ALGORITHMS_H

#include "authenc.h"
#include "fill.h"

static const char *const modes[] = {
    "ecb(%s)", "cbc(%s)", "pcbc(%s)", "cts(cbc(%s))", "ctr(%s)", "xctr(%s)", "rfc3686(ctr(%s))",
    "cfb(%s)", "ofb(%s)", "xts(%s)", "lrw(%s)", "hctr2(%s)", "kw(%s)",
};
static const char *const block_ciphers[] = {
    "aes", "sm4", "aria", "des", "des3_ede", "blowfish", "camellia", "cast5", "cast6", "serpent",
    "twofish", "cipher_null",
};
static const char *const stream_ciphers[] = { "chacha20", "xchacha20", "xchacha12" };
static const char *const aead_modes[] = {
    "gcm(%s)", "ccm(%s)", "rfc4106(gcm(%s))", "rfc4309(ccm(%s))", "rfc4543(gcm(%s))",
};
static const char *const aeads[] = {
    "rfc7539(chacha20,poly1305)", "rfc7539esp(chacha20,poly1305)", "aegis128",
};
static const char *const authenc_hashes[] = {
    "sha1", "md5", "sha224", "sha256", "sha384", "sha512", "sha3-256", "blake2s-256",
};
static const char *const krb5encs[] = { "krb5enc(hmac(sha1),cts(cbc(%s)))" };
static const char *const digests[] = {
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3-224", "sha3-256", "sha3-384",
    "sha3-512", "sm3", "blake2b-160", "blake2b-256", "blake2b-384", "blake2b-512", "blake2s-128",
    "blake2s-160", "blake2s-224", "blake2s-256", "md4", "rmd160", "streebog256", "streebog512",
    "wp512", "wp384", "wp256",
};
static const char *const macs[] = { "cmac(%s)", "xcbc(%s)", "cbcmac(%s)" };
static const char *const checksums[] = { "crc32c", "crc32", "digest_null", "xxhash64" };
static const char *const adiantums[] = { "adiantum(xchacha12,%s)", "adiantum(xchacha20,%s)" };
static const char *const essivs[] = { "sha256", "sm3", "blake2s-128" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The longest key that is tried: an HMAC's of one byte more than the longest block. */
enum { KEYLEN_MAX = 160, AUTH_KEY = 20 };

struct family {
    int (*init)(struct kcapi_handle **, const char *, uint32_t);
    int (*setkey)(struct kcapi_handle *, const uint8_t *, uint32_t);
};

static const struct family ciphers = { kcapi_cipher_init, kcapi_cipher_setkey };
static const struct family sealing = { kcapi_aead_init, kcapi_aead_setkey };
static const struct family hashes = { kcapi_md_init, kcapi_md_setkey };

struct algorithm {
    const struct family *family;
    const char *name;
    /* Without a key too. */
    bool keyless;
    bool takes[KEYLEN_MAX + 1];
    unsigned lengths;
};

/* What is no key in the key: authenc's and krb5enc's are two behind a header that says how long the second is. */
static inline void put_key_head(const struct algorithm *a, uint8_t *key, uint32_t len)
{
    uint32_t second = len < 8 + AUTH_KEY ? 0 : len - 8 - AUTH_KEY;

    if (is_authenc(a->name))
        put_authenc_head(key, second);
}

static bool few_algorithms;

static inline bool is_left_out(const char *part)
{
    return few_algorithms && strcmp(part, "aes") != 0 && strcmp(part, "sha256") != 0;
}

typedef void visitor(const struct algorithm *);

/* What gets those of authenc. */
static visitor *visit_sealing;

static inline void visit_algorithm(visitor *visit, const struct family *family, const char *name)
{
    struct algorithm a = { .family = family, .name = name };
    uint8_t key[KEYLEN_MAX] = { 0 };
    struct kcapi_handle *handle = NULL;

    if (family->init(&handle, name, 0))
        return;
    a.keyless = family == &hashes && kcapi_md_digest(handle, key, 1, key, 64) > 0;
    for (uint32_t len = 0; len <= KEYLEN_MAX; len++) {
        fill(key, len, len);
        put_key_head(&a, key, len);
        a.takes[len] = family->setkey(handle, key, len) == 0;
        a.lengths += a.takes[len];
    }
    kcapi_cipher_destroy(handle);
    visit(&a);
}

/* `inner` in the place that `format` has for it. */
static inline void visit_nested(visitor *visit, const struct family *family, const char *format,
                                const char *inner)
{
    char name[64];

    snprintf(name, sizeof(name), format, inner);
    visit_algorithm(visit, family, name);
}

/* The cipher with one HMAC, cbc(aes) with each. */
static inline void visit_authenc(const struct algorithm *cipher)
{
    char name[128];

    for (size_t i = 0; i < COUNT(authenc_hashes); i++) {
        if ((i > 0 || few_algorithms) && strcmp(cipher->name, "cbc(aes)") != 0)
            continue;
        snprintf(name, sizeof(name), "authenc(hmac(%s),%s)", authenc_hashes[i], cipher->name);
        visit_algorithm(visit_sealing, &sealing, name);
    }
}

static inline void each_block_cipher(visitor *visit, const struct family *family,
                                     const char *format)
{
    for (size_t i = 0; i < COUNT(block_ciphers); i++)
        if (!is_left_out(block_ciphers[i]))
            visit_nested(visit, family, format, block_ciphers[i]);
}

/* Each symmetric cipher. */
static inline void each_cipher(visitor *visit)
{
    for (size_t i = 0; i < COUNT(modes); i++)
        each_block_cipher(visit, &ciphers, modes[i]);
    for (size_t i = 0; i < COUNT(stream_ciphers); i++)
        visit_algorithm(visit, &ciphers, stream_ciphers[i]);
    for (size_t i = 0; i < COUNT(adiantums); i++)
        each_block_cipher(visit, &ciphers, adiantums[i]);
    for (size_t i = 0; i < COUNT(essivs); i++)
        if (!is_left_out(essivs[i]))
            visit_nested(visit, &ciphers, "essiv(cbc(aes),%s)", essivs[i]);
}

/* Gives each algorithm that there is to `visit`. */
static inline void each_algorithm(visitor *visit)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", (const uint8_t[16]){ 1 }, 16, 0);

    few_algorithms = strcmp(kcapi_handle_engine(handle), "kernel") == 0;
    kcapi_cipher_destroy(handle);
    each_cipher(visit);
    for (size_t i = 0; i < COUNT(aead_modes); i++)
        each_block_cipher(visit, &sealing, aead_modes[i]);
    for (size_t i = 0; i < COUNT(aeads); i++)
        visit_algorithm(visit, &sealing, aeads[i]);
    visit_algorithm(visit, &sealing, "essiv(authenc(hmac(sha1),cbc(aes)),sha256)");
    for (size_t i = 0; i < COUNT(krb5encs); i++)
        each_block_cipher(visit, &sealing, krb5encs[i]);
    visit_sealing = visit;
    each_cipher(visit_authenc);
    for (size_t i = 0; i < COUNT(digests); i++) {
        if (is_left_out(digests[i]))
            continue;
        visit_algorithm(visit, &hashes, digests[i]);
        visit_nested(visit, &hashes, "hmac(%s)", digests[i]);
    }
    for (size_t i = 0; i < COUNT(macs); i++)
        each_block_cipher(visit, &hashes, macs[i]);
    for (size_t i = 0; i < COUNT(checksums); i++)
        visit_algorithm(visit, &hashes, checksums[i]);
    visit_algorithm(visit, &hashes, "michael_mic");
}

#endif
