/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* secret-uses.h - what is done with secrets: all that test-secrets.c looks behind */
#ifndef SECRET_USES_H
#define SECRET_USES_H

#include "keys.h"
#include "secrets.h"

typedef int init_function(struct kcapi_handle **, const char *, uint32_t);

struct secret_use {
    const char *name;
    const char *algorithm;
    void (*run)(const struct secret_use *);
    init_function *init;
    uint32_t keylen, tag;
};

enum { AAD = 16, KEPT = 3 };

static struct kcapi_handle *kept[KEPT];
static uint8_t *planted_in;

/* Where the search must find it; on the stack so deep that nobody writes over it. */
static inline void plant(const struct secret_use *u)
{
    uint8_t on_stack[16 * KIB];

    (void)u;
    memcpy(on_stack, c->key, KEY);
    __asm__ volatile("" : : "r"(on_stack) : "memory");
    planted_in = malloc(KEY);
    memcpy(planted_in, c->key, KEY);
}

static struct kcapi_handle *new_handle(const struct secret_use *u, uint32_t flags)
{
    struct kcapi_handle *handle = NULL;
    const uint8_t *key = is_authenc(u->algorithm) ? c->authenc : c->key;

    if (u->init(&handle, u->algorithm, flags) || kcapi_cipher_setkey(handle, key, u->keylen))
        bail_out("%s has no handle", u->algorithm);
    if (u->tag)
        kcapi_aead_settaglen(handle, u->tag);
    return handle;
}

static inline void keep_handles(const struct secret_use *u)
{
    struct secret_use cipher = { "", "cbc(aes)", NULL, kcapi_cipher_init, 16, 0 };
    struct secret_use hmac = { "", "hmac(sha256)", NULL, kcapi_md_init, 32, 0 };
    struct secret_use chacha = { "", "rfc7539(chacha20,poly1305)", NULL, kcapi_aead_init, 32, 16 };

    (void)u;
    kept[0] = new_handle(&cipher, 0);
    kept[1] = new_handle(&hmac, 0);
    kept[2] = new_handle(&chacha, 0);
}

/* One-shots of many lengths, both ways, and one in place. */
static void encrypt_message(const struct secret_use *u)
{
    static const size_t lengths[] = { 16, 32, 64, 128, 192, 256, 512, 1024, 4096, 65536, 200000 };
    struct kcapi_handle *handle = new_handle(u, 0);

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        kcapi_cipher_encrypt(handle, c->plain, lengths[i], c->iv, c->sealed, lengths[i], 0);
        kcapi_cipher_decrypt(handle, c->sealed, lengths[i], c->iv, c->out, lengths[i], 0);
        kcapi_cipher_encrypt(handle, c->out, lengths[i], NULL, c->out, lengths[i], 0);
    }
    kcapi_cipher_destroy(handle);
}

static void in_one_call(const struct secret_use *u)
{
    (void)u;
    kcapi_cipher_enc_aes_cbc(c->key, 16, c->plain, 256, c->iv, c->out, 256);
    kcapi_cipher_dec_aes_ctr(c->key, 32, c->plain, 256, c->iv, c->out, 256);
    kcapi_cipher_enc_sm4_cbc(c->key, 16, c->plain, 256, c->iv, c->out, 256);
}

/* The last bytes stay in the stream. */
static void stream(const struct secret_use *u)
{
    struct kcapi_handle *handle = new_handle(u, 0);
    struct iovec in = { c->plain, 4096 }, more = { c->plain + 4096, 100000 };
    struct iovec out = { c->out, 50000 };

    kcapi_cipher_stream_init_enc(handle, c->iv, &in, 1);
    kcapi_cipher_stream_update(handle, &more, 1);
    kcapi_cipher_stream_op(handle, &out, 1);
    kcapi_cipher_stream_update_last(handle, &in, 1);
    kcapi_cipher_destroy(handle);
}

