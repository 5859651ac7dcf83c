/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-request-threads.c - kcapi_process() with handles that other threads use, or set keys of; at fork(2) and
 * pthread_cancel(3)
 *
 * A call that held one handle while it waited for another never ended: that one's call had been interrupted by a
 * signal handler, which used the first one.
 *
 * needs: leaks
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "alone.h"
#include "aio-backend.h"
#include "subjects.h"

enum { THREADS = 4, HANDLES = 6, REQUESTS = 24, LEN = 480, AAD = 16, ROUNDS = 60 };

/* Messages under each of two keys, by the number of their IV. */
static const struct subject *s;
static size_t aad, result;
static uint8_t data[LEN], ivs[REQUESTS][IV_MAX], want[2][REQUESTS][LEN + TAG_MAX];
static handle *handles[HANDLES];
static atomic_bool ended;

/* Two transforms, with three handles each. */
static void prepare(const void *subject)
{
    s = subject;
    aad = is_aead(s) ? AAD : 0;
    result = LEN + s->tag;
    for (uint32_t i = 0; i < REQUESTS; i++) {
        iv_of(s, i + 1, ivs[i]);
        for (uint32_t key = 0; key < 2; key++)
            alone_on_a_handle(s, key, s->tag, aad, ENCRYPT, ivs[i], data, LEN, want[key][i]);
    }
    for (int i = 0; i < HANDLES; i++)
        handles[i] = i < 2 ? handle_of(s, 0, s->tag, aad, 0) : sibling_of(handles[i % 2], aad, 0);
}

static void close_handles(void)
{
    for (int i = 0; i < HANDLES; i++)
        s->calls->destroy(handles[i]);
}

/* Requests of the handles, from one handle to the next in steps of `step`. */
static void make_requests(struct kcapi_request *requests, int count, uint8_t (*out)[LEN + TAG_MAX], int step)
{
    for (int i = 0; i < count; i++)
        requests[i] = (struct kcapi_request){ .handle = handles[(i * step) % HANDLES],
                                              .type = KCAPI_REQUEST_ENCRYPT,
                                              .iv = ivs[i],
                                              .assoclen = (uint32_t)aad,
                                              .input = data,
                                              .inlen = LEN,
                                              .output = out[i],
                                              .outlen = LEN + TAG_MAX };
}

static bool is_under(uint32_t key, int request, const uint8_t *got)
{
    return memcmp(got, want[key][request], result) == 0;
}

/*
 * One call, whose messages are each under one of the keys. Nothing is on the stack, which AddressSanitizer takes for
 * in use when the thread was cancelled here.
 */
static void one_call(int step)
{
    static __thread struct kcapi_request requests[REQUESTS];
    static __thread uint8_t out[REQUESTS][LEN + TAG_MAX];

    make_requests(requests, REQUESTS, out, step);
    expect_int(kcapi_process(requests, REQUESTS, sizeof(requests[0]), 0), REQUESTS, "requests");
    for (int i = 0; i < REQUESTS; i++)
        expect(requests[i].result == (ssize_t)result && (is_under(0, i, out[i]) || is_under(1, i, out[i])),
               "request %d: %zd, or under neither key", i, requests[i].result);
}

static void *process_in_order(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        one_call(1);
    return NULL;
}

static void *process_in_reverse(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        one_call(HANDLES - 1);
    return NULL;
}

static void *one_shots(void *unused)
{
    uint8_t out[LEN + TAG_MAX];

    (void)unused;
    for (int i = 0; !ended; i = (i + 1) % REQUESTS) {
        expect_int(s->calls->whole[ENCRYPT](handles[i % HANDLES], data, LEN, ivs[i], out, LEN + TAG_MAX, 0),
                   (ssize_t)result, "a one-shot");
        expect(is_under(0, i, out) || is_under(1, i, out), "a one-shot under neither key");
    }
    return NULL;
}

static void *set_keys(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; !ended; i++) {
        expect_int(set_key(s, handles[i % 2], i / 2 % 2), 0, "a key");
        usleep(300);
    }
    return NULL;
}

static void *fork_often(void *unused)
{
    (void)unused;
    while (!ended) {
        pid_t child = fork();

        if (child == 0) {
            one_call(1);
            _exit(unexpected != 0);
        }
        expect_int(ending(child), 0, "a child");
        usleep(3000);
    }
    return NULL;
}

