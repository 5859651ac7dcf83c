/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Threads for large batches blocked SIGSEGV, so that a program was killed whose handler repairs pages,
 * as garbage collectors' do. And a handler that used the handle whose call it had interrupted waited
 * for ever: now that is -EDEADLK, if it would have to wait. A handler is run at each point of a call
 * at which it calls the C library; and on the engine in user space, at each instruction, where it calls
 * fork(2), too: between two of them a lock was held and nobody its holder, and the handler waited for ever.
 * So did one in a thread that the library had started for a large batch.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <ucontext.h>

#include "alone.h"
#include "md.h"
#include "processor.h"
#include "stops.h"
#include "subjects.h"
#include "trap.h"
#include "uml.h"

enum { LEN = 4096, MANY = 16, ROOM = LEN + TAG_MAX };

static uint8_t data[MIB], want[ROOM], sealed[ROOM], of_data[32], iv[IV_MAX];
static handle *cipher, *sibling, *aead, *digest;
static const struct subject *cbc, *gcm;

/* Pages that a handler makes accessible, one by one. */
static atomic_int repaired;

static void repair(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    repaired++;
    if (mprotect((void *)((uintptr_t)info->si_addr & ~(uintptr_t)(page_size() - 1)), page_size(),
                 PROT_READ | PROT_WRITE))
        _exit(9);
}

static uint8_t *damaged(size_t len, const uint8_t *from)
{
    uint8_t *pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (from)
        memcpy(pages, from, len);
    mprotect(pages, len, PROT_NONE);
    return pages;
}

/* A large batch, the inputs or outputs of which are repaired by whichever thread comes to them. */
static void batch(const void *subject)
{
    const struct subject *s = subject;
    handle *h = handle_of(s, 0, s->tag, 0, KCAPI_INIT_AIO);
    static uint8_t right[MIB + TAG_MAX];
    struct sigaction action = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };
    struct iovec from[MANY], to[MANY];
    size_t len = MIB - TAG_MAX * 4 * KIB;

    /* A one-shot would begin anew every 64 KiB. */
    from[0] = (struct iovec){ data, len };
    to[0] = (struct iovec){ right, sizeof(right) };
    s->calls->pairs[ENCRYPT](h, from, to, 1, iv_of(s, 1, iv), 0);
    sigaction(SIGSEGV, &action, NULL);
    for (int inputs = 0; inputs < 2; inputs++) {
        repaired = 0;
        for (size_t i = 0; i < MANY; i++) {
            bool is_damaged = i == 0 || i >= MANY / 2;

            from[i] = (struct iovec){ inputs && is_damaged ? damaged(MIB, data) : data, len };
            to[i] = (struct iovec){ damaged(MIB, NULL), MIB };
            if (inputs || !is_damaged)
                mprotect(to[i].iov_base, MIB, PROT_READ | PROT_WRITE);
        }
        expect_int(s->calls->pairs[ENCRYPT](h, from, to, MANY, iv, 0),
                   (long long)(MANY * (len + s->tag)), "the batch");
        expect(repaired > 0, "nothing was repaired");
        /* Those that chain go on from message to message. */
        for (size_t i = 0; i < (s->chain == CHAINS ? 1 : MANY); i++)
            expect(memcmp(to[i].iov_base, right, len + s->tag) == 0, "message %zu", i);
        for (size_t i = 0; i < MANY; i++)
            munmap(to[i].iov_base, MIB);
    }
    s->calls->destroy(h);
}

/* The handler runs in a thread of the library's, for which the one that holds the handle waits. */
static handle *batched;
static const struct subject *of_batched;

static void at_a_page_of_a_batch(int signal, siginfo_t *info, void *context)
{
    volatile uint8_t deep[64 * KIB];
    uint8_t out[32];

    deep[0] = deep[sizeof(deep) - 1] = 1;
    expect_int(of_batched->calls->whole[DECRYPT](batched, data, sizeof(out), iv, out, sizeof(out), 0), -EDEADLK,
               "the same handle");
    expect_int(set_key(of_batched, batched, 0), -EDEADLK, "its key");
    repair(signal, info, context);
}

