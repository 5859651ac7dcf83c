/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * After an error the handle starts clean, and an output buffer may have any length: shorter than
 * the result is -EINVAL, longer is as good as right. The C library hangs there, claims too much,
 * or mixes the old message into the next.
 */
#include <errno.h>
#include <limits.h>

#include "fill.h"

#define BIG (192 * KIB)

static const uint8_t key[16] = { 2 }, other_key[32] = { 4 };
static uint8_t iv[16] = { 3 };
static uint8_t *in, *out, *want;

/* One block encrypted by a handle that never saw an error. */
static void block_with(const uint8_t *k, uint32_t keylen, uint8_t block[16])
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", k, keylen, 0);

    kcapi_cipher_encrypt(handle, in, 16, iv, block, 16, 0);
    kcapi_cipher_destroy(handle);
}

static void is_clean(struct kcapi_handle *handle, const char *after)
{
    uint8_t block[16], got[16] = { 0 };

    block_with(key, sizeof(key), block);
    is_int(kcapi_cipher_encrypt(handle, in, 16, iv, got, 16, 0), 16, after);
    is_mem(got, block, 16, "the next result is right");
}

static void test_lengths(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    static const size_t shorts[][2] = { { 16, 1 }, { 16, 15 }, { 32, 16 }, { 64, 48 },
                                        { 16384, 16368 }, { 65536, 16 }, { BIG, BIG - 16 },
                                        { BIG, 65536 }, { BIG, 131072 } };
    static const size_t longs[][2] = { { 16, 17 }, { 16, 32 }, { 4096, 8192 }, { 16384, 16385 },
                                       { 65536, 65552 }, { 65536, BIG }, { 131072, BIG } };

    for (size_t i = 0; i < ACCESS_MODES; i++) {
        int access = access_modes[i];

        is_int(kcapi_cipher_encrypt(handle, in, 15, iv, out, 15, access), -EINVAL, "half a block");
        is_clean(handle, "after half a block");
        is_int(kcapi_cipher_encrypt(handle, in, 65537, iv, out, 65537, access), -EINVAL,
               "a byte too many in the second piece");
        is_clean(handle, "after that");
        is_int(kcapi_cipher_encrypt(handle, NULL, 32, iv, out, 32, access), -EFAULT, "NULL");
        is_clean(handle, "after input from NULL");
        is_int(kcapi_cipher_encrypt(handle, in, 32, iv, NULL, 32, access), -EFAULT, "NULL");
        is_clean(handle, "after output to NULL");

        for (size_t j = 0; j < sizeof(shorts) / sizeof(shorts[0]); j++) {
            memset(out, 0xa5, BIG);
            is_int(kcapi_cipher_encrypt(handle, in, shorts[j][0], iv, out, shorts[j][1], access),
                   -EINVAL, "an output too short");
            ok(all_are(out + shorts[j][1], 0xa5, BIG - shorts[j][1]), "which was respected");
            is_clean(handle, "after an output too short");
        }
        for (size_t j = 0; j < sizeof(longs) / sizeof(longs[0]); j++) {
            size_t len = longs[j][0];

            kcapi_cipher_encrypt(handle, in, len, iv, want, len, access);
            memset(out, 0xa5, BIG);
            is_int(kcapi_cipher_encrypt(handle, in, len, iv, out, longs[j][1], access), len,
                   "an output longer than the result");
            ok(memcmp(out, want, len) == 0, "which is right");
            ok(all_are(out + len, 0xa5, BIG - len), "and nothing after it changed");
        }
        is_clean(handle, "after long outputs");
    }
    is_int(kcapi_cipher_encrypt(handle, in, 16, iv, out, 0, 0), 0, "no output asked for");
    is_clean(handle, "after that");
    for (size_t len = (size_t)INT_MAX + 1; len; len = len == SIZE_MAX ? 0 : SIZE_MAX) {
        ssize_t ret = kcapi_cipher_encrypt(handle, in, len, iv, out, 16, 0);

        ok(ret == -EMSGSIZE || ret == -EINVAL, "more input than INT_MAX, less output: an error");
        is_clean(handle, "after that");
    }
    kcapi_cipher_destroy(handle);
}

