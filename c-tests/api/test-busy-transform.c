/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * To set a key, operations were closed that only looked idle: a stream that had begun with no byte
 * pending, a finished message not yet read, one that a thread waited for. The stream then went on
 * with an IV of zeros, or the thread waited for ever. Begun, unread or waited for is -EBUSY, for
 * whichever handle of the transform, and what was begun ends as it would have.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "alone.h"
#include "md.h"
#include "subjects.h"

enum { LEN = 96, HALF = 48, AAD = 16 };

static uint8_t message[LEN];

/* A stream whose message has `len` bytes, of which some have been sent and some received. */
struct stream {
    const struct subject *s;
    handle *h;
    enum direction direction;
    uint8_t in[LEN + TAG_MAX], want[LEN + TAG_MAX], out[LEN + TAG_MAX];
    size_t len, result, sent, received;
};

static void send(struct stream *t, size_t len, piece_fn piece)
{
    struct iovec iov = { t->in + t->sent, len };

    expect_int(piece(t->h, &iov, 1), (long long)len, "a piece");
    t->sent += len;
}

static void receive(struct stream *t, size_t len)
{
    struct iovec iov = { t->out + t->received, len };

    expect_int(t->s->calls->op(t->h, &iov, 1), (long long)len, "a result");
    t->received += len;
}

static void start(struct stream *t, size_t len)
{
    uint8_t iv[IV_MAX];
    struct iovec iov = { t->in, len };

    expect_int(t->s->calls->start[t->direction](t->h, iv_of(t->s, 1, iv), &iov, 1),
               (long long)len, "the start");
    t->sent = len;
}

/* What is still to be done, and whether it comes out right. */
static void finish(struct stream *t, bool complete)
{
    if (!complete)
        send(t, t->len - t->sent, t->s->calls->update_last);
    receive(t, t->result - t->received);
    expect(memcmp(t->out, t->want, t->result) == 0, "the stream's bytes");
}

static bool nothing_sent(struct stream *t) { start(t, 0); return false; }
static bool unread(struct stream *t) { start(t, HALF); return false; }

static bool all_read(struct stream *t)
{
    start(t, HALF);
    receive(t, HALF);
    return false;
}

static bool complete(struct stream *t)
{
    start(t, HALF);
    send(t, t->len - HALF, t->s->calls->update_last);
    return true;
}

static bool partly_read(struct stream *t)
{
    complete(t);
    receive(t, HALF);
    return true;
}

static bool no_room(struct stream *t)
{
    struct iovec iov = { t->out, 1 };

    complete(t);
    expect_int(t->s->calls->op(t->h, &iov, 1), -EINVAL, "too little room");
    return true;
}

static bool more_was_refused(struct stream *t)
{
    struct iovec iov = { t->in, 16 };
    uint8_t iv[IV_MAX];

    complete(t);
    expect_int(t->s->calls->update(t->h, &iov, 1), -EINVAL, "an update after the last");
    expect_int(t->s->calls->start[ENCRYPT](t->h, iv_of(t->s, 2, iv), &iov, 1), -EINVAL, "a start");
    return true;
}

static bool whole_was_refused(struct stream *t)
{
    uint8_t out[HALF + TAG_MAX];

    start(t, HALF);
    expect_int(t->s->calls->whole[ENCRYPT](t->h, t->in, HALF, NULL, out, sizeof(out), 0), -EINVAL,
               "a one-shot without IV");
    return false;
}

static const struct {
    const char *name;
    bool (*begin)(struct stream *); /* returns whether the last piece was sent */
    bool in_parts;                  /* the result is received in parts */
} states[] = {
    { "nothing sent", nothing_sent, false },
    { "data unread", unread, false },
    { "all read", all_read, true },
    { "complete, unread", complete, false },
    { "complete, partly read", partly_read, true },
    { "a read with too little room", no_room, false },
    { "more was refused", more_was_refused, false },
    { "a one-shot was refused", whole_was_refused, false },
};
#define STATES (sizeof(states) / sizeof(states[0]))

