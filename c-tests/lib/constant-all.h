/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * constant-all.h - every algorithm with every length of key, and every call, for a program that finds
 * what depends on secrets
 *
 * The program that includes this says what a step is (constant-walk.h) and what was found.
 */
#ifndef CONSTANT_ALL_H
#define CONSTANT_ALL_H

#include "constant-walk.h"

/* What looks up tables by secrets, which SECURITY.md says: all of them are found, and nothing else. */
static const char *const known[] = {
    "aria", "sm4", "des", "des3_ede", "blowfish", "camellia", "cast5", "cast6", "twofish",
    "streebog256", "streebog512", "wp256", "wp384", "wp512", "crc32", "crc32c",
};

static struct {
    unsigned algorithms, lengths, known;
    /* The first step that made nothing of its secrets. */
    char idle[128];
} taken;

/* How many times something depended on a secret since this was last called. */
static unsigned count_found(void);

static bool is_known(const char *name)
{
    for (size_t i = 0; i < COUNT(known); i++) {
        const char *found = strstr(name, known[i]);
        size_t len = strlen(known[i]);

        if (found && (found == name || found[-1] == '(' || found[-1] == ',') &&
            (found[len] == '\0' || found[len] == ')'))
            return true;
    }
    return false;
}

static void note_idle(const char *what)
{
    if (!taken.idle[0])
        snprintf(taken.idle, sizeof(taken.idle), "%s, key of %u bytes, %zu bytes", what, step.keylen,
                 step.len);
}

static void judge(const char *name, bool expected)
{
    unsigned found = count_found();

    if (expected)
        ok(found > 0, "%s: known to depend on secrets, found %u times", name, found);
    else
        ok(found == 0, "%s: nothing depends on a secret", name);
    /* What is found in a table counts as public. */
    if (taken.idle[0] && !expected)
        ok(false, "%s: %s makes nothing of its secrets", name, taken.idle);
    taken.idle[0] = '\0';
}

/* Each length of key, of an HMAC those at the borders of blocks; in short only the first. What is known
 * to depend on secrets need not be found more than once, in a long message: crc32c has an instruction
 * for short ones. */
static void take_algorithm(const struct algorithm *a)
{
    static const size_t lengths[] = { 240, 16, 4 * KIB };
    bool expected = is_known(a->name), once = expected || !run.all, first = true;

    if (expected && run.no_tables)
        return;
    step.algorithm = a;
    run.iv_counts = counts(a->name);
    for (uint32_t len = 0; len <= KEYLEN_MAX + 1; len++) {
        if (len <= KEYLEN_MAX ? !a->takes[len] || (a->lengths > 64 && len % 16 > 1)
                              : !a->keyless || (once && !first))
            continue;
        step.keylen = len;
        for (size_t i = 0; i < (once || !first ? 1 : COUNT(lengths)); i++) {
            step.len = expected && a->family == &hashes ? KIB : lengths[i];
            take_messages(a->family);
        }
        first = false;
        taken.lengths++;
        if (once)
            break;
    }
    taken.algorithms++;
    taken.known += expected;
    judge(a->name, expected);
}

static void take_call(const char *name, const char *algorithm, void (*call)(void))
{
    step.algorithm = NULL;
    step.call = call;
    step.keylen = 0;
    step.len = 0;
    run.iv_counts = counts(algorithm);
    run.steps++;
    make_step(name, strcmp(name, "HKDF of more than there is") != 0);
    judge(name, is_known(algorithm));
}

static void take_calls(void)
{
    for (size_t i = 0; i < COUNT(walk_calls); i++)
        take_call(walk_calls[i].name, walk_calls[i].name, walk_calls[i].run);
    for (size_t i = 0; i < COUNT(constant_calls); i++)
        take_call(constant_calls[i].name, constant_calls[i].algorithm, constant_calls[i].run);
}

static void must_find(const char *what, void (*planted)(void))
{
    step.algorithm = NULL;
    step.call = planted;
    make_step(what, false);
    ok(count_found() > 0, "%s is found", what);
}

static void find_planted(void)
{
    must_find("a planted look-up in a table", plant_look_up);
    must_find("a planted comparison with an early exit", plant_early_exit);
}

static void print_counts(const char *path)
{
    printf("# counts: %s: %u algorithms, %u of them known to look up tables, %u lengths of key, %u steps\n",
           path, taken.algorithms, taken.known, taken.lengths, run.steps);
}

#endif
