/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-timing.c - on the clock, too, a call takes as long with one secret as with another
 *
 * Two classes of calls in random order, and Welch's t of their times ("Dude, is my code constant
 * time?", Reparaz, Balasch and Verbauwhede, 2017): beyond 10 the means differ, and chance is no
 * reason. What a busy machine adds to some calls is cut off, at the same time for both classes. Only what
 * is found again and again counts, since a clock's rate may change in the midst of a run.
 *
 * Takes an idle machine, so it is left out unless KCAPI_LONG is set.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <time.h>

#include "fill.h"
#include "random.h"

enum { CALLS = 40000, WARM = 1000, LEN = 64, TAG = 16, TRIES = 5 };

static struct kcapi_handle *aead;
static uint8_t plain[LEN + TAG], sealed[LEN + TAG], out[LEN + TAG];
/* Both classes have them at the same place: lines of the cache take their time, too. */
static _Alignas(64) uint8_t given[LEN + TAG], password[32];
static const uint8_t iv[16] = { 3 };

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The tag is wrong in its first byte, or in its last; the password is of zeros, or another each time. */
static void prepare(unsigned class, uint32_t number)
{
    memcpy(given, sealed, sizeof(given));
    given[class ? LEN + TAG - 1 : LEN] ^= 1;
    fill(password, sizeof(password), number);
    for (size_t i = 0; i < sizeof(password); i++)
        password[i] &= class ? 0xff : 0;
}

static void open_forged(void)
{
    if (kcapi_aead_decrypt(aead, given, LEN + TAG, iv, out, LEN, 0) != -EBADMSG)
        bail_out("a wrong tag was taken");
}

static void derive(void)
{
    if (kcapi_pbkdf("hmac(sha256)", password, 32, iv, 12, 4, out, 32))
        bail_out("no key derived");
}

/* What must be found: a comparison that ends at the first difference. */
static void compare_early(void)
{
    volatile const uint8_t *a = sealed + LEN, *b = given + LEN;

    for (size_t i = 0; i < TAG && a[i] == b[i]; i++)
        ;
}

/* How many times of each class, their mean, and the sum of squares about it. */
struct times {
    double count, mean, squares;
};

static void add(struct times *t, double time)
{
    double before = time - t->mean;

    t->count++;
    t->mean += before / t->count;
    t->squares += before * (time - t->mean);
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double square_root(double x)
{
    double root = x > 1 ? x : 1;

    for (int i = 0; i < 100; i++)
        root = (root + x / root) / 2;
    return root;
}

/* Welch's t, without its sign. Of ten calls the slowest is not counted. */
static double t_of(void (*call)(void))
{
    static uint32_t took[CALLS], sorted[CALLS];
    static uint8_t class[CALLS];
    struct times times[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
    double variance = 0, difference;

    for (size_t i = 0; i < CALLS; i++)
        class[i] = (uint8_t)below(2);
    for (size_t i = 0; i < CALLS; i++) {
        uint64_t start;

        prepare(class[i], (uint32_t)i);
        start = now();
        /* So often that the clock's steps do not matter. */
        for (int j = 0; j < 8; j++)
            call();
        took[i] = (uint32_t)(now() - start);
    }
    memcpy(sorted, took, sizeof(took));
    qsort(sorted, CALLS, sizeof(sorted[0]), by_size);
    for (size_t i = WARM; i < CALLS; i++)
        if (took[i] <= sorted[CALLS / 10 * 9])
            add(&times[class[i]], took[i]);
    for (int i = 0; i < 2; i++)
        variance += times[i].squares / (times[i].count - 1) / times[i].count;
    difference = times[0].mean - times[1].mean;
    return (difference < 0 ? -difference : difference) / square_root(variance + 1e-9);
}

/* The least of several tries: a difference that is there is there each time. */
static double least_t(void (*call)(void))
{
    double least = t_of(call);

    for (int i = 1; i < TRIES; i++) {
        double t = t_of(call);

        least = t < least ? t : least;
    }
    return least;
}

int main(void)
{
    static const char *const names[] = { "gcm(aes)", "rfc7539(chacha20,poly1305)", "ccm(aes)" };
    const uint8_t key[32] = { 1 };
    double t;

    if (!getenv("KCAPI_LONG")) {
        puts("1..0 # SKIP takes an idle machine: KCAPI_LONG=1");
        return 0;
    }
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    seed_with("timing", 1);
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        aead = aead_with_key(names[n], key, strncmp(names[n], "rfc", 3) ? 16 : 32, TAG, 0, 0);
        if (kcapi_aead_encrypt(aead, plain, LEN, iv, sealed, LEN + TAG, 0) != LEN + TAG)
            bail_out("%s seals nothing", names[n]);
        if (n == 0) {
            t = least_t(compare_early);
            ok(t > 10, "a planted comparison with an early exit is found: t = %.1f", t);
        }
        t = least_t(open_forged);
        ok(t < 10, "%s: where a tag is wrong does not show: t = %.1f", names[n], t);
        kcapi_aead_destroy(aead);
    }
    t = least_t(derive);
    ok(t < 10, "PBKDF2: the password does not show: t = %.1f", t);
    return done_testing();
}
