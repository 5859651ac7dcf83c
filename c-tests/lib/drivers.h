/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * drivers.h - which drivers of an algorithm there are, and calls whose results must be the same on all
 *
 * A driver is opened by its own name. Not every kernel has each, nor gives each to programs; templates
 * (cryptd, pcrypt) the kernel makes when they are asked for.
 */
#ifndef DRIVERS_H
#define DRIVERS_H

#include <string.h>

#include "authenc.h"
#include "batch.h"
#include "listed.h"
#include "transcript.h"

enum { DRIVERS_MOST = 12 };

struct driven {
    bool aead;
    const char *name;
    uint32_t keylen;
    bool chains;
    const char *drivers[DRIVERS_MOST];
};

/* Linux 6.1 has cbc(aes-generic), later kernels cbc(ecb(aes-generic)); 7.2 has aes-lib for aes-generic. */
static const struct driven driven[] = {
    { false, "cbc(aes)", 16, true,
      { "cbc-aes-aesni", "cbc-aes-ce", "cbc(aes-generic)", "cbc(ecb(aes-generic))", "cbc(ecb(aes-lib))",
        "cryptd(cbc(aes-generic))", "cryptd(cbc(ecb(aes-generic)))", "virtio_crypto_aes_cbc",
        "p8_aes_cbc" } },
    { false, "ctr(aes)", 16, true,
      { "ctr-aes-aesni", "ctr-aes-ce", "ctr(aes-generic)", "ctr(aes-lib)", "cryptd(ctr(aes-generic))",
        "p8_aes_ctr" } },
    { false, "ecb(aes)", 16, true,
      { "ecb-aes-aesni", "ecb-aes-ce", "ecb(aes-generic)", "cryptd(ecb(aes-generic))" } },
    { false, "xts(aes)", 32, false,
      { "xts-aes-aesni", "xts-aes-aesni-avx", "xts-aes-ce", "xts(ecb(aes-generic))",
        "xts(ecb-aes-aesni)", "cryptd(xts(ecb(aes-generic)))", "p8_aes_xts" } },
    { false, "cts(cbc(aes))", 16, false,
      { "cts-cbc-aes-aesni", "cts-cbc-aes-ce", "cts(cbc-aes-aesni)", "cts(cbc(aes-generic))",
        "cts(cbc(ecb(aes-generic)))", "cts(p8_aes_cbc)" } },
    { false, "rfc3686(ctr(aes))", 20, false,
      { "rfc3686(ctr-aes-aesni)", "rfc3686(ctr-aes-ce)", "rfc3686(ctr(aes-generic))",
        "rfc3686(p8_aes_ctr)" } },
    { false, "chacha20", 32, false,
      { "chacha20-simd", "chacha20-neon", "chacha20-generic", "chacha20-lib", "chacha20-s390" } },
    { true, "gcm(aes)", 16, false,
      { "generic-gcm-aesni", "generic-gcm-aesni-avx", "gcm-aes-ce",
        "gcm_base(ctr(aes-generic),ghash-generic)", "gcm_base(ctr-aes-aesni,ghash-clmulni)",
        "cryptd(gcm_base(ctr(aes-generic),ghash-generic))", "pcrypt(generic-gcm-aesni)",
        "pcrypt(gcm_base(ctr(aes-generic),ghash-generic))", "gcm_base(p8_aes_ctr,p8_ghash)" } },
    { true, "ccm(aes)", 16, false,
      { "ccm_base(ctr(aes-generic),cbcmac(aes-generic))", "ccm-aes-ce",
        "ccm_base(ctr-aes-aesni,cbcmac(aes-aesni))", "ccm_base(p8_aes_ctr,cbcmac(p8_aes))" } },
    { true, "rfc4106(gcm(aes))", 20, false,
      { "rfc4106-gcm-aesni", "rfc4106-gcm-aesni-avx", "rfc4106-gcm-aes-ce", "pcrypt(rfc4106-gcm-aesni)",
        "rfc4106(gcm_base(ctr(aes-generic),ghash-generic))", "rfc4106(gcm_base(p8_aes_ctr,p8_ghash))" } },
    { true, "authenc(hmac(sha256),cbc(aes))", 8 + 32 + 16, false,
      { "authenc(hmac(sha256-generic),cbc(aes-generic))", "authenc(hmac(sha256-ni),cbc-aes-aesni)",
        "authenc(hmac(sha256-avx2),cbc-aes-aesni)", "authenc(hmac(sha256-generic),cbc-aes-aesni)",
        "authenc(hmac-sha256-lib,cbc-aes-aesni)", "authenc(hmac(sha256-ce),cbc-aes-ce)",
        "pcrypt(authenc(hmac(sha256-generic),cbc(aes-generic)))",
        "authenc(hmac(sha256-generic),virtio_crypto_aes_cbc)",
        "authenc(hmac(sha256-generic),p8_aes_cbc)" } },
};
enum { DRIVEN = sizeof(driven) / sizeof(driven[0]) };

