// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * keyring TYPE KEYFILE <message: HMAC-SHA-256, in hexadecimal, by a key in the kernel's keyrings
 *
 *     cc keyring.c $(pkg-config --cflags --libs libkcapi)
 *
 * TYPE is logon for a key that no process can read, or user for one that can be read. KEYFILE holds
 * the key, up to 1024 bytes: it goes into a keyring of this process, which then has no copy of it.
 * Usually another program has done that, as with keyctl(1), and the serial number of the key comes
 * from request_key(2).
 *
 * A logon key takes Linux 6.2 or later with AF_ALG, a user key that or the engine in user space.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <kcapi.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(const char *what, int error)
{
    fprintf(stderr, "keyring: %s: %s\n", what, strerror(error));
    return 1;
}

/* Puts a key into a keyring that ends with this process. Its serial number, or a negative errno. */
static int32_t add_key(const char *type, const char *file_name)
{
    FILE *file = fopen(file_name, "rb");
    uint8_t key[1024];
    long serial;
    size_t len;

    if (!file)
        return -errno;
    setvbuf(file, NULL, _IONBF, 0);
    len = fread(key, 1, sizeof(key), file);
    fclose(file);
    /* The name of a logon key has a prefix, which says whose it is. */
    serial = syscall(SYS_add_key, type, "example:hmac", key, len, KEY_SPEC_PROCESS_KEYRING);
    if (serial < 0)
        serial = -errno;
    kcapi_memset_secure(key, 0, sizeof(key));
    return (int32_t)serial;
}

static int hmac(struct kcapi_handle *handle)
{
    static uint8_t data[65536];
    uint8_t mac[32];
    ssize_t ret;
    size_t len;

    while ((len = fread(data, 1, sizeof(data), stdin)) > 0) {
        ret = kcapi_md_update(handle, data, len);
        if (ret < 0)
            return fail("kcapi_md_update", -ret);
    }
    if (ferror(stdin))
        return fail("reading", errno);
    ret = kcapi_md_final(handle, mac, sizeof(mac));
    if (ret < 0)
        return fail("kcapi_md_final", -ret);
    for (ssize_t i = 0; i < ret; i++)
        printf("%02x", mac[i]);
    return puts("") < 0 || fflush(stdout) ? fail("writing", errno) : 0;
}

int main(int argc, char **argv)
{
    struct kcapi_handle *handle;
    int32_t serial;
    int ret;

    if (argc != 3) {
        fprintf(stderr, "usage: keyring logon|user KEYFILE <message\n");
        return 2;
    }
    serial = add_key(argv[1], argv[2]);
    if (serial < 0)
        return fail("the key", -serial);
    ret = kcapi_md_init(&handle, "hmac(sha256)", 0);
    if (ret < 0)
        return fail("hmac(sha256)", -ret);
    ret = kcapi_handle_setkey_serial(handle, serial);
    ret = ret < 0 ? fail("kcapi_handle_setkey_serial", -ret) : hmac(handle);
    kcapi_md_destroy(handle);
    return ret;
}
