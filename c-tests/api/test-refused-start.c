/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A stream whose beginning was refused for its IOVECs did not begin, and its later pieces went on with the stream
 * before it: of the other direction, behind its IV. They are refused, until a stream begins.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/uio.h>

#include "fill.h"

enum { LEN = 16, MANY = 1025 };

static const uint8_t key[16] = { 1 }, iv[16] = { 2 };
static uint8_t data[LEN], out[LEN], back[LEN];

static void test(const char *what, struct iovec *list, size_t count, int errnum)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    struct iovec piece = { data, LEN }, result = { out, LEN }, text = { back, LEN };

    is_int(kcapi_cipher_stream_init_enc(handle, iv, &piece, 1), LEN, "a stream");
    is_int(kcapi_cipher_stream_update_last(handle, NULL, 0), 0, "that ends");
    is_int(kcapi_cipher_stream_op(handle, &result, 1), LEN, "and is received");
    is_int(kcapi_cipher_stream_init_dec(handle, iv, list, count), -errnum, what);
    is_int(kcapi_cipher_stream_update_last(handle, &piece, 1), -EINVAL, "no piece goes on with the one before");
    is_int(kcapi_cipher_stream_init_dec(handle, iv, &result, 1), LEN, "a stream begins");
    is_int(kcapi_cipher_stream_op(handle, &text, 1), LEN, "and is received");
    ok(memcmp(back, data, LEN) == 0, "as its own");
    kcapi_cipher_destroy(handle);

    handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    is_int(kcapi_cipher_stream_init_enc(handle, iv, &piece, 1), LEN, "a stream with data");
    is_int(kcapi_cipher_stream_init_dec(handle, iv, list, count), -errnum, what);
    is_int(kcapi_cipher_stream_op(handle, &result, 1), LEN, "stays");
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    static struct iovec many[MANY];
    struct iovec null[2] = { { data, LEN }, { NULL, LEN } };

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 1);
    for (size_t i = 0; i < MANY; i++)
        many[i] = (struct iovec){ data, LEN };
    test("more than 1024 IOVECs", many, MANY, EMSGSIZE);
    test("an IOVEC of NULL", null, 2, EFAULT);
    test("NULL for IOVECs", NULL, 1, EFAULT);
    return done_testing();
}
