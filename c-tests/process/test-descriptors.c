/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * No descriptor is left behind, however many threads there were, none outlives an exec, and handles
 * go on after a fork.
 *
 * needs: uninstrumented
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aio-backend.h"
#include "fill.h"
#include "uml.h"

enum { N = 4, LEN = 64, THREADS = 40, RINGS_MAX = 16 };

static const uint8_t key[16] = { 1 };
static uint8_t data[N * LEN], iv[16] = { 3 };
/* IOVECs of an AIO call. A child has fewer, so that what it left to its parent would be noticed. */
static size_t pairs = N;

/* Open descriptors; those that an exec would hand on are counted in *inherited, from 3 on. */
static int descriptors(int *inherited)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    int count = 0;

    if (!dir)
        bail_out("/proc/self/fd: %s", strerror(errno));
    *inherited = 0;
    while ((entry = readdir(dir))) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] == '.' || fd == dirfd(dir))
            continue;
        count++;
        if (fd > 2 && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
            (*inherited)++;
    }
    closedir(dir);
    return count;
}

static bool aio_is_right(struct kcapi_handle *handle, const uint8_t *want)
{
    uint8_t out[N * LEN] = { 0 };
    struct iovec from[N], to[N];

    for (size_t i = 0; i < pairs; i++) {
        from[i] = (struct iovec){ data + i * LEN, LEN };
        to[i] = (struct iovec){ out + i * LEN, LEN };
    }
    return kcapi_cipher_encrypt_aio(handle, from, to, pairs, iv, 0) == (ssize_t)pairs * LEN &&
           memcmp(out, want, pairs * LEN) == 0;
}

static bool one_shot_is_right(struct kcapi_handle *handle, const uint8_t *want, int access)
{
    uint8_t out[N * LEN] = { 0 };

    return kcapi_cipher_encrypt(handle, data, sizeof(out), iv, out, sizeof(out), access) ==
               (ssize_t)sizeof(out) &&
           memcmp(out, want, sizeof(out)) == 0;
}

/* All that a program may do with handles in its life, once. */
static bool a_life(const uint8_t *want, int round)
{
    struct kcapi_handle *cipher = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    struct kcapi_handle *second = reinit(cipher, round % 2 ? KCAPI_INIT_AIO : 0);
    struct kcapi_handle *aead = aead_with_key("gcm(aes)", key, 16, 16, 8, round % 3 ? 0 : 1);
    uint8_t sealed[N * LEN + 16];
    bool right = one_shot_is_right(cipher, want, access_modes[round % ACCESS_MODES]) &&
                 aio_is_right(cipher, want) && aio_is_right(second, want);

    right &= kcapi_aead_encrypt(aead, data, sizeof(data), iv, sealed, sizeof(sealed), 0) ==
             (ssize_t)sizeof(sealed);
    sealed[20] ^= 1;
    right &= kcapi_aead_decrypt(aead, sealed, sizeof(sealed), iv, sealed, sizeof(data), 0) ==
             -EBADMSG;
    /* An error, and another key, make new operations. */
    right &= kcapi_cipher_encrypt(second, data, 15, iv, sealed, 15, 0) == -EINVAL;
    kcapi_cipher_destroy(second);
    kcapi_aead_destroy(aead);
    if (round % 2)
        right &= one_shot_is_right(cipher, want, 0);
    kcapi_cipher_destroy(cipher);
    return right;
}

static void test_cycles(const uint8_t *want, const char *valgrind)
{
    int cycles = valgrind ? 100 : 1000, before, after, inherited;
    bool right = a_life(want, 0);

    before = descriptors(&inherited);
    for (int round = 0; round < cycles; round++)
        right &= a_life(want, round);
    after = descriptors(&inherited);
    ok(right, "%d lives of handles", cycles);
    is_int(after, before, "leave no descriptor behind");
}

