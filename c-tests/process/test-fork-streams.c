/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A stream that was begun before fork(2) is shared, as programs rely on that fork a writer for each
 * piece: on the user engine the parent waited for ever. A stream that was begun after it is a process's
 * own.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "alone.h"
#include "subjects.h"

enum { PIECES = 6, PIECE = 64, LEN = PIECES * PIECE, AAD = 16, BIG = 320 * KIB };

static uint8_t data[BIG], want[BIG + TAG_MAX], out[BIG + TAG_MAX], iv[IV_MAX];
static const struct subject *s;
static handle *h;
static size_t aad;

/* On a handle of its own; one that a job has begun on before is destroyed. */
static void begin(const void *subject)
{
    kcapi_cipher_destroy(h);
    s = subject;
    aad = is_aead(s) ? AAD : 0;
    h = handle_of(s, 0, s->tag, aad, 0);
    iv_of(s, 1, iv);
    alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv, data, LEN, want);
}

static void start(size_t len)
{
    struct iovec iov = { data, len };

    expect_int(s->calls->start[ENCRYPT](h, iv, &iov, 1), (long long)len, "the start");
}

static void send(size_t at, size_t len, bool last)
{
    struct iovec iov = { data + at, len };

    expect_int((last ? s->calls->update_last : s->calls->update)(h, &iov, 1), (long long)len, "a piece");
}

static void receive(size_t at, size_t len)
{
    struct iovec iov = { out + at, len };

    expect_int(s->calls->op(h, &iov, 1), (long long)len, "a result");
    expect(memcmp(out + at, want + at, len) == 0, "bytes %zu to %zu", at, at + len);
}

/* Calls in a child; the parent goes on meanwhile. */
#define IN_CHILD(...)            \
    do {                         \
        fflush(NULL);            \
        child = fork();          \
        if (child == 0) {        \
            alarm(patience()); \
            __VA_ARGS__;         \
            _exit(unexpected != 0); \
        }                        \
    } while (0)

static pid_t child;

static void ends_well(void) { expect_int(ending(child), 0, "a child"); }

/* A writer for each piece; the parent reads, often before there is something. */
static void writers(const void *arg)
{
    begin(arg);
    start(0);
    for (int i = 0; i < PIECES; i++) {
        IN_CHILD(send((size_t)i * PIECE, PIECE, i == PIECES - 1));
        if (!is_aead(s))
            receive((size_t)i * PIECE, PIECE);
        else if (i == PIECES - 1)
            receive(0, LEN + s->tag);
        ends_well();
    }
}

/* A reader for each piece, often there before it. */
static void readers(const void *arg)
{
    begin(arg);
    start(0);
    for (int i = 0; i < PIECES; i++) {
        if (!is_aead(s))
            IN_CHILD(receive((size_t)i * PIECE, PIECE));
        else if (i == PIECES - 1)
            IN_CHILD(receive(0, LEN + s->tag));
        send((size_t)i * PIECE, PIECE, i == PIECES - 1);
        if (!is_aead(s) || i == PIECES - 1)
            ends_well();
    }
}

/* What was sent before the fork is there for either. */
static void sent_before(const void *arg)
{
    begin(arg);
    start(LEN / 2);
    IN_CHILD(send(LEN / 2, LEN / 2, true); receive(0, LEN + s->tag));
    ends_well();
    begin(arg);
    start(LEN / 2);
    send(LEN / 2, LEN / 2, true);
    IN_CHILD((void)0);
    receive(0, LEN + s->tag);
    ends_well();
}

/* From one child to another; the parent does nothing. */
static void between_children(const void *arg)
{
    pid_t reader;

    begin(arg);
    start(0);
    IN_CHILD(receive(0, LEN + s->tag));
    reader = child;
    IN_CHILD(send(0, LEN, true));
    ends_well();
    child = reader;
    ends_well();
}

/* A child's child. */
static void grandchild(const void *arg)
{
    begin(arg);
    start(PIECE);
    IN_CHILD(send(PIECE, PIECE, false);
             IN_CHILD(send(2 * PIECE, LEN - 2 * PIECE, true)); ends_well());
    receive(0, is_aead(s) ? LEN + s->tag : PIECE);
    if (!is_aead(s)) {
        ends_well();
        receive(PIECE, LEN - PIECE);
    } else {
        ends_well();
    }
}

