/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A program that has all of its new memory locked, mlockall(2), and forks while streams have begun: each of
 * these took 64 MiB of memory at once. Where RLIMIT_MEMLOCK does not allow so much the child did not have the
 * stream; and a writer that was faster than the reader was told -EMSGSIZE, and did not wait for room.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>

#include "alone.h"
#include "fill.h"

enum { STREAMS = 10, LEN = 64, LIMIT = 8 * MIB, LITTLE = 16 * MIB };

static const uint8_t key[16] = { 1 }, iv[16] = { 2 };
static uint8_t data[LEN], want[LEN];

static size_t resident(void)
{
    unsigned long pages_in_all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%lu %lu", &pages_in_all, &resident) != 2)
        bail_out("/proc/self/statm");
    fclose(file);
    return resident * page_size();
}

/* Root may lock as much as he likes, so he is somebody else from now on. */
static void set_limit(void)
{
    const struct rlimit limit = { LIMIT, LIMIT };

    expect_int(setrlimit(RLIMIT_MEMLOCK, &limit), 0, "setrlimit");
    if (geteuid() == 0)
        expect_int(setuid(65534), 0, "setuid");
}

static void fork_with_streams(const void *limited)
{
    struct iovec from = { data, LEN };
    struct kcapi_handle *handles[STREAMS];
    size_t before, grown;
    pid_t child;

    for (size_t i = 0; i < STREAMS; i++) {
        handles[i] = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
        expect_int(kcapi_cipher_stream_init_enc(handles[i], iv, &from, 1), LEN, "a stream begins");
    }
    if (limited)
        set_limit();
    expect_int(mlockall(MCL_FUTURE), 0, "mlockall");
    before = resident();
    fflush(NULL);
    child = fork();
    if (child == 0) {
        alarm(patience());
        for (size_t i = 0; i < STREAMS; i++) {
            uint8_t out[LEN] = { 0 };
            struct iovec to = { out, LEN };

            expect_int(kcapi_cipher_stream_op(handles[i], &to, 1), LEN, "the child has the stream");
            expect(memcmp(out, want, LEN) == 0, "its bytes");
        }
        _exit(unexpected != 0);
    }
    grown = resident() - before;
    /* Valgrind's own memory is locked, too. */
    expect(grown < LITTLE || grown > SIZE_MAX / 2 || getenv("KCAPI_VALGRIND"), "%zu bytes more are in memory", grown);
    expect_int(ending(child), 0, "the child");
    expect(mmap(NULL, LIMIT / 4, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED,
           "there is something left for the program");
    for (size_t i = 0; i < STREAMS; i++)
        kcapi_cipher_destroy(handles[i]);
}

static uint8_t long_data[MIB], long_want[MIB], long_out[MIB];

/* Also where there is less than a block, which no reader can take, and the next piece is longer than all of the room. */
static void write_ahead(const void *pieces)
{
    const size_t first = *(const size_t *)pieces, others = first < 16 ? MIB - first : first;
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    size_t got = 0;
    pid_t child;

    fill(long_data, MIB, 2);
    expect_int(kcapi_cipher_encrypt(handle, long_data, MIB, iv, long_want, MIB, 0), MIB, "one message");
    expect_int(kcapi_cipher_stream_init_enc(handle, iv, NULL, 0), 0, "a stream");
    set_limit();
    expect_int(mlockall(MCL_FUTURE), 0, "mlockall");
    fflush(NULL);
    child = fork();
    if (child == 0) {
        alarm(patience());
        for (size_t sent = 0; sent < MIB;) {
            size_t piece = sent ? others : first;
            struct iovec from = { long_data + sent, piece };

            expect_int(kcapi_cipher_stream_update(handle, &from, 1), (ssize_t)piece, "a piece");
            sent += piece;
        }
        _exit(unexpected != 0);
    }
    usleep(100000);
    while (got < MIB) {
        struct iovec to = { long_out + got, MIB - got };
        ssize_t ret = kcapi_cipher_stream_op(handle, &to, 1);

        if (!expect(ret > 0, "%zd after %zu bytes", ret, got))
            break;
        got += (size_t)ret;
    }
    expect(memcmp(long_out, long_want, MIB) == 0, "what was written");
    expect_int(ending(child), 0, "the child");
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    static const size_t pieces[] = { 64 * KIB, 5 };
    static const bool limited = true;
    struct kcapi_handle *handle;
    struct rlimit limit;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_max < LIMIT) {
        skip(4, "no more may be locked here");
        return done_testing();
    }
    fill(data, LEN, 1);
    handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    kcapi_cipher_encrypt(handle, data, LEN, iv, want, LEN, 0);
    kcapi_cipher_destroy(handle);
    ok(alone(fork_with_streams, NULL), "a fork takes little memory");
    ok(alone(fork_with_streams, &limited), "and less than the limit allows");
    for (size_t i = 0; i < 2; i++)
        ok(alone(write_ahead, &pieces[i]), "a writer of %zu bytes, then more, waits for its reader", pieces[i]);
    return done_testing();
}
