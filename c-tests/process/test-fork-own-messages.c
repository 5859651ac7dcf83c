/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Parent and child that went on with one handle after fork(2) got each other's ciphertexts and
 * digests as success. Whole messages after fork are each process's own, and so are keys and tag
 * lengths; a chain of the parent's is lost in the child.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "aio-backend.h"
#include "alone.h"
#include "md.h"
#include "subjects.h"

enum { AAD = 16, LEN = 8192, ROOM = LEN + 8 * TAG_MAX };

/* What valgrind shows, it shows the first time. */
static int rounds(void) { return getenv("KCAPI_VALGRIND") ? 4 : 40; }

/* In place of the C library's: the other process's turn comes between the input and the result. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t ret = syscall(SYS_sendmsg, fd, message, flags);

    sched_yield();
    return ret;
}

static int turn[2], answer[2];
static bool gives_turn;

/* In place of the C library's: the other process's turn comes before a new operation. */
int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    uint8_t byte = 0;

    if (gives_turn) {
        gives_turn = false;
        expect_int(write(turn[1], &byte, 1), 1, "a turn");
        expect_int(read(answer[0], &byte, 1), 1, "the end of it");
    }
    return (int)syscall(SYS_accept4, fd, address, len, flags);
}

static uint8_t data[2][LEN];

struct job {
    const struct subject *s;
    uint32_t flags;
    size_t pairs;
};

/* Runs in both processes; the parent's says whether both went well. */
static void in_both(void (*run)(const void *, int me), const void *arg)
{
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        alarm(patience());
        run(arg, 1);
        fflush(NULL);
        _exit(unexpected != 0);
    }
    run(arg, 0);
    expect_int(ending(child), 0, "the child");
}

static ssize_t whole(const struct job *job, handle *h, const uint8_t *in, const uint8_t *iv,
                     uint8_t *out)
{
    struct iovec from[8], to[8];
    size_t part = job->pairs ? LEN / job->pairs : LEN, room = part + job->s->tag;

    if (job->pairs == 0)
        return job->s->calls->whole[ENCRYPT](h, in, LEN, iv, out, room, 0);
    for (size_t i = 0; i < job->pairs; i++) {
        from[i] = (struct iovec){ (uint8_t *)in + i * part, part };
        to[i] = (struct iovec){ out + i * room, room };
    }
    return job->s->calls->pairs[ENCRYPT](h, from, to, job->pairs, iv, 0);
}

static handle *shared, *other;

static void own_messages(const void *arg, int me)
{
    const struct job *job = arg;
    static uint8_t want[ROOM], out[ROOM];
    uint8_t iv[IV_MAX];
    handle *fresh = handle_of(job->s, 0, job->s->tag, is_aead(job->s) ? AAD : 0, job->flags);
    ssize_t right, ret;

    iv_of(job->s, (uint32_t)me, iv);
    memset(want, 0, ROOM);
    right = whole(job, fresh, data[me], iv, want);
    for (int round = 0; round < rounds(); round++) {
        handle *h = round % 2 ? shared : other;

        memset(out, 0, ROOM);
        ret = whole(job, h, data[me], iv, out);
        expect(ret == right, "the %s's round %d: %zd", me ? "child" : "parent", round, ret);
        expect(!memcmp(out, want, ROOM), "the %s's round %d: WRONG", me ? "child" : "parent", round);
    }
    job->s->calls->destroy(fresh);
    job->s->calls->destroy(me ? other : shared);
    memset(out, 0, ROOM);
    ret = whole(job, me ? shared : other, data[me], iv, out);
    expect(ret == right && !memcmp(out, want, ROOM), "after one was destroyed: %zd", ret);
    job->s->calls->destroy(me ? shared : other);
}

static void messages(const void *arg)
{
    const struct job *job = arg;
    static uint8_t out[ROOM];
    uint8_t iv[IV_MAX];
    size_t aad = is_aead(job->s) ? AAD : 0;

    shared = handle_of(job->s, 0, job->s->tag, aad, job->flags);
    other = sibling_of(shared, aad, job->flags);
    expect(whole(job, shared, data[0], iv_of(job->s, 3, iv), out) > 0, "a message before");
    in_both(own_messages, job);
}

