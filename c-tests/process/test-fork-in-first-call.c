/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * fork(2) while another thread was inside a call, above all the process's first of its kind: the child
 * waited for ever for what that thread held. Here the thread is stopped at each point of a call at
 * which it calls the C library, and the process forks; child and parent can do everything. At all of
 * them where KCAPI_LONG is set.
 *
 * needs: leaks
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "aio-backend.h"
#include "alone.h"
#include "md.h"
#include "stops.h"

enum { LEN = 4096, MANY = 16, BIG = 160 * KIB };

static const uint8_t key[32] = { 1, [16] = 2 }, iv[16] = { 3 };
static uint8_t data[LEN], ciphertext[LEN], sealed[LEN + 16], digest[32];

/* The thread stops at its nth point; it goes on when the fork is over, or when that waits for it. */
static sem_t stopped, go;
static int points, stop_at;
static bool has_stopped;

static void stop(enum point point)
{
    struct timespec patience;
    int before = errno; /* after the call it is the call's */

    (void)point;
    if (points++ != stop_at)
        return;
    has_stopped = true;
    sem_post(&stopped);
    clock_gettime(CLOCK_REALTIME, &patience);
    patience.tv_nsec += 300000000;
    patience.tv_sec += patience.tv_nsec / 1000000000;
    patience.tv_nsec %= 1000000000;
    while (sem_timedwait(&go, &patience) && errno == EINTR)
        continue;
    errno = before;
}

/* Of all threads, made before. */
static struct kcapi_handle *cipher, *sibling, *aead, *md_handle;

static ssize_t two_pairs(struct kcapi_handle *h, uint8_t *out)
{
    struct iovec from[2] = { { data, LEN / 2 }, { data + LEN / 2, LEN / 2 } };
    struct iovec to[2] = { { out, LEN / 2 }, { out + LEN / 2, LEN / 2 } };

    return kcapi_cipher_encrypt_aio(h, from, to, 2, iv, 0);
}

static void aio(void)
{
    uint8_t out[LEN] = { 0 }; /* valgrind sees nothing of what a ring brings */

    expect(two_pairs(cipher, out) == LEN && !memcmp(out, ciphertext, LEN), "AIO");
}

static void one_shot(void)
{
    struct kcapi_handle *h = cipher_with_key("cbc(aes)", key, 16, 0);
    uint8_t out[LEN];

    expect(kcapi_cipher_encrypt(h, data, LEN, iv, out, LEN, 0) == LEN && !memcmp(out, ciphertext, LEN),
           "a one-shot");
    kcapi_cipher_destroy(h);
}

static void seal(void)
{
    struct kcapi_handle *h = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);
    uint8_t out[LEN + 16];

    expect(kcapi_aead_encrypt(h, data, LEN, iv, out, sizeof(out), 0) == LEN + 16 &&
               !memcmp(out, sealed, LEN + 16), "an AEAD");
    kcapi_aead_destroy(h);
}

static void hash(void)
{
    uint8_t out[32];

    expect(kcapi_md_sha256(data, LEN, out, 32) == 32 && !memcmp(out, digest, 32), "a digest");
}

static void random_and_derived(void)
{
    uint8_t out[32];

    expect_int(kcapi_rng_get_bytes(out, 32), 32, "random bytes");
    expect_int(kcapi_pbkdf("hmac(sha1)", key, 8, key, 8, 2, out, 32), 0, "a derived key");
}

static void unknown(void)
{
    struct kcapi_handle *h = NULL;

    expect_int(kcapi_cipher_init(&h, "nosuch(aes)", 0), -ENOENT, "an unknown cipher");
}

static void whole_and_keys(void)
{
    uint8_t out[LEN];

    kcapi_cipher_setkey(sibling, key, 16);
    expect_int(kcapi_cipher_encrypt(cipher, data, LEN, iv, out, LEN, 0), LEN, "a message");
    kcapi_aead_settaglen(aead, 16);
    kcapi_md_digest(md_handle, data, LEN, out, 32);
    kcapi_cipher_destroy(reinit(cipher, 0));
}

