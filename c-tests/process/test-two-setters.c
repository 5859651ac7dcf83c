/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A new key took half a minute where four threads were busy with the transform: they were always first.
 * It waits for the calls that have begun, and for no others. So while one call is stopped, and a thread
 * waits with a key, the other threads' calls come to an end; and neither those that set keys nor
 * those that are busy keep the others from getting on. Nothing here depends on a machine's speed.
 *
 * A key derivation is a call, too: it mixed two keys in one result, since each of its digests had the key of
 * its own moment.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "alone.h"
#include "md.h"
#include "subjects.h"

enum { BUSY = 4, LEN = 4 * KIB, AAD = 16, ROOM = LEN + TAG_MAX, ENOUGH = 20 };

static const struct subject *s;
static handle *shared;
static uint8_t data[LEN], want[2][ROOM], iv[IV_MAX];
static size_t aad, len;
static atomic_bool ended;
static unsigned long calls[BUSY], sets[2];

/* A call that is stopped: in sendmsg(2), or at a page that it cannot write to yet. */
static sem_t stopped, go;
static __thread bool stops;
static uint8_t *page;

static void stop(void)
{
    stops = false;
    sem_post(&stopped);
    while (sem_wait(&go))
        continue;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (stops)
        stop();
    return syscall(SYS_sendmsg, fd, message, flags);
}

static void at_page(int signal)
{
    (void)signal;
    if (!stops)
        _exit(9);
    mprotect(page, page_size(), PROT_READ | PROT_WRITE);
    stop();
}

static void *call_that_is_stopped(void *h)
{
    stops = true;
    page = mmap(NULL, 2 * page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + page_size(), page_size(), PROT_READ | PROT_WRITE);
    if (strcmp(kcapi_handle_engine(h), "kernel") == 0)
        mprotect(page, page_size(), PROT_READ | PROT_WRITE);
    expect_int(s->calls->whole[ENCRYPT](h, data, len, iv, page, ROOM, 0), (ssize_t)(len + s->tag),
               "the call that was stopped");
    expect(memcmp(page, want[0], len + s->tag) == 0, "its result, with the key before");
    return NULL;
}

static void *work(void *number)
{
    size_t i = (size_t)number;
    handle *h = i % 2 ? shared : sibling_of(shared, aad, 0);
    uint8_t out[ROOM];

    while (!ended) {
        ssize_t ret = s->calls->whole[ENCRYPT](h, data, len, iv, out, ROOM, 0);

        expect_int(ret, (ssize_t)(len + s->tag), "a message");
        expect(!memcmp(out, want[0], len + s->tag) || !memcmp(out, want[1], len + s->tag),
               "a message under neither key");
        __atomic_fetch_add(&calls[i], 1, __ATOMIC_SEQ_CST);
    }
    if (h != shared)
        s->calls->destroy(h);
    return NULL;
}

static unsigned long all_calls(void)
{
    unsigned long sum = 0;

    for (size_t i = 0; i < BUSY; i++)
        sum += __atomic_load_n(&calls[i], __ATOMIC_SEQ_CST);
    return sum;
}

static void *set_once(void *unused)
{
    (void)unused;
    expect_int(set_key(s, shared, 1), 0, "the key that waited");
    return NULL;
}

static void *set_again_and_again(void *number)
{
    handle *h = reinit(shared, 0);

    for (uint32_t i = 0; !ended; i++) {
        expect_int(set_key(s, h, i % 2), 0, "a key");
        __atomic_fetch_add(&sets[(size_t)number], 1, __ATOMIC_SEQ_CST);
    }
    s->calls->destroy(h);
    return NULL;
}

static void prepare(void)
{
    aad = is_aead(s) ? AAD : 0;
    len = LEN - TAG_MAX;
    iv_of(s, 1, iv);
    for (uint32_t key = 0; key < 2; key++)
        alone_on_a_handle(s, key, s->tag, aad, ENCRYPT, iv, data, len, want[key]);
    shared = handle_of(s, 0, s->tag, aad, 0);
}

