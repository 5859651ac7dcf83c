/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * secret-steps.h - what secret-walk.h looks behind: an algorithm and its key at work, or a call
 * that has its own
 */
#ifndef SECRET_STEPS_H
#define SECRET_STEPS_H

#include "algorithms.h"
#include "kpp.h"

enum { WALK_AAD = 16, WALK_TAG = 16 };

/* What a step's caller has in clear, which is not searched. */
struct walker {
    uint8_t key[KEYLEN_MAX], iv[32], plain[4 * KIB + 64], sealed[5 * KIB], out[17 * KIB];
};

static struct {
    struct walker *caller;
    /* Which secrets the process has. */
    uint32_t secrets;
    /* What the step is made of: an algorithm, a key of this length and what is done then, */
    const struct algorithm *algorithm;
    uint32_t keylen;
    void (*act)(struct kcapi_handle *);
    /* to so many bytes, by a handle with these flags; */
    size_t len;
    uint32_t flags;
    /* or a call. */
    void (*call)(void);
    /* Called when that is done, before the handle is closed. */
    void (*look)(void);
    /* The handle is not to be closed. */
    bool kept;
    /* There is no room for what long computations do. */
    bool brief;
    /* What is done with the secrets before they are used. */
    void (*prepare)(struct walker *);
} step;

static inline void walk_nothing(struct kcapi_handle *handle)
{
    (void)handle;
}

static void walk_encrypt(struct kcapi_handle *handle)
{
    struct walker *c = step.caller;

    kcapi_cipher_encrypt(handle, c->plain, step.len, c->iv, c->out, step.len, 0);
}

static void walk_decrypt(struct kcapi_handle *handle)
{
    struct walker *c = step.caller;

    kcapi_cipher_decrypt(handle, c->plain, step.len, c->iv, c->out, step.len, 0);
}

/* Some of it is received, some stays: more than any cipher waits for, and than it needs. */
static void walk_stream(struct kcapi_handle *handle)
{
    struct walker *c = step.caller;
    struct iovec in = { c->plain, step.len + 64 }, out = { c->out, step.len + 64 };

    kcapi_cipher_stream_init_enc(handle, c->iv, &in, 1);
    kcapi_cipher_stream_update(handle, &in, 1);
    kcapi_cipher_stream_op(handle, &out, 1);
}

/* Three messages in one call, which a handle for AIO takes. */
static inline void walk_pairs(struct kcapi_handle *handle, size_t len, size_t room,
                              ssize_t (*call)(struct kcapi_handle *, struct iovec *, struct iovec *, size_t,
                                              const uint8_t *, int))
{
    enum { PAIRS = 3 };
    struct walker *c = step.caller;
    struct iovec in[PAIRS], out[PAIRS];

    for (size_t i = 0; i < PAIRS; i++) {
        in[i] = (struct iovec){ c->plain, len };
        out[i] = (struct iovec){ c->out + 5 * KIB * i, room };
    }
    call(handle, in, out, PAIRS, c->iv, 0);
}

static inline void walk_encrypt_pairs(struct kcapi_handle *handle)
{
    walk_pairs(handle, step.len, step.len, kcapi_cipher_encrypt_aio);
}

static inline void walk_decrypt_pairs(struct kcapi_handle *handle)
{
    walk_pairs(handle, step.len, step.len, kcapi_cipher_decrypt_aio);
}

static inline void walk_seal_pairs(struct kcapi_handle *handle)
{
    size_t len = WALK_AAD + step.len;

    walk_pairs(handle, len, len + WALK_TAG, kcapi_aead_encrypt_aio);
}

static void walk_seal(struct kcapi_handle *handle)
{
    struct walker *c = step.caller;
    size_t len = WALK_AAD + step.len;

    kcapi_aead_encrypt(handle, c->plain, len, c->iv, c->sealed, len + WALK_TAG, 0);
}

static void walk_open(struct kcapi_handle *handle)
{
    struct walker *c = step.caller;
    size_t len = WALK_AAD + step.len;

    walk_seal(handle);
    kcapi_aead_decrypt(handle, c->sealed, len + WALK_TAG, c->iv, c->out, len, 0);
}

/* The tag is wrong. */
static void walk_forge(struct kcapi_handle *handle)
{
    struct walker *c = step.caller;
    size_t len = WALK_AAD + step.len;

    kcapi_aead_decrypt(handle, c->plain, len + WALK_TAG, c->iv, c->out, len, 0);
}

static void walk_digest(struct kcapi_handle *handle)
{
    kcapi_md_digest(handle, step.caller->plain, step.len, step.caller->out, 64);
}

