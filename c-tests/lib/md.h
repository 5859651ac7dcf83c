/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * md.h - message digest handles that are ready for use, and the one-call functions by algorithm
 */
#ifndef MD_H
#define MD_H

#include "fill.h"

#define DIGEST_MAX 64

static inline bool has_md(const char *name)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_md_init(&handle, name, 0))
        return false;
    kcapi_md_destroy(handle);
    return true;
}

static inline struct kcapi_handle *md(const char *name)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_md_init(&handle, name, 0);

    if (ret)
        bail_out("kcapi_md_init(%s): %d", name, ret);
    return handle;
}

static inline struct kcapi_handle *md_with_key(const char *name, const uint8_t *key, size_t keylen)
{
    struct kcapi_handle *handle = md(name);
    int ret = kcapi_md_setkey(handle, key, (uint32_t)keylen);

    if (ret)
        bail_out("kcapi_md_setkey(%s, %zu bytes): %d", name, keylen, ret);
    return handle;
}

typedef ssize_t (*md_fn)(const uint8_t *, size_t, uint8_t *, size_t);
typedef ssize_t (*hmac_fn)(const uint8_t *, uint32_t, const uint8_t *, size_t, uint8_t *, size_t);

static const struct {
    const char *name;
    uint32_t size;
    md_fn digest;
} md_calls[] = {
    { "sha1", 20, kcapi_md_sha1 },         { "sha224", 28, kcapi_md_sha224 },
    { "sha256", 32, kcapi_md_sha256 },     { "sha384", 48, kcapi_md_sha384 },
    { "sha512", 64, kcapi_md_sha512 },     { "sm3", 32, kcapi_md_sm3 },
#ifdef MD_SINCE_1_5
    { "sha3-224", 28, kcapi_md_sha3_224 }, { "sha3-256", 32, kcapi_md_sha3_256 },
    { "sha3-384", 48, kcapi_md_sha3_384 }, { "sha3-512", 64, kcapi_md_sha3_512 },
#endif
};
#define MD_CALLS (sizeof(md_calls) / sizeof(md_calls[0]))

static const struct {
    const char *name;
    uint32_t size;
    uint32_t blocksize;
    md_fn digest;
    hmac_fn hmac;
} hmac_calls[] = {
    { "hmac(sha1)", 20, 64, kcapi_md_sha1, kcapi_md_hmac_sha1 },
    { "hmac(sha224)", 28, 64, kcapi_md_sha224, kcapi_md_hmac_sha224 },
    { "hmac(sha256)", 32, 64, kcapi_md_sha256, kcapi_md_hmac_sha256 },
    { "hmac(sha384)", 48, 128, kcapi_md_sha384, kcapi_md_hmac_sha384 },
    { "hmac(sha512)", 64, 128, kcapi_md_sha512, kcapi_md_hmac_sha512 },
    { "hmac(sm3)", 32, 64, kcapi_md_sm3, kcapi_md_hmac_sm3 },
};
#define HMAC_CALLS (sizeof(hmac_calls) / sizeof(hmac_calls[0]))

#endif
