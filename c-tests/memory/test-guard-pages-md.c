/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Digests, key derivation, RNGs and what is left between unmapped pages, as symmetric ciphers are
 * in test-guard-pages.c. The functions of akcipher and kpp get a cipher's handle here; with one of
 * theirs, test-guard-pages-akcipher.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fence.h"

static uint8_t key[144], data[LONGEST], want[LONGEST];

/* The fences themselves: one byte too far is a signal. */
static void test_fences(void)
{
    static const char *const names[] = { "behind a buffer", "before a buffer" };

    for (border = 0; border < BORDERS; border++) {
        pid_t child = fork();
        int status = 0;

        if (child == 0) {
            volatile uint8_t *bytes = fence(10);

            signal(SIGSEGV, SIG_DFL);
            _exit(border == BEFORE_PAGE ? bytes[10] : bytes[-1]);
        }
        waitpid(child, &status, 0);
        ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a signal %s", names[border]);
    }
}

static void test_md(const char *name, uint32_t keylen)
{
    struct kcapi_handle **where, *handle = NULL;
    struct series s = { name, 0, 0 };
    size_t size;

    if (kcapi_md_init(&handle, name, 0)) {
        skip(1, name);
        return;
    }
    kcapi_md_destroy(handle);
    for (border = 0; border < BORDERS; border++) {
        where = (struct kcapi_handle **)(void *)fence(sizeof(*where));
        kcapi_md_init(where, fence_input(name, strlen(name) + 1), 0);
        handle = *where;
        if (keylen > 0)
            kcapi_md_setkey(handle, fence_input(key, keylen), keylen);
        call_made(&s, handle != NULL, "init and setkey");
        size = kcapi_md_digestsize(handle);
        for (size_t len = 0; len <= LONGEST; len = next_length(len)) {
            size_t room = len % 7 == 0 ? size / 2 : len % 2 ? size : size + 3;
            size_t got = room < size ? room : size;
            uint8_t *digest = fence(room);
            ssize_t ret = kcapi_md_digest(handle, data, len, want, size);
            bool right = ret == (ssize_t)size;

            ret = kcapi_md_digest(handle, fence_input(data, len), len, digest, room);
            right &= ret == (ssize_t)got && memcmp(digest, want, got) == 0;
            right &= all_are(digest + got, FENCE_BYTE, room - got);
            call_made(&s, right, "digest of %zu bytes into %zu: %zd", len, room, ret);

            digest = fence(room);
            kcapi_md_update(handle, fence_input(data, len / 3), len / 3);
            kcapi_md_update(handle, fence_input(data + len / 3, len - len / 3), len - len / 3);
            ret = kcapi_md_final(handle, digest, room);
            right = ret == (ssize_t)got && memcmp(digest, want, got) == 0;
            right &= all_are(digest + got, FENCE_BYTE, room - got);
            call_made(&s, right, "updates of %zu bytes into %zu: %zd", len, room, ret);
        }
        kcapi_md_destroy(handle);
    }
    series_end(&s);
}

typedef ssize_t md_in_one_call(const uint8_t *, size_t, uint8_t *, size_t);
typedef ssize_t hmac_in_one_call(const uint8_t *, uint32_t, const uint8_t *, size_t, uint8_t *, size_t);

static void test_md_in_one_call(void)
{
    static md_in_one_call *const mds[] = {
        kcapi_md_sha1,     kcapi_md_sha224,   kcapi_md_sha256,   kcapi_md_sha384,   kcapi_md_sha512,
        kcapi_md_sha3_224, kcapi_md_sha3_256, kcapi_md_sha3_384, kcapi_md_sha3_512, kcapi_md_sm3,
    };
    static hmac_in_one_call *const hmacs[] = {
        kcapi_md_hmac_sha1,   kcapi_md_hmac_sha224, kcapi_md_hmac_sha256,
        kcapi_md_hmac_sha384, kcapi_md_hmac_sha512, kcapi_md_hmac_sm3,
    };
    struct series s = { "digests in one call", 0, 0 };

    for (border = 0; border < BORDERS; border++) {
        for (size_t i = 0; i < sizeof(mds) / sizeof(mds[0]); i++) {
            ssize_t size = mds[i](data, 77, want, 64), ret;
            uint8_t *digest = size > 0 ? fence((size_t)size) : fence(64);

            ret = mds[i](fence_input(data, 77), 77, digest, size > 0 ? (size_t)size : 64);
            call_made(&s, ret == size && (ret < 0 || memcmp(digest, want, (size_t)size) == 0),
                      "digest %zu: %zd, not %zd", i, ret, size);
        }
        for (size_t i = 0; i < sizeof(hmacs) / sizeof(hmacs[0]); i++) {
            ssize_t size = hmacs[i](key, 99, data, 77, want, 64), ret;
            uint8_t *digest = size > 0 ? fence((size_t)size) : fence(64);

            ret = hmacs[i](fence_input(key, 99), 99, fence_input(data, 77), 77, digest,
                           size > 0 ? (size_t)size : 64);
            call_made(&s, ret == size && (ret < 0 || memcmp(digest, want, (size_t)size) == 0),
                      "HMAC %zu: %zd, not %zd", i, ret, size);
        }
    }
    series_end(&s);
}

