/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A plugin that comes and goes takes the library along: a thousand times dlopen, use and dlclose
 * change neither memory nor descriptors nor threads, and a thread that has used the library may
 * end after the last dlclose.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fill.h"

enum { ROUNDS = 1000, FIRST = 20, PAGES = 64 };

static char copy[] = "/tmp/kcapi-dlopen-XXXXXX";

/* A second library for the loader, since this program is linked with the first. */
static bool copy_library(void)
{
    static uint8_t bytes[1 << 16];
    Dl_info info;
    int from, to = mkstemp(copy);
    ssize_t len = -1;

    if (to < 0 || !dladdr((void *)(uintptr_t)kcapi_version, &info))
        return false;
    from = open(info.dli_fname, O_RDONLY | O_CLOEXEC);
    while (from >= 0 && (len = read(from, bytes, sizeof(bytes))) > 0)
        if (write(to, bytes, (size_t)len) != len)
            return false;
    close(from);
    close(to);
    return len == 0;
}

static void *symbol(void *library, const char *name)
{
    void *found = dlsym(library, name);

    if (!found)
        bail_out("%s: %s", name, dlerror());
    return found;
}

static bool use(void *library)
{
    int (*init)(struct kcapi_handle **, const char *, uint32_t) = symbol(library, "kcapi_cipher_init");
    int (*setkey)(struct kcapi_handle *, const uint8_t *, uint32_t) =
        symbol(library, "kcapi_cipher_setkey");
    ssize_t (*encrypt)(struct kcapi_handle *, const uint8_t *, size_t, const uint8_t *, uint8_t *,
                       size_t, int) = symbol(library, "kcapi_cipher_encrypt");
    void (*destroy)(struct kcapi_handle *) = symbol(library, "kcapi_cipher_destroy");
    struct kcapi_handle *handle = NULL;
    uint8_t block[16] = { 0 };
    bool right;

    if (init(&handle, "cbc(aes)", KCAPI_INIT_AIO))
        return false;
    right = setkey(handle, block, 16) == 0;
    right &= encrypt(handle, block, 16, block, block, 16, 0) == 16;
    destroy(handle);
    return right;
}

struct state {
    long pages;
    size_t descriptors, threads;
};

static size_t entries(const char *path)
{
    DIR *directory = opendir(path);
    size_t count = 0;

    while (directory && readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static struct state state(void)
{
    struct state s = { 0, entries("/proc/self/fd"), entries("/proc/self/task") };
    FILE *statm = fopen("/proc/self/statm", "r");

    if (!statm || fscanf(statm, "%ld", &s.pages) != 1)
        bail_out("no /proc/self/statm");
    fclose(statm);
    return s;
}

static void test_many(void)
{
    struct state before = { 0 }, after;
    unsigned right = 0;

    for (int i = 0; i < ROUNDS; i++) {
        void *library = dlopen(copy, RTLD_NOW | RTLD_LOCAL);

        if (!library)
            bail_out("%s", dlerror());
        right += use(library);
        right += dlclose(library) == 0;
        if (i == FIRST)
            before = state();
    }
    after = state();
    is_int(right, 2 * ROUNDS, "a thousand times dlopen, use and dlclose");
    if (getenv("KCAPI_VALGRIND"))
        skip(1, "valgrind keeps memory of its own for each library that is loaded");
    else
        ok(after.pages <= before.pages + PAGES, "memory: from %ld to %ld pages", before.pages, after.pages);
    is_int(after.descriptors, before.descriptors, "as many descriptors");
    is_int(after.threads, before.threads, "as many threads");
}

static pthread_barrier_t barrier;

static void *use_and_wait(void *library)
{
    bool right = use(library);

    pthread_barrier_wait(&barrier);
    /* Now the library is closed. */
    pthread_barrier_wait(&barrier);
    return right ? library : NULL;
}

static void test_thread(void)
{
    void *library = dlopen(copy, RTLD_NOW | RTLD_LOCAL), *right = NULL;
    pthread_t thread;

    pthread_barrier_init(&barrier, NULL, 2);
    if (!library || pthread_create(&thread, NULL, use_and_wait, library))
        bail_out("no library, or no thread");
    pthread_barrier_wait(&barrier);
    dlclose(library);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, &right);
    ok(right != NULL, "a thread that has used the library ends after dlclose");
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (!copy_library())
        bail_out("the library cannot be copied to /tmp");
    test_many();
    test_thread();
    unlink(copy);
    return done_testing();
}
