/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Key derivation: known answers, SP 800-108's definitions, lengths, what an error leaves. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <time.h>

#include "md.h"
#include "vectors-kdf.h"

#define MOST 9000

typedef ssize_t (*kdf_fn)(struct kcapi_handle *, const uint8_t *, size_t, uint8_t *, size_t);

static const struct {
    const char *name;
    kdf_fn derive;
} kdfs[] = {
    { "kcapi_kdf_ctr", kcapi_kdf_ctr },
    { "kcapi_kdf_fb", kcapi_kdf_fb },
    { "kcapi_kdf_dpi", kcapi_kdf_dpi },
};
#define KDFS (sizeof(kdfs) / sizeof(kdfs[0]))

static uint8_t out[MOST + 8], want[MOST], key[32], src[200];

/* Derived to a buffer of exactly that size: 0, and nothing behind it is written. */
static void is_derived(ssize_t ret, const uint8_t *expected, size_t len, const char *name)
{
    is_int(ret, 0, name);
    is_mem(out, expected, len, "the key");
    ok(all_are(out + len, 0xa5, 8), "and nothing behind it");
    memset(out, 0xa5, sizeof(out));
}

/* An error, after which no caller can take what is in the buffer for a key. */
static void is_wiped(ssize_t ret, ssize_t errnum, size_t len, const char *name)
{
    is_int(ret, -errnum, name);
    ok(all_are(out, 0, len) && all_are(out + len, 0xa5, 8), "and the buffer is all zero");
    memset(out, 0xa5, sizeof(out));
}

static void vectors(kdf_fn derive, const struct kdf_vector *v, size_t count)
{
    for (; count-- > 0; v++) {
        uint8_t k[64], in[200];
        size_t keylen = unhex(v->key, k, sizeof(k)), inlen = unhex(v->input, in, sizeof(in));
        size_t len = unhex(v->output, want, sizeof(want));
        struct kcapi_handle *handle = md_with_key(v->name, k, keylen);

        is_derived(derive(handle, in, inlen, out, len), want, len, v->source);
        is_derived(derive(handle, in, inlen, out, len), want, len, "and once more");
        kcapi_md_destroy(handle);
    }
}

static void hmac(const uint8_t *in, size_t len, uint8_t digest[32])
{
    if (kcapi_md_hmac_sha256(key, 32, in, len, digest, 32) != 32)
        bail_out("kcapi_md_hmac_sha256, by which the modes are judged, failed");
}

/* K(i) = PRF(prefix || [i] || rest), where the prefix is what the mode says. */
static void definitions(void)
{
    struct kcapi_handle *handle = md_with_key("hmac(sha256)", key, 32);
    uint8_t message[32 + 4 + sizeof(src)] = { 0 }, previous[32], a[32];
    size_t all = 10 * 32;

    for (uint8_t i = 1; i <= 10; i++) {
        message[3] = i;
        memcpy(message + 4, src, 100);
        hmac(message, 104, want + 32 * (i - 1));
    }
    is_derived(kcapi_kdf_ctr(handle, src, 100, out, all), want, all, "counter mode");

    memcpy(previous, src, 32);
    for (uint8_t i = 1; i <= 10; i++) {
        memcpy(message, previous, 32);
        memcpy(message + 32, "\0\0\0", 3);
        message[35] = i;
        memcpy(message + 36, src + 32, 68);
        hmac(message, 104, previous);
        memcpy(want + 32 * (i - 1), previous, 32);
    }
    is_derived(kcapi_kdf_fb(handle, src, 100, out, all), want, all, "feedback mode");

    hmac(src, 100, a);
    for (uint8_t i = 1; i <= 10; i++) {
        memcpy(message, a, 32);
        message[35] = i;
        memcpy(message + 36, src, 100);
        hmac(message, 136, want + 32 * (i - 1));
        hmac(a, 32, a);
    }
    is_derived(kcapi_kdf_dpi(handle, src, 100, out, all), want, all, "double-pipeline mode");
    kcapi_md_destroy(handle);
}

