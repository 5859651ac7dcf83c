/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* cross-md.h - random calls of digests; and those of generators, of which no bytes are compared */
#ifndef CROSS_MD_H
#define CROSS_MD_H

#include "cross.h"

static const char *const cross_mds[] = {
    "md4", "md5", "sha1", "sha224", "sha256", "sha384", "sha512",
    "sha3-224", "sha3-256", "sha3-384", "sha3-512", "sm3", "rmd160",
    "wp256", "wp384", "wp512", "streebog256", "streebog512",
    "blake2b-160", "blake2b-256", "blake2b-384", "blake2b-512",
    "blake2s-128", "blake2s-160", "blake2s-224", "blake2s-256",
    "hmac(md4)", "hmac(md5)", "hmac(sha1)", "hmac(sha224)", "hmac(sha256)", "hmac(sha384)",
    "hmac(sha512)", "hmac(sha3-224)", "hmac(sha3-256)", "hmac(sha3-384)", "hmac(sha3-512)",
    "hmac(sm3)", "hmac(rmd160)", "hmac(wp256)", "hmac(wp384)", "hmac(wp512)",
    "hmac(streebog256)", "hmac(streebog512)", "hmac(blake2b-256)", "hmac(blake2b-512)",
    "cmac(aes)", "cmac(des3_ede)", "cmac(camellia)", "cmac(sm4)", "cmac(twofish)",
    "cmac(blowfish)", "xcbc(aes)", "xcbc(sm4)", "xcbc(camellia)", "cbcmac(aes)", "cbcmac(sm4)",
    "cbcmac(des3_ede)", "crc32c", "crc32", "digest_null", "xxhash64", "michael_mic",
    /* drivers */
    "sha256-generic", "hmac(sha256-generic)", "cmac(aes-generic)", "xcbc(aes-generic)",
    "blake2b-256-generic", "crc32c-generic", "sha3-512-generic", "wp512-generic", "sha256-lib",
    "hmac-sha256-lib", "hmac(hmac(sha256))", "hmac(crc32c)", "cmac(nosuch)", "hmac(", "xcbc(des)",
};

static void cross_md_calls(struct kcapi_handle *handle, uint32_t size)
{
    uint8_t *out = arena + 100 * KIB;

    for (int call = 0; call < 8; call++) {
        size_t len = random_len(1), room = one_in(4) ? below(100) : size;
        ssize_t ret;

        fill(arena, len, below(1u << 30));
        memset(out, 0xa5, 128);
        switch (below(4)) {
        case 0:
            ret = kcapi_md_digest(handle, arena, len, out, room);
            record(ret, out, 128, "digest %zu to %zu", len, room);
            break;
        case 1:
            ret = kcapi_md_final(handle, out, room);
            record(ret, out, 128, "final %zu", room);
            break;
        default:
            record(kcapi_md_update(handle, arena, len), NULL, 0, "update %zu", len);
        }
    }
}

/* What kernels before and after 7.2 disagree about: keys, and the block size of CBC-MAC. */
static bool unsettled_key(const char *name, uint32_t len)
{
    return strncmp(name, "blake2", 6) == 0 ? len == 0 : strstr(name, "xcbc") && len > 16;
}

static void cross_md(const char *name, int rounds)
{
    struct kcapi_handle *handle = NULL;
    uint32_t size, good = 0;
    uint8_t key[256];
    bool keyed = false;
    int ret = kcapi_md_init(&handle, name, 0);

    if (ret) {
        printf("missing %d\n", ret);
        return;
    }
    size = kcapi_md_digestsize(handle);
    if (!strstr(name, "cbcmac"))
        printf("block %u\n", kcapi_md_blocksize(handle));
    printf("digest %u\n", size);
    cross_md_calls(handle, size);
    kcapi_md_destroy(handle);
    kcapi_md_init(&handle, name, 0);
    random_bytes(key, sizeof(key));
    for (uint32_t len = 0; len <= 200; len++) {
        if (unsettled_key(name, len))
            continue;
        ret = kcapi_md_setkey(handle, key, len);
        record(ret, NULL, 0, "setkey %u", len);
        if (ret == 0 && (!keyed || one_in(3)))
            good = len;
        keyed |= ret == 0;
    }
    for (int i = 0; i < rounds; i++) {
        struct kcapi_handle *other;

        if (keyed && i % 4 == 0) {
            random_bytes(key, sizeof(key));
            record(kcapi_md_setkey(handle, key, good), NULL, 0, "setkey %u", good);
        }
        other = random_handle(handle);
        cross_md_calls(other, size);
        record(kcapi_md_setkey(handle, key, good), NULL, 0, "setkey");
        kcapi_md_destroy(other);
    }
    kcapi_md_destroy(handle);
}

static const char *const cross_rngs[] = {
    "stdrng", "jitterentropy_rng", "drbg_nopr_hmac_sha256", "drbg_pr_hmac_sha256",
    "drbg_nopr_hmac_sha512", "drbg_pr_hmac_sha512", "drbg_nopr_hmac_sha1", "drbg_pr_sha1",
    "drbg_nopr_sha256", "drbg_nopr_sha512", "drbg_nopr_ctr_aes128", "drbg_pr_ctr_aes256",
    "drbg_nopr_ctr_aes192", "drbg_nopr_hmac_sha384", "drbg_nopr_ctr_sha1", "drbg",
};

static void cross_rng(const char *name, int rounds)
{
    struct kcapi_handle *handle = NULL;
    uint8_t seed[64];
    int ret = kcapi_rng_init(&handle, name, 0);

    if (ret) {
        printf("missing %d\n", ret);
        return;
    }
    /* Of the generators that are a stdrng the kernel tells the seed size of the one that it has loaded last. */
    if (strcmp(name, "stdrng"))
        printf("seed %u\n", kcapi_rng_seedsize(handle));
    for (int i = 0; i < rounds; i++) {
        size_t len = one_in(2) ? below(600) : below(40);

        if (i % 3 == 1)
            record(kcapi_rng_seed(handle, seed, below(65)), NULL, 0, "seed");
        random_bytes(seed, sizeof(seed));
        record(kcapi_rng_generate(handle, arena, len), NULL, 0, "generate %zu", len);
        if (one_in(4))
            record(kcapi_rng_setaddtl(handle, seed, 16), NULL, 0, "setaddtl");
        if (one_in(4))
            record(kcapi_rng_setentropy(handle, seed, 16), NULL, 0, "setentropy");
    }
    kcapi_rng_destroy(handle);
}

#endif
