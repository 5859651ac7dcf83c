/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* model-md.h - the model of message digests: begun, continued, lost by a failed update */
#ifndef MODEL_MD_H
#define MODEL_MD_H

#include "md.h"
#include "model.h"

enum { MDS = 4, MD_MAX = 24 * KIB };

enum md_phase {
    MD_CLEAN,
    MD_BEGUN,
    MD_INCOMPLETE, /* an update has failed: -EIO until the message has ended */
    MD_PERHAPS,    /* incomplete or clean */
};

struct md_model {
    struct kcapi_handle *h;
    enum md_phase phase;
    size_t len;
    uint8_t data[MD_MAX];
};

static struct md_model mds[MDS];
static const char *md_name;
static int md_key; /* its number; -1: none was set */
static bool md_keyed, md_on_kernel;
static pid_t md_child;

static inline int md_number(const struct md_model *m) { return (int)(m - mds); }

static inline const uint8_t *md_key_of(int number)
{
    static uint8_t key[16];

    fill(key, 16, 50 + (uint32_t)number);
    return key;
}

static inline ssize_t md_right(const uint8_t *data, size_t len, uint8_t *out)
{
    struct kcapi_handle *h = md_keyed ? md_with_key(md_name, md_key_of(md_key), 16) : md(md_name);
    ssize_t ret = kcapi_md_digest(h, data, len, out, DIGEST_MAX);

    kcapi_md_destroy(h);
    return ret;
}

static inline void md_renew(struct md_model *m, struct kcapi_handle *existing)
{
    if (m->h) {
        say("%d: destroy", md_number(m));
        kcapi_md_destroy(m->h);
    }
    memset(m, 0, sizeof(*m));
    say("%d: new", md_number(m));
    check(CALL(kcapi_handle_reinit(&m->h, existing, 0)) == 0, "reinit");
}

static inline void md_set_key(struct md_model *m)
{
    int number = (int)below(3);
    bool busy = false, bad = strcmp(md_name, "cmac(aes)") == 0 && one_in(4);
    ssize_t ret;

    for (size_t i = 0; i < MDS; i++)
        busy |= mds[i].phase == MD_BEGUN;
    say("%d: key %d%s", md_number(m), number, bad ? ", cut" : "");
    ret = CALL(kcapi_md_setkey(m->h, md_key_of(number), bad ? 15 : 16));
    check(ret == (busy ? -EBUSY : bad ? -EINVAL : 0), "a key");
    if (ret == -EBUSY)
        return;
    for (size_t i = 0; i < MDS; i++)
        if (mds[i].phase == MD_INCOMPLETE)
            mds[i].phase = MD_PERHAPS;
    if (ret == 0) {
        md_key = number;
        m->phase = MD_CLEAN;
        return;
    }
    /* A kernel may have dropped the old one. */
    uint8_t out[DIGEST_MAX], want[DIGEST_MAX];
    struct kcapi_handle *h = reinit(m->h, 0);

    ret = kcapi_md_digest(h, out, 0, out, DIGEST_MAX);
    if (ret < 0)
        md_key = -1;
    else
        check(md_key >= 0 && ret == md_right(out, 0, want) && !memcmp(out, want, (size_t)ret),
              "another key than the old one");
    kcapi_md_destroy(h);
}

static inline void md_update(struct md_model *m)
{
    size_t len = one_in(5) ? 0 : one_in(4) ? below(3000) : below(200);
    int fault = one_in(6) ? 1 + (int)below(3) : 0;
    struct errors errors = { .count = 0 };
    const uint8_t *data;
    ssize_t ret;

    if (m->len + len > MD_MAX || (fault == 3 && !md_on_kernel) || (fault && len == 0) ||
        ((fault == 1 || fault == 3) && !may_lack_memory()))
        return;
    arena_begin();
    data = take_random(len);
    may_be(&errors, fault == 1 || fault == 3, -EFAULT);
    may_be(&errors, fault == 2, -EMSGSIZE);
    may_be(&errors, m->phase == MD_INCOMPLETE, -EIO);
    may_be(&errors, md_keyed && md_key < 0, -ENOKEY);
    say("%d: update %zu%s", md_number(m), len,
        fault == 1 ? ", NULL" : fault == 2 ? ", too much" : fault == 3 ? ", bad" : "");
    arena_ready();
    ret = CALL(kcapi_md_update(m->h, fault == 1 ? NULL : fault == 3 ? forbidden_page() : data,
                               fault == 2 ? (size_t)1 << 31 : len));
    arena_check("an update");
    if (ret < 0) {
        check(is_one_of(&errors, ret) || (m->phase == MD_PERHAPS && ret == -EIO), "an update");
        if (ret == -EIO)
            m->phase = MD_INCOMPLETE;
        else if (fault == 3 && ret == -EFAULT)
            m->phase = MD_INCOMPLETE;
        return;
    }
    check(errors.count == 0 && ret == 0, "it was to fail with %d", errors.list[0]);
    if (m->phase != MD_BEGUN)
        m->len = 0;
    m->phase = MD_BEGUN;
    memcpy(m->data + m->len, data, len);
    m->len += len;
}

