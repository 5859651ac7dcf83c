/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * needles.h - looks for secrets in all memory of the process that can be written to
 *
 * Secrets are known here by their words of 8 bytes, each XORed with MASK: the search finds what others
 * have left, not itself. A part of a secret is found if it has 15 bytes.
 */
#ifndef NEEDLES_H
#define NEEDLES_H

#include <fcntl.h>
#include <unistd.h>

#include "fill.h"

#define MASK UINT64_C(0x5c39a6c35a93e1d7)

enum { NAME_MAX_LEN = 39, NEEDLES_MAX = 4096, SHOWN = 4 };

struct needle {
    uint64_t word;
    char name[NAME_MAX_LEN + 1];
};

static struct needle needles[NEEDLES_MAX];
static size_t needle_count;

/* Needles by their last 16 bits, as an index that begins with 1. */
static uint16_t needle_first[1 << 16], needle_next[NEEDLES_MAX];

/* A mapping that maps do not tell from its neighbours. */
static const uint8_t *known_stack, *known_stack_end;

static uint64_t bytes_scanned;
static unsigned scans;

static inline uint64_t masked_word(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return word ^ MASK;
}

static inline void add_needle(const struct needle *needle)
{
    uint16_t *first = &needle_first[needle->word & 0xffff];

    if (needle_count + 1 == NEEDLES_MAX)
        bail_out("too many needles");
    needles[needle_count] = *needle;
    needle_next[needle_count] = *first;
    *first = (uint16_t)++needle_count;
}

static inline const struct needle *find_needle(uint64_t masked)
{
    for (uint16_t i = needle_first[masked & 0xffff]; i; i = needle_next[i - 1])
        if (needles[i - 1].word == masked)
            return &needles[i - 1];
    return NULL;
}

typedef void mapping_visitor(const uint8_t *start, const uint8_t *end, const char *what);

/* Gives all memory of the process that can be written to, and that it does not share, to `visit`.
 * Without malloc(3), which would write over what was left. */
static inline void each_mapping(mapping_visitor *visit)
{
    static char maps[1 << 16];
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got;

    while (fd >= 0 && (got = read(fd, maps + len, sizeof(maps) - 1 - len)) > 0)
        len += (size_t)got;
    if (fd < 0 || len == 0 || len == sizeof(maps) - 1)
        bail_out("/proc/self/maps cannot be read");
    close(fd);
    maps[len] = '\0';
    for (char *line = maps, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        char rights[5], what[40] = "memory without a name";
        unsigned long first, last;

        *end = '\0';
        if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %39s", &first, &last, rights, what) < 3)
            bail_out("not a mapping: %s", line);
        if (strcmp(rights, "rw-p") == 0)
            visit((const uint8_t *)first, (const uint8_t *)last, what);
    }
}

static struct {
    const char *when;
    unsigned found;
} searched;

/* The search in one mapping. */
static inline void search_mapping(const uint8_t *start, const uint8_t *end, const char *what)
{
    const uint8_t *last = NULL;
    char where[80];

    for (const uint8_t *p = start; p + 8 <= end; p++) {
        const struct needle *needle = find_needle(masked_word(p));

        if (!needle)
            continue;
        if (known_stack <= p && p < known_stack_end)
            snprintf(where, sizeof(where), "%td bytes down the stack", known_stack_end - p);
        else
            snprintf(where, sizeof(where), "in %s", what);
        if (searched.found++ < SHOWN)
            diag("%s: %s %s, %td after the last", searched.when, needle->name, where,
                 last ? p - last : 0);
        last = p;
    }
    bytes_scanned += (uint64_t)(end - start);
}

/* How many words of secrets there are in memory. */
static inline unsigned scan(const char *when)
{
    searched.when = when;
    searched.found = 0;
    each_mapping(search_mapping);
    scans++;
    return searched.found;
}

#endif
