/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Threads do all that there is with the handles of one transform: messages, AIO, requests of many handles
 * in one call, streams that one sends and another receives, handles that come and go, processes that fork,
 * threads that are cancelled;
 * meanwhile others change key and tag length, between two of each. Every success is one of the four
 * results, never a mix: the tag length was read twice, which was a crash, or a message cut by four bytes.
 *
 *   KCAPI_ROUNDS=N  calls of each thread (default: some)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "aio-backend.h"
#include "alone.h"
#include "md.h"
#include "subjects.h"

enum { CONFIGS = 4, LEN = 256, AAD = 16, PAIRS = 6, ROOM = LEN + TAG_MAX, GUARD = 16 };

static const struct subject *s;
static handle *first, *common;
static size_t aad;
static long rounds = 60;
static uint8_t data[LEN], iv[IV_MAX];
static struct {
    uint32_t key, tag;
    ssize_t len;
    uint8_t sealed[ROOM];
} configs[CONFIGS];
static atomic_bool ended;

static uint32_t random_of(uint32_t *state, uint32_t limit)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % limit;
}

/* Which configuration a result is of, or -1; what is behind it is as it was. */
static int config_of(const uint8_t *out, ssize_t len, size_t room)
{
    for (int i = 0; i < CONFIGS; i++)
        if (len == configs[i].len && !memcmp(out, configs[i].sealed, (size_t)len) &&
            all_are(out + len, 0xc5, room + GUARD - (size_t)len))
            return i;
    return -1;
}

static bool refused(ssize_t ret) { return ret == -EINVAL || ret == -EBUSY || ret == -EBADMSG; }

/* The output is not on the stack, which AddressSanitizer takes for in use when a thread was cancelled here. */
static ssize_t encrypt_or_fail(handle *h, int error, const char *who)
{
    static __thread uint8_t out[ROOM + GUARD];
    ssize_t ret;

    memset(out, 0xc5, sizeof(out));
    ret = s->calls->whole[ENCRYPT](h, data, LEN, iv, out, ROOM, 0);
    expect((ret == error && error < 0) || config_of(out, ret, ROOM) >= 0, "%s: %zd", who, ret);
    return ret;
}

static void seal(handle *h, const char *who) { encrypt_or_fail(h, 0, who); }

static void decrypt(handle *h, int config)
{
    uint8_t out[ROOM + GUARD];
    ssize_t ret;

    memset(out, 0xc5, sizeof(out));
    ret = s->calls->whole[DECRYPT](h, configs[config].sealed, (size_t)configs[config].len, iv, out,
                                   ROOM, 0);
    if (is_aead(s))
        expect(ret == LEN ? !memcmp(out, data, LEN) : refused(ret), "a decryption: %zd", ret);
    else
        expect(ret == LEN, "a decryption: %zd", ret);
    expect(all_are(out + ROOM, 0xc5, GUARD), "behind the output");
}

/* All messages of a call are of one configuration; without AIO those of a cipher are one message. */
static void encrypt_pairs(handle *h, bool aio)
{
    struct iovec from[PAIRS], to[PAIRS];
    uint8_t out[PAIRS][ROOM + GUARD];
    ssize_t ret;
    int config;

    memset(out, 0xc5, sizeof(out));
    for (size_t i = 0; i < PAIRS; i++) {
        from[i] = (struct iovec){ data, LEN };
        to[i] = (struct iovec){ out[i], is_aead(s) ? ROOM : LEN };
    }
    ret = s->calls->pairs[ENCRYPT](h, from, to, PAIRS, iv, 0);
    config = ret < 0 ? -1 : config_of(out[0], ret / PAIRS, ROOM);
    expect(config >= 0 && ret % PAIRS == 0, "pairs: %zd", ret);
    if (config < 0 || s->chain != SAME_IV || !(aio || is_aead(s)))
        return;
    for (size_t i = 1; i < PAIRS; i++)
        expect(config_of(out[i], ret / PAIRS, ROOM) == config, "pair %zu", i);
}

static void *messages(void *own)
{
    uint32_t state = (uint32_t)(uintptr_t)own;
    handle *h = sibling_of(first, aad, 0), *aio = sibling_of(first, aad, KCAPI_INIT_AIO);

    for (long i = 0; i < rounds; i++) {
        switch (random_of(&state, 4)) {
        case 0: seal(common, "a shared handle"); break;
        case 1: decrypt(random_of(&state, 2) ? h : common, (int)random_of(&state, CONFIGS)); break;
        case 2: encrypt_pairs(i % 2 ? aio : h, i % 2); break;
        default: seal(h, "an own handle");
        }
    }
    s->calls->destroy(h);
    s->calls->destroy(aio);
    return NULL;
}

/*
 * Requests of many handles in one call: each is judged by itself. That of a transform of the thread's own,
 * whose key nobody changes, is of the first configuration.
 */
