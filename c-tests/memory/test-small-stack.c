/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Every function works in a thread with the smallest stack that one may have, 16 KiB on x86: with
 * every algorithm and every length of key.
 *
 * Each job is a child's, whose thread has a page behind its stack that nobody may touch. Not for
 * sanitizers, which put more on the stack.
 *
 * needs: uninstrumented
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "algorithms.h"
#include "keys.h"
#include "kpp.h"
#include "rsa-long.h"

enum { PAIRS = 8, TAG = 16, AAD = 16, LARGE = 4 * MIB };

static uint8_t key[KEYLEN_MAX], iv[32], in[LARGE + KIB], out[LARGE + KIB], digest[64];
static struct iovec from[PAIRS], to[PAIRS], one_in, one_out;
static const struct algorithm *algorithm;
static size_t small = 16 * KIB;
static uint8_t rsa_key[RSA_KEY_ROOM];
static uint32_t rsa_key_len;

/* Of `len` bytes each; an AEAD's with room for a tag. */
static void cut(size_t len)
{
    for (size_t i = 0; i < PAIRS; i++) {
        from[i] = (struct iovec){ in + i * len, len };
        to[i] = (struct iovec){ out + i * (len + TAG), len + TAG };
    }
    one_in = (struct iovec){ in, len };
    one_out = (struct iovec){ out, len + TAG };
}

/* Requests of two handles, each for a message of `len` bytes and `aad` of them associated data. */
static void requests_of(struct kcapi_handle *handle, uint32_t type, size_t len, size_t tag, size_t aad)
{
    struct kcapi_request requests[2 * PAIRS];
    struct kcapi_handle *other = reinit(handle, 0);

    for (size_t i = 0; i < 2 * PAIRS; i++)
        requests[i] = (struct kcapi_request){ .handle = i % 2 ? other : handle,
                                              .type = type,
                                              .iv = iv,
                                              .assoclen = (uint32_t)aad,
                                              .input = in + i * len,
                                              .inlen = len,
                                              .output = out + i * (len + tag),
                                              .outlen = len + tag };
    kcapi_process(requests, 2 * PAIRS, sizeof(requests[0]), 0);
    kcapi_cipher_destroy(other);
}

static void cipher_messages(struct kcapi_handle *handle)
{
    requests_of(handle, KCAPI_REQUEST_ENCRYPT, 512, 0, 0);
    requests_of(handle, KCAPI_REQUEST_DECRYPT, 512, 0, 0);
    kcapi_cipher_encrypt(handle, in, 4096, iv, out, 4096, 0);
    kcapi_cipher_decrypt(handle, out, 4096, iv, out, 4096, 0);
    kcapi_cipher_encrypt(handle, in, 33, NULL, out, 33, 0);
    kcapi_cipher_encrypt_aio(handle, from, to, PAIRS, iv, 0);
    kcapi_cipher_decrypt_aio(handle, to, from, PAIRS, iv, 0);
    kcapi_cipher_stream_init_enc(handle, iv, &one_in, 1);
    kcapi_cipher_stream_update(handle, from, PAIRS);
    kcapi_cipher_stream_update_last(handle, &one_in, 1);
    kcapi_cipher_stream_op(handle, to, PAIRS);
    kcapi_cipher_stream_init_dec(handle, iv, &one_in, 1);
}

static void aead_messages(struct kcapi_handle *handle)
{
    kcapi_aead_settaglen(handle, TAG);
    kcapi_aead_setassoclen(handle, AAD);
    requests_of(handle, KCAPI_REQUEST_ENCRYPT, 512, TAG, AAD);
    requests_of(handle, KCAPI_REQUEST_DECRYPT, 512, 0, AAD);
    kcapi_aead_encrypt(handle, in, 4096, iv, out, 4096 + TAG, 0);
    kcapi_aead_decrypt(handle, out, 4096 + TAG, iv, out, 4096, 0);
    kcapi_aead_decrypt(handle, in, 4096 + TAG, iv, out, 4096, 0);
    kcapi_aead_encrypt_aio(handle, from, to, PAIRS, iv, 0);
    kcapi_aead_decrypt_aio(handle, to, from, PAIRS, iv, 0);
    kcapi_aead_stream_init_enc(handle, iv, &one_in, 1);
    kcapi_aead_stream_update_last(handle, &one_in, 1);
    one_out.iov_len += one_in.iov_len;
    kcapi_aead_stream_op(handle, &one_out, 1);
    kcapi_aead_stream_init_dec(handle, iv, &one_in, 1);
    kcapi_aead_stream_update_last(handle, &one_in, 1);
    kcapi_aead_stream_op(handle, &one_out, 1);
}

