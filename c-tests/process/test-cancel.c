/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A thread that was cancelled within a call left locks behind: others waited for ever, and after the
 * process's first init every later one. A call is no point of cancellation that leaves anything: it
 * ends, or waits for another thread, and then the thread ends. Tried with a cancellation that is
 * pending before the call, and one at each system call in it that is such a point.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "alone.h"
#include "left.h"
#include "md.h"
#include "stops.h"

#ifdef __SANITIZE_ADDRESS__
/*
 * AddressSanitizer marks memory around a function's arrays until it returns. No function of a cancelled thread returns, so
 * these marks stay, and at the end of the thread the sanitizer's own sigaltstack(2) runs into them and is reported: also
 * in a program that has no library but pthreads (GCC 12). Without a stack for signals it does not make that call; all
 * else is checked as ever.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "use_sigaltstack=0"; }
#endif

enum { LEN = 4096, MANY = 64, BIG = 256 * KIB };

static uint8_t key[32] = { 1, [16] = 2 }, iv[16] = { 3 }, data[BIG], out[BIG + 16];
static struct kcapi_handle *h, *sibling, *aead, *digest, *rng, *made;
static struct kcapi_handle **const handles[] = { &h, &sibling, &aead, &digest, &rng };

/* The nth point of cancellation is one at which the thread finds that it was cancelled; -1: before. */
static int points, cancel_at;

static void stop(enum point point)
{
    if (point != CANCELLATION)
        return;
    if (points++ == cancel_at)
        pthread_cancel(pthread_self());
    pthread_testcancel();
}

static void pairs(struct iovec *from, struct iovec *to, size_t n, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        from[i] = (struct iovec){ data + i * len, len };
        to[i] = (struct iovec){ out + i * len, len };
    }
}

static void init(void) { kcapi_cipher_init(&made, "cbc(aes)", 0); }
static void init_aead(void) { kcapi_aead_init(&made, "gcm(aes)", 0); }
static void init_md(void) { kcapi_md_init(&made, "sha256", 0); }
static void init_unknown(void) { kcapi_cipher_init(&made, "nosuch(aes)", 0); }
static void reinit_one(void) { kcapi_handle_reinit(&made, h, 0); }
static void change_key(void) { kcapi_cipher_setkey(h, key, 16); }
static void settaglen(void) { kcapi_aead_settaglen(aead, 12); }
static void one_shot(void) { kcapi_cipher_encrypt(h, data, LEN, iv, out, LEN, 0); }
static void long_one(void) { kcapi_cipher_encrypt(h, data, BIG, iv, out, BIG, 0); }
static void seal(void) { kcapi_aead_encrypt(aead, data, LEN, iv, out, LEN + 16, 0); }
static void forged(void) { kcapi_aead_decrypt(aead, data, LEN, iv, out, LEN, 0); }
static void hash(void) { kcapi_md_digest(digest, data, LEN, out, 32); }
static void hash_at_once(void) { kcapi_md_sha256(data, LEN, out, 32); }
static void random_bytes_of(void) { kcapi_rng_generate(rng, out, 32); }
static void get_random_bytes(void) { kcapi_rng_get_bytes(out, 3000); }
static void count_iterations(void) { kcapi_pbkdf_iteration_count("hmac(sha1)", 1); }
static void derive(void) { kcapi_pbkdf("hmac(sha1)", key, 8, key, 8, 3, out, 20); }

static void hash_in_pieces(void)
{
    kcapi_md_update(digest, data, LEN);
    kcapi_md_update(digest, data, LEN);
    kcapi_md_final(digest, out, 32);
}

static void two_pairs(void)
{
    struct iovec from[2], to[2];

    pairs(from, to, 2, LEN);
    kcapi_cipher_encrypt_aio(h, from, to, 2, iv, 0);
}

static void many_pairs(void)
{
    struct iovec from[MANY], to[MANY];

    pairs(from, to, MANY, LEN);
    kcapi_cipher_encrypt_aio(h, from, to, MANY, iv, 0);
}

/* Shared out among threads, in user space. */
static void large_batch(void)
{
    static uint8_t big[16][BIG];
    struct iovec from[16], to[16];

    kcapi_handle_reinit(&made, aead, KCAPI_INIT_AIO);
    for (size_t i = 0; i < 16; i++) {
        from[i] = (struct iovec){ big[i], BIG - 16 };
        to[i] = (struct iovec){ big[i], BIG };
    }
    kcapi_aead_encrypt_aio(made, from, to, 16, iv, 0);
}

/* Of two handles. */
static void requests(void)
{
    struct kcapi_request r[4];

    for (size_t i = 0; i < 4; i++)
        r[i] = (struct kcapi_request){ .handle = i < 2 ? h : sibling,
                                       .type = KCAPI_REQUEST_ENCRYPT,
                                       .iv = iv,
                                       .input = data + i * LEN,
                                       .inlen = LEN,
                                       .output = out + i * LEN,
                                       .outlen = LEN };
    kcapi_process(r, 4, sizeof(r[0]), 0);
}

