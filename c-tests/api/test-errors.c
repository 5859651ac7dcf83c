/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Which error is reported for what: names, keys, lengths, pointers; just as the C library does. */
#include <errno.h>
#include <limits.h>

#include "fill.h"

static const uint8_t key[64] = { 2 };
static uint8_t iv[16] = { 3 };
static uint8_t in[4 * KIB], out[4 * KIB];

static int init_cipher(const char *name)
{
    struct kcapi_handle *untouched = (struct kcapi_handle *)in, *handle = untouched;
    int ret = kcapi_cipher_init(&handle, name, 0);

    ok(ret == 0 || handle == untouched, "a failed kcapi_cipher_init leaves the pointer as it was");
    if (ret == 0)
        kcapi_cipher_destroy(handle);
    return ret;
}

static int init_aead(const char *name)
{
    struct kcapi_handle *untouched = (struct kcapi_handle *)in, *handle = untouched;
    int ret = kcapi_aead_init(&handle, name, 0);

    ok(ret == 0 || handle == untouched, "a failed kcapi_aead_init leaves the pointer as it was");
    if (ret == 0)
        kcapi_aead_destroy(handle);
    return ret;
}

static void test_names(void)
{
    static const char *const unknown[] = { "",  "nosuch", "cbc(nosuch)", "nosuch(aes)", "sha256",
                                           "a b", "%s%n%d", "../cbc(aes)" };
    static const size_t lengths[] = { 62, 63, 64, 65, 200, 4000 };
    static char name[4001];

    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        int aead = init_aead(unknown[i]);

        ok(init_cipher(unknown[i]) == -ENOENT, "cipher `%s`: -ENOENT", unknown[i]);
        /* Kernels differ where a template is known but does not make an AEAD. */
        ok(aead == -ENOENT || aead == -EINVAL, "AEAD `%s`: -ENOENT or -EINVAL", unknown[i]);
    }
    is_int(init_cipher(NULL), -ENOENT, "cipher NULL: -ENOENT");
    is_int(init_aead(NULL), -ENOENT, "AEAD NULL: -ENOENT");

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        memset(name, i % 2 ? '%' : 'a', lengths[i]);
        name[lengths[i]] = '\0';
        ok(init_cipher(name) == -ENOENT, "a cipher of %zu characters: -ENOENT", lengths[i]);
        ok(init_aead(name) == -ENOENT, "an AEAD of %zu characters: -ENOENT", lengths[i]);
    }

    ok(init_cipher("gcm(aes)") < 0, "an AEAD is no cipher");
    ok(init_aead("cbc(aes)") < 0, "a cipher is no AEAD");
}

static void test_flags(void)
{
    static const uint32_t unknown[] = { 0x2, 0x80000000, 0xfffffffe, 0xffffffff };

    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, 16, unknown[i]);

        ok(kcapi_cipher_encrypt(handle, in, 16, iv, out, 16, 0) == 16, "flags %#x", unknown[i]);
        kcapi_cipher_destroy(handle);
    }
}

static void test_keys(void)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_cipher_init(&handle, "cbc(aes)", 0))
        bail_out("cbc(aes) is missing");
    for (uint32_t len = 0; len <= 40; len++) {
        int want = len == 16 || len == 24 || len == 32 ? 0 : -EINVAL;

        ok(kcapi_cipher_setkey(handle, key, len) == want, "an AES key of %u bytes: %d", len, want);
    }
    is_int(kcapi_cipher_setkey(handle, NULL, 16), -EFAULT, "a key at NULL: -EFAULT");
    is_int(kcapi_cipher_setkey(handle, NULL, 0), -EINVAL, "no key at NULL: -EINVAL");
    kcapi_cipher_destroy(handle);
    kcapi_cipher_destroy(NULL);
    kcapi_aead_destroy(NULL);

    is_int(kcapi_cipher_enc_aes_cbc(key, 17, in, 16, iv, out, 16), -EINVAL, "in one call: -EINVAL");
    is_int(kcapi_cipher_dec_aes_ctr(key, 0, in, 16, iv, out, 16), -EINVAL, "in one call: -EINVAL");
}

static void test_no_key(uint32_t flags)
{
    struct iovec from = { in, 16 }, to = { out, 32 };
    struct kcapi_handle *handle = NULL;

    kcapi_cipher_init(&handle, "cbc(aes)", flags);
    for (size_t i = 0; i < ACCESS_MODES; i++) {
        is_int(kcapi_cipher_encrypt(handle, in, 16, iv, out, 16, access_modes[i]), -ENOKEY,
               "encryption without a key: -ENOKEY");
        is_int(kcapi_cipher_decrypt(handle, in, 16, iv, out, 16, access_modes[i]), -ENOKEY,
               "decryption without a key: -ENOKEY");
    }
    is_int(kcapi_cipher_stream_init_enc(handle, iv, &from, 1), -ENOKEY, "a stream: -ENOKEY");
    to.iov_len = 16;
    is_int(kcapi_cipher_encrypt_aio(handle, &from, &to, 1, iv, 0), -ENOKEY, "AIO: -ENOKEY");
    is_int(kcapi_cipher_setkey(handle, key, 16), 0, "now a key");
    is_int(kcapi_cipher_encrypt(handle, in, 16, iv, out, 16, 0), 16, "and it works");
    kcapi_cipher_destroy(handle);

    kcapi_aead_init(&handle, "gcm(aes)", flags);
    kcapi_aead_settaglen(handle, 16);
    is_int(kcapi_aead_encrypt(handle, in, 16, iv, out, 32, 0), -ENOKEY, "an AEAD: -ENOKEY");
    is_int(kcapi_aead_decrypt(handle, in, 32, iv, out, 16, 0), -ENOKEY, "an AEAD: -ENOKEY");
    is_int(kcapi_aead_stream_init_enc(handle, iv, &from, 1), -ENOKEY, "its stream: -ENOKEY");
    is_int(kcapi_aead_setkey(handle, key, 5), -EINVAL, "a key of 5 bytes: -EINVAL");
    kcapi_aead_destroy(handle);
}