static void digests_of(struct kcapi_handle *handle)
{
    requests_of(handle, KCAPI_REQUEST_DIGEST, 512, 0, 0);
    kcapi_md_digest(handle, in, 4096, digest, sizeof(digest));
    kcapi_md_update(handle, in, 100);
    kcapi_md_update(handle, in, 4096);
    kcapi_md_final(handle, digest, sizeof(digest));
}

static void one_algorithm(void)
{
    struct kcapi_handle *handle = NULL;

    cut(512);
    if (algorithm->family->init(&handle, algorithm->name, KCAPI_INIT_AIO))
        _exit(1);
    if (strstr(algorithm->name, "ccm("))
        iv[0] = 3;
    for (uint32_t len = 0; len <= KEYLEN_MAX; len++) {
        fill(key, len, len);
        put_key_head(algorithm, key, len);
        /* One without operations, for they would be in the way of a key on the kernel's engine. */
        if ((algorithm->family->setkey(handle, key, len) == 0) != algorithm->takes[len])
            _exit(2);
    }
    if (algorithm->family == &ciphers)
        cipher_messages(handle);
    else if (algorithm->family == &sealing)
        aead_messages(handle);
    else
        digests_of(handle);
    kcapi_cipher_destroy(handle);
}

/* Enough for as many threads as there are processors. */
static void large_batches(void)
{
    struct kcapi_handle *handle = cipher_with_key("xts(aes)", key, 32, KCAPI_INIT_AIO);

    cut(LARGE / PAIRS);
    for (size_t i = 0; i < PAIRS; i++)
        to[i] = from[i];
    kcapi_cipher_encrypt_aio(handle, from, to, PAIRS, iv, 0);
    requests_of(handle, KCAPI_REQUEST_ENCRYPT, LARGE / (2 * PAIRS), 0, 0);
    kcapi_cipher_destroy(handle);
    handle = aead_with_key("gcm(aes)", key, 16, TAG, AAD, KCAPI_INIT_AIO);
    cut(LARGE / PAIRS - TAG);
    kcapi_aead_encrypt_aio(handle, from, to, PAIRS, iv, 0);
    kcapi_aead_decrypt_aio(handle, to, from, PAIRS, iv, 0);
    kcapi_aead_destroy(handle);
}

static void ciphers_in_one_call(void)
{
    kcapi_cipher_enc_aes_cbc(key, 16, in, 4096, iv, out, 4096);
    kcapi_cipher_dec_aes_cbc(key, 24, in, 4096, iv, out, 4096);
    kcapi_cipher_enc_aes_ctr(key, 32, in, 4096, iv, out, 4096);
    kcapi_cipher_dec_aes_ctr(key, 16, in, 4096, iv, out, 4096);
    kcapi_cipher_enc_sm4_cbc(key, 16, in, 4096, iv, out, 4096);
    kcapi_cipher_dec_sm4_cbc(key, 16, in, 4096, iv, out, 4096);
    kcapi_cipher_enc_sm4_ctr(key, 16, in, 4096, iv, out, 4096);
    kcapi_cipher_dec_sm4_ctr(key, 16, in, 4096, iv, out, 4096);
}

static void handles(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, 16, 0);
    struct kcapi_handle *other = reinit(handle, KCAPI_INIT_AIO);
    uint8_t *newiv = NULL;
    uint32_t len = 0;

    kcapi_cipher_encrypt(other, in, 4096, iv, out, 4096, 0);
    kcapi_cipher_setkey(handle, key, 32);
    kcapi_cipher_ivsize(handle);
    kcapi_cipher_blocksize(handle);
    kcapi_handle_engine(handle);
    kcapi_handle_setkey_serial(handle, try_key_of("user", key, 32));
    kcapi_set_maxsplicesize(handle, 1 << 20);
    kcapi_get_maxsplicesize(handle);
    if (kcapi_pad_iv(handle, iv, 8, &newiv, &len) == 0) {
        kcapi_memset_secure(newiv, 0, len);
        free(newiv);
    }
    kcapi_cipher_destroy(other);
    kcapi_cipher_destroy(handle);
}

