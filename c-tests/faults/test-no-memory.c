/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-no-memory.c - malloc(3) that has only so much: -ENOMEM or the right result, never an abort
 *
 * Each job of fault-jobs.h runs once to see how its need for memory rises with each allocation, and
 * then for each of these steps with as much as that step takes, and with one byte less.
 *
 * needs: exec uninstrumented
 */
#define _GNU_SOURCE
#include "tap.h"

#ifndef __GLIBC__
int main(void)
{
    puts("1..0 # SKIP glibc's own malloc(3) is under the test's");
    return 0;
}
#else

#include <limits.h>
#include <stdatomic.h>

#include "fault-series.h"

enum { STEPS_MOST = 4096 };

static bool limited;
static atomic_long used;
/* NOTED: there is none, and the steps are noted. */
static long limit;

enum { NOTED = -1 };

/* How the need for memory rises. */
static struct steps {
    int count;
    long at[STEPS_MOST];
} *steps;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static bool admit(long size)
{
    long now = atomic_fetch_add(&used, size) + size;

    if (!limited)
        return true;
    if (limit == NOTED) {
        if (steps->count < STEPS_MOST)
            steps->at[steps->count++] = now;
        return true;
    }
    if (now <= limit)
        return true;
    atomic_fetch_sub(&used, size);
    errno = ENOMEM;
    return false;
}

/* What malloc(3) gave may be a little more than what was asked for. */
static void *note(void *memory, size_t size)
{
    atomic_fetch_add(&used, (memory ? (long)malloc_usable_size(memory) : 0) - (long)size);
    return memory;
}

void *malloc(size_t size) { return admit((long)size) ? note(__libc_malloc(size), size) : NULL; }

void free(void *memory)
{
    atomic_fetch_sub(&used, memory ? (long)malloc_usable_size(memory) : 0);
    __libc_free(memory);
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || !admit((long)bytes))
        return NULL;
    return note(__libc_calloc(count, size), bytes);
}

void *realloc(void *memory, size_t size)
{
    long before = memory ? (long)malloc_usable_size(memory) : 0;
    void *moved;

    if (!admit((long)size))
        return NULL;
    moved = note(__libc_realloc(memory, size), size);
    atomic_fetch_sub(&used, moved ? before : 0);
    return moved;
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (!admit((long)size))
        return ENOMEM;
    *memory = note(__libc_memalign(alignment, size), size);
    return *memory ? 0 : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    void *memory = NULL;

    return posix_memalign(&memory, alignment, size) ? NULL : memory;
}

static void begin_faults(void)
{
    atomic_store(&used, 0);
    limited = true;
}

static void end_faults(void) { limited = false; }

/* Two for each step. */
static void choose(int number)
{
    if (number == NO_FAULT)
        limit = LONG_MAX;
    else if (number == REFERENCE)
        limit = NOTED;
    else
        limit = steps->at[number / 2] - number % 2;
}

static int faults(void) { return 2 * steps->count; }

static int told_by(int number)
{
    (void)number;
    return ENOMEM;
}

int main(int argc, char **argv)
{
    (void)argc;
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP malloc(3) is valgrind's own");
        return 0;
    }
    without_tcache(argv);
    series_begin();
    steps = share(sizeof(*steps));
    plan(JOBS);
    for (int i = 0; i < JOBS; i++) {
        steps->count = 0;
        int bad = series_run(&jobs[i]);

        ok(bad == 0, "%s: %d allocations", jobs[i].name, steps->count);
    }
    return tap_status();
}

#endif
