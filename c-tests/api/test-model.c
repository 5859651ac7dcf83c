/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Random schedules of all calls on the handles of two transforms, some with a fork(2), against a model
 * of the rules: what each call returns, errno, every byte that it writes, and what comes of the
 * handles. Bytes are judged by a handle that does nothing else.
 *
 *   KCAPI_SCHEDULES=N  of each algorithm, one after the other (default: some)
 *   KCAPI_SEED=N       of the first of them; each next one has the next number
 *   KCAPI_FORKS=0      without fork(2)
 *   test-model NAME    only algorithms with NAME in their names
 */
#define _GNU_SOURCE
#include "aio-backend.h"
#include "model-md.h"
#include "model-requests.h"
#include "model-streams.h"

enum { STEPS = 70 };

static bool forks;

static void cipher_schedule(const void *subject)
{
    begin_schedule(subject);
    for (int i = 0; i < STEPS; i++) {
        struct model *m = some_handle();

        switch (below(20)) {
        case 0: renew(m); break;
        case 1: step_key(m); break;
        case 2: if (is_aead(s)) step_taglen(m); break;
        case 3: if (is_aead(s)) step_assoclen(m); break;
        case 4: if (forks && !me && !child && one_in(3)) step_fork(); break;
        case 5: case 6: case 7: step_start(m); break;
        case 8: case 9: case 10: step_update(m); break;
        case 11: case 12: case 13: step_op(m); break;
        case 14: step_requests(); break;
        default: step_message(m);
        }
    }
    end_schedule();
}

static void digest_schedule(const void *name) { md_schedule(name, STEPS, forks); }

static long number(const char *variable, long otherwise)
{
    const char *value = getenv(variable);

    return value ? atol(value) : otherwise;
}

static void schedules(const char *name, void (*schedule)(const void *), const void *arg)
{
    long seed = number("KCAPI_SEED", 1), count = number("KCAPI_SCHEDULES", getenv("KCAPI_VALGRIND") ? 5 : 15), i;

    for (i = 0; i < count; i++) {
        prepare_logs();
        seed_with(name, (uint64_t)(seed + i));
        if (!alone(schedule, arg)) {
            show_logs();
            diag("again: KCAPI_SEED=%ld KCAPI_SCHEDULES=1 test-model '%s'", seed + i, name);
            break;
        }
    }
    ok(i == count, "%s: %ld schedules from seed %ld", name, count, seed);
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "sha256", "sha3-256", "hmac(sha256)", "hmac(sha1)", "cmac(aes)" };
    const char *wanted_name = argc > 1 ? argv[1] : "";

    forks = number("KCAPI_FORKS", 1) != 0;
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (!can_fork_with_rings())
        setenv("KCAPI_AIO", "linux", 1);
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (!strstr(subjects[i].name, wanted_name))
            continue;
        if (is_there(&subjects[i]))
            schedules(subjects[i].name, cipher_schedule, &subjects[i]);
        else
            skip(1, subjects[i].name);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strstr(names[i], wanted_name) && has_md(names[i]))
            schedules(names[i], digest_schedule, names[i]);
    return done_testing();
}
