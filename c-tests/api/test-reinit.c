/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Handles from kcapi_handle_reinit: the key and the tag length are shared; IV, data, direction, AAD
 * and its length are each handle's own, in its own thread or not, and whichever handle is destroyed
 * first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "fill.h"

enum { LEN = 128, AAD = 8, TAG = 12 };

static const uint8_t key[16] = { 1, 2, 3 }, other_key[16] = { 4, 5, 6 };
static uint8_t data[LEN];

static void one_shot(const char *name, const uint8_t *k, bool enc, uint8_t iv0, uint8_t out[LEN])
{
    struct kcapi_handle *handle = cipher_with_key(name, k, 16, 0);
    uint8_t iv[16] = { iv0 };

    (enc ? kcapi_cipher_encrypt : kcapi_cipher_decrypt)(handle, data, LEN, iv, out, LEN, 0);
    kcapi_cipher_destroy(handle);
}

/* Streams on two handles of one transform, in turn, with different IVs and directions. */
static void test_interleaved(void)
{
    struct kcapi_handle *a = cipher_with_key("cbc(aes)", key, 16, 0), *b = reinit(a, 0);
    uint8_t want_a[LEN], want_b[LEN], got_a[LEN] = { 0 }, got_b[LEN] = { 0 };
    uint8_t iv_a[16] = { 10 }, iv_b[16] = { 20 };

    one_shot("cbc(aes)", key, true, 10, want_a);
    one_shot("cbc(aes)", key, false, 20, want_b);
    is_int(kcapi_cipher_ivsize(b), 16, "the new handle knows the IV's size");
    is_int(kcapi_cipher_blocksize(b), 16, "and the block's");
    kcapi_cipher_stream_init_enc(a, iv_a, NULL, 0);
    kcapi_cipher_stream_init_dec(b, iv_b, NULL, 0);
    for (size_t i = 0; i < LEN; i += 32) {
        struct iovec in = { data + i, 32 }, out_a = { got_a + i, 32 }, out_b = { got_b + i, 32 };

        kcapi_cipher_stream_update(a, &in, 1);
        kcapi_cipher_stream_update(b, &in, 1);
        is_int(kcapi_cipher_stream_op(b, &out_b, 1), 32, "a piece through the one");
        is_int(kcapi_cipher_stream_op(a, &out_a, 1), 32, "a piece through the other");
    }
    is_mem(got_a, want_a, LEN, "encrypted by the one");
    is_mem(got_b, want_b, LEN, "decrypted by the other");
    kcapi_cipher_destroy(a);
    is_int(kcapi_cipher_encrypt(b, data, LEN, iv_a, got_b, LEN, 0), LEN, "the first is gone");
    is_mem(got_b, want_a, LEN, "the second works on");
    kcapi_cipher_destroy(b);
}

/* The IV that a handle goes on with is its own. */
static void test_own_iv(void)
{
    struct kcapi_handle *a = cipher_with_key("cbc(aes)", key, 16, 0), *b = reinit(a, 0);
    uint8_t want[LEN], got[LEN], iv[16] = { 10 };

    one_shot("cbc(aes)", key, true, 10, want);
    kcapi_cipher_encrypt(a, data, 64, iv, got, 64, 0);
    iv[0] = 99;
    kcapi_cipher_encrypt(b, data, 64, iv, got + 64, 64, 0);
    kcapi_cipher_encrypt(a, data + 64, 64, NULL, got + 64, 64, 0);
    is_mem(got, want, LEN, "a one-shot without IV goes on with its own handle's");
    kcapi_cipher_destroy(b);
    kcapi_cipher_destroy(a);
}