/* More than the kernel holds: the writer waits for the reader. */
static void big(const void *arg)
{
    size_t got = 0;

    begin(arg);
    alone_on_a_handle(s, 0, 0, 0, ENCRYPT, iv, data, BIG, want);
    start(0);
    IN_CHILD(for (size_t at = 0; at < BIG; at += BIG / 5) send(at, BIG / 5, at + BIG / 5 == BIG));
    while (got < BIG) {
        struct iovec iov = { out + got, BIG - got };
        ssize_t ret = s->calls->op(h, &iov, 1);

        if (!expect(ret > 0, "a result: %zd", ret))
            return;
        got += (size_t)ret;
    }
    expect(memcmp(out, want, BIG) == 0, "its bytes");
    ends_well();
}

/* A writer that dies leaves the stream to those who live. */
static void dead_writer(const void *arg)
{
    begin(arg);
    start(PIECE);
    IN_CHILD(send(PIECE, PIECE, false); raise(SIGKILL));
    waitpid(child, NULL, 0);
    send(2 * PIECE, LEN - 2 * PIECE, true);
    receive(0, LEN + s->tag);
}

/* It is in both processes' way of a key, until they destroy it or do something else with the handle. */
static void busy(const void *arg)
{
    uint8_t own[PIECE + TAG_MAX], iv2[IV_MAX];
    handle *sibling;
    ssize_t right;

    begin(arg);
    sibling = reinit(h, 0);
    start(PIECE);
    IN_CHILD(
        expect_int(set_key(s, sibling, 0), -EBUSY, "a key in the child");
        right = alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv_of(s, 2, iv2), data, PIECE, want);
        expect_int(s->calls->whole[ENCRYPT](h, data, PIECE, iv2, own, sizeof(own), 0), right,
                   "a whole message in the child");
        expect(memcmp(own, want, (size_t)right) == 0, "its bytes");
        expect_int(set_key(s, sibling, 1), 0, "a key after it");
        right = alone_on_a_handle(s, 1, s->tag, aad, ENCRYPT, iv2, data, PIECE, want);
        expect_int(s->calls->whole[ENCRYPT](h, data, PIECE, iv2, own, sizeof(own), 0), right,
                   "a message with it");
        expect(memcmp(own, want, (size_t)right) == 0, "its bytes");
        kcapi_cipher_destroy(sibling));
    expect_int(set_key(s, sibling, 0), -EBUSY, "a key in the parent");
    ends_well();
    expect_int(set_key(s, sibling, 0), -EBUSY, "a key in the parent, again");
    send(PIECE, LEN - PIECE, true);
    receive(0, LEN + s->tag);
    kcapi_cipher_destroy(sibling);
}

/* One that begins after the fork is nobody else's. */
static void own_streams(const void *arg)
{
    struct iovec to = { out, LEN + s->tag };
    uint8_t before[PIECE + TAG_MAX];
    int me;

    begin(arg);
    to.iov_len = LEN + s->tag;
    s->calls->whole[ENCRYPT](h, data, PIECE, iv, before, sizeof(before), 0);
    fflush(NULL);
    child = fork();
    me = child == 0;
    iv_of(s, (uint32_t)me, iv);
    alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv, data, LEN, want);
    for (int round = 0; round < 20; round++) {
        start(PIECE);
        send(PIECE, PIECE, false);
        send(2 * PIECE, LEN - 2 * PIECE, true);
        memset(out, 0, LEN);
        expect_int(s->calls->op(h, &to, 1), (long long)to.iov_len, "a result");
        expect(memcmp(out, want, to.iov_len) == 0, "round %d in process %d", round, me);
    }
    if (me)
        _exit(unexpected != 0);
    ends_well();
}

/* Another stream, of which the child is told when it has begun. It is the parent's alone. */
static void another_in_the_parent(int tell)
{
    iv_of(s, 2, iv);
    alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv, data, LEN, want);
    start(LEN / 2);
    expect_int(write(tell, "", 1), 1, "telling the child");
    ends_well();
    send(LEN / 2, LEN - LEN / 2, true);
    receive(0, LEN + s->tag);
}

