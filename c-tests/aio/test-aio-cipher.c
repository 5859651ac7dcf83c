/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* AIO of symmetric ciphers, up to 64 IOVECs that fit into the socket's send buffer. */
#include <errno.h>

#include "aio-cipher.h"

static const struct mode *const modes[] = { &CBC, &CTR, &ECB, &XTS };
#define MODES (sizeof(modes) / sizeof(modes[0]))

static const struct lengths aio_lengths[] = {
    { "one block each", 1, { 16 } },
    { "512 bytes each", 1, { 512 } },
    { "mixed lengths", 5, { 16, 1024, 48, 4096, 160 } },
};

static void test_counts(const struct mode *mode)
{
    static const size_t counts[] = { 1, 2, 3, 63, 64 };
    struct kcapi_handle *handle =
        cipher_with_key(mode->name, aio_key, mode->keylen, KCAPI_INIT_AIO);

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        for (size_t j = 0; j < sizeof(aio_lengths) / sizeof(aio_lengths[0]); j++)
            for (size_t k = 0; k < 2 * ACCESS_MODES; k++)
                aio_round_trip(handle, mode, true, counts[i], &aio_lengths[j], k % 2,
                               access_modes[k / 2]);
    kcapi_cipher_destroy(handle);
}

/* What the kernel of Linux 6.1 takes in one recvmsg is the most here. */
static void test_without_aio(const struct mode *mode)
{
    static const size_t counts[] = { 1, 2, 3, 16 };
    struct kcapi_handle *handle = cipher_with_key(mode->name, aio_key, mode->keylen, 0);

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        for (size_t j = 0; j < sizeof(aio_lengths) / sizeof(aio_lengths[0]); j++)
            for (size_t k = 0; k < ACCESS_MODES; k++)
                aio_round_trip(handle, mode, false, counts[i], &aio_lengths[j], j % 2,
                               access_modes[k]);
    kcapi_cipher_destroy(handle);
}

/* AIO, one-shot and stream on one handle in turn: none leaves anything behind for the next. */
static void test_mixed_calls(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", aio_key, 16, KCAPI_INIT_AIO);
    static uint8_t plain[256], out[256];
    struct iovec in = { plain, sizeof(plain) }, result = { out, sizeof(out) };

    fill(plain, sizeof(plain), 3);
    for (int i = 0; i < 5; i++) {
        aio_round_trip(handle, &CBC, true, 7, &aio_lengths[2], false, 0);
        is_int(kcapi_cipher_encrypt(handle, plain, sizeof(plain), aio_iv, out, sizeof(out), 0),
               sizeof(plain), "a one-shot between");
        ok(is_cbc(aio_key, aio_iv, plain, out, sizeof(plain)), "which is right");
        memset(out, 0, sizeof(out));
        kcapi_cipher_stream_init_enc(handle, aio_iv, NULL, 0);
        kcapi_cipher_stream_update_last(handle, &in, 1);
        is_int(kcapi_cipher_stream_op(handle, &result, 1), sizeof(plain), "a stream between");
        ok(is_cbc(aio_key, aio_iv, plain, out, sizeof(plain)), "which is right");
    }
    kcapi_cipher_destroy(handle);
}

/* Without an IV, the chain goes on from call to call. */
static void test_continued(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", aio_key, 16, KCAPI_INIT_AIO);
    uint8_t plain[160], out[160] = { 0 };
    struct iovec in[10], to[10];

    fill(plain, sizeof(plain), 9);
    for (size_t i = 0; i < 10; i++) {
        in[i] = (struct iovec){ plain + 16 * i, 16 };
        to[i] = (struct iovec){ out + 16 * i, 16 };
    }
    is_int(kcapi_cipher_encrypt_aio(handle, in, to, 3, aio_iv, 0), 48, "three IOVECs");
    is_int(kcapi_cipher_encrypt_aio(handle, in + 3, to + 3, 1, NULL, 0), 16, "one more");
    is_int(kcapi_cipher_encrypt_aio(handle, in + 4, to + 4, 6, NULL, 0), 96, "six more");
    ok(is_cbc(aio_key, aio_iv, plain, out, sizeof(plain)), "are one chain without a new IV");
    kcapi_cipher_destroy(handle);
}

static void test_nothing(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", aio_key, 16, KCAPI_INIT_AIO);
    struct iovec empty = { aio_key, 0 };

    is_int(kcapi_cipher_encrypt_aio(handle, NULL, NULL, 0, aio_iv, 0), 0, "no IOVECs");
    is_int(kcapi_cipher_decrypt_aio(handle, &empty, &empty, 0, aio_iv, 0), 0, "no IOVECs");
    is_int(kcapi_cipher_encrypt_aio(handle, &empty, &empty, 1, aio_iv, 0), 0, "one without bytes");
    aio_round_trip(handle, &CBC, true, 3, &aio_lengths[0], false, 0);
    kcapi_cipher_destroy(handle);

    handle = cipher_with_key("cbc(aes)", aio_key, 16, 0);
    is_int(kcapi_cipher_encrypt_aio(handle, NULL, NULL, 0, aio_iv, 0), -EINVAL,
           "no IOVECs without AIO: -EINVAL");
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(aio_key, sizeof(aio_key), 8);
    for (size_t i = 0; i < MODES; i++) {
        test_counts(modes[i]);
        test_without_aio(modes[i]);
    }
    test_mixed_calls();
    test_continued();
    test_nothing();
    return done_testing();
}
