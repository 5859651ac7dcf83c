/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-limits.c - limits of the system: descriptors, AIO contexts, locked memory, address space
 *
 * Each job of fault-jobs.h runs with a limit that is reached before or while it runs, for some tighter
 * and some wider ones: the result is as without, or the limit's errno, and afterwards all is well.
 */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "fault-series.h"

#define AIO_MAX_NR "/proc/sys/fs/aio-max-nr"

static const struct limit {
    const char *name;
    void (*begin)(int level);
    void (*end)(void);
    int levels;
    int told;
} *limit;

static int level;

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
    static const size_t quantities[] = { 512, 128, 64, 33, 20, 17, 16, 15, 1, 0 };
    void **block;

    set_limit(RLIMIT_AS, (rlim_t)number_in("/proc/self/statm") * PAGE);
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

/* Those that no errno tells of have no part in the result. */
static const struct limit limits[] = {
    { "RLIMIT_NOFILE", begin_descriptors, end_descriptors, 7, EMFILE },
    { "RLIMIT_AS", begin_space, end_space, 10, ENOMEM },
    { "RLIMIT_MEMLOCK", begin_locked, end_locked, 1, 0 },
    { "fs.aio-max-nr", begin_contexts, end_contexts, 1, 0 },
};
enum { LIMITS = sizeof(limits) / sizeof(limits[0]) };

static void choose(int number) { level = number; }

static void begin_faults(void)
{
    if (level >= 0)
        limit->begin(level);
}

static void end_faults(void)
{
    if (level >= 0)
        limit->end();
}

static void test_limit(void)
{
    int bad = 0;

    for (int i = 0; i < JOBS; i++) {
        struct series s = { &jobs[i], limit->name, choose, limit->levels, limit->told, { 0 } };

        if (series_reference(&s)) {
            bad += series_run(&s);
        } else {
            bad++;
            diag("%s: without limits", jobs[i].name);
        }
    }
    ok(bad == 0, "%s, %d jobs", limit->name, JOBS);
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
    plan(LIMITS);
    for (limit = limits; limit < limits + LIMITS; limit++) {
        if (limit->begin == begin_contexts && !can_set_aio_max_nr())
            skip(1, AIO_MAX_NR " cannot be set here, or nobody would ask");
        else
            test_limit();
    }
    return tap_status();
}