/*
 * One that had ended is not the other process's, even where the end came after the last result: the
 * child could send to the stream that the parent began next.
 */
static void ended_before(const void *arg)
{
    struct iovec to = { out, LEN }, none = { data, 0 }, piece = { data, PIECE };
    int begun[2];
    char byte = 0;

    begin(arg);
    start(LEN);
    if (is_aead(s)) {
        expect_int(s->calls->update_last(h, &none, 1), 0, "the end");
        receive(0, LEN + s->tag);
    } else {
        receive(0, LEN);
        expect_int(s->calls->update_last(h, &none, 1), 0, "the end");
    }
    if (pipe(begun))
        bail_out("pipe");
    IN_CHILD(expect_int(read(begun[0], &byte, 1), 1, "the parent has begun a stream");
             expect_int(s->calls->update(h, &piece, 1), -EINVAL, "a piece without a stream");
             expect_int(s->calls->op(h, &to, 1), -EINVAL, "a result of none"));
    another_in_the_parent(begun[1]);
}

/*
 * Another stream in the child leaves the one that was begun before to the parent, even while nothing of
 * that is there: its IV was the child's from then on.
 */
static void another_in_the_child(const void *arg)
{
    uint8_t parents[LEN + TAG_MAX];
    struct iovec to = { out, LEN + TAG_MAX };
    size_t len;
    int sent[2];
    char byte = 0;

    begin(arg);
    len = LEN + s->tag;
    memcpy(parents, want, len);
    start(0);
    iv_of(s, 2, iv);
    alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv, data, LEN, want);
    if (pipe(sent))
        bail_out("pipe");
    IN_CHILD(expect_int(read(sent[0], &byte, 1), 1, "the parent has read");
             start(LEN / 2);
             send(LEN / 2, LEN - LEN / 2, true);
             to.iov_len = len;
             expect_int(s->calls->op(h, &to, 1), (long long)len, "the child's result");
             expect(memcmp(out, want, len) == 0, "the child's bytes"));
    memcpy(want, parents, len);
    if (!is_aead(s)) {
        send(0, PIECE, false);
        receive(0, PIECE);
    }
    expect_int(write(sent[1], &byte, 1), 1, "telling the child");
    ends_well();
    send(is_aead(s) ? 0 : PIECE, is_aead(s) ? LEN : LEN - PIECE, true);
    receive(is_aead(s) ? 0 : PIECE, is_aead(s) ? len : LEN - PIECE);
}

/*
 * One that is complete is for either to read. Then both begin another, each its own: the parent got
 * the child's bytes. The child may be told to read first, as it need not know that the parent has.
 */
static void complete_before(const void *arg)
{
    struct iovec to = { out, LEN + TAG_MAX }, half = { data, LEN / 2 };
    size_t len;
    ssize_t ret;
    int begun[2];
    char byte = 0;

    begin(arg);
    len = LEN + s->tag;
    start(LEN / 2);
    send(LEN / 2, LEN - LEN / 2, true);
    if (pipe(begun))
        bail_out("pipe");
    IN_CHILD(expect_int(read(begun[0], &byte, 1), 1, "the parent has begun another");
             iv_of(s, 3, iv);
             alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv, data, LEN, want);
             ret = s->calls->start[ENCRYPT](h, iv, &half, 1);
             if (ret != -EINVAL) {
                 expect_int(ret, LEN / 2, "the child's start");
                 send(LEN / 2, LEN - LEN / 2, true);
                 to.iov_len = len;
                 expect_int(s->calls->op(h, &to, 1), (long long)len, "the child's result");
                 expect(memcmp(out, want, len) == 0, "the child's bytes");
             });
    receive(0, len);
    another_in_the_parent(begun[1]);
}

/*
 * The same, and the child has read the whole result before the parent begins the next stream: that was in the same
 * operation, so the child could send to it, read its result, and end it.
 */
