/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A message that the algorithm does not take was found out in the midst of the work: the messages of the batch before it
 * were done, in place too; the output was zeros; the IV for the next message without one was lost, and so was the
 * result of a stream that nobody had read. Such a call is as if it had not been made.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "alone.h"
#include "subjects.h"

enum { GOOD = 64, ROOM = 256, UNTOUCHED = 0xaa };

/* Why a message is refused. */
struct refusal {
    const char *what;
    size_t len, aad;
    bool bad_iv, no_room;
};

struct job {
    const struct subject *s;
    struct refusal refusal;
    bool pairs;
};

static uint8_t data[ROOM];

/* As many bytes as the subject's AAD and a good text have. */
static size_t good(const struct subject *s) { return s->aad + GOOD; }

static size_t room_of(const struct subject *s, size_t len) { return len + s->tag; }

/* The refused message, or a pair of which the second is; out has ROOM for each. */
static ssize_t refused(const struct job *job, handle *h, const uint8_t *iv, uint8_t *in, uint8_t *out)
{
    const struct subject *s = job->s;
    const struct refusal *r = &job->refusal;
    size_t room = r->no_room ? r->len + s->tag - 1 : room_of(s, r->len);
    uint8_t bad[IV_MAX];
    ssize_t ret;

    memcpy(bad, iv, IV_MAX);
    if (r->bad_iv)
        bad[0] = 200;
    if (is_aead(s))
        kcapi_aead_setassoclen(h, r->aad);
    if (job->pairs) {
        struct iovec from[2] = { { in, good(s) }, { in + ROOM, r->len } };
        struct iovec to[2] = { { out, room_of(s, good(s)) }, { out + ROOM, room } };

        ret = s->calls->pairs[ENCRYPT](h, from, to, 2, bad, 0);
    } else {
        ret = s->calls->whole[ENCRYPT](h, in, r->len, bad, out, room, 0);
    }
    if (is_aead(s))
        kcapi_aead_setassoclen(h, s->aad);
    return ret;
}

/* Without KCAPI_INIT_AIO the IOVECs are one message. */
static handle *new_handle(const struct job *job)
{
    return handle_of(job->s, 0, job->s->tag, job->s->aad, job->pairs ? KCAPI_INIT_AIO : 0);
}

static void memory_stays(const void *arg)
{
    const struct job *job = arg;
    handle *h = new_handle(job);
    uint8_t iv[IV_MAX], in[2 * ROOM + 8], out[2 * ROOM], want[2 * ROOM + 8], untouched[2 * ROOM];

    iv_of(job->s, 1, iv);
    fill(want, sizeof(want), 5);
    memset(untouched, UNTOUCHED, sizeof(untouched));
    memcpy(in, want, sizeof(in));
    memset(out, UNTOUCHED, sizeof(out));
    expect_int(refused(job, h, iv, in, out), -EINVAL, "a refused message");
    expect(memcmp(out, untouched, sizeof(out)) == 0, "the output has changed");
    expect_int(refused(job, h, iv, in, in), -EINVAL, "one in place");
    expect_int(refused(job, h, iv, in, in + 8), -EINVAL, "one over its input");
    expect(memcmp(in, want, sizeof(in)) == 0, "the input has changed");
    job->s->calls->destroy(h);
}

static void chain_stays(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    handle *h = new_handle(job);
    uint8_t iv[IV_MAX], other_iv[IV_MAX], want[2 * GOOD], out[2 * GOOD], in[2 * ROOM], to[2 * ROOM];

    iv_of(s, 1, iv);
    iv_of(s, 2, other_iv);
    memcpy(in, data, ROOM);
    memcpy(in + ROOM, data, ROOM);
    alone_on_a_handle(s, 0, 0, 0, ENCRYPT, iv, data, 2 * GOOD, want);
    expect_int(s->calls->whole[ENCRYPT](h, data, GOOD, iv, out, GOOD, 0), GOOD, "a message");
    expect_int(refused(job, h, other_iv, in, to), -EINVAL, "a refused one");
    expect_int(s->calls->whole[ENCRYPT](h, data + GOOD, GOOD, NULL, out + GOOD, GOOD, 0), GOOD, "it goes on");
    expect(memcmp(out, want, sizeof(want)) == 0, "as one message");
    s->calls->destroy(h);
}