static void test_failed_inits(void)
{
    int before, after, inherited;

    before = descriptors(&inherited);
    /* Few, since the kernel runs modprobe for each. */
    for (int i = 0; i < 8; i++) {
        struct kcapi_handle *handle = NULL;

        if (kcapi_cipher_init(&handle, i % 2 ? "nosuch" : "gcm(aes)", i % 4 < 2) == 0 ||
            kcapi_aead_init(&handle, i % 2 ? "" : "cbc(aes)", i % 4 < 2) == 0)
            bail_out("an init that must fail did not");
    }
    after = descriptors(&inherited);
    is_int(after, before, "inits that fail leave no descriptor behind");
}

/* While handles are alive, in any state. */
static void test_close_on_exec(const uint8_t *want, int inherited_before)
{
    int inherited, before = descriptors(&inherited);
    struct kcapi_handle *a = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    struct kcapi_handle *b = reinit(a, KCAPI_INIT_AIO);
    struct kcapi_handle *c = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);
    struct iovec in = { data, LEN };
    int count;

    for (size_t i = 0; i < ACCESS_MODES; i++)
        ok(one_shot_is_right(a, want, access_modes[i]), "access mode %d", access_modes[i]);
    ok(aio_is_right(b, want), "AIO");
    kcapi_cipher_stream_init_enc(b, iv, &in, 1);
    kcapi_aead_stream_init_enc(c, iv, &in, 1);
    kcapi_set_maxsplicesize(a, 262144);
    count = descriptors(&inherited);
    if (strcmp(kcapi_handle_engine(a), "kernel") == 0)
        ok(count > before, "live handles have descriptors");
    else
        is_int(count, before, "the user engine has no descriptors");
    is_int(inherited, inherited_before, "all of which are close-on-exec");
    kcapi_aead_destroy(c);
    kcapi_cipher_destroy(b);
    kcapi_cipher_destroy(a);
}

/* The child's results come as its exit status. */
static bool child_is_right(struct kcapi_handle *aio, struct kcapi_handle *sync, const uint8_t *want)
{
    struct kcapi_handle *second = NULL;
    bool right;

    pairs = N - 1;
    right = aio_is_right(aio, want) && one_shot_is_right(sync, want, 0) &&
            aio_is_right(aio, want) && aio_is_right(sync, want);

    if (kcapi_handle_reinit(&second, aio, KCAPI_INIT_AIO))
        return false;
    right &= aio_is_right(second, want);
    kcapi_cipher_destroy(second);
    kcapi_cipher_destroy(aio);
    kcapi_cipher_destroy(sync);
    return right;
}

/* fork(2), or clone(2) as programs call it that do without libc's part of it. */
static pid_t fork_by(bool clone)
{
#ifdef __s390x__
    return clone ? (pid_t)syscall(SYS_clone, 0, SIGCHLD, 0, 0, 0) : fork();
#else
    return clone ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
#endif
}

static void test_fork(const uint8_t *want, bool used_before, bool clone)
{
    struct kcapi_handle *aio = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    struct kcapi_handle *sync = cipher_with_key("cbc(aes)", key, 16, 0);
    int status = -1;
    pid_t child;

    if (used_before) {
        ok(aio_is_right(aio, want), "AIO before the fork");
        ok(one_shot_is_right(sync, want, 0), "a one-shot before the fork");
    }
    child = fork_by(clone);
    if (child == 0)
        _exit(child_is_right(aio, sync, want) ? 0 : 1);
    if (child < 0 || waitpid(child, &status, 0) != child)
        bail_out("fork: %s", strerror(errno));
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child of %s goes on with the handles%s",
       clone ? "clone(2)" : "fork", used_before ? ", which were in use" : "");
    ok(aio_is_right(aio, want) && aio_is_right(aio, want), "and so does the parent, with AIO");
    ok(one_shot_is_right(sync, want, 0), "and with one-shots");
    kcapi_cipher_destroy(aio);
    kcapi_cipher_destroy(sync);
}

