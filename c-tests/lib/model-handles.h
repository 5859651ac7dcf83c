/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * model-handles.h - what is known of the handles of a cipher or an AEAD; keys, tag lengths, handles
 * that come and go, fork
 */
#ifndef MODEL_HANDLES_H
#define MODEL_HANDLES_H

#include "model.h"
#include "subjects.h"

enum { HANDLES = 5, STREAM_MAX = 4 * KIB, NO_KEY = -1 };

enum phase {
    FRESH,     /* no operation yet: an IV of zeros */
    IDLE,      /* no message in it: goes on with its IV */
    STREAMING, /* begun, and not sent or not read to its end */
    LOST,      /* nothing to go on with */
    UNKNOWN,   /* the rules leave it open; a message with an IV works in any case */
    ANOTHERS,  /* a stream that was begun before a fork and is left to the other process */
};

struct transform {
    int key; /* its number, or NO_KEY */
    uint32_t tag;
    bool inherited; /* the key was set before a fork */
};

struct model {
    handle *h;
    struct transform *t;
    bool aio;
    size_t aad;
    enum phase phase;
    bool perhaps_lost;        /* FRESH or IDLE, or LOST */
    bool shared;              /* the stream was begun before a fork, or was the operation's last one */
    enum direction direction; /* of the last message, or the stream */
    size_t stream_aad;
    bool iv_known;
    uint8_t iv[IV_MAX];
    bool more;      /* the stream's last piece was not sent */
    size_t pending; /* bytes sent and not read, which are in data */
    uint8_t data[STREAM_MAX + TAG_MAX];
    size_t planned; /* bytes to be sent yet, which are in plan */
    uint8_t plan[STREAM_MAX + TAG_MAX];
};

static const struct subject *s;
static struct transform transforms[2];
static struct model models[HANDLES];
static bool on_kernel;
static pid_t child;

static inline bool has_iv(void) { return s->ivlen > 0; }

/* The result of a message with the model's key, by another handle. */
static inline ssize_t right(const struct model *m, enum direction direction, const uint8_t *iv,
                            size_t aad, const uint8_t *in, size_t len, uint8_t *out)
{
    return alone_on_a_handle(s, (uint32_t)m->t->key, m->t->tag, aad, direction, iv, in, len, out);
}

/* The IV after a message, of which ciphertext is cbc's. */
static inline void move_on(uint8_t iv[IV_MAX], const uint8_t *ciphertext, size_t len)
{
    if (s->chain != CHAINS || len == 0)
        return;
    if (s->unit == 16)
        memcpy(iv, ciphertext + len - 16, 16);
    else
        for (size_t blocks = (len + 15) / 16; blocks > 0; blocks--)
            for (int i = 15; i >= 0 && ++iv[i] == 0; i--)
                continue;
}

static inline uint8_t *random_iv(uint8_t iv[IV_MAX])
{
    iv_of(s, below(1000), iv);
    return iv;
}

/* The IV that a message goes on with. */
static inline void chain_of(const struct model *m, uint8_t iv[IV_MAX])
{
    if (m->phase == FRESH)
        memset(iv, 0, IV_MAX);
    else
        memcpy(iv, m->iv, IV_MAX);
}

static inline int number_of(const struct model *m) { return (int)(m - models); }

static inline void new_handle(struct model *m, struct transform *t, handle *existing)
{
    memset(m, 0, sizeof(*m));
    m->t = t;
    m->aio = one_in(2);
    m->iv_known = true;
    say("%d: new on transform %d%s", number_of(m), (int)(t - transforms), m->aio ? ", AIO" : "");
    if (existing)
        check(CALL(kcapi_handle_reinit(&m->h, existing, m->aio ? KCAPI_INIT_AIO : 0)) == 0, "reinit");
    else
        check(CALL(s->calls->init(&m->h, s->name, m->aio ? KCAPI_INIT_AIO : 0)) == 0, "init");
    m->aad = s->aad;
    if (s->aad)
        kcapi_aead_setassoclen(m->h, s->aad);
}

static inline struct model *some_handle(void)
{
    struct model *m;

    do
        m = &models[below(HANDLES)];
    while (!m->h);
    return m;
}

/* Another handle, on one of the transforms; or on a new one, if the place had the last of its own. */
static inline void renew(struct model *m)
{
    struct transform *t = &transforms[one_in(3)];
    handle *existing = NULL;

    if (m->h) {
        say("%d: destroy", number_of(m));
        s->calls->destroy(m->h);
        m->h = NULL;
    }
    for (size_t i = 0; i < HANDLES; i++)
        if (models[i].h && models[i].t == t)
            existing = models[i].h;
    if (!existing)
        *t = (struct transform){ NO_KEY, s->tag, false };
    new_handle(m, t, existing);
}

/* Whether a transform's key can be changed: -1 is "perhaps". */
static inline int is_busy(const struct transform *t)
{
    int busy = 0;

    for (size_t i = 0; i < HANDLES; i++) {
        if (!models[i].h || models[i].t != t)
            continue;
        if (models[i].phase == STREAMING)
            return 1;
        /* The other process may have ended its stream. */
        if (models[i].phase == UNKNOWN || models[i].phase == ANOTHERS)
            busy = -1;
    }
    return busy;
}

