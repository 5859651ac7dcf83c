/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Lengths that are lies: buffers, keys and arrays that end at an unmapped page and are said to be
 * longer than anything that could be meant. The answer is a negative errno, the memory is not
 * looked at; names of any bytes; the handle works on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sys/uio.h>

#include "fence.h"

static const uint8_t key[64] = { 1, 2, 3, [40] = 4 };
static uint8_t iv[16] = { 1 }, in[64], out[64];

/* Where words have 32 bits, SSIZE_MAX is INT_MAX, and taken. */
static const size_t over[] = { (size_t)INT_MAX + 1, UINT_MAX,
                               (size_t)SSIZE_MAX + (SSIZE_MAX == INT_MAX), (size_t)SSIZE_MAX + 1,
                               SIZE_MAX - 15, SIZE_MAX };
#define OVER (sizeof(over) / sizeof(over[0]))

static void is_refused(long long ret, const char *what, size_t value)
{
    ok(ret < 0 && ret > -4096 && ret != -EPERM, "%s, %zu: %lld", what, value, ret);
}

typedef int init_function(struct kcapi_handle **, const char *, uint32_t);

static int set_key(init_function *init, struct kcapi_handle *handle, const uint8_t *value,
                   uint32_t len)
{
    if (init == kcapi_aead_init)
        return kcapi_aead_setkey(handle, value, len);
    if (init == kcapi_md_init)
        return kcapi_md_setkey(handle, value, len);
    if (init == kcapi_rng_init)
        return kcapi_rng_seed(handle, (uint8_t *)value, len);
    return kcapi_cipher_setkey(handle, value, len);
}

/* No algorithm has keys so long; those that read any key read up to 128 KiB, as the kernel does. */
static void test_keys(const char *name, init_function *init, uint32_t right, bool any_length)
{
    static const uint32_t lies[] = { 65,      100,     129,        257,        1000,
                                     4097,    20481,   131072,     1 << 20,    INT_MAX,
                                     1u << 31, UINT_MAX - 3, UINT_MAX };
    struct kcapi_handle *handle = NULL;

    if (init(&handle, name, 0)) {
        skip(1, name);
        return;
    }
    for (border = 0; border < BORDERS; border++) {
        for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
            if (any_length && lies[i] < 131072)
                continue;
            /* After a page there is room for a short lie. */
            if (border == AFTER_PAGE && lies[i] <= in_whole_pages(LONGEST))
                continue;
            is_refused(set_key(init, handle, fence_input(key, right), lies[i]), name, lies[i]);
            ok(unfence(), "and nothing is written");
        }
    }
    ok(right == 0 || set_key(init, handle, key, right) == 0, "%s takes a true key", name);
    kcapi_cipher_destroy(handle);
}

static void test_streams(void)
{
    static const size_t counts[] = { 1025, 100000, SIZE_MAX / 16, SIZE_MAX / 16 + 1, SIZE_MAX };
    struct kcapi_handle *cipher = cipher_with_key("ctr(aes)", key, 16, 0);
    struct kcapi_handle *aead = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);
    struct iovec one = { in, 16 }, *list = fence_input(&one, sizeof(one)), many[3];

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        size_t n = counts[i];

        is_refused(kcapi_cipher_stream_init_enc(cipher, iv, list, n), "IOVECs of init_enc", n);
        is_refused(kcapi_cipher_stream_update(cipher, list, n), "IOVECs of update", n);
        is_refused(kcapi_cipher_stream_update_last(cipher, list, n), "IOVECs of update_last", n);
        is_refused(kcapi_cipher_stream_op(cipher, list, n), "IOVECs of op", n);
        is_refused(kcapi_aead_stream_init_dec(aead, iv, list, n), "IOVECs of an AEAD", n);
        is_refused(kcapi_akcipher_stream_init_enc(cipher, list, n), "IOVECs of an akcipher", n);
    }
    unfence();
    for (size_t i = 0; i < OVER; i++) {
        for (size_t j = 0; j < 3; j++)
            many[j] = (struct iovec){ in, j == i % 3 ? over[i] : 16 };
        is_refused(kcapi_cipher_stream_init_enc(cipher, iv, many, 3), "a sum", over[i]);
        is_refused(kcapi_cipher_stream_op(cipher, many, 3), "an output's sum", over[i]);
        is_refused(kcapi_cipher_encrypt_aio(cipher, many, many, 3, iv, 0), "a batch", over[i]);
        is_refused(kcapi_aead_encrypt_aio(aead, many, many, 3, iv, 0), "a batch", over[i]);
        many[i % 3].iov_base = NULL;
        is_refused(kcapi_cipher_stream_update(cipher, many, 3), "NULL, so long", over[i]);
    }
    /* Two halves of what a size_t holds, and one more. */
    many[0].iov_len = many[1].iov_len = SIZE_MAX / 2 + 1;
    many[0].iov_base = many[1].iov_base = in;
    is_refused(kcapi_cipher_stream_init_enc(cipher, iv, many, 2), "a sum that is 0 again", 0);
    many[0] = many[1] = (struct iovec){ NULL, 0 };
    is_int(kcapi_cipher_stream_init_enc(cipher, iv, many, 2), 0, "NULL with no bytes is nothing");
    kcapi_cipher_destroy(cipher);
    kcapi_aead_destroy(aead);
}