/* Shared out among threads, in user space. */
static void large_requests(void)
{
    static uint8_t big[20][BIG];
    struct kcapi_request r[20];

    for (size_t i = 0; i < 20; i++)
        r[i] = (struct kcapi_request){ .handle = aead,
                                       .type = KCAPI_REQUEST_ENCRYPT,
                                       .iv = iv,
                                       .input = big[i],
                                       .inlen = BIG - 16,
                                       .output = big[i],
                                       .outlen = BIG };
    kcapi_process(r, 20, sizeof(r[0]), 0);
}

static void stream(void)
{
    struct iovec from = { data, LEN }, to = { out, LEN };

    kcapi_cipher_stream_init_enc(sibling, iv, &from, 1);
    kcapi_cipher_stream_update(sibling, &from, 1);
    kcapi_cipher_stream_op(sibling, &to, 1);
    kcapi_cipher_stream_update_last(sibling, NULL, 0);
    kcapi_cipher_stream_op(sibling, &to, 1);
}

static void destroy(void)
{
    struct kcapi_handle *mine = sibling;

    sibling = NULL;
    kcapi_cipher_destroy(mine);
}

static const struct {
    const char *name;
    void (*call)(void);
    bool first; /* the process's first call; else all handles are there and were used */
} jobs[] = {
    { "the first init", init, true },
    { "the first init of an AEAD", init_aead, true },
    { "the first init of a digest", init_md, true },
    { "an init that fails", init_unknown, true },
    { "the first digest", hash_at_once, true },
    { "the first random bytes", get_random_bytes, true },
    { "a derived key", derive, true },
    { "a number of iterations", count_iterations, true },
    { "a later init", init, false },
    { "another handle", reinit_one, false },
    { "a key", change_key, false },
    { "a tag length", settaglen, false },
    { "a one-shot", one_shot, false },
    { "a long one", long_one, false },
    { "an AEAD", seal, false },
    { "a forged message", forged, false },
    { "two pairs", two_pairs, false },
    { "many pairs", many_pairs, false },
    { "a large batch", large_batch, false },
    { "requests", requests, false },
    { "large requests", large_requests, false },
    { "a stream", stream, false },
    { "a digest", hash, false },
    { "a digest in pieces", hash_in_pieces, false },
    { "a generator", random_bytes_of, false },
    { "destroy", destroy, false },
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

static void open_all(void)
{
    h = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    sibling = reinit(h, KCAPI_INIT_AIO);
    aead = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);
    digest = md("sha256");
    if (has_rng("stdrng")) {
        expect_int(kcapi_rng_init(&rng, "stdrng", 0), 0, "a generator");
        expect_int(kcapi_rng_seed(rng, key, 32), 0, "its seed");
    }
    two_pairs();
    seal();
    hash();
}

/* Everything works; a stream or digest that was left in the middle is given up or ended. */
static void use_all(void)
{
    uint8_t want[LEN], got[LEN + 16];
    struct kcapi_handle *fresh = cipher_with_key("cbc(aes)", key, 16, 0);

    expect_int(kcapi_cipher_encrypt(fresh, data, LEN, iv, want, LEN, 0), LEN, "another handle");
    kcapi_cipher_destroy(fresh);
    init_aead();
    kcapi_aead_destroy(made);
    expect_int(kcapi_md_sha256(data, LEN, out, 32), 32, "a digest");
    if (has_rng("stdrng"))
        expect_int(kcapi_rng_get_bytes(out, 32), 32, "random bytes");
    if (!h)
        return;
    for (int i = 0; i < 2; i++) {
        fresh = i ? sibling : h;
        if (!fresh)
            continue;
        memset(got, 0, LEN);
        expect_int(kcapi_cipher_encrypt(fresh, data, LEN, iv, got, LEN, 0), LEN, "a handle");
        expect(memcmp(got, want, LEN) == 0, "its bytes");
    }
    expect_int(kcapi_cipher_setkey(h, key, 16), 0, "a key");
    kcapi_md_final(digest, out, 32);
    expect_int(kcapi_md_digest(digest, data, 3, out, 32), 32, "its digest");
    expect_int(kcapi_aead_settaglen(aead, 16), 0, "a tag length");
    expect_int(kcapi_aead_encrypt(aead, data, LEN, iv, got, LEN + 16, 0), LEN + 16, "its AEAD");
    if (rng)
        expect_int(kcapi_rng_generate(rng, out, 16), 16, "its generator");
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++)
        kcapi_cipher_destroy(*handles[i]);
}

