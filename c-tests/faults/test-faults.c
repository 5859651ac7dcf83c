/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-faults.c - every system call of the library fails, with every errno that it may fail with
 *
 * Each job of fault-jobs.h runs once to count its system calls, and then once for each fault, in a
 * traced process. Judged are: the result (that of a run without faults, or an errno that tells of
 * the fault), the bytes, what lies around them, that nothing is written after the return, that the
 * same job works when it is done again, and that nothing is left open.
 *
 * Each call fails in one way, of the jobs that take a process for each fault every other call. Or:
 *
 *   KCAPI_FAULTS=FILE  each call fails in every way, once and then for good, with a line for each
 *                      fault appended to FILE: job, call, which of them, errno, "once" or
 *                      "for good", outcome
 *
 * needs: ptrace uninstrumented
 */
#define _GNU_SOURCE
#include "ptrace.h"
#include "tap.h"

#if !CAN_FAIL_CALLS || !defined(__GLIBC__)
int main(void)
{
    puts("1..0 # SKIP ptrace.h is for x86-64, and fault-calls.h for glibc");
    return 0;
}
#else

#include <sys/mman.h>

#include "fault-calls.h"
#include "fault-round.h"

enum { CALLS_MOST = 400 };

struct fault {
    const struct fault_call *call;
    int nth;
    int code;
    bool for_good;
};

/* The run is between two calls of getppid(2). */
static void mark(void) { syscall(SYS_getppid); }

/* The process stops when all is ready for a run, and when its round is over. */
static void begin_faults(void)
{
    raise(SIGSTOP);
    mark();
}

static void end_faults(void) { mark(); }

static void child(const struct job *job)
{
    if (!be_traced())
        bail_out("ptrace: %s", strerror(errno));
    do {
        round_of(job);
        raise(SIGSTOP);
    } while (job->how != COLD);
    _exit(0);
}

/* The child is where a system call begins that is to fail: goes on to where it ends. */
static void inject(pid_t pid, const struct fault *fault, int *status)
{
    if (fault->code == SHORT)
        set_call_register(pid, call_arguments[fault->call->length - 1], 1);
    else if (fault->call->number == SYS_brk)
        /* It has no errno: it tells where the heap still ends. */
        set_call_register(pid, call_arguments[0], 0);
    else if (!fault->call->done_anyway && fault->code != EBADMSG)
        skip_call(pid);
    if (next_stop(pid, status) && fault->code != SHORT && fault->call->number != SYS_brk)
        set_result(pid, -fault->code);
}

/* The process that runs a job's rounds; 0: none. */
static pid_t worker;

/* Lets the worker go on to where its next run begins. */
static void next_round(const struct job *job)
{
    int status;

    memset(&shared->report, 0, sizeof(shared->report));
    if (worker && !run_on(worker, &status))
        worker = 0;
    if (worker)
        return;
    fflush(NULL);
    worker = fork();
    if (worker < 0)
        bail_out("fork: %s", strerror(errno));
    if (worker == 0)
        child(job);
    if (!trace(worker, &status))
        bail_out("%s: cannot be prepared", job->name);
    /* The first round of a process is another one if it is not to be one of many. */
    if (job->how != COLD && !(run_on(worker, &status) && run_on(worker, &status)))
        bail_out("%s: without faults: status %x", job->name, status);
    memset(&shared->report, 0, sizeof(shared->report));
}

static void end_worker(void)
{
    if (worker) {
        kill(worker, SIGKILL);
        waitpid(worker, NULL, 0);
    }
    worker = 0;
}

/*
 * Runs a job, with a fault or, if that is NULL, noting the calls that it makes. The signal that
 * ended the process, or 0.
 */
