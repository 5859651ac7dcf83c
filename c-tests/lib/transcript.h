/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * transcript.h - one line for each call: what was asked for, what was returned, what was written
 *
 * Nothing in a line may change from run to run: no pointers, no times. The lines of two libraries
 * are compared, so these programs stay clear of what the C library gets wrong or hangs on; the
 * test-* programs do not.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <inttypes.h>
#include <stdarg.h>

#include "fill.h"

/* All of it when short, else its FNV-1a hash. */
static inline void print_bytes(const uint8_t *bytes, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;

    if (len <= 32) {
        for (size_t i = 0; i < len; i++)
            printf("%02x", bytes[i]);
        return;
    }
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    printf("#%016" PRIx64, hash);
}

/* What a call returned and, when that is a success, what `out` of `len` bytes holds after it. */
TAP_PRINTF(4, 5)
static inline void record(ssize_t ret, const uint8_t *out, size_t len, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf(" = %zd ", ret);
    if (ret >= 0 && out)
        print_bytes(out, len);
    printf("\n");
}

#endif
