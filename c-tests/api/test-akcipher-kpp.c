/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* What the functions of asymmetric ciphers and key agreement refuse: names that are none, no handle. */
#include <errno.h>

#include "fill.h"

typedef int (*init_fn)(struct kcapi_handle **, const char *, uint32_t);

static uint8_t in[64], out[64];

static void inits(const char *family, init_fn init, void (*destroy)(struct kcapi_handle *))
{
    static const char *const names[] = { "nosuch", "", "cbc(aes)", "rsa(", "ecdh-nist-p1024" };
    struct kcapi_handle *handle = (struct kcapi_handle *)in, *before = handle;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        is_int(init(&handle, names[i], i % 2 ? KCAPI_INIT_AIO : 0), -ENOENT, family);
    is_int(init(&handle, NULL, 0), -ENOENT, "NULL: -ENOENT");
    ok(handle == before, "the handle's pointer stays as it was");
    is_int(init(NULL, "rsa", 0), -EINVAL, "nowhere to store it: -EINVAL");
    destroy(NULL);
}

static void akcipher_without_handle(void)
{
    struct iovec i = { in, sizeof(in) }, o = { out, sizeof(out) };

    is_int(kcapi_akcipher_setkey(NULL, in, 5), -EINVAL, "setkey");
    is_int(kcapi_akcipher_setpubkey(NULL, in, 5), -EINVAL, "setpubkey");
    is_int(kcapi_akcipher_encrypt(NULL, in, 64, out, 64, 0), -EINVAL, "encrypt");
    is_int(kcapi_akcipher_decrypt(NULL, in, 64, out, 64, 0), -EINVAL, "decrypt");
    is_int(kcapi_akcipher_sign(NULL, in, 64, out, 64, 0), -EINVAL, "sign");
    is_int(kcapi_akcipher_verify(NULL, in, 64, out, 64, 0), -EINVAL, "verify");
    is_int(kcapi_akcipher_encrypt_aio(NULL, &i, &o, 1, 0), -EINVAL, "encrypt_aio");
    is_int(kcapi_akcipher_decrypt_aio(NULL, &i, &o, 1, 0), -EINVAL, "decrypt_aio");
    is_int(kcapi_akcipher_sign_aio(NULL, &i, &o, 1, 0), -EINVAL, "sign_aio");
    is_int(kcapi_akcipher_verify_aio(NULL, &i, &o, 1, 0), -EINVAL, "verify_aio");
    is_int(kcapi_akcipher_stream_init_enc(NULL, &i, 1), -EINVAL, "stream_init_enc");
    is_int(kcapi_akcipher_stream_init_dec(NULL, &i, 1), -EINVAL, "stream_init_dec");
    is_int(kcapi_akcipher_stream_init_sgn(NULL, &i, 1), -EINVAL, "stream_init_sgn");
    is_int(kcapi_akcipher_stream_init_vfy(NULL, &i, 1), -EINVAL, "stream_init_vfy");
    is_int(kcapi_akcipher_stream_update(NULL, &i, 1), -EINVAL, "stream_update");
    is_int(kcapi_akcipher_stream_update_last(NULL, &i, 1), -EINVAL, "stream_update_last");
    is_int(kcapi_akcipher_stream_op(NULL, &o, 1), -EINVAL, "stream_op");
}

static void kpp_without_handle(void)
{
    struct iovec i = { in, sizeof(in) }, o = { out, sizeof(out) };

    is_int(kcapi_kpp_dh_setparam_pkcs3(NULL, in, 5), -EINVAL, "dh_setparam_pkcs3");
    is_int(kcapi_kpp_ecdh_setcurve(NULL, ECC_CURVE_NIST_P256), -EINVAL, "ecdh_setcurve");
    is_int(kcapi_kpp_setkey(NULL, in, 5), -EINVAL, "setkey");
    is_int(kcapi_kpp_keygen(NULL, out, 64, 0), -EINVAL, "keygen");
    is_int(kcapi_kpp_ssgen(NULL, in, 64, out, 64, 0), -EINVAL, "ssgen");
    is_int(kcapi_kpp_keygen_aio(NULL, &o, 1, 0), -EINVAL, "keygen_aio");
    is_int(kcapi_kpp_ssgen_aio(NULL, &i, &o, 1, 0), -EINVAL, "ssgen_aio");
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    inits("no such akcipher: -ENOENT", kcapi_akcipher_init, kcapi_akcipher_destroy);
    inits("no such kpp: -ENOENT", kcapi_kpp_init, kcapi_kpp_destroy);
    akcipher_without_handle();
    kpp_without_handle();
    return done_testing();
}
