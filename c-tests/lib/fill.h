/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * fill.h - deterministic bytes, guarded buffers, and handles that are ready for use
 *
 * A handle that cannot be had ends the program, with a reason: the algorithms asked for here are in
 * every kernel that has AF_ALG. Where one may be missing, ask has_cipher() or has_aead() first, and
 * skip.
 */
#ifndef FILL_H
#define FILL_H

#include <kcapi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

/* A page of memory as the kernel that runs here has it: 4 KiB on most machines, 64 KiB on some. */
static inline size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/* The least multiple of it that has room for `len` bytes. */
static inline size_t in_whole_pages(size_t len)
{
    size_t page = page_size();

    return (len + page - 1) / page * page;
}

#define KIB 1024u
#define MIB (1024u * KIB)

static const int access_modes[] = { KCAPI_ACCESS_HEURISTIC, KCAPI_ACCESS_VMSPLICE,
                                    KCAPI_ACCESS_SENDMSG };
#define ACCESS_MODES (sizeof(access_modes) / sizeof(access_modes[0]))

static inline void fill(void *bytes, size_t len, uint32_t seed)
{
    uint8_t *p = (uint8_t *)bytes;

    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (uint8_t)(seed >> 24);
    }
}

static inline bool all_are(const void *bytes, uint8_t value, size_t len)
{
    const uint8_t *p = (const uint8_t *)bytes;

    while (len-- > 0)
        if (*p++ != value)
            return false;
    return true;
}

/* Zeroed and page-aligned: what the manual asks for where zero copy is wanted. */
static inline uint8_t *pages(size_t len)
{
    size_t page = page_size();
    size_t size = len > 0 ? in_whole_pages(len) : page;
    void *memory = aligned_alloc(page, size);

    if (!memory)
        bail_out("no memory for %zu bytes", len);
    return (uint8_t *)memset(memory, 0, size);
}

static inline struct kcapi_handle *cipher_with_key(const char *name, const uint8_t *key,
                                                   uint32_t keylen, uint32_t flags)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_cipher_init(&handle, name, flags);

    if (ret)
        bail_out("kcapi_cipher_init(%s): %d", name, ret);
    ret = kcapi_cipher_setkey(handle, key, keylen);
    if (ret)
        bail_out("kcapi_cipher_setkey(%s, %u bytes): %d", name, keylen, ret);
    return handle;
}

static inline struct kcapi_handle *aead_with_key(const char *name, const uint8_t *key,
                                                 uint32_t keylen, uint32_t taglen, size_t aadlen,
                                                 uint32_t flags)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_aead_init(&handle, name, flags);

    if (ret)
        bail_out("kcapi_aead_init(%s): %d", name, ret);
    ret = kcapi_aead_setkey(handle, key, keylen);
    if (ret)
        bail_out("kcapi_aead_setkey(%s, %u bytes): %d", name, keylen, ret);
    ret = kcapi_aead_settaglen(handle, taglen);
    if (ret)
        bail_out("kcapi_aead_settaglen(%s, %u): %d", name, taglen, ret);
    kcapi_aead_setassoclen(handle, aadlen);
    return handle;
}

static inline struct kcapi_handle *reinit(struct kcapi_handle *existing, uint32_t flags)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_handle_reinit(&handle, existing, flags);

    if (ret)
        bail_out("kcapi_handle_reinit: %d", ret);
    return handle;
}

static inline bool has_cipher(const char *name)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_cipher_init(&handle, name, 0))
        return false;
    kcapi_cipher_destroy(handle);
    return true;
}

static inline bool has_aead(const char *name)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_aead_init(&handle, name, 0))
        return false;
    kcapi_aead_destroy(handle);
    return true;
}

/* Debian's Linux 7.2, for one, has no DRBG, and no stdrng then. */
static inline bool has_rng(const char *name)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_rng_init(&handle, name, 0))
        return false;
    kcapi_rng_destroy(handle);
    return true;
}

#endif
