/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A stream was given up, and a one-shot or AIO call on the same handle got its data, too: wrong bytes
 * as success. A whole message with an IV goes alone; without one it is -EINVAL, and the stream
 * stays. Where all was read, the same operation goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>

#include "alone.h"
#include "subjects.h"

enum { AAD = 16, PIECE = 48, LEN = 256, ROOM = LEN + TAG_MAX };

static uint8_t stream_data[LEN], data[LEN + TAG_MAX];

struct job {
    const struct subject *s;
    uint32_t flags;
    size_t pairs; /* 0: a one-shot */
    bool complete, decrypt_first;
};

/* A whole message of pairs of the same length, or a one-shot. */
static ssize_t whole(const struct job *job, handle *h, enum direction direction, size_t len,
                     const uint8_t *iv, uint8_t *out, size_t room)
{
    struct iovec in[8], to[8];

    if (job->pairs == 0)
        return job->s->calls->whole[direction](h, data, len, iv, out, room, 0);
    for (size_t i = 0; i < job->pairs; i++) {
        in[i] = (struct iovec){ data + len / job->pairs * i, len / job->pairs };
        to[i] = (struct iovec){ out + room / job->pairs * i, room / job->pairs };
    }
    return job->s->calls->pairs[direction](h, in, to, job->pairs, iv, 0);
}

static void send(const struct job *job, handle *h)
{
    const struct family *f = job->s->calls;
    struct iovec iov = { stream_data, PIECE };
    uint8_t iv[IV_MAX];

    expect_int(f->start[job->decrypt_first ? DECRYPT : ENCRYPT](h, iv_of(job->s, 1, iv), &iov, 1),
               PIECE, "a stream");
    expect_int((job->complete ? f->update_last : f->update)(h, &iov, 1), PIECE, "more of it");
}

static void alone_with_iv(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    size_t aad = is_aead(s) ? AAD : 0;
    handle *h = handle_of(s, 0, s->tag, aad, job->flags);
    uint8_t iv[IV_MAX];

    iv_of(s, 2, iv);
    for (size_t len = 32; len <= LEN; len += 32) {
        size_t pairs = job->pairs ? job->pairs : 1;

        /* The length of each pair is to be a multiple of a block, and to have room for its AAD. */
        if (len / pairs % 16 != 0 || len / pairs < aad)
            continue;
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            handle *other = handle_of(s, 0, s->tag, aad, job->flags);
            uint8_t want[ROOM * 8] = { 0 }, out[ROOM * 8] = { 0 };
            ssize_t right = whole(job, other, (enum direction)direction, len, iv, want, sizeof(out));
            ssize_t ret;

            send(job, h);
            ret = whole(job, h, (enum direction)direction, len, iv, out, sizeof(out));
            expect(ret == right, "%zu bytes: %zd, not %zd", len, ret, right);
            expect(right < 0 || !memcmp(out, want, sizeof(out)), "%zu bytes: WRONG", len);
            memset(out, 0, sizeof(out));
            memset(want, 0, sizeof(want));
            right = whole(job, other, ENCRYPT, len, iv, want, sizeof(out));
            ret = whole(job, h, ENCRYPT, len, iv, out, sizeof(out));
            expect(ret == right && !memcmp(out, want, sizeof(out)), "the next %zu bytes", len);
            s->calls->destroy(other);
        }
    }
    s->calls->destroy(h);
}

/* The stream's own result, after what is refused. */
static void stays_without_iv(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    size_t aad = is_aead(s) ? AAD : 0, len = 2 * PIECE;
    handle *h = handle_of(s, 0, s->tag, aad, job->flags);
    uint8_t iv[IV_MAX], twice[2 * PIECE], want[ROOM], out[ROOM * 8];
    struct iovec to = { out, len + s->tag };

    memcpy(twice, stream_data, PIECE);
    memcpy(twice + PIECE, stream_data, PIECE);
    alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv_of(s, 1, iv), twice, len, want);
    send(job, h);
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        struct iovec iov = { stream_data, PIECE };

        expect_int(whole(job, h, (enum direction)direction, 128, NULL, out, sizeof(out)), -EINVAL,
                   "a whole message without IV");
        expect_int(s->calls->start[direction](h, NULL, &iov, 1), -EINVAL, "a stream without IV");
    }
    if (!job->complete)
        expect_int(s->calls->update_last(h, NULL, 0), 0, "the stream's end");
    expect_int(s->calls->op(h, &to, 1), (ssize_t)(len + s->tag), "its result");
    expect(memcmp(out, want, len + s->tag) == 0, "its bytes");
    s->calls->destroy(h);
}

