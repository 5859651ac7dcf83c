/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * left.h - what a process has open and in use, so that a test can see what was left behind
 */
#ifndef LEFT_H
#define LEFT_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "tap.h"

/* Bytes of the heap; AIO events are the whole system's. */
struct left {
    long descriptors, aio_events, heap;
};

/* The first number in a file; 0 if there is none. */
static inline long number_in(const char *path)
{
    char text[32] = "";
    int fd = open(path, O_RDONLY);

    if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    if (fd >= 0)
        close(fd);
    return atol(text);
}

static inline long descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    long count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

#ifdef __GLIBC__
static inline long heap_in_use(void) { return (long)mallinfo2().uordblks; }
#else
/* Other C libraries do not tell. */
static inline long heap_in_use(void) { return 0; }
#endif

static inline struct left left_now(void)
{
    /* The heap first: the others use it. */
    long heap = heap_in_use();

    return (struct left){ descriptors(), number_in("/proc/sys/fs/aio-nr"), heap };
}

/* malloc(3) counts what a thread keeps for itself as in use: it is to keep nothing. */
static inline void without_tcache(char **argv)
{
    static const char tunable[] = "glibc.malloc.tcache_count=0";
    const char *set = getenv("GLIBC_TUNABLES");

    if (set && strcmp(set, tunable) == 0)
        return;
    setenv("GLIBC_TUNABLES", tunable, 1);
    execv("/proc/self/exe", argv);
    bail_out("/proc/self/exe: %s", strerror(errno));
}

#endif
