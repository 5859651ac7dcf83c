/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * cross.h - random calls, written down: what test-cross-engine is made of
 *
 * The same seed gives the same calls, so that two transcripts can be compared line by line. After an
 * error the contents of an output are nobody's business and are not written down.
 */
#ifndef CROSS_H
#define CROSS_H

#include <errno.h>

#include "random.h"
#include "transcript.h"

#define ARENA (256u * KIB)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t *arena;

/* A length, most often short and a multiple of the block. */
static inline size_t random_len(size_t block)
{
    size_t unit = block < 2 ? 16 : block;

    switch (below(12)) {
    case 0: return below(300);
    case 1: return below(9000);
    case 2: return below(4000) * unit % 66000 / unit * unit;
    case 3: return below(40);
    default: return below(12) * unit;
    }
}

/* Where input and output of one call are: apart, the same, or overlapping by some bytes. */
struct place {
    uint8_t *in, *out;
    size_t used;
};

static inline struct place random_place(size_t len)
{
    struct place p = { arena + 4096 + below(16), NULL, 0 };

    switch (below(4)) {
    case 0: p.out = p.in; break;
    case 1: p.out = p.in + below(100); break;
    case 2: p.out = p.in - below(100); break;
    default: p.out = p.in + len + 64 + below(16);
    }
    p.used = 4096 + 2 * len + 512;
    fill(arena, p.used, below(1u << 30));
    return p;
}

/* Cuts len bytes into at most max IOVECs, as input some of them empty; returns how many. */
static inline size_t random_cut(struct iovec *iov, uint8_t *bytes, size_t len, size_t max,
                                bool output)
{
    size_t n = 1 + below((uint32_t)max), done = 0;

    if (output && n > len)
        n = 1;

    for (size_t i = 0; i < n; i++) {
        size_t left = len - done, others = output ? n - 1 - i : 0;
        size_t piece = i == n - 1 ? left : below((uint32_t)(left - others) + !output) + output;

        iov[i].iov_base = bytes + done;
        iov[i].iov_len = piece;
        done += piece;
    }
    return n;
}

static inline struct kcapi_handle *random_handle(struct kcapi_handle *handle)
{
    return reinit(handle, one_in(2) ? KCAPI_INIT_AIO : 0);
}

typedef ssize_t (*stream_send)(struct kcapi_handle *, struct iovec *, size_t);

/*
 * Random stream calls on a handle of its own. `more` and `used` follow what the kernel has, since op
 * waits when it has less than a unit, which may be 64 bytes. An error ends the stream.
 */
struct stream {
    struct kcapi_handle *handle;
    bool begun, more, aead;
    size_t used;
};

static inline bool stream_receive(struct stream *s, ssize_t (*op)(struct kcapi_handle *,
                                                                 struct iovec *, size_t))
{
    struct iovec iov[4];
    size_t room;
    ssize_t ret;

    if (!s->begun || (s->more && (s->aead || s->used < 64)))
        return true;
    room = one_in(3) ? below((uint32_t)s->used + 80) + 1 : s->used + below(64) + 32;
    /* Room for less than a unit, and than there is, is -EINVAL; on Linux 6.1 the result is 0. */
    if (!s->aead && room < 64 && room < s->used)
        room = 64;
    memset(arena, 0xa5, room + 64);
    ret = op(s->handle, iov, random_cut(iov, arena, room, 4, true));
    record(ret, arena, room + 64, "op %zu", room);
    if (ret < 0)
        return false;
    s->used = s->aead ? 0 : s->used - (size_t)ret;
    if (s->used == 0)
        s->begun = s->more;
    return true;
}

static inline void stream_data(struct iovec *iov, size_t *n, size_t *len, size_t block)
{
    *len = one_in(4) ? 0 : random_len(block) % 5000;
    fill(arena, *len, below(1u << 30));
    *n = one_in(6) && *len == 0 ? 0 : random_cut(iov, arena, *len, 4, false);
}

static inline bool stream_sent(struct stream *s, const char *what, ssize_t ret, size_t len,
                               bool more)
{
    record(ret, NULL, 0, "%s %zu", what, len);
    if (ret < 0)
        return false;
    /* A stream that begins gives up what was in the one before. */
    if (strncmp(what, "init", 4) == 0)
        s->used = 0;
    s->used += len;
    s->begun = true;
    s->more = more;
    return true;
}

#endif
