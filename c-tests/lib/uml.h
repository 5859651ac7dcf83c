/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* uml.h - whether the kernel is User-Mode Linux, or one in software emulation */
#ifndef UML_H
#define UML_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline bool is_user_mode_linux(void)
{
    char text[4096] = "";
    int fd = open("/proc/cpuinfo", O_RDONLY);
    bool found = read(fd, text, sizeof(text) - 1) > 0 && strstr(text, "User Mode Linux");

    close(fd);
    return found;
}

/* Whether a fork takes so long there that tests do only some of theirs. */
static inline bool forks_slowly(void)
{
    const char *kernel = getenv("KCAPI_KERNEL");

    return !getenv("KCAPI_LONG") &&
           (is_user_mode_linux() || (kernel && strcmp(kernel, "qemu") == 0));
}

#endif