struct job {
    const struct subject *s;
    size_t state;
    bool was_idle;
};

/* Whatever is set, through whichever handle, while the stream is in the state. */
static void is_busy(const struct subject *s, handle *h, int want)
{
    if (want) {
        expect_int(set_bad_key(s, h), want, "a bad key");
        expect_int(set_key(s, h, 1), want, "another key");
    }
    expect_int(set_key(s, h, 0), want, "the same key");
    if (s->shorter_tag)
        expect_int(kcapi_aead_settaglen(h, s->shorter_tag), want, "another tag length");
    if (is_aead(s))
        expect_int(kcapi_aead_settaglen(h, s->tag), want, "the same tag length");
}

static void set_in_state(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    size_t aad = is_aead(s) ? AAD : 0;
    uint8_t iv[IV_MAX], out[16 + AAD + TAG_MAX];

    iv_of(s, 1, iv);
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        struct stream t = { s, handle_of(s, 0, s->tag, aad, 0), (enum direction)direction,
                            { 0 }, { 0 }, { 0 }, LEN, LEN, 0, 0 };
        handle *fresh = reinit(t.h, 0), *idle = sibling_of(t.h, aad, KCAPI_INIT_AIO);
        bool is_complete;

        memcpy(t.in, message, LEN);
        alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv, message, LEN, t.want);
        t.result += s->tag;
        if (direction == DECRYPT) {
            memcpy(t.in, t.want, LEN + s->tag);
            memcpy(t.want, message, LEN);
            t.len = LEN + s->tag;
            t.result = LEN;
        }
        s->calls->whole[ENCRYPT](idle, message, 16 + aad, iv, out, sizeof(out), 0);
        s->calls->whole[ENCRYPT](t.h, message, 16 + aad, iv, out, sizeof(out), 0);
        is_complete = states[job->state].begin(&t);
        is_busy(s, t.h, -EBUSY);
        is_busy(s, fresh, -EBUSY);
        is_busy(s, idle, -EBUSY);
        finish(&t, is_complete);
        is_busy(s, idle, 0);
        is_busy(s, t.h, 0);
        s->calls->destroy(idle);
        s->calls->destroy(t.h);
        s->calls->destroy(fresh);
    }
}

static void *wait_for_result(void *arg)
{
    struct stream *t = arg;
    struct iovec iov = { t->out, t->result };

    return (void *)t->s->calls->op(t->h, &iov, 1);
}

/*
 * When setkey says -EBUSY, the thread waits: on a handle that had no operation yet, or an idle one.
 * Until then setkey succeeds, and an idle handle has nothing more to wait for.
 */
static void set_while_waited_for(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    size_t aad = is_aead(s) ? AAD : 0;
    uint8_t iv[IV_MAX], out[16 + AAD + TAG_MAX];
    struct stream t = { s, handle_of(s, 0, s->tag, aad, 0), ENCRYPT,
                        { 0 }, { 0 }, { 0 }, LEN, LEN + s->tag, 0, 0 };
    handle *setter = reinit(t.h, 0);
    pthread_t thread;
    void *result;

    memcpy(t.in, message, LEN);
    iv_of(s, 1, iv);
    alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv, message, LEN, t.want);
    for (useconds_t patience = 0;; patience += 1000) {
        if (job->was_idle)
            s->calls->whole[ENCRYPT](t.h, message, 16 + aad, iv, out, sizeof(out), 0);
        pthread_create(&thread, NULL, wait_for_result, &t);
        usleep(patience);
        if (!job->was_idle)
            while (set_key(s, setter, 0) != -EBUSY)
                continue;
        else if (set_key(s, setter, 0) != -EBUSY) {
            pthread_join(thread, &result);
            expect_int((ssize_t)result, -EINVAL, "a read after the chain was lost");
            continue;
        }
        break;
    }
    is_busy(s, setter, -EBUSY);
    is_busy(s, t.h, -EBUSY);
    start(&t, 0);
    is_busy(s, setter, -EBUSY);
    send(&t, LEN, s->calls->update_last);
    pthread_join(thread, &result);
    expect_int((ssize_t)result, (ssize_t)t.result, "what the waiting thread got");
    expect(memcmp(t.out, t.want, t.result) == 0, "its bytes");
    is_busy(s, setter, 0);
    s->calls->destroy(t.h);
    s->calls->destroy(setter);
}