static void test_lengths(const char *name, ssize_t odd)
{
    /* Where words have 32 bits, the half of what there is is INT_MAX, and taken. */
    static const size_t over[] = { (size_t)INT_MAX + 1, SIZE_MAX / 2 + 1, SIZE_MAX };
    struct kcapi_handle *handle = cipher_with_key(name, key, 16, 0);

    for (size_t i = 0; i < ACCESS_MODES; i++) {
        int access = access_modes[i];

        is_int(kcapi_cipher_encrypt(handle, in, 15, iv, out, 15, access), odd, name);
        is_int(kcapi_cipher_decrypt(handle, in, 4095, iv, out, 4095, access), odd < 0 ? odd : 4095,
               "not a multiple of the block");
        is_int(kcapi_cipher_encrypt(handle, in, 0, iv, out, 0, access), 0, "nothing to nothing");
        is_int(kcapi_cipher_encrypt(handle, in, 0, iv, out, 16, access), 0, "nothing to something");
        for (size_t j = 0; j < sizeof(over) / sizeof(over[0]); j++) {
            is_int(kcapi_cipher_encrypt(handle, in, 16, iv, out, over[j], access), -EMSGSIZE,
                   "more output than INT_MAX: -EMSGSIZE");
            is_int(kcapi_cipher_decrypt(handle, in, over[j], iv, out, over[j], access), -EMSGSIZE,
                   "more than INT_MAX both ways: -EMSGSIZE");
        }
    }
    is_int(kcapi_cipher_encrypt(handle, in, 16, iv, out, 16, 77), 16, "an unknown access mode");
    kcapi_cipher_destroy(handle);
}

static void test_aead_lengths(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, 16, 8, 0);
    size_t over = (size_t)INT_MAX + 1;

    is_int(kcapi_aead_encrypt(handle, in, over, iv, out, 4 * KIB, 0), -EMSGSIZE, "input: -EMSGSIZE");
    is_int(kcapi_aead_encrypt(handle, in, 16, iv, out, over, 0), -EMSGSIZE, "output: -EMSGSIZE");
    is_int(kcapi_aead_decrypt(handle, in, over, iv, out, 4 * KIB, 0), -EMSGSIZE, "input: -EMSGSIZE");
    is_int(kcapi_aead_decrypt(handle, in, SIZE_MAX, iv, out, SIZE_MAX, 0), -EMSGSIZE, "both");
    is_int(kcapi_aead_encrypt(handle, in, 7, iv, out, 23, 0), -EINVAL, "less than the AAD");
    is_int(kcapi_aead_decrypt(handle, in, 23, iv, out, 8, 0), -EINVAL, "no room for AAD and tag");
    is_int(kcapi_aead_decrypt(handle, in, 3, iv, out, 8, 0), -EINVAL, "nor for either");
    kcapi_aead_setassoclen(handle, over);
    is_int(kcapi_aead_encrypt(handle, in, 16, iv, out, 32, 0), -EINVAL, "AAD over INT_MAX");
    kcapi_aead_destroy(handle);

    handle = aead_with_key("ccm(aes)", key, 16, 16, 0, 0);
    iv[0] = 9;
    is_int(kcapi_aead_encrypt(handle, in, 16, iv, out, 32, 0), -EINVAL, "no IV of CCM: -EINVAL");
    kcapi_aead_destroy(handle);
}

static void test_pointers(void)
{
    struct kcapi_handle *handle;

    for (size_t i = 0; i < ACCESS_MODES; i++) {
        handle = cipher_with_key("cbc(aes)", key, 16, 0);
        is_int(kcapi_cipher_encrypt(handle, NULL, 16, iv, out, 16, access_modes[i]), -EFAULT,
               "input at NULL: -EFAULT");
        kcapi_cipher_destroy(handle);
        handle = cipher_with_key("cbc(aes)", key, 16, 0);
        is_int(kcapi_cipher_encrypt(handle, in, 16, iv, NULL, 16, access_modes[i]), -EFAULT,
               "output at NULL: -EFAULT");
        kcapi_cipher_destroy(handle);
    }
    is_int(kcapi_handle_reinit(&handle, NULL, 0), -EINVAL, "reinit from no handle: -EINVAL");
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    test_names();
    test_flags();
    test_keys();
    test_no_key(0);
    test_no_key(KCAPI_INIT_AIO);
    test_lengths("cbc(aes)", -EINVAL);
    test_lengths("ecb(aes)", -EINVAL);
    test_lengths("ctr(aes)", 15);
    test_aead_lengths();
    test_pointers();
    return done_testing();
}
