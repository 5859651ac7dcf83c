/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* No handle, or NULL where something must be: an error, where the C library crashes. */
#include <errno.h>

#include "fill.h"

static const uint8_t key[16] = { 2 };
static uint8_t iv[16], in[64], out[64];

static void is_refused(long long ret, const char *call)
{
    ok(ret == -EINVAL || ret == -EFAULT, "%s: %lld", call, ret);
}

#define refused(call) is_refused(call, #call)

static void test_no_handle(void)
{
    struct kcapi_handle *none = NULL;
    struct iovec from = { in, 16 }, to = { out, 32 };

    refused(kcapi_cipher_init(NULL, "cbc(aes)", 0));
    refused(kcapi_aead_init(NULL, "gcm(aes)", KCAPI_INIT_AIO));
    refused(kcapi_handle_reinit(&none, NULL, 0));
    refused(kcapi_handle_setkey_serial(none, 1));
    refused(kcapi_cipher_setkey(none, key, 16));
    refused(kcapi_cipher_encrypt(none, in, 16, iv, out, 16, 0));
    refused(kcapi_cipher_decrypt(none, in, 16, iv, out, 16, 0));
    refused(kcapi_cipher_encrypt_aio(none, &from, &to, 1, iv, 0));
    refused(kcapi_cipher_decrypt_aio(none, &from, &to, 1, iv, 0));
    refused(kcapi_cipher_stream_init_enc(none, iv, &from, 1));
    refused(kcapi_cipher_stream_init_dec(none, iv, &from, 1));
    refused(kcapi_cipher_stream_update(none, &from, 1));
    refused(kcapi_cipher_stream_update_last(none, &from, 1));
    refused(kcapi_cipher_stream_op(none, &to, 1));
    is_int(kcapi_cipher_ivsize(none), 0, "kcapi_cipher_ivsize: 0 is its error");
    is_int(kcapi_cipher_blocksize(none), 0, "kcapi_cipher_blocksize: 0 is its error");

    refused(kcapi_aead_setkey(none, key, 16));
    refused(kcapi_aead_settaglen(none, 16));
    kcapi_aead_setassoclen(none, 8);
    refused(kcapi_aead_encrypt(none, in, 16, iv, out, 32, 0));
    refused(kcapi_aead_decrypt(none, in, 32, iv, out, 16, 0));
    refused(kcapi_aead_encrypt_aio(none, &from, &to, 1, iv, 0));
    refused(kcapi_aead_decrypt_aio(none, &from, &to, 1, iv, 0));
    refused(kcapi_aead_stream_init_enc(none, iv, &from, 1));
    refused(kcapi_aead_stream_init_dec(none, iv, &from, 1));
    refused(kcapi_aead_stream_update(none, &from, 1));
    refused(kcapi_aead_stream_update_last(none, &from, 1));
    refused(kcapi_aead_stream_op(none, &to, 1));
    is_int(kcapi_aead_ivsize(none), 0, "kcapi_aead_ivsize: 0 is its error");
    is_int(kcapi_aead_blocksize(none), 0, "kcapi_aead_blocksize: 0 is its error");
    is_int(kcapi_aead_authsize(none), 0, "kcapi_aead_authsize: 0 is its error");
    refused(kcapi_set_maxsplicesize(none, 65536));
    refused(kcapi_get_maxsplicesize(none));
    kcapi_cipher_destroy(none);
    kcapi_aead_destroy(none);
}

static void test_no_pointers(void)
{
    struct kcapi_handle *cipher = cipher_with_key("cbc(aes)", key, 16, 0);
    struct kcapi_handle *aio = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    struct iovec from = { in, 16 }, to = { out, 16 };
    uint8_t *newiv = NULL;
    uint32_t newlen = 0;

    refused(kcapi_handle_reinit(NULL, cipher, 0));
    refused(kcapi_pad_iv(NULL, iv, 16, &newiv, &newlen));
    refused(kcapi_pad_iv(cipher, NULL, 16, &newiv, &newlen));
    refused(kcapi_pad_iv(cipher, iv, 16, NULL, &newlen));
    refused(kcapi_aead_ccm_nonce_to_iv(NULL, 8, &newiv, &newlen));
    refused(kcapi_aead_ccm_nonce_to_iv(iv, 8, NULL, &newlen));
    refused(kcapi_cipher_enc_aes_cbc(NULL, 16, in, 16, iv, out, 16));
    refused(kcapi_cipher_enc_aes_cbc(key, 16, NULL, 16, iv, out, 16));
    refused(kcapi_cipher_dec_aes_ctr(key, 16, in, 16, iv, NULL, 16));
    refused(kcapi_cipher_stream_op(cipher, NULL, 2));
    refused(kcapi_cipher_stream_init_enc(cipher, iv, NULL, 2));
    for (int i = 0; i < 2; i++) {
        struct kcapi_handle *handle = i ? aio : cipher;

        refused(kcapi_cipher_encrypt_aio(handle, NULL, &to, 1, iv, 0));
        refused(kcapi_cipher_encrypt_aio(handle, &from, NULL, 1, iv, 0));
        is_int(kcapi_cipher_encrypt(handle, in, 16, iv, out, 16, 0), 16, "the handle works on");
    }
    kcapi_cipher_destroy(cipher);
    kcapi_cipher_destroy(aio);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    test_no_handle();
    test_no_pointers();
    return done_testing();
}
