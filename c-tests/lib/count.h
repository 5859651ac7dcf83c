/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * count.h - the system calls that a job makes, counted with ptrace(2)
 *
 * Each job has a process of its own, which marks where counting begins and ends with getppid(2).
 */
#ifndef COUNT_H
#define COUNT_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alone.h"
#include "ptrace.h"
#include "tap.h"

/* 32-bit ARM has only the one that counts in pages. */
#ifdef SYS_mmap
#define ANY_MMAP SYS_mmap
#else
#define ANY_MMAP SYS_mmap2
#endif

struct count {
    int calls;
    int memory; /* brk, mmap, munmap: malloc(3) makes them now and then, whoever calls it */
    bool hangs;
};

static inline void count_child(void (*prepare)(void), void (*job)(void))
{
    if (!be_traced())
        _exit(1);
    raise(SIGSTOP);
    alarm(patience());
    if (prepare) {
        prepare();
        job();
    }
    raise(SIGSTOP);
    syscall(SYS_getppid);
    job();
    syscall(SYS_getppid);
    _exit(0);
}

/*
 * What `job` costs. After prepare() it runs once before it is counted: what a process pays only once,
 * such as asking for an algorithm's properties, is then not part of the price. Without prepare(),
 * it is.
 */
static inline struct count count_calls(void (*prepare)(void), void (*job)(void))
{
    struct count count = { 0 };
    bool entering = false, stopped;
    int status = 0, marks = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        bail_out("fork: %s", strerror(errno));
    if (pid == 0)
        count_child(prepare, job);
    stopped = trace(pid, &status) && run_on(pid, &status);
    while (stopped && next_stop(pid, &status)) {
        entering = !entering;
        if (!entering)
            continue;
        switch (call_number(pid)) {
        case SYS_getppid: marks++; break;
        case SYS_brk:
        case ANY_MMAP:
        case SYS_munmap: count.memory += marks == 1; break;
        default: count.calls += marks == 1;
        }
    }
    count.hangs = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    if (count.hangs)
        diag("it waits without end");
    else if (!WIFEXITED(status) || WEXITSTATUS(status) || marks != 2)
        bail_out("the traced child failed");
    return count;
}

#endif
