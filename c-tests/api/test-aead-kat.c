/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Known answers of AEADs: one-shots in every access mode, in place and not, and the stream calls;
 * tampering; tag lengths.
 */
#include <errno.h>

#include "fill.h"
#include "vectors.h"

#define MAX 256

/* One vector as the messages that go in and come out: AAD || plain, AAD || cipher || tag. */
struct message {
    struct kcapi_handle *handle;
    uint8_t iv[16];
    uint8_t plain[MAX];
    uint8_t sealed[MAX];
    size_t aadlen, datalen, taglen;
    size_t plainlen, sealedlen;
};

static void load(struct message *m, const struct aead_vector *v)
{
    uint8_t key[32], nonce[16];
    uint32_t keylen = (uint32_t)unhex(v->key, key, sizeof(key));
    uint32_t noncelen = (uint32_t)unhex(v->iv, nonce, sizeof(nonce)), ivlen;
    uint8_t *iv = NULL;

    memset(m, 0, sizeof(*m));
    m->aadlen = unhex(v->aad, m->plain, MAX);
    m->datalen = unhex(v->plain, m->plain + m->aadlen, MAX - m->aadlen);
    memcpy(m->sealed, m->plain, m->aadlen);
    unhex(v->cipher, m->sealed + m->aadlen, MAX - m->aadlen);
    m->taglen = unhex(v->tag, m->sealed + m->aadlen + m->datalen, 16);
    m->plainlen = m->aadlen + m->datalen;
    m->sealedlen = m->plainlen + m->taglen;

    m->handle = aead_with_key(v->name, key, keylen, (uint32_t)m->taglen, m->aadlen, 0);
    if (strncmp(v->name, "ccm", 3) == 0) {
        if (kcapi_aead_ccm_nonce_to_iv(nonce, noncelen, &iv, &ivlen))
            bail_out("kcapi_aead_ccm_nonce_to_iv");
        is_int(ivlen, 16, "a CCM IV has 16 bytes");
        memcpy(m->iv, iv, ivlen);
        free(iv);
    } else {
        memcpy(m->iv, nonce, noncelen);
        is_int(kcapi_aead_ivsize(m->handle), noncelen, "kcapi_aead_ivsize");
    }
    is_int(kcapi_aead_authsize(m->handle), 16, "kcapi_aead_authsize is the longest tag");
    is_int(kcapi_aead_blocksize(m->handle), 1, "kcapi_aead_blocksize");
}

static void test_lengths(const struct message *m)
{
    is_int(kcapi_aead_inbuflen_enc(m->handle, m->datalen, m->aadlen, m->taglen), m->plainlen,
           "kcapi_aead_inbuflen_enc");
    is_int(kcapi_aead_outbuflen_enc(m->handle, m->datalen, m->aadlen, m->taglen), m->sealedlen,
           "kcapi_aead_outbuflen_enc");
    is_int(kcapi_aead_inbuflen_dec(m->handle, m->datalen, m->aadlen, m->taglen), m->sealedlen,
           "kcapi_aead_inbuflen_dec");
    /* A buffer of no bytes is none. */
    is_int(kcapi_aead_outbuflen_dec(m->handle, m->datalen, m->aadlen, m->taglen),
           m->plainlen ? m->plainlen : 1, "kcapi_aead_outbuflen_dec");
}

static void test_one_shots(const struct message *m, const char *source)
{
    uint8_t *in = pages(4 * KIB), *out = pages(4 * KIB);

    for (size_t i = 0; i < ACCESS_MODES; i++) {
        int access = access_modes[i];

        memcpy(in, m->plain, m->plainlen);
        memset(out, 0xa5, 4 * KIB);
        is_int(kcapi_aead_encrypt(m->handle, in, m->plainlen, m->iv, out, m->sealedlen, access),
               m->sealedlen, source);
        is_mem(out, m->sealed, m->sealedlen, "encrypted, with the AAD copied");
        ok(all_are(out + m->sealedlen, 0xa5, 4 * KIB - m->sealedlen), "and not a byte after it");
        kcapi_aead_encrypt(m->handle, in, m->plainlen, m->iv, in, m->sealedlen, access);
        is_mem(in, m->sealed, m->sealedlen, "in place");

        memset(out, 0xa5, 4 * KIB);
        is_int(kcapi_aead_decrypt(m->handle, in, m->sealedlen, m->iv, out, m->plainlen, access),
               m->plainlen, source);
        is_mem(out, m->plain, m->plainlen, "decrypted, with the AAD copied");
        ok(all_are(out + m->plainlen, 0xa5, 4 * KIB - m->plainlen), "and not a byte after it");
        kcapi_aead_decrypt(m->handle, in, m->sealedlen, m->iv, in, m->plainlen, access);
        is_mem(in, m->plain, m->plainlen, "in place");
    }
    free(in);
    free(out);
}

/* Any byte changed, of AAD, data or tag, and nothing comes out; the handle works on. */
static void test_tampered(const struct message *m, const char *source)
{
    uint8_t bad[MAX], out[MAX];

    for (size_t i = 0; i < m->sealedlen; i += 7) {
        memcpy(bad, m->sealed, m->sealedlen);
        bad[i] ^= 0x10;
        is_int(kcapi_aead_decrypt(m->handle, bad, m->sealedlen, m->iv, out, m->plainlen, 0),
               -EBADMSG, source);
    }
    is_int(kcapi_aead_decrypt(m->handle, m->sealed, m->sealedlen, m->iv, out, m->plainlen, 0),
           m->plainlen, "and a good one after the bad ones");
    is_mem(out, m->plain, m->plainlen, "is right");
}