static void test_keys(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0), *second;
    uint8_t with_other[16], got[16];
    ssize_t ret;

    block_with(other_key, sizeof(other_key), with_other);
    is_int(kcapi_cipher_setkey(handle, other_key, sizeof(other_key)), 0, "another key at first");
    kcapi_cipher_encrypt(handle, in, 16, iv, got, 16, 0);
    is_mem(got, with_other, 16, "replaces it");
    is_int(kcapi_cipher_setkey(handle, key, sizeof(key)), 0, "another key after an operation");
    is_clean(handle, "with the new key");
    is_int(kcapi_cipher_setkey(handle, key, 5), -EINVAL, "a key that is refused");
    ret = kcapi_cipher_encrypt(handle, in, 16, iv, got, 16, 0);
    ok(ret == 16 || ret == -ENOKEY, "leaves the old one, or none in newer kernels");
    is_int(kcapi_cipher_setkey(handle, key, sizeof(key)), 0, "and a good one");
    is_clean(handle, "is taken");

    second = reinit(handle, 0);
    is_int(kcapi_cipher_setkey(second, other_key, sizeof(other_key)), 0,
           "another key through a second handle, which is idle");
    kcapi_cipher_encrypt(second, in, 16, iv, got, 16, 0);
    is_mem(got, with_other, 16, "replaces it there");
    kcapi_cipher_encrypt(handle, in, 16, iv, got, 16, 0);
    is_mem(got, with_other, 16, "and here");
    kcapi_cipher_destroy(handle);
    kcapi_cipher_destroy(second);
}

enum { AAD = 8, DATA = 48, MESSAGE = AAD + DATA };

static void seals(struct kcapi_handle *handle, uint32_t taglen, const char *after)
{
    struct kcapi_handle *fresh = aead_with_key("gcm(aes)", key, sizeof(key), taglen, AAD, 0);
    uint8_t right[MESSAGE + 16], got[MESSAGE + 16];

    kcapi_aead_encrypt(fresh, in, MESSAGE, iv, right, MESSAGE + taglen, 0);
    kcapi_aead_destroy(fresh);
    memset(got, 0, sizeof(got));
    is_int(kcapi_aead_encrypt(handle, in, MESSAGE, iv, got, MESSAGE + taglen, 0), MESSAGE + taglen,
           after);
    is_mem(got, right, MESSAGE + taglen, "the next message is right");
}

static void test_aead(int access)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, sizeof(key), 16, AAD, 0);
    uint8_t sealed[MESSAGE + 16];

    kcapi_aead_encrypt(handle, in, MESSAGE, iv, sealed, sizeof(sealed), access);
    sealed[MESSAGE] ^= 1;
    is_int(kcapi_aead_decrypt(handle, sealed, sizeof(sealed), iv, out, MESSAGE, access), -EBADMSG,
           "a wrong tag");
    seals(handle, 16, "after a wrong tag");
    sealed[MESSAGE] ^= 1;
    is_int(kcapi_aead_decrypt(handle, sealed, AAD + 15, iv, out, MESSAGE, access), -EINVAL,
           "no room for a tag");
    seals(handle, 16, "after a message that is too short");

    memset(out, 0xa5, 4 * KIB);
    is_int(kcapi_aead_encrypt(handle, in, MESSAGE, iv, out, MESSAGE + 15, access), -EINVAL,
           "no room for all of the tag");
    ok(all_are(out + MESSAGE + 15, 0xa5, 4 * KIB - MESSAGE - 15), "an output that was respected");
    seals(handle, 16, "after an output too short");
    is_int(kcapi_aead_decrypt(handle, sealed, sizeof(sealed), iv, out, MESSAGE - 1, access),
           -EINVAL, "no room for all of the plaintext");
    seals(handle, 16, "after that");

    memset(out, 0xa5, 4 * KIB);
    is_int(kcapi_aead_decrypt(handle, sealed, sizeof(sealed), iv, out, 4 * KIB, access), MESSAGE,
           "more room than needed");
    is_mem(out, in, MESSAGE, "is right");
    ok(all_are(out + MESSAGE, 0xa5, 4 * KIB - MESSAGE), "and nothing after it changed");
    is_int(kcapi_aead_encrypt(handle, in, MESSAGE, iv, out, 4 * KIB, access), sizeof(sealed),
           "more room than needed");
    is_mem(out, sealed, sizeof(sealed), "is right");
    kcapi_aead_destroy(handle);
}

static void test_taglen(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, sizeof(key), 12, AAD, 0);
    uint8_t *tag = NULL;
    size_t taglen = 0;

    is_int(kcapi_aead_settaglen(handle, 5), -EINVAL, "a tag length that is refused");
    kcapi_aead_getdata_output(handle, out, MESSAGE + 12, 1, NULL, NULL, NULL, NULL, &tag, &taglen);
    is_int(taglen, 12, "the one before stays");
    ok(tag == out + MESSAGE, "and so does the tag's place");
    seals(handle, 12, "and it is used");
    is_int(kcapi_aead_settaglen(handle, 16), 0, "another tag length after an operation");
    seals(handle, 16, "is used from then on");
    is_int(kcapi_aead_setkey(handle, key, sizeof(key)), 0, "a key after an operation");
    seals(handle, 16, "and the tag length stays");
    kcapi_aead_destroy(handle);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    in = pages(BIG);
    out = pages(BIG);
    want = pages(BIG);
    fill(in, BIG, 1);
    test_lengths();
    test_keys();
    for (size_t i = 0; i < ACCESS_MODES; i++)
        test_aead(access_modes[i]);
    test_taglen();
    free(in);
    free(out);
    free(want);
    return done_testing();
}