/* A stream that was begun anew, or refused: a complete one must be read first. */
static void another_stream(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    size_t aad = is_aead(s) ? AAD : 0;
    handle *h = handle_of(s, 0, s->tag, aad, job->flags);
    uint8_t iv[IV_MAX], want[ROOM], out[ROOM];
    struct iovec in = { data, 64 }, to = { out, 64 + s->tag };

    alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv_of(s, 2, iv), data, 64, want);
    send(job, h);
    if (job->complete) {
        struct iovec all = { out, 2 * PIECE + s->tag };

        expect_int(s->calls->start[ENCRYPT](h, iv, &in, 1), -EINVAL, "a stream before it is read");
        expect_int(s->calls->start[ENCRYPT](h, iv, NULL, 0), -EINVAL, "one of nothing");
        expect_int(s->calls->op(h, &all, 1), (ssize_t)all.iov_len, "the first one's result");
    }
    expect_int(s->calls->start[ENCRYPT](h, iv, &in, 1), 64, "another stream");
    expect_int(s->calls->update_last(h, NULL, 0), 0, "its end");
    expect_int(s->calls->op(h, &to, 1), (ssize_t)(64 + s->tag), "its result");
    expect(memcmp(out, want, 64 + s->tag) == 0, "its bytes");
    s->calls->destroy(h);
}

/* Everything was read: the chain goes on in a whole message, and in another stream. */
static void goes_on(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    size_t third = PIECE;
    handle *h = handle_of(s, 0, 0, 0, job->flags);
    uint8_t iv[IV_MAX], all[3 * PIECE], want[3 * PIECE], out[3 * PIECE];
    struct iovec in = { all, third }, to = { out, third };
    struct job one = { s, job->flags, job->pairs, false, false };

    memcpy(all, stream_data, third);
    memcpy(all + third, data, third);
    memcpy(all + 2 * third, stream_data, third);
    alone_on_a_handle(s, 0, 0, 0, ENCRYPT, iv_of(s, 1, iv), all, sizeof(all), want);
    expect_int(s->calls->start[ENCRYPT](h, iv, &in, 1), PIECE, "a stream");
    expect_int(s->calls->op(h, &to, 1), PIECE, "its result");
    expect_int(whole(&one, h, ENCRYPT, third, NULL, out + third, third), PIECE, "a message");
    in.iov_base = all + 2 * third;
    to.iov_base = out + 2 * third;
    expect_int(s->calls->start[ENCRYPT](h, NULL, &in, 1), PIECE, "another stream without IV");
    expect_int(s->calls->op(h, &to, 1), PIECE, "its result");
    expect(memcmp(out, want, sizeof(out)) == 0, "all is one chain");
    s->calls->destroy(h);
}

/* What follows an empty message, whose result nobody has read, is a stream like any other. */
static void after_an_empty_message(const void *arg)
{
    const struct subject *s = arg;
    const struct family *f = s->calls;
    handle *h = handle_of(s, 0, s->tag, 0, 0);
    struct iovec empty = { data, 0 }, piece = { data, PIECE }, end = { data + PIECE, PIECE };
    uint8_t iv[IV_MAX], out[ROOM], want[ROOM];
    ssize_t len = 2 * PIECE + (is_aead(s) ? (ssize_t)s->tag : 0);
    struct iovec to = { out, (size_t)len };

    iv_of(s, 2, iv);
    expect_int(f->whole[ENCRYPT](h, data, 2 * PIECE, iv, want, (size_t)len, 0), len, "one message");
    expect_int(f->start[ENCRYPT](h, iv, &empty, 1), 0, "a stream");
    expect_int(f->update_last(h, &empty, 1), 0, "without data");
    expect_int(f->start[DECRYPT](h, iv, &piece, 1), PIECE, "a second one");
    expect_int(f->start[ENCRYPT](h, iv, &piece, 1), PIECE, "a third one gives it up");
    expect_int(f->update_last(h, &end, 1), PIECE, "its end");
    expect_int(f->op(h, &to, 1), len, "its result");
    expect(memcmp(out, want, (size_t)len) == 0, "as of one message");
    f->destroy(h);
}

/*
 * After the whole message that gave it up, the stream went on: with that message's IV, which encrypted two messages
 * then, and in its direction. Who asked for the stream's result waited for ever.
 */
static void nothing_of_it_goes_on(const void *arg)
{
    const struct job *job = arg;
    const struct subject *s = job->s;
    const struct family *f = s->calls;
    size_t aad = is_aead(s) ? AAD : 0;
    uint8_t iv[IV_MAX], want[ROOM], out[ROOM];
    struct iovec piece = { stream_data, PIECE }, first = { data, 64 }, all = { out, ROOM };
    struct iovec to = { out, 64 + s->tag };
    enum { WITHOUT_DATA, IN_PART, READ, COMPLETE, STATES };

    iv_of(s, 2, iv);
    alone_on_a_handle(s, 0, s->tag, aad, ENCRYPT, iv, data, 64, want);
    for (int state = 0; state < STATES; state++) {
        handle *h = handle_of(s, 0, s->tag, aad, job->flags);

        if (state == READ && s->chain != CHAINS)
            state++;
        expect_int(f->start[ENCRYPT](h, iv_of(s, 1, iv), state == WITHOUT_DATA ? NULL : &piece,
                                     state == WITHOUT_DATA ? 0 : 1),
                   state == WITHOUT_DATA ? 0 : PIECE, "a stream");
        if (state == READ)
            expect_int(f->op(h, &all, 1), PIECE, "what there is of its result");
        if (state == COMPLETE)
            expect_int(f->update_last(h, NULL, 0), 0, "its end");
        iv_of(s, 2, iv);
        expect_int(whole(job, h, ENCRYPT, 64, iv, out, 64 + s->tag), (ssize_t)(64 + s->tag), "a message");
        expect_int(f->update(h, &piece, 1), -EINVAL, "a further piece");
        expect_int(f->update_last(h, &piece, 1), -EINVAL, "a last one");
        expect_int(f->op(h, &all, 1), -EINVAL, "the stream's result");
        expect_int(set_key(s, h, 0), 0, "a key");
        expect_int(whole(job, h, ENCRYPT, 64, iv, out, 64 + s->tag), (ssize_t)(64 + s->tag), "another message");
        expect_int(f->op(h, &all, 1), -EINVAL, "the stream's result after it");
        expect_int(f->start[ENCRYPT](h, iv, &first, 1), 64, "another stream");
        expect_int(f->update_last(h, NULL, 0), 0, "its end");
        expect_int(f->op(h, &to, 1), (ssize_t)(64 + s->tag), "its result");
        expect(memcmp(out, want, 64 + s->tag) == 0, "its bytes");
        f->destroy(h);
    }
}

