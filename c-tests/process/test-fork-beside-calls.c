/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A fork(2) while another thread was in a call: the child lost a stream that both processes share, if that thread was
 * sending to it, and its first digest was -EIO, if that thread was making one, although no message had begun. It lost
 * a stream, too, that held more than 64 MiB: so many come together where the thread is faster than the one that forks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "aio-backend.h"
#include "fill.h"

enum { ROUNDS = 20, LEN = 4096, MOST = 65536 };

static const uint8_t key[16] = { 1 }, iv[16] = { 2 };
static uint8_t data[MOST], want[64];
static struct kcapi_handle *handle;
static size_t piece;
static atomic_bool stop, goes;

static void *send_pieces(void *arg)
{
    struct iovec from = { data, piece };

    while (!stop && kcapi_cipher_stream_update(handle, &from, 1) >= 0)
        goes = true;
    goes = true;
    return arg;
}

static void *make_digests(void *arg)
{
    uint8_t digest[64];

    while (!stop && kcapi_md_digest(handle, data, LEN, digest, sizeof(digest)) >= 0)
        goes = true;
    goes = true;
    return arg;
}

/* Whether the thread has ended, which takes no time unless it waits for another. */
static bool has_ended(pthread_t thread)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    return pthread_timedjoin_np(thread, NULL, &until) == 0;
}

/* The exit status of a child that is forked in the midst: 0, or the errno of its call. */
static int forked(void *(*calls)(void *), int (*in_child)(void), int round)
{
    pthread_t thread;
    int status;
    pid_t child;

    stop = goes = false;
    pthread_create(&thread, NULL, calls, NULL);
    while (!goes)
        usleep(100);
    usleep(50 * (useconds_t)round);
    child = fork();
    if (child < 0)
        bail_out("fork: %s", strerror(errno));
    if (child == 0) {
        alarm(60);
        _exit(in_child());
    }
    waitpid(child, &status, 0);
    stop = true;
    while (!has_ended(thread)) {
        static uint8_t rest[16 * MOST];
        struct iovec to = { rest, sizeof(rest) };

        /* It waits for room. */
        kcapi_cipher_stream_op(handle, &to, 1);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int receives(void)
{
    static uint8_t out[MOST];
    struct iovec to = { out, sizeof(out) };
    ssize_t ret = kcapi_cipher_stream_op(handle, &to, 1);

    return ret < 0 ? (int)-ret : ret == 0;
}

static int digests(void)
{
    uint8_t digest[64];
    ssize_t ret = kcapi_md_digest(handle, data, LEN, digest, sizeof(digest));

    return ret < 0 ? (int)-ret : memcmp(digest, want, (size_t)ret) != 0;
}

static void test_stream(size_t len)
{
    int wrong = 0;

    piece = len;
    for (int i = 0; i < ROUNDS && !wrong; i++) {
        struct iovec first = { data, 64 };

        handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
        if (kcapi_cipher_stream_init_enc(handle, iv, &first, 1) != 64)
            bail_out("no stream");
        wrong = forked(send_pieces, receives, i);
        kcapi_cipher_destroy(handle);
    }
    is_int(wrong, 0, "a child receives from a stream to which a thread of its parent sends");
}

static void test_digest(void)
{
    int wrong = 0;

    if (kcapi_md_init(&handle, "sha256", 0) != 0 || kcapi_md_digest(handle, data, LEN, want, sizeof(want)) != 32)
        bail_out("no digest");
    for (int i = 0; i < ROUNDS && !wrong; i++)
        wrong = forked(make_digests, digests, i);
    is_int(wrong, 0, "a child's first digest, while a thread of its parent makes one");
    kcapi_md_destroy(handle);
}

/* The engine in user space sets no limit to a stream that one process has. The kernel's sockets are full long before. */
static void test_long_stream(void)
{
    enum { PIECES = 65 * MIB / MOST };
    struct iovec iov = { data, MOST };
    int status;
    pid_t child;

    handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    if (strcmp(kcapi_handle_engine(handle), "user") != 0) {
        skip(2, "the kernel: a sender waits for room");
    } else {
        if (kcapi_cipher_stream_init_enc(handle, iv, &iov, 1) != MOST)
            bail_out("no stream");
        for (int i = 1; i < PIECES; i++)
            if (kcapi_cipher_stream_update(handle, &iov, 1) != MOST)
                bail_out("no room for piece %d", i);
        child = fork();
        if (child == 0) {
            alarm(60);
            _exit(receives());
        }
        waitpid(child, &status, 0);
        is_int(status, 0, "a child receives from a stream of more than 64 MiB");
        is_int(receives(), 0, "so does its parent");
    }
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP what the parent's other threads have is lost in a child, says valgrind");
        return 0;
    }
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 3);
    test_stream(16);
    test_stream(LEN);
    test_stream(MOST);
    test_digest();
    test_long_stream();
    return done_testing();
}
