/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A transform did without io_uring for the rest of its life, after a signal handler's call had interrupted
 * the one that takes a ring, or after the kernel was short of memory once: an error that passes is not
 * remembered. One that tells of a sandbox is.
 *
 * needs: kernel
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>

#include "aio-backend.h"
#include "alone.h"
#include "stops.h"
#include "subjects.h"

enum { PAIRS = 4, LEN = 64 };

static uint8_t data[LEN], iv[IV_MAX], want[LEN];
static handle *first, *sibling;

/* Counts the calls of io_uring_enter(2), and makes the next ones fail. */
static int entered, refusals, refusal;
static long (*next_syscall)(long, ...);

__attribute__((constructor)) static void find(void)
{
    next_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
}

long syscall(long number, ...)
{
    va_list args;
    long arg[6];

    va_start(args, number);
    for (int i = 0; i < 6; i++)
        arg[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_io_uring_enter) {
        entered++;
        if (refusals > 0) {
            refusals--;
            errno = refusal;
            return -1;
        }
    }
    return next_syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

static void batch(handle *h, ssize_t ret)
{
    struct iovec in[PAIRS], to[PAIRS];
    uint8_t out[PAIRS][LEN] = { { 0 } }; /* valgrind sees nothing of what a ring brings */
    ssize_t got;

    for (size_t i = 0; i < PAIRS; i++) {
        in[i] = (struct iovec){ data, LEN };
        to[i] = (struct iovec){ out[i], LEN };
    }
    got = kcapi_cipher_encrypt_aio(h, in, to, PAIRS, iv, 0);
    /* In a handler it may be refused. */
    if (ret == 0 && got == -EDEADLK)
        return;
    expect_int(got, PAIRS * LEN, "a batch");
    expect(memcmp(out[0], want, LEN) == 0, "its first message");
}

static void open_handles(void)
{
    first = cipher_with_key("cbc(aes)", data, 16, KCAPI_INIT_AIO);
    sibling = reinit(first, KCAPI_INIT_AIO);
}

/* Whether a batch goes through a ring. */
static void expect_ring(bool there)
{
    entered = 0;
    batch(first, PAIRS * LEN);
    expect((entered > 0) == there, "%d calls of io_uring_enter(2)", entered);
}

static int points, stop_at;

static void stop(enum point point)
{
    (void)point;
    if (points++ == stop_at)
        raise(SIGUSR1);
}

static void beside(int signal)
{
    (void)signal;
    batch(sibling, 0);
}

/* Exits with 3 if the call has fewer points. */
static void interrupted(const void *unused)
{
    (void)unused;
    open_handles();
    signal(SIGUSR1, beside);
    watched = true;
    batch(first, PAIRS * LEN);
    watched = false;
    if (points <= stop_at)
        _exit(3);
    expect_ring(true);
}

static void refused_once(const void *number)
{
    open_handles();
    refusal = *(const int *)number;
    refusals = 1;
    batch(first, PAIRS * LEN);
    expect_int(refusals, 0, "refusals that are left");
    expect_ring(refusal != EPERM);
}

/* As many rings as a transform may have are lost, one after the other. */
static void refused_often(const void *unused)
{
    (void)unused;
    open_handles();
    refusal = ENOMEM;
    for (int i = 0; i < 20; i++) {
        refusals = 1;
        batch(first, PAIRS * LEN);
    }
    expect_ring(true);
}

int main(void)
{
    static const int numbers[] = { ENOMEM, EAGAIN, EPERM };
    int wrong = 0, status;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (!uses_io_uring()) {
        puts("1..0 # SKIP no io_uring");
        return 0;
    }
    fill(data, LEN, 1);
    first = cipher_with_key("cbc(aes)", data, 16, 0);
    kcapi_cipher_encrypt(first, data, LEN, iv, want, LEN, 0);
    kcapi_cipher_destroy(first);
    for (stop_at = 0;; stop_at++) {
        status = ending(begin_alone(interrupted, NULL));
        if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
            break;
        if (status != 0 && wrong++ < 3)
            diag("point %d", stop_at);
    }
    ok(stop_at > 0 && wrong == 0, "a handler's batch at each of %d points of a batch", stop_at);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        ok(alone(refused_once, &numbers[i]), "io_uring_enter(2) is refused once: %s",
           strerror(numbers[i]));
    ok(alone(refused_often, NULL), "io_uring_enter(2) is refused often");
    return done_testing();
}
