/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* constant-calls.h - what secret-steps.h does not call and constant-time.c must have called */
#ifndef CONSTANT_CALLS_H
#define CONSTANT_CALLS_H

#include "rsa.h"
#include "secret-steps.h"

enum { CALL_LEN = 240, BATCH_OF = 4 };

typedef ssize_t cipher_call(const uint8_t *, uint32_t, const uint8_t *, size_t, const uint8_t *,
                            uint8_t *, size_t);

static void call_ciphers(cipher_call *const *calls, size_t count)
{
    struct walker *w = step.caller;

    for (size_t i = 0; i < count; i++)
        calls[i](w->key, 16, w->plain, CALL_LEN, w->iv, w->out, CALL_LEN);
}

static void call_aes(void)
{
    static cipher_call *const calls[] = { kcapi_cipher_enc_aes_cbc, kcapi_cipher_dec_aes_cbc,
                                          kcapi_cipher_enc_aes_ctr, kcapi_cipher_dec_aes_ctr };

    call_ciphers(calls, COUNT(calls));
}

static void call_sm4(void)
{
    static cipher_call *const calls[] = { kcapi_cipher_enc_sm4_cbc, kcapi_cipher_dec_sm4_cbc,
                                          kcapi_cipher_enc_sm4_ctr, kcapi_cipher_dec_sm4_ctr };

    call_ciphers(calls, COUNT(calls));
}

static void call_digests(void)
{
    static ssize_t (*const calls[])(const uint8_t *, size_t, uint8_t *, size_t) = {
        kcapi_md_sha1,     kcapi_md_sha224,   kcapi_md_sha256,   kcapi_md_sha384,
        kcapi_md_sha512,   kcapi_md_sha3_224, kcapi_md_sha3_256, kcapi_md_sha3_384,
        kcapi_md_sha3_512, kcapi_md_sm3,
    };
    struct walker *w = step.caller;

    for (size_t i = 0; i < COUNT(calls); i++)
        calls[i](w->plain, CALL_LEN, w->out, 64);
}

static void call_hmacs(void)
{
    static ssize_t (*const calls[])(const uint8_t *, uint32_t, const uint8_t *, size_t, uint8_t *,
                                    size_t) = {
        kcapi_md_hmac_sha1,   kcapi_md_hmac_sha224, kcapi_md_hmac_sha256,
        kcapi_md_hmac_sha384, kcapi_md_hmac_sha512, kcapi_md_hmac_sm3,
    };
    struct walker *w = step.caller;

    for (size_t i = 0; i < COUNT(calls); i++)
        calls[i](w->key, 64, w->plain, CALL_LEN, w->out, 64);
}

static struct kcapi_handle *opened(int (*init)(struct kcapi_handle **, const char *, uint32_t),
                                   const char *name)
{
    struct kcapi_handle *handle = NULL;

    if (init(&handle, name, 0) || kcapi_cipher_setkey(handle, step.caller->key, 32))
        bail_out("%s has no handle", name);
    return handle;
}

static void call_cipher_backwards(void)
{
    struct kcapi_handle *handle = opened(kcapi_cipher_init, "cbc(aes)");
    struct walker *w = step.caller;
    struct iovec in[BATCH_OF], out[BATCH_OF], all = { w->plain, 256 }, result = { w->sealed, 256 };

    for (size_t i = 0; i < BATCH_OF; i++) {
        in[i] = (struct iovec){ w->plain + 256 * i, 256 };
        out[i] = (struct iovec){ w->out + 256 * i, 256 };
    }
    kcapi_cipher_decrypt_aio(handle, in, out, BATCH_OF, w->iv, 0);
    kcapi_cipher_stream_init_dec(handle, w->iv, NULL, 0);
    kcapi_cipher_stream_update_last(handle, &all, 1);
    kcapi_cipher_stream_op(handle, &result, 1);
    kcapi_cipher_destroy(handle);
}

