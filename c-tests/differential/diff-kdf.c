/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* A transcript of key derivation. */
#include "md.h"
#include "transcript.h"

#define MOST 10000
#define MOST_OUT (255 * DIGEST_MAX + 1)

typedef ssize_t (*kdf_fn)(struct kcapi_handle *, const uint8_t *, size_t, uint8_t *, size_t);

static const kdf_fn kdfs[] = { kcapi_kdf_ctr, kcapi_kdf_fb, kcapi_kdf_dpi };
static const char *const kdf_names[] = { "ctr", "fb", "dpi" };
static uint8_t *in, out[MOST_OUT], key[64];

static void record_key(ssize_t ret, const char *what, size_t a, size_t b)
{
    record(ret, out, sizeof(out), "%s %zu %zu", what, a, b);
    memset(out, 0xa5, sizeof(out));
}

static void sp800_108(const char *name, uint32_t keylen)
{
    struct kcapi_handle *handle = md(name);

    if (keylen)
        record(kcapi_md_setkey(handle, key, keylen), NULL, 0, "%s", name);
    for (size_t i = 0; i < 3; i++) {
        for (size_t len = 0; len <= 200; len++)
            record_key(kdfs[i](handle, in, 77, out, len), kdf_names[i], 77, len);
        for (size_t len = 0; len <= 200; len++)
            record_key(kdfs[i](handle, in, len, out, 100), kdf_names[i], len, 100);
        record_key(kdfs[i](handle, in, MOST, out, MOST), kdf_names[i], MOST, MOST);
        record_key(kdfs[i](handle, NULL, 0, out, 100), kdf_names[i], 0, 100);
        record_key(kdfs[i](handle, NULL, 77, out, 100), kdf_names[i], 0, 77);
        record_key(kdfs[i](handle, in, 77, out, (size_t)1 << 31), kdf_names[i], 77, 0);
        /* After an update the input goes on with that message. */
        record(kcapi_md_update(handle, in, 5), NULL, 0, "update");
        record_key(kdfs[i](handle, in, 77, out, 100), kdf_names[i], 77, 100);
    }
    kcapi_md_destroy(handle);
}

static void hkdf(const char *name, size_t digest)
{
#define HKDF(ikm, ikmlen, salt, saltlen, info, infolen, len) \
    do { \
        printf("ikm %zu salt %zu ", (size_t)(ikmlen), (size_t)(saltlen)); \
        record_key(kcapi_hkdf(name, ikm, ikmlen, salt, saltlen, info, infolen, out, len), name, \
                   infolen, len); \
    } while (0)

    for (size_t len = 0; len <= 150; len++)
        HKDF(in, 22, in, 13, in, 10, len);
    for (uint32_t len = 0; len <= 150; len++) {
        HKDF(in, len, in, 13, in, 10, 100);
        HKDF(in, 22, in, len, in, 10, 100);
        HKDF(in, 22, in, 13, in, len, 100);
    }
    HKDF(in, 22, NULL, 0, NULL, 0, 100);
    HKDF(in, 22, NULL, 7, NULL, 7, 100);
    HKDF(NULL, 22, in, 7, in, 7, 100);
    HKDF(in, 22, in, 7, in, 7, 255 * digest);
    HKDF(in, 22, in, 7, in, 7, 255 * digest + 1);
    HKDF(in, MOST, in, 7, in, MOST, 100);
    record_key(kcapi_hkdf(name, in, 22, in, 7, in, 7, NULL, 10), "to NULL", 0, 0);
}

static void pbkdf(const char *name)
{
#define PBKDF(pw, pwlen, salt, saltlen, count, len) \
    do { \
        printf("password %zu salt %zu ", (size_t)(pwlen), (size_t)(saltlen)); \
        record_key(kcapi_pbkdf(name, pw, pwlen, salt, saltlen, count, out, len), name, count, \
                   len); \
    } while (0)

    for (size_t len = 0; len <= 150; len++)
        PBKDF(in, 20, in, 16, 3, len);
    for (uint32_t len = 0; len <= 150; len += 10) {
        PBKDF(in, len, in, 16, 5, 40);
        PBKDF(in, 20, in, len, 5, 40);
        PBKDF(in, 20, in, 16, len, 40);
    }
    PBKDF(NULL, 0, NULL, 0, 3, 40);
    PBKDF(NULL, 20, in, 16, 3, 40);
    PBKDF(in, 20, in, 16, 0, 40);
    PBKDF(NULL, 20, in, 16, 0, 40);
    PBKDF(in, 20, NULL, 16, 3, 0);
    PBKDF(NULL, 20, in, 16, 3, 0);
}

int main(void)
{
    static const char *const names[] = { "hmac(sha1)", "hmac(sha256)", "hmac(sha512)", "sha256",
                                         "hmac(nosuch)", "cbc(aes)", NULL };

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    in = pages(MOST);
    fill(in, MOST, 1);
    fill(key, sizeof(key), 2);
    memset(out, 0xa5, sizeof(out));
    sp800_108("hmac(sha1)", 20);
    sp800_108("hmac(sha256)", 32);
    sp800_108("hmac(sha512)", 64);
    sp800_108("sha256", 0);
    hkdf("hmac(sha1)", 20);
    hkdf("hmac(sha256)", 32);
    hkdf("hmac(sha512)", 64);
    for (size_t i = 0; i < 3; i++)
        pbkdf(names[i]);
    /* Fails, and how. */
    for (size_t i = 3; i < sizeof(names) / sizeof(names[0]); i++) {
        record_key(kcapi_hkdf(names[i], in, 22, in, 7, in, 7, out, 40), "hkdf", i, 40);
        record_key(kcapi_pbkdf(names[i], in, 22, in, 7, 7, out, 40), "pbkdf", i, 40);
        printf("iterations %u\n", kcapi_pbkdf_iteration_count(names[i], 0));
    }
    return 0;
}
