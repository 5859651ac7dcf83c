// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * verify-signature KEYFILE SIGNATUREFILE <file: whether the signature of a file of any size is right
 *
 *     cc verify-signature.c $(pkg-config --cflags --libs libkcapi)
 *
 * KEYFILE has the public key of RSA, SIGNATUREFILE the signature by PKCS #1 v1.5 with SHA-256:
 *
 *     openssl rsa -in key.pem -RSAPublicKey_out -outform DER -out KEYFILE
 *     openssl dgst -sha256 -sign key.pem -out SIGNATUREFILE file
 */
#include <errno.h>
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DIGEST = 32, MOST = 2048 };

static int fail(const char *what, int error)
{
    fprintf(stderr, "verify-signature: %s: %s\n", what, strerror(error));
    return 2;
}

/* How many bytes a file has, which are put into `bytes`; or a negative errno. */
static ssize_t read_file(const char *name, uint8_t bytes[MOST])
{
    FILE *file = fopen(name, "rb");
    size_t len;

    if (!file)
        return -errno;
    len = fread(bytes, 1, MOST, file);
    if (ferror(file) || fgetc(file) != EOF)
        len = 0;
    fclose(file);
    return len > 0 ? (ssize_t)len : -EINVAL;
}

static ssize_t digest_input(uint8_t digest[DIGEST])
{
    static uint8_t data[65536];
    struct kcapi_handle *handle;
    ssize_t ret = kcapi_md_init(&handle, "sha256", 0);
    size_t len;

    if (ret < 0)
        return ret;
    while (ret >= 0 && (len = fread(data, 1, sizeof(data), stdin)) > 0)
        ret = kcapi_md_update(handle, data, len);
    if (ret >= 0)
        ret = ferror(stdin) ? -EIO : kcapi_md_final(handle, digest, DIGEST);
    kcapi_md_destroy(handle);
    return ret;
}

/* What was signed with the key, into `signed_digest`; its length, or a negative errno. */
static ssize_t open_signature(const char *key_name, const char *signature_name,
                              uint8_t signed_digest[MOST])
{
    uint8_t key[MOST], signature[MOST];
    ssize_t key_len = read_file(key_name, key), len = read_file(signature_name, signature), ret;
    struct kcapi_handle *handle;

    if (key_len < 0 || len < 0)
        return key_len < 0 ? key_len : len;
    ret = kcapi_akcipher_init(&handle, "pkcs1pad(rsa,sha256)", 0);
    if (ret < 0)
        return ret;
    ret = kcapi_akcipher_setpubkey(handle, key, (uint32_t)key_len);
    if (ret >= 0)
        ret = kcapi_akcipher_verify(handle, signature, (size_t)len, signed_digest, MOST, 0);
    kcapi_akcipher_destroy(handle);
    return ret;
}

int main(int argc, char **argv)
{
    uint8_t digest[DIGEST], signed_digest[MOST];
    ssize_t ret;

    if (argc != 3) {
        fprintf(stderr, "usage: verify-signature KEYFILE SIGNATUREFILE <file\n");
        return 2;
    }
    ret = digest_input(digest);
    if (ret < 0)
        return fail("the file", (int)-ret);
    ret = open_signature(argv[1], argv[2], signed_digest);
    if (ret < 0 && ret != -EBADMSG)
        return fail("the signature", (int)-ret);
    /* The signature may be right, and that of another file: it is for us to compare. */
    if (ret != DIGEST || memcmp(digest, signed_digest, DIGEST) != 0) {
        puts("wrong");
        return 1;
    }
    puts("right");
    return 0;
}
