/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * fault-round.h - a job's run under faults, in a process of its own, and what is judged about it
 */
#ifndef FAULT_ROUND_H
#define FAULT_ROUND_H

#include "fault-jobs.h"
#include "left.h"

/* malloc(3) gives no less, and sometimes that much more than it was asked for, less a little. */
enum { HEAP_LEAST = 32 };

/* The most that the kernel engine keeps, once per process. */
enum { KEPT_OF_ALGORITHM = 1024 };

enum { PATIENCE = 30, CANARY = 64, CANARY_BYTE = 0xa5 };

struct report {
    bool finished;
    ssize_t first, again;
    bool right, right_again, guarded, left_alone;
    struct left left;
};

/* Shared with the children. */
static struct shared {
    struct report report;
    bool known; /* whether `want` is what is right */
    uint8_t want[MOST_OUT];
} *shared;

/* Room for a job's output, between canaries. */
static uint8_t *guarded(size_t size)
{
    uint8_t *area = malloc(size + 2 * CANARY);

    if (!area)
        bail_out("no memory");
    return area + CANARY;
}

static void clear(uint8_t *bytes, size_t size)
{
    memset(bytes - CANARY, CANARY_BYTE, size + 2 * CANARY);
}

static bool is_guarded(const uint8_t *bytes, size_t size)
{
    return all_are(bytes - CANARY, CANARY_BYTE, CANARY) &&
           all_are(bytes + size, CANARY_BYTE, CANARY);
}

static bool is_right(const struct job *job, const uint8_t *bytes)
{
    if (job->how == RANDOM)
        return !all_are(bytes + job->size - 32, CANARY_BYTE, 32);
    return memcmp(bytes, shared->want, job->size) == 0;
}

/* The test's own: what lies between is under faults. */
static void begin_faults(void);
static void end_faults(void);

static void round_of(const struct job *job)
{
    static uint8_t *first, *again, *returned;
    struct report *report = &shared->report;
    struct left before, after;

    if (!first) {
        first = guarded(job->size);
        again = guarded(job->size);
        returned = guarded(job->size);
        in = pages(MIB);
        fill(in, MIB, 7);
    }
    handle = NULL;
    clear(first, job->size);
    clear(again, job->size);
    alarm(PATIENCE);
    before = left_now();
    job->prepare();
    out = first;
    begin_faults();
    report->first = job->run();
    end_faults();
    memcpy(returned, first, job->size);
    if (!shared->known)
        memcpy(shared->want, first, job->size);
    report->right = is_right(job, first);
    out = again;
    report->again = job->run();
    report->right_again = is_right(job, again);
    if (handle)
        destroy(handle);
    /* Time for a write that comes late. */
    usleep(1000);
    report->left_alone = memcmp(returned, first, job->size) == 0;
    report->guarded = is_guarded(first, job->size) && is_guarded(again, job->size);
    after = left_now();
    report->left = (struct left){ after.descriptors - before.descriptors,
                                  after.aio_events - before.aio_events, after.heap - before.heap };
    report->finished = true;
}

/*
 * What is wrong with a round; NULL if nothing is. `told` is whether its result tells of the fault,
 * `signal` is what ended its process, or 0.
 */
static const char *wrong(const struct report *want, bool told, int signal)
{
    const struct report *got = &shared->report;
    static char text[100];

    if (signal) {
        snprintf(text, sizeof(text), "KILLED: %s", strsignal(signal));
        return text;
    }
    if (!got->finished)
        return "ENDED EARLY";
    if (got->first == TOUCHED)
        return "STORED A POINTER";
    if (got->first != want->first && !told) {
        snprintf(text, sizeof(text), "RETURNED %zd", got->first);
        return text;
    }
    if (got->first == want->first && want->first >= 0 && !got->right)
        return "WRONG BYTES";
    if (!got->guarded)
        return "WROTE OUTSIDE";
    if (!got->left_alone)
        return "WROTE LATER";
    if (got->again != want->again || (want->again >= 0 && !got->right_again)) {
        snprintf(text, sizeof(text), "AGAIN: %zd%s", got->again,
                 got->again == want->again ? ", WRONG BYTES" : "");
        return text;
    }
    if (got->left.descriptors != 0 || got->left.aio_events != 0) {
        snprintf(text, sizeof(text), "LEFT OPEN: %ld descriptors, %ld AIO events",
                 got->left.descriptors, got->left.aio_events);
        return text;
    }
    return NULL;
}

/*
 * Whether more memory than without a fault was not freed. A process whose FIPS mode cannot be read is
 * served by the kernel, not the user engine: then it keeps what it has found out about the algorithm.
 */
static bool leaked(const struct job *job, const struct report *want)
{
    long kept = job->prepare == engine_user_first ? KEPT_OF_ALGORITHM : 0;

    return shared->report.left.heap >= want->left.heap + kept + HEAP_LEAST;
}

static const char LEFT_MEMORY[] = "LEFT MEMORY";

/* Whether a round without faults is one that others can be compared with. */
static bool is_reference(const struct report *want)
{
    return want->finished && want->first == want->again && want->left.descriptors == 0 &&
           want->left.aio_events == 0 && want->left_alone && want->guarded &&
           (want->first < 0 || want->right_again);
}

#endif
