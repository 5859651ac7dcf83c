/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Drivers that complete later do not make a program wait for ever, nor give a wrong byte, whatever it
 * does: many operations, two threads on a handle and on two, a thread that sends while another receives,
 * timers that interrupt all of it, errors in between.
 *
 * needs: kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "drivers.h"

enum { LEN = 4096, LONG_LEN = MIB, MOST_OUT = LONG_LEN + DRIVERS_TAG };

static const struct driven *algorithm;
static uint8_t *plain, *want, *want_long;
static volatile sig_atomic_t interrupts;

static void interrupted(int signal)
{
    (void)signal;
    interrupts++;
}

static void storm(bool on)
{
    struct itimerval timer = { 0 };

    if (on)
        timer.it_interval.tv_usec = timer.it_value.tv_usec = 500;
    setitimer(ITIMER_REAL, &timer, NULL);
}

static size_t more(void)
{
    return algorithm->aead ? DRIVERS_TAG : 0;
}

/* One message, long or short, or eight by AIO; whether it came out right. */
static bool operate(struct kcapi_handle *handle, int number, uint8_t *out)
{
    struct iovec in[8], to[8];

    if (number % 16 == 7 && algorithm->chains) {
        memset(out, 0, LONG_LEN);
        return driver_message(algorithm, handle, true, plain, LONG_LEN, out, LONG_LEN) == LONG_LEN &&
               memcmp(out, want_long, LONG_LEN) == 0;
    }
    if (number % 16 == 3) {
        for (int i = 0; i < 8; i++) {
            in[i] = (struct iovec){ plain + 512 * i, 512 };
            to[i] = (struct iovec){ out + 1024 * i, 512 + more() };
        }
        if (driver_aio(algorithm, handle, true, in, to, 8) != (ssize_t)(8 * (512 + more())))
            return false;
        /* Where the IV goes on, this is the message in pieces. */
        for (int i = 0; i < 8 && algorithm->chains; i++)
            if (memcmp(to[i].iov_base, want + 512 * i, 512) != 0)
                return false;
        return true;
    }
    if (number % 16 == 11 && driver_message(algorithm, handle, true, plain, LEN, out, 100) != -EINVAL)
        return false;
    memset(out, 0, LEN + more());
    return driver_message(algorithm, handle, true, plain, LEN, out, LEN + more()) ==
               (ssize_t)(LEN + more()) &&
           memcmp(out, want, LEN + more()) == 0;
}

struct job {
    pthread_t thread;
    struct kcapi_handle *handle;
    int rounds, wrong;
};

static void *work(void *argument)
{
    struct job *job = argument;
    uint8_t *out = pages(MOST_OUT);

    for (int i = 0; i < job->rounds; i++)
        job->wrong += !operate(job->handle, i, out);
    free(out);
    return NULL;
}

