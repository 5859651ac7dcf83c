/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* AEADs between unmapped pages, as symmetric ciphers are in test-guard-pages.c. */
#define _GNU_SOURCE
#include <errno.h>

#include "authenc.h"
#include "fence.h"

struct aead {
    const char *name;
    uint32_t keylen, tag, aad;
};

static const struct aead aeads[] = {
    { "gcm(aes)", 16, 16, 0 },
    { "gcm(aes)", 32, 12, 13 },
    { "ccm(aes)", 16, 16, 8 },
    { "ccm(aes)", 24, 4, 0 },
    { "rfc4106(gcm(aes))", 20, 16, 16 },
    { "rfc4309(ccm(aes))", 19, 8, 20 },
    { "rfc4543(gcm(aes))", 20, 16, 16 },
    { "rfc7539(chacha20,poly1305)", 32, 16, 13 },
    { "rfc7539esp(chacha20,poly1305)", 36, 16, 16 },
    { "authenc(hmac(sha256),cbc(aes))", 8 + 32 + 16, 16, 20 },
    { "authenc(hmac(sha1),ctr(aes))", 8 + 20 + 16, 20, 0 },
    { "gcm(camellia)", 16, 16, 8 },
};

static uint8_t key[64], iv[16] = { 3 }, data[LONGEST], want[3 * LONGEST];

static ssize_t one_call(struct kcapi_handle *handle, bool enc, const uint8_t *in, size_t inlen,
                        const uint8_t *with_iv, uint8_t *out, size_t outlen)
{
    return (enc ? kcapi_aead_encrypt : kcapi_aead_decrypt)(handle, in, inlen, with_iv, out, outlen,
                                                           0);
}

/* A message and the tag's length, as what is sent and as what comes back. */
static void lengths(const struct aead *a, bool enc, size_t text, size_t *in, size_t *out)
{
    *in = a->aad + text + (enc ? 0 : a->tag);
    *out = a->aad + text + (enc ? a->tag : 0);
}

static void one_shot(struct series *s, const struct aead *a, struct kcapi_handle *handle, bool enc,
                     const uint8_t *message, size_t text, size_t spare)
{
    ssize_t wanted, ret;
    const uint8_t *from, *with_iv;
    size_t in, out;
    uint8_t *to;
    bool right;

    lengths(a, enc, text, &in, &out);
    wanted = one_call(handle, enc, message, in, iv, want, out);
    from = fence_input(message, in);
    with_iv = fence_input(iv, kcapi_aead_ivsize(handle));
    to = fence(out + spare);
    ret = one_call(handle, enc, from, in, with_iv, to, out + spare);
    right = ret == wanted && (ret < 0 || memcmp(to, want, out) == 0) &&
            all_are(to + out, FENCE_BYTE, spare);
    call_made(s, right, "%zu bytes of text, %zu to spare: %zd, not %zd", text, spare, ret, wanted);

    to = fence(in > out ? in : out);
    memcpy(to, message, in);
    ret = one_call(handle, enc, to, in, iv, to, out);
    call_made(s, ret == wanted && (ret < 0 || memcmp(to, want, out) == 0),
              "in place, %zu bytes of text: %zd, not %zd", text, ret, wanted);
}

/* The tag is wrong: of the plaintext nothing may be told, and nothing be written beside. */
static void forged(struct series *s, const struct aead *a, struct kcapi_handle *handle,
                   uint8_t *sealed, size_t text)
{
    uint8_t *last = &sealed[a->aad + text + a->tag - 1], *to;
    ssize_t ret;

    *last ^= 1;
    to = fence(a->aad + text + 5);
    ret = one_call(handle, false, fence_input(sealed, a->aad + text + a->tag),
                   a->aad + text + a->tag, iv, to, a->aad + text + 5);
    call_made(s, ret == (a->aad + text ? -EBADMSG : 0) || ret == -EBADMSG,
              "a wrong tag, %zu bytes of text: %zd", text, ret);
    *last ^= 1;
}

