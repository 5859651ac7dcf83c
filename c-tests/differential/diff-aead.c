/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* A transcript of AEADs: properties, tag lengths, buffer layouts, one-shots, streams, CCM's IVs. */
#include "transcript.h"

#define MOST (192 * KIB)

struct algorithm {
    const char *name;
    uint32_t keylen;
    uint8_t iv0;
    uint32_t taglen[3];
    size_t aadlen[3];
};

static const struct algorithm algorithms[] = {
    { "gcm(aes)", 16, 1, { 16, 12, 4 }, { 0, 16, 100 } },
    { "gcm(aes)", 32, 1, { 16, 8, 13 }, { 1, 20, 4096 } },
    { "ccm(aes)", 16, 3, { 16, 4, 10 }, { 0, 16, 100 } },
    { "ccm(aes)", 24, 1, { 6, 8, 14 }, { 1, 32, 4096 } },
    { "rfc7539(chacha20,poly1305)", 32, 1, { 16, 16, 16 }, { 0, 12, 100 } },
    { "rfc4106(gcm(aes))", 20, 1, { 16, 8, 12 }, { 16, 20, 16 } },
    { "rfc4309(ccm(aes))", 19, 1, { 16, 8, 12 }, { 16, 20, 16 } },
    { "rfc4543(gcm(aes))", 20, 1, { 16, 16, 16 }, { 16, 20, 16 } },
    { "aegis128", 16, 1, { 16, 8, 9 }, { 0, 16, 100 } },
    { "gcm(sm4)", 16, 1, { 16, 12, 4 }, { 0, 16, 100 } },
    { "cbc(aes)", 16, 1, { 16, 16, 16 }, { 0, 0, 0 } },
    { "nosuch(aes)", 16, 1, { 16, 16, 16 }, { 0, 0, 0 } },
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static uint8_t *in, *out, *back;
static uint8_t key[64], iv[16];

static struct kcapi_handle *ready(const struct algorithm *a, size_t i)
{
    iv[0] = a->iv0;
    return aead_with_key(a->name, key, a->keylen, a->taglen[i], a->aadlen[i], 0);
}

static void properties(const struct algorithm *a)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_aead_init(&handle, a->name, 0);

    record(ret, NULL, 0, "init %s", a->name);
    if (ret)
        return;
    printf("ivsize %u blocksize %u authsize %u\n", kcapi_aead_ivsize(handle),
           kcapi_aead_blocksize(handle), kcapi_aead_authsize(handle));
    for (uint32_t len = 0; len <= 20; len++)
        record(kcapi_aead_settaglen(handle, len), NULL, 0, "settaglen %u", len);
    printf("authsize %u\n", kcapi_aead_authsize(handle));
    for (uint32_t len = 0; len <= 40; len++)
        record(kcapi_aead_setkey(handle, key, len), NULL, 0, "setkey %u", len);
    for (size_t n = 0; n <= 100; n += 25)
        printf("buffers for %zu: %zu %zu %zu %zu\n", n, kcapi_aead_inbuflen_enc(handle, n, 7, 16),
               kcapi_aead_inbuflen_dec(handle, n, 8, 12), kcapi_aead_outbuflen_enc(handle, n, 9, 4),
               kcapi_aead_outbuflen_dec(handle, n, 10, 0));
    kcapi_aead_destroy(handle);
}

static void print_part(const char *name, const uint8_t *part, size_t len)
{
    if (part)
        printf(" %s +%td/%zu", name, part - out, len);
    else
        printf(" %s NULL/%zu", name, len);
}

/* All lengths of buffer around the borders of the parts, and which pointers are asked for. */
static void layouts(size_t aadlen, uint32_t taglen)
{
    struct kcapi_handle *handle = NULL;

    kcapi_aead_init(&handle, "gcm(aes)", 0);
    if (taglen)
        kcapi_aead_settaglen(handle, taglen);
    if (aadlen)
        kcapi_aead_setassoclen(handle, aadlen);
    for (size_t len = 0; len <= 48; len += len < 36 ? 1 : 6) {
        for (unsigned int kind = 0; kind < 8; kind++) {
            uint8_t *aad = out + 1001, *data = out + 1002, *tag = out + 1003;
            size_t alen = 91, dlen = 92, tlen = 93;
            bool all = kind < 4;

            (kind & 1 ? kcapi_aead_getdata_output : kcapi_aead_getdata_input)(
                handle, out, len, kind >> 1 & 1, all ? &aad : NULL, &alen, all ? &data : NULL,
                all ? &dlen : NULL, &tag, all ? &tlen : NULL);
            printf("getdata %u of %zu, AAD %zu, tag %u:", kind, len, aadlen, taglen);
            print_part("aad", aad, alen);
            print_part("data", data, dlen);
            print_part("tag", tag, tlen);
            printf("\n");
        }
    }
    kcapi_aead_destroy(handle);
}

