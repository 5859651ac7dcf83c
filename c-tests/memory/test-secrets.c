/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Nothing that is secret is left in memory when a handle is gone, whatever has happened to it.
 *
 * Each case runs in a thread, whose stack is the test's, so that nothing writes over what was left
 * there. Then the caller's own memory is unmapped and all that is left of the process searched: for
 * secrets that are known by name, and, with every algorithm and length of key, for what depends on
 * them (secret-walk.h). Not searched: registers.
 *
 * needs: exec uninstrumented
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "secrets.h"

enum { STACK = 1 << 20 };

static struct caller *c;

/* Computed with the library and by hand; in the child process only. */
static void hmac_needles(void)
{
    uint8_t pad[64], message[64 + BLOCK], digest[64];

    for (int outer = 0; outer < 2; outer++) {
        for (size_t i = 0; i < 64; i++)
            pad[i] = (uint8_t)((i < 32 ? c->key[i] : 0) ^ (outer ? 0x5c : 0x36));
        needle_swapped(pad, 32, outer ? "HMAC outer pad" : "HMAC inner pad");
        sha256_state(pad, outer ? "HMAC outer state" : "HMAC inner state");
        if (outer)
            continue;
        memcpy(message, pad, 64);
        memcpy(message + 64, c->plain, BLOCK);
        kcapi_md_sha256(message, sizeof(message), digest, 32);
        needle_swapped(digest, 32, "HMAC inner digest");
    }
    kcapi_md_hmac_sha256(c->iv, IV, c->key, KEY, digest, 32);
    needle_swapped(digest, 32, "HKDF's PRK");
    kcapi_md_sha512(c->key, KEY, digest, 64);
    needle_swapped(digest, 64, "the RNG's seed's digest");
}

static void kdf_needles(void)
{
    static ssize_t (*const kdfs[])(struct kcapi_handle *, const uint8_t *, size_t, uint8_t *,
                                   size_t) = { kcapi_kdf_ctr, kcapi_kdf_fb, kcapi_kdf_dpi };
    struct kcapi_handle *handle = NULL;
    uint8_t result[96], block[IV + 4] = { 0 };

    if (kcapi_md_init(&handle, "hmac(sha256)", 0) || kcapi_md_setkey(handle, c->key, 32))
        _exit(1);
    for (size_t i = 0; i < 3; i++) {
        kdfs[i](handle, c->plain, BLOCK, result, sizeof(result));
        needle_swapped(result, sizeof(result), "a result of SP 800-108");
    }
    kcapi_md_digest(handle, c->plain, BLOCK, result, 32);
    needle_swapped(result, 32, "A(1) of SP 800-108");
    kcapi_md_destroy(handle);
    kcapi_hkdf("hmac(sha256)", c->key, KEY, c->iv, IV, NULL, 0, result, sizeof(result));
    needle_swapped(result, sizeof(result), "a result of HKDF");
    kcapi_pbkdf("hmac(sha256)", c->key, 32, c->iv, IV, ITERATIONS, result, 64);
    needle_swapped(result, 64, "a result of PBKDF2");
    memcpy(block, c->iv, IV);
    block[IV + 3] = 1;
    for (int i = 0; i < ITERATIONS; i++) {
        kcapi_md_hmac_sha256(c->key, 32, i ? result : block, i ? 32 : sizeof(block), result, 32);
        needle_swapped(result, 32, "an iteration of PBKDF2");
    }
}

/* What a stream cipher makes of zeros. */
static void key_stream(const char *name, uint32_t keylen, const uint8_t *iv, const char *what)
{
    uint8_t zeros[BLOCK] = { 0 }, stream[BLOCK];
    struct kcapi_handle *handle = NULL;

    if (kcapi_cipher_init(&handle, name, 0))
        return; /* then nothing else can have it */
    if (kcapi_cipher_setkey(handle, c->key, keylen) == 0 &&
        kcapi_cipher_encrypt(handle, zeros, BLOCK, iv, stream, BLOCK, 0) == BLOCK)
        needle_swapped(stream, BLOCK, what);
    kcapi_cipher_destroy(handle);
}

static void cipher_needles(void)
{
    uint8_t counter[IV] = { 0 };

    aes_schedule(c->key, 16, "AES-128 key schedule");
    aes_schedule(c->key, 32, "AES-256 key schedule");
    aes_schedule(c->key + 16, 16, "XTS's second key schedule");
    key_stream("ctr(aes)", 16, c->iv, "key stream of CTR");
    key_stream("chacha20", 32, c->iv, "key stream of ChaCha20");
    key_stream("ctr(aes)", 16, counter, "key of GHASH and CMAC");
    memcpy(counter, c->iv, 12);
    counter[15] = 1;
    key_stream("ctr(aes)", 16, counter, "key stream of GCM");
    memcpy(counter + 4, c->iv, 12);
    memset(counter, 0, 4);
    key_stream("chacha20", 32, counter, "key of Poly1305");
}

