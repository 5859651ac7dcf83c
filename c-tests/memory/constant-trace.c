/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * constant-trace [all] - with other secrets the processor executes the same instructions, and those go
 * to the same addresses
 *
 * Valgrind knows neither AVX-512 nor VAES, SHA-NI and ADX, so constant-time.c sees nothing of the code
 * for them. Here the processor itself executes it, with a trap behind each instruction, twice, in two
 * children of one process with different secrets in the same memory. What depends on a secret in a
 * way that these secrets do not show is not found: so this is done beside that, and not in its place.
 *
 * Code paths are found by hiding each of the processor's features in turn: an algorithm for which its lack changes
 * what is executed is walked again. Without `all` only that is walked which the processor takes by itself.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "fill.h"

#ifndef __x86_64__
int main(void)
{
    plan(0);
    return tap_status();
}
#else

#include "constant-walk.h"
#include "instructions.h"
#include "trap.h"

/* Of one step: only what is used takes memory. */
enum { EVENTS = 32 * MIB, SHOWN = 3, WAYS = 32 };

/* How a child says that EVENTS are too few. */
enum { EXIT_NO_ROOM = 2 };

/* An instruction, and where it goes. */
struct event {
    uint64_t at, address;
};

/* Shared with the children. */
static struct trace {
    size_t count;
    /* Where the second child left the way of the first: NULL, it did not. */
    const struct event *left;
    unsigned long long total;
    struct event events[EVENTS];
} *trace;

static struct {
    const char *path;
    unsigned different, ways;
    /* In a child: how many instructions so far; whether it compares them. */
    size_t count;
    bool compares;
} here;

/* Writes down what comes next, or compares it with what was written. */
static void on_trap(int signal, siginfo_t *info, void *context)
{
    const greg_t *values = ((ucontext_t *)context)->uc_mcontext.gregs;
    struct event event = { (uint64_t)values[REG_RIP], addresses(values) };
    struct event *written = &trace->events[here.count++];

    (void)signal;
    (void)info;
    if (here.count == EVENTS)
        _exit(EXIT_NO_ROOM);
    if (!here.compares) {
        *written = event;
    } else if (here.count > trace->count || memcmp(&event, written, sizeof(event)) != 0) {
        /* It was the instruction before that went elsewhere, or this one goes to another place. */
        trace->left = event.at == written->at ? written : written - 1;
        _exit(0);
    }
}

/* Secrets are there. An IV that counts is the same in both children. */
static void begin(struct walker *w)
{
    if (run.iv_counts)
        fill(w->iv, sizeof(w->iv), 7);
    trap_each_instruction();
}

static void be_followed(uint32_t secrets)
{
    static uint8_t stack[64 * KIB];
    const stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
    struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    step.secrets = secrets;
    if (sigaltstack(&other, NULL) || sigaction(SIGTRAP, &action, NULL))
        _exit(1);
    walk_step(NULL);
    trap_no_more();
    if (here.compares && here.count != trace->count)
        trace->left = &trace->events[here.count];
    trace->count = here.count;
    trace->total += here.count;
    _exit(0);
}

/* A child works with these secrets. What is executed is written down or, if `compares`, compared with
 * what was written: where it leaves that way, or NULL. Both children have the same stack. */
static __attribute__((noinline)) const struct event *follow(uint32_t secrets, bool compares)
{
    int status;
    pid_t child;

    trace->left = NULL;
    here.compares = compares;
    child = fork();
    if (child == 0)
        be_followed(secrets);
    if (child < 0 || waitpid(child, &status, 0) != child)
        bail_out("no child");
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_ROOM)
        bail_out("a step takes more instructions than there is room for");
    if (status)
        bail_out("a step failed");
    return trace->left;
}

/* What differs from one time to the next is found, whatever it is. */
static void hide(uint8_t *bytes, size_t len)
{
    (void)bytes, (void)len;
}

