/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* random.h - numbers that are the same for the same seed */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static uint64_t random_state;

static inline void seed_with(const char *name, uint64_t seed)
{
    random_state = 0xcbf29ce484222325u ^ seed;
    for (; *name; name++)
        random_state = (random_state ^ (uint8_t)*name) * 0x100000001b3u;
}

/* xorshift64* */
static inline uint32_t below(uint32_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return limit ? (uint32_t)((random_state * 0x2545f4914f6cdd1du) >> 32) % limit : 0;
}

static inline bool one_in(uint32_t n)
{
    return below(n) == 0;
}

static inline void random_bytes(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)below(256);
}

#endif