static void threads(struct kcapi_handle *one, struct kcapi_handle *other, int rounds, const char *what)
{
    struct job jobs[2] = { { .handle = one, .rounds = rounds },
                           { .handle = other, .rounds = rounds } };

    for (int i = 0; i < 2; i++)
        pthread_create(&jobs[i].thread, NULL, work, &jobs[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(jobs[i].thread, NULL);
    is_int(jobs[0].wrong + jobs[1].wrong, 0, what);
}

static void *send_pieces(void *handle)
{
    size_t sent = 0;

    for (size_t piece = 1; sent < LONG_LEN; piece = piece * 3 % 9001 + 1) {
        struct iovec iov = { plain + sent, piece < LONG_LEN - sent ? piece : LONG_LEN - sent };
        bool last = sent + iov.iov_len == LONG_LEN;
        ssize_t ret = (last ? kcapi_cipher_stream_update_last : kcapi_cipher_stream_update)(handle,
                                                                                       &iov, 1);

        if (ret == -EINTR)
            continue;
        if (ret < 0)
            return (void *)1;
        sent += (size_t)ret;
    }
    return NULL;
}

static void stream(struct kcapi_handle *handle)
{
    uint8_t *out = pages(LONG_LEN);
    size_t got = 0;
    pthread_t sender;
    ssize_t ret = kcapi_cipher_stream_init_enc(handle, drivers_iv, NULL, 0);

    pthread_create(&sender, NULL, send_pieces, handle);
    while (ret >= 0 && got < LONG_LEN) {
        struct iovec iov = { out + got, LONG_LEN - got < 5000 ? LONG_LEN - got : 5008 };

        do
            ret = kcapi_cipher_stream_op(handle, &iov, 1);
        while (ret == -EINTR);
        got += ret > 0 ? (size_t)ret : 0;
    }
    pthread_join(sender, NULL);
    ok(got == LONG_LEN && memcmp(out, want_long, LONG_LEN) == 0,
       "one thread sends a stream, another receives it");
    free(out);
}

/*
 * A message of an AEAD cannot be cut, and the device of virtio_crypto stops at a long one: the process
 * waited for ever.
 */
static void too_long(struct kcapi_handle *handle)
{
    struct iovec in = { plain, LONG_LEN / 4 }, out = { pages(LONG_LEN), LONG_LEN };

    is_int(kcapi_aead_encrypt(handle, plain, LONG_LEN / 4, drivers_iv, out.iov_base, LONG_LEN, 0), -EMSGSIZE,
           "a message that the device does not take");
    is_int(driver_aio(algorithm, handle, true, &in, &out, 1), -EMSGSIZE, "by AIO");
    is_int(kcapi_aead_stream_init_enc(handle, drivers_iv, &in, 1), -EMSGSIZE, "in a stream");
    ok(kcapi_aead_maxmsgsize(handle) < LONG_LEN / 4, "kcapi_aead_maxmsgsize() says so");
    free(out.iov_base);
}

static void test_driver(const char *name, int rounds)
{
    struct kcapi_handle *one = driver_handle(algorithm, name, KCAPI_INIT_AIO), *other;
    struct job alone = { .handle = one, .rounds = rounds };

    if (!one)
        return;
    printf("# %s\n", name);
    other = driver_handle(algorithm, name, KCAPI_INIT_AIO);
    if (algorithm->aead && strstr(name, "virtio"))
        too_long(one);
    work(&alone);
    is_int(alone.wrong, 0, "operations one after the other");
    threads(one, other, rounds / 8, "two threads, two handles");
    threads(one, one, rounds / 8, "two threads, one handle");
    if (algorithm->chains)
        stream(other);
    storm(true);
    threads(one, other, rounds / 8, "two threads, interrupted");
    if (algorithm->chains)
        stream(other);
    storm(false);
    printf("# %d interrupts\n", (int)interrupts);
    interrupts = 0;
    kcapi_cipher_destroy(one);
    kcapi_cipher_destroy(other);
}

int main(void)
{
    struct sigaction action = { .sa_handler = interrupted };
    int rounds = getenv("KCAPI_LONG") ? 10000 : 800;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    sigaction(SIGALRM, &action, NULL);
    plain = pages(LONG_LEN);
    want = pages(LEN + DRIVERS_TAG);
    want_long = pages(LONG_LEN);
    fill(plain, LONG_LEN, 6);
    for (size_t i = 0; i < DRIVEN; i++) {
        struct kcapi_handle *handle;

        algorithm = &driven[i];
        handle = driver_handle(algorithm, algorithm->name, 0);
        if (!handle)
            continue;
        driver_message(algorithm, handle, true, plain, LEN, want, LEN + more());
        if (algorithm->chains)
            driver_message(algorithm, handle, true, plain, LONG_LEN, want_long, LONG_LEN);
        kcapi_cipher_destroy(handle);
        test_driver(algorithm->name, rounds / 8);
        for (size_t j = 0; j < DRIVERS_MOST && algorithm->drivers[j]; j++) {
            if (!may_be_had(algorithm->drivers[j]))
                continue;
            else if (strstr(algorithm->drivers[j], "virtio"))
                test_driver(algorithm->drivers[j], rounds);
            else if (strstr(algorithm->drivers[j], "crypt"))
                test_driver(algorithm->drivers[j], rounds / 8);
        }
    }
    return done_testing();
}
