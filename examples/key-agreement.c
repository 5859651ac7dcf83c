// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * key-agreement new KEYFILE >public: a private key, and the public key that goes with it
 * key-agreement with KEYFILE PUBLIC: the key that both parties have, in hexadecimal
 *
 *     cc key-agreement.c $(pkg-config --cflags --libs libkcapi)
 *
 * X25519 (RFC 7748): each party gives its public key to the other, and with that of the other and its own
 * private key gets the secret that nobody else can compute. HKDF makes a key of the secret and of both
 * public keys. This says nothing of who the other party is: how its public key came must say that.
 */
#include <errno.h>
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEN 32

static int fail(const char *what, int error)
{
    fprintf(stderr, "key-agreement: %s: %s\n", what, strerror(error));
    return 1;
}

static int read_file(const char *name, uint8_t bytes[LEN])
{
    FILE *file = fopen(name, "r");
    int whole;

    if (!file)
        return fail(name, errno);
    whole = fread(bytes, 1, LEN, file) == LEN && getc(file) == EOF;
    fclose(file);
    return whole ? 0 : fail(name, EINVAL);
}

static int new_key(const char *name, uint8_t private[LEN])
{
    FILE *file;

    if (getentropy(private, LEN))
        return fail("getentropy", errno);
    umask(077);
    file = fopen(name, "wx");
    if (!file || fwrite(private, 1, LEN, file) != LEN || fclose(file))
        return fail(name, errno);
    return 0;
}

/* The two public keys, the lesser first, so that both parties have them in the same order. */
static void in_order(uint8_t both[2 * LEN], const uint8_t a[LEN], const uint8_t b[LEN])
{
    int a_first = memcmp(a, b, LEN) < 0;

    memcpy(both, a_first ? a : b, LEN);
    memcpy(both + LEN, a_first ? b : a, LEN);
}

static int agree(struct kcapi_handle *handle, const uint8_t ours[LEN], const char *name)
{
    uint8_t theirs[LEN], both[2 * LEN], secret[LEN], key[LEN];
    ssize_t ret;

    if (read_file(name, theirs))
        return 1;
    /* -EINVAL: that is no public key, but a number with which the secret would be none. */
    ret = kcapi_kpp_ssgen(handle, theirs, LEN, secret, LEN, KCAPI_ACCESS_HEURISTIC);
    if (ret < 0)
        return fail(name, -ret);
    in_order(both, ours, theirs);
    ret = kcapi_hkdf("hmac(sha256)", secret, LEN, NULL, 0, both, sizeof(both), key, LEN);
    kcapi_memset_secure(secret, 0, LEN);
    if (ret < 0)
        return fail("kcapi_hkdf", -ret);
    for (size_t i = 0; i < LEN; i++)
        printf("%02x", key[i]);
    puts("");
    kcapi_memset_secure(key, 0, LEN);
    return 0;
}

int main(int argc, char **argv)
{
    int is_new = argc == 3 && strcmp(argv[1], "new") == 0;
    struct kcapi_handle *handle = NULL;
    uint8_t private[LEN], public[LEN];
    ssize_t ret;

    if (!is_new && (argc != 4 || strcmp(argv[1], "with") != 0)) {
        fprintf(stderr, "usage: key-agreement new KEYFILE >public\n"
                        "       key-agreement with KEYFILE PUBLIC\n");
        return 2;
    }
    if (is_new ? new_key(argv[2], private) : read_file(argv[2], private))
        return 1;
    ret = kcapi_kpp_init(&handle, "curve25519", 0);
    if (ret == 0)
        ret = kcapi_kpp_setkey(handle, private, LEN);
    kcapi_memset_secure(private, 0, LEN);
    if (ret >= 0)
        ret = kcapi_kpp_keygen(handle, public, LEN, KCAPI_ACCESS_HEURISTIC);
    if (ret < 0)
        ret = fail("curve25519", -ret);
    else if (is_new)
        ret = fwrite(public, 1, LEN, stdout) != LEN ? fail("writing", errno) : 0;
    else
        ret = agree(handle, public, argv[3]);
    kcapi_kpp_destroy(handle);
    return ret || fflush(stdout);
}