typedef ssize_t kdf(struct kcapi_handle *, const uint8_t *, size_t, uint8_t *, size_t);

static void test_kdf(void)
{
    static kdf *const kdfs[] = { kcapi_kdf_ctr, kcapi_kdf_fb, kcapi_kdf_dpi };
    static const size_t results[] = { 1, 31, 32, 33, 100 };
    struct series s = { "key derivation", 0, 0 };
    struct kcapi_handle *handle = NULL;

    if (kcapi_md_init(&handle, "hmac(sha256)", 0) || kcapi_md_setkey(handle, key, 32))
        bail_out("hmac(sha256) is missing");
    for (border = 0; border < BORDERS; border++) {
        for (size_t i = 0; i < 15; i++) {
            size_t len = results[i / 3];
            uint8_t *result = fence(len);
            ssize_t ret;

            kdfs[i % 3](handle, data, 45, want, len);
            ret = kdfs[i % 3](handle, fence_input(data, 45), 45, result, len);
            call_made(&s, ret == 0 && memcmp(result, want, len) == 0, "SP 800-108: %zd", ret);

            result = fence(len);
            kcapi_hkdf("hmac(sha256)", key, 32, data, 13, data, 45, want, len);
            ret = kcapi_hkdf(fence_input("hmac(sha256)", 13), fence_input(key, 32), 32,
                             fence_input(data, 13), 13, fence_input(data, 45), 45, result, len);
            call_made(&s, ret == 0 && memcmp(result, want, len) == 0, "HKDF: %zd", ret);

            result = fence(len);
            kcapi_pbkdf("hmac(sha256)", key, 32, data, 13, 3, want, len);
            ret = kcapi_pbkdf(fence_input("hmac(sha256)", 13), fence_input(key, 32), 32,
                              fence_input(data, 13), 13, 3, result, len);
            call_made(&s, ret == 0 && memcmp(result, want, len) == 0, "PBKDF2: %zd", ret);
        }
        call_made(&s, kcapi_pbkdf_iteration_count(fence_input("hmac(sha256)", 13), 1) > 0, "count");
        call_made(&s, kcapi_hkdf(fence_input("nosuch", 7), key, 32, NULL, 0, NULL, 0, fence(9), 9) < 0,
                  "HKDF with no such digest");
    }
    kcapi_md_destroy(handle);
    series_end(&s);
}

static void test_rng(void)
{
    struct series s = { "RNGs", 0, 0 };
    static const size_t lengths[] = { 1, 8, 127, 128, 129, 1000 };

    for (border = 0; border < BORDERS; border++) {
        struct kcapi_handle *handle = NULL;
        int seeded;

        if (kcapi_rng_init(&handle, fence_input("stdrng", 7), 0))
            bail_out("stdrng is missing");
        seeded = kcapi_rng_seed(handle, fence_input(key, 48), 48);
        call_made(&s, seeded == 0, "seed: %d", seeded);
        kcapi_rng_setentropy(handle, fence_input(key, 48), 48);
        kcapi_rng_setaddtl(handle, fence_input(key, 48), 48);
        call_made(&s, true, "entropy and additional data, which most kernels refuse");
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            ssize_t ret = kcapi_rng_generate(handle, fence(lengths[i]), lengths[i]);

            call_made(&s, ret == (ssize_t)lengths[i], "generate %zu: %zd", lengths[i], ret);
            ret = kcapi_rng_get_bytes(fence(lengths[i]), lengths[i]);
            call_made(&s, ret == (ssize_t)lengths[i], "get_bytes %zu: %zd", lengths[i], ret);
        }
        kcapi_rng_destroy(handle);
    }
    series_end(&s);
}

