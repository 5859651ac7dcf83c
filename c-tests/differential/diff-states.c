/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A transcript of every function in every state of a handle: each call is made on a handle of its own,
 * which has been brought into the state anew.
 *
 * The C library waits for ever in some of them, and crashes in some: the calls are made by children,
 * and one that does not come back within some milliseconds is written down as such.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transcript.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROOM 512

struct algorithm {
    const char *name;
    uint32_t keylen;
    uint32_t taglen; /* 0: no AEAD */
    size_t aad;
};

static const struct algorithm algorithms[] = {
    { "cbc(aes)", 16, 0, 0 },  { "ctr(aes)", 16, 0, 0 },  { "ecb(aes)", 16, 0, 0 },
    { "xts(aes)", 32, 0, 0 },  { "gcm(aes)", 16, 16, 8 }, { "gcm(aes)", 16, 12, 0 },
    { "ccm(aes)", 16, 8, 16 }, { "rfc4106(gcm(aes))", 20, 16, 16 },
};

typedef struct kcapi_handle *H;

/* Ciphers and AEADs have the same calls. Index 0 decrypts, 1 encrypts. */
static const struct family {
    int (*init)(H *, const char *, uint32_t);
    void (*destroy)(H);
    int (*setkey)(H, const uint8_t *, uint32_t);
    ssize_t (*one_shot[2])(H, const uint8_t *, size_t, const uint8_t *, uint8_t *, size_t, int);
    ssize_t (*aio[2])(H, struct iovec *, struct iovec *, size_t, const uint8_t *, int);
    ssize_t (*start[2])(H, const uint8_t *, struct iovec *, size_t);
    ssize_t (*update)(H, struct iovec *, size_t);
    ssize_t (*last)(H, struct iovec *, size_t);
    ssize_t (*op)(H, struct iovec *, size_t);
} families[2] = {
    { kcapi_cipher_init, kcapi_cipher_destroy, kcapi_cipher_setkey,
      { kcapi_cipher_decrypt, kcapi_cipher_encrypt },
      { kcapi_cipher_decrypt_aio, kcapi_cipher_encrypt_aio },
      { kcapi_cipher_stream_init_dec, kcapi_cipher_stream_init_enc }, kcapi_cipher_stream_update,
      kcapi_cipher_stream_update_last, kcapi_cipher_stream_op },
    { kcapi_aead_init, kcapi_aead_destroy, kcapi_aead_setkey,
      { kcapi_aead_decrypt, kcapi_aead_encrypt }, { kcapi_aead_decrypt_aio, kcapi_aead_encrypt_aio },
      { kcapi_aead_stream_init_dec, kcapi_aead_stream_init_enc }, kcapi_aead_stream_update,
      kcapi_aead_stream_update_last, kcapi_aead_stream_op },
};

static uint8_t in[ROOM], out[ROOM], sealed[ROOM], key[64], iv[16];

static const struct algorithm *a;
static const struct family *f;

static H opened(uint32_t flags)
{
    H handle = NULL;

    if (f->init(&handle, a->name, flags))
        bail_out("no %s", a->name);
    return handle;
}

static H keyed(void)
{
    H handle = opened(0);

    f->setkey(handle, key, a->keylen);
    if (a->taglen) {
        kcapi_aead_settaglen(handle, a->taglen);
        kcapi_aead_setassoclen(handle, a->aad);
    }
    return handle;
}

static H with_aio(void)
{
    H handle = opened(KCAPI_INIT_AIO);

    f->setkey(handle, key, a->keylen);
    if (a->taglen) {
        kcapi_aead_settaglen(handle, a->taglen);
        kcapi_aead_setassoclen(handle, a->aad);
    }
    return handle;
}

static H fresh(void)
{
    return opened(0);
}

static H used(void)
{
    H handle = keyed();

    f->one_shot[1](handle, in, a->aad + 32, iv, out, a->aad + 32 + a->taglen, 0);
    return handle;
}

static H started(void)
{
    H handle = keyed();

    f->start[1](handle, iv, NULL, 0);
    return handle;
}

static H begun(void)
{
    H handle = keyed();
    struct iovec piece = { in, a->aad + 16 };

    f->start[1](handle, iv, &piece, 1);
    return handle;
}

static H complete(void)
{
    H handle = begun();
    struct iovec piece = { in, 16 };

    f->last(handle, &piece, 1);
    return handle;
}

static H read_out(void)
{
    H handle = complete();
    struct iovec all = { out, a->aad + 32 + a->taglen };

    f->op(handle, &all, 1);
    return handle;
}

static H second(void)
{
    H first = keyed(), handle = reinit(first, 0);

    if (a->taglen) {
        kcapi_aead_settaglen(handle, a->taglen);
        kcapi_aead_setassoclen(handle, a->aad);
    }
    f->destroy(first);
    return handle;
}

