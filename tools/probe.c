// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/* What this machine's kernel says when the library is not asked. */
#define _GNU_SOURCE
#include "kcapi-info.h"

#include <errno.h>
#include <linux/if_alg.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int closed(int fd)
{
    return fd < 0 ? -errno : close(fd);
}

static int probe_io_setup(void)
{
    unsigned long context = 0;

    if (syscall(SYS_io_setup, 1, &context) < 0)
        return -errno;
    syscall(SYS_io_destroy, context);
    return 0;
}

static int probe_io_uring(void)
{
    struct io_uring_params params = {0};

    return closed(syscall(SYS_io_uring_setup, 1, &params));
}

/* The number after `label` in a file; missing if there is none. */
static int number_in(const char *path, const char *label, int missing)
{
    FILE *file = fopen(path, "re");
    char line[256];

    while (file && fgets(line, sizeof(line), file))
        if (!strncmp(line, label, strlen(label))) {
            missing = atoi(line + strlen(label));
            break;
        }
    if (file)
        fclose(file);
    return missing;
}

void probe_machine(struct machine *m)
{
    m->socket = closed(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    m->netlink = closed(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_CRYPTO));
    m->io_uring = probe_io_uring();
    m->io_setup = probe_io_setup();
    m->proc_crypto = !access("/proc/crypto", R_OK);
    m->fips = number_in("/proc/sys/crypto/fips_enabled", "", 0) == 1;
    m->seccomp = number_in("/proc/self/status", "Seccomp:", -1);
}

int probe_bind(const struct algorithm *a)
{
    struct sockaddr_alg address = {.salg_family = AF_ALG};
    int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    int ret = 0;

    if (fd < 0)
        return -errno;
    strcpy((char *)address.salg_type, family_names[a->family]);
    if (strlen(a->name) >= sizeof(address.salg_name))
        ret = -ENOENT;
    else
        strcpy((char *)address.salg_name, a->name);
    if (!ret && bind(fd, (struct sockaddr *)&address, sizeof(address)))
        ret = -errno;
    close(fd);
    return ret;
}

/* "key : value" of /proc/crypto. */
static bool value_of(const char *line, const char *key, char *value, size_t size)
{
    const char *colon = strchr(line, ':');

    if (strncmp(line, key, strlen(key)) || line[strlen(key)] != ' ' || !colon)
        return false;
    snprintf(value, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    return true;
}

void find_driver(const struct algorithm *a, struct driver *driver)
{
    char line[256], value[128], name[128] = "";
    struct driver entry = {0};
    int best = -1;
    FILE *file = fopen("/proc/crypto", "re");

    memset(driver, 0, sizeof(*driver));
    /* Name, driver, module and priority of an entry come in this order. */
    while (file && fgets(line, sizeof(line), file)) {
        value_of(line, "name", name, sizeof(name));
        value_of(line, "driver", entry.name, sizeof(entry.name));
        value_of(line, "module", entry.module, sizeof(entry.module));
        if (!value_of(line, "priority", value, sizeof(value)) || atoi(value) <= best ||
            (strcmp(name, a->name) && strcmp(entry.name, a->name)))
            continue;
        best = atoi(value);
        entry.listed = true;
        *driver = entry;
    }
    if (file)
        fclose(file);
}
