/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A transcript of every function that computes: sizes, lengths of buffers, places of parts, versions.
 * Programs size their buffers by them, so they must be the C library's to the last byte, in every
 * state of a handle and for handles of every family.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "md.h"
#include "transcript.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t key[64], iv[32], data[4096];

static void getters(const char *name, const char *state, struct kcapi_handle *handle)
{
    printf("%s, %s: iv %u %u, block %u %u %u, tag %u, digest %u, seed %u, splice %d\n", name, state,
           kcapi_cipher_ivsize(handle), kcapi_aead_ivsize(handle), kcapi_cipher_blocksize(handle),
           kcapi_aead_blocksize(handle), kcapi_md_blocksize(handle), kcapi_aead_authsize(handle),
           kcapi_md_digestsize(handle), kcapi_rng_seedsize(handle),
           kcapi_get_maxsplicesize(handle));
}

/* Those of 0.13.0 had 32 bits. */
typedef uint32_t (*older_fn)(struct kcapi_handle *, uint32_t, uint32_t, uint32_t);

static const char *const buffer_names[] = { "inbuflen_enc", "inbuflen_dec", "outbuflen_enc",
                                            "outbuflen_dec" };
static older_fn older[4];

static void find_older(void)
{
    for (size_t i = 0; i < 4; i++) {
        char name[64];
        void *found;

        snprintf(name, sizeof(name), "kcapi_aead_%s", buffer_names[i]);
        found = dlvsym(RTLD_DEFAULT, name, "LIBKCAPI_0.13.0");
        if (!found)
            bail_out("no older %s", name);
        memcpy(&older[i], &found, sizeof(found));
    }
}

static void buffers(const char *name, const char *state, struct kcapi_handle *handle)
{
    static const size_t most = SIZE_MAX;
    const size_t inputs[] = { 0, 1, 7, 8, 15, 16, 17, 33, 4095, 65537, 0xffffffff, 0x100000000,
                              most / 2 + 1, most - 16, most - 15, most - 7, most };
    const size_t aads[] = { 0, 1, 8, 16, most - 15, most };
    const size_t tags[] = { 0, 4, 16, 32, most - 15, most };

    for (size_t i = 0; i < COUNT(inputs) * COUNT(aads) * COUNT(tags); i++) {
        size_t in = inputs[i / COUNT(tags) / COUNT(aads)];
        size_t aad = aads[i / COUNT(tags) % COUNT(aads)], tag = tags[i % COUNT(tags)];

        printf("%s, %s, buffers for %zu, AAD %zu, tag %zu: %zu %zu %zu %zu, older", name, state, in,
               aad, tag, kcapi_aead_inbuflen_enc(handle, in, aad, tag),
               kcapi_aead_inbuflen_dec(handle, in, aad, tag),
               kcapi_aead_outbuflen_enc(handle, in, aad, tag),
               kcapi_aead_outbuflen_dec(handle, in, aad, tag));
        for (size_t j = 0; j < 4; j++)
            printf(" %u", older[j](handle, (uint32_t)in, (uint32_t)aad, (uint32_t)tag));
        printf("\n");
    }
}

static void part(const uint8_t *start, size_t len)
{
    if (start)
        printf(" +%td/%zu", start - data, len);
    else
        printf(" NULL/%zu", len);
}

/* The places of the parts, for buffers of all lengths about those of the parts; and without one. */
static void layouts(const char *name, const char *state, struct kcapi_handle *handle)
{
    for (unsigned int kind = 0; kind < 8; kind++) {
        for (size_t len = 0; len <= 72; len++) {
            uint8_t *aad = data + 1001, *text = data + 1002, *tag = data + 1003;
            size_t aadlen = 91, textlen = 92, taglen = 93;
        
            uint8_t *buffer = kind & 4 ? NULL : data;

            (kind & 1 ? kcapi_aead_getdata_output : kcapi_aead_getdata_input)(
                handle, buffer, len, kind >> 1 & 1, &aad, &aadlen, &text, &textlen, &tag, &taglen);
            printf("%s, %s, %s of %zu, enc %u%s:", name, state, kind & 1 ? "output" : "input", len,
                   kind >> 1 & 1, buffer ? "" : ", no buffer");
            part(aad, aadlen);
            part(text, textlen);
            part(tag, taglen);
            printf("\n");
        }
    }
}

static void ivs(const char *name, const char *state, struct kcapi_handle *handle)
{
    for (uint32_t len = 0; len <= sizeof(iv); len++) {
        uint8_t *padded = NULL;
        uint32_t paddedlen = 999;
        int ret = kcapi_pad_iv(handle, iv, len, &padded, &paddedlen);

        record(ret, padded, ret ? 0 : paddedlen, "%s, %s, pad_iv %u", name, state, len);
        if (!ret)
            free(padded);
    }
}

/* Everything that a handle of any family can be asked. */
static void ask(const char *name, const char *state, struct kcapi_handle *handle)
{
    getters(name, state, handle);
    buffers(name, state, handle);
    layouts(name, state, handle);
    ivs(name, state, handle);
}

/* And a second handle of it; and when the first one is gone. */
static void ask_and_end(const char *name, const char *state, struct kcapi_handle *handle,
                        void (*destroy)(struct kcapi_handle *))
{
    struct kcapi_handle *second;

    getters(name, state, handle);
    layouts(name, state, handle);
    second = reinit(handle, 0);
    getters(name, "after reinit", second);
    destroy(handle);
    getters(name, "alone", second);
    destroy(second);
}

