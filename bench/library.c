/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * library.c - opens the libraries with dlopen(3)
 *
 * Ours is there several times, a file for each way to work: it looks at the environment only once.
 */
#define _GNU_SOURCE
#include "library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

struct library libraries[LIBRARIES] = {
    [C] = { .name = "c" },
    [LINUX_AIO] = { .name = "kernel" },
    [IO_URING] = { .name = "io_uring" },
    [USER] = { .name = "user" },
};

static const struct {
    const char *engine, *aio;
} environment[LIBRARIES] = {
    [C] = { "kernel", "linux" }, /* it does not look */
    [LINUX_AIO] = { "kernel", "linux" },
    [IO_URING] = { "kernel", "io_uring" },
    [USER] = { "user", "linux" },
};

static void *symbol(void *file, const char *name)
{
    void *address = dlsym(file, name);

    if (!address) {
        fprintf(stderr, "bench: %s\n", dlerror());
        exit(1);
    }
    return address;
}

/* Engine and AIO are chosen by the first calls that need them. */
static void make_it_choose(const struct library *lib)
{
    static uint8_t bytes[2][16];
    struct iovec iov[2] = { { bytes[0], 16 }, { bytes[1], 16 } };
    struct kcapi_handle *handle;

    if (lib->cipher_init(&handle, "cbc(aes)", KCAPI_INIT_AIO))
        return;
    lib->cipher_setkey(handle, bytes[0], 16);
    lib->cipher_encrypt_aio(handle, iov, iov, 2, bytes[0], 0);
    lib->cipher_destroy(handle);
}

void open_libraries(const char *dir)
{
    for (int i = 0; i < LIBRARIES; i++) {
        struct library *lib = &libraries[i];
        char path[4096];
        void *file;

        snprintf(path, sizeof(path), "%s/%s.so", dir, lib->name);
        file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!file) {
            fprintf(stderr, "bench: %s\n", dlerror());
            exit(1);
        }
#define LOAD(function) lib->function = symbol(file, "kcapi_" #function);
        FUNCTIONS(LOAD)
#undef LOAD
        setenv("KCAPI_ENGINE", environment[i].engine, 1);
        setenv("KCAPI_AIO", environment[i].aio, 1);
        lib->set_verbosity(KCAPI_LOG_NONE);
        make_it_choose(lib);
    }
}