static void batch(struct series *s, const struct aead *a, struct kcapi_handle *handle, bool enc,
                  const uint8_t *message, size_t text)
{
    struct iovec in[3], out[3];
    size_t inlen, outlen;
    ssize_t wanted, ret;
    bool right = true;

    lengths(a, enc, text, &inlen, &outlen);
    for (size_t i = 0; i < 3; i++) {
        in[i] = (struct iovec){ (uint8_t *)message, inlen };
        out[i] = (struct iovec){ want + i * outlen, outlen };
    }
    wanted = (enc ? kcapi_aead_encrypt_aio : kcapi_aead_decrypt_aio)(handle, in, out, 3, iv, 0);
    for (size_t i = 0; i < 3; i++) {
        in[i].iov_base = fence_input(message, inlen);
        out[i].iov_base = fence(outlen);
    }
    ret = (enc ? kcapi_aead_encrypt_aio : kcapi_aead_decrypt_aio)(
        handle, fence_input(in, sizeof(in)), fence_input(out, sizeof(out)), 3,
        fence_input(iv, kcapi_aead_ivsize(handle)), 0);
    for (size_t i = 0; i < 3 && ret > 0; i++)
        right &= memcmp(out[i].iov_base, want + i * outlen, outlen) == 0;
    call_made(s, right && ret == wanted, "AIO, %zu bytes of text: %zd, not %zd", text, ret, wanted);
}

static void requests(struct series *s, const struct aead *a, struct kcapi_handle *handle, struct kcapi_handle *other,
                     bool enc, const uint8_t *message, size_t text)
{
    struct kcapi_request model = { .handle = handle,
                                   .type = enc ? KCAPI_REQUEST_ENCRYPT : KCAPI_REQUEST_DECRYPT,
                                   .iv = iv,
                                   .assoclen = a->aad,
                                   .input = message,
                                   .output = want };

    lengths(a, enc, text, &model.inlen, &model.outlen);
    model.result = one_call(handle, enc, message, model.inlen, iv, want, model.outlen);
    fenced_requests(s, &model, other, kcapi_aead_ivsize(handle), false);
    fenced_requests(s, &model, other, kcapi_aead_ivsize(handle), true);
}

/* AAD with the beginning, half of the text with an update, the rest with the last. */
static void stream(struct series *s, const struct aead *a, struct kcapi_handle *handle, bool enc,
                   const uint8_t *message, size_t text)
{
    size_t in, out, ends[4] = { 0, a->aad, a->aad + text / 2 };
    struct iovec parts[3], to;
    ssize_t wanted, ret;
    bool right = true;

    lengths(a, enc, text, &in, &out);
    ends[3] = in;
    wanted = one_call(handle, enc, message, in, iv, want, out);
    for (size_t i = 0; i < 3; i++) {
        parts[i].iov_len = ends[i + 1] - ends[i];
        parts[i].iov_base = fence_input(message + ends[i], parts[i].iov_len);
    }
    to = (struct iovec){ fence(out), out };
    ret = (enc ? kcapi_aead_stream_init_enc : kcapi_aead_stream_init_dec)(
        handle, fence_input(iv, kcapi_aead_ivsize(handle)), fence_input(&parts[0], sizeof(*parts)),
        1);
    right &= ret == (ssize_t)parts[0].iov_len;
    ret = kcapi_aead_stream_update(handle, fence_input(&parts[1], sizeof(*parts)), 1);
    right &= ret == (ssize_t)parts[1].iov_len;
    ret = kcapi_aead_stream_update_last(handle, fence_input(&parts[2], sizeof(*parts)), 1);
    right &= ret == (ssize_t)parts[2].iov_len;
    ret = kcapi_aead_stream_op(handle, fence_input(&to, sizeof(to)), 1);
    right &= ret == wanted && memcmp(to.iov_base, want, out) == 0;
    call_made(s, right, "a stream with %zu bytes of text: %zd, not %zd", text, ret, wanted);
}