static void streams(void)
{
    uint8_t out[LEN];
    struct iovec in = { data, LEN }, to = { out, LEN };

    expect_int(kcapi_cipher_stream_init_enc(cipher, iv, &in, 1), LEN, "a stream");
    expect_int(kcapi_cipher_stream_update_last(cipher, NULL, 0), 0, "its end");
    expect(kcapi_cipher_stream_op(cipher, &to, 1) == LEN && !memcmp(out, ciphertext, LEN), "its result");
    kcapi_md_update(md_handle, data, LEN);
    expect(kcapi_md_final(md_handle, out, 32) == 32 && !memcmp(out, digest, 32), "a digest in pieces");
}

/* Shared out among threads, on the user engine. */
static void large(void)
{
    static uint8_t big[MANY * BIG];
    struct kcapi_handle *h = aead_with_key("gcm(aes)", key, 16, 16, 0, KCAPI_INIT_AIO);
    struct iovec pairs[MANY];

    for (size_t i = 0; i < MANY; i++)
        pairs[i] = (struct iovec){ big + i * BIG, BIG };
    for (size_t i = 0; i < MANY; i++)
        pairs[i].iov_len -= 16;
    struct iovec to[MANY];
    for (size_t i = 0; i < MANY; i++)
        to[i] = (struct iovec){ big + i * BIG, BIG };
    expect_int(kcapi_aead_encrypt_aio(h, pairs, to, MANY, iv, 0), MANY * BIG, "a large batch");
    kcapi_aead_destroy(h);
}

static const struct {
    const char *name, *engine;
    void (*call)(void);
    bool prepared, speaks; /* handles are there before; the library says what it does */
} jobs[] = {
    { "the first init", NULL, one_shot, false, false },
    { "the first init, kernel-first", "kernel-first", one_shot, false, true },
    { "the first init, user-first", "user-first", one_shot, false, true },
    { "the first init, which fails", NULL, unknown, false, true },
    { "the first AEAD", NULL, seal, false, false },
    { "the first digest", NULL, hash, false, false },
    { "the first random bytes", NULL, random_and_derived, false, false },
    { "the first AIO call", NULL, aio, true, false },
    { "messages and keys", NULL, whole_and_keys, true, true },
    { "streams", NULL, streams, true, false },
    { "a large batch", NULL, large, true, false },
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

/* All that a process may do, with handles of its own. */
static void everything(void)
{
    kcapi_set_verbosity(KCAPI_LOG_DEBUG);
    unknown();
    one_shot();
    seal();
    hash();
    random_and_derived();
}

/* With those that the stopped thread used as well: right or an error, but no wait. */
static void with_shared_handles(void)
{
    struct iovec in = { data, LEN }, to = { NULL, LEN };
    uint8_t out[LEN + 16] = { 0 };
    ssize_t ret;

    to.iov_base = out;
    if (!cipher)
        return;
    ret = kcapi_cipher_encrypt(cipher, data, LEN, iv, out, LEN, 0);
    expect(ret < 0 || !memcmp(out, ciphertext, LEN), "its handle: WRONG");
    ret = two_pairs(sibling, out);
    expect(ret < 0 || !memcmp(out, ciphertext, LEN), "its handle's sibling: WRONG");
    ret = kcapi_aead_encrypt(aead, data, LEN, iv, out, sizeof(out), 0);
    expect(ret < 0 || !memcmp(out, sealed, LEN + 16), "its AEAD: WRONG");
    ret = kcapi_md_digest(md_handle, data, LEN, out, 32);
    expect(ret < 0 || !memcmp(out, digest, 32), "its digest: WRONG");
    ret = kcapi_cipher_stream_init_enc(sibling, iv, &in, 1);
    if (ret == LEN && kcapi_cipher_stream_op(sibling, &to, 1) == LEN)
        expect(!memcmp(out, ciphertext, LEN), "a stream: WRONG");
    kcapi_cipher_setkey(cipher, key, 16);
    kcapi_aead_setkey(aead, key, 16);
    kcapi_md_destroy(reinit(md_handle, 0));
    kcapi_cipher_destroy(cipher);
    kcapi_cipher_destroy(sibling);
    kcapi_aead_destroy(aead);
    kcapi_md_destroy(md_handle);
}

static void *watched_thread(void *call)
{
    watched = true;
    (*(void (**)(void))call)();
    watched = false;
    sem_post(&stopped);
    return NULL;
}

/* Returns with expectations met; exits with 3 when the call has fewer points. */
static void fork_at(const void *arg)
{
    size_t job = *(const size_t *)arg;
    void (*call)(void) = jobs[job].call;
    pthread_t thread;
    pid_t child;

    alarm(2 * patience()); /* the child's comes first */
    if (jobs[job].engine)
        setenv("KCAPI_ENGINE", jobs[job].engine, 1);
    if (jobs[job].prepared) {
        cipher = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
        sibling = reinit(cipher, KCAPI_INIT_AIO);
        aead = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);
        md_handle = md("sha256");
    }
    if (freopen("/dev/null", "w", stderr) == NULL)
        bail_out("/dev/null");
    if (jobs[job].speaks)
        kcapi_set_verbosity(KCAPI_LOG_DEBUG);
    sem_init(&stopped, 0, 0);
    sem_init(&go, 0, 0);
    pthread_create(&thread, NULL, watched_thread, &call);
    sem_wait(&stopped);
    if (!has_stopped)
        _exit(3);
    child = fork();
    if (child == 0) {
        alarm(patience());
        everything();
        with_shared_handles();
        everything();
        _exit(unexpected ? 4 : 0);
    }
    if (ending(child) != 0)
        _exit(5);
    sem_post(&go);
    pthread_join(thread, NULL);
    everything();
    with_shared_handles();
}

