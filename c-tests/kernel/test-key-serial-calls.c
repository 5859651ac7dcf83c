/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The number 7 has two meanings: kernels with the akcipher patches took a public key by it, and Linux
 * takes a key's serial number since 6.2. Here are the options of AF_ALG that the kernel sees, as
 * ptrace(2) shows them: a serial number goes to symmetric ciphers, AEADs and digests, once; and a
 * public key goes to none of these. For what an akcipher gets see test-akcipher-protocol.c.
 *
 * Nor does the library ask keyctl(2) for the key, unless the engine in user space serves.
 *
 * needs: kernel ptrace uninstrumented
 */
#define _GNU_SOURCE
#include <linux/if_alg.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "fill.h"
#include "keys.h"
#include "ptrace.h"

enum { SEVEN = 7, MOST = 16 };

/* What the traced process shares: the handle's family, and the key. */
static struct kcapi_handle *handle;
static int32_t serial;

typedef int (*init_fn)(struct kcapi_handle **, const char *, uint32_t);

struct subject {
    const char *name, *algorithm;
    init_fn init;
    uint32_t flags;
    bool sent;    /* the serial number goes to the kernel */
    int keyctls;  /* how often keyctl(2) is asked */
};

static const struct subject subjects[] = {
    { "a cipher", "cbc(aes)", kcapi_cipher_init, 0, true, 0 },
    { "a cipher with AIO", "cbc(aes)", kcapi_cipher_init, KCAPI_INIT_AIO, true, 0 },
    { "an AEAD", "gcm(aes)", kcapi_aead_init, 0, true, 0 },
    { "a keyed digest", "hmac(sha256)", kcapi_md_init, 0, true, 0 },
    { "a generator", "stdrng", kcapi_rng_init, 0, false, 0 },
    { "a cipher in user space", "cbc(aes)", kcapi_cipher_init, KCAPI_INIT_USER, false, 2 },
};

/* What was seen between two calls of getppid(2). */
static struct {
    int options[MOST], values[MOST], count, keyctls;
} seen;

static void set_serial(void) { kcapi_handle_setkey_serial(handle, serial); }
static void set_keyring(void)
{
    kcapi_handle_setkey_serial(handle, KEY_SPEC_PROCESS_KEYRING);
    kcapi_handle_setkey_serial(handle, 0);
}
static void set_public_key(void)
{
    kcapi_akcipher_setpubkey(handle, (const uint8_t *)&serial, sizeof(serial));
}

#if CAN_FAIL_CALLS
static void traced(const struct subject *s, void (*call)(void))
{
    static const uint8_t key[16] = "a key of 16 byte";

    if (!be_traced())
        _exit(1);
    /* A keyring of its own: the parent's process keyring is not the child's. */
    serial = key_of("user", key, sizeof(key));
    if (s->init(&handle, s->algorithm, s->flags))
        _exit(2);
    raise(SIGSTOP);
    syscall(SYS_getppid);
    call();
    syscall(SYS_getppid);
    _exit(0);
}

static void note(pid_t pid)
{
    long number = call_number(pid);

    seen.keyctls += number == SYS_keyctl;
    if (number != SYS_setsockopt || call_register(pid, call_arguments[1]) != SOL_ALG)
        return;
    if (seen.count == MOST)
        bail_out("more options than there is room for");
    seen.options[seen.count] = (int)call_register(pid, call_arguments[2]);
    seen.values[seen.count++] = (int)call_register(pid, call_arguments[4]);
}

/* false: there is no such handle here. */
static bool watch(const struct subject *s, void (*call)(void))
{
    bool entering = false, stopped;
    int status = 0, marks = 0;
    pid_t pid;

    memset(&seen, 0, sizeof(seen));
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        traced(s, call);
    stopped = trace(pid, &status);
    while (stopped && next_stop(pid, &status)) {
        entering = !entering;
        if (entering && call_number(pid) == SYS_getppid)
            marks++;
        else if (entering && marks == 1)
            note(pid);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
        return false;
    if (!WIFEXITED(status) || WEXITSTATUS(status) || marks != 2)
        bail_out("the traced child failed");
    return true;
}

static void judge(const struct subject *s)
{
    if (!watch(s, set_serial)) {
        skip(1, "this kernel has no such algorithm");
        return;
    }
    is_int(seen.count, s->sent, "options that are set");
    if (s->sent)
        ok(seen.options[0] == SEVEN && seen.values[0] == sizeof(int32_t),
           "%s gets the serial number: option %d, %d bytes", s->name, seen.options[0], seen.values[0]);
    is_int(seen.keyctls, s->keyctls, s->name);
    watch(s, set_keyring);
    ok(seen.count == 0 && seen.keyctls == 0, "%s: a special keyring goes nowhere", s->name);
    watch(s, set_public_key);
    ok(seen.count == 0 && seen.keyctls == 0, "%s: a public key goes nowhere", s->name);
}
#endif

int main(void)
{
    allow_both_engines();
    kcapi_set_verbosity(KCAPI_LOG_NONE);
#if CAN_FAIL_CALLS
    if (!has_keyrings() || getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP no keyrings here, or the system calls are valgrind's own");
        return 0;
    }
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        judge(&subjects[i]);
    return done_testing();
#else
    puts("1..0 # SKIP arguments of system calls are read on x86-64 only");
    return 0;
#endif
}
