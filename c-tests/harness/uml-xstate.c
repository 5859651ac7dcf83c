/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * uml-xstate.c - lets User-Mode Linux before 7.0 run on processors with AMX
 *
 * PTRACE_SETREGSET takes a process's extended registers (NT_X86_XSTATE) only whole. User-Mode Linux
 * keeps 2.6 KiB of them, all that there was before AMX, whose tiles bring them to 11 KiB: the kernel
 * answers EFAULT and User-Mode Linux gives up. Loaded into it by LD_PRELOAD, this completes what it
 * sets with what the process has, which is nothing: programs in it do not use AMX.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* More than any processor's registers take today. */
static char whole[65536];

/* The C library's ptrace(2), but for what is said above. */
long ptrace(enum __ptrace_request request, ...)
{
    long word, result;
    void *address, *data;
    va_list args;
    pid_t pid;

    va_start(args, request);
    pid = va_arg(args, pid_t);
    address = va_arg(args, void *);
    data = va_arg(args, void *);
    va_end(args);
    if (request == PTRACE_SETREGSET && (size_t)address == NT_X86_XSTATE) {
        const struct iovec *part = data;
        struct iovec all = {whole, sizeof(whole)};

        if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, address, &all) == 0 &&
            all.iov_len > part->iov_len) {
            memcpy(whole, part->iov_base, part->iov_len);
            return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, address, &all);
        }
    }
    /* What the system call stores, the C library returns. */
    if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
        result = syscall(SYS_ptrace, request, pid, address, &word);
        return result < 0 ? result : word;
    }
    return syscall(SYS_ptrace, request, pid, address, data);
}
