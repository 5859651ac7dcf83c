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

/* Lengths at which implementations change how they work go up to this. */
enum { LONGEST = 65552, ZONE = 17 * PAGE };

/* Mapped once, since a mapping for each of so many buffers takes minutes. */
struct zone {
    uint8_t *pages; /* ZONE bytes between two pages that cannot be accessed */
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

    if (len > ZONE || fences > sizeof(zones) / sizeof(zones[0]))
        bail_out("too much to fence");
    if (!z->pages) {
        uint8_t *map = mmap(NULL, ZONE + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (map == MAP_FAILED || mprotect(map + PAGE, ZONE, PROT_READ | PROT_WRITE))
            bail_out("no memory between pages");
        z->pages = memset(map + PAGE, FENCE_BYTE, ZONE);
    }
    z->bytes = border == BEFORE_PAGE ? z->pages + ZONE - len : z->pages;
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
        size_t beside = ZONE - z->len;
        uint8_t *start = border == BEFORE_PAGE ? z->pages : z->bytes + z->len;

        if (z->input)
            intact &= memcmp(z->bytes, z->input, z->len) == 0;
        /* A page of it: who writes further than that has not missed an end by a little. */
        if (beside > PAGE && border == BEFORE_PAGE)
            start += beside - PAGE;
        intact &= all_are(start, FENCE_BYTE, beside > PAGE ? PAGE : beside);
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

static inline void series_end(const struct series *s)
{
    ok(s->calls > 0 && s->wrong == 0, "%s: %u calls", s->name, s->calls);
}

#endif