static H forged(void)
{
    H handle = keyed();

    f->one_shot[0](handle, in, a->aad + 32 + a->taglen, iv, out, a->aad + 32, 0);
    return handle;
}

static const struct state {
    const char *name;
    H (*make)(void);
    bool pending; /* where a result may be had without waiting */
} states[] = {
    { "without a key", fresh, true },   { "keyed", keyed, false },
    { "with AIO", with_aio, false },    { "used", used, false },
    { "used to decrypt", forged, false }, { "stream started", started, false },
    { "stream begun", begun, true },    { "stream complete", complete, true },
    { "stream read", read_out, false }, { "second", second, false },
};

/* A call with one or two pieces of input and output; what is -1 is NULL. */
struct call {
    enum { SETKEY, TAGLEN, ONE_SHOT, AIO, START, UPDATE, LAST, OP } what;
    int op;       /* 1: encrypt */
    long in, out; /* bytes beside AAD and tag */
    int iv;
    size_t pieces;
    char name[80];
};

static struct call calls[256];
static size_t call_count;

static void add(int what, int op, long input, long output, int with_iv, size_t pieces)
{
    static const char *const names[] = { "setkey", "settaglen", "one-shot", "AIO", "stream_init",
                                         "stream_update", "stream_update_last", "stream_op" };
    struct call *c = &calls[call_count++];

    *c = (struct call){ what, op, input, output, with_iv, pieces, "" };
    snprintf(c->name, sizeof(c->name), "%s %s in %ld out %ld%s pieces %zu", names[what],
             op ? "enc" : "dec", input, output, with_iv ? "" : " no IV", pieces);
}

static void add_calls(void)
{
    static const long lengths[] = { 0, 1, 15, 16, 17, 32, 48 };

    for (size_t i = 0; i < COUNT(lengths) * 4; i++)
        add(ONE_SHOT, i & 1, lengths[i / 4], lengths[i / 4], i >> 1 & 1, 1);
    for (int op = 0; op < 2; op++) {
        add(ONE_SHOT, op, 32, 16, 1, 1);
        add(ONE_SHOT, op, 32, 31, 1, 1);
        add(ONE_SHOT, op, 32, 64, 1, 1);
        add(ONE_SHOT, op, 32, -1, 1, 1);
        add(ONE_SHOT, op, -1, 32, 1, 1);
        for (size_t pieces = 0; pieces < 4; pieces++) {
            add(AIO, op, 32, 32, 1, pieces);
            add(AIO, op, 32, 32, 0, pieces);
        }
        add(AIO, op, 17, 17, 1, 2);
        add(AIO, op, 0, 0, 1, 2);
        add(AIO, op, 32, 16, 1, 2);
        for (size_t i = 0; i < COUNT(lengths); i++)
            add(START, op, lengths[i], 0, 1, lengths[i] ? 1 : 0);
        add(START, op, 32, 0, 0, 1);
        add(START, op, 32, 0, 1, 2);
    }
    for (size_t i = 0; i < COUNT(lengths); i++) {
        add(UPDATE, 1, lengths[i], 0, 1, 1);
        add(LAST, 1, lengths[i], 0, 1, 1);
        add(OP, 1, 0, lengths[i], 1, 1);
    }
    add(UPDATE, 1, 0, 0, 1, 0);
    add(LAST, 1, 0, 0, 1, 0);
    add(OP, 1, 0, 0, 1, 0);
    add(OP, 1, 0, 16, 1, 2);
    for (long len = 0; len <= 32; len += 8)
        add(SETKEY, 1, len, 0, 1, 1);
    add(SETKEY, 1, 15, 0, 1, 1);
    for (long len = 0; len <= 17; len++)
        add(TAGLEN, 1, len, 0, 1, 1);
}

static ssize_t perform(H handle, const struct call *c)
{
    size_t extra_in = a->aad + (c->op ? 0 : a->taglen), extra_out = a->aad + (c->op ? a->taglen : 0);
    const uint8_t *this_iv = c->iv ? iv : NULL;
    size_t inlen = c->in < 0 ? 32 : (size_t)c->in, outlen = c->out < 0 ? 32 : (size_t)c->out;
    uint8_t *to = c->out < 0 ? NULL : out;
    const uint8_t *from = c->in < 0 ? NULL : c->op ? in : sealed;
    struct iovec ins[4], outs[4];

    for (size_t i = 0; i < 4; i++) {
        ins[i] = (struct iovec){ (uint8_t *)from + (c->op ? 80 * i : 0), inlen + extra_in };
        outs[i] = (struct iovec){ out + 80 * i, outlen + extra_out };
    }
    switch (c->what) {
    case SETKEY: return f->setkey(handle, key, (uint32_t)c->in);
    case TAGLEN: return kcapi_aead_settaglen(handle, (uint32_t)c->in);
    case ONE_SHOT:
        return f->one_shot[c->op](handle, from, inlen + extra_in, this_iv, to, outlen + extra_out,
                                  0);
    case AIO: return f->aio[c->op](handle, ins, outs, c->pieces, this_iv, 0);
    case START:
        return f->start[c->op](handle, this_iv, c->pieces ? ins : NULL, c->pieces);
    case UPDATE:
        ins[0].iov_len = inlen;
        return f->update(handle, c->pieces ? ins : NULL, c->pieces);
    case LAST:
        ins[0].iov_len = inlen;
        return f->last(handle, c->pieces ? ins : NULL, c->pieces);
    default: return f->op(handle, c->pieces ? outs : NULL, c->pieces);
    }
}

