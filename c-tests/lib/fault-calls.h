/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * fault-calls.h - the system calls that the library may make, and how each may fail
 *
 * The errno values are those of the manual pages and of AF_ALG, and what a seccomp filter of a
 * container or a service says: EPERM, EACCES, ENOSYS. A call that is in no list fails the test.
 */
#ifndef FAULT_CALLS_H
#define FAULT_CALLS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

enum { ERRNOS_MOST = 20 };

/*
 * EBADMSG is told after the work was done: the kernel has taken the message with the wrong tag out of
 * the socket.
 *
 * Not an errno: the call does its work, but for one unit only of what it was asked for. */
enum { SHORT = -1 };

struct fault_call {
    long number;
    const char *name;
    int errnos[ERRNOS_MOST];
    /* Linux has closed the descriptor, or ended the mapping, whatever it reports. */
    bool done_anyway;
    /* Which argument says how many units; counted from 1. */
    int length;
};

#define CALL(name) .number = SYS_##name, #name
#define FAULTS(...) { __VA_ARGS__ }
#define FORBIDDEN EPERM, EACCES, ENOSYS

static const struct fault_call fault_calls[] = {
    { CALL(socket), FAULTS(FORBIDDEN, EAFNOSUPPORT, EPROTONOSUPPORT, EINVAL, EMFILE, ENFILE,
                           ENOBUFS, ENOMEM) },
    { CALL(bind), FAULTS(FORBIDDEN, ENOENT, EINVAL, EINTR, EAGAIN, ENOMEM, EIO, ETIMEDOUT,
                         EADDRINUSE) },
    { CALL(accept4), FAULTS(FORBIDDEN, EAGAIN, ECONNABORTED, EINTR, EINVAL, EMFILE, ENFILE, ENOBUFS,
                            ENOMEM) },
    { CALL(accept), FAULTS(FORBIDDEN, EAGAIN, ECONNABORTED, EINTR, EINVAL, EMFILE, ENFILE, ENOBUFS,
                           ENOMEM) },
    { CALL(fcntl), FAULTS(FORBIDDEN, EINVAL, EMFILE) },
    { CALL(setsockopt), FAULTS(FORBIDDEN, EBUSY, EFAULT, EINTR, EINVAL, EIO, EKEYEXPIRED, EKEYREJECTED,
                               EKEYREVOKED, ENOBUFS, ENOKEY, ENOMEM, ENOPROTOOPT) },
    { CALL(keyctl), FAULTS(FORBIDDEN, EFAULT, EINTR, EINVAL, EIO, EKEYEXPIRED, EKEYREJECTED, EKEYREVOKED,
                           ENOKEY, ENOMEM, EOPNOTSUPP) },
    { CALL(getsockopt), FAULTS(FORBIDDEN, EFAULT, EINVAL, ENOBUFS, ENOMEM, ENOPROTOOPT) },
    { CALL(sendmsg), FAULTS(FORBIDDEN, EAGAIN, EFAULT, EINTR, EINVAL, EIO, EMSGSIZE, ENOBUFS,
                            ENOKEY, ENOMEM, EOPNOTSUPP, EPIPE) },
    { CALL(recvmsg), FAULTS(FORBIDDEN, EAGAIN, EBADMSG, EBUSY, EFAULT, EINTR, EINVAL, EIO, ENOKEY,
                            ENOMEM) },
    { CALL(sendto), FAULTS(FORBIDDEN, EAGAIN, ECONNREFUSED, EINTR, EINVAL, ENOBUFS, ENOENT,
                           ENOMEM) },
    { CALL(recvfrom), FAULTS(FORBIDDEN, EAGAIN, ECONNREFUSED, EINTR, EINVAL, ENOBUFS, ENOMEM) },
    { CALL(process_vm_readv), FAULTS(FORBIDDEN, EFAULT, EINVAL, ENOMEM, ESRCH) },
    { CALL(process_vm_writev), FAULTS(FORBIDDEN, EFAULT, EINVAL, ENOMEM, ESRCH) },
    { CALL(io_setup), FAULTS(FORBIDDEN, EAGAIN, EFAULT, EINTR, EINVAL, ENOMEM) },
    { CALL(io_submit), FAULTS(FORBIDDEN, EAGAIN, EBADF, EFAULT, EINTR, EINVAL, ENOMEM),
      .length = 2 },
    { CALL(io_getevents), FAULTS(FORBIDDEN, EFAULT, EINTR, EINVAL) },
    { CALL(io_destroy), FAULTS(FORBIDDEN, EFAULT, EINVAL), .done_anyway = true },
    { CALL(io_uring_setup), FAULTS(FORBIDDEN, EFAULT, EINVAL, EMFILE, ENFILE, ENOMEM) },
    { CALL(io_uring_enter), FAULTS(FORBIDDEN, EAGAIN, EBADF, EBADFD, EBUSY, EFAULT, EINTR, EINVAL,
                                   ENOMEM, ENXIO, EOPNOTSUPP) },
    { CALL(io_uring_register), FAULTS(FORBIDDEN, EBADF, EBUSY, EFAULT, EINVAL, ENOMEM, ENXIO,
                                      EOPNOTSUPP) },
    { CALL(openat), FAULTS(FORBIDDEN, EINTR, EIO, ELOOP, EMFILE, ENFILE, ENOENT, ENOMEM, ENOTDIR) },
    { CALL(read), FAULTS(FORBIDDEN, EAGAIN, EFAULT, EINTR, EINVAL, EIO, EISDIR, ENOMEM),
      .length = 3 },
    { CALL(fstat), FAULTS(FORBIDDEN, EFAULT, ENOMEM, EOVERFLOW) },
    { CALL(statx), FAULTS(FORBIDDEN, EFAULT, EINVAL, ENOENT, ENOMEM) },
    { CALL(lseek), FAULTS(FORBIDDEN, EINVAL, EOVERFLOW, ESPIPE) },
    { CALL(write), FAULTS(FORBIDDEN, EAGAIN, EBADF, EINTR, EIO, ENOSPC, EPIPE), .length = 3 },
    { CALL(close), FAULTS(EDQUOT, EINTR, EIO, ENOSPC), .done_anyway = true },
    { CALL(mmap), FAULTS(FORBIDDEN, EAGAIN, EINVAL, ENFILE, ENODEV, ENOMEM) },
    { CALL(munmap), FAULTS(EINVAL, ENOMEM), .done_anyway = true },
    { CALL(mremap), FAULTS(FORBIDDEN, EAGAIN, EFAULT, EINVAL, ENOMEM) },
    { CALL(mprotect), FAULTS(FORBIDDEN, EINVAL, ENOMEM) },
    { CALL(madvise), FAULTS(FORBIDDEN, EAGAIN, EINVAL, ENOMEM) },
    { CALL(brk), FAULTS(ENOMEM) },
    { CALL(getrandom), FAULTS(FORBIDDEN, EAGAIN, EFAULT, EINTR, EINVAL), .length = 2 },
    { CALL(clone), FAULTS(FORBIDDEN, EAGAIN, EINVAL, ENOMEM) },
    { CALL(clone3), FAULTS(FORBIDDEN, EAGAIN, EINVAL, ENOMEM) },
    { CALL(sched_getaffinity), FAULTS(FORBIDDEN, EFAULT, EINVAL, ESRCH) },
};

/* Where threads wait for one another; cannot fail; or the test's own. */
static inline bool is_never_failed(long number)
{
    static const long calls[] = { SYS_futex,         SYS_rt_sigprocmask, SYS_rt_sigaction,
                                  SYS_clock_gettime, SYS_gettid,         SYS_getpid };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (calls[i] == number)
            return true;
    return false;
}

static inline const struct fault_call *fault_call(long number)
{
    for (size_t i = 0; i < sizeof(fault_calls) / sizeof(fault_calls[0]); i++)
        if (fault_calls[i].number == number)
            return &fault_calls[i];
    return NULL;
}

#endif
