/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * fence.h - buffers between pages that cannot be accessed
 *
 * A buffer ends where the page behind it begins (BEFORE_PAGE), or begins where the one before it
 * ends (AFTER_PAGE). A program that passes the border dies of SIGSEGV, a kernel that does
 * says -EFAULT. On the other side is memory that belongs to nobody; unfence() looks whether
 * it is as it was, and whether inputs are.
 */
#ifndef FENCE_H
#define FENCE_H

#include <sys/mman.h>

#include "fill.h"

#define FENCE_BYTE 0x5e

enum border { BEFORE_PAGE, AFTER_PAGE, BORDERS };

static enum border border;

/* Lengths at which implementations change how they work go up to LONGEST. So near to a buffer, in bytes, is looked
 * whether anything was written beside it: who writes further has not missed an end by a little. */
enum { LONGEST = 65552, NEAR = 4096 };

/* Mapped once, since a mapping for each of so many buffers takes minutes. */
struct zone {
    uint8_t *pages; /* LONGEST bytes, in whole pages, between two that cannot be accessed */
    uint8_t *bytes;
    const uint8_t *input;
    size_t len;
};

static struct zone zones[24];
static size_t fences;

/* `len` bytes to write to, all FENCE_BYTE. */
static inline uint8_t *fence(size_t len)
{
    struct zone *z = &zones[fences++];
    size_t size = in_whole_pages(LONGEST), page = page_size();

    if (len > size || fences > sizeof(zones) / sizeof(zones[0]))
        bail_out("too much to fence");
    if (!z->pages) {
        uint8_t *map = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (map == MAP_FAILED || mprotect(map + page, size, PROT_READ | PROT_WRITE))
            bail_out("no memory between pages");
        z->pages = memset(map + page, FENCE_BYTE, size);
    }
    z->bytes = border == BEFORE_PAGE ? z->pages + size - len : z->pages;
    z->input = NULL;
    z->len = len;
    return z->bytes;
}

/* A copy of what must be there, unchanged, until unfence(). */
static inline void *fence_input(const void *input, size_t len)
{
    uint8_t *copy = fence(len);

    zones[fences - 1].input = input;
    return memcpy(copy, input, len);
}

/* Ends the life of all fenced buffers. Whether nothing was written to inputs and beside buffers. */
static inline bool unfence(void)
{
    bool intact = true;

    while (fences > 0) {
        struct zone *z = &zones[--fences];
        size_t beside = in_whole_pages(LONGEST) - z->len, near = beside < NEAR ? beside : NEAR;
        uint8_t *start = border == BEFORE_PAGE ? z->pages : z->bytes + z->len;

        if (z->input)
            intact &= memcmp(z->bytes, z->input, z->len) == 0;
        if (border == BEFORE_PAGE)
            start += beside - near;
        intact &= all_are(start, FENCE_BYTE, near);
        memset(z->bytes, FENCE_BYTE, z->len);
    }
    return intact;
}

/* All that are short, then around multiples of a block, then of what is worked on at once. */
static inline size_t next_length(size_t len)
{
    static const size_t longer[] = { 255,  256,  257,  512,   1024,  2047,  2048,
                                     2064, 4095, 4096, 16384, 16385, 65536, LONGEST };

    if (len < 33)
        return len + 1;
    if (len < 145)
        return len % 16 == 1 ? len + 14 : len + 1;
    for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++)
        if (longer[i] > len)
            return longer[i];
    return SIZE_MAX;
}

/* What a series of calls came to; the first that went wrong is described. */
struct series {
    const char *name;
    unsigned calls, wrong;
};

TAP_PRINTF(3, 4)
static inline void call_made(struct series *s, bool right, const char *fmt, ...)
{
    va_list args;

    s->calls++;
    if (!unfence())
        right = false;
    if (right || s->wrong++ > 0)
        return;
    va_start(args, fmt);
    diag("%s, %s a page:", s->name, border == BEFORE_PAGE ? "before" : "after");
    tap_vdiag(fmt, args);
    va_end(args);
}

/*
 * Three requests between pages, one of them another handle's: the array, IVs, inputs, outputs and arrays of IOVECs.
 * `model` is one in ordinary memory, with the result and the output that each must have.
 */
static inline void fenced_requests(struct series *s, const struct kcapi_request *model, struct kcapi_handle *other,
                                   size_t ivlen, bool scattered)
{
    enum { COUNT = 3 };
    struct kcapi_request *r = (struct kcapi_request *)(void *)fence(COUNT * sizeof(*r));
    size_t first_in = scattered ? model->inlen / 3 : model->inlen;
    size_t first_out = scattered ? model->outlen / 2 : model->outlen;
    const uint8_t *input = model->input, *want = model->output;
    struct iovec in[COUNT][2], out[COUNT][2];
    bool right = true;
    ssize_t ret;

    for (size_t i = 0; i < COUNT; i++) {
        in[i][0] = (struct iovec){ fence_input(input, first_in), first_in };
        out[i][0] = (struct iovec){ fence(first_out), first_out };
        r[i] = *model;
        r[i].handle = i == 1 ? other : model->handle;
        r[i].iv = fence_input(model->iv, ivlen);
        r[i].input = in[i][0].iov_base;
        r[i].output = out[i][0].iov_base;
        if (!scattered)
            continue;
        in[i][1] = (struct iovec){ fence_input(input + first_in, model->inlen - first_in), model->inlen - first_in };
        out[i][1] = (struct iovec){ fence(model->outlen - first_out), model->outlen - first_out };
        r[i].flags = KCAPI_REQUEST_IN_IOV | KCAPI_REQUEST_OUT_IOV;
        r[i].input = fence_input(in[i], sizeof(in[i]));
        r[i].output = fence_input(out[i], sizeof(out[i]));
        r[i].inlen = r[i].outlen = 2;
    }
    ret = kcapi_process(r, COUNT, sizeof(*r), 0);
    for (size_t i = 0; i < COUNT; i++)
        right &= r[i].result == model->result &&
                 (model->result < 0 || (memcmp(out[i][0].iov_base, want, first_out) == 0 &&
                                        (!scattered || memcmp(out[i][1].iov_base, want + first_out,
                                                              model->outlen - first_out) == 0)));
    call_made(s, right && ret == (model->result < 0 ? 0 : COUNT), "requests%s, %zu bytes each: %zd, not %zd",
              scattered ? ", scattered" : "", model->inlen, r[0].result, model->result);
}

static inline void series_end(const struct series *s)
{
    ok(s->calls > 0 && s->wrong == 0, "%s: %u calls", s->name, s->calls);
}

#endif
