/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A program's own handlers of pthread_atfork(3), registered before its first call of the library, ran
 * while the library held its locks for the fork(2). One that takes the mutex under which another
 * thread uses the library waited for ever, as that thread waited for the library; one that calls the
 * library was told -EDEADLK, and in the child used what was the parent's.
 *
 * Handlers that were there before the library was loaded still run at that time. Then it is the
 * thread that gives up, with -EDEADLK, after some seconds.
 *
 * needs: leaks
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#include "alone.h"
#include "md.h"

enum { LEN = 64, TAG = 16 };

static const uint8_t key[16] = { 1 }, iv[16] = { 2 };
static uint8_t data[LEN], ciphertext[LEN], sealed[LEN + TAG], digest[32];
static struct kcapi_handle *cipher, *aead;

static void streams(void);

static void open_handles(void)
{
    expect_int(kcapi_cipher_init(&cipher, "cbc(aes)", 0), 0, "init");
    expect_int(kcapi_cipher_setkey(cipher, key, sizeof(key)), 0, "key");
    expect_int(kcapi_cipher_encrypt(cipher, data, LEN, iv, ciphertext, LEN, 0), LEN, "encrypt");
    expect_int(kcapi_aead_init(&aead, "gcm(aes)", 0), 0, "init of an AEAD");
    expect_int(kcapi_aead_setkey(aead, key, sizeof(key)), 0, "its key");
    expect_int(kcapi_aead_encrypt(aead, data, LEN, iv, sealed, LEN + TAG, 0), LEN + TAG, "its encrypt");
    expect_int(kcapi_md_sha256(data, LEN, digest, sizeof(digest)), sizeof(digest), "digest");
    streams();
}

static void set_key(void) { expect_int(kcapi_aead_setkey(aead, key, sizeof(key)), 0, "setkey"); }

static void set_taglen(void) { expect_int(kcapi_aead_settaglen(aead, TAG), 0, "settaglen"); }

static void encrypts(void)
{
    uint8_t out[LEN];

    expect_int(kcapi_cipher_encrypt(cipher, data, LEN, iv, out, LEN, 0), LEN, "a message");
    expect(memcmp(out, ciphertext, LEN) == 0, "its ciphertext");
}

static void seals(void)
{
    uint8_t out[LEN + TAG];

    expect_int(kcapi_aead_encrypt(aead, data, LEN, iv, out, LEN + TAG, 0), LEN + TAG, "an AEAD's message");
    expect(memcmp(out, sealed, LEN + TAG) == 0, "its ciphertext");
}

static void digests(void)
{
    uint8_t out[sizeof(digest)];

    expect_int(kcapi_md_sha256(data, LEN, out, sizeof(out)), sizeof(out), "a digest");
    expect(memcmp(out, digest, sizeof(out)) == 0, "its bytes");
}

static void streams(void)
{
    struct kcapi_handle *other = NULL;
    struct iovec in = { data, LEN };
    uint8_t result[LEN];
    struct iovec out = { result, LEN };

    expect_int(kcapi_handle_reinit(&other, cipher, 0), 0, "reinit");
    expect_int(kcapi_cipher_stream_init_enc(other, iv, &in, 1), LEN, "a stream");
    expect_int(kcapi_cipher_stream_op(other, &out, 1), LEN, "its result");
    expect(memcmp(result, ciphertext, LEN) == 0, "its ciphertext");
    kcapi_cipher_destroy(other);
}

static void opens(void)
{
    struct kcapi_handle *other = NULL;

    expect_int(kcapi_cipher_init(&other, "cbc(aes)", 0), 0, "another init");
    kcapi_cipher_destroy(other);
}

struct use {
    void (*use)(void);
    const char *name;
};

static const struct use uses[] = {
    { set_key, "sets a key" }, { set_taglen, "sets a tag length" }, { encrypts, "encrypts" },
    { seals, "seals" },        { digests, "digests" },              { streams, "streams" },
    { opens, "opens a handle" },
};

enum { USES = sizeof(uses) / sizeof(uses[0]) };

/* What the program does in its handlers; NULL: nothing. The early ones are there before the library. */
struct handlers {
    void (*prepare)(void), (*parent)(void), (*child)(void);
};