/* Whatever they answer to a handle that is not theirs. */
static void akcipher_and_kpp(struct series *s, struct kcapi_handle *handle)
{
    struct iovec in = { fence_input(data, 32), 32 }, out = { fence(32), 32 };
    struct iovec *from = fence_input(&in, sizeof(in)), *to = fence_input(&out, sizeof(out));

    kcapi_akcipher_encrypt(handle, in.iov_base, 32, out.iov_base, 32, 0);
    kcapi_akcipher_decrypt(handle, in.iov_base, 32, out.iov_base, 32, 0);
    kcapi_akcipher_sign(handle, in.iov_base, 32, out.iov_base, 32, 0);
    kcapi_akcipher_verify(handle, in.iov_base, 32, out.iov_base, 32, 0);
    kcapi_akcipher_encrypt_aio(handle, from, to, 1, 0);
    kcapi_akcipher_decrypt_aio(handle, from, to, 1, 0);
    kcapi_akcipher_sign_aio(handle, from, to, 1, 0);
    kcapi_akcipher_verify_aio(handle, from, to, 1, 0);
    kcapi_akcipher_stream_init_enc(handle, from, 1);
    kcapi_akcipher_stream_init_dec(handle, from, 1);
    kcapi_akcipher_stream_init_sgn(handle, from, 1);
    kcapi_akcipher_stream_init_vfy(handle, from, 1);
    kcapi_akcipher_stream_update(handle, from, 1);
    kcapi_akcipher_stream_update_last(handle, from, 1);
    kcapi_akcipher_stream_op(handle, to, 1);
    kcapi_kpp_keygen(handle, out.iov_base, 32, 0);
    kcapi_kpp_ssgen(handle, in.iov_base, 32, out.iov_base, 32, 0);
    kcapi_kpp_keygen_aio(handle, to, 1, 0);
    kcapi_kpp_ssgen_aio(handle, from, to, 1, 0);
    call_made(s, true, "akcipher and kpp");
    kcapi_akcipher_setpubkey(handle, fence_input(key, 16), 16);
    kcapi_kpp_dh_setparam_pkcs3(handle, fence_input(key, 16), 16);
    kcapi_akcipher_setkey(handle, fence_input(key, 16), 16);
    kcapi_kpp_setkey(handle, fence_input(key, 16), 16);
    call_made(s, true, "their keys");
    call_made(s, kcapi_akcipher_init(&handle, fence_input("dsa", 4), 0) < 0, "akcipher_init");
    call_made(s, kcapi_kpp_init(&handle, fence_input("ecxx", 5), 0) < 0, "kpp_init");
}

/* IVs that the library makes: pointer and length go to out-parameters. */
static void new_ivs(struct series *s, struct kcapi_handle *cipher)
{
    for (int i = 0; i < 2; i++) {
        uint32_t *len = (uint32_t *)(void *)fence(sizeof(*len));
        uint8_t **iv = (uint8_t **)(void *)fence(sizeof(*iv)), *made;
        int ret;

        if (i)
            ret = kcapi_pad_iv(cipher, fence_input(data, 7), 7, iv, len);
        else
            ret = kcapi_aead_ccm_nonce_to_iv(fence_input(data, 7), 7, iv, len);
        made = *iv;
        call_made(s, ret == 0 && *len == 16 && memcmp(made + !i, data, 7) == 0, "new IV: %d", ret);
        free(made);
    }
}

static void test_others(void)
{
    struct series s = { "utilities, akcipher and kpp", 0, 0 };

    for (border = 0; border < BORDERS; border++) {
        struct kcapi_handle *cipher = cipher_with_key("cbc(aes)", key, 16, 0), *second, **where;
        char *text = (char *)fence(9);
        int ret;

        kcapi_versionstring(text, 9);
        call_made(&s, strcmp(text, "libkcapi") == 0, "versionstring");
        text = (char *)fence(77);
        kcapi_memset_secure(text, 3, 77);
        call_made(&s, all_are(text, 3, 77), "memset_secure");
        where = (struct kcapi_handle **)(void *)fence(sizeof(*where));
        ret = kcapi_handle_reinit(where, cipher, 0);
        second = *where;
        call_made(&s, ret == 0, "reinit: %d", ret);
        kcapi_cipher_destroy(second);
        new_ivs(&s, cipher);
        akcipher_and_kpp(&s, cipher);
        kcapi_cipher_destroy(cipher);
    }
    series_end(&s);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 1);
    fill(data, sizeof(data), 3);
    test_fences();
    test_md("sha1", 0);
    test_md("sha256", 0);
    test_md("sha512", 0);
    test_md("sha3-256", 0);
    test_md("hmac(sha1)", 20);
    test_md("hmac(sha256)", 64);
    test_md("hmac(sha512)", 144);
    test_md("hmac(sha3-256)", 136);
    test_md("cmac(aes)", 16);
    test_md("blake2b-256", 17);
    test_md("crc32c", 4);
    test_md("xxhash64", 8);
    test_md("sm3", 0);
    test_md_in_one_call();
    test_kdf();
    if (has_rng("stdrng"))
        test_rng();
    test_others();
    return done_testing();
}
