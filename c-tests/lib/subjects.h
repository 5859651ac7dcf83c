/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * subjects.h - symmetric ciphers and AEADs of every kind behind one set of functions, whose families
 * differ in their names only
 */
#ifndef SUBJECTS_H
#define SUBJECTS_H

#include "authenc.h"
#include "fill.h"
#include "listed.h"

typedef struct kcapi_handle handle;
typedef ssize_t (*whole_fn)(handle *, const uint8_t *, size_t, const uint8_t *, uint8_t *, size_t,
                            int);
typedef ssize_t (*pairs_fn)(handle *, struct iovec *, struct iovec *, size_t, const uint8_t *, int);
typedef ssize_t (*start_fn)(handle *, const uint8_t *, struct iovec *, size_t);
typedef ssize_t (*piece_fn)(handle *, struct iovec *, size_t);

/* The functions of a family; those that go in a direction are at its number. */
enum direction { DECRYPT, ENCRYPT, DIRECTIONS };

struct family {
    int (*init)(handle **, const char *, uint32_t);
    int (*setkey)(handle *, const uint8_t *, uint32_t);
    void (*destroy)(handle *);
    whole_fn whole[DIRECTIONS];
    pairs_fn pairs[DIRECTIONS];
    start_fn start[DIRECTIONS];
    piece_fn update, update_last, op;
};

static const struct family ciphers = {
    kcapi_cipher_init, kcapi_cipher_setkey, kcapi_cipher_destroy,
    { kcapi_cipher_decrypt, kcapi_cipher_encrypt },
    { kcapi_cipher_decrypt_aio, kcapi_cipher_encrypt_aio },
    { kcapi_cipher_stream_init_dec, kcapi_cipher_stream_init_enc },
    kcapi_cipher_stream_update, kcapi_cipher_stream_update_last, kcapi_cipher_stream_op,
};

static const struct family aeads = {
    kcapi_aead_init, kcapi_aead_setkey, kcapi_aead_destroy,
    { kcapi_aead_decrypt, kcapi_aead_encrypt },
    { kcapi_aead_decrypt_aio, kcapi_aead_encrypt_aio },
    { kcapi_aead_stream_init_dec, kcapi_aead_stream_init_enc },
    kcapi_aead_stream_update, kcapi_aead_stream_update_last, kcapi_aead_stream_op,
};

/* Whether all handles are served by the user engine. */
static inline bool on_user_engine(void)
{
    const char *engine = getenv("KCAPI_ENGINE");

    return engine && strcmp(engine, "user") == 0;
}

/* What the IV is after a message. */
enum chain {
    NO_IV,
    CHAINS,   /* that with which a longer message would have gone on */
    SAME_IV,
    OTHER_IV, /* something else */
};

struct subject {
    const char *name;
    const struct family *calls;
    uint32_t keylen, ivlen;
    uint32_t unit;             /* a message's length is a multiple of it; 1: any */
    enum chain chain;
    uint32_t tag, shorter_tag; /* of an AEAD; the second is 0 where there is but one length */
    size_t aad;                /* what its messages must have; 0: any */
};

static const struct subject subjects[] = {
    { "cbc(aes)", &ciphers, 16, 16, 16, CHAINS, 0, 0, 0 },
    { "ctr(aes)", &ciphers, 16, 16, 1, CHAINS, 0, 0, 0 },
    { "ecb(aes)", &ciphers, 16, 0, 16, NO_IV, 0, 0, 0 },
    { "xts(aes)", &ciphers, 32, 16, 16, SAME_IV, 0, 0, 0 },
    { "chacha20", &ciphers, 32, 16, 1, SAME_IV, 0, 0, 0 },
    { "gcm(aes)", &aeads, 16, 12, 1, SAME_IV, 16, 12, 0 },
    { "ccm(aes)", &aeads, 16, 16, 1, SAME_IV, 16, 8, 0 },
    { "rfc7539(chacha20,poly1305)", &aeads, 32, 12, 1, SAME_IV, 16, 0, 0 },
    { "authenc(hmac(sha256),cbc(aes))", &aeads, 8 + 32 + 16, 16, 16, OTHER_IV, 32, 16, 0 },
    { "authenc(hmac(sha1),ctr(aes))", &aeads, 8 + 20 + 16, 16, 1, OTHER_IV, 20, 12, 0 },
    { "rfc4106(gcm(aes))", &aeads, 20, 8, 1, SAME_IV, 16, 12, 16 },
    { "rfc4309(ccm(aes))", &aeads, 19, 8, 1, SAME_IV, 16, 8, 16 },
    { "rfc4543(gcm(aes))", &aeads, 20, 8, 1, SAME_IV, 16, 0, 16 },
    { "rfc7539esp(chacha20,poly1305)", &aeads, 36, 8, 1, SAME_IV, 16, 0, 16 },
    /* Drivers that complete later, as an accelerator's does: see is_there. */
    { "cryptd(cbc(aes-generic))", &ciphers, 16, 16, 16, CHAINS, 0, 0, 0 },
    { "cryptd(ctr(aes-generic))", &ciphers, 16, 16, 1, CHAINS, 0, 0, 0 },
    { "cryptd(gcm_base(ctr(aes-generic),ghash-generic))", &aeads, 16, 12, 1, SAME_IV, 16, 12, 0 },
};
#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