static void one_shots(const struct algorithm *a)
{
    static const size_t lengths[] = { 0, 1, 16, 17, 100, 4096, 8193, 65536, 65537, 150000 };

    for (size_t i = 0; i < 9 * sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t which = i % 3, len = a->aadlen[which] + lengths[i / 9];
        size_t sealed = len + a->taglen[which];
        int access = access_modes[i / 3 % ACCESS_MODES];
        struct kcapi_handle *handle = ready(a, which);

        memset(out, 0, MOST);
        memset(back, 0, MOST);
        record(kcapi_aead_encrypt(handle, in, len, iv, out, sealed, access), out, sealed,
               "%s encrypt %zu, AAD %zu, tag %u, access %d", a->name, len, a->aadlen[which],
               a->taglen[which], access);
        record(kcapi_aead_decrypt(handle, out, sealed, iv, back, len, access), back, len,
               "decrypt %zu", sealed);
        /* What the C library's handle keeps when there is no output would fail the rest. */
        if (len == 0) {
            kcapi_aead_destroy(handle);
            continue;
        }
        memcpy(back, in, len);
        record(kcapi_aead_encrypt(handle, back, len, iv, back, sealed, access), back, sealed,
               "in place");
        out[sealed - 1] ^= 1;
        record(kcapi_aead_decrypt(handle, out, sealed, iv, back, len, access), NULL, 0, "tampered");
        kcapi_aead_destroy(handle);
    }
}

static void streams(const struct algorithm *a)
{
    for (size_t which = 0; which < 3; which++) {
        size_t aad = a->aadlen[which], tag = a->taglen[which], data = 1000;
        struct kcapi_handle *handle = ready(a, which);
        struct iovec parts[2] = { { in, aad }, { in + aad, data } };
        struct iovec halves[2] = { { in + aad, data / 2 }, { in + aad + data / 2, data / 2 } };
        struct iovec results[2] = { { out, 100 }, { out + 100, aad + data + tag - 100 } };

        memset(out, 0, MOST);
        record(kcapi_aead_stream_init_enc(handle, iv, parts, 1), NULL, 0, "%s stream", a->name);
        record(kcapi_aead_stream_update(handle, halves, 1), NULL, 0, "update");
        record(kcapi_aead_stream_update_last(handle, halves + 1, 1), NULL, 0, "update_last");
        record(kcapi_aead_stream_op(handle, results, 2), out, aad + data + tag, "op");

        parts[0].iov_base = out;
        parts[1] = (struct iovec){ out + aad, data + tag };
        results[0].iov_base = back;
        results[1] = (struct iovec){ back + 100, aad + data - 100 };
        memset(back, 0, MOST);
        record(kcapi_aead_stream_init_dec(handle, iv, NULL, 0), NULL, 0, "decrypted");
        record(kcapi_aead_stream_update_last(handle, parts, 2), NULL, 0, "update_last");
        record(kcapi_aead_stream_op(handle, results, 2), back, aad + data, "op");
        record(kcapi_aead_stream_op(handle, NULL, 0), NULL, 0, "op into nothing");
        kcapi_aead_destroy(handle);
    }
}

static void errors(void)
{
    struct kcapi_handle *handle = NULL;
    size_t over = (size_t)1 << 31;

    record(kcapi_aead_init(&handle, NULL, 0), NULL, 0, "init NULL");
    record(kcapi_aead_init(&handle, "gcm(aes)", 0xff00), NULL, 0, "init with unknown flags");
    record(kcapi_aead_encrypt(handle, in, 16, iv, out, 32, 0), NULL, 0, "no key");
    kcapi_aead_destroy(handle);

    handle = ready(&algorithms[0], 1);
    record(kcapi_aead_encrypt(handle, in, over, iv, out, 32, 0), NULL, 0, "too much input");
    record(kcapi_aead_encrypt(handle, in, 32, iv, out, over, 0), NULL, 0, "too much output");
    record(kcapi_aead_encrypt(handle, in, 15, iv, out, 31, 0), NULL, 0, "less than the AAD");
    kcapi_aead_destroy(handle);
    handle = ready(&algorithms[0], 1);
    record(kcapi_aead_decrypt(handle, in, 31, iv, out, 31, 0), NULL, 0, "forged");
    kcapi_aead_destroy(handle);
    handle = ready(&algorithms[0], 0);
    record(kcapi_aead_encrypt(handle, NULL, 0, iv, out, 16, 0), out, 16, "nothing");
    record(kcapi_aead_decrypt(handle, out, 16, iv, out, 0, 0), NULL, 0, "only a tag, no output");
    kcapi_aead_destroy(handle);

    /* Without settaglen the kernel makes the longest tag. */
    kcapi_aead_init(&handle, "gcm(aes)", 0);
    kcapi_aead_setkey(handle, key, 16);
    record(kcapi_aead_encrypt(handle, in, 32, iv, out, 48, 0), out, 48, "no tag length");
    kcapi_aead_destroy(handle);
}

int main(void)
{
    static const size_t aads[] = { 0, 8, 20 };
    static const uint32_t tags[] = { 0, 4, 16 };

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    in = pages(MOST);
    out = pages(MOST);
    back = pages(MOST);
    fill(in, MOST, 1);
    fill(key, sizeof(key), 2);
    for (size_t i = 0; i < ALGORITHMS; i++) {
        properties(&algorithms[i]);
        if (!has_aead(algorithms[i].name))
            continue;
        one_shots(&algorithms[i]);
        streams(&algorithms[i]);
    }
    for (size_t i = 0; i < 9; i++)
        layouts(aads[i / 3], tags[i % 3]);
    for (uint32_t len = 0; len <= 20; len++) {
        uint8_t *ccm = NULL;
        uint32_t ccmlen = 0;
        int ret = kcapi_aead_ccm_nonce_to_iv(key, len, &ccm, &ccmlen);

        record(ret, ccm, ccmlen, "ccm_nonce_to_iv %u", len);
        free(ccm);
    }
    errors();
    free(in);
    free(out);
    free(back);
    return 0;
}
