// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * derive-keys SALT [ITERATIONS] <password: two keys of 32 bytes out of a password, in hexadecimal
 *
 *     cc derive-keys.c $(pkg-config --cflags --libs libkcapi)
 *
 * PBKDF2 makes a master key of the first line of the input, slowly, so that guessing is slow too; HKDF
 * makes of that one key for each purpose. Without ITERATIONS as many are done as this machine
 * does in half a second; they must be kept, with the salt, to derive the same keys again.
 */
#include <errno.h>
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH "hmac(sha256)"
#define KEY 32
#define HALF_A_SECOND 500000000

static int fail(const char *what, int error)
{
    fprintf(stderr, "derive-keys: %s: %s\n", what, strerror(error));
    return 1;
}

/* A key for one purpose, which `info` names. */
static int print_key(const uint8_t master[KEY], const char *salt, const char *info)
{
    uint8_t key[KEY];
    ssize_t ret = kcapi_hkdf(HASH, master, KEY, (const uint8_t *)salt, strlen(salt),
                             (const uint8_t *)info, strlen(info), key, sizeof(key));

    if (ret < 0)
        return fail("kcapi_hkdf", -ret);
    printf("%s ", info);
    for (size_t i = 0; i < sizeof(key); i++)
        printf("%02x", key[i]);
    puts("");
    kcapi_memset_secure(key, 0, sizeof(key));
    return 0;
}

int main(int argc, char **argv)
{
    char password[1024], *end = NULL;
    uint8_t master[KEY];
    unsigned long count;
    ssize_t ret;

    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: derive-keys SALT [ITERATIONS] <password\n");
        return 2;
    }
    if (argc == 3) {
        count = strtoul(argv[2], &end, 10);
        if (!count || count > UINT32_MAX || *end)
            return fail(argv[2], EINVAL);
    } else {
        count = kcapi_pbkdf_iteration_count(HASH, HALF_A_SECOND);
    }
    if (!fgets(password, sizeof(password), stdin))
        return fail("password", ferror(stdin) ? errno : EINVAL);
    password[strcspn(password, "\n")] = '\0';

    ret = kcapi_pbkdf(HASH, (const uint8_t *)password, strlen(password),
                      (const uint8_t *)argv[1], strlen(argv[1]), count, master, sizeof(master));
    kcapi_memset_secure(password, 0, sizeof(password));
    if (ret < 0)
        return fail("kcapi_pbkdf", -ret);
    printf("iterations %lu\n", count);
    ret = print_key(master, argv[1], "encryption") || print_key(master, argv[1], "authentication");
    kcapi_memset_secure(master, 0, sizeof(master));
    return ret || fflush(stdout);
}