/* Decryption's input: what encrypts to it is not known for every length, but must be authentic. */
static void seal(size_t len)
{
    H handle = keyed();

    f->one_shot[1](handle, in, a->aad + len, iv, sealed, a->aad + len + a->taglen, 0);
    f->destroy(handle);
}

/* What a child has come to. */
static struct progress {
    size_t call;
} *progress;

/*
 * The C library waits in the kernel. Ours looks again from time to time: a tick of the timer in which
 * it has not given up the processor is one in which the machine was slow.
 */
static bool ours;
static int waited;
static long switches;

static void tick(int signal)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    if (usage.ru_nvcsw == switches)
        return;
    switches = usage.ru_nvcsw;
    if (++waited >= 5) {
        struct sigaction die = { .sa_handler = SIG_DFL };

        sigaction(signal, &die, NULL);
        raise(signal);
    }
}

/* Where nothing is to be had, both libraries wait: some examples are enough of that. */
static bool waits(const struct state *state)
{
    return !state->pending || (a->taglen && state->make == begun);
}

static bool is_example(const struct call *c)
{
    return c->out == 16 && c->pieces == 1 && (a == &algorithms[0] || a == &algorithms[4]);
}

static void make_calls(const struct state *state, size_t from)
{
    const struct itimerval limit = { { 0, 40000 }, { 0, 40000 } };
    const struct itimerval none = { { 0, 0 }, { 0, 0 } };
    const struct sigaction action = { .sa_handler = tick, .sa_flags = SA_RESTART };

    if (ours)
        sigaction(SIGALRM, &action, NULL);

    for (size_t i = from; i < call_count; i++) {
        const struct call *c = &calls[i];
        ssize_t ret;
        H handle;

        progress->call = i;
        if ((c->what == TAGLEN && !a->taglen) || (c->what == OP && waits(state) && !is_example(c)))
            continue;
        /* A kernel's driver may do less for what it does not take anyway. */
        if (!c->op && c->in >= 0 && (a->taglen || c->in % 16 == 0))
            seal((size_t)c->in);
        handle = state->make();
        memset(out, 0, ROOM);
        waited = 0;
        setitimer(ITIMER_REAL, &limit, NULL);
        ret = perform(handle, c);
        setitimer(ITIMER_REAL, &none, NULL);
        record(ret, c->what == ONE_SHOT || c->what == AIO || c->what == OP ? out : NULL, ROOM,
               "%s %u, %s: %s", a->name, a->taglen, state->name, c->name);
        /* The next call may be this child's last. */
        fflush(stdout);
        f->destroy(handle);
    }
}

static void in_state(const struct state *state)
{
    for (size_t from = 0; from < call_count; from++) {
        int status = 0;
        pid_t child;

        fflush(stdout);
        child = fork();
        if (child < 0)
            bail_out("fork");
        if (child == 0) {
            make_calls(state, from);
            _exit(0);
        }
        if (waitpid(child, &status, 0) != child)
            bail_out("waitpid");
        if (WIFEXITED(status))
            return;
        from = progress->call;
        printf("%s %u, %s: %s = %s\n", a->name, a->taglen, state->name, calls[from].name,
               WTERMSIG(status) == SIGALRM ? "waits" : "crashes");
    }
}

int main(void)
{
    ours = dlsym(RTLD_DEFAULT, "kcapi_handle_engine") != NULL;
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                    0);
    if (progress == MAP_FAILED)
        bail_out("mmap");
    fill(in, sizeof(in), 1);
    fill(key, sizeof(key), 2);
    fill(iv, sizeof(iv), 3);
    iv[0] = 1;
    add_calls();
    for (size_t i = 0; i < COUNT(algorithms); i++) {
        a = &algorithms[i];
        f = &families[a->taglen != 0];
        for (size_t j = 0; j < COUNT(states); j++)
            in_state(&states[j]);
    }
    return 0;
}