static void lengths(void)
{
    struct kcapi_handle *handle = md_with_key("hmac(sha256)", key, 32);

    for (size_t i = 0; i < KDFS; i++) {
        kdf_fn derive = kdfs[i].derive;
        bool needs_iv = derive == kcapi_kdf_fb;

        if (derive(handle, src, 100, want, MOST))
            bail_out("%s failed", kdfs[i].name);
        for (size_t len = 0; len <= 100; len++)
            is_derived(derive(handle, src, 100, out, len), want, len, kdfs[i].name);
        is_derived(derive(handle, src, 100, out, MOST), want, MOST, kdfs[i].name);
        memcpy(out, src, 100);
        is_derived(derive(handle, out, 100, out, 200), want, 200, "over its own input");

        if (needs_iv) {
            is_wiped(derive(handle, src, 31, out, 64), EINVAL, 64, "too short for the IV: -EINVAL");
            is_wiped(derive(handle, NULL, 0, out, 64), EINVAL, 64, "no IV: -EINVAL");
        } else {
            derive(handle, src, 0, want, 64);
            is_derived(derive(handle, NULL, 0, out, 64), want, 64, "no input");
            is_derived(derive(handle, NULL, 100, out, 64), want, 64, "no input of 100 bytes");
        }
        is_int(derive(handle, src, 100, out, (size_t)INT_MAX + 1), -EMSGSIZE,
               "too much: -EMSGSIZE");
        is_wiped(derive(handle, src, (size_t)INT_MAX + 1, out, 64), EMSGSIZE, 64,
                 "too much input: -EMSGSIZE");
        is_int(derive(handle, src, 100, NULL, 64), -EFAULT, "to NULL: -EFAULT");
        is_wiped(derive(NULL, src, 100, out, 64), EINVAL, 64, "no handle: -EINVAL");
    }
    kcapi_md_destroy(handle);

    handle = md("hmac(sha256)");
    for (size_t i = 0; i < KDFS; i++)
        is_wiped(kdfs[i].derive(handle, src, 100, out, 64), ENOKEY, 64, "no key: -ENOKEY, not -1");
    kcapi_md_destroy(handle);

    handle = cipher_with_key("cbc(aes)", key, 16, 0);
    is_wiped(kcapi_kdf_ctr(handle, src, 100, out, 64), EINVAL, 64, "a cipher's handle: -EINVAL");
    kcapi_cipher_destroy(handle);
}

/* SP 800-56A, 5.8.1: H(counter || Z || OtherInfo), without a key. */
static void one_step(void)
{
    struct kcapi_handle *handle = md("sha256");
    uint8_t message[104] = { 0, 0, 0, 1 };

    memcpy(message + 4, src, 100);
    kcapi_md_sha256(message, 104, want, 32);
    message[3] = 2;
    kcapi_md_sha256(message, 104, want + 32, 32);
    is_derived(kcapi_kdf_ctr(handle, src, 100, out, 50), want, 50, "the one-step KDF");
    kcapi_md_destroy(handle);
}

static void hkdf(void)
{
    const char *name = "hmac(sha256)";

    for (const struct hkdf_vector *v = hkdf_vectors; v < hkdf_vectors + HKDF_VECTORS; v++) {
        uint8_t ikm[100], salt[100], info[100];
        size_t ikmlen = unhex(v->ikm, ikm, sizeof(ikm));
        size_t saltlen = unhex(v->salt, salt, sizeof(salt));
        size_t infolen = unhex(v->info, info, sizeof(info)), len = unhex(v->okm, want, MOST);

        for (size_t cut = len; cut > 0; cut -= cut > 20 ? 20 : 1)
            is_derived(kcapi_hkdf(v->name, ikm, ikmlen, saltlen ? salt : NULL, (uint32_t)saltlen,
                                  infolen ? info : NULL, infolen, out, cut),
                       want, cut, v->source);
    }
#define HKDF(ikm, ikmlen, salt, saltlen, info, infolen, len) \
    kcapi_hkdf(name, ikm, ikmlen, salt, saltlen, info, infolen, out, len)
    is_int(HKDF(key, 32, src, 16, src, 20, 255 * 32), 0, "255 digests, the most");
    memcpy(want, out, 255 * 32);
    memset(out, 0xa5, sizeof(out));
    is_derived(HKDF(key, 32, src, 16, src, 20, 100), want, 100, "begin as fewer");
    is_derived(HKDF(key, 32, src, 16, src, 20, 0), want, 0, "nothing");
    is_wiped(HKDF(key, 32, src, 16, src, 20, 255 * 32 + 1), EINVAL, 255 * 32 + 1, "more: -EINVAL");
    memcpy(out, src, 64);
    is_derived(kcapi_hkdf(name, key, 32, out, 16, out, 20, out, 100), want, 100,
               "over its own input");
    HKDF(key, 32, NULL, 0, NULL, 0, 64);
    memcpy(want, out, 64);
    memset(out, 0xa5, sizeof(out));
    is_derived(HKDF(key, 32, NULL, 16, NULL, 20, 64), want, 64, "NULL is none of any length");
    is_derived(HKDF(key, 32, src, 0, src, 0, 64), want, 64, "and so is a length of 0");
    is_wiped(HKDF(NULL, 32, src, 16, src, 20, 64), EINVAL, 64, "no keying material: -EINVAL");
    is_wiped(HKDF(key, 0, src, 16, src, 20, 64), EINVAL, 64, "of no bytes: -EINVAL");
    is_int(kcapi_hkdf(name, key, 32, src, 16, src, 20, NULL, 64), -EINVAL, "to NULL: -EINVAL");
    is_int(HKDF(key, 32, src, 16, src, 20, (size_t)INT_MAX + 1), -EMSGSIZE, "too much: -EMSGSIZE");
    is_wiped(HKDF(key, 32, src, UINT_MAX, src, 20, 64), EMSGSIZE, 64, "too much salt: -EMSGSIZE");
    is_wiped(HKDF(key, (size_t)INT_MAX + 1, src, 16, src, 20, 64), EMSGSIZE, 64, "too much keying material");
    is_wiped(HKDF(key, 32, src, 16, src, (size_t)INT_MAX + 1, 64), EMSGSIZE, 64, "too much info");
    name = "hmac(nosuch)";
    is_wiped(HKDF(key, 32, src, 16, src, 20, 64), ENOENT, 64, "unknown: -ENOENT");
    name = NULL;
    is_wiped(HKDF(key, 32, src, 16, src, 20, 64), ENOENT, 64, "NULL: -ENOENT");
    name = "sha256";
    ok(HKDF(key, 32, src, 16, src, 20, 64) < 0 && all_are(out, 0, 64), "a digest without key");
    memset(out, 0xa5, sizeof(out));
}