/* The chain from before goes on in the parent only. */
static void own_chain(const void *arg, int me)
{
    const struct subject *s = arg;
    uint8_t iv[IV_MAX], zeros[IV_MAX] = { 0 }, want[LEN], out[LEN];
    ssize_t ret = s->calls->whole[ENCRYPT](shared, data[0] + 32, 32, NULL, out, LEN, 0);

    if (me) {
        struct iovec iov = { data[0] + 32, 32 };

        expect_int(ret, -EINVAL, "the child goes on");
        expect_int(s->calls->start[ENCRYPT](shared, NULL, &iov, 1), -EINVAL, "its stream");
        expect_int(s->calls->update(shared, &iov, 1), -EINVAL, "its update");
        expect_int(s->calls->op(shared, &iov, 1), -EINVAL, "its read");
    } else {
        alone_on_a_handle(s, 0, 0, 0, ENCRYPT, iv_of(s, 1, iv), data[0], 64, want);
        expect(ret == 32 && !memcmp(out, want + 32, 32), "the parent goes on: %zd", ret);
    }
    ret = s->calls->whole[ENCRYPT](shared, data[me], 32, iv_of(s, 4, iv), out, LEN, 0);
    ret |= s->calls->whole[ENCRYPT](shared, data[me] + 32, 32, NULL, out + 32, LEN - 32, 0);
    alone_on_a_handle(s, 0, 0, 0, ENCRYPT, iv, data[me], 64, want);
    expect(ret == 32 && !memcmp(out, want, 64), "a new chain in process %d: %zd", me, ret);
    alone_on_a_handle(s, 0, 0, 0, ENCRYPT, zeros, data[me], 32, want);
    ret = s->calls->whole[ENCRYPT](other, data[me], 32, NULL, out, LEN, 0);
    expect(ret == 32 && !memcmp(out, want, 32), "one that did nothing begins with zeros: %zd", ret);
}

static void chains(const void *arg)
{
    const struct subject *s = arg;
    uint8_t iv[IV_MAX], out[32];

    shared = handle_of(s, 0, 0, 0, 0);
    other = reinit(shared, 0);
    s->calls->whole[ENCRYPT](shared, data[0], 32, iv_of(s, 1, iv), out, 32, 0);
    in_both(own_chain, s);
}

/* Both processes set keys and tag lengths again and again, each its own. */
static void own_keys(const void *arg, int me)
{
    const struct subject *s = arg;
    size_t aad = is_aead(s) ? AAD : 0;
    uint8_t iv[IV_MAX], want[64 + TAG_MAX], out[64 + TAG_MAX];

    iv_of(s, 1, iv);
    for (int round = 0; round < rounds(); round++) {
        handle *h = round % 2 ? shared : other, *third = sibling_of(h, aad, 0);
        uint32_t key = 2 * (uint32_t)me + (uint32_t)round / 3 % 2;
        uint32_t tag = (round + me) % 2 && s->shorter_tag ? s->shorter_tag : s->tag;
        ssize_t right = alone_on_a_handle(s, key, tag, aad, ENCRYPT, iv, data[0], 64, want), ret;

        if (round % 5 == 4)
            expect_int(set_bad_key(s, third), -EINVAL, "a bad key");
        expect_int(set_key(s, third, key), 0, "a key");
        if (tag)
            expect_int(kcapi_aead_settaglen(other, tag), 0, "a tag length");
        sched_yield();
        ret = s->calls->whole[ENCRYPT](h, data[0], 64, iv, out, sizeof(out), 0);
        expect(ret == right && !memcmp(out, want, (size_t)right), "round %d of %d: %zd", round, me, ret);
        ret = s->calls->whole[ENCRYPT](third, data[0], 64, iv, out, sizeof(out), 0);
        expect(ret == right && !memcmp(out, want, (size_t)right), "a new handle: %zd", ret);
        s->calls->destroy(third);
    }
}

