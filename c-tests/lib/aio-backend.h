/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* aio-backend.h - which backend the AIO calls of a process use */
#ifndef AIO_BACKEND_H
#define AIO_BACKEND_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "uml.h"

/* Whether the library has code for rings on this architecture. */
#if defined(__x86_64__) || defined(__aarch64__) || defined(__powerpc64__) || defined(__loongarch64) || \
    (defined(__riscv) && __riscv_xlen == 64)
#define MAY_HAVE_IO_URING true
#else
#define MAY_HAVE_IO_URING false
#endif

/* Whether the library can have a ring, which it wants with these flags. */
static inline bool has_io_uring(void)
{
    struct io_uring_params params = { .flags = IORING_SETUP_SINGLE_ISSUER |
                                               IORING_SETUP_DEFER_TASKRUN };
    long fd;

    if (!MAY_HAVE_IO_URING)
        return false;
    fd = syscall(SYS_io_uring_setup, 4, &params);
    if (fd >= 0)
        close((int)fd);
    return fd >= 0;
}

/* Whether it uses one. */
static inline bool uses_io_uring(void)
{
    const char *aio = getenv("KCAPI_AIO");

    return (!aio || (strcmp(aio, "linux") != 0 && strcmp(aio, "sync") != 0)) && has_io_uring();
}

/*
 * User-Mode Linux 6.12 and 7.2 lose count of a ring's pages ("Bad page map") when a process that has
 * one forks, whatever it does with it, and die of it.
 */
static inline bool can_fork_with_rings(void)
{
    struct utsname name;
    int major = 0, minor = 0;

    if (!is_user_mode_linux() || !uses_io_uring())
        return true;
    return uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
           major * 1000 + minor < 6012;
}

#endif
