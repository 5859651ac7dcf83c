/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * constant-time PATH [all] - no branch and no address depends on a secret
 *
 * Runs under valgrind's memcheck, which test-constant-time.sh starts. Memcheck follows each bit that
 * was never written, through all that is made of it, and reports a branch or an address that depends
 * on one. Secrets are made such bits here: keys, IVs, plaintexts, ciphertexts with their tags, inputs
 * of key derivation, seeds and what getrandom(2) gives. They become public in two ways: a tag's
 * verdict inside the library, which constant-time.supp allows by the function's name, and the end of
 * a call, since nothing here looks into an output.
 *
 * A step that fails would show nothing. So an output must have become secret, too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/keyctl.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#if defined(__has_include) && __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_COUNT_ERRORS 0
#define VALGRIND_MAKE_MEM_UNDEFINED(at, len) ((void)(at), (void)(len))
#define VALGRIND_MAKE_MEM_DEFINED(at, len) ((void)(at), (void)(len))
#define VALGRIND_GET_VBITS(at, bits, len) ((void)(at), (void)(bits), (void)(len), 0)
#endif

#include "secrets.h"

static struct caller *c;

#include "constant-all.h"
#include "processor.h"
#include "secret-uses.h"

static unsigned count_found(void)
{
    static unsigned before;
    unsigned found = VALGRIND_COUNT_ERRORS - before;

    before += found;
    return found;
}

static void make_secret(void *bytes, size_t len)
{
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, len);
}

/* Whether any bit is. */
static bool is_secret(const void *bytes, size_t len)
{
    static uint8_t bits[20 * KIB];

    return VALGRIND_GET_VBITS(bytes, bits, len) == 1 && !all_are(bits, 0, len);
}

/*
 * The library's random bytes and what it reads of a keyring come by this function, which is the C library's elsewhere.
 * The kernel may see secrets: what goes there is no use of them.
 */
long syscall(long number, ...)
{
    long (*original)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    uint8_t payload[64];
    long args[5], result;
    va_list list;

    if (number != SYS_getrandom && number != SYS_add_key && number != SYS_keyctl)
        bail_out("system call %ld was not expected", number);
    va_start(list, number);
    for (int i = 0; i < 5; i++)
        args[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_add_key) {
        if ((size_t)args[3] > sizeof(payload))
            bail_out("a key of %ld bytes", args[3]);
        memcpy(payload, (const void *)args[2], (size_t)args[3]);
        VALGRIND_MAKE_MEM_DEFINED(payload, sizeof(payload));
        args[2] = (long)payload;
    }
    result = original(number, args[0], args[1], args[2], args[3], args[4]);
    if (number == SYS_getrandom && result > 0)
        make_secret((void *)args[0], (size_t)result);
    if (number == SYS_keyctl && args[0] == KEYCTL_READ && result > 0)
        make_secret((void *)args[2], (size_t)(result < args[3] ? result : args[3]));
    return result;
}

static void hide(uint8_t *bytes, size_t len)
{
    make_secret(bytes, len);
}

static void keep_secret(struct walker *w)
{
    make_secret(w->key, sizeof(w->key));
    make_secret(w->plain, sizeof(w->plain));
    if (!run.iv_counts)
        make_secret(w->iv, sizeof(w->iv));
}

static void make_step(const char *what, bool has_output)
{
    struct walker *w = step.caller;

    memset(w->sealed, 0, sizeof(w->sealed));
    memset(w->out, 0, sizeof(w->out));
    walk_step(NULL);
    if (has_output && !is_secret(w->out, sizeof(w->out)) && !is_secret(w->sealed, sizeof(w->sealed)))
        note_idle(what);
}

/* Long messages, streams, batches shared out among threads, keys that are refused. */
static void take_use(const struct secret_use *u)
{
    /* One of several ciphers, some of them known: constant-calls.h has them apart. */
    if (u->run == in_one_call)
        return;
    fill_caller(c);
    make_secret(c->key, sizeof(c->key));
    if (!counts(u->algorithm))
        make_secret(c->iv, sizeof(c->iv));
    make_secret(c->authenc + 8, sizeof(c->authenc) - 8);
    make_secret(c->plain, sizeof(c->plain));
    u->run(u);
    run.steps++;
    judge(u->name, is_known(u->algorithm));
}

static void *new_memory(size_t len)
{
    void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        bail_out("no memory");
    return memory;
}

int main(int argc, char **argv)
{
    const struct path *path = argc > 1 ? path_called(argv[1]) : NULL;

    if (!RUNNING_ON_VALGRIND || !path)
        bail_out("constant-time PATH [all], under valgrind: see test-constant-time.sh");
    run.all = argc > 2;
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    kcapi_cipher_destroy(cipher_with_key("cbc(aes)", (const uint8_t[16]){ 1 }, 16, 0));
    find_features(2, 5);
    take_path(path);
    run.no_tables = path != &paths[0];
    c = new_memory(sizeof(*c));
    step.caller = new_memory(sizeof(*step.caller));
    step.prepare = keep_secret;
    find_planted();
    take_calls();
    for (size_t i = 0; run.all && i < COUNT(secret_uses); i++)
        take_use(&secret_uses[i]);
    each_algorithm(take_algorithm);
    print_counts(path->name);
    return done_testing();
}