static void test_subject(const struct subject *s)
{
    static const size_t pairs[] = { 0, 1, 2, 4, 8 };
    /* Under valgrind each job takes a second, and there are hundreds. */
    size_t numbers = getenv("KCAPI_VALGRIND") ? 3 : sizeof(pairs) / sizeof(pairs[0]);

    if (!s->aad)
        ok(alone(after_an_empty_message, s), "%s, an empty message, then streams", s->name);
    for (size_t i = 0; i < numbers; i++) {
        for (uint32_t kind = 0; kind < 8; kind++) {
            struct job job = { s, kind & 1 ? KCAPI_INIT_AIO : 0, pairs[i], kind & 2, kind & 4 };

            ok(alone(alone_with_iv, &job), "%s, %s of %scryption, then %zu pairs%s", s->name,
               job.complete ? "all" : "a part", job.decrypt_first ? "de" : "en", pairs[i],
               job.flags ? ", AIO" : "");
        }
        for (uint32_t kind = 0; kind < 2; kind++) {
            struct job job = { s, KCAPI_INIT_AIO, pairs[i], kind, false };

            if (s->chain != NO_IV)
                ok(alone(stays_without_iv, &job), "%s, %s, then %zu pairs without IV", s->name,
                   job.complete ? "all" : "a part", pairs[i]);
            if (pairs[i] == 0)
                ok(alone(another_stream, &job), "%s, %s, then another stream", s->name,
                   job.complete ? "all" : "a part");
            job.flags = kind ? KCAPI_INIT_AIO : 0;
            if (pairs[i] < 2)
                ok(alone(nothing_of_it_goes_on, &job), "%s, then %zu pairs, and nothing of it goes on%s", s->name,
                   pairs[i], job.flags ? ", AIO" : "");
            if (s->chain == CHAINS && pairs[i] < 2)
                ok(alone(goes_on, &job), "%s, all read, then %zu pairs", s->name, pairs[i]);
        }
    }
}

/*
 * A beginning that is refused for its length alone was none, and what came next went on with zeros as its IV and in the
 * other direction, or with the stream before.
 */
static void too_long(const void *subject)
{
    const struct subject *s = subject;
    const struct family *f = s->calls;
    struct iovec long_ones[2] = { { data, INT_MAX }, { data, INT_MAX } }, piece = { data, PIECE };
    uint8_t iv[IV_MAX], out[ROOM];
    struct iovec to = { out, ROOM };
    handle *h;

    iv_of(s, 1, iv);
    for (int begun = 0; begun < 3; begun++) {
        h = handle_of(s, 0, s->tag, is_aead(s) ? AAD : 0, 0);
        if (begun == 1) {
            expect_int(f->whole[ENCRYPT](h, data, LEN, iv, out, ROOM, 0), LEN + s->tag, "a message");
            expect_int(set_key(s, h, 0), 0, "a key");
        }
        if (begun == 2)
            expect_int(f->start[ENCRYPT](h, iv, &piece, 1), PIECE, "an earlier stream");
        expect_int(f->start[ENCRYPT](h, iv, long_ones, 2), -EMSGSIZE, "a beginning that is too long");
        expect_int(f->update(h, &piece, 1), -EINVAL, "a piece behind it");
        expect_int(f->op(h, &to, 1), -EINVAL, "its result");
        expect_int(f->whole[ENCRYPT](h, data, LEN, NULL, out, ROOM, 0), -EINVAL, "a message without an IV");
        expect_int(f->whole[ENCRYPT](h, data, LEN, iv, out, ROOM, 0), LEN + s->tag, "one with an IV");
        kcapi_cipher_destroy(h);
    }
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 8);
    fill(stream_data, sizeof(stream_data), 9);
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (!is_there(&subjects[i])) {
            skip(1, subjects[i].name);
            continue;
        }
        test_subject(&subjects[i]);
        if (subjects[i].ivlen > 0)
            ok(alone(too_long, &subjects[i]), "%s: a beginning that is too long", subjects[i].name);
    }
    return done_testing();
}
