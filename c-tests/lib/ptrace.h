/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * ptrace.h - stop a child at each of its system calls, see which it is, and make it fail
 *
 * To make one fail is for x86-64 only; CAN_FAIL_CALLS says whether that is here.
 */
#ifndef PTRACE_H
#define PTRACE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>

/* In the child, which then stops itself by SIGSTOP. */
static inline bool be_traced(void) { return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0; }

/* In the parent: waits for the first stop; false, and the child's status, if it ended before. */
static inline bool trace(pid_t pid, int *status)
{
    return waitpid(pid, status, 0) == pid && WIFSTOPPED(*status) && WSTOPSIG(*status) == SIGSTOP &&
           ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) == 0;
}

/* Lets the child run to where a system call begins or ends; false: it has ended. */
static inline bool next_stop(pid_t pid, int *status)
{
    long signal = 0;

    for (;;) {
        if (ptrace(PTRACE_SYSCALL, pid, NULL, signal) || waitpid(pid, status, 0) != pid ||
            !WIFSTOPPED(*status))
            return false;
        if (WSTOPSIG(*status) == (SIGTRAP | 0x80))
            return true;
        signal = WSTOPSIG(*status);
    }
}

/* Lets the child run, whatever its system calls, until it stops itself; false: it has ended. */
static inline bool run_on(pid_t pid, int *status)
{
    long signal = 0;

    for (;;) {
        if (ptrace(PTRACE_CONT, pid, NULL, signal) || waitpid(pid, status, 0) != pid ||
            !WIFSTOPPED(*status))
            return false;
        if (WSTOPSIG(*status) == SIGSTOP)
            return true;
        signal = WSTOPSIG(*status);
    }
}

/* User-Mode Linux has no PTRACE_GET_SYSCALL_INFO. */
#ifdef __x86_64__
#define CAN_FAIL_CALLS 1

#define CALL_REGISTER(name) offsetof(struct user, regs.name)

static inline long call_register(pid_t pid, size_t which)
{
    return ptrace(PTRACE_PEEKUSER, pid, which, NULL);
}

static inline bool set_call_register(pid_t pid, size_t which, long value)
{
    return ptrace(PTRACE_POKEUSER, pid, which, value) == 0;
}

/* Where a system call begins: its number, its arguments (counted from 0), and not to make it. */
static inline long call_number(pid_t pid)
{
    return call_register(pid, CALL_REGISTER(orig_rax));
}

static const size_t call_arguments[] = { CALL_REGISTER(rdi), CALL_REGISTER(rsi), CALL_REGISTER(rdx),
                                         CALL_REGISTER(r10), CALL_REGISTER(r8), CALL_REGISTER(r9) };

static inline bool skip_call(pid_t pid)
{
    return set_call_register(pid, CALL_REGISTER(orig_rax), -1);
}

/* Where it ends: what it returns. */
static inline bool set_result(pid_t pid, long result)
{
    return set_call_register(pid, CALL_REGISTER(rax), result);
}

#else
#define CAN_FAIL_CALLS 0

static inline long call_number(pid_t pid)
{
    struct __ptrace_syscall_info info;

    return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
                   info.op == PTRACE_SYSCALL_INFO_ENTRY
               ? (long)info.entry.nr
               : -1;
}
#endif

#endif
