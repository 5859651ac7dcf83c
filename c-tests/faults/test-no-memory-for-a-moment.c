/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Memory that is short for a moment, in which a call gets none at all: it is -ENOMEM or does its work, and what
 * comes later is right.
 *
 * - At a fork(2) the streams were not told of it: both processes went on with the same key stream.
 * - After the first call of a child with an inherited handle, a key that it set on another handle of the same
 *   transform did not come to this one.
 * - A thread's first call of a stream ended the process, and so did a long name that is no text.
 * - A derived key's place was left as it was.
 *
 * needs: uninstrumented
 */
#define _GNU_SOURCE
#include "tap.h"

#ifndef __GLIBC__
int main(void)
{
    puts("1..0 # SKIP glibc's own malloc(3) is under the test's");
    return 0;
}
#else

#include <errno.h>
#include <kcapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "alone.h"

enum { LEN = 16, CHILDREN = 40, ADDRESSES = 100 << 20 };

static _Thread_local volatile bool none;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static bool refuse(void)
{
    if (none)
        errno = ENOMEM;
    return none;
}

void *malloc(size_t size) { return refuse() ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return refuse() ? NULL : __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return refuse() ? NULL : __libc_realloc(memory, size); }

static uint8_t key[LEN] = { 1 }, other_key[LEN] = { 2 }, iv[LEN] = { 3 }, zeros[LEN];
static bool at_fork;

static void before(void) { none = at_fork; }
static void after(void) { none = false; }

static struct kcapi_handle *keyed(const char *name)
{
    struct kcapi_handle *h;

    expect_int(kcapi_cipher_init(&h, name, 0), 0, name);
    expect_int(kcapi_cipher_setkey(h, key, LEN), 0, "its key");
    return h;
}

/* The key stream of a further piece. */
static void further(struct kcapi_handle *h, uint8_t *stream)
{
    struct iovec from = { zeros, LEN }, to = { stream, LEN };

    expect_int(kcapi_cipher_stream_update(h, &from, 1), LEN, "a further piece");
    expect_int(kcapi_cipher_stream_op(h, &to, 1), LEN, "its result");
}

static void stream_at_fork(const void *unused)
{
    struct kcapi_handle *h = keyed("ctr(aes)");
    struct iovec from = { zeros, LEN };
    uint8_t parents[LEN], childs[LEN];
    int ends[2];
    pid_t child;

    (void)unused;
    expect_int(kcapi_cipher_stream_init_enc(h, iv, &from, 1), LEN, "a stream");
    from.iov_base = parents;
    expect_int(kcapi_cipher_stream_op(h, &from, 1), LEN, "its beginning");
    expect_int(pipe(ends), 0, "pipe");
    at_fork = true;
    child = fork();
    at_fork = false;
    if (child == 0) {
        further(h, childs);
        expect_int(write(ends[1], childs, LEN), LEN, "write");
        _exit(unexpected);
    }
    expect_int(read(ends[0], childs, LEN), LEN, "the child's key stream");
    waitpid(child, NULL, 0);
    further(h, parents);
    expect(memcmp(parents, childs, LEN) != 0, "both have the same key stream");
    kcapi_cipher_destroy(h);
}

static struct kcapi_handle *changing;
static atomic_bool enough;

static void *set_keys(void *unused)
{
    while (!enough)
        kcapi_cipher_setkey(changing, key, LEN);
    return unused;
}

static void inherited(const void *unused)
{
    struct kcapi_handle *h, *right = keyed("cbc(aes)");
    uint8_t want[LEN], out[LEN];
    pthread_t thread;

    (void)unused;
    changing = keyed("cbc(aes)");
    expect_int(kcapi_handle_reinit(&h, changing, 0), 0, "another handle");
    expect_int(kcapi_cipher_encrypt(h, zeros, LEN, iv, out, LEN, 0), LEN, "a message");
    expect_int(kcapi_cipher_setkey(right, other_key, LEN), 0, "the other key");
    expect_int(kcapi_cipher_encrypt(right, zeros, LEN, iv, want, LEN, 0), LEN, "what it gives");
    pthread_create(&thread, NULL, set_keys, NULL);
    for (int i = 0; i < CHILDREN; i++) {
        pid_t child;
        int status;

        usleep(500);
        child = fork();
        if (child == 0) {
            none = true;
            kcapi_cipher_encrypt(h, zeros, LEN, iv, out, LEN, 0);
            none = false;
            expect_int(kcapi_cipher_encrypt(h, zeros, LEN, iv, out, LEN, 0), LEN, "a child's message");
            expect_int(kcapi_cipher_setkey(changing, other_key, LEN), 0, "its key");
            expect_int(kcapi_cipher_encrypt(h, zeros, LEN, iv, out, LEN, 0), LEN, "another message");
            expect(memcmp(out, want, LEN) == 0, "its bytes are those of the old key");
            _exit(unexpected);
        }
        waitpid(child, &status, 0);
        expect(status == 0, "child %d: status %d", i, status);
    }
    enough = true;
    pthread_join(thread, NULL);
}

