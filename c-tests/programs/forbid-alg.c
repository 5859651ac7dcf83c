/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * forbid-alg COMMAND [ARG...] - run COMMAND where AF_ALG is forbidden, as in a container
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "forbid.h"

int main(int argc, char **argv)
{
    if (argc > 1 && forbid_sockets(AF_ALG))
        execvp(argv[1], argv + 1);
    perror("forbid-alg");
    return 127;
}
