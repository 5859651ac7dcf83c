/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* RSA between unmapped pages, as symmetric ciphers are in test-guard-pages.c. */
#define _GNU_SOURCE
#include <errno.h>

#include "fence.h"
#include "rsa.h"

enum { SIZE = RSA_1024_SIZE };

static uint8_t key[700], message[32];
static uint32_t key_len;

/* A result stays in its place only until the call was looked at. */
static uint8_t kept[SIZE];

static void whole_messages(struct series *s, struct kcapi_handle *handle)
{
    uint8_t *to = fence(SIZE + 3);
    ssize_t ret = kcapi_akcipher_encrypt(handle, fence_input(message, 32), 32, to, SIZE + 3, 0);

    memcpy(kept, to, SIZE);
    call_made(s, ret == SIZE && all_are(to + SIZE, FENCE_BYTE, 3), "encrypt: %zd", ret);
    to = fence(SIZE);
    ret = kcapi_akcipher_decrypt(handle, fence_input(kept, SIZE), SIZE, to, SIZE, 0);
    call_made(s, ret == 32 && memcmp(to, message, 32) == 0 &&
                     all_are(to + 32, FENCE_BYTE, SIZE - 32), "decrypt: %zd", ret);
    to = fence(SIZE);
    ret = kcapi_akcipher_sign(handle, fence_input(message, 32), 32, to, SIZE, 0);
    memcpy(kept, to, SIZE);
    call_made(s, ret == SIZE, "sign: %zd", ret);
    to = fence(SIZE);
    ret = kcapi_akcipher_verify(handle, fence_input(kept, SIZE), SIZE, to, SIZE, 0);
    call_made(s, ret == 32 && memcmp(to, message, 32) == 0 &&
                     all_are(to + 32, FENCE_BYTE, SIZE - 32), "verify: %zd", ret);
    to = fence(SIZE - 1);
    ret = kcapi_akcipher_sign(handle, fence_input(message, 32), 32, to, SIZE - 1, 0);
    call_made(s, ret == -EMSGSIZE && all_are(to, FENCE_BYTE, SIZE - 1), "too short: %zd", ret);
}

/* The signature is the same each time. */
static void pieces(struct series *s, struct kcapi_handle *handle)
{
    struct iovec in = { fence_input(message, 32), 32 }, whole = { fence(SIZE), SIZE };
    struct iovec out[2] = { { fence(5), 5 }, { fence(SIZE - 5), SIZE - 5 } };
    ssize_t ret = kcapi_akcipher_sign_aio(handle, fence_input(&in, sizeof(in)),
                                          fence_input(&whole, sizeof(whole)), 1, 0);
    bool right = ret == SIZE && memcmp(whole.iov_base, kept, SIZE) == 0;

    kcapi_akcipher_stream_init_sgn(handle, fence_input(&in, sizeof(in)), 1);
    kcapi_akcipher_stream_update_last(handle, NULL, 0);
    ret = kcapi_akcipher_stream_op(handle, fence_input(out, sizeof(out)), 2);
    right &= memcmp(out[0].iov_base, kept, 5) == 0;
    right &= memcmp(out[1].iov_base, kept + 5, SIZE - 5) == 0;
    call_made(s, right && ret == SIZE, "batch and stream: %zd", ret);
}

int main(void)
{
    static const char *const names[] = { "pkcs1pad(rsa,sha256)", "pkcs1pad(rsa,sha3-256)" };
    struct kcapi_handle *handle = NULL;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    key_len = (uint32_t)unhex(rsa_1024, key, sizeof(key));
    fill(message, sizeof(message), 1);
    for (size_t i = 0; i < 2; i++) {
        struct series s = { names[i], 0, 0 };

        if (kcapi_akcipher_init(&handle, names[i], 0)) {
            skip(1, names[i]);
            continue;
        }
        for (border = 0; border < BORDERS; border++) {
            int ret = kcapi_akcipher_setkey(handle, fence_input(key, key_len), key_len);

            call_made(&s, ret == SIZE, "setkey: %d", ret);
            for (uint32_t len = 0; len < key_len; len += 1 + len / 4)
                call_made(&s, kcapi_akcipher_setkey(handle, fence_input(key, len), len) == -EINVAL,
                          "%u bytes of a key", len);
            kcapi_akcipher_setkey(handle, key, key_len);
            whole_messages(&s, handle);
            pieces(&s, handle);
        }
        kcapi_akcipher_destroy(handle);
        series_end(&s);
    }
    return done_testing();
}