enum { REQUESTS = 9 };

struct asked {
    handle *h;
    bool own_transform, encrypts, forged, given;
    int config;
    uint8_t in[ROOM], out[ROOM + GUARD];
};

static void ask(struct kcapi_request *r, struct asked *a)
{
    size_t len = a->encrypts ? LEN : (size_t)configs[a->config].len;

    memcpy(a->in, a->encrypts ? data : configs[a->config].sealed, len);
    if (a->forged)
        a->in[len - 1] ^= 1;
    memset(a->out, 0xc5, sizeof(a->out));
    *r = (struct kcapi_request){ .handle = a->h,
                                 .type = a->encrypts ? KCAPI_REQUEST_ENCRYPT : KCAPI_REQUEST_DECRYPT,
                                 .iv = a->given ? iv : NULL,
                                 .assoclen = (uint32_t)aad,
                                 .input = a->in,
                                 .inlen = len,
                                 .output = a->out,
                                 .outlen = ROOM };
}

static void judge(const struct asked *a, ssize_t ret, int refusal)
{
    const char *who = a->own_transform ? "an own transform's request" : "a request";
    bool is_lost = ret == -EINVAL && !a->given && !a->own_transform;

    if (is_lost || (ret == refusal && refusal < 0))
        return;
    if (a->encrypts) {
        int config = config_of(a->out, ret, ROOM);

        expect(a->own_transform ? config == 0 : config >= 0, "%s: %zd", who, ret);
    } else if (is_aead(s)) {
        bool is_own = configs[a->config].key == 0 && configs[a->config].tag == s->tag;
        bool may_open = !a->forged && (is_own || !a->own_transform);

        expect(ret == LEN ? may_open && !memcmp(a->out, data, LEN)
                          : refused(ret) && !(may_open && a->own_transform), "%s: %zd", who, ret);
    } else {
        expect(ret == LEN, "%s: %zd", who, ret);
    }
    expect(all_are(a->out + ROOM, 0xc5, GUARD), "%s: behind the output", who);
}

/* A child has no IV to go on with. A refusal is an error that a request may end with besides. */
static void ask_all(uint32_t *state, handle *const handles[3], bool in_child, int refusal)
{
    struct kcapi_request r[REQUESTS];
    struct asked asked[REQUESTS];
    ssize_t succeeded, count = 0;

    for (int i = 0; i < REQUESTS; i++) {
        struct asked *a = &asked[i];
        uint32_t which = random_of(state, 3);

        a->h = handles[which];
        a->own_transform = which == 2;
        a->encrypts = random_of(state, 2);
        a->forged = !a->encrypts && is_aead(s) && random_of(state, 3) == 0;
        /* With the IV of another thread's message one would not know what is right. */
        a->given = in_child || s->chain != SAME_IV || random_of(state, 4) || which == 1;
        a->config = (int)random_of(state, CONFIGS);
        ask(&r[i], a);
    }
    succeeded = kcapi_process(r, REQUESTS, sizeof(r[0]), 0);
    for (int i = 0; i < REQUESTS; i++) {
        judge(&asked[i], r[i].result, refusal);
        count += r[i].result >= 0;
    }
    expect_int(succeeded, count, "requests that have succeeded");
}

static void *requests(void *own)
{
    uint32_t state = (uint32_t)(uintptr_t)own;
    handle *handles[3] = { sibling_of(first, aad, 0), common, handle_of(s, 0, s->tag, aad, 0) };

    seal(handles[0], "an own handle");
    seal(handles[2], "an own transform");
    for (long i = 0; i < rounds / 4; i++)
        ask_all(&state, handles, false, 0);
    s->calls->destroy(handles[0]);
    s->calls->destroy(handles[2]);
    return NULL;
}

/* Handles that come, begin something and go. */
static void *handles(void *own)
{
    uint32_t state = (uint32_t)(uintptr_t)own;

    for (long i = 0; i < rounds; i++) {
        handle *h = sibling_of(first, aad, KCAPI_INIT_AIO);
        struct iovec iov = { data, 32 };

        if (random_of(&state, 2))
            seal(h, "a new handle");
        if (random_of(&state, 2))
            expect_int(s->calls->start[ENCRYPT](h, iv, &iov, 1), 32, "a stream that is left alone");
        s->calls->destroy(h);
    }
    return NULL;
}

/* A stream: one thread sends, another receives, who often waits for its beginning. */
struct pair {
    handle *h;
    sem_t received;
};

