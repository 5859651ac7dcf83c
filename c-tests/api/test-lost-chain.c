/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * An operation was closed for a new key, or after a failure, and the next call without an IV went
 * on with zeros, as success: ctr repeats its key stream. Where the chain is lost, going on is
 * -EINVAL until an IV is given; where it need not be, it goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>

#include "alone.h"
#include "subjects.h"

enum { LEN = 64, HALF = 32, AAD = 16, ROOM = LEN + AAD + TAG_MAX };

static uint8_t message[ROOM];

/* A handle after a message of HALF bytes, and what the next comes to with the IV that it left. */
struct chain_of {
    const struct subject *s;
    handle *h, *sibling;
    size_t aad;
    uint8_t iv[IV_MAX], sealed[ROOM], next[ROOM], out[ROOM];
    size_t len, result;
};

static void begin(struct chain_of *c, const struct subject *s, uint32_t flags)
{
    uint8_t whole[ROOM];

    c->s = s;
    c->aad = is_aead(s) ? AAD : 0;
    c->len = HALF + c->aad;
    c->result = c->len + s->tag;
    c->h = handle_of(s, 0, s->tag, c->aad, flags);
    c->sibling = sibling_of(c->h, c->aad, 0);
    iv_of(s, 1, c->iv);
    expect_int(s->calls->whole[ENCRYPT](c->h, message, c->len, c->iv, c->sealed, ROOM, 0),
               (ssize_t)c->result, "a message");
    if (s->chain == CHAINS) {
        alone_on_a_handle(s, 0, 0, 0, ENCRYPT, c->iv, message, LEN, whole);
        memcpy(c->next, whole + HALF, HALF);
    } else {
        alone_on_a_handle(s, 0, s->tag, c->aad, ENCRYPT, c->iv, message + HALF, c->len, c->next);
    }
}

static void end(struct chain_of *c)
{
    c->s->calls->destroy(c->sibling);
    c->s->calls->destroy(c->h);
}

/* Every call that goes on with what is not there any more. */
static void nothing_goes_on(struct chain_of *c)
{
    const struct family *f = c->s->calls;
    struct iovec in = { message + HALF, c->len }, out = { c->out, ROOM }, two_in[2], two_out[2];

    for (int i = 0; i < 2; i++) {
        two_in[i] = (struct iovec){ message, c->len };
        two_out[i] = (struct iovec){ c->out, ROOM };
    }
    memset(c->out, 0xa5, ROOM);
    for (int direction = 0; direction < DIRECTIONS && c->s->chain != NO_IV; direction++) {
        expect_int(f->whole[direction](c->h, message + HALF, c->len, NULL, c->out, ROOM, 0), -EINVAL,
                   "a one-shot without IV");
        expect_int(f->pairs[direction](c->h, &in, &out, 1, NULL, 0), -EINVAL, "a pair without IV");
        expect_int(f->pairs[direction](c->h, two_in, two_out, 2, NULL, 0), -EINVAL, "two pairs");
        expect_int(f->start[direction](c->h, NULL, &in, 1), -EINVAL, "a stream without IV");
        expect_int(f->start[direction](c->h, NULL, NULL, 0), -EINVAL, "a stream of nothing");
    }
    expect_int(f->update(c->h, &in, 1), -EINVAL, "an update");
    expect_int(f->update_last(c->h, &in, 1), -EINVAL, "a last update");
    expect_int(f->op(c->h, &out, 1), -EINVAL, "a read");
    expect(all_are(c->out, 0xa5, ROOM), "nothing was written");
}

static void is_next(struct chain_of *c, const uint8_t *iv, const char *what)
{
    ssize_t ret = c->s->calls->whole[ENCRYPT](c->h, message + HALF, c->len, iv, c->out, ROOM, 0);

    expect_int(ret, (ssize_t)c->result, what);
    if (knows_iv_after(c->s))
        expect(memcmp(c->out, c->next, c->result) == 0, "%s: its bytes", what);
}

/* An IV, given to a one-shot, a pair or a stream, mends the handle, and the chain goes on from it. */
static void an_iv_mends(struct chain_of *c, int way)
{
    const struct family *f = c->s->calls;
    struct iovec in = { message, c->len }, out = { c->out, ROOM };

    switch (way) {
    case 0:
        expect_int(f->whole[ENCRYPT](c->h, message, c->len, c->iv, c->out, ROOM, 0),
                   (ssize_t)c->result, "a one-shot");
        break;
    case 1: out.iov_len = c->result;
        expect_int(f->pairs[ENCRYPT](c->h, &in, &out, 1, c->iv, 0), (ssize_t)c->result, "a pair");
        break;
    default:
        expect_int(f->start[ENCRYPT](c->h, c->iv, &in, 1), (ssize_t)c->len, "a stream");
        expect_int(f->update_last(c->h, NULL, 0), 0, "its end");
        expect_int(f->op(c->h, &out, 1), (ssize_t)c->result, "its result");
    }
    expect(memcmp(c->out, c->sealed, c->result) == 0, "its bytes");
    is_next(c, NULL, "the next one without IV");
}