/* Apart, shifted over one another, scattered, and enough to be shared out among threads. */
static void batch(const struct secret_use *u)
{
    ssize_t (*const aio)(struct kcapi_handle *, struct iovec *, struct iovec *, size_t,
                         const uint8_t *, int) =
        u->tag ? kcapi_aead_encrypt_aio : kcapi_cipher_encrypt_aio;

    for (uint32_t flags = 0; flags < 2; flags++) {
        struct kcapi_handle *handle = new_handle(u, flags), *second = reinit(handle, flags);
        struct iovec in[32], out[32];

        kcapi_aead_setassoclen(handle, u->tag ? AAD : 0);
        for (size_t i = 0; i < 32; i++) {
            in[i] = (struct iovec){ c->plain + 4096 * i, 4096 };
            out[i] = (struct iovec){ c->out + 4200 * i, 4096 + u->tag };
        }
        aio(handle, in, out, 32, c->iv, 0);
        for (size_t i = 0; i < 32; i++)
            out[i].iov_base = c->plain + 4096 * i + 64;
        aio(second, in, out, 32, c->iv, 0);
        fill_caller(c);
        for (size_t i = 0; i < 5; i++) {
            in[i] = (struct iovec){ c->plain, PLAIN - 4096 };
            out[i] = (struct iovec){ c->out + PLAIN * i, PLAIN - 4096 + u->tag };
        }
        aio(handle, in, out, 5, c->iv, 0);
        kcapi_cipher_destroy(handle);
        kcapi_cipher_destroy(second);
    }
}

/* Requests of two handles, short ones and some that are shared out among threads; in place, too. */
static void requests(const struct secret_use *u)
{
    enum { MESSAGES = 32, LARGE = 5 };
    struct kcapi_handle *handle = new_handle(u, 0), *second = reinit(handle, 0);
    static struct kcapi_request r[MESSAGES];

    for (size_t i = 0; i < MESSAGES; i++)
        r[i] = (struct kcapi_request){ .handle = i % 2 ? second : handle,
                                       .type = KCAPI_REQUEST_ENCRYPT,
                                       .iv = c->iv,
                                       .assoclen = u->tag ? AAD : 0,
                                       .input = c->plain + 4096 * i,
                                       .inlen = 4096,
                                       .output = c->out + 4200 * i,
                                       .outlen = 4096 + u->tag };
    kcapi_process(r, MESSAGES, sizeof(r[0]), 0);
    for (size_t i = 0; i < MESSAGES; i++) {
        r[i].type = KCAPI_REQUEST_DECRYPT;
        r[i].input = r[i].output;
        r[i].inlen = 4096 + u->tag;
    }
    if (u->tag)
        c->out[4200] ^= 1;
    kcapi_process(r, MESSAGES, sizeof(r[0]), 0);
    fill_caller(c);
    for (size_t i = 0; i < LARGE; i++) {
        r[i].type = KCAPI_REQUEST_ENCRYPT;
        r[i].input = c->plain;
        r[i].inlen = PLAIN - 4096;
        r[i].output = c->out + PLAIN * i;
        r[i].outlen = PLAIN - 4096 + u->tag;
    }
    kcapi_process(r, LARGE, sizeof(r[0]), 0);
    kcapi_cipher_destroy(handle);
    kcapi_cipher_destroy(second);
}

/* Digests of messages of several lengths, of two handles and of one with another key, which go side by side. */
static void digest_requests(const struct secret_use *u)
{
    enum { MESSAGES = 48 };
    struct kcapi_handle *handle = new_handle(u, 0), *handles[] = { handle, reinit(handle, 0), new_handle(u, 0) };
    static struct kcapi_request r[MESSAGES];

    kcapi_md_setkey(handles[2], c->plain, u->keylen);
    for (size_t i = 0; i < MESSAGES; i++)
        r[i] = (struct kcapi_request){ .handle = handles[i % 3],
                                       .type = KCAPI_REQUEST_DIGEST,
                                       .input = c->plain + 4096 * i,
                                       .inlen = 300 + 77 * i,
                                       .output = c->out + 64 * i,
                                       .outlen = 64 };
    kcapi_process(r, MESSAGES, sizeof(r[0]), 0);
    for (size_t i = 0; i < 3; i++)
        kcapi_cipher_destroy(handles[i]);
}

