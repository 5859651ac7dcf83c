/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* A transcript of message digests and of what random number generators return. */
#include <errno.h>

#include "md.h"
#include "transcript.h"

#define MOST 200000

static const struct {
    const char *name;
    uint32_t keylen; /* 0: no key */
} digests[] = {
    { "sha1", 0 },          { "sha224", 0 },        { "sha256", 0 },        { "sha384", 0 },
    { "sha512", 0 },        { "sha3-224", 0 },      { "sha3-256", 0 },      { "sha3-384", 0 },
    { "sha3-512", 0 },      { "sm3", 0 },           { "md5", 0 },           { "crc32c", 0 },
    { "blake2b-256", 0 },   { "nosuch", 0 },        { "hmac(sha1)", 16 },   { "hmac(sha256)", 64 },
    { "hmac(sha512)", 200 }, { "hmac(sha3-256)", 20 }, { "cmac(aes)", 16 }, { "cbc(aes)", 0 },
};
#define DIGESTS (sizeof(digests) / sizeof(digests[0]))

static uint8_t *in, out[DIGEST_MAX + 16], key[256];

static void record_md(ssize_t ret, const char *what, size_t len)
{
    record(ret, out, sizeof(out), "%s %zu", what, len);
    memset(out, 0, sizeof(out));
}

static void one_digest(const char *name, uint32_t keylen)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_md_init(&handle, name, 0);

    record(ret, NULL, 0, "init %s", name);
    if (ret)
        return;
    printf("digestsize %u blocksize %u\n", kcapi_md_digestsize(handle), kcapi_md_blocksize(handle));
    if (keylen)
        record(kcapi_md_setkey(handle, key, keylen), NULL, 0, "setkey");

    for (size_t len = 0; len < MOST; len = len < 300 ? len + 1 : len * 5 / 2)
        record_md(kcapi_md_digest(handle, in, len, out, sizeof(out)), "digest", len);
    for (size_t size = 0; size <= sizeof(out); size++) {
        record(kcapi_md_update(handle, in, size), NULL, 0, "update %zu", size);
        record(kcapi_md_update(handle, in + size, 3 * size), NULL, 0, "update");
        record_md(kcapi_md_final(handle, out, size), "final into", size);
        /* The C library refuses no bytes, and the message goes on. */
        record_md(kcapi_md_final(handle, out, sizeof(out)), "final", size);
    }
    record(kcapi_md_update(handle, NULL, 0), NULL, 0, "update with nothing");
    record(kcapi_md_update(handle, in, (size_t)1 << 31), NULL, 0, "update with too much");
    record_md(kcapi_md_final(handle, NULL, 16), "final into NULL", 0);
    record_md(kcapi_md_digest(handle, in, 100, out, sizeof(out)), "digest", 100);
    record_md(kcapi_md_digest(handle, in, (size_t)1 << 31, out, sizeof(out)), "too much", 0);
    record_md(kcapi_md_digest(handle, NULL, 0, out, sizeof(out)), "digest of NULL", 0);
    kcapi_md_destroy(handle);
}

static void keys(void)
{
    struct kcapi_handle *handle = md("hmac(sha256)");

    for (uint32_t len = 0; len <= sizeof(key); len += 16)
        record(kcapi_md_setkey(handle, key, len), NULL, 0, "setkey %u", len);
    record(kcapi_md_setkey(handle, NULL, 16), NULL, 0, "setkey NULL");
    record_md(kcapi_md_digest(handle, in, 100, out, sizeof(out)), "digest", 100);
    kcapi_md_destroy(handle);
    handle = md("hmac(sha256)");
    record_md(kcapi_md_final(handle, out, 32), "final without a key", 0);
    kcapi_md_destroy(handle);
    record(kcapi_md_init(&handle, NULL, 0), NULL, 0, "init NULL");
}

