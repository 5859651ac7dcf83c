/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Symmetric ciphers between unmapped pages: key, IV, input, output, IOVECs and their arrays. Nothing
 * beside them is read or written, inputs are not written to, outputs not behind the result, and
 * the results are those of ordinary buffers.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "fence.h"

struct cipher {
    const char *name;
    uint32_t keylen;
};

static const struct cipher ciphers[] = {
    { "ecb(aes)", 16 },       { "cbc(aes)", 16 },  { "cbc(aes)", 24 },           { "cbc(aes)", 32 },
    { "ctr(aes)", 16 },       { "ctr(aes)", 32 },  { "cts(cbc(aes))", 16 },      { "xts(aes)", 32 },
    { "xts(aes)", 64 },       { "lrw(aes)", 32 },  { "rfc3686(ctr(aes))", 20 },  { "cfb(aes)", 16 },
    { "ofb(aes)", 16 },       { "pcbc(aes)", 16 }, { "kw(aes)", 16 },            { "chacha20", 32 },
    { "xchacha20", 32 },      { "xchacha12", 32 }, { "cbc(des3_ede)", 24 },      { "ctr(sm4)", 16 },
    { "xts(camellia)", 32 },  { "cbc(aria)", 16 }, { "ctr(twofish)", 16 },       { "ecb(serpent)", 16 },
};

static uint8_t key[64], iv[64], data[LONGEST], want[LONGEST + 64];

static ssize_t one_call(struct kcapi_handle *handle, bool enc, const uint8_t *in, size_t inlen,
                     const uint8_t *with_iv, uint8_t *out, size_t outlen, int access)
{
    return (enc ? kcapi_cipher_encrypt : kcapi_cipher_decrypt)(handle, in, inlen, with_iv, out,
                                                               outlen, access);
}

static void one_shot(struct series *s, struct kcapi_handle *handle, bool enc, size_t len,
                     size_t spare)
{
    uint32_t ivsize = kcapi_cipher_ivsize(handle);
    ssize_t wanted = one_call(handle, enc, data, len, iv, want, len, 0), ret;
    const uint8_t *from = fence_input(data, len), *with_iv = fence_input(iv, ivsize);
    uint8_t *to = fence(len + spare);
    bool right;

    ret = one_call(handle, enc, from, len, with_iv, to, len + spare, access_modes[len % ACCESS_MODES]);
    right = ret == wanted && (ret < 0 || memcmp(to, want, len) == 0) &&
            all_are(to + len, FENCE_BYTE, spare);
    call_made(s, right, "%zu bytes, %zu to spare: %zd, not %zd", len, spare, ret, wanted);
}

static void in_place(struct series *s, struct kcapi_handle *handle, bool enc, size_t len)
{
    ssize_t wanted = one_call(handle, enc, data, len, iv, want, len, 0), ret;
    uint8_t *both = fence(len);

    memcpy(both, data, len);
    ret = one_call(handle, enc, both, len, iv, both, len, 0);
    call_made(s, ret == wanted && (ret < 0 || memcmp(both, want, len) == 0),
              "in place, %zu bytes: %zd, not %zd", len, ret, wanted);
}

/* Three pairs of IOVECs, all apart, in one AIO call. */
static void batch(struct series *s, struct kcapi_handle *handle, bool enc, size_t len)
{
    struct iovec in[3], out[3];
    ssize_t wanted, ret;
    bool right = true;

    for (size_t i = 0; i < 3; i++) {
        in[i] = (struct iovec){ data + i, len };
        out[i] = (struct iovec){ want + i * len, len };
    }
    wanted = (enc ? kcapi_cipher_encrypt_aio : kcapi_cipher_decrypt_aio)(handle, in, out, 3, iv, 0);
    for (size_t i = 0; i < 3; i++) {
        in[i].iov_base = fence_input(data + i, len);
        out[i].iov_base = fence(len);
    }
    ret = (enc ? kcapi_cipher_encrypt_aio : kcapi_cipher_decrypt_aio)(
        handle, fence_input(in, sizeof(in)), fence_input(out, sizeof(out)), 3,
        fence_input(iv, kcapi_cipher_ivsize(handle)), 0);
    for (size_t i = 0; i < 3 && ret > 0; i++)
        right &= memcmp(out[i].iov_base, want + i * len, len) == 0;
    call_made(s, right && ret == wanted, "AIO, %zu bytes each: %zd, not %zd", len, ret, wanted);
}

static void requests(struct series *s, struct kcapi_handle *handle, struct kcapi_handle *other, bool enc, size_t len)
{
    struct kcapi_request model = { .handle = handle,
                                   .type = enc ? KCAPI_REQUEST_ENCRYPT : KCAPI_REQUEST_DECRYPT,
                                   .iv = iv,
                                   .input = data,
                                   .inlen = len,
                                   .output = want,
                                   .outlen = len };

    model.result = one_call(handle, enc, data, len, iv, want, len, 0);
    fenced_requests(s, &model, other, kcapi_cipher_ivsize(handle), false);
    fenced_requests(s, &model, other, kcapi_cipher_ivsize(handle), true);
}

