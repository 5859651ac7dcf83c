/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* A transcript of symmetric ciphers: properties, keys, one-shots, streams, IVs, errors. */
#include "transcript.h"
#include "uml.h"

#define MOST 200000

struct algorithm {
    const char *name;
    uint32_t keylen;
    bool over_64_kib; /* where the pieces of a long one-shot do not depend on each other */
};

static const struct algorithm algorithms[] = {
    { "ecb(aes)", 16, true },        { "cbc(aes)", 16, false },      { "cbc(aes)", 24, false },
    { "ctr(aes)", 32, false },       { "xts(aes)", 32, true },       { "xts(aes)", 64, true },
    { "cts(cbc(aes))", 16, false },  { "lrw(aes)", 32, false },
    { "rfc3686(ctr(aes))", 20, false },
    { "cbc(des3_ede)", 24, false },  { "ecb(des3_ede)", 24, true },  { "chacha20", 32, false },
    { "cbc(camellia)", 16, false },  { "cbc(sm4)", 16, false },      { "nosuch(aes)", 16, false },
    { "essiv(cbc(aes),sha256)", 32, false },
    { "adiantum(xchacha12,aes)", 32, false },
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static uint8_t *in, *out;
static uint8_t key[64], iv[32];

static struct kcapi_handle *ready(const struct algorithm *a)
{
    return cipher_with_key(a->name, key, a->keylen, 0);
}

static void properties(const struct algorithm *a)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_cipher_init(&handle, a->name, 0);

    record(ret, NULL, 0, "init %s", a->name);
    if (ret)
        return;
    printf("ivsize %u blocksize %u\n", kcapi_cipher_ivsize(handle), kcapi_cipher_blocksize(handle));
    for (uint32_t len = 0; len <= 64; len += 4)
        record(kcapi_cipher_setkey(handle, key, len), NULL, 0, "setkey %u", len);
    record(kcapi_cipher_setkey(handle, NULL, a->keylen), NULL, 0, "setkey NULL");
    kcapi_cipher_destroy(handle);
}

/* A handle for each, since the C library's keeps the rest of what failed. */
static void one_shots(const struct algorithm *a)
{
    static const size_t lengths[] = { 0, 1, 8, 15, 16, 17, 31, 32, 33, 100, 512, 4096, 4097, 8192,
                                      8193, 16384, 65535, 65536, 65537, 65552, 131072, 200000 };

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t len = lengths[i];

        if (len > 65536 && !a->over_64_kib)
            break;
        /* AES-NI's drivers leave another IV for the next piece, and this C library gives each its own. */
        if (len > 65536 && strcmp(a->name, "xts(aes)") == 0 && !is_user_mode_linux())
            break;
        for (size_t j = 0; j < ACCESS_MODES; j++) {
            struct kcapi_handle *handle = ready(a);

            memset(out, 0, MOST);
            record(kcapi_cipher_encrypt(handle, in, len, iv, out, len, access_modes[j]), out, len,
                   "%s encrypt %zu access %zu", a->name, len, j);
            kcapi_cipher_destroy(handle);
            handle = ready(a);
            memset(out, 0, MOST);
            record(kcapi_cipher_decrypt(handle, in, len, iv, out, len, access_modes[j]), out, len,
                   "%s decrypt %zu access %zu", a->name, len, j);
            kcapi_cipher_destroy(handle);
            handle = ready(a);
            memcpy(out, in, len);
            record(kcapi_cipher_encrypt(handle, out, len, iv, out, len, access_modes[j]), out, len,
                   "%s in place %zu access %zu", a->name, len, j);
            kcapi_cipher_destroy(handle);
        }
    }
}

/* Directions, IVs and none, in turn on one handle. */
static void sequence(const struct algorithm *a)
{
    struct kcapi_handle *handle = ready(a);

    for (size_t i = 0; i < 24; i++) {
        const uint8_t *this_iv = i % 3 == 2 || i == 0 ? NULL : iv + i % 4;
        size_t len = 16 * (i * i % 11 + 2);

        memset(out, 0, MOST);
        record((i % 5 < 3 ? kcapi_cipher_encrypt : kcapi_cipher_decrypt)(
                   handle, in + i, len, this_iv, out, len, access_modes[i % ACCESS_MODES]),
               out, len, "%s step %zu of %zu bytes", a->name, i, len);
    }
    kcapi_cipher_destroy(handle);
}

static void streams(const struct algorithm *a)
{
    struct kcapi_handle *handle = ready(a);

    for (size_t round = 0; round < 6; round++) {
        size_t first = round * 16, second = 48 + 16 * round * round, all = first + second + 64;
        struct iovec pieces[3] = { { in, first }, { in + first, second }, { in + 7, 64 } };
        struct iovec results[2] = { { out, 32 }, { out + 32, all - 32 } };

        memset(out, 0, MOST);
        record((round % 2 ? kcapi_cipher_stream_init_enc : kcapi_cipher_stream_init_dec)(
                   handle, iv, first ? pieces : NULL, first ? 1 : 0),
               NULL, 0, "%s stream of %zu", a->name, first);
        record(kcapi_cipher_stream_update(handle, pieces + 1, 1), NULL, 0, "update %zu", second);
        record(kcapi_cipher_stream_update(handle, NULL, 0), NULL, 0, "update of nothing");
        record(kcapi_cipher_stream_update_last(handle, pieces + 2, 1), NULL, 0, "update_last 64");
        record(kcapi_cipher_stream_op(handle, results, 2), out, all, "op %zu", all);
    }
    record(kcapi_cipher_stream_op(handle, NULL, 0), NULL, 0, "op into nothing");
    record(kcapi_cipher_stream_op(handle, NULL, 1), NULL, 0, "op into one at NULL");
    kcapi_cipher_destroy(handle);

    handle = ready(a);
    record(kcapi_cipher_stream_init_enc(handle, iv, NULL, 1), NULL, 0, "one at NULL");
    kcapi_cipher_destroy(handle);
}