static void seal(const struct secret_use *u)
{
    static const size_t lengths[] = { 16, 32, 64, 128, 256, 1024, 4096, 65536 };
    struct kcapi_handle *handle = new_handle(u, 0);

    kcapi_aead_setassoclen(handle, AAD);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t len = AAD + lengths[i], sealed = len + u->tag;

        if (strncmp(u->algorithm, "ccm", 3) == 0)
            c->iv[0] = 1;
        kcapi_aead_encrypt(handle, c->plain, len, c->iv, c->sealed, sealed, 0);
        kcapi_aead_decrypt(handle, c->sealed, sealed, c->iv, c->out, len, 0);
        /* A wrong tag. */
        c->sealed[sealed - 1] ^= 1;
        kcapi_aead_decrypt(handle, c->sealed, sealed, c->iv, c->out, len, 0);
        kcapi_aead_decrypt(handle, c->sealed, sealed, c->iv, c->sealed, len, 0);
    }
    kcapi_cipher_destroy(handle);
}

/* One message received, one with a wrong tag, one never received. */
static void seal_stream(const struct secret_use *u)
{
    struct kcapi_handle *handle = new_handle(u, 0);
    struct iovec in = { c->plain, 4096 }, out = { c->out, 4096 + u->tag };

    kcapi_aead_setassoclen(handle, AAD);
    kcapi_aead_stream_init_enc(handle, c->iv, &in, 1);
    kcapi_aead_stream_update_last(handle, NULL, 0);
    kcapi_aead_stream_op(handle, &out, 1);
    kcapi_aead_stream_init_dec(handle, c->iv, &in, 1);
    kcapi_aead_stream_update_last(handle, &out, 1);
    kcapi_aead_stream_op(handle, &out, 1);
    kcapi_aead_stream_init_enc(handle, c->iv, &in, 1);
    kcapi_cipher_destroy(handle);
}

/* A key out of the kernel's keyrings. Each call reads to where the last one did, so there is but one. */
static void set_by_serial(const struct secret_use *u, uint32_t keylen)
{
    struct kcapi_handle *handle = NULL;

    if (u->init(&handle, u->algorithm, 0))
        bail_out("%s has no handle", u->algorithm);
    kcapi_handle_setkey_serial(handle, try_key_of("user", c->key, keylen));
    kcapi_cipher_encrypt(handle, c->plain, 32, c->iv, c->out, 32, 0);
    kcapi_cipher_destroy(handle);
}

static void key_by_serial(const struct secret_use *u) { set_by_serial(u, u->keylen); }
static void refused_by_serial(const struct secret_use *u) { set_by_serial(u, KEY - 1); }

/* Keys that are refused, one that is replaced. */
static void keys(const struct secret_use *u)
{
    struct kcapi_handle *handle = new_handle(u, 0);

    kcapi_cipher_setkey(handle, c->key, 17);
    kcapi_cipher_setkey(handle, c->key, KEY - 1);
    kcapi_cipher_setkey(handle, c->key, u->keylen);
    kcapi_cipher_setkey(handle, c->plain, u->keylen);
    kcapi_cipher_encrypt(handle, c->plain, 33, c->iv, c->out, 33, 0);
    kcapi_cipher_destroy(handle);
}

/* Whole messages, one in pieces, one that is not finished. */
static void digest(const struct secret_use *u)
{
    struct kcapi_handle *handle = new_handle(u, 0);
    size_t size = kcapi_md_digestsize(handle);

    kcapi_md_digest(handle, c->plain, 64, c->out, size);
    kcapi_md_digest(handle, c->plain, 65536, c->out, size);
    kcapi_md_update(handle, c->plain, 48);
    kcapi_md_update(handle, c->plain + 48, 1000);
    kcapi_md_final(handle, c->out, 8);
    kcapi_md_update(handle, c->plain, 48);
    kcapi_cipher_destroy(handle);
    kcapi_md_hmac_sha256(c->key, 32, c->plain, 64, c->out, 32);
    kcapi_md_sha256(c->plain, 48, c->out, 32);
}

