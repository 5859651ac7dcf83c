/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * keys.h - keys in the kernel's keyrings, by add_key(2) and keyctl(2), which the C library has not
 */
#ifndef KEYS_H
#define KEYS_H

#include <errno.h>
#include <linux/keyctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tap.h"

/* What the possessor of a key may do with it, and its owner; see keyrings(7). */
#define POSSESSOR(may) ((uint32_t)(may) << 24)
#define OWNER(may) ((uint32_t)(may) << 16)
enum { MAY_VIEW = 1, MAY_READ = 2, MAY_SEARCH = 8, MAY_SETATTR = 32 };

static inline long keyctl(int operation, int32_t serial, unsigned long value)
{
    return syscall(SYS_keyctl, operation, serial, value);
}

/* A new key in a keyring of this process; its serial number, or a negative errno. */
static inline int32_t try_key_of(const char *type, const void *payload, size_t len)
{
    static int number;
    char name[64];
    long serial;

    /* A logon key's name has a prefix, which says whose it is. */
    snprintf(name, sizeof(name), "kcapi-test:%d-%d", (int)getpid(), number++);
    serial = syscall(SYS_add_key, type, name, payload, len, KEY_SPEC_PROCESS_KEYRING);
    return serial < 0 ? -errno : (int32_t)serial;
}

static inline int32_t key_of(const char *type, const void *payload, size_t len)
{
    int32_t serial = try_key_of(type, payload, len);

    if (serial < 0)
        bail_out("add_key(2) of type %s: %d", type, serial);
    return serial;
}

/* Containers often forbid add_key(2), and qemu-user has it not. */
static inline bool has_keyrings(void) { return try_key_of("user", "key", 3) > 0; }

/* Whether setsockopt(2) of AF_ALG takes a key's serial number: since Linux 6.2. */
static inline bool kernel_takes_serials(void)
{
    struct utsname name;
    int major = 0, minor = 0;

    if (uname(&name) || sscanf(name.release, "%d.%d", &major, &minor) != 2)
        bail_out("uname(2)");
    return major > 6 || (major == 6 && minor >= 2);
}

/* Before the first init: lets KCAPI_INIT_USER choose the engine where the kernel's is the one tested. */
static inline void allow_both_engines(void)
{
    const char *engine = getenv("KCAPI_ENGINE");

    if (engine && strcmp(engine, "kernel") == 0)
        setenv("KCAPI_ENGINE", "kernel-first", 1);
}

#endif
