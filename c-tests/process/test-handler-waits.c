/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A signal handler waited for ever, if it used another handle of the transform whose call it had
 * interrupted while a thread changed a parameter of that: the thread waits for the interrupted call, and
 * all other calls wait for the thread. So did two handlers in two threads, each with the handle of
 * the other one's call. Each is -EDEADLK now in the handler, which never waits for what its own thread
 * holds; the interrupted call and the other thread go on as if there had been no signal.
 *
 * A call is interrupted in sendmsg(2), or, on the engine in user space, at a page of its output.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "alone.h"
#include "md.h"
#include "subjects.h"

enum { LEN = 4 * KIB, TAG = 16, ROOM = LEN + TAG, BOTH = 2 };

static uint8_t data[LEN], key[16], iv[IV_MAX];
static bool user;

/* A transform with two handles, and what its messages come to. */
struct transform {
    const char *name;
    handle *own, *sibling;
    uint8_t want[ROOM];
    ssize_t len;
};

static struct transform transforms[BOTH] = { { .name = "cbc(aes)" }, { .name = "gcm(aes)" } };

static bool of_aead(const struct transform *t) { return t == &transforms[1]; }

static ssize_t seal(const struct transform *t, handle *h, uint8_t *out)
{
    return of_aead(t) ? kcapi_aead_encrypt(h, data, LEN, iv, out, ROOM, 0)
                      : kcapi_cipher_encrypt(h, data, LEN, iv, out, LEN, 0);
}

static int set_same_key(const struct transform *t)
{
    return of_aead(t) ? kcapi_aead_setkey(t->own, key, 16) : kcapi_cipher_setkey(t->own, key, 16);
}

static int set_same_tag_length(const struct transform *t)
{
    return kcapi_aead_settaglen(t->own, TAG);
}

static void prepare(void)
{
    for (int i = 0; i < BOTH; i++) {
        struct transform *t = &transforms[i];

        t->own = of_aead(t) ? aead_with_key(t->name, key, 16, TAG, 0, 0)
                            : cipher_with_key(t->name, key, 16, 0);
        t->sibling = reinit(t->own, KCAPI_INIT_AIO);
        t->len = seal(t, t->own, t->want);
        seal(t, t->sibling, t->want);
    }
}

/* What a thread does in the midst of its call, once. */
static __thread void (*in_the_midst)(void);
static __thread uint8_t *damaged;

static void interrupted(void)
{
    void (*now)(void) = in_the_midst;

    in_the_midst = NULL;
    if (now)
        now();
}

static void at_signal(int signal)
{
    (void)signal;
    interrupted();
}

static void at_page(int signal)
{
    (void)signal;
    mprotect(damaged, page_size(), PROT_READ | PROT_WRITE);
    interrupted();
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (in_the_midst)
        raise(SIGUSR1);
    return syscall(SYS_sendmsg, fd, message, flags);
}

/* The call of a thread that is interrupted. */
static void interrupt_with(const struct transform *t, void (*handler)(void))
{
    uint8_t *out = mmap(NULL, 2 * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    signal(SIGUSR1, at_signal);
    signal(SIGSEGV, at_page);
    in_the_midst = handler;
    damaged = out;
    if (user)
        mprotect(out, page_size(), PROT_NONE);
    expect_int(seal(t, t->own, out), t->len, "the interrupted call");
    expect(in_the_midst == NULL, "no signal has come");
    expect(memcmp(out, t->want, (size_t)t->len) == 0, "its bytes");
    munmap(out, 2 * page_size());
}

/* Waits until a thread sleeps, which is when it waits for the call, or has ended. */
static void until_asleep(const atomic_int *thread)
{
    int asleep = 0;

    while (*thread == 0)
        sched_yield();
    while (asleep < 20) {
        char path[64], text[256] = "";
        const char *state;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)*thread);
        file = fopen(path, "r");
        if (!file)
            return;
        if (!fgets(text, sizeof(text), file))
            text[0] = '\0';
        fclose(file);
        state = strrchr(text, ')');
        asleep = state && state[1] == ' ' && state[2] == 'S' ? asleep + 1 : 0;
        usleep(1000);
    }
}

/* What a handler does with the handles of a transform. */
static const struct transform *used;

static void right_or_deadlock(ssize_t ret, const uint8_t *out, const char *what)
{
    expect(ret == -EDEADLK || (ret == used->len && !memcmp(out, used->want, (size_t)ret)),
           "%s in the handler: %zd", what, ret);
}

static void one_shot(void)
{
    uint8_t out[ROOM];

    right_or_deadlock(seal(used, used->sibling, out), out, "a one-shot");
}

static void pair(void)
{
    uint8_t out[ROOM];
    struct iovec in = { data, LEN }, to = { out, of_aead(used) ? ROOM : LEN };
    ssize_t ret = of_aead(used) ? kcapi_aead_encrypt_aio(used->sibling, &in, &to, 1, iv, 0)
                                : kcapi_cipher_encrypt_aio(used->sibling, &in, &to, 1, iv, 0);

    right_or_deadlock(ret, out, "AIO");
}

static void stream(void)
{
    uint8_t out[ROOM];
    struct iovec in = { data, LEN }, to = { out, of_aead(used) ? ROOM : LEN };
    const struct family *calls = of_aead(used) ? &aeads : &ciphers;
    ssize_t ret = calls->start[ENCRYPT](used->sibling, iv, &in, 1);

    if (ret == LEN && calls->update_last(used->sibling, NULL, 0) == 0)
        ret = calls->op(used->sibling, &to, 1);
    right_or_deadlock(ret, out, "a stream");
}