static void by_setkey(struct chain_of *c) { expect_int(set_key(c->s, c->h, 0), 0, "a key"); }
static void by_another(struct chain_of *c) { expect_int(set_key(c->s, c->sibling, 0), 0, "a key"); }

static void by_another_key(struct chain_of *c)
{
    expect_int(set_key(c->s, c->sibling, 1), 0, "another key");
    expect_int(set_key(c->s, c->sibling, 0), 0, "the key again");
}

/* A kernel may have dropped the old key, too. */
static void by_refused_key(struct chain_of *c)
{
    expect_int(set_bad_key(c->s, c->h), -EINVAL, "a bad key");
}

static void by_taglen(struct chain_of *c)
{
    if (c->s->shorter_tag)
        expect_int(kcapi_aead_settaglen(c->sibling, c->s->shorter_tag), 0, "a shorter tag");
    expect_int(kcapi_aead_settaglen(c->sibling, c->s->tag), 0, "the tag length again");
}

static const struct closer {
    const char *name;
    void (*close)(struct chain_of *);
    bool of_aeads, no_key;
} closers[] = {
    { "a key", by_setkey, false, false },
    { "another handle's key", by_another, false, false },
    { "another key and back", by_another_key, false, false },
    { "a key that is refused", by_refused_key, false, true },
    { "a tag length", by_taglen, true, false },
};
#define CLOSERS (sizeof(closers) / sizeof(closers[0]))

struct job {
    const struct subject *s;
    const struct closer *closer;
};

static void lost(const void *arg)
{
    const struct job *job = arg;

    for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags++) {
        for (int way = 0; way < 3; way++) {
            struct chain_of c;

            begin(&c, job->s, flags);
            job->closer->close(&c);
            if (!job->closer->no_key)
                nothing_goes_on(&c);
            else if (job->s->chain != NO_IV)
                expect(job->s->calls->whole[ENCRYPT](c.h, message, c.len, NULL, c.out, ROOM, 0) < 0,
                       "going on after a refused key");
            if (job->closer->no_key)
                expect_int(set_key(job->s, c.h, 0), 0, "a good key after the refused one");
            nothing_goes_on(&c);
            an_iv_mends(&c, way);
            end(&c);
        }
    }
}

/* A handle that has done nothing yet has no chain to lose: it begins with zeros. */
static void fresh(const void *arg)
{
    const struct subject *s = arg;
    uint8_t zeros[IV_MAX] = { 0 }, want[ROOM], out[ROOM];
    size_t aad = is_aead(s) ? AAD : 0;
    handle *h = handle_of(s, 0, s->tag, aad, 0), *other = sibling_of(h, aad, KCAPI_INIT_AIO);
    ssize_t ret = alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, zeros, message, LEN, want);

    expect_int(set_key(s, h, 0), 0, "a key");
    if (ret >= 0) { /* ccm cannot take them */
        expect_int(s->calls->whole[ENCRYPT](h, message, LEN, NULL, out, ROOM, 0), ret, "without IV");
        expect(memcmp(out, want, (size_t)ret) == 0, "its bytes");
        expect_int(set_key(s, h, 0), 0, "a key again");
        expect_int(s->calls->whole[ENCRYPT](other, message, LEN, NULL, out, ROOM, 0), ret, "the other");
        expect(memcmp(out, want, (size_t)ret) == 0, "its bytes");
    }
    s->calls->destroy(h);
    s->calls->destroy(other);
}

