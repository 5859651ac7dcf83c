/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * secret-walk.h - every algorithm with every length of key leaves nothing that depends on secrets
 *
 * Two children of one process do the same with different keys, IVs and data, in a thread on one
 * and the same stack. Where what they have in memory in the end differs, it has come from a secret,
 * whatever was made of it: no algorithm needs to be known here. A third child, with the secrets of
 * the first, tells what differs each time, such as the threads' numbers. The stack is looked at before the handle
 * is closed, too: closing it wipes where a call did not.
 */
#ifndef SECRET_WALK_H
#define SECRET_WALK_H

#include <sched.h>

#include "rsa-long.h"
#include "rsa-long.h"
#include "secret-steps.h"
#include "secrets.h"

enum { WALK_STACK = 128 * KIB, IMAGE = 8 * MIB, MAPPINGS = 128 };

/* A difference of fewer bytes may be a result's length or the like. */
enum { DIFFERENCE = 4 };

/* All of a process that can be written to, but for the caller. */
struct image {
    size_t mappings, used;
    struct {
        const uint8_t *start;
        size_t len;
    } mapping[MAPPINGS];
    uint8_t bytes[];
};

static struct {
    struct image *images[3], *image;
    /* What is on the stack before the handle is closed. */
    uint8_t *between[3], *now;
    uint8_t *stack;
    const char *name, *what;
    unsigned steps, left;
    bool created;
} walk;

/* A mapping of the child's. This program's own variables and its main thread's stack are not where
 * the library works, and tell which secrets these are. */
static void take_mapping(const uint8_t *start, const uint8_t *end, const char *what)
{
    const uint8_t *own = (const uint8_t *)&walk;
    struct image *image = walk.image;
    size_t len = (size_t)(end - start);

    if (strcmp(what, "[stack]") == 0 || (start <= own && own < end))
        return;
    if (image->mappings == MAPPINGS || len > IMAGE - sizeof(*image) - image->used)
        _exit(1);
    image->mapping[image->mappings].start = start;
    image->mapping[image->mappings++].len = len;
    memcpy(image->bytes + image->used, start, len);
    image->used += len;
}

/* All that is below the caller's frame. */
static __attribute__((noinline)) void keep_stack(void)
{
    memcpy(walk.now, walk.stack, (size_t)((const uint8_t *)__builtin_frame_address(0) - walk.stack));
}

/*
 * A thread that ends before pthread_create(3) has returned finds a lock of musl's held, and what it leaves on its stack
 * while it waits for that is no secret, but there in some of the children only. There is always one wait here, since
 * it leaves something itself.
 */
static void *walk_when_created(void *unused)
{
    do
        sched_yield();
    while (!__atomic_load_n(&walk.created, __ATOMIC_ACQUIRE));
    return walk_step(unused);
}

/* What a child has in memory after the step. */
static void take_image(size_t which, uint32_t secrets)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int status;
    pid_t child;

    walk.image = walk.images[which];
    walk.now = walk.between[which];
    memset(walk.now, 0, WALK_STACK);
    child = fork();
    if (child == 0) {
        step.secrets = secrets;
        step.caller = mmap(NULL, sizeof(*step.caller), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (step.caller == MAP_FAILED || pthread_attr_init(&attributes) ||
            pthread_attr_setstack(&attributes, walk.stack, WALK_STACK) ||
            pthread_create(&thread, &attributes, walk_when_created, NULL))
            _exit(1);
        __atomic_store_n(&walk.created, true, __ATOMIC_RELEASE);
        if (pthread_join(thread, NULL))
            _exit(1);
        munmap(step.caller, sizeof(*step.caller));
        memset(walk.image, 0, sizeof(*walk.image));
        each_mapping(take_mapping);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status)
        bail_out("%s, key of %u bytes, %s: no image", walk.name, step.keylen, walk.what);
}

static void show_difference(const uint8_t *at, size_t len, const uint8_t *bytes)
{
    char place[64], shown[2 * 16 + 1] = "";

    if (walk.left++ >= SHOWN)
        return;
    snprintf(place, sizeof(place), "at %p", (const void *)at);
    if (walk.stack <= at && at < walk.stack + WALK_STACK)
        snprintf(place, sizeof(place), "%td bytes down the stack", walk.stack + WALK_STACK - at);
    for (size_t i = 0; i < 16 && i < len; i++)
        snprintf(shown + 2 * i, 3, "%02x", bytes[i]);
    diag("%s, key of %u bytes, %s %zu: %zu bytes %s, %s", walk.name, step.keylen, walk.what,
         step.len, len, place, shown);
}

/* Where the first two differ, and the first and the third do not, of memory from `start` on. */
static void compare(const uint8_t *start, size_t len, const uint8_t *a, const uint8_t *b, const uint8_t *c)
{
    size_t run = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i < len && a[i] != b[i] && a[i] == c[i]) {
            run++;
            continue;
        }
        if (run >= DIFFERENCE)
            show_difference(start + i - run, run, a + i - run);
        run = 0;
    }
}