static void result_stays(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    handle *h = new_handle(job);
    size_t len = good(s);
    uint8_t iv[IV_MAX], want[ROOM], out[ROOM], in[2 * ROOM], to[2 * ROOM];
    struct iovec from = { data, len }, result = { out, room_of(s, len) };

    iv_of(s, 1, iv);
    memcpy(in, data, ROOM);
    memcpy(in + ROOM, data, ROOM);
    alone_on_a_handle(s, 0, s->tag, s->aad, ENCRYPT, iv, data, len, want);
    expect_int(s->calls->start[ENCRYPT](h, iv, &from, 1), (ssize_t)len, "a stream");
    expect_int(s->calls->update_last(h, NULL, 0), 0, "its end");
    expect_int(refused(job, h, iv, in, to), -EINVAL, "a refused message");
    expect_int(s->calls->op(h, &result, 1), (ssize_t)room_of(s, len), "the stream's result");
    expect(memcmp(out, want, room_of(s, len)) == 0, "its bytes");
    s->calls->destroy(h);
}

/*
 * The kernel verifies the tag of authenc() before it looks at the text: a message that has lost its end on the way is a
 * wrong one among others, and does not stop them.
 */
static void cut_short(const void *subject)
{
    const struct subject *s = subject;
    handle *h = handle_of(s, 0, s->tag, s->aad, KCAPI_INIT_AIO);
    size_t len = good(s), sealed = room_of(s, len);
    uint8_t iv[IV_MAX], message[ROOM], out[3 * ROOM] = { 0 };
    struct iovec in[3], to[3];

    iv_of(s, 1, iv);
    expect_int(s->calls->whole[ENCRYPT](h, data, len, iv, message, sealed, 0), (ssize_t)sealed, "a message");
    expect_int(s->calls->whole[DECRYPT](h, message, sealed - 1, iv, out, len, 0), -EBADMSG, "without its end");
    for (size_t i = 0; i < 3; i++) {
        in[i] = (struct iovec){ message, i == 1 ? sealed - 1 : sealed };
        to[i] = (struct iovec){ out + i * ROOM, len };
    }
    expect_int(s->calls->pairs[DECRYPT](h, in, to, 3, iv, 0), -EBADMSG, "one among others");
    expect(memcmp(out, data, len) == 0 && memcmp(out + 2 * ROOM, data, len) == 0, "the others");
    s->calls->destroy(h);
}

static void test_refusal(const struct subject *s, struct refusal refusal)
{
    for (int pairs = 0; pairs < 2; pairs++) {
        struct job job = { s, refusal, pairs };
        const char *in = pairs ? ", in a batch" : "";

        ok(alone(memory_stays, &job), "%s, %s%s: memory stays", s->name, refusal.what, in);
        if (s->chain == CHAINS)
            ok(alone(chain_stays, &job), "%s, %s%s: the chain goes on", s->name, refusal.what, in);
        ok(alone(result_stays, &job), "%s, %s%s: a stream's result stays", s->name, refusal.what, in);
    }
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 8);
    for (size_t i = 0; i < SUBJECTS; i++) {
        const struct subject *s = &subjects[i];
        size_t aad = s->aad;

        if (!is_there(s)) {
            skip(1, s->name);
            continue;
        }
        test_refusal(s, (struct refusal){ "too little room", aad + GOOD, aad, false, true });
        if (strcmp(s->name, "xts(aes)") == 0)
            test_refusal(s, (struct refusal){ "less than a block", 7, 0, false, false });
        else if (s->unit > 1)
            test_refusal(s, (struct refusal){ "no whole blocks", aad + GOOD + 1, aad, false, false });
        if (strcmp(s->name, "ccm(aes)") == 0)
            test_refusal(s, (struct refusal){ "an IV that is none", GOOD, 0, true, false });
        if (aad > 0)
            test_refusal(s, (struct refusal){ "AAD without an IV", GOOD, 7, false, false });
        if (is_authenc(s->name))
            ok(alone(cut_short, s), "%s, a message without its end", s->name);
        if (is_aead(s))
            test_refusal(s, (struct refusal){ "more AAD than message", GOOD, GOOD + 1, false, false });
    }
    return done_testing();
}