static void make_step(const char *what, bool has_output)
{
    const struct event *left;

    (void)has_output;
    follow(1, false);
    left = follow(1000, true);
    if (!left || here.different++ >= SHOWN)
        return;
    diag("%s, key of %u bytes, %zu bytes: %s", what, step.keylen, step.len, place_of(left->at));
}

static void must_find(const char *what, void (*planted)(void))
{
    step.algorithm = NULL;
    step.call = planted;
    follow(1, false);
    ok(follow(1000, true) != NULL, "%s is found", what);
}

/* Whose code depends on the processor. */
static const struct kernel {
    struct algorithm algorithm;
    uint32_t keylen;
} kernels[] = {
#define KERNEL(family, name, keylen) { { &(family), name, false, { false }, 0 }, keylen }
    KERNEL(ciphers, "ecb(aes)", 16),
    KERNEL(ciphers, "cbc(aes)", 32),
    KERNEL(ciphers, "ctr(aes)", 24),
    KERNEL(ciphers, "cfb(aes)", 16),
    KERNEL(ciphers, "xts(aes)", 32),
    KERNEL(ciphers, "chacha20", 32),
    KERNEL(ciphers, "xchacha12", 32),
    KERNEL(sealing, "gcm(aes)", 16),
    KERNEL(sealing, "gcm(aes)", 24),
    KERNEL(sealing, "gcm(serpent)", 32),
    KERNEL(sealing, "ccm(aes)", 16),
    KERNEL(sealing, "rfc4543(gcm(aes))", 20),
    KERNEL(sealing, "rfc7539(chacha20,poly1305)", 32),
    KERNEL(hashes, "hmac(sha1)", 20),
    KERNEL(hashes, "hmac(sha256)", 32),
    KERNEL(hashes, "hmac(sha512)", 64),
    KERNEL(hashes, "hmac(sha3-256)", 32),
    KERNEL(hashes, "cmac(aes)", 16),
#undef KERNEL
};

static void agree_on_p256(void) { walk_agree_with(1, 32); }
static void agree_by_x25519(void) { walk_agree_with(5, 32); }
/* Its arithmetic is RSA's. */
static void agree_by_ffdhe(void) { walk_agree_with(6, 4); }

static const struct {
    const char *name;
    void (*run)(void);
} agreements[] = {
    { "P-256", agree_on_p256 }, { "X25519", agree_by_x25519 }, { "ffdhe2048", agree_by_ffdhe },
};

/* Ciphers take blocks at once, and the last ones one by one. A digest takes its blocks one after the
 * other, with many instructions for each: two of SHA-3's and a part of one are enough. Serpent takes many for a block,
 * and is here for its GHASH. */
static void take_kernel(const struct kernel *kernel)
{
    step.algorithm = &kernel->algorithm;
    step.keylen = kernel->keylen;
    step.len = 63 * 16;
    if (kernel->algorithm.family == &hashes)
        step.len = 2 * 136;
    else if (strstr(kernel->algorithm.name, "serpent"))
        step.len = 17 * 16;
    run.iv_counts = counts(kernel->algorithm.name);
}

/* A number for `hash` and what a step executes. */
static uint64_t with_step(uint64_t hash)
{
    follow(1, false);
    for (size_t i = 0; i < trace->count; i++)
        hash = (hash ^ trace->events[i].at) * 0x100000001b3;
    return hash;
}

/* What the kernel that was taken executes, in a number. */
static uint64_t executed(const struct family *family)
{
    uint64_t hash;

    step.act = family == &ciphers ? walk_decrypt : family == &sealing ? walk_forge : walk_digest;
    hash = with_step(0);
    if (family != &hashes)
        return hash;
    step.act = walk_digests;
    return with_step(hash);
}

/* The ways that something was walked already. */
struct walked {
    uint64_t hashes[WAYS];
    size_t count;
};

static bool is_new(struct walked *walked, uint64_t hash)
{
    for (size_t i = 0; i < walked->count; i++)
        if (walked->hashes[i] == hash)
            return false;
    if (walked->count == WAYS)
        bail_out("more ways than there is room for");
    walked->hashes[walked->count++] = hash;
    here.ways++;
    return true;
}