static void test_lengths(void)
{
    struct kcapi_handle *cipher = cipher_with_key("ctr(aes)", key, 16, 0);
    struct kcapi_handle *aead = aead_with_key("gcm(aes)", key, 16, 16, 0, 0), *md = NULL;
    uint8_t *from, *to, *newiv = NULL;
    uint32_t newlen = 0;

    if (kcapi_md_init(&md, "hmac(sha256)", 0) || kcapi_md_setkey(md, key, 32))
        bail_out("hmac(sha256) is missing");
    from = fence_input(in, 16);
    to = fence(32);
    for (size_t i = 0; i < OVER; i++) {
        size_t n = over[i];

        is_refused(kcapi_cipher_encrypt(cipher, from, n, iv, to, n, 0), "both lengths", n);
        is_refused(kcapi_cipher_decrypt(cipher, from, n, iv, to, 32, 0), "the input's", n);
        is_refused(kcapi_aead_encrypt(aead, from, n, iv, to, 32, 0), "an AEAD's input", n);
        is_refused(kcapi_aead_decrypt(aead, from, 16, iv, to, n, 0), "an AEAD's output", n);
        is_refused(kcapi_md_update(md, from, n), "a digest's input", n);
        is_refused(kcapi_md_digest(md, from, n, to, 32), "a digest's input", n);
        is_refused(kcapi_md_sha256(from, n, to, 32), "in one call", n);
        is_refused(kcapi_kdf_ctr(md, from, n, to, 32), "a key derivation's input", n);
        is_refused(kcapi_kdf_fb(md, from, 16, to, n), "its output", n);
        is_refused(kcapi_hkdf("hmac(sha256)", from, n, NULL, 0, NULL, 0, to, 32), "HKDF's key", n);
        is_refused(kcapi_hkdf("hmac(sha256)", from, 16, NULL, 0, from, n, to, 32), "its info", n);
        is_refused(kcapi_hkdf("hmac(sha256)", from, 16, NULL, 0, NULL, 0, to, n), "its output", n);
        is_refused(kcapi_pbkdf("hmac(sha256)", from, 16, from, n, 1, to, 32), "PBKDF2's salt", n);
        is_refused(kcapi_pbkdf("hmac(sha256)", from, 16, from, 16, 1, to, n), "its output", n);
        is_refused(kcapi_pbkdf("hmac(sha256)", from, UINT_MAX, from, 16, 1, to, 32), "password", n);
        kcapi_aead_setassoclen(aead, n);
        is_refused(kcapi_aead_encrypt(aead, from, 16, iv, to, 32, 0), "associated data", n);
        kcapi_aead_setassoclen(aead, 0);
        is_refused(kcapi_aead_settaglen(aead, (uint32_t)n), "a tag", (uint32_t)n);
    }
    /* Where words have 32 bits, nothing in memory is longer than the half of what there is. */
    is_int(kcapi_pad_iv(cipher, from, SSIZE_MAX == INT_MAX ? INT_MAX : UINT_MAX, &newiv, &newlen), 0, "an IV is cut");
    is_mem(newiv, in, 16, "to its beginning");
    free(newiv);
    is_int(kcapi_aead_ccm_nonce_to_iv(from, UINT_MAX, &newiv, &newlen), -EINVAL, "a nonce is not");
    kcapi_versionstring(NULL, 0);
    kcapi_versionstring(NULL, 50);
    kcapi_memset_secure(NULL, 0, SIZE_MAX);
    ok(unfence(), "nothing was written beside buffers");

    is_int(kcapi_cipher_encrypt(cipher, in, 64, iv, out, 64, 0), 64, "the cipher works on");
    is_int(kcapi_aead_encrypt(aead, in, 16, iv, out, 32, 0), 32, "the AEAD works on");
    is_int(kcapi_md_digest(md, in, 16, out, 32), 32, "the digest works on");
    kcapi_cipher_destroy(cipher);
    kcapi_aead_destroy(aead);
    kcapi_md_destroy(md);
}