/* The key that was there is the child's as well, whatever the parent does to it. */
static void inherited_key(const void *arg, int me)
{
    const struct subject *s = arg;
    size_t aad = is_aead(s) ? AAD : 0;
    uint8_t iv[IV_MAX], want[64 + TAG_MAX], out[64 + TAG_MAX];
    uint32_t key = me ? 0 : 1;
    ssize_t right = alone_on_a_handle(s, key, s->tag, aad, ENCRYPT, iv_of(s, 1, iv), data[0], 64, want);

    for (int round = 0; round < rounds(); round++) {
        ssize_t ret;

        if (!me)
            expect_int(round % 2 ? set_key(s, other, 1) : set_bad_key(s, other), round % 2 ? 0 : -EINVAL,
                       "a key");
        sched_yield();
        if (me || round % 2) {
            ret = s->calls->whole[ENCRYPT](shared, data[0], 64, iv, out, sizeof(out), 0);
            expect(ret == right && !memcmp(out, want, (size_t)right), "round %d of %d: %zd", round, me,
                   ret);
        }
    }
}

/* What one process sets before the other has done anything, and the other's first call after that. */
static void first_call(const void *arg, int me)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    size_t aad = is_aead(s) ? AAD : 0;
    int setter = job->flags & 1;
    uint8_t iv[IV_MAX], want[64 + TAG_MAX], out[64 + TAG_MAX], byte = 0;
    ssize_t right = alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv_of(s, 1, iv), data[0], 64, want);
    ssize_t ret;

    if (me == setter) {
        if (job->flags & 2)
            expect_int(set_bad_key(s, other), -EINVAL, "a bad key");
        else if (job->flags & 4)
            kcapi_aead_settaglen(other, s->shorter_tag ? s->shorter_tag : s->tag);
        else
            expect_int(set_key(s, other, 1), 0, "another key");
        expect_int(write(turn[1], &byte, 1), 1, "a turn");
        return;
    }
    expect_int(read(turn[0], &byte, 1), 1, "a turn");
    ret = s->calls->whole[ENCRYPT](shared, data[0], 64, iv, out, sizeof(out), 0);
    if (job->flags & 4 && !setter && s->shorter_tag && !on_user_engine())
        /* The kernel has one tag length for the key of both, and the parent may set it. */
        expect_int(ret, -EBUSY, "a message with the old key and the parent's tag length");
    else
        expect(ret == right && !memcmp(out, want, (size_t)right), "a message with the old key: %zd", ret);
    ret = alone_on_a_handle(s, 2, s->tag, aad, ENCRYPT, iv, data[0], 64, want);
    expect_int(set_key(s, other, 2), 0, "its own key");
    ret = s->calls->whole[ENCRYPT](shared, data[0], 64, iv, out, sizeof(out), 0);
    expect(ret == right && !memcmp(out, want, (size_t)right), "a message with it: %zd", ret);
}

static void first_calls(const void *arg)
{
    const struct job *job = arg;

    shared = handle_of(job->s, 0, job->s->tag, is_aead(job->s) ? AAD : 0, 0);
    other = sibling_of(shared, is_aead(job->s) ? AAD : 0, 0);
    expect_int(pipe(turn), 0, "a pipe");
    in_both(first_call, job);
}

/* The child gives up a stream for another message, while the parent sets a tag length, which the kernel
 * refuses as long as the child has an operation. The child's call was refused, and its stream lost. */
