/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* listed.h - which drivers the kernel has at the moment */
#ifndef LISTED_H
#define LISTED_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Whether /proc/crypto lists a driver whose name these bytes are, or begins with them if not the `whole`. */
static inline bool is_listed(const char *driver, size_t len, bool whole)
{
    FILE *file = fopen("/proc/crypto", "r");
    char line[256], value[200];
    bool found = false;

    while (file && !found && fgets(line, sizeof(line), file))
        found = sscanf(line, "driver : %199s", value) == 1 && strncmp(value, driver, len) == 0 &&
                (!whole || value[len] == '\0');
    if (file)
        fclose(file);
    return found;
}

#endif
