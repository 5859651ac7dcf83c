/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Known answers of symmetric ciphers: every access mode, both directions, in place and not, and the
 * functions that need one call only.
 */
#include <errno.h>

#include "fill.h"
#include "vectors.h"

#define MAX 128

typedef ssize_t (*crypt_fn)(struct kcapi_handle *, const uint8_t *, size_t, const uint8_t *,
                            uint8_t *, size_t, int);

/* All ways to turn `from` into `to`. */
static void one_direction(const char *source, const char *verb, crypt_fn crypt,
                          struct kcapi_handle *handle, const uint8_t *iv, const uint8_t *from,
                          const uint8_t *to, size_t len)
{
    uint8_t *in = pages(4 * KIB), *out = pages(4 * KIB);

    for (size_t i = 0; i < ACCESS_MODES; i++) {
        memcpy(in, from, len);
        memset(out, 0, len);
        is_int(crypt(handle, in, len, iv, out, len, access_modes[i]), len, source);
        is_mem(out, to, len, verb);
        is_mem(in, from, len, "the input is as it was");
        is_int(crypt(handle, in, len, iv, in, len, access_modes[i]), len, source);
        is_mem(in, to, len, "in place");

        /* Neither page-aligned nor apart from what must not change. */
        memset(out, 0xa5, 4 * KIB);
        memcpy(in + 3, from, len);
        crypt(handle, in + 3, len, iv, out + 5, len, access_modes[i]);
        is_mem(out + 5, to, len, "unaligned");
        ok(all_are(out, 0xa5, 5) && all_are(out + 5 + len, 0xa5, 4 * KIB - 5 - len),
           "and nothing around it changed");
    }
    free(in);
    free(out);
}

static void test_vector(const struct cipher_vector *v)
{
    uint8_t key[64], iv[16], plain[MAX], cipher[MAX];
    size_t keylen = unhex(v->key, key, sizeof(key));
    size_t ivlen = unhex(v->iv, iv, sizeof(iv));
    size_t len = unhex(v->plain, plain, sizeof(plain));
    bool ctr = strncmp(v->name, "ctr", 3) == 0;
    struct kcapi_handle *handle;

    if (!has_cipher(v->name)) {
        skip(1, "this kernel lacks the cipher");
        return;
    }
    unhex(v->cipher, cipher, sizeof(cipher));
    handle = cipher_with_key(v->name, key, keylen, 0);
    is_int(kcapi_cipher_ivsize(handle), ivlen, "kcapi_cipher_ivsize");
    is_int(kcapi_cipher_blocksize(handle), ctr ? 1 : 16, "kcapi_cipher_blocksize");
    one_direction(v->source, "encrypted", kcapi_cipher_encrypt, handle, ivlen ? iv : NULL, plain,
                  cipher, len);
    one_direction(v->source, "decrypted", kcapi_cipher_decrypt, handle, ivlen ? iv : NULL, cipher,
                  plain, len);
    kcapi_cipher_destroy(handle);
}

typedef ssize_t (*convenience_fn)(const uint8_t *, uint32_t, const uint8_t *, size_t,
                                  const uint8_t *, uint8_t *, size_t);

static const struct {
    const char *name;
    convenience_fn enc;
    convenience_fn dec;
} conveniences[] = {
    { "cbc(aes)", kcapi_cipher_enc_aes_cbc, kcapi_cipher_dec_aes_cbc },
    { "ctr(aes)", kcapi_cipher_enc_aes_ctr, kcapi_cipher_dec_aes_ctr },
    { "cbc(sm4)", kcapi_cipher_enc_sm4_cbc, kcapi_cipher_dec_sm4_cbc },
    { "ctr(sm4)", kcapi_cipher_enc_sm4_ctr, kcapi_cipher_dec_sm4_ctr },
};

static void test_convenience(const struct cipher_vector *v, convenience_fn enc, convenience_fn dec)
{
    uint8_t key[32], iv[16], plain[MAX], cipher[MAX], out[MAX];
    uint32_t keylen = (uint32_t)unhex(v->key, key, sizeof(key));
    size_t len = unhex(v->plain, plain, sizeof(plain));

    unhex(v->iv, iv, sizeof(iv));
    unhex(v->cipher, cipher, sizeof(cipher));
    if (!has_cipher(v->name)) {
        is_int(enc(key, keylen, plain, len, iv, out, len), -ENOENT, "without the cipher: -ENOENT");
        return;
    }
    is_int(enc(key, keylen, plain, len, iv, out, len), len, v->source);
    is_mem(out, cipher, len, "encrypted in one call");
    is_int(dec(key, keylen, cipher, len, iv, out, len), len, v->source);
    is_mem(out, plain, len, "decrypted in one call");
    is_int(enc(key, 5, plain, len, iv, out, len), -EINVAL, "a key of 5 bytes: -EINVAL");
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (size_t i = 0; i < CIPHER_VECTORS; i++) {
        test_vector(&cipher_vectors[i]);
        for (size_t j = 0; j < sizeof(conveniences) / sizeof(conveniences[0]); j++)
            if (strcmp(cipher_vectors[i].name, conveniences[j].name) == 0)
                test_convenience(&cipher_vectors[i], conveniences[j].enc, conveniences[j].dec);
    }
    return done_testing();
}
