/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-aead-maxmsgsize.c - an AEAD message as long as kcapi_aead_maxmsgsize() says is taken, in one call, as a
 * pair of IOVECs and as a stream; the user engine takes what no kernel does
 */
#include <errno.h>
#include <limits.h>

#include "fill.h"

enum { AAD = 16, TAG = 16 };

static const uint8_t iv[12] = "an IV of 12", key[16] = "a key of 16 byte";

static void test_longest(struct kcapi_handle *handle, size_t len, const char *name)
{
    size_t plain = len - TAG;
    uint8_t *in = pages(len), *out = pages(len), *back = pages(len);
    struct iovec from = { in, plain }, to = { out, len };
    uint8_t *again = pages(len);

    diag("%s: %zu bytes", name, len);
    fill(in, plain, 1);
    is_int(kcapi_aead_encrypt(handle, in, plain, iv, out, len, 0), (long long)len, name);
    is_int(kcapi_aead_decrypt(handle, out, len, iv, back, plain, 0), (long long)plain, "decrypted");
    is_mem(back, in, plain, "to what it was");
    to.iov_base = again;
    is_int(kcapi_aead_encrypt_aio(handle, &from, &to, 1, iv, 0), (long long)len, "as a pair of IOVECs");
    is_mem(again, out, len, "to the same");
    memset(again, 0, len);
    is_int(kcapi_aead_stream_init_enc(handle, iv, NULL, 0), 0, "as a stream");
    is_int(kcapi_aead_stream_update_last(handle, &from, 1), (long long)plain, "in one piece");
    is_int(kcapi_aead_stream_op(handle, &to, 1), (long long)len, "and its result");
    is_mem(again, out, len, "is the same");
    free(in);
    free(out);
    free(back);
    free(again);
}

static void test_handle(uint32_t flags, const char *name)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, sizeof(key), TAG, AAD, flags);
    ssize_t most = kcapi_aead_maxmsgsize(handle);

    ok(most >= 65536 && most <= INT_MAX, "kcapi_aead_maxmsgsize");
    if (strcmp(kcapi_handle_engine(handle), "user") == 0) {
        is_int(most, INT_MAX, "the user engine takes all that has a length");
        most = 16 << 20;
    }
    test_longest(handle, (size_t)most, name);
    is_int(kcapi_aead_encrypt(handle, key, (size_t)INT_MAX + 1, iv, (uint8_t *)"", 0, 0), -EMSGSIZE,
           "-EMSGSIZE for what no engine takes");
    kcapi_aead_destroy(handle);
}

static void test_without_a_key(void)
{
    struct kcapi_handle *handle = NULL;

    kcapi_aead_init(&handle, "gcm(aes)", 0);
    ok(kcapi_aead_maxmsgsize(handle) > 0, "a handle without a key tells, too");
    is_int(kcapi_aead_setkey(handle, key, sizeof(key)), 0, "and takes a key after that");
    kcapi_aead_destroy(handle);
}

static void test_errors(void)
{
    struct kcapi_handle *handle = NULL;

    is_int(kcapi_aead_maxmsgsize(NULL), -EINVAL, "no handle: -EINVAL");
    kcapi_cipher_init(&handle, "cbc(aes)", 0);
    is_int(kcapi_aead_maxmsgsize(handle), -EINVAL, "a handle of another family: -EINVAL");
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    test_handle(0, "the longest message");
    test_handle(KCAPI_INIT_AIO, "the longest message, with AIO");
    test_without_a_key();
    test_errors();
    return done_testing();
}