static void read_by_the_child(const void *arg)
{
    struct iovec to = { out, LEN + TAG_MAX }, piece = { data, PIECE };
    int was_read[2], begun[2];
    char byte = 0;

    begin(arg);
    start(LEN / 2);
    send(LEN / 2, LEN - LEN / 2, true);
    to.iov_len = LEN + s->tag;
    if (pipe(was_read) || pipe(begun))
        bail_out("pipe");
    IN_CHILD(expect_int(s->calls->op(h, &to, 1), (long long)to.iov_len, "the child reads it");
             expect_int(write(was_read[1], &byte, 1), 1, "telling the parent");
             expect_int(read(begun[0], &byte, 1), 1, "the parent has begun another");
             /* What the child has is a stream of its own, or none. */
             s->calls->update(h, &piece, 1);
             if (s->calls->update_last(h, &piece, 1) >= 0)
                 s->calls->op(h, &to, 1));
    expect_int(read(was_read[0], &byte, 1), 1, "the child has read it");
    another_in_the_parent(begun[1]);
}

/* A forged message is one for whoever reads it. */
static void forged(const void *arg)
{
    uint8_t bad[LEN + TAG_MAX];
    struct iovec head = { bad, LEN }, tail = { bad + LEN, 0 }, to = { out, LEN };

    begin(arg);
    memcpy(bad, want, LEN + s->tag);
    bad[LEN] ^= 1;
    tail.iov_len = s->tag;
    s->calls->start[DECRYPT](h, iv, &head, 1);
    IN_CHILD(expect_int(s->calls->update_last(h, &tail, 1), (long long)tail.iov_len, "the tag"));
    expect_int(s->calls->op(h, &to, 1), -EBADMSG, "a forged message");
    expect(memcmp(out + aad, data + aad, 16) != 0, "its plaintext is there");
    ends_well();
}

/* A stream that a child sends, to its end. */
static void begin_for_a_child(const void *arg, size_t len)
{
    begin(arg);
    start(0);
    IN_CHILD(send(0, len, true));
    ends_well();
}

/* The reader does not know how long the message is: it got a part of it, and the tag of that part. */
static void too_little_room(const void *arg)
{
    struct iovec to = { out, 100 };

    begin_for_a_child(arg, LEN);
    expect_int(s->calls->op(h, &to, 1), -EINVAL, "a part of the message");
    to.iov_len = LEN + TAG_MAX;
    expect(s->calls->op(h, &to, 1) < 0 || memcmp(out, want, LEN + s->tag) == 0, "another message");
}

/* What a child has sent was given up by a reader who had no room for a block of it. */
static void less_than_a_block(const void *arg)
{
    struct iovec to = { out, 8 };

    begin_for_a_child(arg, PIECE);
    expect_int(s->calls->op(h, &to, 1), -EINVAL, "less than a block");
    receive(0, PIECE);
}

static const struct {
    const char *name;
    void (*job)(const void *);
} jobs[] = {
    { "a writer for each piece", writers }, { "a reader for each piece", readers },
    { "sent before the fork", sent_before }, { "from child to child", between_children },
    { "a child's child", grandchild },       { "a writer that dies", dead_writer },
    { "busy in both", busy },                { "own streams after the fork", own_streams },
    { "a stream that had ended", ended_before },
    { "another stream in the child", another_in_the_child },
    { "a complete stream, and one more in each", complete_before },
    { "a stream whose result the child has read", read_by_the_child },
};

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 11);
    for (size_t i = 0; i < SUBJECTS; i++) {
        s = &subjects[i];
        if (!is_there(s)) {
            skip(1, s->name);
            continue;
        }
        /* chacha20 and xts begin anew with each piece that is read. */
        for (size_t j = 0; j < sizeof(jobs) / sizeof(jobs[0]); j++)
            if (is_aead(s) || s->chain == CHAINS || s->chain == NO_IV || jobs[j].job == sent_before)
                ok(alone(jobs[j].job, s), "%s: %s", s->name, jobs[j].name);
        if (s->chain == CHAINS)
            ok(alone(big, s), "%s: more than fits", s->name);
        if (s->unit > 1 && !is_aead(s) && s->chain != SAME_IV)
            ok(alone(less_than_a_block, s), "%s: less than a block", s->name);
        if (is_aead(s)) {
            ok(alone(forged, s), "%s: a forged message", s->name);
            ok(alone(too_little_room, s), "%s: too little room", s->name);
        }
    }
    return done_testing();
}
