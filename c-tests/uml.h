/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* uml.h - whether the kernel is User-Mode Linux */
#ifndef UML_H
#define UML_H

#include <fcntl.h>
#include <stdbool.h>
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

#endif
