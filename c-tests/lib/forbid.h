/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * forbid.h - a system call fails for this process and its children, for good, as a container's
 * seccomp filter does it
 */
#ifndef FORBID_H
#define FORBID_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { ANY_ARGUMENT = -1 };

/* Where the lower half of the first argument is: a filter sees it as a number of 64 bits. */
enum {
    FIRST_ARGUMENT = offsetof(struct seccomp_data, args[0]) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)
};

/* The call, if its first argument is `argument`, fails with `error`. False where there are no seccomp filters. */
static inline bool forbid_call(long number, int argument, int error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIRST_ARGUMENT),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)argument, 0, argument == ANY_ARGUMENT ? 0 : 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* On 32-bit x86 the C library may make sockets by socketcall(2), whose arguments no filter sees: then all are forbidden. */
static inline bool forbid_sockets(unsigned int family)
{
#ifdef SYS_socketcall
    enum { CALL_SOCKET = 1 };

    if (!forbid_call(SYS_socketcall, CALL_SOCKET, EPERM))
        return false;
#endif
    return forbid_call(SYS_socket, (int)family, EPERM);
}

#endif