/* The end of a message: final, or digest with more data. */
static inline void md_end(struct md_model *m)
{
    size_t len = one_in(2) ? 0 : below(300), size = kcapi_md_digestsize(m->h), room = size;
    bool final = one_in(2), no_room = one_in(10), bad = md_on_kernel && may_lack_memory() && one_in(10);
    struct errors errors = { .count = 0 };
    uint8_t want[DIGEST_MAX], *out;
    const uint8_t *data;
    ssize_t ret;

    if (m->phase == MD_BEGUN && m->len + len > MD_MAX)
        return;
    if (one_in(4))
        room = 1 + below((uint32_t)size + 20);
    arena_begin();
    data = take_random(len);
    out = take(room);
    may_be(&errors, no_room, -EINVAL);
    may_be(&errors, bad && !no_room, -EFAULT);
    may_be(&errors, m->phase == MD_INCOMPLETE, -EIO);
    may_be(&errors, md_keyed && md_key < 0, -ENOKEY);
    say("%d: %s %zu%s%s", md_number(m), final ? "final" : "digest", len, no_room ? ", no room" : "",
        bad ? ", bad output" : "");
    arena_ready();
    if (bad)
        out = forbidden_page();
    ret = final ? CALL(kcapi_md_final(m->h, out, no_room ? 0 : room))
                : CALL(kcapi_md_digest(m->h, data, len, out, no_room ? 0 : room));
    if (ret < 0) {
        check(is_one_of(&errors, ret) || (m->phase == MD_PERHAPS && ret == -EIO), "a digest");
        arena_check("a failed digest");
        if (ret == -EIO)
            m->phase = MD_CLEAN;
        else if (ret == -EFAULT && m->phase != MD_INCOMPLETE)
            m->phase = MD_PERHAPS;
        return;
    }
    check(errors.count == 0, "it was to fail with %d", errors.list[0]);
    if (m->phase != MD_BEGUN)
        m->len = 0;
    if (!final) {
        memcpy(m->data + m->len, data, len);
        m->len += len;
    }
    check(ret == (ssize_t)(room < size ? room : size), "it was to be %zu", room < size ? room : size);
    md_right(m->data, m->len, want);
    memcpy(wanted(out), want, (size_t)ret);
    arena_check("a digest");
    m->phase = MD_CLEAN;
    m->len = 0;
}

/* Both processes go on with what has begun. */
static inline void md_fork(void)
{
    say("fork");
    fflush(NULL);
    md_child = fork();
    check(md_child >= 0, "fork");
    if (md_child == 0) {
        me = 1;
        alarm(patience());
        random_state += 77;
    }
}

static inline void md_schedule(const char *name, int steps, bool forks)
{
    struct kcapi_handle *first = md(name);

    md_name = name;
    md_keyed = strchr(name, '(') != NULL;
    md_key = -1;
    md_on_kernel = strcmp(kcapi_handle_engine(first), "kernel") == 0;
    for (size_t i = 0; i < MDS; i++)
        md_renew(&mds[i], first);
    kcapi_md_destroy(first);
    if (md_keyed && !one_in(8))
        md_set_key(&mds[0]);
    for (int i = 0; i < steps; i++) {
        struct md_model *m = &mds[below(MDS)];

        switch (below(12)) {
        case 0: md_renew(m, mds[(md_number(m) + 1) % MDS].h); break;
        case 1: if (md_keyed) md_set_key(m); break;
        case 2: if (forks && !me && !md_child && one_in(3)) md_fork(); break;
        case 3: case 4: case 5: md_end(m); break;
        default: md_update(m);
        }
    }
    for (size_t i = 0; i < MDS; i++)
        kcapi_md_destroy(mds[i].h);
    if (me)
        _exit(0);
    if (md_child > 0)
        check(ending(md_child) == 0, "the child did not end well");
}

#endif
