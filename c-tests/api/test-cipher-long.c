/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * One-shots of more than 64 KiB: cbc and ctr are one operation however the library cuts them; xts
 * comes in pieces of 64 KiB, each with the IV that the driver leaves after the one before: the
 * generic driver and the engine in user space leave the same, AES-NI's another. Data has been written so.
 */
#include "oracle.h"

#define MOST (4 * MIB)

static const size_t lengths[] = { 65536, 65552, 131072, 196624, 200000, 250000, MIB, MOST };
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static uint8_t key[32];
static const uint8_t iv[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0, 0x01 };
static uint8_t *plain, *cipher, *back;

static void test_chained(const char *name, bool ctr)
{
    struct kcapi_handle *handle = cipher_with_key(name, key, ORACLE_KEYLEN, 0);

    for (size_t i = 0; i < LENGTHS; i++) {
        size_t len = lengths[i];
        int access = access_modes[i % ACCESS_MODES];
        uint8_t counter[16];

        memcpy(counter, iv, sizeof(iv));
        is_int(kcapi_cipher_encrypt(handle, plain, len, iv, cipher, len, access), len, name);
        ok(ctr ? is_ctr(key, counter, plain, cipher, len) : is_cbc(key, iv, plain, cipher, len),
           "%zu bytes are one operation", len);
        is_int(kcapi_cipher_decrypt(handle, cipher, len, iv, back, len, access), len, name);
        ok(memcmp(back, plain, len) == 0, "%zu bytes come back", len);
        is_int(kcapi_cipher_decrypt(handle, cipher, len, iv, cipher, len, access), len, name);
        ok(memcmp(cipher, plain, len) == 0, "%zu bytes come back in place", len);
    }
    kcapi_cipher_destroy(handle);
}

static void test_odd_ctr(void)
{
    struct kcapi_handle *handle = cipher_with_key("ctr(aes)", key, ORACLE_KEYLEN, 0);
    static const size_t odd[] = { 65537, 131071, 200001, MIB + 3 };

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        uint8_t counter[16];

        memcpy(counter, iv, sizeof(iv));
        cipher[odd[i]] = 0x5a;
        is_int(kcapi_cipher_encrypt(handle, plain, odd[i], iv, cipher, odd[i], 0), odd[i], "ctr");
        ok(is_ctr(key, counter, plain, cipher, odd[i]), "%zu bytes in ctr", odd[i]);
        is_int(cipher[odd[i]], 0x5a, "and not one more");
    }
    kcapi_cipher_destroy(handle);
}

static void test_xts(void)
{
    enum { PIECE = 64 * KIB };
    struct kcapi_handle *handle = cipher_with_key("xts(aes)", key, sizeof(key), 0);

    for (size_t i = 0; i < LENGTHS; i++) {
        size_t len = lengths[i] / 16 * 16;

        is_int(kcapi_cipher_encrypt(handle, plain, len, iv, cipher, len, 0), len, "xts(aes)");
        for (size_t done = 0; done < len; done += PIECE) {
            size_t now = len - done < PIECE ? len - done : PIECE;

            kcapi_cipher_encrypt(handle, plain + done, now, done ? NULL : iv, back + done, now, 0);
        }
        ok(memcmp(cipher, back, len) == 0, "%zu bytes are pieces of 64 KiB", len);
        is_int(kcapi_cipher_decrypt(handle, cipher, len, iv, back, len, 0), len, "xts(aes)");
        ok(memcmp(back, plain, len) == 0, "%zu bytes come back", len);
    }
    kcapi_cipher_destroy(handle);
}

/* Without an IV the operation before goes on, also where that was cut. */
static void test_continued(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, ORACLE_KEYLEN, 0);
    static const size_t ends[] = { 16, 65552, 200000, 200016, 400016 };
    size_t done = 0;

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        kcapi_cipher_encrypt(handle, plain + done, ends[i] - done, done ? NULL : iv, cipher + done,
                             ends[i] - done, 0);
        done = ends[i];
    }
    ok(is_cbc(key, iv, plain, cipher, done), "one-shots without IV continue the chain");
    kcapi_cipher_destroy(handle);

    handle = cipher_with_key("cbc(aes)", key, ORACLE_KEYLEN, 0);
    kcapi_cipher_encrypt(handle, plain, 32, NULL, cipher, 32, 0);
    ok(is_cbc(key, (const uint8_t[16]){ 0 }, plain, cipher, 32), "the first IV is all zero");
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    plain = pages(MOST);
    cipher = pages(MOST);
    back = pages(MOST);
    fill(plain, MOST, 4);
    fill(key, sizeof(key), 5);
    test_chained("cbc(aes)", false);
    test_chained("ctr(aes)", true);
    test_odd_ctr();
    test_xts();
    test_continued();
    free(plain);
    free(cipher);
    free(back);
    return done_testing();
}