/* Every call in every state of a handle: a digit of `state` is what was done before. */
static void states(const char *name, uint32_t keylen)
{
    enum { NOTHING, KEY, UPDATE, FINAL, DIGEST, FAILED, SECOND, STATES, CALLS = 12 };

    for (int i = 0; i < STATES * STATES * CALLS; i++) {
        int before[2] = { i / CALLS / STATES, i / CALLS % STATES }, call = i % CALLS;
        struct kcapi_handle *handle = md(name), *first;
        ssize_t ret = 0;

        for (int j = 0; j < 2; j++) {
            switch (before[j]) {
            case KEY: kcapi_md_setkey(handle, key, keylen); break;
            case UPDATE: kcapi_md_update(handle, in, 50); break;
            case FINAL: kcapi_md_final(handle, out, sizeof(out)); break;
            case DIGEST: kcapi_md_digest(handle, in, 20, out, sizeof(out)); break;
            case FAILED: kcapi_md_digest(handle, in, 20, NULL, 0); break;
            case SECOND:
                first = handle;
                handle = reinit(first, 0);
                kcapi_md_destroy(first);
                break;
            }
        }
        memset(out, 0, sizeof(out));
        switch (call) {
        case 0: ret = kcapi_md_setkey(handle, key, keylen); break;
        case 1: ret = kcapi_md_setkey(handle, key, 0); break;
        case 2: ret = kcapi_md_update(handle, in, 0); break;
        case 3: ret = kcapi_md_update(handle, in, 100); break;
        case 4: ret = kcapi_md_update(handle, NULL, 0); break;
        case 5: ret = kcapi_md_final(handle, out, sizeof(out)); break;
        case 6: ret = kcapi_md_final(handle, out, 10); break;
        case 7: ret = kcapi_md_final(handle, NULL, 0); break;
        case 8: ret = kcapi_md_digest(handle, in, 100, out, sizeof(out)); break;
        case 9: ret = kcapi_md_digest(handle, NULL, 0, out, sizeof(out)); break;
        case 10: ret = kcapi_kdf_ctr(handle, in, 20, out, 50); break;
        case 11: ret = kcapi_md_digest(handle, in, 100, out, 0); break;
        }
        record(ret, out, sizeof(out), "%s, state %d%d, call %d", name, before[0], before[1], call);
        kcapi_md_destroy(handle);
    }
}

static void one_calls(void)
{
    static const size_t lengths[] = { 0, 1, 63, 64, 65, 1000, 8192, 8193, 65536, 65537, 150000 };
    enum { LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };

    for (size_t i = 0; i < MD_CALLS; i++) {
        for (size_t j = 0; j < LENGTHS; j++) {
            ssize_t ret = md_calls[i].digest(in, lengths[j], out, sizeof(out));

            record_md(ret, md_calls[i].name, lengths[j]);
            /* A kernel looks long for what it lacks. */
            if (ret == -ENOENT)
                break;
            record_md(md_calls[i].digest(in, lengths[j], out, 10), "into 10", lengths[j]);
            record_md(md_calls[i].digest(in, lengths[j], out, 0), "into 0", lengths[j]);
        }
    }
    for (size_t i = 0; i < HMAC_CALLS; i++) {
        for (size_t j = 0; j < LENGTHS; j++) {
            ssize_t ret = hmac_calls[i].hmac(key, (uint32_t)lengths[j] % 200, in, lengths[j], out,
                                             sizeof(out));

            record_md(ret, hmac_calls[i].name, lengths[j]);
            if (ret == -ENOENT)
                break;
        }
    }
    record_md(kcapi_md_sha256(in, (size_t)1 << 31, out, 32), "too much", 0);
    record_md(kcapi_md_hmac_sha256(NULL, 16, in, 16, out, 32), "a key at NULL", 0);
}

static void generators(void)
{
    /*
     * stdrng last: the others are stdrng, too, and the kernel tells the seed size of the one that it has
     * loaded last.
     */
    static const char *const names[] = { "ansi_cprng", "drbg_nopr_hmac_sha512", "stdrng",
                                         "nosuch" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct kcapi_handle *handle = NULL;
        int ret = kcapi_rng_init(&handle, names[i], 0);

        record(ret, NULL, 0, "init %s", names[i]);
        if (ret)
            continue;
        printf("seedsize %u\n", kcapi_rng_seedsize(handle));
        record(kcapi_rng_setentropy(handle, key, 48), NULL, 0, "setentropy");
        record(kcapi_rng_seed(handle, NULL, 5), NULL, 0, "seed at NULL");
        record(kcapi_rng_seed(handle, key, 48), NULL, 0, "seed");
        for (size_t len = 0; len < MOST; len = 3 * len + 1)
            /* Only ansi_cprng gives the same bytes in every run. */
            record(kcapi_rng_generate(handle, in, len), i == 0 ? in : NULL, len, "generate %zu",
                   len);
        record(kcapi_rng_generate(handle, NULL, 16), NULL, 0, "generate to NULL");
        kcapi_rng_destroy(handle);
    }
    record(kcapi_rng_get_bytes(in, 1000), NULL, 0, "get_bytes");
    record(kcapi_rng_get_bytes(in, 0), NULL, 0, "get_bytes of nothing");
    record(kcapi_rng_get_bytes(NULL, 5), NULL, 0, "get_bytes to NULL");
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    in = pages(3 * MOST);
    fill(in, 3 * MOST, 1);
    fill(key, sizeof(key), 2);
    for (size_t i = 0; i < DIGESTS; i++)
        one_digest(digests[i].name, digests[i].keylen);
    keys();
    states("sha256", 0);
    states("hmac(sha1)", 20);
    states("cmac(aes)", 16);
    one_calls();
    generators();
    return 0;
}