static struct handlers early, ours;
static bool early_are_registered;

#define HANDLER(set, when)   \
    static void set##_##when(void) \
    {                        \
        if (set.when)        \
            set.when();      \
    }
HANDLER(early, prepare)
HANDLER(early, parent)
HANDLER(early, child)
HANDLER(ours, prepare)
HANDLER(ours, parent)
HANDLER(ours, child)

static void register_early(void)
{
    early_are_registered = !pthread_atfork(early_prepare, early_parent, early_child);
}

/* What is in this section runs before any library's constructor, but for C libraries without it. */
__attribute__((used, section(".preinit_array"))) static void (*const before_libraries)(void) = register_early;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t taken, forking;

static void take_mutex(void)
{
    sem_post(&forking);
    pthread_mutex_lock(&mutex);
}

static void release_mutex(void) { pthread_mutex_unlock(&mutex); }

static const struct handlers mutexes = { take_mutex, release_mutex, release_mutex };

/* Uses the library under the mutex, for which the forking thread waits already. */
static void *use_under_mutex(void *arg)
{
    pthread_mutex_lock(&mutex);
    sem_post(&taken);
    while (sem_wait(&forking))
        continue;
    usleep(100000);
    ((void (*)(void))arg)();
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void fork_meanwhile(struct handlers *set, void (*use)(void))
{
    pthread_t thread;
    pid_t child;

    sem_init(&taken, 0, 0);
    sem_init(&forking, 0, 0);
    open_handles();
    pthread_create(&thread, NULL, use_under_mutex, (void *)use);
    while (sem_wait(&taken))
        continue;
    *set = mutexes;
    child = fork();
    if (child == 0) {
        alarm(patience());
        set_key();
        seals();
        encrypts();
        _exit(unexpected != 0);
    }
    pthread_join(thread, NULL);
    expect_int(ending(child), 0, "the child");
    *set = (struct handlers){ 0 };
    for (int i = 0; i < USES; i++)
        uses[i].use();
}

static void mutex_is_taken(const void *arg) { fork_meanwhile(&ours, ((const struct use *)arg)->use); }

/* Succeeds, or gives up. */
static void set_key_or_give_up(void)
{
    int ret = kcapi_aead_setkey(aead, key, sizeof(key));

    expect(ret == 0 || ret == -EDEADLK, "setkey: %d", ret);
}

static void open_or_give_up(void)
{
    struct kcapi_handle *other = NULL;
    int ret = kcapi_cipher_init(&other, "cbc(aes)", 0);

    expect(ret == 0 || ret == -EDEADLK, "init: %d", ret);
    kcapi_cipher_destroy(other);
}

static void early_mutex_is_taken(const void *arg)
{
    fork_meanwhile(&early, ((const struct use *)arg)->use);
}

static void use_all(void)
{
    for (int i = 0; i < USES; i++)
        uses[i].use();
}

static void handlers_use_it(const void *arg)
{
    (void)arg;
    open_handles();
    ours = (struct handlers){ use_all, use_all, use_all };
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();

        if (child == 0) {
            alarm(patience());
            use_all();
            _exit(unexpected != 0);
        }
        use_all();
        expect_int(ending(child), 0, "the child");
    }
}

int main(void)
{
    static const struct use patient[] = {
        { set_key_or_give_up, "sets a key" }, { open_or_give_up, "opens a handle" },
    };
    pid_t jobs[2];

    for (size_t i = 0; i < LEN; i++)
        data[i] = (uint8_t)i;
    pthread_atfork(ours_prepare, ours_parent, ours_child);
    for (int i = 0; i < USES; i++)
        ok(alone(mutex_is_taken, &uses[i]), "a handler takes the mutex under which a thread %s", uses[i].name);
    ok(alone(handlers_use_it, NULL), "handlers call the library");
    if (!early_are_registered) {
        skip(2, "this C library has no .preinit_array");
        return done_testing();
    }
    for (int i = 0; i < 2; i++)
        jobs[i] = begin_alone(early_mutex_is_taken, &patient[i]);
    for (int i = 0; i < 2; i++)
        ok(ending(jobs[i]) == 0, "the same for a handler from before the library, and a thread that %s",
           patient[i].name);
    return done_testing();
}