static void new_handle(void)
{
    handle *h = NULL;
    int ret = kcapi_handle_reinit(&h, used->sibling, 0);

    expect(ret == 0 || ret == -EDEADLK, "a new handle in the handler: %d", ret);
    kcapi_cipher_destroy(h);
}

static void new_key(void)
{
    expect_int(set_same_key(used), -EDEADLK, "a key in the handler");
}

/* A message of the sibling alone, and beside the interrupted handle and another transform's. */
static void requests(void)
{
    enum { MOST = 3 };
    const struct transform *other = &transforms[!of_aead(used)];
    handle *handles[MOST] = { used->sibling, other->sibling, used->own };
    uint8_t out[MOST][ROOM];

    for (size_t count = 1; count <= MOST; count++) {
        struct kcapi_request r[MOST] = { { 0 } };

        for (size_t i = 0; i < count; i++) {
            bool aead = of_aead(handles[i] == other->sibling ? other : used);

            r[i] = (struct kcapi_request){ .handle = handles[i],
                                           .type = KCAPI_REQUEST_ENCRYPT,
                                           .iv = iv,
                                           .input = data,
                                           .inlen = LEN,
                                           .output = out[i],
                                           .outlen = aead ? ROOM : LEN };
        }
        expect(kcapi_process(r, count, sizeof(r[0]), 0) >= 0, "requests");
        for (size_t i = 0; i < count; i++) {
            if (handles[i] != other->sibling)
                right_or_deadlock(r[i].result, out[i], "a request");
            else
                expect_int(r[i].result, other->len, "another transform's request in the handler");
        }
    }
}

static const struct {
    const char *name;
    void (*call)(void);
} uses[] = {
    { "a one-shot", one_shot }, { "AIO", pair },          { "a stream", stream },
    { "a key", new_key },       { "a handle", new_handle }, { "requests", requests },
};
#define USES (sizeof(uses) / sizeof(uses[0]))

/* A thread that changes a parameter, and so waits for the interrupted call. */
static atomic_int setter;
static int (*change)(const struct transform *);

static void *changes(void *transform)
{
    setter = gettid();
    expect_int(change(transform), 0, "the change in the other thread");
    return NULL;
}

static void (*use)(void);
static pthread_t changing;

static void while_it_is_changed(void)
{
    pthread_create(&changing, NULL, changes, (void *)(uintptr_t)used);
    until_asleep(&setter);
    use();
}

struct one_change {
    const struct transform *t;
    int (*change)(const struct transform *);
    void (*use)(void);
};

static void beside_a_change(const void *arg)
{
    const struct one_change *one = arg;
    uint8_t out[ROOM];

    prepare();
    used = one->t;
    change = one->change;
    use = one->use;
    interrupt_with(used, while_it_is_changed);
    pthread_join(changing, NULL);
    expect_int(set_same_key(used), 0, "a key afterwards");
    for (int i = 0; i < BOTH; i++) {
        expect_int(seal(used, i ? used->own : used->sibling, out), used->len, "a message afterwards");
        expect(memcmp(out, used->want, (size_t)used->len) == 0, "its bytes");
    }
}

/* Two threads, whose handlers need what the other one's call has. */
static pthread_barrier_t all_interrupted;
static __thread const struct transform *own;
static void (*crossing)(const struct transform *other);

static void crosses(void)
{
    pthread_barrier_wait(&all_interrupted);
    crossing(&transforms[own == &transforms[0]]);
}

static void with_its_handle(const struct transform *other)
{
    uint8_t out[ROOM];
    ssize_t ret = seal(other, other->own, out);

    expect(ret == -EDEADLK || (ret == other->len && !memcmp(out, other->want, (size_t)ret)),
           "the other thread's handle in the handler: %zd", ret);
}

static void with_its_key(const struct transform *other)
{
    int ret = set_same_key(other);

    expect(ret == 0 || ret == -EDEADLK, "the other thread's key in the handler: %d", ret);
}

static void *crossed(void *transform)
{
    own = transform;
    interrupt_with(own, crosses);
    return NULL;
}

static void cross(const void *with)
{
    pthread_t threads[BOTH];

    crossing = *(void (*const *)(const struct transform *))with;
    prepare();
    pthread_barrier_init(&all_interrupted, NULL, BOTH);
    for (int i = 0; i < BOTH; i++)
        pthread_create(&threads[i], NULL, crossed, &transforms[i]);
    for (int i = 0; i < BOTH; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < BOTH; i++)
        expect_int(set_same_key(&transforms[i]), 0, "a key afterwards");
}

int main(void)
{
    static void (*const handles)(const struct transform *) = with_its_handle;
    static void (*const keys)(const struct transform *) = with_its_key;
    handle *h;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, LEN, 1);
    fill(key, sizeof(key), 2);
    fill(iv, sizeof(iv), 3);
    h = md("sha256");
    user = strcmp(kcapi_handle_engine(h), "user") == 0;
    kcapi_md_destroy(h);
    for (size_t i = 0; i < BOTH; i++) {
        const struct transform *t = &transforms[i];

        for (size_t j = 0; j < USES; j++) {
            struct one_change key_change = { t, set_same_key, uses[j].call };
            struct one_change tag_change = { t, set_same_tag_length, uses[j].call };

            ok(alone(beside_a_change, &key_change), "%s: %s in a handler, and a key in a thread",
               t->name, uses[j].name);
            if (of_aead(t))
                ok(alone(beside_a_change, &tag_change),
                   "%s: %s in a handler, and a tag length in a thread", t->name, uses[j].name);
        }
    }
    ok(alone(cross, &handles), "two handlers, each with the handle of the other's call");
    ok(alone(cross, &keys), "two handlers, each with a key for the other's call");
    return done_testing();
}