static void *cancelled(void *job)
{
    int state = -1;

    if (cancel_at < 0)
        pthread_cancel(pthread_self());
    watched = true;
    jobs[(size_t)job].call();
    watched = false;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    expect_int(state, PTHREAD_CANCEL_ENABLE, "cancellation after the call");
    if (points <= cancel_at)
        return (void *)jobs;
    pthread_testcancel();
    return NULL;
}

/* Exits with 3 if the job has fewer points. */
static void cancel_one(const void *arg)
{
    size_t job = *(const size_t *)arg;
    pthread_t thread;
    void *result;
    long before;

    if (!jobs[job].first)
        open_all();
    before = descriptors();
    pthread_create(&thread, NULL, cancelled, (void *)job);
    pthread_join(thread, &result);
    if (result == jobs)
        _exit(3);
    expect(result == PTHREAD_CANCELED, "the thread was not cancelled");
    kcapi_cipher_destroy(made);
    use_all();
    if (jobs[job].first)
        expect_int(descriptors(), before, "descriptors");
}

static void test_job(size_t job)
{
    int wrong = 0;

    for (cancel_at = -1;; cancel_at++) {
        int status = ending(begin_alone(cancel_one, &job));

        if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
            break;
        if (status != 0 && wrong++ == 0)
            diag("%s, cancelled at point %d", jobs[job].name, cancel_at);
        if (wrong > 2)
            break;
    }
    ok(wrong == 0, "%s, cancelled before, and at each of %d points", jobs[job].name, cancel_at);
}

/* A thread that waits for another ends at once, and waits no more for what the library knows. */
static void *wait_for_data(void *unused)
{
    struct iovec to = { out, LEN };

    (void)unused;
    kcapi_cipher_stream_op(sibling, &to, 1);
    return NULL;
}

/* In user space there is room for all: it ends with the call in which it is cancelled. */
static void *wait_for_room(void *unused)
{
    struct iovec from = { data, BIG };

    (void)unused;
    for (int i = 0; i < 40; i++)
        kcapi_cipher_stream_update(sibling, &from, 1);
    pause();
    return NULL;
}

static void waiting(const void *begun)
{
    static uint8_t want[LEN];
    struct iovec from = { data, LEN }, to = { out, LEN };
    pthread_t thread;
    void *result;

    open_all();
    kcapi_cipher_encrypt(h, data, LEN, iv, want, LEN, 0);
    kcapi_cipher_destroy(sibling);
    sibling = reinit(h, 0);
    if (*(const bool *)begun)
        expect_int(kcapi_cipher_stream_init_enc(sibling, iv, NULL, 0), 0, "a stream");
    pthread_create(&thread, NULL, wait_for_data, NULL);
    if (!*(const bool *)begun)
        while (kcapi_cipher_setkey(h, key, 16) != -EBUSY)
            continue;
    else
        usleep(20000); /* cancelled before or while it waits */
    pthread_cancel(thread);
    pthread_join(thread, &result);
    expect(result == PTHREAD_CANCELED, "the thread was not cancelled");
    if (*(const bool *)begun)
        expect_int(kcapi_cipher_stream_update_last(sibling, &from, 1), LEN, "the stream goes on");
    else
        expect_int(kcapi_cipher_setkey(h, key, 16), 0, "a key");
    if (!*(const bool *)begun) {
        expect_int(kcapi_cipher_stream_init_enc(sibling, iv, &from, 1), LEN, "a stream");
        expect_int(kcapi_cipher_stream_update_last(sibling, NULL, 0), 0, "its end");
    }
    expect_int(kcapi_cipher_stream_op(sibling, &to, 1), LEN, "its result");
    expect(memcmp(out, want, LEN) == 0, "its bytes");
    use_all();
}

/*
 * While a thread waited in a stream's call, its signal handler called another stream's and waited there: when the thread was
 * cancelled, the interrupted call's handle was busy for ever. On sockets the thread could not be cancelled at all.
 */
static void wait_for_more_data(int unused)
{
    struct iovec to = { out + LEN, LEN };

    (void)unused;
    kcapi_cipher_stream_op(sibling, &to, 1);
}

static void *wait_for_data_of_another(void *unused)
{
    struct iovec to = { out, LEN };

    (void)unused;
    kcapi_cipher_stream_op(made, &to, 1);
    return NULL;
}