static void successor(const void *arg, int me)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    struct iovec piece = { data[0], 32 }, to;
    uint8_t iv[IV_MAX], want[64 + TAG_MAX], out[64 + TAG_MAX], byte = 0;
    ssize_t right = alone_on_a_handle(s, 0, s->tag, AAD, ENCRYPT, iv_of(s, 1, iv), data[0], 64, want);

    if (!me) {
        expect_int(read(turn[0], &byte, 1), 1, "a turn");
        kcapi_aead_settaglen(other, s->shorter_tag);
        expect_int(write(answer[1], &byte, 1), 1, "the end of it");
        return;
    }
    expect_int(s->calls->start[ENCRYPT](shared, iv, &piece, 1), 32, "a stream");
    gives_turn = !on_user_engine();
    if (job->pairs) {
        expect_int(s->calls->start[ENCRYPT](shared, iv, &piece, 1), 32, "another stream");
        piece.iov_base = data[0] + 32;
        expect_int(s->calls->update_last(shared, &piece, 1), 32, "its end");
        to = (struct iovec){ out, sizeof(out) };
        expect_int(s->calls->op(shared, &to, 1), right, "its result");
    } else {
        expect_int(s->calls->whole[ENCRYPT](shared, data[0], 64, iv, out, sizeof(out), 0), right,
                   "a whole message");
    }
    expect(memcmp(out, want, (size_t)right) == 0, "its bytes");
    if (on_user_engine())
        expect_int(write(turn[1], &byte, 1), 1, "a turn");
}

static void successors(const void *arg)
{
    const struct job *job = arg;

    shared = handle_of(job->s, 0, job->s->tag, AAD, 0);
    other = sibling_of(shared, AAD, 0);
    expect_int(pipe(turn) + pipe(answer), 0, "pipes");
    in_both(successor, job);
}

static void keys(const void *arg)
{
    const struct job *job = arg;
    size_t aad = is_aead(job->s) ? AAD : 0;
    uint8_t iv[IV_MAX], out[64 + TAG_MAX];

    shared = handle_of(job->s, 0, job->s->tag, aad, 0);
    other = sibling_of(shared, aad, 0);
    job->s->calls->whole[ENCRYPT](shared, data[0], 64, iv_of(job->s, 3, iv), out, sizeof(out), 0);
    in_both(job->pairs ? inherited_key : own_keys, job->s);
}

/* Digests, whole and in pieces; one that was begun before goes on in both. */
static void own_digests(const void *arg, int me)
{
    const char *name = arg;
    uint8_t want[DIGEST_MAX], out[DIGEST_MAX], key[16] = { 1 }, both[100 + LEN];
    struct kcapi_handle *fresh = strchr(name, '(') ? md_with_key(name, key, 16) : md(name);
    ssize_t size;

    memcpy(both, data[0], 100);
    memcpy(both + 100, data[me], LEN);
    size = kcapi_md_digest(fresh, both, 100 + LEN, want, DIGEST_MAX);
    for (size_t i = 0; i < LEN; i += LEN / 8) {
        expect_int(kcapi_md_update(shared, data[me] + i, LEN / 8), 0, "an update");
        sched_yield();
    }
    expect_int(kcapi_md_final(shared, out, DIGEST_MAX), size, "a digest that was begun before");
    expect(memcmp(out, want, (size_t)size) == 0, "its bytes in process %d", me);
    kcapi_md_digest(fresh, data[me], LEN, want, DIGEST_MAX);
    for (int round = 0; round < rounds(); round++) {
        expect_int(kcapi_md_digest(other, data[me], LEN, out, DIGEST_MAX), size, "a whole digest");
        expect(memcmp(out, want, (size_t)size) == 0, "its bytes in process %d", me);
        expect_int(kcapi_md_update(shared, data[me], LEN / 2), 0, "an update");
        sched_yield();
        expect_int(kcapi_md_update(shared, data[me] + LEN / 2, LEN / 2), 0, "another");
        sched_yield();
        expect_int(kcapi_md_final(shared, out, DIGEST_MAX), size, "a digest");
        expect(memcmp(out, want, (size_t)size) == 0, "its bytes in process %d", me);
    }
    if (strchr(name, '(')) {
        key[0] = (uint8_t)(5 + me);
        expect_int(kcapi_md_setkey(shared, key, 16), 0, "a key");
        kcapi_md_destroy(fresh);
        fresh = md_with_key(name, key, 16);
        kcapi_md_digest(fresh, data[me], LEN, want, DIGEST_MAX);
        sched_yield();
        expect_int(kcapi_md_digest(other, data[me], LEN, out, DIGEST_MAX), size, "a digest with it");
        expect(memcmp(out, want, (size_t)size) == 0, "its bytes in process %d", me);
    }
    kcapi_md_destroy(fresh);
}

