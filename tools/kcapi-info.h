/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* What the files of kcapi-info share. */
#ifndef KCAPI_INFO_H
#define KCAPI_INFO_H

#include <kcapi.h>
#include <stdbool.h>
#include <stddef.h>

enum family { SKCIPHER, AEAD, HASH, RNG, FAMILIES };

struct algorithm {
    enum family family;
    const char *name;
    int keylen; /* for a measurement; 0: without key, -1: not measured */
};

/* By the names that bind(2) takes. */
extern const char *const family_names[FAMILIES];
extern const struct algorithm algorithms[];
extern const size_t algorithm_count;

/* Opens and closes a handle; 0 or a negative errno. */
int open_handle(const struct algorithm *a, struct kcapi_handle **handle);
void close_handle(const struct algorithm *a, struct kcapi_handle *handle);

/* Results of system calls are 0 or a negative errno. */
struct machine {
    int socket;   /* socket(2) with AF_ALG */
    int netlink;  /* socket(2) with NETLINK_CRYPTO */
    int io_uring; /* io_uring_setup(2) */
    int io_setup; /* io_setup(2) */
    bool proc_crypto;
    bool fips;
    int seccomp; /* as in /proc/self/status; -1: not told */
};

struct driver {
    char name[128], module[64];
    bool listed; /* in /proc/crypto */
};

void probe_machine(struct machine *m);
/* bind(2) on an AF_ALG socket. */
int probe_bind(const struct algorithm *a);
/* What /proc/crypto says of the algorithm: its driver of the highest priority. */
void find_driver(const struct algorithm *a, struct driver *driver);

/* Measures the algorithms, or those of them that are named, on both engines; json: as a member of
 * an object. 0, or 1 if there was nothing to measure. */
int measure(char **names, int count, bool json);

#endif
