/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * aio-cipher.h - one call of kcapi_cipher_encrypt_aio, judged, and its way back
 *
 * What must come out: cbc carries the IV from IOVEC to IOVEC as if all were one operation, and ctr
 * its counter, from the next whole block on; ecb and xts do each IOVEC alone, xts from the
 * caller's IV. Without KCAPI_INIT_AIO all IOVECs are one message.
 */
#ifndef AIO_CIPHER_H
#define AIO_CIPHER_H

#include "batch.h"
#include "oracle.h"

struct mode {
    const char *name;
    uint32_t keylen;
};

static const struct mode CBC = { "cbc(aes)", 16 };
static const struct mode CTR = { "ctr(aes)", 16 };
static const struct mode ECB = { "ecb(aes)", 16 };
static const struct mode XTS = { "xts(aes)", 32 };

static uint8_t aio_key[32];
static const uint8_t aio_iv[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0 };

static inline bool aio_each_alone(const struct mode *mode, const struct batch *b,
                                  const uint8_t *plain, const uint8_t *cipher)
{
    struct kcapi_handle *handle = cipher_with_key(mode->name, aio_key, mode->keylen, 0);
    bool same = true;

    for (size_t i = 0; i < b->n; i++) {
        size_t len = b->in[i].iov_len;
        uint8_t *alone = pages(len);

        kcapi_cipher_encrypt(handle, plain, len, aio_iv, alone, len, 0);
        same &= memcmp(alone, cipher, len) == 0;
        plain += len;
        cipher += len;
        free(alone);
    }
    kcapi_cipher_destroy(handle);
    return same;
}

static inline bool aio_one_message(const struct mode *mode, size_t len, const uint8_t *plain,
                                   const uint8_t *cipher)
{
    struct kcapi_handle *handle = cipher_with_key(mode->name, aio_key, mode->keylen, 0);
    uint8_t *whole = pages(len);
    bool same;

    kcapi_cipher_encrypt(handle, plain, len, aio_iv, whole, len, 0);
    same = memcmp(whole, cipher, len) == 0;
    free(whole);
    kcapi_cipher_destroy(handle);
    return same;
}

static inline bool aio_is_right(const struct mode *mode, bool aio, const struct batch *b,
                                const uint8_t *plain, const uint8_t *cipher)
{
    uint8_t counter[16];
    bool same = true;

    if (mode == &CBC)
        return is_cbc(aio_key, aio_iv, plain, cipher, b->in_total);
    if (mode == &CTR) {
        memcpy(counter, aio_iv, sizeof(counter));
        if (!aio)
            return is_ctr(aio_key, counter, plain, cipher, b->in_total);
        for (size_t i = 0; i < b->n; i++) {
            same &= is_ctr(aio_key, counter, plain, cipher, b->in[i].iov_len);
            plain += b->in[i].iov_len;
            cipher += b->in[i].iov_len;
        }
        return same;
    }
    return aio ? aio_each_alone(mode, b, plain, cipher)
               : aio_one_message(mode, b->in_total, plain, cipher);
}

/* Encrypts n IOVECs through the handle, judges, decrypts them again; four tests. */
static inline void aio_round_trip(struct kcapi_handle *handle, const struct mode *mode, bool aio,
                                  size_t n, const struct lengths *lengths, bool in_place,
                                  int access)
{
    struct batch b;
    uint8_t *plain, *got;
    ssize_t ret;

    batch_init(&b, n, lengths, 0);
    plain = pages(b.in_total);
    got = pages(b.in_total);
    fill(plain, b.in_total, (uint32_t)n);
    batch_deal(&b, plain);
    if (in_place)
        batch_in_place(&b);

    ret = kcapi_cipher_encrypt_aio(handle, b.in, b.out, n, aio_iv, access);
    if (!ok(ret == (ssize_t)b.in_total, "%s%s: %zu IOVECs, %s%s, access %d", mode->name,
            aio ? "" : " without AIO", n, lengths->name, in_place ? ", in place" : "", access))
        diag("returned %zd instead of %zu", ret, b.in_total);
    gather(b.out, n, got);
    ok(aio_is_right(mode, aio, &b, plain, got), "the ciphertext is right");

    batch_deal(&b, got);
    ret = kcapi_cipher_decrypt_aio(handle, b.in, b.out, n, aio_iv, access);
    gather(b.out, n, got);
    ok(ret == (ssize_t)b.in_total && memcmp(got, plain, b.in_total) == 0, "it comes back");
    ok(batch_guarded(&b), "no byte outside of the IOVECs changed");
    free(plain);
    free(got);
    batch_free(&b);
}

#endif
