/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * restricted-alg.c - loaded before a program (LD_PRELOAD), AF_ALG as Linux 7.3 has it
 *
 * RESTRICT is the value of the sysctl crypto.af_alg_restrict. With 2 there are no sockets of AF_ALG; with 1
 * bind(2) knows few algorithms: those that it leaves to a user without privileges. A kernel that has no
 * AF_ALG at all says of those, too, that there are none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/if_alg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int restriction(void)
{
    const char *value = getenv("RESTRICT");

    return value ? atoi(value) : 0;
}

int socket(int family, int type, int protocol)
{
    int (*next)(int, int, int) = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");

    if (family == AF_ALG && restriction() == 2) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    int fd = next(family, type, protocol);
    /* Any socket will do for an algorithm that is refused. */
    return fd < 0 && family == AF_ALG && restriction() == 1 ? next(AF_UNIX, type, protocol) : fd;
}

static int is_allowed(const char *name)
{
    static const char *const allowed[] = { "xts(aes)", "adiantum(xchacha12,aes)", "sha1" };

    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (strcmp(name, allowed[i]) == 0)
            return 1;
    return 0;
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    int (*next)(int, const struct sockaddr *, socklen_t) =
        (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind");
    struct sockaddr_alg alg = { 0 };

    if (address->sa_family != AF_ALG || restriction() != 1)
        return next(fd, address, len);
    memcpy(&alg, address, len < sizeof(alg) ? len : sizeof(alg));
    alg.salg_name[sizeof(alg.salg_name) - 1] = '\0';
    if (is_allowed((const char *)alg.salg_name) && next(fd, address, len) == 0)
        return 0;
    errno = ENOENT;
    return -1;
}
