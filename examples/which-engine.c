// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * which-engine [CIPHER...]: who serves a cipher here, the kernel or the library itself
 *
 *     cc which-engine.c $(pkg-config --cflags --libs libkcapi)
 *
 * kcapi_handle_engine() is not in the C library of the same name. Declared weak it is NULL there, so
 * that this program compiles with either. Compiled with the C library it runs on both; compiled with
 * this one it needs this one, as the dynamic linker tells by the symbol's version.
 */
#include <kcapi.h>
#include <stdio.h>
#include <string.h>

extern const char *kcapi_handle_engine(struct kcapi_handle *handle) __attribute__((weak));

static int show(const char *name)
{
    struct kcapi_handle *handle;
    int ret = kcapi_cipher_init(&handle, name, 0);

    if (ret < 0) {
        printf("%s: none: %s\n", name, strerror(-ret));
        return 1;
    }
    /* The C library knows no other. */
    printf("%s: %s\n", name, kcapi_handle_engine ? kcapi_handle_engine(handle) : "kernel");
    kcapi_cipher_destroy(handle);
    return 0;
}

int main(int argc, char **argv)
{
    char version[32];
    int failed = 0;

    kcapi_versionstring(version, sizeof(version));
    printf("%s\n", version);
    if (argc < 2)
        return show("cbc(aes)");
    for (int i = 1; i < argc; i++)
        failed |= show(argv[i]);
    return failed;
}
