/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-no-memory.c - malloc(3) that has only so much: -ENOMEM or the right result, never an abort
 *
 * Each job of fault-jobs.h runs once to see how its need for memory rises, allocation by allocation,
 * and then for each of these steps with as much as that step takes, and with one byte less.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "fault-round.h"

enum { STEPS_MOST = 4096 };

static bool limited;
static atomic_long used;
static long limit;

/* The steps of the run without a limit, while it is counted. */
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
    if (limit < 0) {
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

/* What the children go through, two limits for each step; -1 is the run without a limit. */
static struct progress {
    int next, bad;
} *progress;

static long limit_of(int number) { return number < 0 ? -1 : steps->at[number / 2] - number % 2; }

static void child(const struct job *job, const struct report *want)
{
    /* The first of many rounds is unlike the others. */
    limit = LONG_MAX;
    if (job->how != COLD)
        round_of(job);
    for (; progress->next < 2 * steps->count; progress->next++) {
        const char *verdict;

        limit = limit_of(progress->next);
        memset(&shared->report, 0, sizeof(shared->report));
        round_of(job);
        if (progress->next < 0) {
            progress->next++;
            break;
        }
        verdict = wrong(want, shared->report.first == -ENOMEM, 0);
        if (verdict) {
            progress->bad++;
            diag("%s: with %ld bytes: %s", job->name, limit, verdict);
        }
        if (job->how == COLD) {
            progress->next++;
            break;
        }
    }
    _exit(0);
}

static void in_process(const struct job *job, const struct report *want)
{
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        bail_out("fork: %s", strerror(errno));
    if (pid == 0)
        child(job, want);
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    diag("%s: with %ld bytes: %s", job->name, limit_of(progress->next),
         WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "ended early");
    progress->bad++;
    progress->next++;
}

static void test_job(const struct job *job)
{
    struct report want;

    steps->count = 0;
    *progress = (struct progress){ .next = -1 };
    shared->known = false;
    in_process(job, NULL);
    want = shared->report;
    shared->known = true;
    if (!is_reference(&want)) {
        ok(false, "%s: with enough memory", job->name);
        return;
    }
    while (progress->next < 2 * steps->count)
        in_process(job, &want);
    ok(progress->bad == 0, "%s: %d allocations, %d limits", job->name, steps->count, progress->next);
}

static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        bail_out("mmap: %s", strerror(errno));
    return memory;
}

int main(int argc, char **argv)
{
    (void)argc;
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP malloc(3) is valgrind's own");
        return 0;
    }
    without_tcache(argv);
    shared = share(sizeof(*shared));
    steps = share(sizeof(*steps));
    progress = share(sizeof(*progress));
    plan(JOBS);
    for (int i = 0; i < JOBS; i++)
        test_job(&jobs[i]);
    return tap_status();
}