/* What is found before anything is sent changes nothing. */
static void refused_at_once(const void *arg)
{
    const struct subject *s = arg;
    const struct family *f = s->calls;
    struct chain_of c;

    for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags++) {
        struct iovec in[2], out[2];
        uint8_t iv[IV_MAX];

        begin(&c, s, flags);
        iv_of(s, 5, iv);
        for (int i = 0; i < 2; i++) {
            in[i] = (struct iovec){ message, c.len };
            out[i] = (struct iovec){ c.out, c.result };
        }
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            size_t len = direction == ENCRYPT ? c.len : c.len + s->tag;
            size_t result = direction == ENCRYPT ? c.len + s->tag : c.len;

            expect_int(f->whole[direction](c.h, message, len, iv, c.out, result - 1, 0), -EINVAL,
                       "too short an output");
            expect_int(f->whole[direction](c.h, NULL, len, iv, c.out, ROOM, 0), -EFAULT, "no input");
            expect_int(f->whole[direction](c.h, message, len, iv, NULL, ROOM, 0), -EFAULT, "no output");
            expect_int(f->whole[direction](c.h, message, (size_t)INT_MAX + 1, iv, c.out, ROOM, 0),
                       -EMSGSIZE, "too much input");
            in[0].iov_len = in[1].iov_len = len;
            out[0].iov_len = result;
            out[1].iov_len = result - 1;
            expect_int(f->pairs[direction](c.h, in, out, 2, iv, 0), -EINVAL, "too short a pair");
            expect_int(f->pairs[direction](c.h, NULL, out, 2, iv, 0), -EFAULT, "no pairs");
        }
        is_next(&c, NULL, "going on without IV");
        end(&c);
    }
}

/* After a forged message its IV is there, for the next one with it or for an answer. */
static void forged(const void *arg)
{
    const struct subject *s = arg;
    struct chain_of c;

    for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags++) {
        for (size_t pairs = 0; pairs <= 3; pairs++) {
            uint8_t bad[ROOM], good[ROOM], got[ROOM];
            struct iovec in[3], out[3];
            ssize_t ret;

            begin(&c, s, flags);
            memcpy(good, c.sealed, ROOM);
            memcpy(bad, good, ROOM);
            bad[c.result - 1] ^= 1;
            for (size_t i = 0; i < 3; i++) {
                in[i] = (struct iovec){ i == 1 || pairs < 2 ? bad : good, c.result };
                out[i] = (struct iovec){ c.out, c.len };
            }
            ret = pairs ? s->calls->pairs[DECRYPT](c.h, in, out, pairs, c.iv, 0)
                        : s->calls->whole[DECRYPT](c.h, bad, c.result, c.iv, c.out, c.len, 0);
            expect_int(ret, -EBADMSG, "a forged message");
            is_next(&c, NULL, "an encryption after it");
            expect_int(s->calls->whole[DECRYPT](c.h, bad, c.result, c.iv, got, ROOM, 0), -EBADMSG,
                       "another");
            ret = s->calls->whole[DECRYPT](c.h, good, c.result, NULL, got, ROOM, 0);
            expect(ret == (ssize_t)c.len && !memcmp(got, message, c.len), "a good one: %zd", ret);
            end(&c);
        }
    }
}

/* Of other failures it may be lost, but never becomes one of zeros. */
static void failed(const void *arg)
{
    const struct subject *s = arg;
    uint8_t iv[IV_MAX];
    struct chain_of c;
    ssize_t ret;

    for (int pairs = 0; pairs < 2; pairs++) {
        struct iovec in[2], out[2];

        begin(&c, s, KCAPI_INIT_AIO);
        in[0] = in[1] = (struct iovec){ message, LEN - 15 };
        out[0] = out[1] = (struct iovec){ c.out, ROOM };
        iv_of(s, 5, iv);
        ret = pairs ? s->calls->pairs[ENCRYPT](c.h, in, out, 2, iv, 0)
                    : s->calls->whole[ENCRYPT](c.h, message, LEN - 15, iv, c.out, ROOM, 0);
        expect_int(ret, -EINVAL, "a length that is no multiple of a block");
        ret = s->calls->whole[ENCRYPT](c.h, message + HALF, c.len, NULL, c.out, ROOM, 0);
        if (ret != -EINVAL) {
            expect_int(ret, (ssize_t)c.result, "going on");
            expect(memcmp(c.out, c.next, c.result) == 0, "its bytes");
        }
        an_iv_mends(&c, pairs);
        end(&c);
    }
}

static void test_subject(const struct subject *s)
{
    for (size_t i = 0; i < CLOSERS; i++) {
        struct job job = { s, &closers[i] };

        if (!closers[i].of_aeads || is_aead(s))
            ok(alone(lost, &job), "%s: lost by %s", s->name, closers[i].name);
    }
    ok(alone(fresh, s), "%s: none to lose", s->name);
    ok(alone(refused_at_once, s), "%s: not lost by what is refused at once", s->name);
    if (is_aead(s) && s->chain == SAME_IV)
        ok(alone(forged, s), "%s: not lost by a forged message", s->name);
    if (s->unit > 1 && s->chain == CHAINS)
        ok(alone(failed, s), "%s: lost or not by a bad length", s->name);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(message, sizeof(message), 6);
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (is_there(&subjects[i]))
            test_subject(&subjects[i]);
        else
            skip(1, subjects[i].name);
    }
    return done_testing();
}