static void in_a_large_batch(const void *subject)
{
    struct sigaction action = { .sa_sigaction = at_a_page_of_a_batch, .sa_flags = SA_SIGINFO };
    struct iovec from[MANY], to[MANY];

    /* The environment had a say in the size of that thread's stack. */
    setenv("RUST_MIN_STACK", "1", 1);
    of_batched = subject;
    batched = handle_of(of_batched, 0, of_batched->tag, 0, KCAPI_INIT_AIO);
    sigaction(SIGSEGV, &action, NULL);
    for (size_t i = 0; i < MANY; i++) {
        from[i] = (struct iovec){ data, MIB - KIB };
        to[i] = (struct iovec){ damaged(MIB, NULL), MIB };
        mprotect((uint8_t *)to[i].iov_base + page_size(), MIB - page_size(), PROT_READ | PROT_WRITE);
    }
    expect_int(of_batched->calls->pairs[ENCRYPT](batched, from, to, MANY, iv_of(of_batched, 1, iv), 0),
               (long long)(MANY * (MIB - KIB + of_batched->tag)), "the batch");
    expect_int(repaired, MANY, "pages repaired");
}

/* The same in calls that are one thread's. */
static void single(const void *subject)
{
    const struct subject *s = subject;
    handle *h = handle_of(s, 0, s->tag, 0, 0);
    struct sigaction action = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };
    uint8_t right[ROOM], out[32];
    size_t len = LEN - 256;

    iv_of(s, 1, iv);
    alone_on_a_handle(s, 0, s->tag, 0, ENCRYPT, iv, data, len, right);
    sigaction(SIGSEGV, &action, NULL);
    for (int stream = 0; stream < 2; stream++) {
        struct iovec from = { damaged(LEN, data), len }, to = { damaged(LEN, NULL), len + s->tag };

        repaired = 0;
        if (stream) {
            expect_int(s->calls->start[ENCRYPT](h, iv, &from, 1), (long long)len, "a stream");
            expect_int(s->calls->update_last(h, NULL, 0), 0, "its end");
            expect_int(s->calls->op(h, &to, 1), (long long)to.iov_len, "its result");
        } else {
            expect_int(s->calls->whole[ENCRYPT](h, from.iov_base, len, iv, to.iov_base, to.iov_len, 0),
                       (long long)to.iov_len, "a one-shot");
        }
        expect_int(repaired, 2, "pages repaired");
        expect(memcmp(to.iov_base, right, to.iov_len) == 0, "its bytes");
    }
    expect_int(kcapi_md_sha256(damaged(LEN, data), LEN, out, 32), 32, "a digest");
    expect(memcmp(out, of_data, 32) == 0, "its bytes");
}

/* Signals for the process come to a thread of the program's own. */
static atomic_int strangers;
static pid_t mine;

static void who(int signal)
{
    (void)signal;
    strangers += gettid() != mine;
}

static void whose(const void *subject)
{
    const struct subject *s = subject;
    handle *h = handle_of(s, 0, s->tag, 0, KCAPI_INIT_AIO);
    struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
    static uint8_t out[MANY][MIB];
    struct iovec from[MANY], to[MANY];

    mine = gettid();
    signal(SIGALRM, SIG_DFL);
    signal(SIGVTALRM, who);
    for (size_t i = 0; i < MANY; i++) {
        from[i] = (struct iovec){ data, MIB - TAG_MAX };
        to[i] = (struct iovec){ out[i], MIB };
    }
    setitimer(ITIMER_VIRTUAL, &often, NULL);
    for (int i = 0; i < 3; i++)
        expect(s->calls->pairs[ENCRYPT](h, from, to, MANY, iv_of(s, 1, iv), 0) > 0, "a batch");
    setitimer(ITIMER_VIRTUAL, &never, NULL);
    expect_int(strangers, 0, "signals in the library's threads");
}

/* Everything that a handler may try, with the handles of the interrupted call and with others. */
static bool tried;

static void right_or_refused(ssize_t ret, const uint8_t *got, const uint8_t *right, ssize_t len)
{
    expect(ret < 0 || (ret == len && !memcmp(got, right, (size_t)len)), "in the handler: %zd", ret);
}

/* Requests of a cipher, of a sibling of it, and of an AEAD. */
enum { REQUESTS = 3 };

static void make_requests(struct kcapi_request *r, uint8_t (*into)[ROOM])
{
    handle *of[REQUESTS] = { cipher, sibling, aead };

    for (int i = 0; i < REQUESTS; i++)
        r[i] = (struct kcapi_request){ .handle = of[i],
                                       .type = KCAPI_REQUEST_ENCRYPT,
                                       .iv = iv,
                                       .input = data,
                                       .inlen = LEN,
                                       .output = into[i],
                                       .outlen = of[i] == aead ? ROOM : LEN };
}

