/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Kernel and user engine: the same random calls give the same bytes and the same errors, for every
 * algorithm that both have.
 *
 *   test-cross-engine                       TAP: compares two transcripts
 *   KCAPI_ENGINE=... test-cross-engine NAME  the transcript of algorithms whose name contains NAME
 *
 * KCAPI_SEED=N gives other calls, KCAPI_ROUNDS=N more of them.
 *
 * needs: exec
 */
#define _GNU_SOURCE
#include <unistd.h>

#include "cross-aead.h"
#include "cross-cipher.h"
#include "cross-md.h"

typedef void (*cross_fn)(const char *name, int rounds);

static long number(const char *variable, long otherwise)
{
    const char *value = getenv(variable);

    return value ? atol(value) : otherwise;
}

static void family(const char *what, cross_fn function, const char *const *names, size_t count,
                   const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (!strstr(names[i], wanted))
            continue;
        printf("[%s %s]\n", what, names[i]);
        seed_with(names[i], (uint64_t)number("KCAPI_SEED", 1));
        function(names[i], (int)number("KCAPI_ROUNDS", 20));
        fflush(stdout);
    }
}

static void transcript(const char *wanted)
{
    arena = pages(ARENA);
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    family("cipher", cross_cipher, cross_ciphers, COUNT(cross_ciphers), wanted);
    family("aead", cross_aead, cross_aeads, COUNT(cross_aeads), wanted);
    family("md", cross_md, cross_mds, COUNT(cross_mds), wanted);
    family("rng", cross_rng, cross_rngs, COUNT(cross_rngs), wanted);
    free(arena);
}

/* The next line, without its end; NULL at the end of the transcript. */
static char *next(FILE *file, char *line, size_t size)
{
    if (!fgets(line, (int)size, file))
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* Compares two sections whose titles are in the lines; the next titles are there afterwards. */
static void compare(FILE *files[2], char lines[2][512], bool more[2])
{
    char title[512];
    bool same = true, missing[2] = { false, false };
    unsigned calls = 0;

    memcpy(title, lines[0], sizeof(title));
    if (strcmp(lines[0], lines[1]) != 0)
        bail_out("sections %s and %s", lines[0], lines[1]);
    for (;;) {
        bool in_section[2];

        for (int i = 0; i < 2; i++) {
            if (more[i] && (calls == 0 || lines[i][0] != '['))
                more[i] = next(files[i], lines[i], sizeof(lines[i])) != NULL;
            in_section[i] = more[i] && lines[i][0] != '[';
            missing[i] |= in_section[i] && strncmp(lines[i], "missing", 7) == 0;
        }
        calls++;
        if (!in_section[0] && !in_section[1])
            break;
        if (missing[0] || missing[1])
            continue;
        if (same && (in_section[0] != in_section[1] || strcmp(lines[0], lines[1]) != 0)) {
            same = false;
            diag("%s, line %u", title, calls);
            diag("kernel: %s", in_section[0] ? lines[0] : "nothing");
            diag("  user: %s", in_section[1] ? lines[1] : "nothing");
        }
    }
    if (missing[0] != missing[1])
        printf("# %s: only in %s\n", title, missing[0] ? "user space" : "the kernel");
    else if (!missing[0])
        ok(same && calls > 2, "%s: %u lines", title, calls - 1);
}

int main(int argc, char **argv)
{
    static const char *const engines[] = { "kernel", "user" };
    static char lines[2][512];
    FILE *files[2];
    bool more[2];

    if (argc > 1) {
        transcript(argv[1]);
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        char command[4096 + 64], self[4096] = "";

        if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
            bail_out("/proc/self/exe");
        snprintf(command, sizeof(command), "KCAPI_ENGINE=%s exec '%s' ''", engines[i], self);
        files[i] = popen(command, "r");
        if (!files[i])
            bail_out("%s", command);
        more[i] = next(files[i], lines[i], sizeof(lines[i])) != NULL;
        ok(more[i], "the %s engine's transcript", engines[i]);
    }
    while (more[0] && more[1])
        compare(files, lines, more);
    for (int i = 0; i < 2; i++) {
        ok(!more[i], "both transcripts have ended");
        is_int(pclose(files[i]), 0, engines[i]);
    }
    return done_testing();
}
