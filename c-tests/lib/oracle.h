/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * oracle.h - CBC and CTR of AES made from single blocks in ECB, to judge long operations by
 *
 * The one-shots over a few kilobytes that it rests on are held against known answers in
 * test-cipher-kat.c. xts and the AEADs need no such thing: there, an IOVEC is an operation of its
 * own, which a one-shot can repeat.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "fill.h"

#define ORACLE_KEYLEN 16u

static inline void oracle_ecb(const uint8_t *key, bool enc, uint8_t *bytes, size_t len)
{
    struct kcapi_handle *ecb = cipher_with_key("ecb(aes)", key, ORACLE_KEYLEN, 0);

    for (size_t done = 0; done < len; done += 4 * KIB) {
        size_t now = len - done < 4 * KIB ? len - done : 4 * KIB;
        ssize_t ret = (enc ? kcapi_cipher_encrypt : kcapi_cipher_decrypt)(
            ecb, bytes + done, now, NULL, bytes + done, now, KCAPI_ACCESS_SENDMSG);

        if (ret != (ssize_t)now)
            bail_out("ecb(aes), which all is judged by, returned %zd", ret);
    }
    kcapi_cipher_destroy(ecb);
}

/* The key stream of CTR, for len bytes, from the counter on; the counter is moved on. */
static inline void oracle_key_stream(const uint8_t *key, uint8_t counter[16], uint8_t *stream,
                                     size_t len)
{
    size_t blocks = (len + 15) / 16;
    uint8_t *bytes = pages(16 * blocks);

    for (size_t i = 0; i < blocks; i++) {
        memcpy(bytes + 16 * i, counter, 16);
        for (int digit = 15; digit >= 0 && ++counter[digit] == 0; digit--)
            continue;
    }
    oracle_ecb(key, true, bytes, 16 * blocks);
    memcpy(stream, bytes, len);
    free(bytes);
}

/* Whether `to` is `from` in CTR, either being the plaintext; the counter is moved on. */
static inline bool is_ctr(const uint8_t *key, uint8_t counter[16], const uint8_t *from,
                          const uint8_t *to, size_t len)
{
    uint8_t *stream = pages(len);
    bool same = true;

    oracle_key_stream(key, counter, stream, len);
    for (size_t i = 0; i < len; i++)
        same &= (from[i] ^ stream[i]) == to[i];
    free(stream);
    return same;
}

/* Whether `cipher` is `plain` in CBC as one chain: its blocks, decrypted alone, say so. */
static inline bool is_cbc(const uint8_t *key, const uint8_t iv[16], const uint8_t *plain,
                          const uint8_t *cipher, size_t len)
{
    uint8_t *blocks = pages(len);
    bool same = true;

    memcpy(blocks, cipher, len);
    oracle_ecb(key, false, blocks, len);
    for (size_t i = 0; i < len; i++)
        same &= (blocks[i] ^ (i < 16 ? iv[i] : cipher[i - 16])) == plain[i];
    free(blocks);
    return same;
}

#endif
