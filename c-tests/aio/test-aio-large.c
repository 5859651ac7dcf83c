/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * AIO of symmetric ciphers beyond 64 IOVECs, the socket's send buffer and whole blocks: any number
 * of IOVECs of any size ends, and is right. The C library hangs on most of this, or starts the IV
 * again.
 */
#include <errno.h>

#include "aio-cipher.h"

static const struct lengths one_block = { "one block each", 1, { 16 } };
static const struct lengths mixed = { "mixed lengths", 6, { 16, 4096, 48, 16384, 160, 1008 } };
static const struct lengths kib4 = { "4 KiB each", 1, { 4 * KIB } };
static const struct lengths kib64 = { "64 KiB each", 1, { 64 * KIB } };
static const struct lengths kib200 = { "200 KiB each", 1, { 200 * KIB } };
static const struct lengths kib208 = { "just the send buffer", 1, { 212992 } };
static const struct lengths mib1 = { "1 MiB each", 1, { MIB } };
static const struct lengths mib4 = { "4 MiB", 1, { 4 * MIB } };
static const struct lengths uneven = { "1 MiB and a block", 2, { MIB, 16 } };
static const struct lengths odd = { "odd lengths", 6, { 1, 15, 17, 255, 16, 4097 } };
static const struct lengths odd_long = { "odd long lengths", 3, { 65537, 3, 212993 } };

static const struct {
    size_t n;
    const struct lengths *lengths;
} chained[] = {
    { 65, &one_block }, { 128, &one_block }, { 256, &one_block }, { 1000, &one_block },
    { 65, &mixed },     { 128, &mixed },     { 256, &mixed },     { 1000, &mixed },
    { 52, &kib4 },      { 53, &kib4 },       { 64, &kib64 },      { 2, &kib200 },
    { 3, &kib208 },     { 1, &mib4 },        { 2, &mib1 },        { 4, &uneven },
};

static void test_chained(const struct mode *mode, uint32_t flags)
{
    struct kcapi_handle *handle = cipher_with_key(mode->name, aio_key, mode->keylen, flags);

    for (size_t i = 0; i < sizeof(chained) / sizeof(chained[0]); i++)
        aio_round_trip(handle, mode, flags & KCAPI_INIT_AIO, chained[i].n, chained[i].lengths,
                       i % 2, access_modes[i % ACCESS_MODES]);
    kcapi_cipher_destroy(handle);
}

/* 256 x 64 KiB, against the one big synchronous operation. */
static void test_against_sync(const struct mode *mode)
{
    struct kcapi_handle *aio = cipher_with_key(mode->name, aio_key, mode->keylen, KCAPI_INIT_AIO);
    struct kcapi_handle *sync = cipher_with_key(mode->name, aio_key, mode->keylen, 0);
    size_t total = 256 * 64 * KIB;
    uint8_t *plain = pages(total), *cipher = pages(total), *got = pages(total);
    struct batch b;

    fill(plain, total, 11);
    batch_init(&b, 256, &kib64, 0);
    batch_deal(&b, plain);
    is_int(kcapi_cipher_encrypt_aio(aio, b.in, b.out, 256, aio_iv, 0), total, "256 x 64 KiB");
    gather(b.out, 256, got);
    is_int(kcapi_cipher_encrypt(sync, plain, total, aio_iv, cipher, total, 0), total, mode->name);
    ok(memcmp(got, cipher, total) == 0, "are the same as 16 MiB");
    batch_free(&b);
    free(plain);
    free(cipher);
    free(got);
    kcapi_cipher_destroy(aio);
    kcapi_cipher_destroy(sync);
}

static void test_alone(const struct mode *mode)
{
    struct kcapi_handle *handle =
        cipher_with_key(mode->name, aio_key, mode->keylen, KCAPI_INIT_AIO);
    static const size_t counts[] = { 65, 128, 256, 1000 };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        aio_round_trip(handle, mode, true, counts[i], &one_block, i % 2, 0);
        aio_round_trip(handle, mode, true, counts[i], &mixed, i % 2, 0);
    }
    aio_round_trip(handle, mode, true, 64, &kib64, false, 0);
    kcapi_cipher_destroy(handle);
}

/* Every IOVEC of ctr begins with a new block of key stream. */
static void test_odd_ctr(void)
{
    struct kcapi_handle *handle = cipher_with_key("ctr(aes)", aio_key, 16, KCAPI_INIT_AIO);
    static const size_t counts[] = { 1, 2, 3, 63, 64, 65, 256, 1000 };

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        aio_round_trip(handle, &CTR, true, counts[i], &odd, i % 2, 0);
    aio_round_trip(handle, &CTR, true, 3, &odd_long, false, 0);
    aio_round_trip(handle, &CTR, true, 32, &odd_long, true, 0);
    kcapi_cipher_destroy(handle);
}

/* One IOVEC of xts is one operation, or none: pieces with the same IV would be another cipher. */
static void test_long_xts(void)
{
    static const size_t lengths[] = { 128 * KIB, 192 * KIB, 4 * MIB };
    struct kcapi_handle *handle = cipher_with_key("xts(aes)", aio_key, 32, KCAPI_INIT_AIO);
    struct kcapi_handle *sync = cipher_with_key("xts(aes)", aio_key, 32, 0);
    uint8_t *plain = pages(4 * MIB), *out = pages(4 * MIB), *pieces = pages(4 * MIB);

    fill(plain, 4 * MIB, 2);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t len = lengths[i];
        struct iovec in = { plain, len }, to = { out, len };
        ssize_t ret = kcapi_cipher_encrypt_aio(handle, &in, &to, 1, aio_iv, 0);

        /* The send buffer that every kernel has takes the smaller two. */
        ok(ret == (ssize_t)len || (len > 200 * KIB && ret == -EMSGSIZE), "%zu bytes: %zd", len,
           ret);
        kcapi_cipher_encrypt(sync, plain, len, aio_iv, pieces, len, 0);
        ok(ret < 0 || (memcmp(out, pieces, 64 * KIB) == 0 &&
                       memcmp(out + 64 * KIB, pieces + 64 * KIB, len - 64 * KIB) != 0),
           "are not cut");
        to.iov_base = pieces;
        in.iov_base = out;
        ok(ret < 0 || (kcapi_cipher_decrypt_aio(handle, &in, &to, 1, aio_iv, 0) == ret &&
                       memcmp(pieces, plain, len) == 0),
           "and come back");
        aio_round_trip(handle, &XTS, true, 3, &one_block, false, 0);
    }
    kcapi_cipher_destroy(handle);
    kcapi_cipher_destroy(sync);
    free(plain);
    free(out);
    free(pieces);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(aio_key, sizeof(aio_key), 8);
    test_chained(&CBC, KCAPI_INIT_AIO);
    test_chained(&CTR, KCAPI_INIT_AIO);
    test_chained(&CBC, 0);
    test_chained(&CTR, 0);
    test_against_sync(&CBC);
    test_against_sync(&CTR);
    test_against_sync(&ECB);
    test_alone(&ECB);
    test_alone(&XTS);
    test_odd_ctr();
    test_long_xts();
    return done_testing();
}
