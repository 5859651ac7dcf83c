/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * alone.h - a job in a process of its own, so that a crash or a wait without end is a result
 *
 *     static void job(const void *arg) { expect(kcapi_... == 16, "what was to be"); }
 *
 *     ok(alone(job, arg), "what the job shows");
 */
#ifndef ALONE_H
#define ALONE_H

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/*
 * Seconds; no job takes one of them, but machines can be busy. Where a test has more time than usual, because
 * the machine is emulated, so has a job.
 */
static inline unsigned int patience(void)
{
    enum { USUALLY = 20 };
    const char *timeout = getenv("KCAPI_TEST_TIMEOUT");
    int tenth = timeout ? atoi(timeout) / 10 : 0;

    return tenth > USUALLY ? (unsigned int)tenth : USUALLY;
}

/* Whether malloc(3) may wait for ever in the child of a process with threads: AddressSanitizer's does. */
#ifdef __SANITIZE_ADDRESS__
static const bool allocator_waits_in_child = true;
#else
static const bool allocator_waits_in_child = false;
#endif

static volatile int unexpected;

/* A check within a job; threads may make it, too. */
TAP_PRINTF(3, 4) static inline bool expect_at(bool held, int line, const char *fmt, ...)
{
    char text[512];
    va_list args;

    if (held)
        return true;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (__atomic_fetch_add(&unexpected, 1, __ATOMIC_RELAXED) < 5)
        diag("line %d: %s", line, text);
    return false;
}

#define expect(cond, ...) expect_at((cond) ? true : false, __LINE__, __VA_ARGS__)
#define expect_int(got, want, what) expect_int_at((got), (want), __LINE__, (what))

static inline bool expect_int_at(long long got, long long want, int line, const char *what)
{
    return expect_at(got == want, line, "%s: %lld, not %lld", what, got, want);
}

/* How a process ended; 0 if well. */
static inline int ending(pid_t child)
{
    int status = -1;

    while (waitpid(child, &status, 0) < 0)
        continue;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        diag("it waits without end");
    else if (WIFSIGNALED(status))
        diag("it died: %s", strsignal(WTERMSIG(status)));
    return status;
}

/* A process that ends with whether its job found nothing unexpected. */
static inline pid_t begin_alone(void (*job)(const void *), const void *arg)
{
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child < 0)
        bail_out("fork");
    if (child > 0)
        return child;
    signal(SIGALRM, SIG_DFL);
    alarm(patience());
    job(arg);
    fflush(NULL);
    _exit(unexpected != 0);
}

static inline bool alone(void (*job)(const void *), const void *arg)
{
    return ending(begin_alone(job, arg)) == 0;
}

#endif
