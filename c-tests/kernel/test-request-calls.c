/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-request-calls.c - what kcapi_process() costs in system calls: one for as many requests as a ring holds
 *
 * needs: kernel
 */
#define _GNU_SOURCE
#include "aio-backend.h"
#include "count.h"
#include "fill.h"

enum { MOST = 1000, HANDLES = 64, LEN = 1420, AAD = 16, TAG = 16 };

static const uint8_t key[36] = "a key of 32 bytes, for AES and salt";
static const uint8_t iv[16] = "an IV of 16 byte";
static struct kcapi_handle *ciphers[HANDLES], *aead;
static struct kcapi_request requests[MOST];
static uint8_t *memory;

static void open_handles(void)
{
    ciphers[0] = cipher_with_key("cbc(aes)", key, 32, 0);
    for (int i = 1; i < HANDLES; i++)
        ciphers[i] = i % 8 ? reinit(ciphers[0], 0) : cipher_with_key("cbc(aes)", key, 32, 0);
    aead = aead_with_key("rfc4106(gcm(aes))", key, sizeof(key), TAG, AAD, 0);
}

static void process(size_t count)
{
    ssize_t ret = kcapi_process(requests, count, sizeof(requests[0]), 0);

    if (ret != (ssize_t)count) {
        diag("%zd instead of %zu, the first one: %zd", ret, count, requests[0].result);
        _exit(1);
    }
}

/* Ciphers' messages of `len` bytes, of so many handles in turn. */
static void sectors(size_t count, size_t handles, size_t len)
{
    for (size_t i = 0; i < count; i++)
        requests[i] = (struct kcapi_request){ .handle = ciphers[i % handles],
                                              .type = KCAPI_REQUEST_ENCRYPT,
                                              .iv = iv,
                                              .input = memory + i * 512,
                                              .inlen = len,
                                              .output = memory + i * 512,
                                              .outlen = len };
    process(count);
}
static void one(void) { sectors(1, 1, 512); }
static void two(void) { sectors(2, 1, 512); }
static void many(void) { sectors(64, 1, 16); }
static void many_handles(void) { sectors(64, HANDLES, 512); }
static void as_many_as_fit(void) { sectors(256, 3, 512); }
static void more(void) { sectors(MOST, HANDLES, 512); }

static void packets(void)
{
    for (int i = 0; i < 64; i++)
        requests[i] = (struct kcapi_request){ .handle = aead,
                                              .type = KCAPI_REQUEST_ENCRYPT,
                                              .iv = iv,
                                              .assoclen = AAD,
                                              .input = memory + i * 2048,
                                              .inlen = AAD + LEN,
                                              .output = memory + i * 2048,
                                              .outlen = AAD + LEN + TAG };
    process(64);
}

/* The same, and back, with a forged one in the middle. */
static void forged(void)
{
    ssize_t ret;

    packets();
    memory[32 * 2048 + AAD] ^= 1;
    for (int i = 0; i < 64; i++) {
        requests[i].type = KCAPI_REQUEST_DECRYPT;
        requests[i].inlen += TAG;
    }
    ret = kcapi_process(requests, 64, sizeof(requests[0]), 0);
    if (ret != 63 || requests[32].result != -EBADMSG)
        _exit(1);
}

/* A ring is opened when a transform has had 64 messages. */
static void open_rings(void)
{
    open_handles();
    many();
    for (int i = 0; i < HANDLES; i += 8) {
        struct kcapi_handle *first = ciphers[0];

        ciphers[0] = ciphers[i];
        many();
        ciphers[0] = first;
    }
    packets();
}

static const struct job {
    const char *name;
    void (*run)(void);
    int most_linux, most_ring;
} jobs[] = {
    { "1 request", one, 2, 2 },
    { "2 requests", two, 4, 1 },
    { "64 requests of 16 bytes, one handle", many, 128, 1 },
    { "64 requests of 512 bytes, 64 handles", many_handles, 128, 1 },
    { "256 requests of 512 bytes, 3 handles", as_many_as_fit, 512, 1 },
    { "1000 requests of 512 bytes, 64 handles", more, 2000, 4 },
    { "64 packets of 1420 bytes", packets, 128, 1 },
    { "64 packets, one of them forged", forged, 256, 2 },
};
enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };

int main(void)
{
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP what would be counted are valgrind's own system calls");
        return 0;
    }
    memory = pages(MOST * 2048);
    fill(memory, MOST * 2048, 1);
    plan(2 * JOBS);
    for (int i = 0; i < 2 * JOBS; i++) {
        const struct job *job = &jobs[i / 2];
        bool ring = i % 2;
        int most = ring ? job->most_ring : job->most_linux;
        struct count count;

        if (ring && !has_io_uring()) {
            skip(1, "the kernel has no io_uring");
            continue;
        }
        setenv("KCAPI_AIO", ring ? "io_uring" : "linux", 1);
        count = count_calls(open_rings, job->run);
        ok(!count.hangs && count.calls > 0 && count.calls <= most, "%s%s: %d system calls, at most %d", job->name,
           ring ? ", io_uring" : "", count.calls, most);
    }
    return tap_status();
}