static void test_shared_key(void)
{
    struct kcapi_handle *a = NULL, *b;
    uint8_t want[LEN], got[LEN], iv[16] = { 10 };

    if (kcapi_cipher_init(&a, "cbc(aes)", 0))
        bail_out("cbc(aes) is missing");
    b = reinit(a, 0);
    is_int(kcapi_cipher_encrypt(b, data, LEN, iv, got, LEN, 0), -ENOKEY, "neither has a key");
    is_int(kcapi_cipher_setkey(b, key, 16), 0, "a key for the one");
    one_shot("cbc(aes)", key, true, 10, want);
    is_int(kcapi_cipher_encrypt(a, data, LEN, iv, got, LEN, 0), LEN, "is there for the other");
    is_mem(got, want, LEN, "and is the same");
    kcapi_cipher_destroy(a);
    kcapi_cipher_destroy(b);
}

static void test_aead(void)
{
    struct kcapi_handle *a = aead_with_key("gcm(aes)", key, 16, TAG, AAD, 0), *b = reinit(a, 0);
    struct kcapi_handle *fresh = aead_with_key("gcm(aes)", key, 16, TAG, 2 * AAD, 0);
    uint8_t sealed[LEN + TAG], want[LEN + TAG], got[LEN + TAG], iv[12] = { 1 }, iv_b[12] = { 2 };
    size_t aadlen = 99, taglen = 99;
    struct iovec in = { data, LEN }, out = { got, LEN + TAG };

    kcapi_aead_getdata_output(b, got, LEN + TAG, 1, NULL, &aadlen, NULL, NULL, NULL, &taglen);
    is_int(taglen, TAG, "the new handle has the tag length");
    is_int(aadlen, 0, "but not the AAD's length");
    kcapi_aead_encrypt(a, data, LEN, iv, sealed, LEN + TAG, 0);

    kcapi_aead_setassoclen(b, 2 * AAD);
    kcapi_aead_encrypt(fresh, data, LEN, iv_b, want, LEN + TAG, 0);
    kcapi_aead_stream_init_dec(a, iv, NULL, 0);
    kcapi_aead_stream_init_enc(b, iv_b, NULL, 0);
    kcapi_aead_stream_update_last(b, &in, 1);
    in = (struct iovec){ sealed, LEN + TAG };
    kcapi_aead_stream_update_last(a, &in, 1);
    is_int(kcapi_aead_stream_op(b, &out, 1), LEN + TAG, "with more AAD and another IV");
    is_mem(got, want, LEN + TAG, "the new handle is right");
    out.iov_len = LEN;
    is_int(kcapi_aead_stream_op(a, &out, 1), LEN, "and meanwhile the first one, decrypting");
    is_mem(got, data, LEN, "is right, too");

    sealed[LEN] ^= 1;
    is_int(kcapi_aead_decrypt(a, sealed, LEN + TAG, iv, got, LEN, 0), -EBADMSG, "a wrong tag");
    kcapi_aead_setassoclen(b, AAD);
    sealed[LEN] ^= 1;
    is_int(kcapi_aead_decrypt(b, sealed, LEN + TAG, iv, got, LEN, 0), LEN, "for one handle only");
    kcapi_aead_destroy(a);
    kcapi_aead_destroy(b);
    kcapi_aead_destroy(fresh);
}

/* Handles of handles; destroyed from the middle, the first, then the last. */
static void test_chain(void)
{
    enum { N = 20 };
    struct kcapi_handle *chain[N] = { cipher_with_key("cbc(aes)", key, 16, 0) };
    uint8_t want[LEN], got[LEN], iv[16] = { 10 };
    bool right = true;

    one_shot("cbc(aes)", key, true, 10, want);
    for (size_t i = 1; i < N; i++)
        chain[i] = reinit(chain[i - 1], 0);
    for (size_t gone = 0; gone < N; gone++) {
        size_t next = (gone * 7 + 10) % N;

        kcapi_cipher_destroy(chain[next]);
        chain[next] = NULL;
        for (size_t i = 0; i < N; i++) {
            if (!chain[i])
                continue;
            memset(got, 0, LEN);
            right &= kcapi_cipher_encrypt(chain[i], data, LEN, iv, got, LEN, 0) == LEN;
            right &= memcmp(got, want, LEN) == 0;
        }
    }
    ok(right, "a chain of %d handles, one destroyed after another", N);
}

