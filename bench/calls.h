/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * calls.h - what is measured: calls of the API, with algorithms and sizes
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "library.h"

/* A line of the result. */
struct row {
    const struct call *call;
    size_t bytes; /* of each message, AAD and tag not counted */
    size_t messages; /* IOVECs of one AIO call, or so many other calls */
    int access;
    bool with_next; /* measured together with the next row */
};

/* A row on one library. */
struct job {
    const struct library *lib;
    const struct row *row;
    struct kcapi_handle *handle;
};

struct call {
    const char *name, *algorithm;
    int (*open)(struct job *job); /* NULL: it needs no handle */
    ssize_t (*run)(const struct job *job); /* a negative errno if it fails */
    void (*close)(const struct job *job);
};

enum { MOST_ROWS = 512 };

/* Fills `rows`; how many there are. */
size_t make_rows(struct row *rows);

/* Makes a job ready to run: 0 or a negative errno. */
int open_job(struct job *job);
void close_job(const struct job *job);

bool is_aio(const struct row *row);

/* Whether the C library would wait forever: it sends more than the socket's buffer takes. */
bool hangs_in_c(const struct row *row);

#endif