static void try_everything(int signal)
{
    uint8_t out[ROOM] = { 0 };
    struct iovec in = { data, LEN }, to = { out, LEN };
    struct iovec two[2] = { { data, LEN / 2 }, { data + LEN / 2, LEN / 2 } };
    struct iovec two_out[2] = { { out, LEN / 2 }, { out + LEN / 2, LEN / 2 } };
    static uint8_t each[REQUESTS][ROOM];
    struct kcapi_request r[REQUESTS];
    handle *h, *others[2] = { cipher, sibling };

    (void)signal;
    tried = true;
    for (int i = 0; i < 2; i++) {
        h = others[i];
        right_or_refused(kcapi_cipher_encrypt(h, data, LEN, iv, out, LEN, 0), out, want, LEN);
        right_or_refused(kcapi_cipher_encrypt_aio(h, two, two_out, 2, iv, 0), out, want, LEN);
        set_key(cbc, h, 0);
        if (kcapi_cipher_stream_init_enc(h, iv, &in, 1) == LEN &&
            kcapi_cipher_stream_update_last(h, NULL, 0) == 0)
            right_or_refused(kcapi_cipher_stream_op(h, &to, 1), out, want, LEN);
        kcapi_handle_engine(h);
        h = NULL;
        if (kcapi_handle_reinit(&h, others[i], 0) == 0)
            kcapi_cipher_destroy(h);
    }
    make_requests(r, each);
    kcapi_process(r, REQUESTS, sizeof(r[0]), 0);
    for (int i = 0; i < REQUESTS; i++)
        right_or_refused(r[i].result, each[i], r[i].handle == aead ? sealed : want, LEN + (r[i].handle == aead) * 16);
    right_or_refused(kcapi_aead_encrypt(aead, data, LEN, iv, out, ROOM, 0), out, sealed, LEN + 16);
    kcapi_aead_settaglen(aead, 16);
    right_or_refused(kcapi_md_digest(digest, data, LEN, out, 32), out, of_data, 32);
    right_or_refused(kcapi_md_sha256(data, LEN, out, 32), out, of_data, 32);
    kcapi_rng_get_bytes(out, 16);
    h = NULL;
    if (kcapi_cipher_init(&h, "cbc(aes)", 0) == 0) {
        set_key(cbc, h, 0);
        right_or_refused(kcapi_cipher_encrypt(h, data, LEN, iv, out, LEN, 0), out, want, LEN);
        kcapi_cipher_destroy(h);
    }
}

static void one_shot(void)
{
    uint8_t out[ROOM];

    expect_int(kcapi_cipher_encrypt(cipher, data, LEN, iv, out, LEN, 0), LEN, "a one-shot");
    expect(memcmp(out, want, LEN) == 0, "its bytes");
}

static void pairs(void)
{
    uint8_t out[LEN] = { 0 }; /* valgrind sees nothing of what a ring brings */
    struct iovec in[2] = { { data, LEN / 2 }, { data + LEN / 2, LEN / 2 } };
    struct iovec to[2] = { { out, LEN / 2 }, { out + LEN / 2, LEN / 2 } };

    expect_int(kcapi_cipher_encrypt_aio(cipher, in, to, 2, iv, 0), LEN, "two pairs");
    expect(memcmp(out, want, LEN) == 0, "their bytes");
}

static void requests(void)
{
    static uint8_t each[REQUESTS][ROOM];
    struct kcapi_request r[REQUESTS];

    make_requests(r, each);
    expect_int(kcapi_process(r, REQUESTS, sizeof(r[0]), 0), REQUESTS, "requests");
    expect(!memcmp(each[0], want, LEN) && !memcmp(each[1], want, LEN) && !memcmp(each[2], sealed, LEN + 16),
           "their bytes");
}

static void seal(void)
{
    uint8_t out[ROOM];

    expect_int(kcapi_aead_encrypt(aead, data, LEN, iv, out, ROOM, 0), LEN + 16, "an AEAD");
    expect(memcmp(out, sealed, LEN + 16) == 0, "its bytes");
}

static void hash(void)
{
    uint8_t out[32];

    expect_int(kcapi_md_digest(digest, data, LEN, out, 32), 32, "a digest");
    expect(memcmp(out, of_data, 32) == 0, "its bytes");
}

static void keys(void)
{
    expect_int(set_key(cbc, cipher, 0), 0, "a key");
    expect_int(kcapi_aead_settaglen(aead, 16), 0, "a tag length");
}

