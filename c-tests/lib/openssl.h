/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * openssl.h - the program openssl in a directory of the test's own
 */
#ifndef OPENSSL_H
#define OPENSSL_H

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fill.h"

static char openssl_directory[] = "/tmp/kcapi-openssl-XXXXXX";

static void begin_openssl(void)
{
    if (!mkdtemp(openssl_directory))
        bail_out("no directory");
}

static void end_openssl(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r %s", openssl_directory);
    is_int(system(command), 0, "tidied up");
}

/* Runs openssl with these arguments, in the directory; whether it succeeded. */
TAP_PRINTF(1, 2) static bool openssl(const char *fmt, ...)
{
    char command[512];
    int len = snprintf(command, sizeof(command), "cd %s && openssl ", openssl_directory);
    va_list args;

    va_start(args, fmt);
    len += vsnprintf(command + len, sizeof(command) - (size_t)len, fmt, args);
    va_end(args);
    snprintf(command + len, sizeof(command) - (size_t)len, " 2>/dev/null");
    return system(command) == 0;
}

static FILE *open_file(const char *name, const char *mode)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", openssl_directory, name);
    file = fopen(path, mode);
    if (!file)
        bail_out("no file %s", path);
    return file;
}

static size_t from_file(const char *name, uint8_t *bytes, size_t room)
{
    FILE *file = open_file(name, "r");
    size_t len = fread(bytes, 1, room, file);

    fclose(file);
    return len;
}

static void to_file(const char *name, const uint8_t *bytes, size_t len)
{
    FILE *file = open_file(name, "w");

    if (fwrite(bytes, 1, len, file) != len || fclose(file))
        bail_out("%s was not written", name);
}

#endif