static void derive(const struct secret_use *u)
{
    struct kcapi_handle *handle = new_handle(u, 0);

    kcapi_kdf_ctr(handle, c->plain, BLOCK, c->out, 96);
    kcapi_kdf_fb(handle, c->plain, BLOCK, c->out, 96);
    kcapi_kdf_dpi(handle, c->plain, BLOCK, c->out, 96);
    kcapi_kdf_fb(handle, c->plain, 16, c->out, 96);
    kcapi_cipher_destroy(handle);
    kcapi_hkdf("hmac(sha256)", c->key, KEY, c->iv, IV, NULL, 0, c->out, 96);
    kcapi_hkdf("hmac(sha256)", c->key, KEY, c->iv, IV, NULL, 0, c->out, 256 * 32);
    kcapi_hkdf("sha256", c->key, KEY, c->iv, IV, NULL, 0, c->out, 96);
    kcapi_pbkdf("hmac(sha256)", c->key, 32, c->iv, IV, ITERATIONS, c->out, 64);
    kcapi_pbkdf("hmac(sha256)", c->key, 32, c->iv, IV, 0, c->out, 64);
}

static void seed(const struct secret_use *u)
{
    struct kcapi_handle *handle = NULL;

    if (u->init(&handle, u->algorithm, 0))
        bail_out("no RNG");
    kcapi_rng_seed(handle, c->key, KEY);
    kcapi_rng_generate(handle, c->out, 300);
    kcapi_rng_destroy(handle);
}

/* One message as each operation has it, a batch, a stream that is not finished, keys that are refused. */
static void sign(const struct secret_use *u)
{
    struct kcapi_handle *handle = NULL;
    struct iovec in = { c->plain, 32 }, out = { c->out, 256 };

    if (u->init(&handle, u->algorithm, 0) || kcapi_akcipher_setkey(handle, c->rsa, c->rsa_len) < 0)
        bail_out("%s has no handle", u->algorithm);
    kcapi_akcipher_sign(handle, c->plain, 32, c->out, 256, 0);
    unhex(rsa_2048_signature, c->out, 256);
    kcapi_akcipher_verify(handle, c->out, 256, c->out, 256, 0);
    kcapi_akcipher_encrypt(handle, c->plain, 48, c->sealed, 256, 0);
    kcapi_akcipher_decrypt(handle, c->sealed, 256, c->out, 256, 0);
    c->sealed[255] ^= 1;
    kcapi_akcipher_decrypt(handle, c->sealed, 256, c->out, 256, 0);
    kcapi_akcipher_sign_aio(handle, &in, &out, 1, 0);
    kcapi_akcipher_stream_init_sgn(handle, &in, 1);
    kcapi_akcipher_stream_update_last(handle, NULL, 0);
    kcapi_akcipher_stream_op(handle, &out, 1);
    kcapi_akcipher_setkey(handle, c->rsa, c->rsa_len - 1);
    c->rsa[c->rsa_len - 1] ^= 2;
    kcapi_akcipher_setkey(handle, c->rsa, c->rsa_len);
    c->rsa[c->rsa_len - 1] ^= 2;
    kcapi_akcipher_setkey(handle, c->rsa, c->rsa_len);
    kcapi_akcipher_stream_init_enc(handle, &in, 1);
    kcapi_akcipher_destroy(handle);
}

static void pad(const struct secret_use *u)
{
    struct kcapi_handle *handle = new_handle(u, 0);
    uint8_t *iv = NULL;
    uint32_t len = 0;

    if (kcapi_pad_iv(handle, c->iv, IV, &iv, &len) == 0)
        kcapi_memset_secure(iv, 0, len);
    free(iv);
    kcapi_cipher_destroy(handle);
}

#define CIPHER(algorithm, keylen) \
    { algorithm, algorithm, encrypt_message, kcapi_cipher_init, keylen, 0 }
#define AEAD(algorithm, keylen, tag) \
    { algorithm, algorithm, seal, kcapi_aead_init, keylen, tag }
#define MD(algorithm, keylen) \
    { algorithm, algorithm, digest, kcapi_md_init, keylen, 0 }