static void waiting_in_a_handler(const void *unused)
{
    struct sigaction action = { .sa_handler = wait_for_more_data };
    struct iovec from = { data, LEN }, to = { out, LEN };
    pthread_t thread;
    void *result;

    (void)unused;
    open_all();
    made = reinit(h, 0);
    sigaction(SIGUSR1, &action, NULL);
    expect_int(kcapi_cipher_stream_init_enc(made, iv, NULL, 0), 0, "a stream");
    expect_int(kcapi_cipher_stream_init_enc(sibling, iv, NULL, 0), 0, "another one");
    pthread_create(&thread, NULL, wait_for_data_of_another, NULL);
    usleep(20000);
    pthread_kill(thread, SIGUSR1);
    usleep(20000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    expect(result == PTHREAD_CANCELED, "the thread was not cancelled");
    for (int inner = 0; inner < 2; inner++) {
        struct kcapi_handle *handle = inner ? sibling : made;

        expect_int(kcapi_cipher_stream_update_last(handle, &from, 1), LEN, "the stream goes on");
        expect_int(kcapi_cipher_stream_op(handle, &to, 1), LEN, "its result");
        expect_int(kcapi_cipher_encrypt(handle, data, LEN, iv, out, LEN, 0), LEN, "a message");
    }
    expect_int(kcapi_cipher_setkey(h, key, 16), 0, "a key");
    kcapi_cipher_destroy(made);
    use_all();
}

static void sending(const void *unused)
{
    struct iovec to = { out, BIG };
    pthread_t thread;
    void *result;
    long before;

    (void)unused;
    open_all();
    use_all();
    before = descriptors();
    open_all();
    expect_int(kcapi_cipher_stream_init_enc(sibling, iv, NULL, 0), 0, "a stream");
    pthread_create(&thread, NULL, wait_for_room, NULL);
    usleep(20000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    expect(result == PTHREAD_CANCELED, "the thread was not cancelled");
    expect(kcapi_cipher_stream_op(sibling, &to, 1) > 0, "what was sent");
    use_all();
    /* The thread had kept the operation, and so its socket. */
    expect_int(descriptors(), before, "descriptors");
}

/* Who has switched cancellation off is not cancelled, and finds it off afterwards. */
static void *switched_off(void *unused)
{
    int state = -1;

    (void)unused;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cancel(pthread_self());
    for (size_t job = 0; job < JOBS; job++)
        if (!jobs[job].first && jobs[job].call != destroy) {
            jobs[job].call();
            kcapi_cipher_destroy(made);
            made = NULL;
        }
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state == PTHREAD_CANCEL_DISABLE ? (void *)jobs : NULL;
}

static void off(const void *unused)
{
    pthread_t thread;
    void *result;

    (void)unused;
    open_all();
    pthread_create(&thread, NULL, switched_off, NULL);
    pthread_join(thread, &result);
    expect(result == jobs, "cancelled, or switched on");
    use_all();
}

/* What it could not wait for at a thread's end was told as an error that had taken nothing. */
static pthread_key_t at_the_end;
static atomic_bool ends;

static void send_at_the_end(void *unused)
{
    struct iovec from = { data, BIG };

    (void)unused;
    ends = true;
    expect_int(kcapi_cipher_stream_init_enc(sibling, iv, &from, 1), BIG, "a stream that waits for room");
}

static void *end_with_a_stream(void *unused)
{
    struct iovec from = { data, 16 }, to = { out, 16 };

    (void)unused;
    expect_int(kcapi_cipher_stream_init_enc(sibling, iv, &from, 1), 16, "a stream before");
    expect_int(kcapi_cipher_stream_update_last(sibling, NULL, 0), 0, "its end");
    expect_int(kcapi_cipher_stream_op(sibling, &to, 1), 16, "its result");
    pthread_setspecific(at_the_end, data);
    return NULL;
}

static void destructor(const void *unused)
{
    static uint8_t want[BIG];
    pthread_t thread;

    (void)unused;
    open_all();
    kcapi_cipher_encrypt(h, data, BIG, iv, want, BIG, 0);
    pthread_key_create(&at_the_end, send_at_the_end);
    pthread_create(&thread, NULL, end_with_a_stream, NULL);
    while (!ends)
        sched_yield();
    for (size_t done = 0; done < BIG && !unexpected;) {
        struct iovec to = { out + done, BIG - done };
        ssize_t ret = kcapi_cipher_stream_op(sibling, &to, 1);

        expect(ret > 0, "a result: %zd", ret);
        done += ret > 0 ? (size_t)ret : 0;
    }
    pthread_join(thread, NULL);
    expect(memcmp(out, want, BIG) == 0, "its bytes");
    kcapi_cipher_stream_update_last(sibling, NULL, 0);
}

int main(void)
{
    static const bool begun[] = { false, true };

    fill(data, BIG, 1);
    for (size_t job = 0; job < JOBS; job++)
        test_job(job);
    ok(alone(waiting, &begun[0]), "a thread that waits for a stream to begin is cancelled");
    ok(alone(waiting, &begun[1]), "one that waits for data");
    ok(alone(sending, NULL), "one that waits for room");
    ok(alone(waiting_in_a_handler, NULL), "one that waits in a signal handler, too");
    ok(alone(off, NULL), "cancellation that was switched off");
    ok(alone(destructor, NULL), "a thread's destructor waits for room");
    return done_testing();
}