/* The message is sealed, in pieces, and opened twice: in pieces, and as one of a batch. */
static void call_aead_backwards(void)
{
    struct kcapi_handle *handle = opened(kcapi_aead_init, "gcm(aes)");
    struct walker *w = step.caller;
    struct iovec plain = { w->plain, 256 }, sealed = { w->sealed, 256 + WALK_TAG };
    struct iovec ins[BATCH_OF], outs[BATCH_OF], result = { w->out, 256 };

    kcapi_aead_settaglen(handle, WALK_TAG);
    kcapi_aead_setassoclen(handle, WALK_AAD);
    kcapi_aead_stream_init_enc(handle, w->iv, NULL, 0);
    kcapi_aead_stream_update(handle, &plain, 1);
    kcapi_aead_stream_update_last(handle, NULL, 0);
    kcapi_aead_stream_op(handle, &sealed, 1);
    kcapi_aead_stream_init_dec(handle, w->iv, &sealed, 1);
    kcapi_aead_stream_update_last(handle, NULL, 0);
    kcapi_aead_stream_op(handle, &result, 1);
    for (size_t i = 0; i < BATCH_OF; i++) {
        ins[i] = sealed;
        outs[i] = (struct iovec){ w->out + 256 * i, 256 };
    }
    kcapi_aead_decrypt_aio(handle, ins, outs, BATCH_OF, w->iv, 0);
    kcapi_aead_destroy(handle);
}

/* Makes bytes secret, as far as the program that includes this has to be told. */
static void hide(uint8_t *bytes, size_t len);

/* A key of RSA is secret but for what says how long its parts are, and that they are odd. The padding
 * of a decrypted message may be right or wrong. */
static void call_rsa(void)
{
    struct walker *w = step.caller;
    struct kcapi_handle *handle = NULL;
    uint8_t key[700];
    uint32_t key_len = (uint32_t)unhex(rsa_1024, key, sizeof(key));

    for (size_t i = 3; i < 9; i++) {
        size_t len, at = (size_t)(rsa_integer(key, i, &len) - key);

        hide(key + at + 2, len - 3);
    }
    if (kcapi_akcipher_init(&handle, "pkcs1pad(rsa)", 0) ||
        kcapi_akcipher_setkey(handle, key, key_len) < 0)
        bail_out("no RSA");
    kcapi_akcipher_sign(handle, w->plain, 64, w->out, RSA_1024_SIZE, 0);
    w->plain[0] &= 0x7f;
    kcapi_akcipher_decrypt(handle, w->plain, RSA_1024_SIZE, w->sealed, RSA_1024_SIZE, 0);
    unhex(rsa_1024_encrypted, w->plain, RSA_1024_SIZE);
    hide(w->plain, RSA_1024_SIZE);
    kcapi_akcipher_decrypt(handle, w->plain, RSA_1024_SIZE, w->sealed, RSA_1024_SIZE, 0);
    kcapi_akcipher_destroy(handle);
}

static void call_random_bytes(void)
{
    kcapi_rng_get_bytes(step.caller->out, 100);
}

static void call_ivs(void)
{
    struct kcapi_handle *handle = opened(kcapi_cipher_init, "cbc(aes)");
    struct walker *w = step.caller;
    uint8_t *iv = NULL;
    uint32_t len = 0;

    if (kcapi_pad_iv(handle, w->iv, 20, &iv, &len) == 0)
        memcpy(w->out, iv, len);
    free(iv);
    if (kcapi_aead_ccm_nonce_to_iv(w->iv, 12, &iv, &len) == 0)
        memcpy(w->sealed, iv, len);
    free(iv);
    kcapi_cipher_destroy(handle);
}

static const struct {
    const char *name, *algorithm;
    void (*run)(void);
} constant_calls[] = {
    { "AES in one call", "ctr(aes)", call_aes },
    { "SM4 in one call", "sm4", call_sm4 },
    { "a digest in one call", "sha1", call_digests },
    { "each HMAC in one call", "sha1", call_hmacs },
    { "a batch and a stream, decrypted", "cbc(aes)", call_cipher_backwards },
    { "a batch and a stream, opened", "gcm(aes)", call_aead_backwards },
    { "random bytes", "stdrng", call_random_bytes },
    { "IVs that are padded", "cbc(aes)", call_ivs },
    { "RSA", "rsa", call_rsa },
};

#endif