static void handles(void)
{
    handle *h = cipher_with_key("cbc(aes)", data, 16, 0);

    kcapi_cipher_destroy(reinit(cipher, KCAPI_INIT_AIO));
    kcapi_cipher_destroy(h);
}

/* The handler may give it up. */
static void stream(void)
{
    struct iovec in = { data, LEN };

    kcapi_cipher_stream_init_enc(cipher, iv, &in, 1);
    kcapi_cipher_stream_update_last(cipher, NULL, 0);
}

static const struct {
    const char *name;
    void (*call)(void);
} jobs[] = {
    { "a one-shot", one_shot }, { "two pairs", pairs }, { "an AEAD", seal },     { "a digest", hash },
    { "a key", keys },          { "handles", handles }, { "a stream", stream },
    { "requests", requests },
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

static int points, stop_at;

static void stop(enum point point)
{
    (void)point;
    if (points++ == stop_at)
        raise(SIGUSR1);
}

static void open_handles(void)
{
    cipher = handle_of(cbc, 0, 0, 0, KCAPI_INIT_AIO);
    sibling = reinit(cipher, 0);
    aead = handle_of(gcm, 0, 16, 0, 0);
    digest = md("sha256");
    one_shot();
    pairs();
    seal();
    hash();
}

static void works_as_before(size_t job)
{
    if (jobs[job].call == stream)
        kcapi_cipher_encrypt(cipher, data, 16, iv, data + LEN, 16, 0);
    one_shot();
    pairs();
    seal();
    hash();
    keys();
}

/* Exits with 3 if the job has fewer points. */
static void interrupt(const void *arg)
{
    size_t job = *(const size_t *)arg;

    open_handles();
    signal(SIGUSR1, try_everything);
    points = 0;
    watched = true;
    jobs[job].call();
    watched = false;
    if (!tried)
        _exit(3);
    works_as_before(job);
}

static void test_job(size_t job)
{
    int step = forks_slowly() ? 4 : 1, wrong = 0, done = 0;

    for (stop_at = 0;; stop_at += step, done++) {
        int status = ending(begin_alone(interrupt, &job));

        if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
            break;
        if (status != 0 && wrong++ < 3)
            diag("%s, point %d", jobs[job].name, stop_at);
        if (wrong > 3)
            break;
    }
    ok(wrong == 0, "a handler at each of %d points: %s", done, jobs[job].name);
}

/* Interrupts everything, as a page that is missing in the midst of it does not. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static int instructions;
/*
 * The handler's child, in which the interrupted call goes on as in its parent: what it worked on was taken for
 * what a thread has left that is not there, and was written over.
 */
static bool in_child;

static void at_an_instruction(int signal, siginfo_t *info, void *context)
{
    /* Once at each: in a loop that is enough. */
    static bool seen[16 * MIB];
    uintptr_t at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    int before = errno;
    pid_t child;

    (void)info;
    if (at < library.base || at >= library.end || at - library.base >= sizeof(seen) ||
        seen[at - library.base])
        return;
    seen[at - library.base] = true;
    instructions++;
    try_everything(signal);
    child = fork();
    if (child == 0) {
        alarm(patience());
        try_everything(signal);
        in_child = true;
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_BIT;
        errno = before;
        return;
    }
    expect_int(ending(child), 0, "the handler's child");
    errno = before;
}

static void interrupt_each_instruction(const void *arg)
{
    const struct sigaction action = { .sa_sigaction = at_an_instruction, .sa_flags = SA_SIGINFO };
    const size_t *job = arg;

    open_handles();
    sigaction(SIGTRAP, &action, NULL);
    trap_each_instruction();
    jobs[*job].call();
    if (!in_child)
        trap_no_more();
    works_as_before(*job);
    if (in_child)
        _exit(unexpected != 0);
    expect(instructions > 300, "no more than %d instructions", instructions);
}

static void test_each_instruction(void)
{
    if (!dl_iterate_phdr(note_library, NULL))
        bail_out("the library is not found");
    for (size_t job = 0; job < JOBS; job++)
        ok(alone(interrupt_each_instruction, &job), "a handler at each instruction: %s", jobs[job].name);
}
#else
static void test_each_instruction(void) {}
#endif

/* In user space, a page of the output: there a call of a handle is in its midst. */
static void at_a_page(int signal, siginfo_t *info, void *context)
{
    uint8_t out[ROOM];

    expect_int(kcapi_cipher_encrypt(cipher, data, LEN, iv, out, LEN, 0), -EDEADLK, "the same handle");
    expect_int(set_key(cbc, cipher, 0), -EDEADLK, "its key");
    expect_int(set_key(cbc, sibling, 0), -EDEADLK, "its key, by another handle");
    expect_int(kcapi_cipher_encrypt(sibling, data, LEN, iv, out, LEN, 0), LEN, "another handle of it");
    expect(memcmp(out, want, LEN) == 0, "its bytes");
    seal();
    hash();
    repair(signal, info, context);
}

static void in_its_midst(const void *unused)
{
    struct sigaction action = { .sa_sigaction = at_a_page, .sa_flags = SA_SIGINFO };
    uint8_t *out = damaged(LEN, NULL);

    (void)unused;
    open_handles();
    sigaction(SIGSEGV, &action, NULL);
    expect_int(kcapi_cipher_encrypt(cipher, data, LEN, iv, out, LEN, 0), LEN, "the interrupted call");
    expect(memcmp(out, want, LEN) == 0, "its bytes");
    expect_int(repaired, 1, "pages repaired");
}

/* A thread waits for a stream, and its handler begins one: that goes, or is refused. */
static _Atomic ssize_t began = -1;

static void begin(int signal)
{
    struct iovec in = { data, LEN };

    (void)signal;
    began = kcapi_cipher_stream_init_enc(cipher, iv, &in, 1);
}

static void *wait_for_stream(void *out)
{
    struct iovec to = { out, LEN };

    expect_int(kcapi_cipher_stream_op(cipher, &to, 1), LEN, "what the thread has waited for");
    return NULL;
}

static void while_it_waits(const void *unused)
{
    struct iovec in = { data, LEN };
    uint8_t out[LEN];
    pthread_t thread;

    (void)unused;
    open_handles();
    kcapi_cipher_destroy(cipher);
    cipher = reinit(sibling, 0);
    signal(SIGUSR1, begin);
    pthread_create(&thread, NULL, wait_for_stream, out);
    while (set_key(cbc, sibling, 0) != -EBUSY)
        continue;
    pthread_kill(thread, SIGUSR1);
    while (began == -1)
        sched_yield();
    if (began < 0)
        expect_int(kcapi_cipher_stream_init_enc(cipher, iv, &in, 1), LEN, "a stream");
    pthread_join(thread, NULL);
    expect(memcmp(out, want, LEN) == 0, "its bytes");
}

int main(void)
{
    static const char *const large[] = { "xts(aes)", "ecb(aes)", "ctr(aes)", "gcm(aes)", "chacha20",
                                         "rfc7539(chacha20,poly1305)" };
    bool user;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, sizeof(data), 1);
    cbc = gcm = subjects;
    while (strcmp(gcm->name, "gcm(aes)") != 0)
        gcm++;
    iv_of(cbc, 1, iv);
    alone_on_a_handle(cbc, 0, 0, 0, ENCRYPT, iv, data, LEN, want);
    alone_on_a_handle(gcm, 0, 16, 0, ENCRYPT, iv, data, LEN, sealed);
    kcapi_md_sha256(data, LEN, of_data, 32);
    cipher = md("sha256");
    user = strcmp(kcapi_handle_engine(cipher), "user") == 0;
    kcapi_md_destroy(cipher);
    for (size_t job = 0; job < JOBS; job++)
        test_job(job);
    ok(alone(while_it_waits, NULL), "a handler begins the stream that its thread waits for");
    /* The kernel says -EFAULT, and knows no signal. */
    if (user)
        ok(alone(in_its_midst, NULL), "a handler in the midst of a call on its handle: -EDEADLK");
    /* Valgrind knows no such trap. */
    if (user && !getenv("KCAPI_VALGRIND"))
        test_each_instruction();
    for (size_t i = 0; user && i < sizeof(large) / sizeof(large[0]); i++) {
        for (size_t j = 0; j < SUBJECTS; j++) {
            if (strcmp(subjects[j].name, large[i]) != 0)
                continue;
            ok(alone(batch, &subjects[j]), "%s: pages repaired in a large batch", large[i]);
            ok(alone(in_a_large_batch, &subjects[j]), "%s: -EDEADLK in a large batch", large[i]);
            ok(alone(single, &subjects[j]), "%s: pages repaired in other calls", large[i]);
            ok(alone(whose, &subjects[j]), "%s: signals of the process in a large batch", large[i]);
        }
    }
    return done_testing();
}