static void test_stream(struct message *m, const char *source)
{
    uint8_t out[MAX] = { 0 };
    uint8_t *in = m->plain, *tag = m->sealed + m->plainlen;
    struct iovec aad = { in, m->aadlen };
    struct iovec data = { in + m->aadlen, m->datalen };
    struct iovec result[2] = { { out, m->aadlen }, { out + m->aadlen, m->sealedlen - m->aadlen } };

    is_int(kcapi_aead_stream_init_enc(m->handle, m->iv, &aad, 1), m->aadlen, source);
    is_int(kcapi_aead_stream_update_last(m->handle, &data, 1), m->datalen, "then the plaintext");
    is_int(kcapi_aead_stream_op(m->handle, result, 2), m->sealedlen, "and all comes back");
    is_mem(out, m->sealed, m->sealedlen, "encrypted by the stream calls");

    memset(out, 0, sizeof(out));
    aad.iov_base = m->sealed;
    data.iov_base = m->sealed + m->aadlen;
    result[1].iov_len = m->datalen;
    is_int(kcapi_aead_stream_init_dec(m->handle, m->iv, NULL, 0), 0, source);
    is_int(kcapi_aead_stream_update(m->handle, &aad, 1), m->aadlen, "the AAD");
    is_int(kcapi_aead_stream_update(m->handle, &data, 1), m->datalen, "the ciphertext");
    data.iov_base = tag;
    data.iov_len = m->taglen;
    is_int(kcapi_aead_stream_update_last(m->handle, &data, 1), m->taglen, "the tag");
    is_int(kcapi_aead_stream_op(m->handle, result, 2), m->plainlen, "and all comes back");
    is_mem(out, m->plain, m->plainlen, "decrypted by the stream calls");
}

/* The message with another tag length and without AAD: what CAVP has of those is above. */
static void test_taglens(const char *name, uint32_t good, uint32_t bad)
{
    static const uint8_t key[32] = { 5 };
    uint8_t iv[16] = { 3 }, in[64], out[96], back[64];
    uint32_t keylen = strstr(name, "chacha") ? 32 : 16;
    struct kcapi_handle *handle = aead_with_key(name, key, keylen, 16, 0, 0);

    fill(in, sizeof(in), 6);
    for (uint32_t taglen = 0; taglen <= 20; taglen++) {
        bool takes = taglen < 20 && good >> taglen & 1;
        int want = takes ? 0 : -EINVAL;

        if (!takes && !(bad >> taglen & 1))
            continue;
        ok(kcapi_aead_settaglen(handle, taglen) == want, "%s: a tag of %u bytes: %d", name, taglen,
           want);
    }
    kcapi_aead_destroy(handle);

    for (uint32_t taglen = 4; taglen <= 16; taglen++) {
        if (!(good >> taglen & 1))
            continue;
        handle = aead_with_key(name, key, keylen, taglen, 0, 0);
        is_int(kcapi_aead_encrypt(handle, in, 64, iv, out, 64 + taglen, 0), 64 + taglen, name);
        is_int(kcapi_aead_decrypt(handle, out, 64 + taglen, iv, back, 64, 0), 64, "and back");
        is_mem(back, in, 64, "with that tag and no AAD");
        out[64] ^= 1;
        is_int(kcapi_aead_decrypt(handle, out, 64 + taglen, iv, back, 64, 0), -EBADMSG, name);
        kcapi_aead_destroy(handle);
    }
}

/* Nothing but AAD, nothing but a tag. */
static void test_empty(void)
{
    static const uint8_t key[16] = { 5 };
    uint8_t iv[12] = { 3 }, aad[8] = "aad only", out[24], back[8];
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, 16, 8, 0);

    is_int(kcapi_aead_encrypt(handle, aad, 8, iv, out, 24, 0), 24, "AAD only");
    is_int(kcapi_aead_decrypt(handle, out, 24, iv, back, 8, 0), 8, "AAD and tag");
    is_mem(back, aad, 8, "is the AAD");
    kcapi_aead_setassoclen(handle, 0);
    is_int(kcapi_aead_encrypt(handle, NULL, 0, iv, out, 16, 0), 16, "nothing, at NULL");
    is_int(kcapi_aead_encrypt(handle, aad, 8, iv, out, 24, 0), 24, "data only, on the same handle");
    is_int(kcapi_aead_decrypt(handle, out, 24, iv, back, 8, 0), 8, "and back");
    is_mem(back, aad, 8, "after setassoclen 0");
    kcapi_aead_destroy(handle);
}

int main(void)
{
    enum { GCM = 0x1f110, CCM = 0x15550, CHACHA = 0x10000, ALL = 0x1fffff };

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (size_t i = 0; i < AEAD_VECTORS; i++) {
        const struct aead_vector *v = &aead_vectors[i];
        struct message m;

        if (!has_aead(v->name)) {
            skip(1, "this kernel lacks the AEAD");
            continue;
        }
        load(&m, v);
        test_lengths(&m);
        test_one_shots(&m, v->source);
        test_tampered(&m, v->source);
        test_stream(&m, v->source);
        kcapi_aead_destroy(m.handle);
    }
    test_taglens("gcm(aes)", GCM, ALL & ~GCM);
    test_taglens("ccm(aes)", CCM, ALL & ~CCM);
    if (has_aead("rfc7539(chacha20,poly1305)"))
        test_taglens("rfc7539(chacha20,poly1305)", CHACHA, ALL & ~CHACHA);
    test_empty();
    return done_testing();
}