static void compare_images(void)
{
    const struct image *one = walk.images[0], *other = walk.images[1], *again = walk.images[2];
    size_t at = 0;

    for (size_t m = 0; m < one->mappings; m++) {
        size_t len = one->mapping[m].len;

        compare(one->mapping[m].start, len, one->bytes + at, other->bytes + at, again->bytes + at);
        at += len;
    }
    compare(walk.stack, WALK_STACK, walk.between[0], walk.between[1], walk.between[2]);
}

static bool same_mappings(const struct image *one, const struct image *other)
{
    return memcmp(one, other, sizeof(*one)) == 0;
}

/* Whether the step leaves nothing. */
static void walk_it(void)
{
    const struct image *one = walk.images[0], *other = walk.images[1];

    walk.steps++;
    take_image(0, 1);
    take_image(1, 1000);
    if (same_mappings(one, other) && memcmp(one->bytes, other->bytes, one->used) == 0 &&
        memcmp(walk.between[0], walk.between[1], WALK_STACK) == 0)
        return;
    take_image(2, 1);
    if (!same_mappings(one, other) || !same_mappings(one, walk.images[2]))
        bail_out("%s: not the same memory each time", walk.name);
    compare_images();
}

static void walk_one(const struct algorithm *a, uint32_t keylen, const char *what,
                     void (*act)(struct kcapi_handle *), size_t len)
{
    step.algorithm = a;
    walk.name = a->name;
    step.keylen = keylen;
    walk.what = what;
    step.act = act;
    step.len = len;
    walk_it();
}

static void walk_messages(const struct algorithm *a, uint32_t keylen)
{
    static const size_t lengths[] = { 240, 16, 4 * KIB };

    for (size_t i = 0; i < (few_algorithms ? 1 : COUNT(lengths)); i++) {
        size_t len = lengths[i];

        if (a->family == &ciphers) {
            walk_one(a, keylen, "encryption of", walk_encrypt, len);
            walk_one(a, keylen, "decryption of", walk_decrypt, len);
            walk_one(a, keylen, "stream of", walk_stream, len);
            step.flags = KCAPI_INIT_AIO;
            walk_one(a, keylen, "encryption in a batch of", walk_encrypt_pairs, len);
            walk_one(a, keylen, "decryption in a batch of", walk_decrypt_pairs, len);
        } else if (a->family == &sealing) {
            walk_one(a, keylen, "encryption of", walk_seal, len);
            walk_one(a, keylen, "decryption of", walk_open, len);
            walk_one(a, keylen, "a wrong tag behind", walk_forge, len);
            step.flags = KCAPI_INIT_AIO;
            walk_one(a, keylen, "encryption in a batch of", walk_seal_pairs, len);
        } else {
            walk_one(a, keylen, "digest of", walk_digest, len);
            walk_one(a, keylen, "digests side by side of", walk_digests, len);
            walk_one(a, keylen, "digest in pieces of", walk_update, len);
            walk_one(a, keylen, "last piece's digest of", walk_end, len);
            walk_one(a, keylen, "digest of a list of", walk_list, len);
            walk_one(a, keylen, "digest without end of", walk_abandon, len);
        }
        step.flags = 0;
    }
}

/* A key of each length that it takes, and one that it refuses. Of lengths without end those at the
 * borders of blocks. Messages with the first and the last. Where few algorithms are taken, one key
 * is. */
static void walk_algorithm(const struct algorithm *a)
{
    uint32_t first = KEYLEN_MAX + 1, last = first, refused = first;

    walk.left = walk.steps = 0;
    for (uint32_t len = 0; len <= KEYLEN_MAX; len++) {
        if (!a->takes[len]) {
            refused = len;
            continue;
        }
        if (a->lengths > 64 && len % 16 > 1)
            continue;
        walk_one(a, len, "key", walk_nothing, 0);
        if (first > KEYLEN_MAX)
            first = len;
        last = len;
        if (few_algorithms)
            break;
    }
    if (refused <= KEYLEN_MAX)
        walk_one(a, refused, "refused key", walk_nothing, 0);
    if (last <= KEYLEN_MAX)
        walk_one(a, last, "replaced key", walk_replace, 0);
    if (first <= KEYLEN_MAX)
        walk_messages(a, first);
    if (last != first)
        walk_messages(a, last);
    if (a->keyless)
        walk_messages(a, KEYLEN_MAX + 1);
    ok(walk.left == 0, "%s: nothing is left in %u steps", a->name, walk.steps);
}

static void walk_call(const char *name, void (*call)(void))
{
    step.algorithm = NULL;
    step.call = call;
    step.keylen = 0;
    step.len = 0;
    walk.name = name;
    walk.what = "a call";
    walk.left = 0;
    walk_it();
}

/* What is done with the key of an asymmetric algorithm. */
static struct {
    /* A key, and the same one with its primes in each other's places, for children with different secrets. */
    uint8_t rsa[2][RSA_KEY_ROOM];
    uint32_t rsa_len;
    const char *group;
    uint32_t size;
    void (*use)(struct kcapi_handle *);
} walk_asymmetric;