static void test_job(size_t job)
{
    /* Some of the points, or all with KCAPI_LONG. */
    int step = forks_slowly() ? 7 : 1, wrong = 0, tried = 0;

    for (stop_at = 0;; stop_at += step, tried++) {
        int status = ending(begin_alone(fork_at, &job));

        if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
            break;
        if (status != 0 && wrong++ < 3)
            diag("%s, point %d: %s", jobs[job].name, stop_at,
                 !WIFEXITED(status)          ? "the parent does not end"
                 : WEXITSTATUS(status) == 5 ? "the child does not end well"
                                            : "wrong results in the parent");
        if (wrong > 3)
            break;
    }
    ok(wrong == 0, "%s: a fork at each of %d points", jobs[job].name, tried);
}

/* In a process of its own, as this one is not to have called the library. */
static void answers(const void *shared)
{
    uint8_t *to = (uint8_t *)shared;
    struct kcapi_handle *h = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);

    kcapi_cipher_enc_aes_cbc(key, 16, data, LEN, iv, to, LEN);
    kcapi_aead_encrypt(h, data, LEN, iv, to + LEN, LEN + 16, 0);
    kcapi_md_sha256(data, LEN, to + 2 * LEN + 16, 32);
    kcapi_aead_destroy(h);
}

int main(void)
{
    uint8_t *shared = mmap(NULL, 3 * LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (!can_fork_with_rings())
        setenv("KCAPI_AIO", "linux", 1);
    fill(data, LEN, 1);
    ok(alone(answers, shared), "a process knows the answers");
    memcpy(ciphertext, shared, LEN);
    memcpy(sealed, shared + LEN, LEN + 16);
    memcpy(digest, shared + 2 * LEN + 16, 32);
    for (size_t job = 0; job < JOBS; job++)
        test_job(job);
    return done_testing();
}