static void waits_for_no_others(const void *setters)
{
    size_t n = *(const size_t *)setters;
    pthread_t busy[BUSY], setting[2], first;
    unsigned long before;

    prepare();
    handle *own = sibling_of(shared, aad, 0);
    signal(SIGSEGV, at_page);
    sem_init(&stopped, 0, 0);
    sem_init(&go, 0, 0);
    pthread_create(&first, NULL, call_that_is_stopped, own);
    while (sem_wait(&stopped))
        continue;
    for (size_t i = 0; i < BUSY; i++)
        pthread_create(&busy[i], NULL, work, (void *)i);
    while (all_calls() < BUSY)
        sched_yield();
    for (size_t i = 0; i < n; i++)
        pthread_create(&setting[i], NULL, set_once, NULL);
    /* Until no call ends any more. */
    do {
        before = all_calls();
        for (int i = 0; i < 50; i++)
            usleep(1000);
    } while (all_calls() != before);
    sem_post(&go);
    pthread_join(first, NULL);
    for (size_t i = 0; i < n; i++)
        pthread_join(setting[i], NULL);
    before = all_calls();
    while (all_calls() < before + BUSY)
        sched_yield();
    ended = true;
    for (size_t i = 0; i < BUSY; i++)
        pthread_join(busy[i], NULL);
    s->calls->destroy(own);
    s->calls->destroy(shared);
}

static void all_get_on(const void *setters)
{
    size_t n = *(const size_t *)setters, behind;
    pthread_t busy[BUSY], setting[2];

    prepare();
    for (size_t i = 0; i < BUSY; i++)
        pthread_create(&busy[i], NULL, work, (void *)i);
    for (size_t i = 0; i < n; i++)
        pthread_create(&setting[i], NULL, set_again_and_again, (void *)i);
    do {
        behind = 0;
        for (size_t i = 0; i < BUSY; i++)
            behind += __atomic_load_n(&calls[i], __ATOMIC_SEQ_CST) < ENOUGH;
        for (size_t i = 0; i < n; i++)
            behind += __atomic_load_n(&sets[i], __ATOMIC_SEQ_CST) < ENOUGH;
        usleep(1000);
    } while (behind > 0);
    ended = true;
    for (size_t i = 0; i < n; i++)
        pthread_join(setting[i], NULL);
    for (size_t i = 0; i < BUSY; i++)
        pthread_join(busy[i], NULL);
    s->calls->destroy(shared);
}

enum { KEY = 32, DERIVED = 8 * KIB };

static const struct derivation {
    const char *name;
    ssize_t (*derive)(handle *, const uint8_t *, size_t, uint8_t *, size_t);
} derivations[] = {
    { "kcapi_kdf_ctr", kcapi_kdf_ctr },
    { "kcapi_kdf_fb", kcapi_kdf_fb },
    { "kcapi_kdf_dpi", kcapi_kdf_dpi },
};
#define DERIVATIONS (sizeof(derivations) / sizeof(derivations[0]))

static void *set_keys_of_digest(void *unused)
{
    handle *h = reinit(shared, 0);

    (void)unused;
    for (size_t i = 0; !ended; i++) {
        expect_int(kcapi_md_setkey(h, data + i % 2 * KEY, KEY), 0, "a key");
        __atomic_fetch_add(&sets[0], 1, __ATOMIC_SEQ_CST);
    }
    kcapi_md_destroy(h);
    return NULL;
}

static void derives_with_one_key(const void *derivation)
{
    const struct derivation *d = derivation;
    static uint8_t with[2][DERIVED], derived[DERIVED];
    unsigned long enough;
    pthread_t setting;

    for (size_t i = 0; i < 2; i++) {
        shared = md_with_key("hmac(sha256)", data + i * KEY, KEY);
        expect_int(d->derive(shared, data, 2 * KEY, with[i], DERIVED), 0, "alone");
        if (i == 0)
            kcapi_md_destroy(shared);
    }
    /* In user space a digest takes a hundredth of the time. */
    enough = strcmp(kcapi_handle_engine(shared), "user") == 0 ? 20 * ENOUGH : ENOUGH;
    pthread_create(&setting, NULL, set_keys_of_digest, NULL);
    for (size_t i = 0; i < enough || __atomic_load_n(&sets[0], __ATOMIC_SEQ_CST) < enough; i++) {
        expect_int(d->derive(shared, data, 2 * KEY, derived, DERIVED), 0, "while keys are set");
        expect(!memcmp(derived, with[0], DERIVED) || !memcmp(derived, with[1], DERIVED), "of neither key");
    }
    ended = true;
    pthread_join(setting, NULL);
    kcapi_md_destroy(shared);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, LEN, 1);
    for (size_t i = 0; i < DERIVATIONS; i++)
        ok(alone(derives_with_one_key, &derivations[i]), "%s: one key, while another is set", derivations[i].name);
    for (size_t i = 0; i < SUBJECTS; i++) {
        s = &subjects[i];
        if (!is_there(s) || s->aad)
            continue;
        for (size_t setters = 1; setters <= 2; setters++) {
            ok(alone(waits_for_no_others, &setters), "%s: %zu keys wait for one call", s->name, setters);
            ok(alone(all_get_on, &setters), "%s: %zu threads set keys, %d are busy", s->name, setters,
               BUSY);
        }
    }
    return done_testing();
}