/* More IOVECs than one system call takes. */
static void test_many(void)
{
    enum { MANY = 5000 };
    static struct iovec from[MANY], to[MANY];
    static uint8_t text[MANY * 16], got[MANY * 16], want[MANY * 16];
    struct kcapi_handle *aio = cipher_with_key("ctr(aes)", key, 16, KCAPI_INIT_AIO);

    for (size_t i = 0; i < MANY; i++) {
        from[i] = (struct iovec){ text + 16 * i, 16 };
        to[i] = (struct iovec){ got + 16 * i, 16 };
    }
    kcapi_cipher_encrypt(aio, text, sizeof(text), iv, want, sizeof(want), 0);
    is_int(kcapi_cipher_encrypt_aio(aio, from, to, MANY, iv, 0), MANY * 16, "5000 IOVECs");
    is_mem(got, want, sizeof(want), "are one chain");
    kcapi_cipher_destroy(aio);
}

/*
 * The same where they are one message, which the engine in user space refused. It has less than the 64 KiB after
 * which a message of xts in one buffer begins anew.
 */
static void test_many_in_a_message(void)
{
    enum { MANY = 4000, LEN = MANY * 16, TAG = 16 };
    static struct iovec from[MANY], to[MANY + 1];
    static uint8_t text[LEN], got[LEN + TAG], want[LEN + TAG];
    static const char *const names[] = { "ctr(aes)", "cbc(aes)", "xts(aes)" };
    struct kcapi_handle *aead = aead_with_key("gcm(aes)", key, 16, TAG, 0, 0), *md = NULL;

    for (size_t i = 0; i < MANY; i++) {
        from[i] = (struct iovec){ text + 16 * i, 16 };
        to[i] = (struct iovec){ got + 16 * i, 16 };
    }
    to[MANY] = (struct iovec){ got + LEN, TAG };
    for (size_t i = 0; i < 6; i++) {
        uint32_t flags = i % 2 ? KCAPI_INIT_AIO : 0, keylen = i / 2 == 2 ? 32 : 16;
        struct kcapi_handle *cipher = cipher_with_key(names[i / 2], key, keylen, flags);
        bool one_by_one = flags && i / 2 == 2;

        memset(got, 0, LEN);
        for (size_t at = 0; at < LEN; at += one_by_one ? 16 : LEN)
            kcapi_cipher_encrypt(cipher, text, one_by_one ? 16 : LEN, iv, want + at, LEN, 0);
        is_int(kcapi_cipher_encrypt_aio(cipher, from, to, MANY, iv, 0), LEN, names[i / 2]);
        is_mem(got, want, LEN, flags ? "4000 pairs" : "a message in 4000 IOVECs");
        kcapi_cipher_destroy(cipher);
    }

    if (kcapi_md_init(&md, "sha256", 0))
        bail_out("sha256 is missing");
    for (size_t i = 0; i < 4; i++) {
        bool digest = i % 2, to_many = i / 2;
        struct kcapi_request r = {
            .handle = digest ? md : aead,
            .iv = digest ? NULL : iv,
            .type = digest ? KCAPI_REQUEST_DIGEST : KCAPI_REQUEST_ENCRYPT,
            .input = from,
            .inlen = MANY,
            .output = to_many ? (void *)to : got,
            .outlen = to_many ? MANY + 1 : sizeof(got),
            .flags = KCAPI_REQUEST_IN_IOV | (to_many ? KCAPI_REQUEST_OUT_IOV : 0),
        };
        ssize_t len = digest ? 32 : LEN + TAG;

        memset(got, 0, sizeof(got));
        is_int(kcapi_process(&r, 1, sizeof(r), 0), 1, digest ? "a digest's request" : "an AEAD's");
        if (digest)
            kcapi_md_sha256(text, LEN, want, 32);
        else
            kcapi_aead_encrypt(aead, text, LEN, iv, want, LEN + TAG, 0);
        is_int(r.result, len, to_many ? "from many IOVECs to as many" : "from many IOVECs");
        is_mem(got, want, (size_t)len, "its bytes");
    }
    kcapi_aead_destroy(aead);
    kcapi_md_destroy(md);
}

