/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A signal handler's call waited for five seconds, and every other call with it, for a lock that its own thread had
 * just taken: another thread, which had given the lock back in that moment, had overwritten what this one had
 * written down of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "fill.h"

/* One in twenty was too late, on two processors. */
enum { CALLS = 1000, SECONDS = 3, LATE = 2, THREADS = 2 };

static struct kcapi_handle *handle;
static uint8_t data[16], want[32];
static atomic_int calls, late, wrong;
static atomic_bool stop;

static time_t seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* 0, if there is the right digest; the errno of the call; or -1. */
static int digest(void)
{
    uint8_t out[sizeof(want)];
    ssize_t ret = kcapi_md_digest(handle, data, sizeof(data), out, sizeof(out));

    if (ret < 0)
        return (int)-ret;
    return ret == sizeof(want) && memcmp(out, want, sizeof(want)) == 0 ? 0 : -1;
}

static void on_signal(int signal)
{
    int saved = errno, ret;
    time_t began = seconds();

    (void)signal;
    ret = digest();
    if (ret != 0 && ret != EDEADLK)
        wrong++;
    if (seconds() - began >= LATE)
        late++;
    calls++;
    errno = saved;
}

static void *make_digests(void *arg)
{
    while (!stop) {
        if (digest() != 0)
            wrong++;
    }
    return arg;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    pthread_t threads[THREADS];
    time_t end;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 1);
    if (kcapi_md_init(&handle, "sha256", 0) != 0
        || kcapi_md_digest(handle, data, sizeof(data), want, sizeof(want)) != sizeof(want))
        bail_out("no digest");
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, make_digests, NULL);
    end = seconds() + SECONDS;
    for (int i = 0; calls < CALLS && !late && seconds() < end; i++) {
        usleep(200 + (useconds_t)i % 200);
        pthread_kill(threads[i % THREADS], SIGUSR1);
    }
    stop = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    is_int(late, 0, "calls of handlers that waited for their own thread");
    is_int(wrong, 0, "wrong digests, or errors of calls that are no handler's");
    kcapi_md_destroy(handle);
    return done_testing();
}