static void ciphers(void)
{
    static const struct {
        const char *name;
        uint32_t keylen;
    } all[] = {
        { "cbc(aes)", 16 }, { "ctr(aes)", 16 }, { "ecb(aes)", 16 }, { "xts(aes)", 32 },
        { "cts(cbc(aes))", 16 }, { "rfc3686(ctr(aes))", 20 }, { "cbc(des3_ede)", 24 },
        { "chacha20", 32 }, { "ecb-aes-generic", 16 }, { "cbc(aes-generic)", 16 },
    };

    for (size_t i = 0; i < COUNT(all); i++) {
        struct iovec piece = { data, 16 };
        struct kcapi_handle *handle;

        if (!has_cipher(all[i].name))
            continue;
        kcapi_cipher_init(&handle, all[i].name, 0);
        ask(all[i].name, "new", handle);
        kcapi_cipher_setkey(handle, key, all[i].keylen);
        getters(all[i].name, "with a key", handle);
        kcapi_cipher_encrypt(handle, data, 32, iv, data, 32, 0);
        getters(all[i].name, "used", handle);
        kcapi_cipher_stream_init_enc(handle, iv, &piece, 1);
        getters(all[i].name, "in a stream", handle);
        kcapi_cipher_stream_update_last(handle, &piece, 1);
        ask_and_end(all[i].name, "at its end", handle, kcapi_cipher_destroy);
    }
}

static void aeads(void)
{
    static const struct {
        const char *name;
        uint32_t keylen, taglen;
    } all[] = {
        { "gcm(aes)", 16, 16 }, { "ccm(aes)", 16, 8 }, { "rfc7539(chacha20,poly1305)", 32, 16 },
        { "rfc4106(gcm(aes))", 20, 12 }, { "authenc(hmac(sha256),cbc(aes))", 0, 32 },
        { "authenc(hmac(sha1),ctr(aes))", 0, 20 }, { "authenc(hmac(sha512),cbc(des3_ede))", 0, 64 },
        { "authencesn(hmac(sha256),cbc(aes))", 0, 16 }, { "aegis128", 16, 16 },
    };
    static const size_t aads[] = { 0, 1, 8, 20, 70 };

    for (size_t i = 0; i < COUNT(all); i++) {
        const char *name = all[i].name;
        struct kcapi_handle *handle;

        if (!has_aead(name))
            continue;
        kcapi_aead_init(&handle, name, 0);
        ask(name, "new", handle);
        if (all[i].keylen)
            kcapi_aead_setkey(handle, key, all[i].keylen);
        getters(name, "with a key", handle);
        for (size_t j = 0; j < COUNT(aads); j++) {
            char state[64];

            snprintf(state, sizeof(state), "AAD %zu", aads[j]);
            kcapi_aead_setassoclen(handle, aads[j]);
            layouts(name, state, handle);
        }
        kcapi_aead_setassoclen(handle, 16);
        record(kcapi_aead_settaglen(handle, all[i].taglen), NULL, 0, "settaglen");
        ask(name, "with a tag length", handle);
        if (all[i].keylen) {
            kcapi_aead_encrypt(handle, data, 32, iv, data, 32 + all[i].taglen, 0);
            ask(name, "used", handle);
        }
        kcapi_aead_setassoclen(handle, SIZE_MAX);
        layouts(name, "more AAD than there can be", handle);
        ask_and_end(name, "at its end", handle, kcapi_aead_destroy);
    }
}

static void digests(void)
{
    static const char *const names[] = { "sha1", "sha256", "sha512", "sha3-384", "md5", "crc32c",
                                         "hmac(sha256)", "hmac(sha512)", "cmac(aes)" };

    for (size_t i = 0; i < COUNT(names); i++) {
        struct kcapi_handle *handle = NULL;

        if (kcapi_md_init(&handle, names[i], 0))
            continue;
        ask(names[i], "new", handle);
        kcapi_md_setkey(handle, key, 16);
        kcapi_md_update(handle, data, 100);
        ask_and_end(names[i], "in a message", handle, kcapi_md_destroy);
    }
}

static void generators(void)
{
    static const char *const names[] = { "stdrng", "drbg_nopr_hmac_sha512", "drbg_pr_ctr_aes256" };

    for (size_t i = 0; i < COUNT(names); i++) {
        struct kcapi_handle *handle = NULL;

        if (kcapi_rng_init(&handle, names[i], 0))
            continue;
        /* Not the buffers: 1.4.0 divides by the size of their blocks, which they have not. */
        getters(names[i], "new", handle);
        kcapi_rng_seed(handle, key, 48);
        getters(names[i], "seeded", handle);
        kcapi_rng_destroy(handle);
    }
}

static void without_a_handle(void)
{
    char version[32], whole[32];

    /* The number itself is not compared: a reference may be older. */
    kcapi_versionstring(whole, sizeof(whole));
    printf("version %zu %u\n", strlen(whole), kcapi_version() / 1000000);
    for (uint32_t size = 0; size <= sizeof(version); size++) {
        memset(version, 'x', sizeof(version));
        kcapi_versionstring(version, size);
        printf("versionstring into %u: %d\n", size,
               size ? strncmp(version, whole, size - 1) || version[strnlen(whole, size - 1)]
                    : version[0]);
    }
    printf("splice size of nothing: %d %d\n", kcapi_get_maxsplicesize(NULL),
           kcapi_set_maxsplicesize(NULL, 4096));
    for (uint32_t len = 0; len <= 40; len++) {
        uint8_t *ccm = NULL;
        uint32_t ccmlen = 99;
        int ret = kcapi_aead_ccm_nonce_to_iv(iv, len, &ccm, &ccmlen);

        record(ret, ccm, ret ? 0 : ccmlen, "ccm_nonce_to_iv %u", len);
        free(ccm);
    }
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 1);
    fill(iv, sizeof(iv), 2);
    find_older();
    without_a_handle();
    ciphers();
    aeads();
    digests();
    generators();
    return 0;
}