enum { KEY_MAX = 64, IV_MAX = 16, TAG_MAX = 32 };

static inline bool is_aead(const struct subject *s) { return s->calls == &aeads; }

/*
 * Whether the IV after a message is what the table says, or depends on the driver: AES-NI's leave
 * something else in that of xts than the generic one, whose bytes the engine in user space gives.
 */
static inline bool knows_iv_after(const struct subject *s)
{
    bool is_xts = strcmp(s->name, "xts(aes)") == 0;

    return s->chain != OTHER_IV && (!is_xts || on_user_engine() || !is_listed("xts-aes-", 8, false));
}

/* With KCAPI_SUBJECTS=cryptd what cryptd wraps and nothing else; it stays so until the kernel ends. */
static inline bool is_there(const struct subject *s)
{
    const char *subjects_wanted = getenv("KCAPI_SUBJECTS");
    bool cryptd_wanted = subjects_wanted && strcmp(subjects_wanted, "cryptd") == 0;
    handle *h = NULL;

    if (cryptd_wanted != (strncmp(s->name, "cryptd(", 7) == 0))
        return false;
    if (s->calls->init(&h, s->name, 0))
        return false;
    s->calls->destroy(h);
    return true;
}

/* The key of a number. */
static inline const uint8_t *key_of(const struct subject *s, uint32_t number, uint8_t key[KEY_MAX])
{
    fill(key, KEY_MAX, 77 + number);
    if (is_authenc(s->name))
        put_authenc_head(key, 16);
    return key;
}

static inline int set_key(const struct subject *s, handle *h, uint32_t number)
{
    uint8_t key[KEY_MAX];

    return s->calls->setkey(h, key_of(s, number, key), s->keylen);
}

/* A key that the algorithm refuses: authenc() takes any for the digest. */
static inline int set_bad_key(const struct subject *s, handle *h)
{
    uint8_t key[KEY_MAX];
    bool authenc = is_authenc(s->name);

    return s->calls->setkey(h, key_of(s, 0, key), authenc ? 8 + 15 : s->keylen - 1);
}

/* The IV of a number; ccm's first byte, less one, says how many bytes tell a message's length. */
static inline const uint8_t *iv_of(const struct subject *s, uint32_t number, uint8_t iv[IV_MAX])
{
    memset(iv, 0, IV_MAX);
    fill(iv, strcmp(s->name, "ccm(aes)") ? IV_MAX : 8, 99 + number);
    if (strcmp(s->name, "ccm(aes)") == 0)
        iv[0] = 1;
    return iv;
}

/* A handle with a key; taglen and aadlen are an AEAD's. */
static inline handle *handle_of(const struct subject *s, uint32_t number, uint32_t taglen,
                                size_t aadlen, uint32_t flags)
{
    uint8_t key[KEY_MAX];

    key_of(s, number, key);
    return is_aead(s) ? aead_with_key(s->name, key, s->keylen, taglen, aadlen, flags)
                      : cipher_with_key(s->name, key, s->keylen, flags);
}

/* A further handle of a transform, with the same length of associated data. */
static inline handle *sibling_of(handle *h, size_t aadlen, uint32_t flags)
{
    handle *sibling = reinit(h, flags);

    kcapi_aead_setassoclen(sibling, aadlen);
    return sibling;
}

/*
 * What a message comes to with a handle that does nothing else: what all others are judged by. It
 * returns what the call does.
 */
static inline ssize_t alone_on_a_handle(const struct subject *s, uint32_t key, uint32_t taglen,
                                        size_t aadlen, enum direction direction, const uint8_t *iv,
                                        const uint8_t *in, size_t len, uint8_t *out)
{
    handle *h = handle_of(s, key, taglen, aadlen, 0);
    ssize_t ret = s->calls->whole[direction](h, in, len, iv, out, len + taglen, 0);

    s->calls->destroy(h);
    return ret;
}

#endif
