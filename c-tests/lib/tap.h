/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * tap.h - just enough of the Test Anything Protocol for the programs in this directory
 *
 *     #include "tap.h"
 *
 *     int main(void)
 *     {
 *         plan(2);
 *         ok(kcapi_version() > 0, "the library has a version");
 *         is_mem(out, want, sizeof(want), "SP 800-38A F.2.1 CBC-AES128.Encrypt");
 *         return tap_status();
 *     }
 *
 * Without plan(), end with `return done_testing();`. Every check returns whether it held.
 * One test program is one file, so the counters live here. Checks may come from one thread only.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args), unused))

static int tap_planned = -1;
static int tap_run;
static int tap_failed;

/* A diagnostic: every line of it gets its own `# `, as TAP wants. */
static inline void tap_vdiag(const char *fmt, va_list args)
{
    char text[4096];
    char *line = text;
    char *end;

    vsnprintf(text, sizeof(text), fmt, args);
    fflush(stdout);
    while ((end = strchr(line, '\n')) != NULL && end[1] != '\0') {
        *end = '\0';
        fprintf(stderr, "# %s\n", line);
        line = end + 1;
    }
    if (end)
        *end = '\0';
    fprintf(stderr, "# %s\n", line);
}

TAP_PRINTF(1, 2) static inline void diag(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    tap_vdiag(fmt, args);
    va_end(args);
}

/* Nothing after this makes sense: the harness stops the whole run. */
TAP_PRINTF(1, 2) __attribute__((noreturn)) static inline void bail_out(const char *fmt, ...)
{
    va_list args;

    printf("Bail out!  ");
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    exit(255);
}

/* A crash must not take the results before it along, so stdout goes out line by line. */
static inline void tap_begin(void)
{
    if (tap_run == 0 && tap_planned < 0)
        setvbuf(stdout, NULL, _IOLBF, 0);
}

static inline void plan(int tests)
{
    tap_begin();
    tap_planned = tests;
    printf("1..%d\n", tests);
}

/* The exit status of the program: non-zero when a test failed or the plan was not kept. */
static inline int tap_status(void)
{
    fflush(stdout);
    if (tap_planned >= 0 && tap_run != tap_planned) {
        diag("planned %d tests but ran %d", tap_planned, tap_run);
        return 1;
    }
    if (tap_run == 0 && tap_planned != 0) {
        diag("no tests ran");
        return 1;
    }
    if (tap_failed)
        diag("%d of %d tests failed", tap_failed, tap_run);
    return tap_failed != 0;
}

static inline int done_testing(void)
{
    if (tap_planned < 0)
        plan(tap_run);
    return tap_status();
}

static inline bool tap_vok(bool held, const char *file, int line, const char *fmt, va_list args)
{
    tap_begin();
    printf("%sok %d - ", held ? "" : "not ", ++tap_run);
    vprintf(fmt, args);
    printf("\n");
    if (!held) {
        tap_failed++;
        diag("failed at %s:%d", file, line);
    }
    return held;
}

TAP_PRINTF(4, 5)
static inline bool tap_ok(bool held, const char *file, int line, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    tap_vok(held, file, line, fmt, args);
    va_end(args);
    return held;
}

static inline bool tap_is_int(long long got, long long want, const char *name,
                              const char *file, int line)
{
    if (tap_ok(got == want, file, line, "%s", name))
        return true;
    diag("     got: %lld", got);
    diag("expected: %lld", want);
    return false;
}

/* A window of 48 bytes that starts a little before the first difference says what is needed. */
static inline void tap_hex(const char *label, const uint8_t *bytes, size_t from, size_t to)
{
    char hex[2 * 48 + 1] = "";

    for (size_t i = from; i < to; i++)
        snprintf(hex + 2 * (i - from), 3, "%02x", bytes[i]);
    diag("%s %s", label, hex);
}

static inline bool tap_is_mem(const void *got, const void *want, size_t len, const char *name,
                              const char *file, int line)
{
    const uint8_t *g = (const uint8_t *)got;
    const uint8_t *w = (const uint8_t *)want;
    size_t first = 0, differ = 0, from, to;

    for (size_t i = len; i-- > 0;) {
        if (g[i] != w[i]) {
            first = i;
            differ++;
        }
    }
    if (tap_ok(differ == 0, file, line, "%s", name))
        return true;
    from = len <= 48 || first < 16 ? 0 : first - 16;
    to = len - from > 48 ? from + 48 : len;
    diag("%zu of %zu bytes differ, the first at offset %zu; bytes %zu to %zu:", differ, len, first,
         from, to - 1);
    tap_hex("     got:", g, from, to);
    tap_hex("expected:", w, from, to);
    return false;
}

/* Macros only so that a failure can name the line of the caller. */
#define ok(cond, ...) tap_ok((cond) ? true : false, __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, name) \
    tap_is_int((long long)(got), (long long)(want), (name), __FILE__, __LINE__)
#define is_mem(got, want, len, name) \
    tap_is_mem((got), (want), (len), (name), __FILE__, __LINE__)

/* Counts n tests as passed, and says why they were not run. */
static inline void skip(int n, const char *reason)
{
    tap_begin();
    for (int i = 0; i < n; i++)
        printf("ok %d # SKIP %s\n", ++tap_run, reason);
}

/*
 * unhex("00 01 fe", bytes, sizeof(bytes)): hex digits, with blanks where they help the reader,
 * to bytes; returns their number. A literal that is wrong or too long ends the program.
 */
static inline size_t unhex(const char *hex, uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t nibbles = 0;

    for (; *hex; hex++) {
        const char *digit;
        int c = *hex >= 'A' && *hex <= 'F' ? *hex - 'A' + 'a' : *hex;

        if (c == ' ' || c == '\n')
            continue;
        digit = strchr(digits, c);
        if (!digit || nibbles / 2 >= size)
            bail_out("unhex: %s at \"%s\"", digit ? "no room" : "not a hex digit", hex);
        if (nibbles % 2 == 0)
            bytes[nibbles / 2] = (uint8_t)((digit - digits) << 4);
        else
            bytes[nibbles / 2] |= (uint8_t)(digit - digits);
        nibbles++;
    }
    if (nibbles % 2)
        bail_out("unhex: an odd number of digits");
    return nibbles / 2;
}

#endif
