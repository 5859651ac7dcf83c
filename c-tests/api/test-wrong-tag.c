/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A wrong tag is -EBADMSG, and nobody gets to see the plaintext: not in the output, be it apart, in
 * place, one of many or a stream's. The other messages of a batch are decrypted.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "authenc.h"
#include "fill.h"

enum { AAD = 16, TEXT = 256, TAG = 16, LEN = AAD + TEXT + TAG, MANY = 4 };

struct aead {
    const char *name;
    uint32_t keylen;
};

static const struct aead aeads[] = {
    { "gcm(aes)", 16 },
    { "ccm(aes)", 16 },
    { "rfc4106(gcm(aes))", 20 },
    { "rfc4309(ccm(aes))", 19 },
    { "rfc7539(chacha20,poly1305)", 32 },
    { "authenc(hmac(sha256),cbc(aes))", 8 + 32 + 16 },
    { "authenc(hmac(sha1),ctr(aes))", 8 + 20 + 16 },
};

static uint8_t key[64], iv[16] = { 1 }, plain[AAD + TEXT], sealed[LEN];

/* Whether 16 bytes of the plaintext are anywhere. */
static bool told(const uint8_t *out, size_t len)
{
    for (size_t i = 0; i + 16 <= TEXT; i++)
        if (memmem(out, len, plain + AAD + i, 16))
            return true;
    return false;
}

static void one_shot(const char *name, struct kcapi_handle *handle, size_t wrong)
{
    uint8_t in[LEN], out[LEN];

    memcpy(in, sealed, LEN);
    memset(out, 0x77, LEN);
    in[wrong] ^= 1;
    ok(kcapi_aead_decrypt(handle, in, LEN, iv, out, AAD + TEXT, 0) == -EBADMSG && !told(out, LEN),
       "%s, byte %zu is wrong: no plaintext", name, wrong);
    ok(kcapi_aead_decrypt(handle, in, LEN, iv, in, AAD + TEXT, 0) == -EBADMSG && !told(in, LEN),
       "%s, in place: no plaintext", name);
    ok(kcapi_aead_decrypt(handle, sealed, LEN, iv, out, AAD + TEXT, 0) == AAD + TEXT &&
           memcmp(out + AAD, plain + AAD, TEXT) == 0,
       "%s: the right message is decrypted afterwards", name);
}

static void stream(const char *name, struct kcapi_handle *handle)
{
    uint8_t in[LEN], out[LEN] = { 0 };
    struct iovec from = { in, LEN }, to[2] = { { out, 100 }, { out + 100, AAD + TEXT - 100 } };

    memcpy(in, sealed, LEN);
    in[LEN - 1] ^= 0x80;
    kcapi_aead_stream_init_dec(handle, iv, NULL, 0);
    kcapi_aead_stream_update_last(handle, &from, 1);
    ok(kcapi_aead_stream_op(handle, to, 2) == -EBADMSG && !told(out, LEN),
       "%s, a stream: no plaintext", name);
}

static void batch(const char *name, struct kcapi_handle *handle, bool in_place)
{
    static uint8_t in[MANY][LEN], out[MANY][LEN];
    uint8_t (*to)[LEN] = in_place ? in : out;
    struct iovec from[MANY], into[MANY];
    bool right = true;

    memset(out, 0x77, sizeof(out));
    for (size_t i = 0; i < MANY; i++) {
        memcpy(in[i], sealed, LEN);
        from[i] = (struct iovec){ in[i], LEN };
        into[i] = (struct iovec){ to[i], AAD + TEXT };
    }
    in[1][LEN - 1] ^= 1;
    ok(kcapi_aead_decrypt_aio(handle, from, into, MANY, iv, 0) == -EBADMSG && !told(to[1], LEN),
       "%s, one of many%s: no plaintext", name, in_place ? ", in place" : "");
    for (size_t i = 0; i < MANY; i++)
        right &= i == 1 || memcmp(to[i] + AAD, plain + AAD, TEXT) == 0;
    ok(right, "%s: the others of the batch are decrypted", name);
}

/* Requests of two handles. */
static void requests(const char *name, struct kcapi_handle *handle, bool in_place)
{
    static uint8_t in[MANY][LEN], out[MANY][LEN];
    uint8_t (*to)[LEN] = in_place ? in : out;
    struct kcapi_handle *other = reinit(handle, 0);
    struct kcapi_request r[MANY];
    bool right = true;

    memset(out, 0x77, sizeof(out));
    for (size_t i = 0; i < MANY; i++) {
        memcpy(in[i], sealed, LEN);
        r[i] = (struct kcapi_request){ .handle = i < MANY / 2 ? handle : other,
                                       .type = KCAPI_REQUEST_DECRYPT,
                                       .iv = iv,
                                       .assoclen = AAD,
                                       .input = in[i],
                                       .inlen = LEN,
                                       .output = to[i],
                                       .outlen = AAD + TEXT };
    }
    in[1][LEN - 1] ^= 1;
    in[2][AAD + 7] ^= 1;
    is_int(kcapi_process(r, MANY, sizeof(r[0]), 0), MANY - 2, name);
    for (size_t i = 0; i < MANY; i++)
        right &= i == 1 || i == 2 ? r[i].result == -EBADMSG && !told(to[i], LEN)
                                  : r[i].result == AAD + TEXT && memcmp(to[i] + AAD, plain + AAD, TEXT) == 0;
    ok(right, "%s, two requests of four%s: no plaintext, but that of the others", name, in_place ? ", in place" : "");
    kcapi_aead_destroy(other);
}

static void test_aead(const struct aead *a)
{
    fill(key, sizeof(key), 1);
    if (is_authenc(a->name))
        put_authenc_head(key, 16);
    for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags++) {
        struct kcapi_handle *handle = aead_with_key(a->name, key, a->keylen, TAG, AAD, flags);

        if (kcapi_aead_encrypt(handle, plain, AAD + TEXT, iv, sealed, LEN, 0) != LEN)
            bail_out("%s does not encrypt", a->name);
        one_shot(a->name, handle, LEN - 1);
        one_shot(a->name, handle, AAD + 5);
        one_shot(a->name, handle, 0);
        stream(a->name, handle);
        batch(a->name, handle, false);
        batch(a->name, handle, true);
        requests(a->name, handle, false);
        requests(a->name, handle, true);
        kcapi_aead_destroy(handle);
    }
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(plain, sizeof(plain), 3);
    for (size_t i = 0; i < sizeof(aeads) / sizeof(aeads[0]); i++) {
        if (has_aead(aeads[i].name))
            test_aead(&aeads[i]);
        else
            skip(1, aeads[i].name);
    }
    return done_testing();
}
