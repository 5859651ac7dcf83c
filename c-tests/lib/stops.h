/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * stops.h - stops a thread at its nth call of the C library, wherever in a call of ours that is
 *
 * The functions here stand in the place of the C library's: the library that is tested finds them
 * first. A thread that is watched calls stop() at each.
 */
#ifndef STOPS_H
#define STOPS_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static __thread bool watched;

/* Some functions are points of cancellation, see pthreads(7): these must be such points, too. */
enum point { CANCELLATION, OTHER };

/* What a watched thread does in the midst of a call. */
static void stop(enum point point);

/* The errno of a call that has just failed is still to be read. */
static inline void pass(enum point point)
{
    int before = errno;

    if (watched) {
        watched = false;
        stop(point);
        watched = true;
    }
    errno = before;
}

#define PASS(point, type, name, parameters, number, ...)  \
    type name parameters                                  \
    {                                                     \
        type ret;                                         \
                                                          \
        pass(point);                                      \
        ret = (type)syscall(number, __VA_ARGS__);         \
        pass(OTHER);                                      \
        return ret;                                       \
    }

PASS(OTHER, int, socket, (int family, int kind, int protocol), SYS_socket, family, kind, protocol)
PASS(OTHER, int, bind, (int fd, const struct sockaddr *a, socklen_t len), SYS_bind, fd, a, len)
PASS(CANCELLATION, int, accept4, (int fd, struct sockaddr *a, socklen_t *len, int flags),
     SYS_accept4, fd, a, len, flags)
PASS(OTHER, int, setsockopt, (int fd, int level, int option, const void *value, socklen_t len),
     SYS_setsockopt, fd, level, option, value, len)
PASS(OTHER, int, getsockopt, (int fd, int level, int option, void *value, socklen_t *len),
     SYS_getsockopt, fd, level, option, value, len)
PASS(CANCELLATION, ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags),
     SYS_sendmsg, fd, message, flags)
PASS(CANCELLATION, ssize_t, recvmsg, (int fd, struct msghdr *message, int flags),
     SYS_recvmsg, fd, message, flags)
PASS(CANCELLATION, ssize_t, read, (int fd, void *to, size_t len), SYS_read, fd, to, len)
PASS(CANCELLATION, ssize_t, write, (int fd, const void *from, size_t len), SYS_write, fd, from, len)
PASS(CANCELLATION, ssize_t, writev, (int fd, const struct iovec *iov, int n), SYS_writev, fd, iov, n)
PASS(CANCELLATION, ssize_t, getrandom, (void *to, size_t len, unsigned flags), SYS_getrandom, to,
     len, flags)

int open64(const char *path, int flags, ...)
{
    va_list args;
    int ret;

    va_start(args, flags);
    pass(CANCELLATION);
    ret = (int)syscall(SYS_openat, AT_FDCWD, path, flags, va_arg(args, mode_t));
    pass(OTHER);
    va_end(args);
    return ret;
}

/* What is allocated in the midst of a change. A sanitizer has these functions itself. */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void *__libc_malloc(size_t len);
void *__libc_calloc(size_t count, size_t len);
void *__libc_realloc(void *old, size_t len);
void *__libc_memalign(size_t alignment, size_t len);
void __libc_free(void *memory);

void *malloc(size_t len) { pass(OTHER); return __libc_malloc(len); }
void *calloc(size_t count, size_t len) { pass(OTHER); return __libc_calloc(count, len); }
void *realloc(void *old, size_t len) { pass(OTHER); return __libc_realloc(old, len); }
void free(void *memory) { pass(OTHER); __libc_free(memory); }

int posix_memalign(void **memory, size_t alignment, size_t len)
{
    pass(OTHER);
    *memory = __libc_memalign(alignment, len);
    return *memory ? 0 : ENOMEM;
}
#endif

#endif