/* A third of it with the beginning, some with an update, the rest with the last. */
static void stream(struct series *s, struct kcapi_handle *handle, bool enc, size_t len)
{
    size_t ends[] = { 0, len / 3 / 16 * 16, len / 2 / 16 * 16, len };
    ssize_t wanted = one_call(handle, enc, data, len, iv, want, len, 0), ret;
    struct iovec parts[3], out = { fence(len + 9), len + 9 };
    const uint8_t *with_iv = fence_input(iv, kcapi_cipher_ivsize(handle));
    bool right;

    for (size_t i = 0; i < 3; i++) {
        parts[i].iov_len = ends[i + 1] - ends[i];
        parts[i].iov_base = fence_input(data + ends[i], parts[i].iov_len);
    }
    ret = (enc ? kcapi_cipher_stream_init_enc : kcapi_cipher_stream_init_dec)(
        handle, with_iv, fence_input(&parts[0], sizeof(parts[0])), 1);
    right = ret == (ssize_t)parts[0].iov_len;
    ret = kcapi_cipher_stream_update(handle, fence_input(&parts[1], sizeof(parts[1])), 1);
    right &= ret == (ssize_t)parts[1].iov_len;
    ret = kcapi_cipher_stream_update_last(handle, fence_input(&parts[2], sizeof(parts[2])), 1);
    right &= ret == (ssize_t)parts[2].iov_len;
    ret = kcapi_cipher_stream_op(handle, fence_input(&out, sizeof(out)), 1);
    right &= ret == wanted && memcmp(out.iov_base, want, len) == 0;
    right &= all_are((uint8_t *)out.iov_base + len, FENCE_BYTE, 9);
    call_made(s, right, "a stream of %zu bytes: %zd, not %zd", len, ret, wanted);
}

static struct kcapi_handle *fenced_handle(struct series *s, const struct cipher *c, uint32_t flags)
{
    struct kcapi_handle **where = (struct kcapi_handle **)(void *)fence(sizeof(*where)), *handle;
    int ret = kcapi_cipher_init(where, fence_input(c->name, strlen(c->name) + 1), flags);

    if (ret == 0)
        ret = kcapi_cipher_setkey(*where, fence_input(key, c->keylen), c->keylen);
    handle = *where;
    call_made(s, ret == 0, "init and setkey: %d", ret);
    return handle;
}

static void test_cipher(const struct cipher *c)
{
    struct series s = { c->name, 0, 0 };

    if (!has_cipher(c->name)) {
        skip(1, c->name);
        return;
    }
    for (border = 0; border < BORDERS; border++) {
        struct kcapi_handle *handle = fenced_handle(&s, c, 0);
        struct kcapi_handle *aio = fenced_handle(&s, c, KCAPI_INIT_AIO);

        for (size_t len = 0; len <= LONGEST; len = next_length(len)) {
            for (int enc = 0; enc < 2; enc++) {
                one_shot(&s, handle, enc, len, 0);
                one_shot(&s, handle, enc, len, 7);
                in_place(&s, handle, enc, len);
                if (len > 0 && len < 4200)
                    batch(&s, len % 3 ? aio : handle, enc, len);
                if (len > 0 && len < 4200)
                    requests(&s, handle, aio, enc, len);
                if (len >= 96 && len <= 65536 && len % 16 == 0 && strcmp(c->name, "kw(aes)"))
                    stream(&s, handle, enc, len);
            }
        }
        kcapi_cipher_destroy(handle);
        kcapi_cipher_destroy(aio);
    }
    series_end(&s);
}

typedef ssize_t in_one_call(const uint8_t *, uint32_t, const uint8_t *, size_t, const uint8_t *,
                            uint8_t *, size_t);

static void test_in_one_call(const char *name, in_one_call *call)
{
    struct series s = { name, 0, 0 };

    if (call(key, 16, data, 16, iv, want, 16) == -ENOENT) {
        skip(1, name);
        return;
    }
    for (border = 0; border < BORDERS; border++) {
        for (size_t len = 16; len <= 160; len += 16) {
            ssize_t wanted = call(key, 16, data, len, iv, want, len), ret;
            uint8_t *to = fence(len);

            ret = call(fence_input(key, 16), 16, fence_input(data, len), len, fence_input(iv, 16), to,
                       len);
            call_made(&s, ret == wanted && (ret < 0 || memcmp(to, want, len) == 0),
                      "%zu bytes: %zd, not %zd", len, ret, wanted);
        }
    }
    series_end(&s);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 1);
    fill(iv, sizeof(iv), 2);
    fill(data, sizeof(data), 3);
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
        test_cipher(&ciphers[i]);
    test_in_one_call("kcapi_cipher_enc_aes_cbc", kcapi_cipher_enc_aes_cbc);
    test_in_one_call("kcapi_cipher_dec_aes_cbc", kcapi_cipher_dec_aes_cbc);
    test_in_one_call("kcapi_cipher_enc_aes_ctr", kcapi_cipher_enc_aes_ctr);
    test_in_one_call("kcapi_cipher_dec_aes_ctr", kcapi_cipher_dec_aes_ctr);
    test_in_one_call("kcapi_cipher_enc_sm4_cbc", kcapi_cipher_enc_sm4_cbc);
    test_in_one_call("kcapi_cipher_dec_sm4_cbc", kcapi_cipher_dec_sm4_cbc);
    test_in_one_call("kcapi_cipher_enc_sm4_ctr", kcapi_cipher_enc_sm4_ctr);
    test_in_one_call("kcapi_cipher_dec_sm4_ctr", kcapi_cipher_dec_sm4_ctr);
    return done_testing();
}