static void *receive_without(void *h)
{
    static ssize_t got;
    uint8_t out[2 * LEN];
    struct iovec to = { out, sizeof(out) };

    none = true;
    got = kcapi_cipher_stream_op(h, &to, 1);
    none = false;
    return &got;
}

static void in_a_new_thread(const void *unused)
{
    struct kcapi_handle *h = keyed("cbc(aes)");
    struct iovec from = { zeros, LEN };
    pthread_t thread;
    void *got;

    (void)unused;
    expect_int(kcapi_cipher_stream_init_enc(h, iv, &from, 1), LEN, "a stream");
    pthread_create(&thread, NULL, receive_without, h);
    pthread_join(thread, &got);
    expect(*(ssize_t *)got == LEN || *(ssize_t *)got == -ENOMEM, "it gave %zd", *(ssize_t *)got);
    expect_int(kcapi_cipher_stream_update_last(h, &from, 1), LEN, "its end");
    kcapi_cipher_destroy(h);
}

/* A caller that does not look at the result shall not take for a key what is there. */
static void derived_key(const void *unused)
{
    enum { MOST = 100000 };
    static uint8_t derived[MOST];
    struct kcapi_handle *h;

    (void)unused;
    expect_int(kcapi_md_init(&h, "hmac(sha256)", 0), 0, "a digest");
    expect_int(kcapi_md_setkey(h, key, LEN), 0, "its key");
    for (size_t len = 64; len <= MOST; len = len * 16 > MOST && len < MOST ? MOST : len * 16) {
        size_t left = 0;

        memset(derived, 0xaa, len);
        none = true;
        expect_int(kcapi_kdf_ctr(h, key, LEN, derived, len), -ENOMEM, "a key without memory");
        none = false;
        for (size_t i = 0; i < len; i++)
            left += derived[i] != 0;
        expect(left == 0, "%zu of %zu bytes are as they were", left, len);
    }
    kcapi_md_destroy(h);
}

/* What a call was refused for before it did anything takes nothing from a stream. */
static void batch_after_a_start(const void *unused)
{
    struct kcapi_handle *h;
    struct iovec from[2] = { { zeros, LEN }, { zeros, LEN } };
    uint8_t out[2 * LEN];
    struct iovec to[2] = { { out, LEN }, { out + LEN, LEN } };

    (void)unused;
    expect_int(kcapi_cipher_init(&h, "cbc(aes)", KCAPI_INIT_AIO), 0, "a handle");
    expect_int(kcapi_cipher_setkey(h, key, LEN), 0, "its key");
    expect_int(kcapi_cipher_stream_init_enc(h, iv, NULL, 0), 0, "a stream");
    none = true;
    expect_int(kcapi_cipher_encrypt_aio(h, from, to, 2, iv, 0), -ENOMEM, "a batch without memory");
    none = false;
    further(h, out);
    kcapi_cipher_destroy(h);
}

/* That a name is too long is known without a copy of it. */
static void long_name(const void *unused)
{
    struct rlimit limit = { ADDRESSES, ADDRESSES };
    char *name = malloc(64 << 20);
    struct kcapi_handle *h;

    (void)unused;
    memset(name, 0xff, (64 << 20) - 1);
    name[(64 << 20) - 1] = '\0';
    kcapi_set_verbosity(KCAPI_LOG_ERR);
    expect_int(setrlimit(RLIMIT_AS, &limit), 0, "setrlimit");
    expect_int(kcapi_md_init(&h, name, 0), -ENOENT, "a digest of that name");
}

int main(void)
{
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP valgrind's malloc(3) is not glibc's");
        return 0;
    }
    pthread_atfork(before, after, after);
    ok(alone(stream_at_fork, NULL), "a stream goes on in two processes after a fork(2) without memory");
    ok(alone(inherited, NULL), "a child's first call without memory, and a new key");
    ok(alone(in_a_new_thread, NULL), "a new thread receives a stream without memory");
    ok(alone(derived_key, NULL), "a derived key");
    ok(alone(batch_after_a_start, NULL), "a batch after the start of a stream");
    ok(alone(long_name, NULL), "a name of 64 MiB that is no text");
    return done_testing();
}
#endif