static void *sends(void *arg)
{
    struct pair *p = arg;

    for (long i = 0; i < rounds; i++) {
        struct iovec half = { data, LEN / 2 }, rest = { data + LEN / 2, LEN / 2 };

        /* A receiver that was told that the chain is lost comes again. */
        expect_int(s->calls->start[ENCRYPT](p->h, iv, &half, 1), LEN / 2, "the start of a stream");
        if (i % 2)
            sched_yield();
        expect_int(s->calls->update_last(p->h, &rest, 1), LEN / 2, "its end");
        while (sem_wait(&p->received))
            continue;
    }
    return NULL;
}

static void *receives(void *arg)
{
    struct pair *p = arg;

    for (long i = 0; i < rounds; i++) {
        uint8_t out[ROOM + GUARD];
        ssize_t got = 0, ret;

        memset(out, 0xc5, sizeof(out));
        /* A cipher's comes in parts; lost is only what has not begun. */
        do {
            struct iovec to = { out + got, (size_t)(ROOM - got) };

            ret = s->calls->op(p->h, &to, 1);
            if (ret == -EINVAL && got == 0)
                sched_yield();
            else
                expect(ret > 0, "a part: %zd", ret);
            got += ret > 0 ? ret : 0;
        } while (!is_aead(s) && got < LEN ? ret > 0 || got == 0 : got == 0 && ret == -EINVAL);
        expect(config_of(out, got, ROOM) >= 0, "a stream's %zd bytes", got);
        sem_post(&p->received);
    }
    return NULL;
}

static void *sets(void *own)
{
    uint32_t state = (uint32_t)(uintptr_t)own;
    handle *h = reinit(first, 0);

    while (!ended) {
        bool tag = is_aead(s) && random_of(&state, 2);
        int ret = tag ? kcapi_aead_settaglen(h, configs[random_of(&state, CONFIGS)].tag)
                      : set_key(s, h, random_of(&state, 2));

        expect(ret == 0 || ret == -EBUSY, "a key or tag length: %d", ret);
        sched_yield();
    }
    s->calls->destroy(h);
    return NULL;
}

/* The child has handles of the parent's, in whatever state its threads have left them. */
static void *forks(void *unused)
{
    handle *own = handle_of(s, 0, s->tag, aad, 0);

    (void)unused;
    seal(own, "an own transform");
    for (long i = 0; i < rounds / 10; i++) {
        pid_t child;

        fflush(NULL);
        child = fork();
        if (child == 0) {
            /* The kernel has one tag length for the key of both, and the parent may set another. */
            bool parents_tag = is_aead(s) && !on_user_engine();
            int refusal = parents_tag ? -EBUSY : 0;

            alarm(patience());
            encrypt_or_fail(common, refusal, "the child's shared handle");
            if (encrypt_or_fail(common, refusal, "the child's shared handle, again") > 0) {
                /* The open operation keeps the tag length as it is. */
                handle *h = sibling_of(first, aad, KCAPI_INIT_AIO);

                encrypt_pairs(h, true);
                ask_all(&(uint32_t){ (uint32_t)i }, (handle *const[]){ h, common, own }, true,
                        refusal);
                s->calls->destroy(h);
            }
            /* Busy with a stream that a thread of the parent has begun. */
            if (set_key(s, first, 1) != -EBUSY)
                seal(common, "the child's shared handle, with its own key");
            _exit(unexpected != 0);
        }
        expect_int(ending(child), 0, "a child");
    }
    s->calls->destroy(own);
    return NULL;
}

static void *until_cancelled(void *h)
{
    while (!ended) {
        seal(h, "a thread that is cancelled");
        pthread_testcancel();
    }
    return NULL;
}

static void *cancels(void *unused)
{
    (void)unused;
    for (long i = 0; i < rounds / 4; i++) {
        handle *h = sibling_of(first, aad, 0);
        pthread_t thread;
        void *result;

        pthread_create(&thread, NULL, until_cancelled, i % 2 ? common : h);
        for (long j = 0; j < i % 7; j++)
            sched_yield();
        pthread_cancel(thread);
        pthread_join(thread, &result);
        expect(result == PTHREAD_CANCELED, "a thread was not cancelled");
        s->calls->destroy(h);
    }
    return NULL;
}

static void prepare(void)
{
    uint32_t tags[2] = { s->tag, s->shorter_tag ? s->shorter_tag : s->tag };

    aad = is_aead(s) ? AAD : 0;
    iv_of(s, 1, iv);
    for (uint32_t i = 0; i < CONFIGS; i++) {
        configs[i].key = i % 2;
        configs[i].tag = tags[i / 2];
        configs[i].len = alone_on_a_handle(s, i % 2, tags[i / 2], aad, ENCRYPT, iv, data, LEN,
                                           configs[i].sealed);
    }
    first = handle_of(s, 0, s->tag, aad, 0);
    common = sibling_of(first, aad, 0);
}

struct group {
    const char *name;
    void *(*work[8])(void *);
    bool streams;
};