static int run_job(const struct job *job, const struct fault *fault, long *calls, int *count)
{
    int status, marks = 0, nth = 0;

    next_round(job);
    while (next_stop(worker, &status)) {
        long number = call_number(worker);

        if (number == SYS_getppid && ++marks == 2)
            break;
        if (marks == 1 && fault && number == fault->call->number && ++nth >= fault->nth) {
            inject(worker, fault, &status);
            if (!fault->for_good)
                break;
            continue;
        }
        if (marks == 1 && !fault && number != SYS_getppid) {
            if (*count == CALLS_MOST)
                bail_out("%s makes too many system calls", job->name);
            calls[(*count)++] = number;
        }
        if (!next_stop(worker, &status))
            break;
    }
    if (WIFSTOPPED(status) && run_on(worker, &status))
        return 0;
    worker = 0;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

enum { ANY = 0 };

/* Errors that are no errno of the fault, and why they are right. */
static bool tells_of(const struct fault *fault, ssize_t result)
{
    static const struct {
        long call;
        int fault, result;
    } others[] = {
        /* What must fit and does not. */
        { SYS_sendmsg, EAGAIN, EMSGSIZE },
        /* What a kernel before 6.2 says of serial numbers; and one without keyrings. */
        { SYS_setsockopt, ENOPROTOOPT, EOPNOTSUPP },
        { SYS_keyctl, ENOSYS, EOPNOTSUPP },
        /* Raised buffers, and no memory to describe what is in them. */
        { SYS_sendmsg, ENOMEM, EMSGSIZE },
        { SYS_recvmsg, ENOMEM, EMSGSIZE },
        /* FIPS mode cannot be read, so only the kernel may serve, and this one has no AF_ALG. */
        { SYS_openat, ANY, EAFNOSUPPORT },
    };

    if (result == -fault->code)
        /* A signal is no failure of the call. */
        return fault->code != EINTR;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (fault->call->number == others[i].call &&
            (others[i].fault == ANY || others[i].fault == fault->code) &&
            result == -others[i].result)
            return true;
    return false;
}

static struct {
    int injected, same, told, bad;
} total;

static FILE *table;

static const char *code_name(int code)
{
    return code == SHORT ? "(short)" : strerrorname_np(code);
}

/* One fault; whether it was dealt with well. */
static bool try_fault(const struct job *job, const struct report *want, const struct fault *fault)
{
    int signal = run_job(job, fault, NULL, NULL);
    const char *verdict = wrong(want, tells_of(fault, shared->report.first), signal);
    bool same = shared->report.first == want->first;

    if (!verdict && leaked(job, want))
        verdict = LEFT_MEMORY;
    total.injected++;
    if (verdict) {
        end_worker();
        total.bad++;
        diag("%s: %s %d %s%s: %s", job->name, fault->call->name, fault->nth, code_name(fault->code),
             fault->for_good ? " for good" : "", verdict);
    } else if (same) {
        total.same++;
    } else {
        total.told++;
    }
    if (table) {
        char result[32];

        snprintf(result, sizeof(result), "-%s", strerrorname_np((int)-shared->report.first));
        fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\n", job->name, fault->call->name, fault->nth,
                code_name(fault->code), fault->for_good ? "for good" : "once",
                verdict ? verdict : same ? "as without" : result);
    }
    return verdict == NULL;
}

/* Calls that are made again until they end otherwise have no end for good. */
static bool may_be_for_good(int code) { return code != EINTR && code != EAGAIN && code != SHORT; }

/* All that may happen to a call; how many faults were not dealt with well. */
static int all_ways(const struct job *job, const struct report *want, const struct fault_call *call,
                    int nth)
{
    int bad = 0;

    for (const int *code = call->errnos; *code; code++) {
        bad += !try_fault(job, want, &(struct fault){ call, nth, *code, false });
        if (may_be_for_good(*code))
            bad += !try_fault(job, want, &(struct fault){ call, nth, *code, true });
    }
    if (call->length) {
        bad += !try_fault(job, want, &(struct fault){ call, nth, SHORT, false });
        bad += !try_fault(job, want, &(struct fault){ call, nth, SHORT, true });
    }
    return bad;
}

/* One errno of those that a call has, each time the next. */
static int one_way(const struct job *job, const struct report *want, const struct fault_call *call,
                   int nth)
{
    static unsigned turn;
    unsigned codes = 0;

    while (call->errnos[codes])
        codes++;
    return !try_fault(job, want, &(struct fault){ call, nth, call->errnos[turn++ % codes], false });
}

static void test_job(const struct job *job)
{
    long calls[CALLS_MOST];
    int count = 0, bad = 0, before = total.injected;
    struct report want;

    shared->known = false;
    run_job(job, NULL, calls, &count);
    want = shared->report;
    shared->known = true;
    if (!is_reference(&want)) {
        ok(false, "%s: without faults", job->name);
        diag("result %zd, again %zd, left open: %ld descriptors, %ld AIO events", want.first,
             want.again, want.left.descriptors, want.left.aio_events);
        end_worker();
        return;
    }
    for (int i = 0; i < count; i++) {
        const struct fault_call *call = fault_call(calls[i]);
        int nth = 0;

        for (int k = 0; k <= i; k++)
            nth += calls[k] == calls[i];
        if (!call && !is_never_failed(calls[i])) {
            bad++;
            diag("system call %ld is not in fault-calls.h", calls[i]);
        }
        if (call && table)
            bad += all_ways(job, &want, call, nth);
        else if (call && (job->how != COLD || i % 2))
            bad += one_way(job, &want, call, nth);
    }
    end_worker();
    ok(bad == 0, "%s: %d system calls, %d faults", job->name, count, total.injected - before);
}

int main(int argc, char **argv)
{
    const char *path = getenv("KCAPI_FAULTS"), *engine = getenv("KCAPI_ENGINE");

    (void)argc;
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP what would fail are valgrind's own system calls");
        return 0;
    }
    without_tcache(argv);
    if (path && *path) {
        table = fopen(path, "a");
        if (!table)
            bail_out("%s: %s", path, strerror(errno));
        fprintf(table, "# KCAPI_ENGINE=%s\n", engine ? engine : "");
    }
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        bail_out("mmap: %s", strerror(errno));
    plan(JOBS);
    for (int i = 0; i < JOBS; i++)
        test_job(&jobs[i]);
    diag("%d faults injected: %d times the result as without, %d times an errno, %d times wrong",
         total.injected, total.same, total.told, total.bad);
    if (table) {
        fprintf(table, "# %d faults injected: %d times the result as without, %d times an errno, "
                       "%d times wrong\n", total.injected, total.same, total.told, total.bad);
        if (fclose(table))
            bail_out("%s: %s", path, strerror(errno));
    }
    return tap_status();
}

#endif
