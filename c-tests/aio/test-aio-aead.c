/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * AIO of AEADs: every IOVEC is a message of its own, AAD || data, with the same IV; with
 * KCAPI_INIT_AIO and without.
 */
#include "batch.h"

enum { AAD = 12, TAG = 16 };

struct family {
    const char *name;
    uint32_t keylen;
    uint8_t iv0; /* CCM's IV begins with the size of its counter */
};

static const struct family families[] = {
    { "gcm(aes)", 16, 9 }, { "ccm(aes)", 32, 3 }, { "rfc7539(chacha20,poly1305)", 32, 9 }
};

static const struct lengths aad_only = { "nothing but AAD", 1, { AAD } };
static const struct lengths small = { "28 bytes each", 1, { 28 } };
static const struct lengths mixed = { "mixed lengths", 5, { 12, 13, 1024, 76, 4096 } };
static const struct lengths kib64 = { "64 KiB each", 1, { 64 * KIB } };
static const struct lengths most = { "192 KiB each", 1, { 192 * KIB } };

static uint8_t key[32], iv[16];

/* Each message, as a one-shot would have it. */
static bool sealed_right(const struct family *f, const struct batch *b, const uint8_t *plain,
                         const uint8_t *sealed)
{
    struct kcapi_handle *handle = aead_with_key(f->name, key, f->keylen, TAG, AAD, 0);
    bool right = true;

    for (size_t i = 0; i < b->n; i++) {
        size_t len = b->in[i].iov_len;
        uint8_t *alone = pages(len + TAG);

        right &= kcapi_aead_encrypt(handle, plain, len, iv, alone, len + TAG, 0) ==
                 (ssize_t)(len + TAG);
        right &= memcmp(alone, sealed, len + TAG) == 0;
        right &= memcmp(sealed, plain, AAD) == 0;
        plain += len;
        sealed += len + TAG;
        free(alone);
    }
    kcapi_aead_destroy(handle);
    return right;
}

static void round_trip(struct kcapi_handle *handle, const struct family *f, size_t n,
                       const struct lengths *lengths, bool in_place, int access)
{
    struct lengths longer = *lengths;
    struct batch enc, dec;
    uint8_t *plain, *sealed, *back;
    ssize_t ret;

    batch_init(&enc, n, lengths, TAG);
    for (size_t i = 0; i < longer.count; i++)
        longer.len[i] += TAG;
    batch_init(&dec, n, &longer, -TAG);
    plain = pages(enc.in_total);
    sealed = pages(enc.out_total);
    back = pages(dec.out_total);
    fill(plain, enc.in_total, (uint32_t)n);
    batch_deal(&enc, plain);
    if (in_place) {
        batch_in_place(&enc);
        batch_in_place(&dec);
    }

    ret = kcapi_aead_encrypt_aio(handle, enc.in, enc.out, n, iv, access);
    gather(enc.out, n, sealed);
    if (!ok(ret == (ssize_t)enc.out_total, "%s: %zu IOVECs, %s%s, access %d", f->name, n,
            lengths->name, in_place ? ", in place" : "", access))
        diag("returned %zd instead of %zu", ret, enc.out_total);
    ok(sealed_right(f, &enc, plain, sealed), "every message is right, AAD, data and tag");
    ok(batch_guarded(&enc), "no byte outside of the IOVECs changed");

    batch_deal(&dec, sealed);
    ret = kcapi_aead_decrypt_aio(handle, dec.in, dec.out, n, iv, access);
    gather(dec.out, n, back);
    ok(ret == (ssize_t)dec.out_total, "as many come back");
    ok(memcmp(back, plain, dec.out_total) == 0, "as went in");
    ok(batch_guarded(&dec), "no byte outside of the IOVECs changed");
    free(plain);
    free(sealed);
    free(back);
    batch_free(&enc);
    batch_free(&dec);
}

static void test_family(const struct family *f, uint32_t flags)
{
    static const size_t counts[] = { 1, 2, 3, 63, 64, 65, 128, 256, 1000 };
    struct kcapi_handle *handle = aead_with_key(f->name, key, f->keylen, TAG, AAD, flags);

    memset(iv, 0, sizeof(iv));
    iv[0] = f->iv0;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        int access = access_modes[i % ACCESS_MODES];

        round_trip(handle, f, counts[i], &small, i % 2, access);
        round_trip(handle, f, counts[i], &mixed, i % 2 == 0, access);
    }
    round_trip(handle, f, 5, &aad_only, false, 0);
    round_trip(handle, f, 64, &kib64, false, 0);
    round_trip(handle, f, 3, &most, true, 0);
    kcapi_aead_destroy(handle);
}

/* AIO, one-shot and stream on one handle in turn, and another AAD length. */
static void test_mixed_calls(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, AAD, KCAPI_INIT_AIO);
    uint8_t plain[64], first[80], again[80];

    iv[0] = 9;
    fill(plain, sizeof(plain), 3);
    kcapi_aead_encrypt(handle, plain, 64, iv, first, 80, 0);
    for (int i = 0; i < 3; i++) {
        struct iovec in = { plain, 64 }, out = { again, 80 };

        round_trip(handle, &families[0], 5, &mixed, false, 0);
        is_int(kcapi_aead_encrypt(handle, plain, 64, iv, again, 80, 0), 80, "a one-shot between");
        is_mem(again, first, 80, "which is right");
        memset(again, 0, sizeof(again));
        kcapi_aead_stream_init_enc(handle, iv, NULL, 0);
        kcapi_aead_stream_update_last(handle, &in, 1);
        is_int(kcapi_aead_stream_op(handle, &out, 1), 80, "a stream between");
        is_mem(again, first, 80, "which is right");
        kcapi_aead_setassoclen(handle, 0);
        is_int(kcapi_aead_encrypt(handle, plain, 64, iv, again, 80, 0), 80, "without AAD");
        ok(memcmp(again, first, 80) != 0, "which is something else");
        kcapi_aead_setassoclen(handle, AAD);
    }
    is_int(kcapi_aead_encrypt_aio(handle, NULL, NULL, 0, iv, 0), 0, "no IOVECs");
    is_int(kcapi_aead_decrypt_aio(handle, NULL, NULL, 0, iv, 0), 0, "no IOVECs");
    kcapi_aead_destroy(handle);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 8);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (!has_aead(families[i].name)) {
            skip(1, "this kernel lacks the AEAD");
            continue;
        }
        test_family(&families[i], KCAPI_INIT_AIO);
        test_family(&families[i], 0);
    }
    test_mixed_calls();
    return done_testing();
}
