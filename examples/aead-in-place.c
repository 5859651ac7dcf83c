// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * aead-in-place seal|open KEYFILE AAD <in >out: AES-256-GCM of one message of up to 64 KiB
 *
 *     cc aead-in-place.c $(pkg-config --cflags --libs libkcapi)
 *
 * One buffer serves as input and output: `AAD || plaintext || room for the tag` becomes
 * `AAD || ciphertext || tag`, and back. KEYFILE holds 32 bytes. A sealed message is a nonce of 12
 * bytes, ciphertext and tag; AAD, a text that is verified but not sent, must be the same for both.
 */
#include <errno.h>
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NONCE 12
#define TAG 16
#define MAX_AAD 1024
#define MAX_DATA 65536

static int fail(const char *what, int error)
{
    fprintf(stderr, "aead-in-place: %s: %s\n", what, strerror(error));
    return 1;
}

static int transform(struct kcapi_handle *handle, int sealing, const char *aad_text)
{
    static uint8_t buffer[MAX_AAD + MAX_DATA + TAG];
    uint8_t nonce[NONCE], *aad, *data;
    size_t aadlen = strlen(aad_text), len, outlen;
    ssize_t ret;

    if (aadlen > MAX_AAD)
        return fail("AAD", EMSGSIZE);
    if (sealing ? getentropy(nonce, NONCE) : fread(nonce, 1, NONCE, stdin) != NONCE)
        return fail("nonce", sealing ? errno : EBADMSG);

    /* Where things are in the buffer: asked for all of it, before the length is known. */
    kcapi_aead_setassoclen(handle, aadlen);
    kcapi_aead_getdata_input(handle, buffer, sizeof(buffer), 1, &aad, NULL, &data, NULL, NULL, NULL);
    if (aadlen)
        memcpy(aad, aad_text, aadlen);
    len = fread(data, 1, MAX_DATA + (sealing ? 0 : TAG), stdin);
    if (ferror(stdin) || getchar() != EOF)
        return fail("message", ferror(stdin) ? errno : EMSGSIZE);
    if (!sealing && len < TAG)
        return fail("message", EBADMSG);

    if (sealing) {
        outlen = kcapi_aead_outbuflen_enc(handle, len, aadlen, TAG);
        ret = kcapi_aead_encrypt(handle, buffer, kcapi_aead_inbuflen_enc(handle, len, aadlen, TAG),
                                 nonce, buffer, outlen, KCAPI_ACCESS_HEURISTIC);
    } else {
        len -= TAG;
        outlen = kcapi_aead_outbuflen_dec(handle, len, aadlen, TAG);
        ret = kcapi_aead_decrypt(handle, buffer, kcapi_aead_inbuflen_dec(handle, len, aadlen, TAG),
                                 nonce, buffer, outlen, KCAPI_ACCESS_HEURISTIC);
    }
    /* -EBADMSG: forged or damaged, or another key or AAD. Nothing of it must be used. */
    if (ret < 0)
        return fail(sealing ? "seal" : "open", -ret);
    if ((sealing && fwrite(nonce, 1, NONCE, stdout) != NONCE) ||
        fwrite(data, 1, ret - aadlen, stdout) != ret - aadlen || fflush(stdout))
        return fail("writing", errno);
    return 0;
}

int main(int argc, char **argv)
{
    struct kcapi_handle *handle;
    uint8_t key[32];
    FILE *key_file;
    int ret, sealing = argc == 4 && !strcmp(argv[1], "seal");

    if (argc != 4 || (!sealing && strcmp(argv[1], "open"))) {
        fprintf(stderr, "usage: aead-in-place seal|open KEYFILE AAD <in >out\n");
        return 2;
    }
    if (!(key_file = fopen(argv[2], "rb")))
        return fail(argv[2], errno);
    ret = fread(key, 1, sizeof(key), key_file) == sizeof(key);
    fclose(key_file);
    if (!ret)
        return fail(argv[2], EINVAL);

    ret = kcapi_aead_init(&handle, "gcm(aes)", 0);
    if (ret < 0)
        return fail("gcm(aes)", -ret);
    ret = kcapi_aead_setkey(handle, key, sizeof(key));
    kcapi_memset_secure(key, 0, sizeof(key));
    if (!ret)
        ret = kcapi_aead_settaglen(handle, TAG);
    ret = ret < 0 ? fail("setting up", -ret) : transform(handle, sealing, argv[3]);
    kcapi_aead_destroy(handle);
    return ret;
}
