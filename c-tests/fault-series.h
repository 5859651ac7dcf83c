/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * fault-series.h - a job under one fault after the other, in as few processes as it survives
 *
 * choose(number) makes the next run's fault that number. NO_FAULT: none; REFERENCE: none either, and
 * this is the run that others are compared with.
 */
#ifndef FAULT_SERIES_H
#define FAULT_SERIES_H

#include <sys/mman.h>
#include <sys/wait.h>

#include "fault-round.h"

enum { REFERENCE = -1, NO_FAULT = -2 };

struct series {
    const struct job *job;
    const char *name;
    void (*choose)(int number);
    int count;
    /* The error that tells of the fault. */
    int told;
    struct report want;
};

/* Shared with the children. */
static struct progress {
    int next, bad;
} *progress;

static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        bail_out("mmap: %s", strerror(errno));
    return memory;
}

static void series_begin(void)
{
    shared = share(sizeof(*shared));
    progress = share(sizeof(*progress));
}

static void series_round(const struct series *s)
{
    s->choose(progress->next);
    memset(&shared->report, 0, sizeof(shared->report));
    round_of(s->job);
}

static const char *series_verdict(const struct series *s)
{
    const char *verdict = wrong(&s->want, shared->report.first == -s->told, 0);

    if (verdict || !leaked(&s->want) || s->job->how == COLD)
        return verdict;
    /* What a process keeps for good, it keeps once. */
    series_round(s);
    return leaked(&s->want) ? LEFT_MEMORY : NULL;
}

static void series_child(const struct series *s)
{
    s->choose(NO_FAULT);
    /* The first of many rounds is unlike the others. */
    if (s->job->how != COLD)
        round_of(s->job);
    do {
        const char *verdict;

        series_round(s);
        verdict = progress->next == REFERENCE ? NULL : series_verdict(s);
        if (verdict) {
            progress->bad++;
            diag("%s: %s %d: %s", s->job->name, s->name, progress->next, verdict);
        }
        progress->next++;
    } while (s->job->how != COLD && progress->next > 0 && progress->next < s->count);
    _exit(0);
}

static void series_process(const struct series *s)
{
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        bail_out("fork: %s", strerror(errno));
    if (pid == 0)
        series_child(s);
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    diag("%s: %s %d: %s", s->job->name, s->name, progress->next,
         WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "ended early");
    progress->bad++;
    progress->next++;
}

/* Runs the job without a fault, to know what is right; false if it does not work so. */
static bool series_reference(struct series *s)
{
    *progress = (struct progress){ .next = REFERENCE };
    shared->known = false;
    series_process(s);
    s->want = shared->report;
    shared->known = true;
    return is_reference(&s->want);
}

/* Then with each; how many of them were not dealt with well. */
static int series_run(const struct series *s)
{
    while (progress->next < s->count)
        series_process(s);
    return progress->bad;
}

#endif
