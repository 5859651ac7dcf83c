/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * model.h - schedules of random calls: what was called last, the memory that calls may write to, errno
 *
 * A schedule has a process of its own, and sometimes a child. What is wrong ends the process. All
 * memory that calls are given is in one arena, of which the model knows every byte: so inputs, what
 * is around buffers and what is behind results are checked with the results.
 */
#ifndef MODEL_H
#define MODEL_H

#include <errno.h>
#include <sys/mman.h>

#include "alone.h"
#include "fill.h"
#include "random.h"

enum { LINES = 90, LINE = 160, CANARY = 64, ARENA = 320 * KIB, UNTOUCHED = 4242 };

/* Shared memory, so that it is there after a crash. */
struct log {
    char line[LINES][LINE];
    unsigned count;
};

static struct log *logs; /* of a schedule's first process, and of its child */
static int me;

static inline void prepare_logs(void)
{
    if (!logs)
        logs = mmap(NULL, 2 * sizeof(*logs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(logs, 0, 2 * sizeof(*logs));
}

static inline void show_logs(void)
{
    for (int i = 0; i < 2; i++) {
        unsigned count = logs[i].count;

        if (count > 0)
            diag("the last calls%s:", i ? " of the child" : "");
        for (unsigned j = count > LINES ? count - LINES : 0; j < count; j++)
            diag("  %u: %s", j, logs[i].line[j % LINES]);
    }
}

/* What is about to be called. */
TAP_PRINTF(1, 2) static inline void say(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(logs[me].line[logs[me].count++ % LINES], LINE, fmt, args);
    va_end(args);
}

/* Adds to the last line. */
TAP_PRINTF(1, 2) static inline void add(const char *fmt, ...)
{
    char *line = logs[me].line[(logs[me].count - 1) % LINES];
    size_t len = strlen(line);
    va_list args;

    va_start(args, fmt);
    vsnprintf(line + len, LINE - len, fmt, args);
    va_end(args);
}

TAP_PRINTF(2, 3) static inline void check(bool held, const char *fmt, ...)
{
    va_list args;

    if (held)
        return;
    va_start(args, fmt);
    diag("call %u%s:", logs[me].count - 1, me ? " of the child" : "");
    tap_vdiag(fmt, args);
    va_end(args);
    fflush(NULL);
    _exit(1);
}

/* A call's result: errno tells of a failure, and is left alone by success. */
#define CALL(call) called((errno = UNTOUCHED, (ssize_t)(call)))

static inline ssize_t called(ssize_t ret)
{
    int after = errno;

    add(" = %zd", ret);
    check(after == (ret < 0 ? (int)-ret : UNTOUCHED), "errno is %d", after);
    return ret;
}

/* Errors that a call may end with; with none of them it succeeds. */
struct errors {
    int list[6];
    size_t count;
};

static inline void may_be(struct errors *e, bool applies, int error)
{
    if (applies)
        e->list[e->count++] = error;
}

static inline bool is_one_of(const struct errors *e, ssize_t ret)
{
    for (size_t i = 0; i < e->count; i++)
        if (ret == e->list[i])
            return true;
    return false;
}

static uint8_t arena_now[ARENA], arena_want[ARENA];
static size_t arena_used;

static inline void arena_begin(void)
{
    memset(arena_now, 0xc5, arena_used + CANARY);
    arena_used = CANARY;
}

/* Memory of its own, with a gap behind it. */
static inline uint8_t *take(size_t len)
{
    uint8_t *bytes = arena_now + arena_used;

    arena_used += len + 16 + below(32);
    if (arena_used + CANARY > ARENA)
        bail_out("the arena is too small");
    return bytes;
}

static inline uint8_t *take_random(size_t len)
{
    uint8_t *bytes = take(len);

    fill(bytes, len, below(1u << 30));
    return bytes;
}

/* All buffers are filled: it is to stay so, but for what wanted() changes. */
static inline void arena_ready(void) { memcpy(arena_want, arena_now, arena_used + CANARY); }
static inline uint8_t *wanted(const void *bytes)
{
    return arena_want + ((const uint8_t *)bytes - arena_now);
}

/* What a failed call has left in an output is nobody's business. */
static inline void any(const struct iovec *iov, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *base = iov[i].iov_base;

        if (base >= arena_now && base < arena_now + ARENA)
            memcpy(wanted(base), base, iov[i].iov_len);
    }
}

static inline void arena_check(const char *what)
{
    for (size_t i = 0; i < arena_used + CANARY; i++)
        check(arena_now[i] == arena_want[i], "%s: byte %zu of the arena is %02x, not %02x", what, i,
              arena_now[i], arena_want[i]);
}

/* Cuts len bytes into 1 to max IOVECs; of inputs some are empty. */
static inline size_t cut(struct iovec *iov, uint8_t *bytes, size_t len, size_t max)
{
    size_t n = 1 + below((uint32_t)max), done = 0;

    for (size_t i = 0; i < n; i++) {
        size_t now = i == n - 1 ? len - done : below((uint32_t)(len - done) + 1);

        iov[i] = (struct iovec){ bytes + done, now };
        done += now;
    }
    return n;
}

/* Memory that is not there is an error for valgrind, whoever is told of it. */
static inline bool may_lack_memory(void)
{
    return !getenv("KCAPI_VALGRIND");
}

/* A page that nobody can read or write. */
static inline uint8_t *forbidden_page(void)
{
    static uint8_t *page;

    if (!page)
        page = mmap(NULL, page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page;
}

#endif
