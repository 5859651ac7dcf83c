/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-limits.c - limits of the system: descriptors, AIO contexts, locked memory, address space
 *
 * Each job of fault-jobs.h runs with a limit that is reached before or while it runs, for some
 * tighter and some wider ones: the result is as without, or the limit's errno, and afterwards all
 * is well.
 *
 * needs: exec uninstrumented
 */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "fault-series.h"

#define AIO_MAX_NR "/proc/sys/fs/aio-max-nr"

static struct rlimit before;

static void set_limit(int resource, rlim_t to)
{
    struct rlimit tight;

    if (getrlimit(resource, &before))
        bail_out("getrlimit: %s", strerror(errno));
    tight = before;
    tight.rlim_cur = to;
    if (setrlimit(resource, &tight))
        bail_out("setrlimit: %s", strerror(errno));
}

/* So many more descriptors than there are. */
static void begin_descriptors(int more)
{
    int next = dup(STDOUT_FILENO);

    close(next);
    set_limit(RLIMIT_NOFILE, (rlim_t)(next + more));
}

static void end_descriptors(void) { setrlimit(RLIMIT_NOFILE, &before); }

static void begin_locked(int unused)
{
    (void)unused;
    set_limit(RLIMIT_MEMLOCK, 0);
}

static void end_locked(void) { setrlimit(RLIMIT_MEMLOCK, &before); }

/* Takes all memory that is left and gives a little back, in one piece. */
static void *taken;

static void begin_space(int quantity)
{
    static const size_t quantities[] = { 512, 64, 17, 15, 0 };
    void **block;

    set_limit(RLIMIT_AS, (rlim_t)number_in("/proc/self/statm") * page_size());
    while ((block = malloc(KIB - 16))) {
        *block = taken;
        taken = block;
    }
    for (size_t i = 0; i < quantities[quantity] && taken; i++) {
        block = taken;
        taken = *block;
        free(block);
    }
}

static void end_space(void)
{
    setrlimit(RLIMIT_AS, &before);
    while (taken) {
        void **block = taken;

        taken = *block;
        free(block);
    }
}

static char aio_max_nr[32];

static void set_aio_max_nr(const char *value)
{
    int fd = open(AIO_MAX_NR, O_WRONLY);

    if (fd < 0 || write(fd, value, strlen(value)) < 0)
        bail_out(AIO_MAX_NR ": %s", strerror(errno));
    close(fd);
}

static void begin_contexts(int unused)
{
    (void)unused;
    set_aio_max_nr("0");
}

static void end_contexts(void) { set_aio_max_nr(aio_max_nr); }

/* Levels of a limit, and the errno that tells of it; 0: it has no part in the result. */
static const struct limit {
    void (*begin)(int level);
    void (*end)(void);
    int levels;
    int told;
} limits[] = {
    { begin_descriptors, end_descriptors, 4, EMFILE },
    { begin_space, end_space, 5, ENOMEM },
    { begin_locked, end_locked, 1, 0 },
    { begin_contexts, end_contexts, 1, 0 },
};

static size_t limits_here = sizeof(limits) / sizeof(limits[0]);

/* What was chosen. */
static const struct limit *limit;
static int level;

static void choose(int number)
{
    limit = NULL;
    for (size_t i = 0; number >= 0 && i < limits_here; number -= limits[i++].levels) {
        limit = &limits[i];
        level = number;
    }
}

static int faults(void)
{
    int count = 0;

    for (size_t i = 0; i < limits_here; i++)
        count += limits[i].levels;
    return count;
}

static int told_by(int number)
{
    choose(number);
    return limit->told;
}

static void begin_faults(void)
{
    if (limit)
        limit->begin(level);
}

static void end_faults(void)
{
    if (limit)
        limit->end();
}

/* Whether the test may change it, and whether it matters. */
static bool can_set_aio_max_nr(void)
{
    const char *engine = getenv("KCAPI_ENGINE");
    int fd = engine && strcmp(engine, "user") == 0 ? -1 : open(AIO_MAX_NR, O_RDWR);
    ssize_t len = fd < 0 ? -1 : read(fd, aio_max_nr, sizeof(aio_max_nr) - 1);

    if (fd >= 0)
        close(fd);
    return len > 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP the limits would be valgrind's too");
        return 0;
    }
    without_tcache(argv);
    series_begin();
    plan(JOBS + 1);
    if (can_set_aio_max_nr()) {
        ok(true, AIO_MAX_NR " is one of the limits");
    } else {
        skip(1, AIO_MAX_NR " cannot be set here, or nobody would ask");
        limits_here--;
    }
    for (int i = 0; i < JOBS; i++)
        ok(series_run(&jobs[i]) == 0, "%s: %d limits", jobs[i].name, faults());
    return tap_status();
}