static void walk_rsa_decrypt(struct kcapi_handle *handle)
{
    struct walker *c = step.caller;

    kcapi_akcipher_decrypt(handle, c->plain, walk_asymmetric.size, c->out, walk_asymmetric.size, 0);
}

static void walk_rsa_sign(struct kcapi_handle *handle)
{
    kcapi_akcipher_sign(handle, step.caller->plain, 32, step.caller->out, walk_asymmetric.size, 0);
}

static void walk_public_key(struct kcapi_handle *handle)
{
    kcapi_kpp_keygen(handle, step.caller->out, walk_asymmetric.size, 0);
}

/* The public key of a peer is any number. */
static void walk_shared_secret(struct kcapi_handle *handle)
{
    struct walker *c = step.caller;

    memset(c->sealed, 0x33, walk_asymmetric.size);
    kcapi_kpp_ssgen(handle, c->sealed, walk_asymmetric.size, c->out, walk_asymmetric.size, 0);
}

static void walk_rsa(void)
{
    struct walker *c = step.caller;
    struct kcapi_handle *handle = NULL;

    if (kcapi_akcipher_init(&handle, "rsa", 0))
        return;
    c->plain[0] = 0; /* So the message is below the modulus. */
    memcpy(c->sealed, walk_asymmetric.rsa[step.secrets == 1], walk_asymmetric.rsa_len);
    if (kcapi_akcipher_setkey(handle, c->sealed, walk_asymmetric.rsa_len) != (int)walk_asymmetric.size)
        bail_out("%s has no key", walk.name);
    walk_asymmetric.use(handle);
    kcapi_akcipher_destroy(handle);
}

static void walk_in_group(void)
{
    struct walker *c = step.caller;
    struct kcapi_handle *handle = NULL;

    if (kcapi_kpp_init(&handle, walk_asymmetric.group, 0))
        return;
    c->plain[0] = 1; /* So the private key is below the prime. */
    if (kcapi_kpp_setkey(handle, c->plain, walk_asymmetric.size) != (int)walk_asymmetric.size)
        bail_out("%s has no key", walk.name);
    walk_asymmetric.use(handle);
    kcapi_kpp_destroy(handle);
}

static void walk_asymmetric_call(const char *name, const char *what, void (*call)(void))
{
    char both[40];

    snprintf(both, sizeof(both), "%s: %s", name, what);
    walk_call(both, call);
    ok(walk.left == 0, "%s: nothing is left", both);
}

/* With long numbers, whose powers take the most of the stack. Each use by itself, because the next one would write
 * over what it has left there. */
static void walk_long_numbers(void)
{
    static const struct {
        const char *name;
        void (*use)(struct kcapi_handle *);
    } of_rsa[] = { { "key", walk_nothing }, { "decryption", walk_rsa_decrypt }, { "signature", walk_rsa_sign } },
      of_group[] = { { "public key", walk_public_key }, { "shared secret", walk_shared_secret } };
    static const struct {
        const char *name;
        uint32_t size;
    } groups[] = {
        { "ffdhe2048(dh)", 256 }, { "ffdhe3072(dh)", 384 },  { "ffdhe4096(dh)", 512 },
        { "ffdhe6144(dh)", 768 }, { "ffdhe8192(dh)", 1024 },
    };

    for (size_t i = 0; i < COUNT(rsa_keys); i++) {
        for (size_t swapped = 0; swapped < 2; swapped++)
            walk_asymmetric.rsa_len = rsa_write(&rsa_keys[i], swapped, walk_asymmetric.rsa[swapped]);
        walk_asymmetric.size = rsa_keys[i].size;
        for (size_t j = 0; j < COUNT(of_rsa); j++) {
            walk_asymmetric.use = of_rsa[j].use;
            walk_asymmetric_call(rsa_keys[i].name, of_rsa[j].name, walk_rsa);
        }
    }
    for (size_t i = 0; i < COUNT(groups); i++) {
        walk_asymmetric.group = groups[i].name;
        walk_asymmetric.size = groups[i].size;
        for (size_t j = 0; j < COUNT(of_group); j++) {
            walk_asymmetric.use = of_group[j].use;
            walk_asymmetric_call(groups[i].name, of_group[j].name, walk_in_group);
        }
    }
}

static void *new_memory(size_t len, int flags)
{
    void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        bail_out("no memory to walk with");
    return memory;
}

static void walk_all(void)
{
    for (size_t i = 0; i < COUNT(walk.images); i++) {
        walk.images[i] = new_memory(IMAGE, MAP_SHARED);
        walk.between[i] = new_memory(WALK_STACK, MAP_SHARED);
    }
    step.look = keep_stack;
    walk.stack = new_memory(WALK_STACK, MAP_PRIVATE);
    walk_call("planted", walk_plant);
    ok(walk.left >= 2, "a key on a stack and one in the heap depend on secrets");
    for (size_t i = 0; i < COUNT(walk_calls); i++) {
        walk_call(walk_calls[i].name, walk_calls[i].run);
        ok(walk.left == 0, "%s: nothing is left", walk.name);
    }
    walk_long_numbers();
    each_algorithm(walk_algorithm);
}

#endif