static void judge(const char *what)
{
    ok(here.different == 0, "%s, %s: the same instructions and addresses", here.path, what);
    here.different = 0;
}

/* Each kernel, if it executes now what it has not executed before. */
static void walk_kernels(void)
{
    static struct walked walked[COUNT(kernels)];

    for (size_t i = 0; i < COUNT(kernels); i++) {
        const struct algorithm *algorithm = &kernels[i].algorithm;

        take_kernel(&kernels[i]);
        if (!is_new(&walked[i], run.all ? executed(algorithm->family) : 0))
            continue;
        take_messages(algorithm->family);
        judge(algorithm->name);
    }
}

/* They take minutes: so once, with all that the processor has. Valgrind follows the secrets elsewhere. */
static void walk_agreements(void)
{
    step.algorithm = NULL;
    here.path = paths[0].name;
    for (size_t i = 0; i < COUNT(agreements); i++) {
        step.call = agreements[i].run;
        make_step(agreements[i].name, true);
        judge(agreements[i].name);
    }
}

/* With another value in the place of what is known of the processor. */
static void walk_with(void *known, size_t size, size_t value, const char *name, size_t number)
{
    uint8_t before[sizeof(size_t)];
    char title[64];

    snprintf(title, sizeof(title), "without %s %zu", name, number);
    here.path = title;
    memcpy(before, known, size);
    memcpy(known, &value, size);
    walk_kernels();
    memcpy(known, before, size);
}

/* One feature less. */
static void walk_each_feature(void)
{
    for (unsigned i = 0; i < features.word_count; i++) {
        size_t word = *features.words[i];

        for (size_t bit = 0; bit < 8 * sizeof(word) - 1; bit++)
            if (word >> bit & 1)
                walk_with(features.words[i], sizeof(word), word & ~((size_t)1 << bit),
                          i ? "std's further feature" : "std's feature", bit);
    }
    for (unsigned i = 0; i < features.byte_count; i++)
        walk_with(features.bytes[i], 1, 0, "the features of crate", i);
}

/* What the processor has, then less of it. */
static void walk_paths(void)
{
    size_t words[COUNT(features.words)] = { 0 };
    uint8_t bytes[COUNT(features.bytes)] = { 0 };

    for (unsigned i = 0; i < features.word_count; i++)
        words[i] = *features.words[i];
    for (unsigned i = 0; i < features.byte_count; i++)
        bytes[i] = *features.bytes[i];
    for (size_t i = 0; i < (run.all ? COUNT(paths) : 1); i++) {
        take_path(&paths[i]);
        here.path = paths[i].name;
        walk_kernels();
        for (unsigned j = 0; j < features.word_count; j++)
            *features.words[j] = words[j];
        for (unsigned j = 0; j < features.byte_count; j++)
            *features.bytes[j] = bytes[j];
    }
}

int main(int argc, char **argv)
{
    (void)argv;
    run.all = argc > 1;
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    step.caller = mmap(NULL, sizeof(*step.caller), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    trace = mmap(NULL, sizeof(*trace), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (step.caller == MAP_FAILED || trace == MAP_FAILED)
        bail_out("no memory");
    step.prepare = begin;
    read_code();
    ok(code.gathers == 0, "no instruction of the library gathers from many addresses");
    must_find("a planted look-up in a table", plant_look_up);
    must_find("a planted comparison with an early exit", plant_early_exit);
    kcapi_cipher_destroy(cipher_with_key("cbc(aes)", (const uint8_t[16]){ 1 }, 16, 0));
    find_features(2, 5);
    walk_paths();
    if (run.all) {
        walk_agreements();
        walk_each_feature();
    }
    printf("# counts: %zu algorithms, %u ways to execute them, %u steps, %llu instructions\n", COUNT(kernels), here.ways,
           run.steps, trace->total);
    return done_testing();
}
#endif