/* Digests by their drivers; keys of 16 bytes. */
static const struct {
    const char *name;
    bool keyed;
    const char *drivers[DRIVERS_MOST];
} digested[] = {
    { "sha1", false,
      { "sha1-ni", "sha1-avx2", "sha1-ce", "sha1-neon", "sha1-asm", "sha1-generic",
        "cryptd(sha1-generic)" } },
    { "sha256", false,
      { "sha256-ni", "sha256-avx2", "sha256-ssse3", "sha256-ce", "sha256-arm64", "sha256-neon",
        "sha256-asm", "sha256-generic", "sha256-lib", "cryptd(sha256-generic)" } },
    { "sha512", false,
      { "sha512-avx2", "sha512-ssse3", "sha512-ce", "sha512-arm64", "sha512-s390",
        "sha512-neon", "sha512-generic", "sha512-lib", "cryptd(sha512-generic)" } },
    { "hmac(sha256)", true,
      { "hmac(sha256-ni)", "hmac(sha256-avx2)", "hmac(sha256-ce)", "hmac(sha256-generic)",
        "hmac-sha256-lib", "cryptd(hmac(sha256-generic))" } },
    { "cmac(aes)", true, { "cmac(aes-generic)", "cmac-aes-ce", "cmac(aes-aesni)", "cmac(aes-lib)" } },
};
enum { DIGESTED = sizeof(digested) / sizeof(digested[0]) };

enum { DRIVERS_AAD = 16, DRIVERS_TAG = 16 };

/* Its first byte is one that ccm takes. */
static uint8_t drivers_iv[16] = { 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255, 254 };

/*
 * Whether the kernel may have a driver, or make one of that template. To ask it for what there is not
 * takes seconds in software emulation, since it looks for modules. The drivers for a processor are
 * there from the beginning, or came when the algorithm was asked for; generic ones may come still.
 */
static inline bool may_be_had(const char *driver)
{
    for (size_t len; *driver; driver += len + (driver[len] != '\0')) {
        len = strcspn(driver, "(),");
        if (len > 0 && driver[len] != '(' && !(len > 8 && memcmp(driver + len - 8, "-generic", 8) == 0) &&
            !is_listed(driver, len, true))
            return false;
    }
    return true;
}

/* NULL: there is none of that name. */
static inline struct kcapi_handle *driver_handle(const struct driven *d, const char *name,
                                                 uint32_t flags)
{
    struct kcapi_handle *handle = NULL;
    uint8_t key[64];

    if ((d->aead ? kcapi_aead_init : kcapi_cipher_init)(&handle, name, flags))
        return NULL;
    fill(key, sizeof(key), 3);
    if (is_authenc(d->name))
        put_authenc_head(key, 16);
    if ((d->aead ? kcapi_aead_setkey : kcapi_cipher_setkey)(handle, key, d->keylen))
        bail_out("no key for %s", name);
    if (d->aead) {
        if (kcapi_aead_settaglen(handle, DRIVERS_TAG))
            bail_out("no tag length for %s", name);
        kcapi_aead_setassoclen(handle, DRIVERS_AAD);
    }
    return handle;
}

/* One IOVEC to one IOVEC. */
static inline ssize_t driver_message(const struct driven *d, struct kcapi_handle *handle, bool enc,
                                     const uint8_t *in, size_t len, uint8_t *out, size_t outlen)
{
    if (d->aead)
        return (enc ? kcapi_aead_encrypt : kcapi_aead_decrypt)(handle, in, len, drivers_iv, out,
                                                               outlen, 0);
    return (enc ? kcapi_cipher_encrypt : kcapi_cipher_decrypt)(handle, in, len, drivers_iv, out,
                                                               outlen, 0);
}

static inline ssize_t driver_aio(const struct driven *d, struct kcapi_handle *handle, bool enc,
                                 struct iovec *in, struct iovec *out, size_t n)
{
    if (d->aead)
        return (enc ? kcapi_aead_encrypt_aio : kcapi_aead_decrypt_aio)(handle, in, out, n,
                                                                       drivers_iv, 0);
    return (enc ? kcapi_cipher_encrypt_aio : kcapi_cipher_decrypt_aio)(handle, in, out, n,
                                                                       drivers_iv, 0);
}

#endif