/* Parent, child and grandchild at the same time, each with a handle of its own on the transform. */
static void test_family(const uint8_t *want)
{
    struct kcapi_handle *handles[3] = { cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO) };
    int generation = 0, status = -1;
    bool right = true;
    pid_t child;

    handles[1] = reinit(handles[0], KCAPI_INIT_AIO);
    handles[2] = reinit(handles[0], KCAPI_INIT_AIO);
    do {
        right &= aio_is_right(handles[generation], want);
        child = fork();
        if (child < 0)
            bail_out("fork: %s", strerror(errno));
        generation += child == 0;
        pairs = N - generation;
    } while (child == 0 && generation < 2);
    for (int i = 0; i < 200; i++)
        right &= aio_is_right(handles[generation], want);
    if (child > 0)
        right &= waitpid(child, &status, 0) == child && WIFEXITED(status) && !WEXITSTATUS(status);
    for (int i = 0; i < 3; i++)
        kcapi_cipher_destroy(handles[i]);
    if (generation > 0)
        _exit(right ? 0 : 1);
    ok(right, "parent, child and grandchild at the same time");
}

/* What threads have in common. */
static struct {
    struct kcapi_handle *handle;
    const uint8_t *want;
    pthread_barrier_t all_have_called;
    bool together;
} shared;

static void *thread(void *unused)
{
    bool right = true;

    (void)unused;
    for (int i = 0; i < 3; i++) {
        right &= aio_is_right(shared.handle, shared.want);
        if (shared.together)
            pthread_barrier_wait(&shared.all_have_called);
    }
    return right ? &shared : NULL;
}

static void join(pthread_t id, bool *right)
{
    void *result;

    pthread_join(id, &result);
    *right &= result != NULL;
}

static void test_threads(const uint8_t *want)
{
    pthread_t ids[THREADS];
    int before, count, inherited;
    bool right;

    shared.handle = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    shared.want = want;
    right = aio_is_right(shared.handle, want);
    before = descriptors(&inherited);

    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_create(&ids[i], NULL, thread, NULL))
            bail_out("pthread_create");
        join(ids[i], &right);
    }
    ok(right, "%d threads, one after the other, on one handle", THREADS);
    count = descriptors(&inherited) - before;
    ok(count <= 1, "leave %d descriptors, at most that of the last", count);

    shared.together = true;
    pthread_barrier_init(&shared.all_have_called, NULL, THREADS + 1);
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&ids[i], NULL, thread, NULL))
            bail_out("pthread_create");
    for (int i = 0; i < 3; i++) {
        right &= aio_is_right(shared.handle, want);
        if (i < 2)
            pthread_barrier_wait(&shared.all_have_called);
    }
    count = descriptors(&inherited) - before;
    ok(count < RINGS_MAX, "%d threads at once have %d descriptors more than one, at most %d",
       THREADS, count, RINGS_MAX - 1);
    pthread_barrier_wait(&shared.all_have_called);
    for (size_t i = 0; i < THREADS; i++)
        join(ids[i], &right);
    ok(right, "and right results");
    pthread_barrier_destroy(&shared.all_have_called);
    kcapi_cipher_destroy(shared.handle);
}

int main(void)
{
    struct kcapi_handle *handle;
    uint8_t want[sizeof(data)];
    int inherited_before;

    /* Whoever started this may have left some open: valgrind its log, prove its pipes. */
    descriptors(&inherited_before);
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 1);
    handle = cipher_with_key("cbc(aes)", key, 16, 0);
    kcapi_cipher_encrypt(handle, data, sizeof(data), iv, want, sizeof(want), 0);
    kcapi_cipher_destroy(handle);

    test_cycles(want, getenv("KCAPI_VALGRIND"));
    test_failed_inits();
    test_close_on_exec(want, inherited_before);
    test_fork(want, false, false);
    if (can_fork_with_rings()) {
        test_fork(want, true, false);
        test_fork(want, true, true);
        test_family(want);
    } else {
        skip(1, "a kernel that does not survive a fork with rings");
    }
    test_threads(want);
    return done_testing();
}
