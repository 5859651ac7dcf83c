/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * constant-walk.h - what the two programs share that see whether time depends on secrets
 *
 * The program that includes this says what a step is.
 */
#ifndef CONSTANT_WALK_H
#define CONSTANT_WALK_H

#include "constant-calls.h"

/* Whose IV counts blocks: it is public, since how far it is from its end may be seen. A part of it that
 * comes with the key is secret all the same. */
static const char *const counting[] = { "ctr(", "lrw(", "gcm(", "ccm(" };

static struct {
    /* Not only what is quick. */
    bool all;
    /* Not what is known to look up tables: that this is found on one path is enough. */
    bool no_tables;
    /* Of the step. */
    bool iv_counts;
    unsigned steps;
} run;

/* Makes the step; whether it should have an output that depends on secrets. */
static void make_step(const char *what, bool has_output);

static bool counts(const char *name)
{
    for (size_t i = 0; i < COUNT(counting); i++)
        if (strstr(name, counting[i]))
            return true;
    return false;
}

static void act(const char *what, bool has_output, void (*action)(struct kcapi_handle *))
{
    step.act = action;
    run.steps++;
    make_step(what, has_output);
}

static void take_messages(const struct family *family)
{
    /* A wrapped key that nobody has wrapped is refused, and it takes no streams. */
    bool has_output = strncmp(step.algorithm->name, "kw(", 3) != 0;
    bool has_digest = strcmp(step.algorithm->name, "digest_null") != 0;

    if (family == &ciphers) {
        act("encryption", true, walk_encrypt);
        act("decryption", has_output, walk_decrypt);
        act("stream", has_output, walk_stream);
    } else if (family == &sealing) {
        act("sealing", true, walk_seal);
        act("opening", true, walk_open);
        act("a wrong tag", false, walk_forge);
    } else {
        act("digest", has_digest, walk_digest);
        act("digests side by side", has_digest, walk_digests);
        act("digest in pieces", has_digest, walk_update);
        act("digest without end", false, walk_abandon);
    }
}

/* What must be found: a table, and a comparison that ends at the first difference. */
static void plant_look_up(void)
{
    static const volatile uint8_t table[256];

    step.caller->out[0] = table[step.caller->key[0]];
}

static void plant_early_exit(void)
{
    volatile const uint8_t *key = step.caller->key;
    uint8_t guess[16];

    fill(guess, sizeof(guess), 1);
    for (size_t i = 0; i < sizeof(guess); i++)
        if (key[i] != guess[i])
            return;
    step.caller->out[0] = 1;
}

#endif