/* Messages of several lengths, side by side. */
static void walk_digests(struct kcapi_handle *handle)
{
    enum { MESSAGES = 20 };
    struct walker *c = step.caller;
    struct kcapi_request r[MESSAGES] = { 0 };

    for (size_t i = 0; i < MESSAGES; i++) {
        r[i].handle = handle;
        r[i].type = KCAPI_REQUEST_DIGEST;
        r[i].input = c->plain;
        r[i].inlen = step.len - step.len * i / (2 * MESSAGES);
        r[i].output = c->out + 64 * i;
        r[i].outlen = 64;
    }
    kcapi_process(r, MESSAGES, sizeof(r[0]), 0);
}

static void walk_update(struct kcapi_handle *handle)
{
    kcapi_md_update(handle, step.caller->plain, step.len / 3);
    kcapi_md_update(handle, step.caller->plain, step.len);
    kcapi_md_final(handle, step.caller->out, 64);
}

/* What it left on the stack of HMAC's inner digest was not wiped. */
static inline void walk_end(struct kcapi_handle *handle)
{
    kcapi_md_update(handle, step.caller->plain, step.len / 3);
    kcapi_md_digest(handle, step.caller->plain, step.len, step.caller->out, 64);
}

/* The same for a message in several pieces of memory. */
static inline void walk_list(struct kcapi_handle *handle)
{
    struct iovec pieces[2] = { { step.caller->plain, step.len / 3 }, { step.caller->plain, step.len } };
    struct kcapi_request request = { .handle = handle,
                                     .type = KCAPI_REQUEST_DIGEST,
                                     .flags = KCAPI_REQUEST_IN_IOV,
                                     .input = pieces,
                                     .inlen = 2,
                                     .output = step.caller->out,
                                     .outlen = 64 };

    kcapi_process(&request, 1, sizeof(request), 0);
}

/* A message that has no end. */
static void walk_abandon(struct kcapi_handle *handle)
{
    kcapi_md_update(handle, step.caller->plain, step.len);
}

/* What must be found. */
static inline void walk_plant(void)
{
    uint8_t on_stack[16 * KIB], *in_heap = malloc(KEYLEN_MAX);

    memcpy(on_stack, step.caller->key, 16);
    __asm__ volatile("" : : "r"(on_stack) : "memory");
    if (in_heap)
        memcpy(in_heap, step.caller->key, KEYLEN_MAX);
    __asm__ volatile("" : : "r"(in_heap) : "memory");
}

static void walk_in_one_call(void)
{
    struct walker *c = step.caller;

    kcapi_cipher_enc_aes_cbc(c->key, 32, c->plain, 256, c->iv, c->out, 256);
}

static void walk_hmac(void)
{
    kcapi_md_hmac_sha512(step.caller->key, 64, step.caller->plain, 256, step.caller->out, 64);
}

static void walk_hkdf(void)
{
    struct walker *c = step.caller;

    kcapi_hkdf("hmac(sha512)", c->key, 64, c->iv, 16, c->plain, 16, c->out, 300);
}

static void walk_hkdf_too_long(void)
{
    struct walker *c = step.caller;

    kcapi_hkdf("hmac(sha512)", c->key, 64, c->iv, 16, c->plain, 16, c->out, 255 * 64 + 1);
}

static void walk_pbkdf(void)
{
    struct walker *c = step.caller;

    kcapi_pbkdf("hmac(sha512)", c->key, 64, c->iv, 16, 3, c->out, 300);
}

static void walk_kdf(void)
{
    static ssize_t (*const kdfs[])(struct kcapi_handle *, const uint8_t *, size_t, uint8_t *,
                                   size_t) = { kcapi_kdf_ctr, kcapi_kdf_fb, kcapi_kdf_dpi };
    struct walker *c = step.caller;

    for (size_t i = 0; i < COUNT(kdfs); i++) {
        struct kcapi_handle *handle = NULL;

        if (kcapi_md_init(&handle, "hmac(sha512)", 0))
            return;
        kcapi_md_setkey(handle, c->key, 64);
        kdfs[i](handle, c->plain, 128, c->out, 300);
        kcapi_md_destroy(handle);
    }
}

static void walk_seed(void)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_rng_init(&handle, "stdrng", 0))
        return;
    kcapi_rng_seed(handle, step.caller->key, 64);
    kcapi_rng_generate(handle, step.caller->out, 300);
    kcapi_rng_destroy(handle);
}

static void walk_batch_with(int (*init)(struct kcapi_handle **, const char *, uint32_t),
                            const char *name, uint32_t keylen, size_t tag)
{
    struct walker *c = step.caller;
    struct kcapi_handle *handle = NULL;
    struct iovec in[8], out[8];

    for (size_t i = 0; i < 8; i++) {
        in[i] = (struct iovec){ c->plain + 256 * i, 256 };
        out[i] = (struct iovec){ c->out + 300 * i, 256 + tag };
    }
    if (init(&handle, name, KCAPI_INIT_AIO))
        return;
    kcapi_cipher_setkey(handle, c->key, keylen);
    kcapi_aead_setassoclen(handle, tag);
    (tag ? kcapi_aead_encrypt_aio : kcapi_cipher_encrypt_aio)(handle, in, out, 8, c->iv, 0);
    /* The second half over the first: the inputs are copied. The last one is too short. */
    for (size_t i = 0; i < 8; i++)
        out[i].iov_base = c->plain + 256 * i + 64;
    (tag ? kcapi_aead_encrypt_aio : kcapi_cipher_encrypt_aio)(handle, in, out, 8, c->iv, 0);
    out[7].iov_len = 100;
    (tag ? kcapi_aead_encrypt_aio : kcapi_cipher_encrypt_aio)(handle, in, out, 8, c->iv, 0);
    kcapi_cipher_destroy(handle);
}