/* KCAPI_INIT_AIO is each handle's own, and shows: without it all IOVECs are one message. */
static void test_aio_flag(uint32_t first, uint32_t second)
{
    struct kcapi_handle *a = cipher_with_key("ctr(aes)", key, 16, first), *b = reinit(a, second);
    struct kcapi_handle *handles[] = { a, b };
    uint32_t flags[] = { first, second };
    uint8_t whole[LEN], got[LEN], iv[16] = { 10 };

    one_shot("ctr(aes)", key, true, 10, whole);
    for (size_t i = 0; i < 2; i++) {
        struct iovec in[2] = { { data, 8 }, { data + 8, 24 } };
        struct iovec out[2] = { { got, 8 }, { got + 8, 24 } };

        is_int(kcapi_cipher_encrypt_aio(handles[i], in, out, 2, iv, 0), 32, "AIO of two IOVECs");
        ok((memcmp(got + 8, whole + 8, 24) == 0) == !flags[i], "which are %s",
           flags[i] ? "operations of their own" : "one message");
    }
    kcapi_cipher_destroy(a);
    kcapi_cipher_destroy(b);
}

/* Each thread with its own handle, IV and data. */
enum { THREADS = 8, ROUNDS = 60 };

struct worker {
    pthread_t thread;
    struct kcapi_handle *handle;
    uint8_t number;
    bool right;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    uint8_t in[1024], want[1024], got[1024], iv[16] = { w->number };
    struct kcapi_handle *alone = cipher_with_key("cbc(aes)", key, 16, 0);

    fill(in, sizeof(in), w->number);
    kcapi_cipher_encrypt(alone, in, sizeof(in), iv, want, sizeof(in), 0);
    kcapi_cipher_destroy(alone);
    w->right = true;
    for (int round = 0; round < ROUNDS; round++) {
        struct iovec from[4], to[4];
        ssize_t ret;

        memset(got, 0, sizeof(got));
        for (size_t i = 0; i < 4; i++) {
            from[i] = (struct iovec){ in + 256 * i, 256 };
            to[i] = (struct iovec){ got + 256 * i, 256 };
        }
        if (round % 2)
            ret = kcapi_cipher_encrypt(w->handle, in, sizeof(in), iv, got, sizeof(got), 0);
        else
            ret = kcapi_cipher_encrypt_aio(w->handle, from, to, 4, iv, 0);
        w->right &= ret == sizeof(in) && memcmp(got, want, sizeof(want)) == 0;
    }
    /* The last one closes the transform, in whichever thread that is. */
    kcapi_cipher_destroy(w->handle);
    return NULL;
}

static void test_threads(void)
{
    struct worker workers[THREADS] = { 0 };

    for (uint8_t i = 0; i < THREADS; i++) {
        workers[i].number = i;
        workers[i].handle = i ? reinit(workers[0].handle, KCAPI_INIT_AIO)
                              : cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    }
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            bail_out("no thread");
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        ok(workers[i].right, "thread %zu, with its own handle", i);
    }
}

/* Another key while the other handle has only looked on. */
static void test_new_key(void)
{
    struct kcapi_handle *a = cipher_with_key("cbc(aes)", key, 16, 0), *b = reinit(a, 0);
    uint8_t want[LEN], got[LEN], iv[16] = { 10 };

    is_int(kcapi_cipher_setkey(a, other_key, 16), 0, "another key before any operation");
    one_shot("cbc(aes)", other_key, true, 10, want);
    kcapi_cipher_encrypt(b, data, LEN, iv, got, LEN, 0);
    is_mem(got, want, LEN, "is the other handle's, too");
    kcapi_cipher_destroy(b);
    kcapi_cipher_destroy(a);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, LEN, 1);
    test_interleaved();
    test_own_iv();
    test_shared_key();
    test_aead();
    test_chain();
    test_aio_flag(0, KCAPI_INIT_AIO);
    test_aio_flag(KCAPI_INIT_AIO, 0);
    test_threads();
    test_new_key();
    return done_testing();
}