static void aead_layout(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, AAD, 0);
    uint8_t *part[3], *newiv = NULL;
    size_t len[3];
    uint32_t newlen = 0;

    kcapi_aead_ivsize(handle);
    kcapi_aead_blocksize(handle);
    kcapi_aead_authsize(handle);
    kcapi_aead_inbuflen_enc(handle, 64, AAD, TAG);
    kcapi_aead_inbuflen_dec(handle, 64, AAD, TAG);
    kcapi_aead_outbuflen_enc(handle, 64, AAD, TAG);
    kcapi_aead_outbuflen_dec(handle, 64, AAD, TAG);
    kcapi_aead_getdata_input(handle, in, 96, 1, part, len, part + 1, len + 1, part + 2, len + 2);
    kcapi_aead_getdata_output(handle, in, 96, 0, part, len, part + 1, len + 1, part + 2, len + 2);
    if (kcapi_aead_ccm_nonce_to_iv(iv, 8, &newiv, &newlen) == 0)
        free(newiv);
    kcapi_aead_destroy(handle);
}

static void aead_pieces(void)
{
    struct kcapi_handle *handle = aead_with_key("ccm(aes)", key, 16, TAG, AAD, 0);

    cut(512);
    iv[0] = 3;
    kcapi_aead_stream_init_enc(handle, iv, &one_in, 1);
    kcapi_aead_stream_update(handle, from, PAIRS);
    kcapi_aead_stream_update_last(handle, &one_in, 1);
    one_out.iov_len = sizeof(out);
    kcapi_aead_stream_op(handle, &one_out, 1);
    kcapi_aead_destroy(handle);
}

static void digests_in_one_call(void)
{
    typedef ssize_t plain(const uint8_t *, size_t, uint8_t *, size_t);
    typedef ssize_t keyed(const uint8_t *, uint32_t, const uint8_t *, size_t, uint8_t *, size_t);
    static plain *const plains[] = {
        kcapi_md_sha1,     kcapi_md_sha224,   kcapi_md_sha256,   kcapi_md_sha384,   kcapi_md_sha512,
        kcapi_md_sha3_224, kcapi_md_sha3_256, kcapi_md_sha3_384, kcapi_md_sha3_512, kcapi_md_sm3,
    };
    static keyed *const hmacs[] = {
        kcapi_md_hmac_sha1,   kcapi_md_hmac_sha224, kcapi_md_hmac_sha256,
        kcapi_md_hmac_sha384, kcapi_md_hmac_sha512, kcapi_md_hmac_sm3,
    };
    struct kcapi_handle *handle = NULL;

    for (size_t i = 0; i < COUNT(plains); i++)
        plains[i](in, 4096, digest, sizeof(digest));
    for (size_t i = 0; i < COUNT(hmacs); i++)
        hmacs[i](key, KEYLEN_MAX, in, 4096, digest, sizeof(digest));
    if (kcapi_md_init(&handle, "sha256", 0))
        _exit(1);
    kcapi_md_digestsize(handle);
    kcapi_md_blocksize(handle);
    kcapi_md_destroy(handle);
}

static void key_derivation(void)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_md_init(&handle, "hmac(sha512)", 0) || kcapi_md_setkey(handle, key, 64))
        _exit(1);
    kcapi_kdf_ctr(handle, in, 128, out, 1000);
    kcapi_kdf_fb(handle, in, 128, out, 1000);
    kcapi_kdf_dpi(handle, in, 128, out, 1000);
    kcapi_md_destroy(handle);
    kcapi_hkdf("hmac(sha512)", key, 64, in, 64, in, 64, out, 1000);
    kcapi_pbkdf("hmac(sha512)", key, 64, in, 64, 3, out, 1000);
    kcapi_pbkdf_iteration_count("hmac(sha512)", 1);
}

static void random_numbers(void)
{
    struct kcapi_handle *handle = NULL;

    kcapi_rng_get_bytes(out, 300);
    if (kcapi_rng_init(&handle, "stdrng", 0))
        return;
    kcapi_rng_seedsize(handle);
    kcapi_rng_seed(handle, key, 64);
    kcapi_rng_setentropy(handle, key, 64);
    kcapi_rng_setaddtl(handle, key, 64);
    kcapi_rng_generate(handle, out, 300);
    kcapi_rng_destroy(handle);
}

