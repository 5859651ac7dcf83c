/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Many threads on one transform and on one handle; a handle that is destroyed by another thread than
 * the one that made it; one thread that streams in, another out; and fork, also in a signal's
 * handler, with handles that live on in both processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aio-backend.h"
#include "fill.h"

enum { THREADS = 64, ROUNDS = 12, LEN = 4096, PIECES = 200, MANY = 8 };

static const uint8_t key[16] = { 1, 2 }, iv[16] = { 3 };
static uint8_t data[LEN], want[LEN], sealed[LEN + 16];

static bool encrypts(struct kcapi_handle *handle)
{
    struct iovec from[MANY], to[MANY];
    uint8_t out[LEN] = { 0 };

    if (kcapi_cipher_encrypt(handle, data, LEN, iv, out, LEN, 0) != LEN || memcmp(out, want, LEN))
        return false;
    memset(out, 0, LEN);
    for (size_t i = 0; i < MANY; i++) {
        from[i] = (struct iovec){ data + LEN / MANY * i, LEN / MANY };
        to[i] = (struct iovec){ out + LEN / MANY * i, LEN / MANY };
    }
    return kcapi_cipher_encrypt_aio(handle, from, to, MANY, iv, 0) == LEN && !memcmp(out, want, LEN);
}

static bool seals(struct kcapi_handle *handle)
{
    uint8_t out[LEN + 16] = { 0 };

    return kcapi_aead_encrypt(handle, data, LEN, iv, out, LEN + 16, 0) == LEN + 16 &&
           memcmp(out, sealed, LEN + 16) == 0;
}

struct worker {
    pthread_t thread;
    struct kcapi_handle *cipher, *aead;
    bool own, right;
};

static void *work(void *arg)
{
    struct worker *w = arg;

    w->right = true;
    for (int i = 0; i < ROUNDS; i++) {
        struct kcapi_handle *another = reinit(w->cipher, i % 2 ? KCAPI_INIT_AIO : 0);

        w->right &= encrypts(w->cipher) && seals(w->aead) && encrypts(another);
        kcapi_cipher_destroy(another);
    }
    if (w->own) {
        kcapi_cipher_destroy(w->cipher);
        kcapi_aead_destroy(w->aead);
    }
    return NULL;
}

/* With handles of their own on one transform, or all with the same two. */
static void test_workers(bool own)
{
    struct kcapi_handle *cipher = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    struct kcapi_handle *aead = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);
    static struct worker workers[THREADS];
    unsigned right = 0;

    for (size_t i = 0; i < THREADS; i++) {
        workers[i].own = own;
        workers[i].cipher = own ? reinit(cipher, i % 2 ? KCAPI_INIT_AIO : 0) : cipher;
        workers[i].aead = own ? reinit(aead, 0) : aead;
    }
    if (own) {
        kcapi_cipher_destroy(cipher);
        kcapi_aead_destroy(aead);
    }
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            bail_out("no thread");
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        right += workers[i].right;
    }
    is_int(right, THREADS, own ? "handles of one transform, destroyed by their threads"
                               : "two handles for all threads");
    if (!own) {
        kcapi_cipher_destroy(cipher);
        kcapi_aead_destroy(aead);
    }
}

/* PIECES times LEN bytes in, by one thread; the sizes of what comes out are another's business. */
static void *stream_in(void *arg)
{
    struct kcapi_handle *handle = arg;
    struct iovec piece = { data, LEN };

    for (int i = 0; i < PIECES; i++)
        if ((i + 1 < PIECES ? kcapi_cipher_stream_update
                            : kcapi_cipher_stream_update_last)(handle, &piece, 1) != LEN)
            return NULL;
    return handle;
}