/* Idle operations were closed. */
static inline void lose(const struct transform *t, bool perhaps)
{
    for (size_t i = 0; i < HANDLES; i++) {
        struct model *m = &models[i];

        if (!m->h || m->t != t)
            continue;
        if (perhaps && m->phase == IDLE)
            m->perhaps_lost = true;
        else if (!perhaps && (m->phase == IDLE || (m->phase == FRESH && m->perhaps_lost)))
            m->phase = m->phase == IDLE ? LOST : UNKNOWN;
    }
}

/* A kernel may drop a key when it refuses another. */
static inline void look_for_key(struct model *m)
{
    uint8_t iv[IV_MAX], in[64], out[64 + TAG_MAX], want[64 + TAG_MAX];
    handle *h = reinit(m->h, 0);
    ssize_t ret;

    kcapi_aead_setassoclen(h, s->aad);
    fill(in, 64, 1);
    say("%d: is there a key?", number_of(m));
    ret = CALL(s->calls->whole[ENCRYPT](h, in, 64, random_iv(iv), out, sizeof(out), 0));
    if (ret == -ENOKEY) {
        m->t->key = NO_KEY;
    } else {
        check(m->t->key != NO_KEY, "encrypted without a key");
        check(ret == right(m, ENCRYPT, iv, s->aad, in, 64, want) && !memcmp(out, want, (size_t)ret),
              "another key than the old one");
    }
    s->calls->destroy(h);
}

/*
 * Whether an operation may be refused: the kernel has one tag length for a key that two processes
 * share, and the parent may have set another.
 */
static inline bool is_parents_tag(const struct model *m, ssize_t ret)
{
    return ret == -EBUSY && on_kernel && me && m->t->inherited && s->shorter_tag;
}

static inline void step_key(struct model *m)
{
    int busy = is_busy(m->t), number = (int)below(3);
    ssize_t ret;

    if (one_in(4)) {
        say("%d: a key that is refused", number_of(m));
        ret = CALL(set_bad_key(s, m->h));
        check(ret == (busy == 1 ? -EBUSY : -EINVAL) || (busy && ret == -EBUSY), "a bad key");
        if (ret != -EBUSY) {
            lose(m->t, false);
            look_for_key(m);
        }
        return;
    }
    say("%d: key %d", number_of(m), number);
    ret = CALL(set_key(s, m->h, (uint32_t)number));
    check(ret == (busy == 1 ? -EBUSY : 0) || (busy && ret == -EBUSY), "a key");
    if (ret == 0) {
        m->t->key = number;
        m->t->inherited = false;
        lose(m->t, false);
    }
}

static inline void step_taglen(struct model *m)
{
    int busy = is_busy(m->t);
    bool bad = one_in(4);
    uint32_t tag = bad ? 3 : one_in(2) && s->shorter_tag ? s->shorter_tag : s->tag;
    ssize_t ret;

    /* authenc() takes any. */
    if (bad && !knows_iv_after(s))
        tag = s->tag + 1;
    say("%d: tag length %u", number_of(m), tag);
    ret = CALL(kcapi_aead_settaglen(m->h, tag));
    /* Between processes the kernel's transform is shared until one sets a key. */
    if (on_kernel && m->t->inherited && busy != 1 && ret == -EBUSY) {
        lose(m->t, true);
        return;
    }
    if (bad)
        check(ret == -EINVAL || (busy && ret == -EBUSY), "a bad tag length");
    else
        check(ret == (busy == 1 ? -EBUSY : 0) || (busy && ret == -EBUSY), "a tag length");
    if (ret == 0)
        m->t->tag = tag;
    if (ret != -EBUSY)
        lose(m->t, bad);
}

static inline void step_assoclen(struct model *m)
{
    m->aad = s->aad ? s->aad : below(5) * 8;
    say("%d: %zu bytes of AAD", number_of(m), m->aad);
    kcapi_aead_setassoclen(m->h, m->aad);
}

/* Both processes go on; streams are left to one of them. */
static inline void step_fork(void)
{
    uint32_t childs = below(1u << HANDLES), number = below(1u << 30);

    say("fork");
    fflush(NULL);
    child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
        me = 1;
        alarm(patience());
        random_state += number + 1;
    }
    for (size_t i = 0; i < HANDLES; i++) {
        struct model *m = &models[i];

        m->t->inherited = m->t->key != NO_KEY;
        m->shared |= m->phase == STREAMING;
        if (m->phase == STREAMING && (childs >> i & 1) != (uint32_t)me)
            m->phase = ANOTHERS;
        else if (me && m->phase == IDLE && !m->perhaps_lost)
            m->phase = LOST;
        else if (me && (m->phase == IDLE || (m->phase == FRESH && m->perhaps_lost)))
            m->phase = UNKNOWN;
    }
}

static inline void begin_schedule(const struct subject *subject)
{
    handle *h = NULL;

    s = subject;
    transforms[0] = transforms[1] = (struct transform){ NO_KEY, s->tag, false };
    check(s->calls->init(&h, s->name, 0) == 0, "init");
    on_kernel = strcmp(kcapi_handle_engine(h), "kernel") == 0;
    s->calls->destroy(h);
    for (size_t i = 0; i < HANDLES; i++)
        renew(&models[i]);
    for (size_t i = 0; i < HANDLES; i++)
        if (models[i].t->key == NO_KEY && !one_in(8))
            step_key(&models[i]);
}

/* The child tells its parent; so a schedule's process tells of both. */
static inline void end_schedule(void)
{
    for (size_t i = 0; i < HANDLES; i++)
        s->calls->destroy(models[i].h);
    if (me)
        _exit(0);
    if (child > 0)
        check(ending(child) == 0, "the child did not end well");
}

#endif