/* A digest that was begun, on this handle or another. */
static void set_in_mid_digest(const void *arg)
{
    const char *name = arg;
    uint8_t key[16] = { 1 }, want[DIGEST_MAX], out[DIGEST_MAX];
    struct kcapi_handle *h = md_with_key(name, key, 16), *other = reinit(h, 0);
    ssize_t size = kcapi_md_digest(h, message, LEN, want, DIGEST_MAX);

    expect_int(kcapi_md_update(h, message, 0), 0, "an update of nothing");
    expect_int(kcapi_md_setkey(other, key, 16), -EBUSY, "a key after it");
    expect_int(kcapi_md_update(h, message, HALF), 0, "an update");
    expect_int(kcapi_md_setkey(h, key, 16), -EBUSY, "a key for the digest that was begun");
    expect_int(kcapi_md_setkey(other, key, 16), -EBUSY, "a key for another's");
    expect_int(kcapi_md_update(h, message + HALF, LEN - HALF), 0, "another update");
    expect_int(kcapi_md_setkey(other, key, 16), -EBUSY, "a key, again");
    expect_int(kcapi_md_final(h, out, DIGEST_MAX), size, "the digest");
    expect(memcmp(out, want, (size_t)size) == 0, "the digest's bytes");
    expect_int(kcapi_md_setkey(other, key, 16), 0, "a key after the digest");
    expect_int(kcapi_md_digest(h, message, LEN, out, DIGEST_MAX), size, "the next digest");
    expect(memcmp(out, want, (size_t)size) == 0, "its bytes");
    kcapi_md_destroy(h);
    kcapi_md_destroy(other);
}

/* One that was begun and destroyed is in nobody's way. */
static void destroyed_in_state(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    handle *first = handle_of(s, 0, s->tag, is_aead(s) ? AAD : 0, 0);
    struct stream t = { s, sibling_of(first, is_aead(s) ? AAD : 0, 0), ENCRYPT,
                        { 0 }, { 0 }, { 0 }, LEN, LEN + s->tag, 0, 0 };

    states[job->state].begin(&t);
    is_busy(s, first, -EBUSY);
    s->calls->destroy(t.h);
    is_busy(s, first, 0);
    s->calls->destroy(first);
}

static void test_subject(const struct subject *s)
{
    for (size_t state = 0; state < STATES; state++) {
        struct job job = { s, state, false };

        /* Those that do not chain begin anew with each part. */
        if (states[state].in_parts && s->chain != CHAINS && s->chain != NO_IV)
            continue;
        /* Without an IV the one-shot is not told from one with an IV; any room will do for a byte. */
        if (states[state].begin == whole_was_refused && s->chain == NO_IV)
            continue;
        ok(alone(set_in_state, &job), "%s, %s: -EBUSY", s->name, states[state].name);
        ok(alone(destroyed_in_state, &job), "%s, %s, destroyed", s->name, states[state].name);
    }
    for (int idle = 0; idle < 2; idle++) {
        struct job job = { s, 0, idle };

        ok(alone(set_while_waited_for, &job), "%s, a thread waits, %s: -EBUSY", s->name,
           idle ? "idle before" : "fresh");
    }
}

int main(void)
{
    static const char *const keyed[] = { "hmac(sha256)", "hmac(sha1)", "cmac(aes)" };

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(message, LEN, 5);
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (is_there(&subjects[i]))
            test_subject(&subjects[i]);
        else
            skip(1, subjects[i].name);
    }
    for (size_t i = 0; i < sizeof(keyed) / sizeof(keyed[0]); i++)
        ok(alone(set_in_mid_digest, keyed[i]), "%s, begun: -EBUSY", keyed[i]);
    return done_testing();
}
