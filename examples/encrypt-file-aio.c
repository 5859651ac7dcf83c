// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * encrypt-file-aio KEYFILE <plain >encrypted: AES-256 in CTR mode, many pieces in each call
 *
 *     cc encrypt-file-aio.c $(pkg-config --cflags --libs libkcapi)
 *
 * KEYFILE holds 32 bytes. The output is a random IV of 16 bytes and the ciphertext, which anything
 * that knows CTR decrypts; so does this program's own loop, with kcapi_cipher_decrypt_aio().
 * CTR keeps a secret, but nobody notices a change: for that see aead-in-place.c.
 */
#include <errno.h>
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIECE 16384
#define PIECES 64

static uint8_t data[PIECES * PIECE];

static int fail(const char *what, int error)
{
    fprintf(stderr, "encrypt-file-aio: %s: %s\n", what, strerror(error));
    return 1;
}

static int read_key(const char *name, uint8_t key[32])
{
    FILE *file = fopen(name, "rb");
    size_t len = 0;

    if (!file)
        return fail(name, errno);
    len = fread(key, 1, 32, file);
    fclose(file);
    return len == 32 ? 0 : fail(name, EINVAL);
}

static int encrypt(struct kcapi_handle *handle, const uint8_t iv[16])
{
    struct iovec iov[PIECES];
    size_t len;

    /* Only whole pieces come before the last read: CTR counts whole blocks of 16 bytes. */
    while ((len = fread(data, 1, sizeof(data), stdin)) > 0) {
        size_t count = 0;
        ssize_t ret;

        for (size_t at = 0; at < len; at += PIECE, count++) {
            iov[count].iov_base = data + at;
            iov[count].iov_len = len - at < PIECE ? len - at : PIECE;
        }
        /* In place. The IV goes with the first call; NULL goes on where the last call ended. */
        ret = kcapi_cipher_encrypt_aio(handle, iov, iov, count, iv, KCAPI_ACCESS_HEURISTIC);
        if (ret < 0)
            return fail("kcapi_cipher_encrypt_aio", -ret);
        iv = NULL;
        if (fwrite(data, 1, len, stdout) != len)
            return fail("writing", errno);
    }
    if (ferror(stdin))
        return fail("reading", errno);
    return fflush(stdout) ? fail("writing", errno) : 0;
}

int main(int argc, char **argv)
{
    struct kcapi_handle *handle;
    uint8_t key[32], iv[16];
    int ret;

    if (argc != 2) {
        fprintf(stderr, "usage: encrypt-file-aio KEYFILE <plain >encrypted\n");
        return 2;
    }
    if (read_key(argv[1], key))
        return 1;
    if (getentropy(iv, sizeof(iv)))
        return fail("getentropy", errno);
    if (fwrite(iv, 1, sizeof(iv), stdout) != sizeof(iv))
        return fail("writing", errno);

    ret = kcapi_cipher_init(&handle, "ctr(aes)", KCAPI_INIT_AIO);
    if (ret < 0)
        return fail("ctr(aes)", -ret);
    ret = kcapi_cipher_setkey(handle, key, sizeof(key));
    kcapi_memset_secure(key, 0, sizeof(key));
    if (ret < 0)
        fail("kcapi_cipher_setkey", -ret);
    else
        ret = encrypt(handle, iv);
    kcapi_cipher_destroy(handle);
    return ret != 0;
}