/* Pointers and lengths are written through out-parameters, all between pages. */
static void getdata(struct series *s, struct kcapi_handle *handle, bool enc)
{
    uint8_t **part[3], *buffer = fence(200);
    size_t *len[3];

    for (size_t i = 0; i < 3; i++) {
        part[i] = (uint8_t **)(void *)fence(sizeof(*part[i]));
        len[i] = (size_t *)(void *)fence(sizeof(*len[i]));
    }
    kcapi_aead_getdata_input(handle, buffer, 200, enc, part[0], len[0], part[1], len[1], part[2],
                             len[2]);
    call_made(s, *len[0] + *len[1] + *len[2] == 200, "getdata_input");
    for (size_t i = 0; i < 3; i++) {
        part[i] = (uint8_t **)(void *)fence(sizeof(*part[i]));
        len[i] = (size_t *)(void *)fence(sizeof(*len[i]));
    }
    kcapi_aead_getdata_output(handle, data, 200, enc, part[0], len[0], part[1], len[1], part[2],
                              len[2]);
    call_made(s, *len[0] + *len[1] + *len[2] == 200, "getdata_output");
}

static void texts(struct series *s, const struct aead *a, struct kcapi_handle *handle,
                  struct kcapi_handle *aio, size_t text)
{
    static uint8_t sealed[LONGEST + 64];
    size_t len = a->aad + text;

    if (kcapi_aead_encrypt(handle, data, len, iv, sealed, len + a->tag, 0) < 0)
        return; /* not a length that the mode takes */
    for (int enc = 0; enc < 2; enc++) {
        const uint8_t *message = enc ? data : sealed;

        one_shot(s, a, handle, enc, message, text, 0);
        one_shot(s, a, handle, enc, message, text, 9);
        if (text < 4200)
            batch(s, a, text % 3 ? aio : handle, enc, message, text);
        if (text < 4200)
            requests(s, a, handle, aio, enc, message, text);
        if (len > 0)
            stream(s, a, handle, enc, message, text);
    }
    forged(s, a, handle, sealed, text);
}

static struct kcapi_handle *fenced_handle(struct series *s, const struct aead *a, uint32_t flags)
{
    struct kcapi_handle **where = (struct kcapi_handle **)(void *)fence(sizeof(*where)), *handle;
    int ret = kcapi_aead_init(where, fence_input(a->name, strlen(a->name) + 1), flags);

    if (ret == 0)
        ret = kcapi_aead_setkey(*where, fence_input(key, a->keylen), a->keylen);
    handle = *where;
    call_made(s, ret == 0, "init and setkey: %d", ret);
    call_made(s, kcapi_aead_settaglen(handle, a->tag) == 0, "settaglen");
    kcapi_aead_setassoclen(handle, a->aad);
    return handle;
}

static void test_aead(const struct aead *a)
{
    struct series s = { a->name, 0, 0 };

    if (!has_aead(a->name)) {
        skip(1, a->name);
        return;
    }
    fill(key, sizeof(key), 1);
    if (is_authenc(a->name))
        put_authenc_head(key, 16);
    for (border = 0; border < BORDERS; border++) {
        struct kcapi_handle *handle = fenced_handle(&s, a, 0);
        struct kcapi_handle *aio = fenced_handle(&s, a, KCAPI_INIT_AIO);

        for (size_t text = 0; text <= LONGEST - 64; text = next_length(text))
            texts(&s, a, handle, aio, text);
        getdata(&s, handle, true);
        getdata(&s, handle, false);
        kcapi_aead_destroy(handle);
        kcapi_aead_destroy(aio);
    }
    series_end(&s);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 3);
    for (size_t i = 0; i < sizeof(aeads) / sizeof(aeads[0]); i++)
        test_aead(&aeads[i]);
    return done_testing();
}