static void walk_batch(void)
{
    walk_batch_with(kcapi_cipher_init, "cbc(aes)", 32, 0);
}

static void walk_aead_batch(void)
{
    walk_batch_with(kcapi_aead_init, "gcm(aes)", 32, 16);
}

/* A private key, one that is made here without a length, and the public key of a peer in kpp.h. */
static void walk_agree_with(size_t number, uint32_t keylen)
{
    const struct kpp_vector *vector = kpp_vector(number);
    struct walker *c = step.caller;
    struct kcapi_handle *handle;

    if (!kpp_is_served(vector->name))
        return;
    handle = kpp_open(vector, 0);
    if (kcapi_kpp_setkey(handle, keylen ? c->key : NULL, keylen) > 0) {
        kcapi_kpp_keygen(handle, c->out, vector->size, 0);
        kcapi_kpp_ssgen(handle, vector->peer, vector->size, c->out + vector->size, vector->size, 0);
    }
    kcapi_kpp_destroy(handle);
}

static void walk_agree(size_t number)
{
    const struct kpp_vector *vector = kpp_vector(number);

    if (!step.brief)
        walk_agree_with(number, 0);
    walk_agree_with(number, step.brief && vector->has_prime ? 4 : vector->private_size);
}

static void walk_p192(void) { walk_agree(0); }
static void walk_p256(void) { walk_agree(1); }
static void walk_p384(void) { walk_agree(2); }
static void walk_25519(void) { walk_agree(5); }
static void walk_ffdhe(void) { walk_agree(6); }
static void walk_dh(void) { walk_agree(7); }

static const struct {
    const char *name;
    void (*run)(void);
} walk_calls[] = {
    { "a cipher in one call", walk_in_one_call },
    { "an HMAC in one call", walk_hmac },
    { "HKDF", walk_hkdf },
    { "HKDF of more than there is", walk_hkdf_too_long },
    { "PBKDF2", walk_pbkdf },
    { "SP 800-108", walk_kdf },
    { "an RNG's seed", walk_seed },
    { "a batch of cbc(aes)", walk_batch },
    { "a batch of gcm(aes)", walk_aead_batch },
    { "key agreement: P-192", walk_p192 },
    { "key agreement: P-256", walk_p256 },
    { "key agreement: P-384", walk_p384 },
    { "key agreement: curve25519", walk_25519 },
    { "key agreement: ffdhe2048", walk_ffdhe },
    { "key agreement: dh", walk_dh },
};

/* The key is gone when another has taken its place, while the handle lives. */
static inline void walk_replace(struct kcapi_handle *handle)
{
    uint8_t *key = step.caller->key;

    fill(key, KEYLEN_MAX, 77);
    put_key_head(step.algorithm, key, step.keylen);
    step.algorithm->family->setkey(handle, key, step.keylen);
    step.kept = true;
}

static void prepare_secrets(void)
{
    if (step.prepare)
        step.prepare(step.caller);
}

/* With the algorithm and its key. */
static void walk_handle(void)
{
    const struct algorithm *a = step.algorithm;
    struct kcapi_handle *handle = NULL;

    if (a->family->init(&handle, a->name, step.flags))
        return;
    prepare_secrets();
    put_key_head(a, step.caller->key, step.keylen);
    if (strstr(a->name, "ccm("))
        step.caller->iv[0] = 3;
    if (step.keylen <= KEYLEN_MAX)
        a->family->setkey(handle, step.caller->key, step.keylen);
    if (a->family == &sealing) {
        kcapi_aead_settaglen(handle, WALK_TAG);
        kcapi_aead_setassoclen(handle, WALK_AAD);
    }
    step.act(handle);
    if (step.look)
        step.look();
    if (!step.kept)
        kcapi_cipher_destroy(handle);
}

/* The step, as its thread. */
static void *walk_step(void *unused)
{
    struct walker *c = step.caller;

    fill(c->key, sizeof(c->key), step.secrets);
    fill(c->iv, sizeof(c->iv), step.secrets + 1);
    fill(c->plain, sizeof(c->plain), step.secrets + 2);
    if (step.algorithm) {
        walk_handle();
    } else {
        prepare_secrets();
        step.call();
    }
    return unused;
}

#endif
