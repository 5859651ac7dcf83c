/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * evp CIPHER KEY IV [AAD] <in >out - encrypts by OpenSSL what the program openssl does not: XTS, and GCM with its tag
 *
 * Key, IV and AAD are in hexadecimal. With AAD the tag, of 16 bytes, follows the ciphertext.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 16, TAG = 16 };

static size_t bytes(const char *hex, uint8_t *to, size_t most)
{
    size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len && i < most; i++)
        if (sscanf(hex + 2 * i, "%2hhx", &to[i]) != 1)
            exit(2);
    return len;
}

static void *of_openssl(const char *name)
{
    static void *library;
    void *function;

    if (!library)
        library = dlopen("libcrypto.so.3", RTLD_NOW);
    function = library ? dlsym(library, name) : NULL;
    if (!function) {
        fprintf(stderr, "evp: no %s in libcrypto.so.3\n", name);
        exit(2);
    }
    return function;
}

int main(int argc, char **argv)
{
    void *(*fetch)(void *, const char *, const char *);
    void *(*new)(void);
    int (*init)(void *, void *, const uint8_t *, const uint8_t *, const void *);
    int (*update)(void *, uint8_t *, int *, const uint8_t *, int), (*final)(void *, uint8_t *, int *);
    int (*control)(void *, int, int, void *);
    static uint8_t in[MOST], out[MOST + TAG], aad[256], key[64], iv[16];
    size_t len, aadlen = argc > 4 ? bytes(argv[4], aad, sizeof(aad)) : 0;
    int done = 0, right = 1;
    void *context;

    *(void **)&fetch = of_openssl("EVP_CIPHER_fetch");
    *(void **)&new = of_openssl("EVP_CIPHER_CTX_new");
    *(void **)&init = of_openssl("EVP_EncryptInit_ex2");
    *(void **)&update = of_openssl("EVP_EncryptUpdate");
    *(void **)&final = of_openssl("EVP_EncryptFinal_ex");
    *(void **)&control = of_openssl("EVP_CIPHER_CTX_ctrl");
    if (argc < 4)
        return 2;
    bytes(argv[2], key, sizeof(key));
    bytes(argv[3], iv, sizeof(iv));
    len = fread(in, 1, MOST, stdin);
    context = new();
    right &= init(context, fetch(NULL, argv[1], NULL), key, iv, NULL);
    if (argc > 4)
        right &= update(context, NULL, &done, aad, (int)aadlen);
    right &= update(context, out, &done, in, (int)len);
    if (argc > 4) {
        right &= final(context, out + len, &done);
        right &= control(context, 0x10 /* EVP_CTRL_AEAD_GET_TAG */, TAG, out + len);
        len += TAG;
    }
    return right == 1 && fwrite(out, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : 1;
}
