// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * hmac-file KEYFILE <file: the HMAC-SHA-256 of a file of any size, in hexadecimal
 *
 *     cc hmac-file.c $(pkg-config --cflags --libs libkcapi)
 *
 * KEYFILE holds the key, up to 1024 bytes.
 */
#include <errno.h>
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what, int error)
{
    fprintf(stderr, "hmac-file: %s: %s\n", what, strerror(error));
    return 1;
}

static int hmac(struct kcapi_handle *handle)
{
    static uint8_t data[65536];
    uint8_t mac[64];
    ssize_t ret;
    size_t len;

    while ((len = fread(data, 1, sizeof(data), stdin)) > 0) {
        ret = kcapi_md_update(handle, data, len);
        if (ret < 0)
            return fail("kcapi_md_update", -ret);
    }
    if (ferror(stdin))
        return fail("reading", errno);
    ret = kcapi_md_final(handle, mac, kcapi_md_digestsize(handle));
    if (ret < 0)
        return fail("kcapi_md_final", -ret);
    for (ssize_t i = 0; i < ret; i++)
        printf("%02x", mac[i]);
    return puts("") < 0 || fflush(stdout) ? fail("writing", errno) : 0;
}

int main(int argc, char **argv)
{
    struct kcapi_handle *handle;
    uint8_t key[1024];
    FILE *key_file;
    size_t keylen;
    int ret;

    if (argc != 2) {
        fprintf(stderr, "usage: hmac-file KEYFILE <file\n");
        return 2;
    }
    if (!(key_file = fopen(argv[1], "rb")))
        return fail(argv[1], errno);
    keylen = fread(key, 1, sizeof(key), key_file);
    ret = ferror(key_file) || fgetc(key_file) != EOF;
    fclose(key_file);
    if (ret)
        return fail(argv[1], EINVAL);

    ret = kcapi_md_init(&handle, "hmac(sha256)", 0);
    if (ret < 0)
        return fail("hmac(sha256)", -ret);
    ret = kcapi_md_setkey(handle, key, keylen);
    kcapi_memset_secure(key, 0, sizeof(key));
    ret = ret < 0 ? fail("kcapi_md_setkey", -ret) : hmac(handle);
    kcapi_md_destroy(handle);
    return ret;
}