static void ivs(const struct algorithm *a)
{
    struct kcapi_handle *handle = ready(a);

    for (uint32_t len = 0; len <= 32; len++) {
        uint8_t *newiv = NULL;
        uint32_t newlen = 999;
        int ret = kcapi_pad_iv(handle, iv, len, &newiv, &newlen);

        record(ret, newiv, newlen, "%s pad_iv %u", a->name, len);
        if (!ret)
            free(newiv);
    }
    kcapi_cipher_destroy(handle);
}

static void errors(void)
{
    static const uint8_t *const none = NULL;
    struct kcapi_handle *handle = NULL;
    uint8_t *newiv = NULL;
    uint32_t newlen;
    size_t over = (size_t)1 << 31;

    record(kcapi_cipher_init(&handle, NULL, 0), none, 0, "init NULL");
    record(kcapi_cipher_init(&handle, "", 0), none, 0, "init nothing");
    record(kcapi_cipher_init(&handle, "gcm(aes)", 0), none, 0, "init an AEAD");
    record(kcapi_cipher_init(&handle, "cbc(aes)", 0xff00), none, 0, "init with unknown flags");
    record(kcapi_cipher_encrypt(handle, in, 16, iv, out, 16, 0), none, 0, "no key");
    record(kcapi_cipher_setkey(handle, key, 16), none, 0, "a key");
    record(kcapi_cipher_setkey(handle, key, 32), none, 0, "another key");
    record(kcapi_cipher_encrypt(handle, in, 16, iv, out, over, 0), none, 0, "too much output");
    record(kcapi_cipher_encrypt(handle, in, over, iv, out, over, 0), none, 0, "too much of both");
    record(kcapi_cipher_encrypt(handle, in, 16, iv, out, 0, 0), none, 0, "no output");
    record(kcapi_cipher_encrypt(handle, in, 16, iv, out, 16, 99), out, 16, "access mode 99");
    record(kcapi_cipher_encrypt(handle, in, 16, NULL, NULL, 16, 0), none, 0, "output at NULL");
    kcapi_cipher_destroy(handle);
    record(kcapi_handle_reinit(&handle, NULL, 0), none, 0, "reinit from NULL");
    record(kcapi_aead_ccm_nonce_to_iv(iv, 15, &newiv, &newlen), none, 0, "a nonce too long");

    record(kcapi_cipher_enc_aes_cbc(key, 16, in, 64, iv, out, 64), out, 64, "enc_aes_cbc");
    record(kcapi_cipher_dec_aes_cbc(key, 24, in, 64, iv, out, 64), out, 64, "dec_aes_cbc");
    record(kcapi_cipher_enc_aes_ctr(key, 32, in, 65, iv, out, 65), out, 65, "enc_aes_ctr");
    record(kcapi_cipher_dec_aes_ctr(key, 16, in, 65, iv, out, 65), out, 65, "dec_aes_ctr");
    record(kcapi_cipher_enc_aes_cbc(key, 5, in, 64, iv, out, 64), none, 0, "a key of 5");
    record(kcapi_cipher_enc_aes_cbc(key, 16, in, 15, iv, out, 15), none, 0, "15 bytes");
    record(kcapi_cipher_enc_aes_cbc(key, 16, in, 16, NULL, out, 16), out, 16, "without IV");
    record(kcapi_cipher_enc_sm4_cbc(key, 16, in, 64, iv, out, 64), out, 64, "enc_sm4_cbc");
    record(kcapi_cipher_dec_sm4_cbc(key, 16, in, 64, iv, out, 64), out, 64, "dec_sm4_cbc");
    record(kcapi_cipher_enc_sm4_ctr(key, 16, in, 65, iv, out, 65), out, 65, "enc_sm4_ctr");
    record(kcapi_cipher_dec_sm4_ctr(key, 16, in, 65, iv, out, 65), out, 65, "dec_sm4_ctr");
}

static void splice_sizes(void)
{
    static const unsigned int sizes[] = { 0, 1, 4095, 4096, 4097, 8192, 8193, 65535, 65536,
                                          65537, 100000, 131072, 262145, 1048576, 0xffffffff };
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, 16, 0), *second;

    record(kcapi_get_maxsplicesize(handle), NULL, 0, "get_maxsplicesize");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        record(kcapi_set_maxsplicesize(handle, sizes[i]), NULL, 0, "set_maxsplicesize %u",
               sizes[i]);
        record(kcapi_get_maxsplicesize(handle), NULL, 0, "get_maxsplicesize");
    }
    second = reinit(handle, 0);
    record(kcapi_get_maxsplicesize(second), NULL, 0, "get_maxsplicesize after reinit");
    kcapi_cipher_destroy(second);
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    in = pages(MOST);
    out = pages(MOST);
    fill(in, MOST, 1);
    fill(key, sizeof(key), 2);
    fill(iv, sizeof(iv), 3);
    for (size_t i = 0; i < ALGORITHMS; i++) {
        properties(&algorithms[i]);
        if (!has_cipher(algorithms[i].name))
            continue;
        one_shots(&algorithms[i]);
        sequence(&algorithms[i]);
        streams(&algorithms[i]);
        ivs(&algorithms[i]);
    }
    errors();
    splice_sizes();
    free(in);
    free(out);
    return 0;
}