static const struct group groups[] = {
    { "messages", { messages, messages, messages, messages }, false },
    { "requests", { requests, messages, requests, handles }, false },
    { "handles that come and go", { messages, handles, handles, messages }, false },
    { "streams", { messages, requests, handles }, true },
    { "forks", { messages, forks, requests, handles }, false },
    { "forks and streams", { forks, messages }, true },
    { "cancelled threads", { messages, cancels, cancels }, false },
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static bool does(const struct group *g, void *(*work)(void *))
{
    for (size_t i = 0; g->work[i]; i++)
        if (g->work[i] == work)
            return true;
    return false;
}

static void run(const void *group)
{
    const struct group *g = group;
    pthread_t threads[8], setters[2], ends[4];
    struct pair pairs[2];
    size_t n = 0;

    alarm(5 * patience() + (unsigned)rounds / 2);
    prepare();
    for (size_t i = 0; i < 2; i++)
        pthread_create(&setters[i], NULL, sets, (void *)(i + 1));
    for (; g->work[n]; n++)
        pthread_create(&threads[n], NULL, g->work[n], (void *)(n + 77));
    for (size_t i = 0; i < 2 && g->streams; i++) {
        pairs[i].h = sibling_of(first, aad, 0);
        sem_init(&pairs[i].received, 0, 0);
        pthread_create(&ends[2 * i], NULL, receives, &pairs[i]);
        pthread_create(&ends[2 * i + 1], NULL, sends, &pairs[i]);
    }
    for (size_t i = 0; i < 4 && g->streams; i++)
        pthread_join(ends[i], NULL);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    ended = true;
    for (size_t i = 0; i < 2; i++)
        pthread_join(setters[i], NULL);
    for (size_t i = 0; i < 2 && g->streams; i++)
        s->calls->destroy(pairs[i].h);
    s->calls->destroy(common);
    s->calls->destroy(first);
}

/* Digests of one transform, while its key changes. */
static struct kcapi_handle *mac;
static uint8_t macs[2][32];

static void *digests(void *unused)
{
    struct kcapi_handle *h = reinit(mac, 0);
    uint8_t out[32];

    (void)unused;
    for (long i = 0; i < rounds; i++) {
        if (i % 2) {
            expect_int(kcapi_md_digest(h, data, LEN, out, 32), 32, "a digest");
        } else {
            expect_int(kcapi_md_update(h, data, LEN / 2), 0, "an update");
            sched_yield();
            expect_int(kcapi_md_update(h, data + LEN / 2, LEN / 2), 0, "another");
            expect_int(kcapi_md_final(h, out, 32), 32, "a digest in pieces");
        }
        expect(!memcmp(out, macs[0], 32) || !memcmp(out, macs[1], 32), "a digest under neither key");
    }
    kcapi_md_destroy(h);
    return NULL;
}

static void *sets_macs_key(void *unused)
{
    (void)unused;
    for (uint8_t i = 0; !ended; i++) {
        uint8_t key[16] = { i % 2 };
        int ret = kcapi_md_setkey(mac, key, 16);

        expect(ret == 0 || ret == -EBUSY, "a digest's key: %d", ret);
        sched_yield();
    }
    return NULL;
}

static void run_digests(const void *unused)
{
    pthread_t threads[4], setter;

    (void)unused;
    for (uint8_t i = 0; i < 2; i++)
        kcapi_md_hmac_sha256((const uint8_t[16]){ i }, 16, data, LEN, macs[i], 32);
    mac = md_with_key("hmac(sha256)", (const uint8_t[16]){ 0 }, 16);
    pthread_create(&setter, NULL, sets_macs_key, NULL);
    for (size_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, digests, NULL);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ended = true;
    pthread_join(setter, NULL);
    kcapi_md_destroy(mac);
}

int main(void)
{
    const char *wanted = getenv("KCAPI_ROUNDS");

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (wanted)
        rounds = atol(wanted);
    if (!can_fork_with_rings())
        setenv("KCAPI_AIO", "linux", 1);
    fill(data, LEN, 1);
    for (size_t i = 0; i < SUBJECTS; i++) {
        s = &subjects[i];
        if (!is_there(s) || s->aad)
            continue;
        for (size_t j = 0; j < GROUPS; j++) {
            if (groups[j].streams && s->chain == SAME_IV && !is_aead(s))
                continue;
            if (allocator_waits_in_child && does(&groups[j], forks))
                skip(1, "AddressSanitizer's malloc(3) waits for ever in the child of a process with threads");
            else if (getenv("KCAPI_VALGRIND") && does(&groups[j], forks))
                skip(1, "what the parent's other threads have is lost in a child, says valgrind");
            else
                ok(alone(run, &groups[j]), "%s: %s", s->name, groups[j].name);
        }
    }
    ok(alone(run_digests, NULL), "hmac(sha256)");
    return done_testing();
}
