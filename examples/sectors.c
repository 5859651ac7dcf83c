// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * sectors encrypt|decrypt KEYFILE SIZE <in >out: a disk image by AES-256-XTS, sector by sector
 *
 *     cc sectors.c $(pkg-config --cflags --libs libkcapi)
 *
 * As dm-crypt's aes-xts-plain64 does: each sector is a message of its own, whose IV is the sector's
 * number. A call of kcapi_process() takes 64 of them. KEYFILE holds 64 bytes, SIZE is 512 or 4096.
 */
#include <errno.h>
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTORS 64
#define MAX_SIZE 4096

static int fail(const char *what, int error)
{
    fprintf(stderr, "sectors: %s: %s\n", what, strerror(error));
    return 1;
}

static int transform(struct kcapi_handle *handle, uint32_t type, size_t size)
{
    static uint8_t data[SECTORS * MAX_SIZE], ivs[SECTORS][16];
    struct kcapi_request requests[SECTORS];
    uint64_t sector = 0;
    size_t len;

    while ((len = fread(data, 1, SECTORS * size, stdin)) > 0) {
        size_t count = len / size;
        ssize_t ret;

        if (len % size)
            return fail("the last sector is not whole", EINVAL);
        memset(requests, 0, sizeof(requests));
        for (size_t i = 0; i < count; i++, sector++) {
            for (int byte = 0; byte < 8; byte++)
                ivs[i][byte] = (uint8_t)(sector >> 8 * byte);
            requests[i].handle = handle;
            requests[i].type = type;
            requests[i].iv = ivs[i];
            requests[i].input = requests[i].output = data + i * size;
            requests[i].inlen = requests[i].outlen = size;
        }
        ret = kcapi_process(requests, count, sizeof(requests[0]), 0);
        if (ret < 0)
            return fail("kcapi_process", (int)-ret);
        for (size_t i = 0; i < count; i++)
            if (requests[i].result < 0)
                return fail("a sector", (int)-requests[i].result);
        if (fwrite(data, 1, len, stdout) != len)
            return fail("writing", errno);
    }
    if (ferror(stdin) || fflush(stdout) != 0)
        return fail("reading or writing", errno);
    return 0;
}

int main(int argc, char **argv)
{
    int encrypts = argc == 4 && strcmp(argv[1], "encrypt") == 0;
    struct kcapi_handle *handle;
    uint8_t key[64];
    FILE *keyfile;
    size_t size, len;
    int ret;

    size = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    if ((!encrypts && (argc != 4 || strcmp(argv[1], "decrypt") != 0)) || (size != 512 && size != 4096)) {
        fputs("usage: sectors encrypt|decrypt KEYFILE 512|4096 <in >out\n", stderr);
        return 2;
    }
    keyfile = fopen(argv[2], "rb");
    if (!keyfile)
        return fail(argv[2], errno);
    setvbuf(keyfile, NULL, _IONBF, 0);
    len = fread(key, 1, sizeof(key), keyfile);
    fclose(keyfile);
    if (len != sizeof(key))
        return fail(argv[2], EINVAL);

    ret = kcapi_cipher_init(&handle, "xts(aes)", 0);
    if (ret)
        return fail("kcapi_cipher_init", -ret);
    ret = kcapi_cipher_setkey(handle, key, sizeof(key));
    kcapi_memset_secure(key, 0, sizeof(key));
    if (ret)
        ret = fail("kcapi_cipher_setkey", -ret);
    else
        ret = transform(handle, encrypts ? KCAPI_REQUEST_ENCRYPT : KCAPI_REQUEST_DECRYPT, size);
    kcapi_cipher_destroy(handle);
    return ret;
}