/* Threads with requests of the same handles in two orders, and one that does something else meanwhile. */
static void beside(const void *subject, void *(*other)(void *))
{
    pthread_t threads[THREADS], meanwhile;

    prepare(subject);
    pthread_create(&meanwhile, NULL, other, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, i % 2 ? process_in_reverse : process_in_order, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ended = true;
    pthread_join(meanwhile, NULL);
    close_handles();
}

static void beside_one_shots(const void *subject) { beside(subject, one_shots); }
static void beside_keys(const void *subject) { beside(subject, set_keys); }
static void beside_forks(const void *subject) { beside(subject, fork_often); }

/* A thread that is cancelled in the midst of its calls ends between two of them, and leaves no handle locked. */
static void *without_end(void *unused)
{
    (void)unused;
    while (!ended) {
        one_call(1);
        pthread_testcancel();
    }
    return NULL;
}

static void cancelled(const void *subject)
{
    pthread_t thread;
    void *how;

    prepare(subject);
    for (int i = 0; i < 10; i++) {
        pthread_create(&thread, NULL, without_end, NULL);
        usleep(3000);
        pthread_cancel(thread);
        pthread_join(thread, &how);
        expect(how == PTHREAD_CANCELED, "the thread has ended otherwise");
        one_call(HANDLES - 1);
    }
    close_handles();
}

/* A call that is interrupted: in sendmsg(2), or at a page that it cannot write to yet. */
static __thread void (*interrupted)(void);
static uint8_t *page;

static void interrupt(void)
{
    void (*handler)(void) = interrupted;

    interrupted = NULL;
    handler();
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (interrupted)
        interrupt();
    return syscall(SYS_sendmsg, fd, message, flags);
}

static void at_page(int signal)
{
    (void)signal;
    if (!interrupted)
        _exit(9);
    mprotect(page, page_size(), PROT_READ | PROT_WRITE);
    interrupt();
}

/* The number of the handle whose call is interrupted; the other one is free. */
static int used;
static pthread_t waiting;
static atomic_bool waits;

static ssize_t process_both(struct kcapi_request requests[2], uint8_t (*out)[LEN + TAG_MAX])
{
    make_requests(requests, 2, out, 1);
    return kcapi_process(requests, 2, sizeof(requests[0]), 0);
}

static void *wait_for_both(void *unused)
{
    struct kcapi_request requests[2];
    uint8_t out[2][LEN + TAG_MAX];

    (void)unused;
    waits = true;
    expect_int(process_both(requests, out), 2, "requests that waited");
    expect(is_under(0, 0, out[0]) && is_under(0, 1, out[1]), "their bytes");
    return NULL;
}

/* Another thread waits for the handle of the interrupted call. This one uses the other handle, and then both. */
static void handler(void)
{
    struct kcapi_request requests[2];
    uint8_t out[2][LEN + TAG_MAX];
    int free_one = 1 - used;

    pthread_create(&waiting, NULL, wait_for_both, NULL);
    while (!waits)
        sched_yield();
    usleep(100000);
    expect_int(s->calls->whole[ENCRYPT](handles[free_one], data, LEN, ivs[0], out[0], LEN + TAG_MAX, 0),
               (ssize_t)result, "the other handle");
    expect(is_under(0, 0, out[0]), "its bytes");
    expect_int(process_both(requests, out), 1, "both");
    expect_int(requests[used].result, -EDEADLK, "the handle of the interrupted call");
    expect(is_under(0, free_one, out[free_one]), "the bytes of the other one");
}

static void interrupted_call(const void *subject)
{
    prepare(subject);
    signal(SIGSEGV, at_page);
    for (used = 0; used < 2; used++) {
        page = mmap(NULL, 2 * page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mprotect(page + page_size(), page_size(), PROT_READ | PROT_WRITE);
        if (!on_user_engine())
            mprotect(page, page_size(), PROT_READ | PROT_WRITE);
        interrupted = handler;
        expect_int(s->calls->whole[ENCRYPT](handles[used], data, LEN, ivs[1], page, 2 * page_size(), 0),
                   (ssize_t)result, "the interrupted call");
        expect(is_under(0, 1, page), "its bytes");
        expect(!interrupted, "it was not interrupted");
        pthread_join(waiting, NULL);
        waits = false;
    }
    close_handles();
}

int main(void)
{
    static const char *const names[] = { "cbc(aes)", "xts(aes)", "gcm(aes)", "rfc4106(gcm(aes))" };

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct subject *subject = subjects;

        while (strcmp(subject->name, names[i]) != 0)
            subject++;
        ok(alone(beside_one_shots, subject), "%s: in two orders, beside one-shots", names[i]);
        ok(alone(beside_keys, subject), "%s: beside new keys", names[i]);
        ok(alone(cancelled, subject), "%s: pthread_cancel(3)", names[i]);
        ok(alone(interrupted_call, subject), "%s: in a handler, while others wait", names[i]);
        if (allocator_waits_in_child)
            skip(1, "AddressSanitizer's malloc(3) waits for ever in the child of a process with threads");
        else if (can_fork_with_rings())
            ok(alone(beside_forks, subject), "%s: beside fork(2), and in the children", names[i]);
        else
            skip(1, "this kernel dies of a process that forks and has a ring");
    }
    return done_testing();
}