/* Where they are not served, how far a call without a handle gets. */
static void asymmetric_ciphers(void)
{
    static const char *const names[] = { "rsa", "pkcs1pad(rsa)", "pkcs1pad(rsa,sha256)" };
    struct kcapi_handle *none = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct kcapi_handle *handle = NULL;

        kcapi_akcipher_init(&handle, names[i], 0);
        kcapi_akcipher_setpubkey(handle, rsa_key, rsa_key_len);
        kcapi_akcipher_setkey(handle, rsa_key, rsa_key_len);
        kcapi_akcipher_encrypt(handle, in, 32, out, 512, 0);
        kcapi_akcipher_decrypt(handle, out, 512, in, 512, 0);
        kcapi_akcipher_sign(handle, in, 32, out, 512, 0);
        kcapi_akcipher_verify(handle, out, 512, in, 512, 0);
        kcapi_akcipher_sign_aio(handle, from, to, PAIRS, 0);
        kcapi_akcipher_stream_init_sgn(handle, from, 1);
        kcapi_akcipher_stream_update_last(handle, NULL, 0);
        kcapi_akcipher_stream_op(handle, &one_out, 1);
        kcapi_akcipher_destroy(handle);
    }
    kcapi_akcipher_setkey(none, key, 16);
    kcapi_akcipher_setpubkey(none, key, 16);
    kcapi_akcipher_encrypt(none, in, 64, out, 64, 0);
    kcapi_akcipher_decrypt(none, in, 64, out, 64, 0);
    kcapi_akcipher_sign(none, in, 64, out, 64, 0);
    kcapi_akcipher_verify(none, in, 64, out, 64, 0);
    kcapi_akcipher_encrypt_aio(none, from, to, PAIRS, 0);
    kcapi_akcipher_decrypt_aio(none, from, to, PAIRS, 0);
    kcapi_akcipher_sign_aio(none, from, to, PAIRS, 0);
    kcapi_akcipher_verify_aio(none, from, to, PAIRS, 0);
    kcapi_akcipher_stream_init_enc(none, from, PAIRS);
    kcapi_akcipher_stream_init_dec(none, from, PAIRS);
    kcapi_akcipher_stream_init_sgn(none, from, PAIRS);
    kcapi_akcipher_stream_init_vfy(none, from, PAIRS);
    kcapi_akcipher_stream_update(none, from, PAIRS);
    kcapi_akcipher_stream_update_last(none, from, PAIRS);
    kcapi_akcipher_stream_op(none, from, PAIRS);
}

/* The longest one has code of its own on x86-64 only, and takes minutes where a processor is emulated. */
static size_t long_rsa_keys(void)
{
#ifdef __x86_64__
    if (!getenv("KCAPI_VALGRIND"))
        return COUNT(rsa_keys);
#endif
    return COUNT(rsa_keys) - 1;
}

static void long_numbers(void)
{
    struct kcapi_handle *handle = NULL;

    for (size_t i = 0; i < long_rsa_keys(); i++) {
        uint32_t size = rsa_keys[i].size;

        if (kcapi_akcipher_init(&handle, "rsa", 0))
            break;
        if (kcapi_akcipher_setkey(handle, rsa_key, rsa_write(&rsa_keys[i], false, rsa_key)) != (int)size ||
            kcapi_akcipher_decrypt(handle, in, size, out, size, 0) != (ssize_t)size)
            _exit(1);
        cut(RSA_LARGEST);
        kcapi_akcipher_sign_aio(handle, from, to, 1, 0);
        kcapi_akcipher_stream_init_sgn(handle, from, 1);
        kcapi_akcipher_stream_update_last(handle, NULL, 0);
        kcapi_akcipher_stream_op(handle, &one_out, 1);
        kcapi_akcipher_destroy(handle);
    }
    if (kcapi_kpp_init(&handle, "ffdhe4096(dh)", 0))
        return;
    if (kcapi_kpp_setkey(handle, NULL, 0) != 512 || kcapi_kpp_keygen(handle, out, 512, 0) != 512 ||
        kcapi_kpp_ssgen(handle, out, 512, out, 512, 0) != 512)
        _exit(1);
    kcapi_kpp_destroy(handle);
}

static void agree(struct kcapi_handle *handle, const struct kpp_vector *vector)
{
    struct iovec peer = { (void *)(uintptr_t)vector->peer, vector->size };

    kcapi_kpp_setkey(handle, NULL, 0);
    kcapi_kpp_setkey(handle, vector->private, vector->private_size);
    kcapi_kpp_keygen(handle, out, vector->size, 0);
    kcapi_kpp_ssgen(handle, vector->peer, vector->size, out, vector->size, 0);
    kcapi_kpp_keygen_aio(handle, to, PAIRS, 0);
    kcapi_kpp_ssgen_aio(handle, &peer, &one_out, 1, 0);
    kcapi_kpp_destroy(handle);
}

