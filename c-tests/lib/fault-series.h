/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * fault-series.h - a job under one fault after the other, in as few processes as it survives
 *
 *   KCAPI_LONG=1  all faults also for jobs that take a new process for each; without it, some
 */
#ifndef FAULT_SERIES_H
#define FAULT_SERIES_H

#include <sys/mman.h>
#include <sys/wait.h>

#include "fault-round.h"

/* Runs without a fault: one that others are compared with, and any. */
enum { REFERENCE = -1, NO_FAULT = -2 };

/* The test's own: makes the next run's fault the one of that number, from 0 on. */
static void choose(int number);
/* How many there are, after the run for REFERENCE. */
static int faults(void);
/* The errno that tells of a fault. */
static int told_by(int number);

/* Shared with the children. */
static struct series {
    int next, bad;
    struct report want;
} *series;

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
    series = share(sizeof(*series));
}

static void series_round(const struct job *job)
{
    choose(series->next);
    memset(&shared->report, 0, sizeof(shared->report));
    round_of(job);
}

static const char *series_verdict(const struct job *job)
{
    bool told = shared->report.first == -told_by(series->next);
    const char *verdict = wrong(&series->want, told, 0);

    if (verdict || !leaked(job, &series->want) || job->how == COLD)
        return verdict;
    /* What a process keeps for good, it keeps once. */
    series_round(job);
    return leaked(job, &series->want) ? LEFT_MEMORY : NULL;
}

static void series_reference(const struct job *job)
{
    shared->known = false;
    series_round(job);
    shared->known = true;
    series->want = shared->report;
    series->next = 0;
    if (!is_reference(&series->want))
        bail_out("%s: does not work without faults: %zd", job->name, series->want.first);
}

static void series_child(const struct job *job)
{
    choose(NO_FAULT);
    /* The first of many rounds is unlike the others. */
    if (job->how != COLD)
        round_of(job);
    if (series->next == REFERENCE) {
        series_reference(job);
        if (job->how == COLD)
            return;
    }
    while (series->next < faults()) {
        const char *verdict;

        series_round(job);
        verdict = series_verdict(job);
        if (verdict) {
            series->bad++;
            diag("%s: fault %d: %s", job->name, series->next, verdict);
        }
        series->next++;
        if (job->how == COLD)
            return;
    }
}

static void series_process(const struct job *job)
{
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        bail_out("fork: %s", strerror(errno));
    if (pid == 0) {
        series_child(job);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    if (series->next == REFERENCE)
        bail_out("%s: does not work without faults: status %x", job->name, status);
    diag("%s: fault %d: %s", job->name, series->next,
         WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "ended early");
    series->bad++;
    series->next++;
}

/* The job with each fault; how many of them were not dealt with well. */
static int series_run(const struct job *job)
{
    int some = job->how == COLD && !getenv("KCAPI_LONG") ? 4 : 1;

    *series = (struct series){ .next = REFERENCE };
    series_process(job);
    while (series->next < faults()) {
        series_process(job);
        series->next += some - 1;
    }
    return series->bad;
}

#endif