/* kcapi_kpp_keygen_aio() took memory for as many IOVECs as it was told of, before it looked at anything. */
static void test_keygen(void)
{
    struct kcapi_handle *handle = NULL;
    struct iovec one = { out, 32 };

    is_int(kcapi_kpp_keygen_aio(NULL, &one, SIZE_MAX / 64, 0), -EINVAL, "no handle, and many IOVECs");
    if (kcapi_kpp_init(&handle, "curve25519", 0)) {
        skip(1, "kpp is not served here");
        return;
    }
    is_int(kcapi_kpp_keygen_aio(handle, NULL, SIZE_MAX / 64, 0), -EFAULT, "no array of many IOVECs");
    kcapi_kpp_destroy(handle);
}

static void test_names(void)
{
    static char name[201];
    static const char *const bytes[] = { "\xff\xfe", "cbc(\xe4" "es)", "%n%n%n%s", "cbc(aes)\n",
                                         "((((((((", "))))", "cbc(aes", "hmac()", "\x01", "cbc(cbc(aes))" };
    static init_function *const inits[] = { kcapi_cipher_init, kcapi_aead_init, kcapi_md_init,
                                            kcapi_rng_init, kcapi_akcipher_init, kcapi_kpp_init };
    static const size_t lengths[] = { 63, 64, 200 };
    static const char fills[] = { 'a', '%', '(', '\xff' };

    for (size_t i = 0; i < sizeof(inits) / sizeof(inits[0]); i++) {
        struct kcapi_handle *handle = NULL;

        for (size_t j = 0; j < sizeof(bytes) / sizeof(bytes[0]); j++)
            is_refused(inits[i](&handle, bytes[j], 0), "init with a strange name", j);
        for (size_t j = 0; j < 12; j++) {
            memset(name, fills[j % 4], lengths[j / 4]);
            name[lengths[j / 4]] = '\0';
            is_refused(inits[i](&handle, name, 0), "init with a name of so many bytes", lengths[j / 4]);
            is_refused(kcapi_hkdf(name, in, 16, NULL, 0, NULL, 0, out, 32), "HKDF", lengths[j / 4]);
            is_refused(kcapi_pbkdf(name, in, 16, in, 16, 1, out, 32), "PBKDF2", lengths[j / 4]);
        }
        ok(handle == NULL, "no handle was made");
    }
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    test_keys("cbc(aes)", kcapi_cipher_init, 16, false);
    test_keys("xts(aes)", kcapi_cipher_init, 32, false);
    test_keys("lrw(aes)", kcapi_cipher_init, 32, false);
    test_keys("rfc3686(ctr(aes))", kcapi_cipher_init, 20, false);
    test_keys("chacha20", kcapi_cipher_init, 32, false);
    test_keys("cbc(des3_ede)", kcapi_cipher_init, 24, false);
    test_keys("cbc(camellia)", kcapi_cipher_init, 16, false);
    test_keys("gcm(aes)", kcapi_aead_init, 16, false);
    test_keys("ccm(aes)", kcapi_aead_init, 16, false);
    test_keys("rfc4106(gcm(aes))", kcapi_aead_init, 20, false);
    test_keys("rfc4309(ccm(aes))", kcapi_aead_init, 19, false);
    test_keys("rfc4543(gcm(aes))", kcapi_aead_init, 20, false);
    test_keys("rfc7539(chacha20,poly1305)", kcapi_aead_init, 32, false);
    test_keys("rfc7539esp(chacha20,poly1305)", kcapi_aead_init, 36, false);
    test_keys("cmac(aes)", kcapi_md_init, 16, false);
    test_keys("blake2b-256", kcapi_md_init, 32, false);
    test_keys("hmac(sha256)", kcapi_md_init, 32, true);
    test_keys("stdrng", kcapi_rng_init, 48, true);
    test_streams();
    test_lengths();
    test_many();
    test_many_in_a_message();
    test_keygen();
    test_names();
    return done_testing();
}