static void key_agreement(void)
{
    struct kcapi_handle *none = NULL;

    for (size_t i = 0; i < KPP_VECTORS; i++) {
        const struct kpp_vector *vector = kpp_vector(i);

        if (!kpp_is_served(vector->name))
            continue;
        agree(kpp_open(vector, 0), vector);
    }
    kcapi_kpp_dh_setparam_pkcs3(none, key, 16);
    kcapi_kpp_ecdh_setcurve(none, 1);
    kcapi_kpp_setkey(none, key, 16);
    kcapi_kpp_keygen(none, out, 64, 0);
    kcapi_kpp_ssgen(none, in, 64, out, 64, 0);
    kcapi_kpp_keygen_aio(none, to, PAIRS, 0);
    kcapi_kpp_ssgen_aio(none, from, to, PAIRS, 0);
}

/* Each template that a name had within the others took its part of the stack. */
static void nested_names(void)
{
    static int (*const inits[])(struct kcapi_handle **, const char *, uint32_t) = {
        kcapi_cipher_init, kcapi_aead_init, kcapi_md_init, kcapi_rng_init, kcapi_akcipher_init, kcapi_kpp_init,
    };

    for (size_t depth = 1; depth < 30; depth++) {
        struct kcapi_handle *handle;
        char name[64] = "";

        for (size_t i = 0; i < depth; i++)
            strcat(name, "a(");
        if (depth < 20)
            strcat(name, "md5");
        for (size_t i = 0; i < depth && strlen(name) < sizeof(name) - 1; i++)
            strcat(name, ")");
        for (size_t i = 0; i < COUNT(inits); i++)
            if (inits[i](&handle, name, 0) == 0)
                kcapi_cipher_destroy(handle);
        kcapi_pbkdf(name, key, 16, in, 16, 1, out, 16);
    }
}

static void versions(void)
{
    char text[64];

    kcapi_version();
    kcapi_versionstring(text, sizeof(text));
}

static void *run(void *job)
{
    (*(void (**)(void))job)();
    return NULL;
}

/* In a process of its own, in which it makes the first call. */
static void check(const char *name, void (*job)(void), enum kcapi_verbosity verbosity)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        uint8_t *memory = mmap(NULL, small + page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        pthread_attr_t attributes;
        pthread_t thread;

        alarm(60);
        kcapi_set_verbosity(verbosity);
        if (verbosity != KCAPI_LOG_NONE && !freopen("/dev/null", "w", stderr))
            _exit(1);
        if (memory == MAP_FAILED || mprotect(memory + page_size(), small, PROT_READ | PROT_WRITE) ||
            pthread_attr_init(&attributes) ||
            pthread_attr_setstack(&attributes, memory + page_size(), small) ||
            pthread_create(&thread, &attributes, run, &job) || pthread_join(thread, NULL))
            _exit(3);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        bail_out("no child");
    if (WIFSIGNALED(status))
        diag("signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status))
        diag("exit status %d", WEXITSTATUS(status));
    ok(status == 0, "%s: %zu KiB of stack do", name, small / KIB);
}

static void check_algorithm(const struct algorithm *a)
{
    algorithm = a;
    check(a->name, one_algorithm, KCAPI_LOG_NONE);
}

static const struct {
    const char *name;
    void (*run)(void);
} jobs[] = {
    { "handles", handles },
    { "ciphers in one call", ciphers_in_one_call },
    { "large batches", large_batches },
    { "an AEAD's layout", aead_layout },
    { "an AEAD in pieces", aead_pieces },
    { "digests in one call", digests_in_one_call },
    { "key derivation", key_derivation },
    { "random numbers", random_numbers },
    { "asymmetric ciphers", asymmetric_ciphers },
    { "RSA and Diffie-Hellman with long numbers", long_numbers },
    { "key agreement", key_agreement },
    { "names of templates within one another", nested_names },
    { "versions", versions },
};

int main(void)
{
    long least = sysconf(_SC_THREAD_STACK_MIN);

    if (least > (long)small)
        small = (size_t)least;
    rsa_key_len = (uint32_t)unhex(rsa_2048, rsa_key, sizeof(rsa_key));
    for (size_t i = 0; i < COUNT(jobs); i++) {
        check(jobs[i].name, jobs[i].run, KCAPI_LOG_NONE);
        check(jobs[i].name, jobs[i].run, KCAPI_LOG_DEBUG);
    }
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    each_algorithm(check_algorithm);
    return done_testing();
}