static void test_stream(void)
{
    struct kcapi_handle *handle = cipher_with_key("ctr(aes)", key, 16, 0);
    static uint8_t whole[PIECES * LEN], expected[PIECES * LEN];
    size_t got = 0, sizes[] = { 1600, 4096, 32, 10000 };
    void *all = NULL;
    pthread_t thread;

    for (size_t i = 0; i < PIECES; i++)
        memcpy(expected + LEN * i, data, LEN);
    kcapi_cipher_encrypt(handle, expected, PIECES * LEN, iv, expected, PIECES * LEN, 0);
    kcapi_cipher_stream_init_enc(handle, iv, NULL, 0);
    pthread_create(&thread, NULL, stream_in, handle);
    for (int i = 0; got < PIECES * LEN; i++) {
        size_t left = PIECES * LEN - got, size = sizes[i % 4];
        struct iovec out = { whole + got, left < size ? left : size };
        ssize_t ret = kcapi_cipher_stream_op(handle, &out, 1);

        if (ret <= 0)
            break;
        got += (size_t)ret;
    }
    pthread_join(thread, &all);
    ok(all && got == PIECES * LEN, "one thread streams in, another out");
    is_mem(whole, expected, PIECES * LEN, "and all is in order");
    kcapi_cipher_destroy(handle);
}

static struct kcapi_handle *forked[3]; /* without AIO, with, an AEAD */

static bool all_work(void)
{
    return encrypts(forked[0]) && encrypts(forked[1]) && seals(forked[2]);
}

static void destroy_all(void)
{
    for (size_t i = 0; i < 3; i++)
        kcapi_cipher_destroy(forked[i]);
}

static bool child_succeeds(pid_t child)
{
    int status = -1;

    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_fork(void)
{
    pid_t child = fork();

    if (child == 0) {
        bool right = all_work() && all_work();

        destroy_all();
        _exit(!right);
    }
    ok(all_work(), "the parent's handles work while the child uses its own");
    ok(child_succeeds(child), "the child's handles work");
    ok(all_work(), "the parent's work when the child has destroyed its own");
}

static volatile sig_atomic_t handler_result = -1;

/* The handler's child opens a handle of its own. */
static void fork_in_handler(int signal)
{
    pid_t child = fork();
    int status = -1;

    (void)signal;
    if (child == 0) {
        struct kcapi_handle *fresh = NULL;
        uint8_t out[16];
        bool right = kcapi_cipher_init(&fresh, "cbc(aes)", 0) == 0 &&
                     kcapi_cipher_setkey(fresh, key, 16) == 0 &&
                     kcapi_cipher_encrypt(fresh, data, 16, iv, out, 16, 0) == 16;

        _exit(!right);
    }
    waitpid(child, &status, 0);
    handler_result = WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

static void test_fork_in_handler(void)
{
    signal(SIGUSR1, fork_in_handler);
    raise(SIGUSR1);
    is_int(handler_result, 0, "a fork in a signal's handler: the child encrypts");
    ok(all_work(), "and so does the parent");
    signal(SIGUSR1, SIG_DFL);
}

int main(void)
{
    struct kcapi_handle *alone = cipher_with_key("cbc(aes)", key, 16, 0);
    struct kcapi_handle *aead = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, LEN, 1);
    kcapi_cipher_encrypt(alone, data, LEN, iv, want, LEN, 0);
    kcapi_aead_encrypt(aead, data, LEN, iv, sealed, LEN + 16, 0);
    kcapi_cipher_destroy(alone);
    kcapi_aead_destroy(aead);

    test_workers(true);
    test_workers(false);
    test_stream();
    forked[0] = cipher_with_key("cbc(aes)", key, 16, 0);
    forked[1] = reinit(forked[0], KCAPI_INIT_AIO);
    forked[2] = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);
    ok(all_work(), "handles before a fork");
    if (can_fork_with_rings()) {
        test_fork();
        test_fork_in_handler();
    } else {
        skip(1, "a kernel that does not survive a fork with rings");
    }
    destroy_all();
    return done_testing();
}
