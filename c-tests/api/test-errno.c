/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * After a failed call in user space errno was what it had been before, and programs look at it. Every
 * negative result sets errno to its absolute value, on either engine; success leaves it alone, whatever
 * was tried on the way.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "md.h"

enum { UNTOUCHED = 4242, LEN = 64, ROOM = 128, BIG = 300 * KIB };

static uint8_t key[64] = { 1, [16] = 2 }, iv[16] = { 3 }, in[BIG], out[BIG];
static struct kcapi_handle *made;

/* What a call returned, which may be any errno, and errno after it. */
static void judge(const char *call, ssize_t ret, int after, bool fails)
{
    ok(fails ? ret < 0 && after == -ret : ret >= 0 && after == UNTOUCHED, "%.70s: %zd", call, ret);
    if (fails ? after != -ret : after != UNTOUCHED)
        diag("errno is %d", after);
}

#define TELL(fails, call)                                  \
    do {                                                   \
        ssize_t ret;                                       \
                                                           \
        errno = UNTOUCHED;                                 \
        ret = (ssize_t)(call);                             \
        judge(#call, ret, errno, fails);                   \
    } while (0)
#define FAILS(call) TELL(true, call)
#define WORKS(call) TELL(false, call)

/* Forged messages, bad lengths, missing keys; and what works in between. */
static void ciphers(uint32_t flags)
{
    struct kcapi_handle *h = NULL, *sibling = NULL;
    struct iovec odd = { in, 17 }, even = { in, 32 }, to = { out, 32 }, shorter = { out, 1 };
    struct iovec two[2] = { { in, 32 }, { in + 32, 32 } }, two_to[2] = { { out, 32 }, { out + 32, 32 } };

    FAILS(kcapi_cipher_init(&made, "nosuch(aes)", flags));
    FAILS(kcapi_cipher_init(&made, NULL, flags));
    FAILS(kcapi_cipher_init(NULL, "cbc(aes)", flags));
    FAILS(kcapi_cipher_init(&made, "sha256", flags));
    WORKS(kcapi_cipher_init(&h, "cbc(aes)", flags));
    FAILS(kcapi_cipher_encrypt(h, in, 16, iv, out, 16, 0));
    FAILS(kcapi_cipher_stream_init_enc(h, iv, &even, 1));
    FAILS(kcapi_cipher_setkey(h, key, 17));
    FAILS(kcapi_cipher_setkey(h, NULL, 16));
    WORKS(kcapi_cipher_setkey(h, key, 16));
    WORKS(kcapi_handle_reinit(&sibling, h, flags));
    FAILS(kcapi_handle_reinit(NULL, h, flags));
    FAILS(kcapi_cipher_encrypt(h, in, 17, iv, out, 17, 0));
    FAILS(kcapi_cipher_decrypt(h, in, 32, iv, out, 31, 0));
    FAILS(kcapi_cipher_encrypt(h, NULL, 32, iv, out, 32, 0));
    FAILS(kcapi_cipher_encrypt(h, in, (size_t)INT_MAX + 1, iv, out, SIZE_MAX, 0));
    FAILS(kcapi_cipher_encrypt_aio(h, &odd, &to, 1, iv, 0));
    FAILS(kcapi_cipher_encrypt_aio(h, NULL, &to, 1, iv, 0));
    WORKS(kcapi_cipher_encrypt(h, in, 32, iv, out, 32, 0));
    WORKS(kcapi_cipher_encrypt(h, in, BIG, iv, out, BIG, 0));
    WORKS(kcapi_cipher_encrypt_aio(h, two, two_to, 2, iv, 0));
    WORKS(kcapi_cipher_encrypt_aio(h, two, two_to, 2, NULL, 0));
    WORKS(kcapi_cipher_setkey(sibling, key, 16));
    FAILS(kcapi_cipher_encrypt(h, in, 32, NULL, out, 32, 0));
    FAILS(kcapi_cipher_stream_update(h, &even, 1));
    FAILS(kcapi_cipher_stream_op(h, &to, 1));
    WORKS(kcapi_cipher_stream_init_enc(h, iv, &even, 1));
    FAILS(kcapi_cipher_setkey(sibling, key, 16));
    FAILS(kcapi_cipher_stream_op(h, NULL, 0));
    FAILS(kcapi_cipher_stream_op(h, &shorter, 1));
    WORKS(kcapi_cipher_stream_update(h, &even, 1));
    WORKS(kcapi_cipher_stream_update_last(h, NULL, 0));
    FAILS(kcapi_cipher_stream_update(h, &even, 1));
    FAILS(kcapi_cipher_stream_init_dec(h, iv, &even, 1));
    FAILS(kcapi_cipher_stream_update(h, &even, 1025));
    WORKS(kcapi_cipher_stream_op(h, &to, 1));
    FAILS(kcapi_md_update(h, in, 1));
    FAILS(kcapi_rng_generate(h, out, 1));
    kcapi_cipher_destroy(h);
    kcapi_cipher_destroy(sibling);
    FAILS(kcapi_cipher_encrypt(NULL, in, 32, iv, out, 32, 0));
    WORKS(kcapi_cipher_enc_aes_cbc(key, 16, in, 32, iv, out, 32));
    FAILS(kcapi_cipher_enc_aes_cbc(key, 15, in, 32, iv, out, 32));
    FAILS(kcapi_cipher_dec_aes_ctr(key, 16, NULL, 32, iv, out, 32));
}

static void aeads(uint32_t flags)
{
    struct kcapi_handle *h = NULL;
    struct iovec message = { in, 40 }, to = { out, 24 }, many[3], many_to[3];

    FAILS(kcapi_aead_init(&made, "nosuch(aes)", flags));
    WORKS(kcapi_aead_init(&h, "gcm(aes)", flags));
    FAILS(kcapi_aead_setkey(h, key, 5));
    FAILS(kcapi_aead_encrypt(h, in, 24, iv, out, 40, 0));
    WORKS(kcapi_aead_setkey(h, key, 16));
    FAILS(kcapi_aead_settaglen(h, 99));
    FAILS(kcapi_aead_settaglen(h, 3));
    WORKS(kcapi_aead_settaglen(h, 16));
    kcapi_aead_setassoclen(h, 4);
    FAILS(kcapi_aead_decrypt(h, in, 40, iv, out, 24, 0));
    FAILS(kcapi_aead_decrypt(h, in, 10, iv, out, 0, 0));
    FAILS(kcapi_aead_encrypt(h, in, 40, iv, out, 55, 0));
    WORKS(kcapi_aead_encrypt(h, in, 40, iv, out, 56, 0));
    for (size_t i = 0; i < 3; i++) {
        many[i] = message;
        many_to[i] = to;
    }
    FAILS(kcapi_aead_decrypt_aio(h, &message, &to, 1, iv, 0));
    FAILS(kcapi_aead_decrypt_aio(h, many, many_to, 3, iv, 0));
    FAILS(kcapi_aead_encrypt_aio(h, many, many_to, 3, iv, 0));
    WORKS(kcapi_aead_stream_init_dec(h, iv, &message, 1));
    WORKS(kcapi_aead_stream_update_last(h, NULL, 0));
    FAILS(kcapi_aead_stream_op(h, &to, 1));
    kcapi_aead_destroy(h);
    FAILS(kcapi_aead_settaglen(NULL, 16));
}

static void digests(void)
{
    struct kcapi_handle *h = NULL;

    FAILS(kcapi_md_init(&made, "nosuch", 0));
    WORKS(kcapi_md_init(&h, "hmac(sha256)", 0));
    FAILS(kcapi_md_digest(h, in, 3, out, 32));
    FAILS(kcapi_md_update(h, in, 3));
    FAILS(kcapi_md_final(h, out, 32));
    WORKS(kcapi_md_setkey(h, key, 16));
    WORKS(kcapi_md_update(h, in, 3));
    FAILS(kcapi_md_setkey(h, key, 16));
    FAILS(kcapi_md_update(h, NULL, 3));
    FAILS(kcapi_md_update(h, in, (size_t)INT_MAX + 1));
    FAILS(kcapi_md_final(h, NULL, 32));
    WORKS(kcapi_md_final(h, out, 32));
    WORKS(kcapi_md_digest(h, in, 3, out, 32));
    kcapi_md_destroy(h);
    WORKS(kcapi_md_init(&h, "sha256", 0));
    FAILS(kcapi_md_setkey(h, key, 16));
    kcapi_md_destroy(h);
    WORKS(kcapi_md_sha256(in, 3, out, 32));
    FAILS(kcapi_md_sha256(NULL, 3, out, 32));
    WORKS(kcapi_md_hmac_sha256(key, 16, in, 3, out, 32));
    FAILS(kcapi_md_hmac_sha256(NULL, 16, in, 3, out, 32));
}

static void others(void)
{
    struct kcapi_handle *h = NULL;
    uint8_t *padded = NULL;
    uint32_t len = 0;

    FAILS(kcapi_rng_init(&made, "nosuch", 0));
    if (has_rng("stdrng")) {
        WORKS(kcapi_rng_init(&h, "stdrng", 0));
        WORKS(kcapi_rng_seed(h, key, 48));
        WORKS(kcapi_rng_generate(h, out, 32));
        FAILS(kcapi_rng_generate(h, NULL, 32));
        FAILS(kcapi_rng_setentropy(h, key, 48));
        FAILS(kcapi_rng_setaddtl(h, key, 16));
        kcapi_rng_destroy(h);
        WORKS(kcapi_rng_get_bytes(out, 100));
    }
    FAILS(kcapi_rng_get_bytes(NULL, 100));
    WORKS(kcapi_pbkdf("hmac(sha1)", key, 8, key, 8, 3, out, 20));
    FAILS(kcapi_pbkdf("hmac(sha1)", key, 8, key, 8, 0, out, 20));
    FAILS(kcapi_pbkdf("hmac(nosuch)", key, 8, key, 8, 3, out, 20));
    WORKS(kcapi_hkdf("hmac(sha256)", key, 8, key, 8, key, 3, out, 100));
    FAILS(kcapi_hkdf("hmac(sha1)", key, 8, key, 8, key, 3, out, 100000));
    h = md_with_key("hmac(sha256)", key, 16);
    WORKS(kcapi_kdf_ctr(h, in, 10, out, 32));
    FAILS(kcapi_kdf_ctr(NULL, in, 10, out, 32));
    kcapi_md_destroy(h);
    h = cipher_with_key("cbc(aes)", key, 16, 0);
    WORKS(kcapi_pad_iv(h, iv, 8, &padded, &len));
    free(padded);
    FAILS(kcapi_pad_iv(h, NULL, 8, &padded, &len));
    FAILS(kcapi_pad_iv(NULL, iv, 8, &padded, &len));
    WORKS(kcapi_aead_ccm_nonce_to_iv(iv, 8, &padded, &len));
    free(padded);
    FAILS(kcapi_aead_ccm_nonce_to_iv(iv, 15, &padded, &len));
    WORKS(kcapi_set_maxsplicesize(h, 65536));
    FAILS(kcapi_set_maxsplicesize(h, UINT_MAX));
    FAILS(kcapi_get_maxsplicesize(NULL));
    kcapi_cipher_destroy(h);
    FAILS(kcapi_akcipher_init(&made, "nosuch", 0));
    FAILS(kcapi_kpp_init(&made, "nosuch", 0));
    FAILS(kcapi_kpp_keygen(NULL, out, 32, 0));
    errno = UNTOUCHED;
    kcapi_cipher_destroy(NULL);
    is_int(errno, UNTOUCHED, "destroying nothing");
    h = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    kcapi_cipher_encrypt(h, in, 32, iv, out, 32, 0);
    errno = UNTOUCHED;
    kcapi_cipher_destroy(h);
    is_int(errno, UNTOUCHED, "destroying a handle");
}

/* Ways round what is not there: each in a process of its own, since they are chosen once. */
static void ways(const char *variable, const char *value)
{
    pid_t child;
    int status = -1;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        setenv(variable, value, 1);
        tap_failed = tap_run = 0;
        if (!freopen("/dev/null", "w", stdout))
            _exit(2);
        ciphers(KCAPI_INIT_AIO);
        aeads(KCAPI_INIT_AIO);
        digests();
        _exit(tap_failed != 0);
    }
    waitpid(child, &status, 0);
    is_int(status, 0, value);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    ways("KCAPI_AIO", "linux");
    ways("KCAPI_AIO", "io_uring");
    ways("KCAPI_AIO", "sync");
    ways("KCAPI_ENGINE", "kernel-first");
    ways("KCAPI_ENGINE", "user-first");
    ciphers(0);
    ciphers(KCAPI_INIT_AIO);
    aeads(0);
    aeads(KCAPI_INIT_AIO);
    digests();
    others();
    return done_testing();
}