static void pbkdf(void)
{
    const char *name = "hmac(sha1)";

    for (const struct pbkdf_vector *v = pbkdf_vectors; v < pbkdf_vectors + PBKDF_VECTORS; v++) {
        uint8_t password[64], salt[64];
        size_t pwlen = unhex(v->password, password, sizeof(password));
        size_t saltlen = unhex(v->salt, salt, sizeof(salt)), len = unhex(v->key, want, MOST);

        is_derived(kcapi_pbkdf(v->name, password, (uint32_t)pwlen, salt, saltlen, v->count, out,
                               len),
                   want, len, v->source);
    }
#define PBKDF(pw, pwlen, salt, saltlen, count, len) \
    kcapi_pbkdf(name, pw, pwlen, salt, saltlen, count, out, len)
    is_int(PBKDF(key, 32, src, 16, 3, 1000), 0, "50 digests");
    memcpy(want, out, 1000);
    memset(out, 0xa5, sizeof(out));
    for (size_t len = 0; len <= 60; len++)
        is_derived(PBKDF(key, 32, src, 16, 3, len), want, len, "begin as fewer");
    memcpy(out, src, 16);
    is_derived(kcapi_pbkdf(name, key, 32, out, 16, 3, out, 100), want, 100, "over its own input");
    is_int(PBKDF(NULL, 0, NULL, 0, 1, 20), 0, "neither password nor salt");
    memset(out, 0xa5, sizeof(out));
    is_wiped(PBKDF(key, 32, src, 16, 0, 64), EINVAL, 64, "no iterations: -EINVAL");
    is_wiped(PBKDF(NULL, 32, src, 16, 3, 64), EFAULT, 64, "a password at NULL: -EFAULT");
    is_wiped(PBKDF(key, 32, NULL, 16, 3, 64), EFAULT, 64, "a salt at NULL: -EFAULT, not -1");
    is_wiped(PBKDF(NULL, 32, NULL, 16, 0, 64), EINVAL, 64, "no iterations, and NULL: -EINVAL");
    is_int(PBKDF(key, 32, NULL, 16, 3, 0), 0, "an empty key needs no salt");
    is_int(kcapi_pbkdf(name, key, 32, src, 16, 3, NULL, 64), -EFAULT, "to NULL: -EFAULT");
    is_int(PBKDF(key, 32, src, 16, 3, (size_t)INT_MAX + 1), -EMSGSIZE, "too much: -EMSGSIZE");
    is_wiped(PBKDF(key, UINT_MAX, src, 16, 3, 64), EMSGSIZE, 64, "too long a password: -EMSGSIZE");
    is_wiped(PBKDF(key, 32, src, (size_t)INT_MAX + 1, 3, 64), EMSGSIZE, 64, "too much salt: -EMSGSIZE");
    name = "hmac(nosuch)";
    is_wiped(PBKDF(key, 32, src, 16, 3, 64), ENOENT, 64, "unknown: -ENOENT");
    name = NULL;
    is_wiped(PBKDF(key, 32, src, 16, 3, 64), ENOENT, 64, "NULL: -ENOENT");
}

static void iteration_counts(void)
{
    struct timespec start, end;
    uint32_t longest;

    clock_gettime(CLOCK_MONOTONIC, &start);
    longest = kcapi_pbkdf_iteration_count("hmac(sha256)", UINT64_MAX);
    clock_gettime(CLOCK_MONOTONIC, &end);
    ok(longest > 1u << 20, "585 years: %u iterations", longest);
    ok(end.tv_sec - start.tv_sec < 60, "and they need not be waited for");
    ok(kcapi_pbkdf_iteration_count("hmac(sha256)", 1) >= 65536, "never fewer than 65536");
    ok(kcapi_pbkdf_iteration_count("hmac(sha256)", 0) >= 65536, "also by default");
    is_int(kcapi_pbkdf_iteration_count("hmac(nosuch)", 0), 1 << 18, "262144 where it fails");
    is_int(kcapi_pbkdf_iteration_count(NULL, 0), 1 << 18, "262144 for NULL");
    is_int(kcapi_pbkdf_iteration_count("sha256", 0), 1 << 18, "262144 for a digest without key");
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 1);
    fill(src, sizeof(src), 2);
    memset(out, 0xa5, sizeof(out));
    vectors(kcapi_kdf_ctr, ctr_vectors, CTR_VECTORS);
    vectors(kcapi_kdf_fb, fb_vectors, FB_VECTORS);
    definitions();
    lengths();
    one_step();
    hkdf();
    pbkdf();
    iteration_counts();
    return done_testing();
}
