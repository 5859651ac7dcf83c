/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * An output that begins a few bytes before or behind its input, so that neither is aligned: the
 * result is that of buffers apart, for messages of any length and for batches.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "fill.h"

enum { SHIFT = 17, LONGEST = 1200000, AAD = 16, MANY = 40 };

struct algorithm {
    const char *name;
    uint32_t keylen, tag;
};

static const struct algorithm algorithms[] = {
    { "ecb(aes)", 16, 0 },  { "cbc(aes)", 16, 0 },  { "ctr(aes)", 16, 0 },
    { "xts(aes)", 32, 0 },  { "chacha20", 32, 0 },  { "gcm(aes)", 16, 16 },
    { "ccm(aes)", 16, 16 }, { "rfc7539(chacha20,poly1305)", 32, 16 },
};

static const size_t lengths[] = { 16, 64, 272, 4096, 65536 + 16, 300000, LONGEST };

static uint8_t key[64], iv[16] = { 1 };
static uint8_t *data, *want, *memory;

/* This one takes pairs of IOVECs instead. */
static struct kcapi_handle *with_pairs;

static ssize_t one_call(struct kcapi_handle *handle, const struct algorithm *a, const uint8_t *in,
                        size_t len, uint8_t *out)
{
    struct iovec from = { (uint8_t *)in, len }, to = { out, len };

    if (handle == with_pairs)
        return kcapi_cipher_encrypt_aio(handle, &from, &to, 1, iv, 0);
    if (a->tag)
        return kcapi_aead_encrypt(handle, in, len, iv, out, len + a->tag, 0);
    return kcapi_cipher_encrypt(handle, in, len, iv, out, len, 0);
}

static void test_shifted(const struct algorithm *a, struct kcapi_handle *handle, size_t len)
{
    ssize_t wanted = one_call(handle, a, data, len, want), ret;
    unsigned wrong = 0, calls = 0;

    if (wanted == -EMSGSIZE) {
        skip(1, "the IOVEC must be taken whole, and is too long");
        return;
    }
    /* Every shift for what is short; for what is long those that matter. */
    for (int shift = -SHIFT; shift <= SHIFT; shift += len > 5000 ? SHIFT : 1) {
        uint8_t *in = memory + SHIFT, *out = in + shift;

        memset(memory, 0x77, len + 2 * SHIFT + a->tag);
        memcpy(in, data, len);
        ret = one_call(handle, a, in, len, out);
        calls++;
        if (ret == wanted && (ret < 0 || memcmp(out, want, (size_t)ret) == 0))
            continue;
        if (wrong++ == 0)
            diag("shift %d: %zd, not %zd", shift, ret, wanted);
    }
    ok(wrong == 0 && wanted > 0, "%s, %zu bytes over themselves: %u calls", a->name, len, calls);
}

/* Each output over its own input and the next one's, or the one's before. */
static void test_batch(const struct algorithm *a, struct kcapi_handle *handle, size_t len)
{
    ssize_t (*const aio)(struct kcapi_handle *, struct iovec *, struct iovec *, size_t,
                         const uint8_t *, int) =
        a->tag ? kcapi_aead_encrypt_aio : kcapi_cipher_encrypt_aio;
    struct iovec in[MANY], out[MANY];
    size_t outlen = len + a->tag;
    unsigned wrong = 0;
    ssize_t wanted, ret;

    for (size_t i = 0; i < MANY; i++) {
        in[i] = (struct iovec){ data + len * i, len };
        out[i] = (struct iovec){ want + outlen * i, outlen };
    }
    wanted = aio(handle, in, out, MANY, iv, 0);
    if (wanted == -EMSGSIZE) {
        skip(1, "all IOVECs are one message, which is too long");
        return;
    }
    for (int shift = -SHIFT; shift <= SHIFT; shift += SHIFT) {
        uint8_t *from = memory + SHIFT, *to = from + shift;

        memcpy(from, data, len * MANY);
        for (size_t i = 0; i < MANY; i++) {
            in[i].iov_base = from + len * i;
            out[i].iov_base = to + outlen * i;
        }
        ret = aio(handle, in, out, MANY, iv, 0);
        if (ret != wanted || memcmp(to, want, outlen * MANY) != 0) {
            wrong++;
            diag("shift %d: %zd, not %zd", shift, ret, wanted);
        }
    }
    ok(wrong == 0 && wanted > 0, "%s, a batch of %d times %zu bytes", a->name, MANY, len);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 1);
    data = pages(LONGEST);
    want = pages(LONGEST + MANY * 16);
    memory = pages(LONGEST + 2 * SHIFT + MANY * 16);
    fill(data, LONGEST, 2);
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        const struct algorithm *a = &algorithms[i];
        bool there = a->tag ? has_aead(a->name) : has_cipher(a->name);

        for (uint32_t flags = 0; there && flags <= KCAPI_INIT_AIO; flags++) {
            struct kcapi_handle *handle =
                a->tag ? aead_with_key(a->name, key, a->keylen, a->tag, AAD, flags)
                       : cipher_with_key(a->name, key, a->keylen, flags);

            for (size_t j = 0; !flags && j < sizeof(lengths) / sizeof(lengths[0]); j++)
                if (!a->tag || lengths[j] < 100000)
                    test_shifted(a, handle, lengths[j]);
            with_pairs = handle;
            if (flags && !a->tag)
                test_shifted(a, handle, LONGEST);
            with_pairs = NULL;
            test_batch(a, handle, 1024);
            test_batch(a, handle, 20480);
            kcapi_cipher_destroy(handle);
        }
    }
    return done_testing();
}