/* The primes and what belongs to them, as limbs and as digits of 52 bits, the lowest first. */
static void rsa_needles(void)
{
    for (size_t i = 4; i < 9; i++) {
        uint64_t digits[20] = { 0 };
        uint8_t limbs[128] = { 0 };
        size_t len;
        const uint8_t *integer = rsa_integer(c->rsa, i, &len);

        for (size_t byte = 0; byte < 128 && byte < len; byte++)
            limbs[byte] = integer[len - 1 - byte];
        for (size_t bit = 0; bit < 8 * sizeof(limbs); bit++)
            digits[bit / 52] |= (uint64_t)(limbs[bit / 8] >> bit % 8 & 1) << bit % 52;
        needle_swapped(limbs, sizeof(limbs), "RSA key");
        needle(digits, sizeof(digits) - 8, "RSA key in digits");
    }
}

/* A child sends the needles, and takes all that it knows along when it ends. */
static void make_needles(void)
{
    int ends[2], status = 1;
    struct needle n;
    pid_t child;

    if (pipe(ends) || (child = fork()) < 0)
        bail_out("no child");
    if (child == 0) {
        needles_to = ends[1];
        fill_caller(c);
        needle(c->key, KEY, "key");
        needle(c->iv, IV, "IV");
        needle(c->plain, BLOCK, "plaintext");
        cipher_needles();
        rsa_needles();
        hmac_needles();
        kdf_needles();
        _exit(0);
    }
    close(ends[1]);
    while (read(ends[0], &n, sizeof(n)) == sizeof(n))
        add_needle(&n);
    close(ends[0]);
    waitpid(child, &status, 0);
    if (status)
        bail_out("the secrets could not be computed");
}

static void map_caller(void)
{
    c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED)
        bail_out("no memory for a caller");
}

#include "secret-uses.h"
#include "secret-walk.h"

static void *use(void *arg)
{
    const struct secret_use *u = arg;

    fill_caller(c);
    u->run(u);
    return NULL;
}

/* In a thread of its own; how many words of secrets are in memory afterwards. */
static unsigned left_by(const struct secret_use *u)
{
    pthread_attr_t attributes;
    pthread_t thread;
    void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned found;

    map_caller();
    if (stack == MAP_FAILED || pthread_attr_init(&attributes) ||
        pthread_attr_setstack(&attributes, stack, STACK) ||
        pthread_create(&thread, &attributes, use, (void *)(uintptr_t)u))
        bail_out("no thread");
    pthread_join(thread, NULL);
    known_stack = stack;
    known_stack_end = known_stack + STACK;
    pthread_attr_destroy(&attributes);
    munmap(c, sizeof(*c));
    found = scan(u->name);
    munmap(stack, STACK);
    return found;
}

static void test_search(void)
{
    static const struct secret_use in_use = { "in use", "", keep_handles, 0, 0, 0 };
    static const struct secret_use planted = { "planted", "", plant, 0, 0, 0 };
    unsigned found = left_by(&planted);

    ok(found == 2 * KEY / 8, "a key on a stack and one in the heap are found: %u words", found);
    kcapi_memset_secure(planted_in, 0, KEY);
    free(planted_in);
    found = left_by(&in_use);
    if (strcmp(kcapi_handle_engine(kept[0]), "user") == 0)
        ok(found > 0, "the user engine's handles in use have secrets: %u words", found);
    else
        ok(found == 0, "the kernel engine's handles have none, in use either: %u words", found);
    for (size_t i = 0; i < KEPT; i++)
        kcapi_cipher_destroy(kept[i]);
}

int main(int argc, char **argv)
{
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP its memory would be valgrind's too");
        return 0;
    }
    /* Looking up a function at its first call saves all registers on the stack, with what they hold. */
    if (argc > 0 && !getenv("LD_BIND_NOW")) {
        setenv("LD_BIND_NOW", "1", 1);
        execv("/proc/self/exe", argv);
        bail_out("no second start");
    }
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    walk_all();
    map_caller();
    make_needles();
    munmap(c, sizeof(*c));
    is_int(scan("at first"), 0, "no secrets before the first call");
    test_search();
    for (size_t i = 0; i < sizeof(secret_uses) / sizeof(secret_uses[0]); i++) {
        const struct secret_use *u = &secret_uses[i];
        struct kcapi_handle *handle = NULL;

        if (u->init && u->init(&handle, u->algorithm, 0)) {
            skip(1, u->name);
            continue;
        }
        kcapi_cipher_destroy(handle);
        ok(left_by(u) == 0, "nothing is left by %s", u->name);
    }
    printf("# %llu bytes searched for %zu words, in %u searches\n",
           (unsigned long long)bytes_scanned, needle_count, scans);
    return done_testing();
}
