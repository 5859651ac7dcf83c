/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-user-calls.c - on the engine in user space, digests and key derivation make no system call
 *
 * The first in a process may ask for memory, and in user-first whether the kernel is in FIPS mode.
 *
 * needs: ptrace uninstrumented
 */
#define _GNU_SOURCE
#include "count.h"
#include "fill.h"

static uint8_t in[32 * KIB], out[64];

static void check(ssize_t got, ssize_t want)
{
    if (got != want)
        _exit(1);
}

static void nothing(void) {}

static void md_sha256(void) { check(kcapi_md_sha256(in, sizeof(in), out, 32), 32); }
static void hmac_sha512(void) { check(kcapi_md_hmac_sha512(in, 64, in, 64, out, 64), 64); }
static void sha3(void)
{
    struct kcapi_handle *handle;

    check(kcapi_md_init(&handle, "sha3-256", 0), 0);
    check(kcapi_md_digest(handle, in, sizeof(in), out, 32), 32);
    kcapi_md_destroy(handle);
}
static void hkdf(void)
{
    check(kcapi_hkdf("hmac(sha256)", in, 32, in + 32, 16, in + 48, 16, out, sizeof(out)), 0);
}
static void pbkdf(void)
{
    check(kcapi_pbkdf("hmac(sha256)", in, 16, in + 16, 16, 1000, out, sizeof(out)), 0);
}
static void rng(void) { check(kcapi_rng_get_bytes(out, sizeof(out)), sizeof(out)); }

static const struct {
    const char *name;
    void (*run)(void);
    int calls;
} jobs[] = {
    { "kcapi_md_sha256", md_sha256, 0 },
    { "kcapi_md_hmac_sha512", hmac_sha512, 0 },
    { "init, kcapi_md_digest, destroy", sha3, 0 },
    { "kcapi_hkdf", hkdf, 0 },
    { "kcapi_pbkdf", pbkdf, 0 },
    { "kcapi_rng_get_bytes", rng, 1 },
};
enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };

static void judge(const char *engine, void (*prepare)(void), const char *when)
{
    setenv("KCAPI_ENGINE", engine, 1);
    for (int i = 0; i < JOBS; i++) {
        struct count count = count_calls(prepare, jobs[i].run);

        /* Where freed memory is kept for the next call: musl gives it back. */
#ifdef __GLIBC__
        if (prepare)
            count.calls += count.memory;
#endif
        ok(count.calls == jobs[i].calls, "%s, %s: %s makes %d system calls", engine, when,
           jobs[i].name, count.calls);
    }
}

int main(void)
{
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP what would be counted are valgrind's own system calls");
        return 0;
    }
    plan(3 * JOBS);
    judge("user", NULL, "first call");
    judge("user", nothing, "further call");
    judge("user-first", nothing, "further call");
    return tap_status();
}
