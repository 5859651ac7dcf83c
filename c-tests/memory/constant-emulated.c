/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * constant-emulated EVENTS PATH [all] - with other secrets the same instructions are executed, and those
 * go to the same addresses, on an architecture that QEMU emulates
 *
 * For other architectures than constant-time.c and constant-trace.c know: what a compiler makes of a
 * shift or a product of 64 bits may branch in one and not in another. Each step is done in two children
 * of one process with different secrets in the same memory, while constant-plugin.c, inside the
 * emulator, compares what they do. EVENTS is the file that it and this program share. What depends on
 * a secret in a way that these secrets do not show is not found.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "constant-all.h"
#include "constant-events.h"
#include "processor.h"

enum { SHOWN = 3 };

static struct events *events;

static struct {
    unsigned different;
    unsigned long long total;
    /* What a child does with events. */
    uint8_t state;
} here;

/* Where a function is looked for, and what was found. */
static struct {
    uintptr_t at, offset;
    char name[256];
} place;

/* The library's random bytes come by this function, which is the C library's elsewhere: secrets that
 * the children do not share. */
long syscall(long number, ...)
{
    void *bytes;
    size_t len;
    va_list args;

    if (number != SYS_getrandom)
        bail_out("system call %ld was not expected", number);
    va_start(args, number);
    bytes = va_arg(args, void *);
    len = va_arg(args, size_t);
    va_end(args);
    fill(bytes, len, step.secrets + 3);
    return (long)len;
}

/* Secrets are there. An IV that counts is the same in both children. */
static void begin(struct walker *w)
{
    if (run.iv_counts)
        fill(w->iv, sizeof(w->iv), 7);
    events->state = here.state;
}

static uint64_t hash_of(const uint8_t *bytes, size_t len)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

static void walk_with(uint32_t secrets)
{
    struct walker *w = step.caller;

    memset(w->sealed, 0, sizeof(w->sealed));
    memset(w->out, 0, sizeof(w->out));
    step.secrets = secrets;
    walk_step(NULL);
    events->state = EVENTS_IGNORED;
}

/* A child works with these secrets, and what it does is written down or compared. Returns a number
 * for its output. Both children have the same stack. */
static __attribute__((noinline)) uint64_t follow(uint32_t secrets, uint8_t state)
{
    int status;
    pid_t child;

    here.state = state;
    child = fork();
    if (child == 0) {
        walk_with(secrets);
        events->output = hash_of(step.caller->sealed, sizeof(step.caller->sealed)) ^
                         hash_of(step.caller->out, sizeof(step.caller->out));
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status)
        bail_out("no events");
    return events->output;
}

static void note_function(const char *name, void *function, size_t size)
{
    uintptr_t offset = place.at - (uintptr_t)function;

    if (offset >= size)
        return;
    place.offset = offset;
    snprintf(place.name, sizeof(place.name), "%s", name);
}

static const char *place_of(uint64_t at)
{
    static char text[300];

    place.at = (uintptr_t)at;
    snprintf(place.name, sizeof(place.name), "elsewhere");
    place.offset = place.at;
    each_symbol(STT_FUNC, "", note_function);
    snprintf(text, sizeof(text), "%s + %#lx", place.name, (unsigned long)place.offset);
    return text;
}

/* What differs from one time to the next is found, whatever it is. */
static void hide(uint8_t *bytes, size_t len)
{
    (void)bytes, (void)len;
}

static void make_step(const char *what, bool has_output)
{
    uint64_t output;

    /* The emulator has translated then what the children execute. */
    here.state = EVENTS_IGNORED;
    walk_with(1);
    events->written = events->compared = events->left_at = 0;
    output = follow(1, EVENTS_WRITTEN);
    if (events->written == 0)
        bail_out("%s: the plugin has seen nothing", what);
    if (follow(1000, EVENTS_COMPARED) == output && has_output)
        note_idle(what);
    here.total += le64toh(events->written);
    if (events->compared == events->written)
        return;
    if (here.different++ < SHOWN && step.algorithm && !is_known(step.algorithm->name))
        diag("%s, %s, key of %u bytes, %zu bytes: %s", step.algorithm->name, what, step.keylen,
             step.len, place_of(le64toh(events->left_at)));
}

static unsigned count_found(void)
{
    unsigned found = here.different;

    here.different = 0;
    return found;
}

static struct events *map_events(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *memory = mmap(NULL, sizeof(*events), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (fd < 0 || memory == MAP_FAILED)
        bail_out("%s: no events", path);
    close(fd);
    return memory;
}

int main(int argc, char **argv)
{
    const struct path *path = argc > 2 ? path_called(argv[2]) : NULL;

    if (!path)
        bail_out("constant-emulated EVENTS PATH [all], under QEMU: see test-constant-emulated.sh");
    run.all = argc > 3;
    events = map_events(argv[1]);
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    kcapi_cipher_destroy(cipher_with_key("cbc(aes)", (const uint8_t[16]){ 1 }, 16, 0));
    find_features(0, 0);
    if ((path->from_std && features.word_count == 0) || (path->from_crates && features.byte_count == 0)) {
        printf("1..0 # SKIP %s: there is no such code path here\n", path->name);
        return 0;
    }
    take_path(path);
    run.no_tables = path != &paths[0];
    step.caller = mmap(NULL, sizeof(*step.caller), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (step.caller == MAP_FAILED)
        bail_out("no memory");
    step.prepare = begin;
    step.brief = true;
    find_planted();
    take_calls();
    each_algorithm(take_algorithm);
    print_counts(path->name);
    printf("# counts: %s: %llu instructions and addresses\n", path->name, here.total);
    return done_testing();
}
