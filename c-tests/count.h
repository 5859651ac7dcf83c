/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * count.h - the system calls that a job makes, counted with ptrace(2)
 *
 * Each job has a process of its own, which marks where counting begins and ends with getppid(2).
 */
#ifndef COUNT_H
#define COUNT_H

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

struct count {
    int calls;
    int memory; /* brk, mmap, munmap: malloc(3) makes them now and then, whoever calls it */
    bool hangs;
};

/* No job takes a second; this is long enough for a slow machine. */
enum { HANGS_AFTER = 10 };

static inline void count_child(void (*prepare)(void), void (*job)(void))
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
        _exit(1);
    alarm(HANGS_AFTER);
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

/* The number of the system call at which the child has stopped. */
static inline long count_number(pid_t pid)
{
#ifdef __x86_64__
    /* User-Mode Linux has no PTRACE_GET_SYSCALL_INFO. */
    return ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.orig_rax), NULL);
#else
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
        bail_out("PTRACE_GET_SYSCALL_INFO: %s", strerror(errno));
    return info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long)info.entry.nr : -1;
#endif
}

static inline int count_wait(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) != pid)
        bail_out("waitpid: %s", strerror(errno));
    return status;
}

/*
 * What `job` costs. After prepare() it runs once before it is counted: what a process pays only once,
 * such as asking for an algorithm's properties, is then not part of the price. Without prepare(),
 * it is.
 */
static inline struct count count_calls(void (*prepare)(void), void (*job)(void))
{
    struct count count = { 0 };
    bool entering = false;
    int status, marks = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        bail_out("fork: %s", strerror(errno));
    if (pid == 0)
        count_child(prepare, job);
    status = count_wait(pid);
    if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP) {
        ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
        for (;;) {
            if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL))
                bail_out("ptrace: %s", strerror(errno));
            status = count_wait(pid);
            if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
                break;
            entering = !entering;
            if (!entering)
                continue;
            switch (count_number(pid)) {
            case SYS_getppid: marks++; break;
            case SYS_brk:
            case SYS_mmap:
            case SYS_munmap: count.memory += marks == 1; break;
            default: count.calls += marks == 1;
            }
        }
    }
    if (WIFSTOPPED(status)) {
        count.hangs = WSTOPSIG(status) == SIGALRM;
        kill(pid, SIGKILL);
        count_wait(pid);
    }
    if (!count.hangs && (!WIFEXITED(status) || WEXITSTATUS(status) || marks != 2))
        bail_out("the traced child failed");
    return count;
}

#endif