static const struct secret_use secret_uses[] = {
    CIPHER("ecb(aes)", 16),
    CIPHER("cbc(aes)", 16),
    CIPHER("cbc(aes)", 32),
    CIPHER("ctr(aes)", 16),
    CIPHER("ctr(aes)", 32),
    CIPHER("cts(cbc(aes))", 16),
    CIPHER("xts(aes)", 32),
    CIPHER("lrw(aes)", 32),
    CIPHER("cfb(aes)", 16),
    CIPHER("ofb(aes)", 16),
    CIPHER("rfc3686(ctr(aes))", 20),
    CIPHER("chacha20", 32),
    CIPHER("xchacha20", 32),
    CIPHER("cbc(sm4)", 16),
    CIPHER("cbc(camellia)", 32),
    CIPHER("cbc(des3_ede)", 24),
    { "ciphers in one call", "cbc(aes)", in_one_call, kcapi_cipher_init, 16, 0 },
    { "a stream of cbc(aes)", "cbc(aes)", stream, kcapi_cipher_init, 16, 0 },
    { "a stream of ctr(aes)", "ctr(aes)", stream, kcapi_cipher_init, 32, 0 },
    { "a batch of cbc(aes)", "cbc(aes)", batch, kcapi_cipher_init, 16, 0 },
    { "a batch of xts(aes)", "xts(aes)", batch, kcapi_cipher_init, 32, 0 },
    { "requests of cbc(aes)", "cbc(aes)", requests, kcapi_cipher_init, 16, 0 },
    { "requests of ctr(aes)", "ctr(aes)", requests, kcapi_cipher_init, 32, 0 },
    { "requests of gcm(aes)", "gcm(aes)", requests, kcapi_aead_init, 16, 16 },
    { "requests of hmac(sha256)", "hmac(sha256)", digest_requests, kcapi_md_init, 32, 0 },
    { "requests of hmac(sha512)", "hmac(sha512)", digest_requests, kcapi_md_init, 64, 0 },
    { "requests of cmac(aes)", "cmac(aes)", digest_requests, kcapi_md_init, 16, 0 },
    { "keys of ctr(aes)", "ctr(aes)", keys, kcapi_cipher_init, 16, 0 },
    { "a key by its serial number", "ctr(aes)", key_by_serial, kcapi_cipher_init, 32, 0 },
    { "a refused one", "ctr(aes)", refused_by_serial, kcapi_cipher_init, 32, 0 },
    { "keys of gcm(aes)", "gcm(aes)", keys, kcapi_aead_init, 32, 0 },
    { "keys of hmac(sha256)", "hmac(sha256)", keys, kcapi_md_init, 32, 0 },
    AEAD("gcm(aes)", 16, 16),
    AEAD("gcm(aes)", 32, 16),
    AEAD("ccm(aes)", 16, 16),
    AEAD("rfc4106(gcm(aes))", 20, 16),
    AEAD("rfc7539(chacha20,poly1305)", 32, 16),
    AEAD("authenc(hmac(sha256),cbc(aes))", 56, 32),
    { "a stream of gcm(aes)", "gcm(aes)", seal_stream, kcapi_aead_init, 16, 16 },
    { "a batch of gcm(aes)", "gcm(aes)", batch, kcapi_aead_init, 16, 16 },
    MD("hmac(sha1)", 20),
    MD("hmac(sha256)", 32),
    MD("hmac(sha512)", 64),
    MD("hmac(sha3-256)", 32),
    MD("cmac(aes)", 16),
    MD("blake2b-256", 32),
    { "key derivation", "hmac(sha256)", derive, kcapi_md_init, 32, 0 },
    { "an RNG's seed", "stdrng", seed, kcapi_rng_init, 0, 0 },
    { "rsa", "rsa", sign, kcapi_akcipher_init, 0, 0 },
    { "pkcs1pad(rsa)", "pkcs1pad(rsa)", sign, kcapi_akcipher_init, 0, 0 },
    { "pkcs1pad(rsa,sha256)", "pkcs1pad(rsa,sha256)", sign, kcapi_akcipher_init, 0, 0 },
    { "a padded IV", "cbc(aes)", pad, kcapi_cipher_init, 16, 0 },
};

#endif
