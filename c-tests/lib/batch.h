/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * batch.h - arrays of input and output IOVECs for the AIO functions, with guards around each IOVEC
 *
 * The input is one run of bytes, dealt out to the IOVECs in order; the output is gathered to one
 * run again. So a chain of IOVECs can be judged like one long operation.
 */
#ifndef BATCH_H
#define BATCH_H

#include <sys/uio.h>

#include "fill.h"

#define GUARD 48u
#define GUARD_BYTE 0xa5

struct batch {
    size_t n;
    size_t in_total, out_total;
    size_t slot; /* the bytes from one IOVEC to the next */
    struct iovec *in, *out;
    uint8_t *in_bytes, *out_bytes;
};

/* How the lengths of n IOVECs go: len[0], len[1] ... and again from the start. */
struct lengths {
    const char *name;
    size_t count;
    size_t len[6];
};

/* The output of each IOVEC is `more` longer than its input: the tag's length, or less, or 0. */
static inline void batch_init(struct batch *b, size_t n, const struct lengths *l, int more)
{
    size_t most = 0;

    for (size_t i = 0; i < l->count; i++)
        most = l->len[i] > most ? l->len[i] : most;
    b->n = n;
    b->in_total = b->out_total = 0;
    b->slot = (GUARD + most + (more > 0 ? (size_t)more : 0) + GUARD + 15) / 16 * 16;
    b->in = calloc(n ? n : 1, sizeof(*b->in));
    b->out = calloc(n ? n : 1, sizeof(*b->out));
    b->in_bytes = malloc(n * b->slot + 1);
    b->out_bytes = malloc(n * b->slot + 1);
    if (!b->in || !b->out || !b->in_bytes || !b->out_bytes)
        bail_out("no memory for %zu IOVECs", n);
    memset(b->in_bytes, GUARD_BYTE, n * b->slot);
    memset(b->out_bytes, GUARD_BYTE, n * b->slot);
    for (size_t i = 0; i < n; i++) {
        b->in[i].iov_base = b->in_bytes + i * b->slot + GUARD;
        b->in[i].iov_len = l->len[i % l->count];
        b->out[i].iov_base = b->out_bytes + i * b->slot + GUARD;
        b->out[i].iov_len = b->in[i].iov_len + (size_t)more;
        b->in_total += b->in[i].iov_len;
        b->out_total += b->out[i].iov_len;
    }
}

static inline void batch_free(struct batch *b)
{
    free(b->in);
    free(b->out);
    free(b->in_bytes);
    free(b->out_bytes);
}

static inline void batch_deal(struct batch *b, const uint8_t *bytes)
{
    for (size_t i = 0; i < b->n; i++) {
        memcpy(b->in[i].iov_base, bytes, b->in[i].iov_len);
        bytes += b->in[i].iov_len;
    }
}

static inline void gather(const struct iovec *iov, size_t n, uint8_t *bytes)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(bytes, iov[i].iov_base, iov[i].iov_len);
        bytes += iov[i].iov_len;
    }
}

/* In place: every output begins where its input does. */
static inline void batch_in_place(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        b->out[i].iov_base = b->in[i].iov_base;
}

/* Nothing outside the IOVECs was written to. In place, an IOVEC is the longer of its two. */
static inline bool batch_guarded(const struct batch *b)
{
    bool intact = true;

    for (size_t i = 0; i < b->n; i++) {
        const uint8_t *in_slot = b->in_bytes + i * b->slot, *out_slot = b->out_bytes + i * b->slot;
        bool in_place = b->n && b->out[i].iov_base == b->in[i].iov_base;
        size_t in_end = GUARD + b->in[i].iov_len, out_end = GUARD + b->out[i].iov_len;

        if (in_place)
            in_end = in_end > out_end ? in_end : out_end;
        intact &= all_are(in_slot, GUARD_BYTE, GUARD);
        intact &= all_are(in_slot + in_end, GUARD_BYTE, b->slot - in_end);
        intact &= all_are(out_slot, GUARD_BYTE, in_place ? b->slot : GUARD);
        if (!in_place)
            intact &= all_are(out_slot + out_end, GUARD_BYTE, b->slot - out_end);
    }
    return intact;
}

#endif
