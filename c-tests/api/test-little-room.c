/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A stream's output that is too short for a block, or for what a stream mode works on at once: -EINVAL, and
 * with more room the result is there as if nothing had been asked. Linux 6.1 would give 0 bytes, so that a
 * loop that reads to the end never ended.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "fill.h"

enum { LEN = 256, TAG = 16, AAD = 16 };

static const struct {
    const char *name;
    uint32_t keylen;
    size_t block; /* bytes that a read must have room for */
    bool whole;   /* every read begins with the IV: only one gives the message's result */
} ciphers[] = {
    { "ecb(aes)", 16, 16, false },  { "cbc(aes)", 16, 16, false },
    { "ctr(aes)", 16, 16, false },  { "cfb(aes)", 16, 16, false },
    { "ofb(aes)", 16, 16, false },  { "pcbc(aes)", 16, 16, false },
    { "lrw(aes)", 32, 16, false },  { "cbc(des3_ede)", 24, 8, false },
    { "xts(aes)", 32, 16, true },   { "rfc3686(ctr(aes))", 20, 16, true },
    { "chacha20", 32, 64, true },
};

static uint8_t key[64], iv[32] = { 1 }, data[LEN], want[LEN + TAG], got[LEN + TAG];

static ssize_t op(struct kcapi_handle *handle, uint8_t *to, size_t room)
{
    struct iovec iov = { to, room };

    return kcapi_cipher_stream_op(handle, &iov, 1);
}

/* Reads in pieces of `room` bytes, before each of which too few are asked for. */
static void test_cipher(size_t number, bool last, size_t room)
{
    struct kcapi_handle *handle = cipher_with_key(ciphers[number].name, key, ciphers[number].keylen, 0);
    size_t block = ciphers[number].block, done = 0;
    struct iovec all = { data, LEN }, none = { data, 0 };
    bool refused = true;
    ssize_t ret;

    kcapi_cipher_encrypt(handle, data, LEN, iv, want, LEN, 0);
    ret = kcapi_cipher_stream_init_enc(handle, iv, &all, 1);
    if (last)
        ret = ret < 0 ? ret : kcapi_cipher_stream_update_last(handle, &none, 1);
    memset(got, 0, sizeof(got));
    for (int i = 0; ret >= 0 && done < LEN && i < 100; i++) {
        static const size_t few[] = { 1, 7, 10, 63 };

        for (size_t j = 0; j < 4; j++)
            if (few[j] < block)
                refused &= op(handle, got + done, few[j]) == -EINVAL;
        ret = op(handle, got + done, room < LEN - done ? room : LEN - done);
        done += ret > 0 ? (size_t)ret : 0;
    }
    ok(refused, "%s%s: less than %zu bytes", ciphers[number].name, last ? "" : ", more to come", block);
    ok(done == LEN && !memcmp(got, want, LEN), "and then in pieces of %zu", room);
    kcapi_cipher_destroy(handle);
}

static void test_aead(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, AAD, 0);
    struct iovec first = { data, 100 }, last = { data + 100, LEN - 100 }, out = { got, LEN + TAG };
    bool refused = true;

    kcapi_aead_encrypt(handle, data, LEN, iv, want, LEN + TAG, 0);
    kcapi_aead_stream_init_enc(handle, iv, &first, 1);
    kcapi_aead_stream_update_last(handle, &last, 1);
    for (out.iov_len = 1; out.iov_len < LEN + TAG; out.iov_len++)
        refused &= kcapi_aead_stream_op(handle, &out, 1) == -EINVAL;
    ok(refused, "gcm(aes): less than the whole result");
    is_int(kcapi_aead_stream_op(handle, &out, 1), LEN + TAG, "and then all of it");
    is_mem(got, want, LEN + TAG, "with the right bytes");
    kcapi_aead_destroy(handle);
}

int main(void)
{
    fill(key, sizeof(key), 1);
    fill(data, sizeof(data), 2);
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        if (!has_cipher(ciphers[i].name))
            continue;
        for (int last = 0; last < 2; last++) {
            if (!ciphers[i].whole) {
                test_cipher(i, last, ciphers[i].block);
                test_cipher(i, last, ciphers[i].block + 7);
            }
            test_cipher(i, last, LEN);
        }
    }
    test_aead();
    return done_testing();
}