static void digests(const void *arg)
{
    const char *name = arg;
    uint8_t key[16] = { 1 }, out[DIGEST_MAX];

    shared = strchr(name, '(') ? md_with_key(name, key, 16) : md(name);
    other = reinit(shared, 0);
    kcapi_md_digest(other, data[0], 10, out, DIGEST_MAX);
    kcapi_md_update(shared, data[0], 100);
    in_both(own_digests, name);
}

/* The child's data came into the parent's digest, if there was no descriptor for a copy of what had begun. */
static void digest_without_a_copy(const void *arg)
{
    const char *name = arg;
    uint8_t want[DIGEST_MAX], out[DIGEST_MAX], key[16] = { 1 };
    struct rlimit limit;
    ssize_t size, ret;
    pid_t child;

    shared = strchr(name, '(') ? md_with_key(name, key, 16) : md(name);
    size = kcapi_md_digest(shared, data[0], 100, want, DIGEST_MAX);
    expect_int(kcapi_md_update(shared, data[0], 100), 0, "an update");
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &limit);
    child = fork();
    if (child == 0) {
        ret = kcapi_md_update(shared, data[0] + 100, 100);
        if (ret == 0)
            ret = kcapi_md_final(shared, out, DIGEST_MAX);
        else
            expect_int(ret, -EIO, "an update in the child");
        if (ret >= 0) {
            kcapi_md_digest(strchr(name, '(') ? md_with_key(name, key, 16) : md(name), data[0], 200, want,
                            DIGEST_MAX);
            expect(memcmp(out, want, (size_t)size) == 0, "the child's digest");
        }
        _exit(unexpected != 0);
    }
    expect_int(ending(child), 0, "the child");
    expect_int(kcapi_md_final(shared, out, DIGEST_MAX), size, "the parent's digest");
    expect(memcmp(out, want, (size_t)size) == 0, "its bytes");
}

static void test_subject(const struct subject *s)
{
    static const size_t pairs[] = { 0, 1, 2, 8 };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags++) {
            struct job job = { s, flags, pairs[i] };

            if (pairs[i] || !flags)
                ok(alone(messages, &job), "%s: own messages, %zu pairs%s", s->name, pairs[i],
                   flags ? ", AIO" : "");
        }
    }
    if (s->chain == CHAINS)
        ok(alone(chains, s), "%s: own chains", s->name);
    for (size_t inherited = 0; inherited < 2; inherited++) {
        struct job job = { s, 0, inherited };

        ok(alone(keys, &job), "%s: %s keys", s->name, inherited ? "inherited" : "own");
    }
    for (uint32_t kind = 0; kind < (is_aead(s) ? 6 : 4); kind++) {
        struct job job = { s, kind, 0 };

        ok(alone(first_calls, &job), "%s: the %s sets %s, the other's first call after that", s->name,
           kind & 1 ? "child" : "parent",
           kind & 4 ? "a tag length" : kind & 2 ? "a bad key" : "a key");
    }
    for (size_t stream = 0; is_aead(s) && s->shorter_tag && stream < 2; stream++) {
        struct job job = { s, 0, stream };

        ok(alone(successors, &job), "%s: a stream gives way to a %s, the parent sets a tag length", s->name,
           stream ? "stream" : "message");
    }
}

int main(void)
{
    static const char *const names[] = { "sha256", "sha512", "hmac(sha256)", "hmac(sha1)", "cmac(aes)" };

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (!can_fork_with_rings())
        setenv("KCAPI_AIO", "linux", 1);
    fill(data, sizeof(data), 8);
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (is_there(&subjects[i]))
            test_subject(&subjects[i]);
        else
            skip(1, subjects[i].name);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ok(alone(digests, names[i]), "%s: own digests", names[i]);
        ok(alone(digest_without_a_copy, names[i]), "%s: no descriptor for the child's", names[i]);
    }
    return done_testing();
}
