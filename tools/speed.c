// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/* kcapi-info --speed: how fast each engine is. */
#include "kcapi-info.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SMALL 64
#define LARGE 16384
#define TAG 16
#define SECONDS 0.02

static const char *const engines[] = {"kernel", "user"};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static int set_key(const struct algorithm *a, struct kcapi_handle *handle)
{
    uint8_t key[64];

    /* All bytes different: XTS and triple DES refuse keys with equal parts. */
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = i;
    switch (a->family) {
    case SKCIPHER:
        return kcapi_cipher_setkey(handle, key, a->keylen);
    case AEAD:
        return kcapi_aead_setkey(handle, key, a->keylen);
    case HASH:
        return a->keylen ? kcapi_md_setkey(handle, key, a->keylen) : 0;
    default:
        return kcapi_rng_seed(handle, NULL, 0);
    }
}

static ssize_t once(const struct algorithm *a, struct kcapi_handle *handle, size_t len)
{
    static uint8_t in[LARGE], out[LARGE + TAG];
    /* The first byte is what CCM wants: a length of four bytes. */
    static const uint8_t iv[64] = {3};

    switch (a->family) {
    case SKCIPHER:
        return kcapi_cipher_encrypt(handle, in, len, iv, out, len, KCAPI_ACCESS_HEURISTIC);
    case AEAD:
        return kcapi_aead_encrypt(handle, in, len, iv, out, len + TAG, KCAPI_ACCESS_HEURISTIC);
    case HASH:
        return kcapi_md_digest(handle, in, len, out, kcapi_md_digestsize(handle));
    default:
        return kcapi_rng_generate(handle, out, len);
    }
}

/* Seconds for one call; negative: an errno. */
static double seconds_for(const struct algorithm *a, struct kcapi_handle *handle, size_t len)
{
    double seconds = 0;
    ssize_t ret = 0;
    size_t calls;

    /* Few looks at the clock, which may cost more than a call. */
    for (calls = 1; seconds < SECONDS; calls *= 2) {
        double start = now();

        for (size_t i = 0; ret >= 0 && i < calls; i++)
            ret = once(a, handle, len);
        if (ret < 0)
            return ret;
        seconds = now() - start;
    }
    return seconds / (calls / 2);
}

static void measure_one(const struct algorithm *a, const char *engine, bool json, bool *comma)
{
    struct kcapi_handle *handle;
    double small, large;

    if (open_handle(a, &handle))
        return;
    small = large = set_key(a, handle);
    if (small >= 0)
        small = seconds_for(a, handle, SMALL);
    if (small >= 0)
        large = seconds_for(a, handle, LARGE);
    close_handle(a, handle);
    if (small < 0 || large < 0) {
        fprintf(stderr, "kcapi-info: %s on %s: %s\n", a->name, engine,
                strerror(-(int)(small < 0 ? small : large)));
        return;
    }
    if (json)
        printf("%s\n    {\"family\": \"%s\", \"name\": \"%s\", \"engine\": \"%s\", "
               "\"ns_64\": %.0f, \"mb_per_s_16384\": %.1f}", *comma ? "," : "",
               family_names[a->family], a->name, engine, small * 1e9, LARGE / large / 1e6);
    else
        printf("%-9s %-30s %-7s %9.0f %11.1f\n", family_names[a->family], a->name, engine,
               small * 1e9, LARGE / large / 1e6);
    *comma = true;
}

/* In a process of its own, since the library reads KCAPI_ENGINE once. True if it printed. */
static bool measure_on(const struct algorithm *a, const char *engine, bool json, bool comma)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        bool printed = comma;

        setenv("KCAPI_ENGINE", engine, 1);
        measure_one(a, engine, json, &printed);
        fflush(stdout);
        _exit(printed);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        fprintf(stderr, "kcapi-info: fork: %s\n", strerror(errno));
        return comma;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : comma;
}

static bool wanted(const struct algorithm *a, char **names, int count)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(a->name, names[i]))
            return a->keylen >= 0;
    return !count && a->keylen >= 0;
}

int measure(char **names, int count, bool json)
{
    size_t engine_count = sizeof(engines) / sizeof(engines[0]), total = 0, done = 0;
    bool comma = false;

    for (size_t i = 0; i < algorithm_count; i++)
        total += wanted(&algorithms[i], names, count) ? engine_count : 0;
    if (json)
        printf("  \"speed\": [");
    else
        printf("%-9s %-30s %-7s %9s %11s\n", "family", "algorithm", "engine", "64 B: ns",
               "16 KiB: MB/s");
    for (size_t i = 0; i < algorithm_count; i++)
        for (size_t e = 0; e < engine_count && wanted(&algorithms[i], names, count); e++) {
            fprintf(stderr, "%zu/%zu %s on %s\n", ++done, total, algorithms[i].name, engines[e]);
            comma = measure_on(&algorithms[i], engines[e], json, comma);
        }
    if (json)
        printf("\n  ],\n");
    return comma ? 0 : 1;
}
