/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* model-streams.h - streams of the model: begun, continued, read in pieces, given up, left alone */
#ifndef MODEL_STREAMS_H
#define MODEL_STREAMS_H

#include "model-handles.h"
#include "model-messages.h"

/* What is to be sent: of a cipher any bytes, of an AEAD a message that is right, or nearly. */
static inline void plan_stream(struct model *m, enum direction direction, size_t aad,
                               const uint8_t iv[IV_MAX])
{
    size_t len = one_in(4) ? below(STREAM_MAX - 64) : below(300);
    uint8_t sealed[STREAM_MAX + 2 * TAG_MAX];
    ssize_t ret;

    if (s->unit > 1)
        len = len / 16 * 16;
    if (len == 0)
        len = 16;
    if (is_aead(s))
        len = aad + (one_in(5) ? 0 : len);
    fill(m->plan, len, below(1u << 30));
    m->planned = len;
    if (!is_aead(s) || direction == ENCRYPT)
        return;
    ret = right(m, ENCRYPT, iv, aad, m->plan, len, sealed);
    if (ret < 0)
        return;
    memcpy(m->plan, sealed, (size_t)ret);
    m->planned = (size_t)ret;
    if (one_in(5))
        m->plan[below((uint32_t)m->planned)] ^= 1;
}

/* The next bytes of the plan, in IOVECs; some of them or, at the end, all. */
static inline size_t next_piece(struct model *m, struct iovec *iov, size_t *count, bool last)
{
    size_t len = last ? m->planned : below((uint32_t)m->planned + 1);
    uint8_t *bytes;

    arena_begin();
    bytes = take(len);
    memcpy(bytes, m->plan, len);
    *count = cut(iov, bytes, len, 3);
    if (len == 0 && one_in(2))
        *count = 0;
    arena_ready();
    return len;
}

/* A piece was sent. */
static inline void moved(struct model *m, size_t len)
{
    memcpy(m->data + m->pending, m->plan, len);
    m->pending += len;
    m->planned -= len;
    memmove(m->plan, m->plan + len, m->planned);
}

static inline void begun(struct model *m, enum direction direction, size_t aad,
                         const uint8_t iv[IV_MAX])
{
    m->phase = STREAMING;
    m->perhaps_lost = false;
    m->direction = direction;
    m->stream_aad = aad;
    memcpy(m->iv, iv, IV_MAX);
    m->iv_known = true;
    m->more = true;
}

/* Whether the rules leave it open if more can be sent: of an AEAD's complete message of nothing, too. */
static inline bool is_open(const struct model *m)
{
    return m->phase == UNKNOWN || (m->phase == STREAMING && !m->more && m->pending == 0);
}

static inline void step_start(struct model *m)
{
    enum direction direction = (enum direction)below(DIRECTIONS);
    struct errors errors = { .count = 0 };
    bool given = !one_in(3) || m->phase == UNKNOWN || !m->iv_known, goes_on = !given && has_iv();
    static struct model before;
    uint8_t iv[IV_MAX], chain[IV_MAX];
    struct iovec iov[3];
    size_t len, count;
    ssize_t ret;

    if (m->phase == ANOTHERS)
        return;
    before = *m;
    chain_of(m, chain);
    random_iv(iv);
    if (m->t->key != NO_KEY)
        plan_stream(m, direction, m->aad, given ? iv : chain);
    else
        m->planned = 32;
    len = next_piece(m, iov, &count, false);
    if (one_in(20) && len > 0 && may_lack_memory()) {
        iov[0] = (struct iovec){ NULL, 16 };
        may_be(&errors, true, -EFAULT);
    }
    may_be(&errors, m->t->key == NO_KEY, -ENOKEY);
    may_be(&errors, goes_on && m->phase == LOST, -EINVAL);
    if (m->phase == STREAMING) {
        may_be(&errors, !m->more && m->pending > 0, -EINVAL);
        may_be(&errors, m->more && goes_on && m->pending > 0, -EINVAL);
    }
    say("%d: start %scryption of %zu, %zu%s", number_of(m), direction == ENCRYPT ? "en" : "de",
        m->planned, len, given ? "" : ", no IV");
    ret = CALL(s->calls->start[direction](m->h, given ? iv : NULL, iov, count));
    arena_check("a start");
    if (ret < 0) {
        /* A stream that two processes share is refused for that, too, which says nothing of what it goes on with. */
        bool lost = goes_on && m->perhaps_lost && !m->shared && ret == -EINVAL;

        check(lost || is_one_of(&errors, ret) || (is_open(m) && ret == -EINVAL) ||
                  (goes_on && m->shared && ret == -EINVAL) || is_parents_tag(m, ret), "a start");
        *m = before;
        if (lost && errors.count == 0)
            m->phase = LOST, m->perhaps_lost = false;
        return;
    }
    check(errors.count == 0, "it was to fail with %d", errors.list[0]);
    check(ret == (ssize_t)len, "it was to be %zu", len);
    m->pending = 0;
    begun(m, direction, m->aad, given ? iv : chain);
    moved(m, len);
}

static inline void step_op(struct model *m);

static inline void step_update(struct model *m)
{
    bool last = one_in(3), streams = m->phase == STREAMING;
    struct errors errors = { .count = 0 };
    static struct model before;
    uint8_t chain[IV_MAX];
    struct iovec iov[3];
    size_t len, count;
    ssize_t ret;

    if (m->phase == UNKNOWN || m->phase == ANOTHERS || !m->iv_known || m->perhaps_lost)
        return;
    before = *m;
    /* Without a start, a message begins with what the last one left. */
    if (!streams) {
        chain_of(m, chain);
        m->planned = 0;
        m->pending = 0;
        if (m->phase != LOST && m->t->key != NO_KEY)
            plan_stream(m, m->phase == FRESH ? DECRYPT : m->direction,
                        m->phase == FRESH ? 0 : m->stream_aad, chain);
    }
    len = next_piece(m, iov, &count, last);
    may_be(&errors, streams && !m->more && m->pending > 0, -EINVAL);
    may_be(&errors, m->phase == LOST, -EINVAL);
    may_be(&errors, m->t->key == NO_KEY, -ENOKEY);
    say("%d: update%s %zu", number_of(m), last ? "_last" : "", len);
    ret = CALL((last ? s->calls->update_last : s->calls->update)(m->h, iov, count));
    arena_check("an update");
    if (ret < 0) {
        check(is_one_of(&errors, ret) || ((!streams || is_open(m)) && ret == -EINVAL) ||
                  is_parents_tag(m, ret), "an update");
        *m = before;
        return;
    }
    check(errors.count == 0, "it was to fail with %d", errors.list[0]);
    check(ret == (ssize_t)len, "it was to be %zu", len);
    if (!streams) {
        size_t aad = m->phase == FRESH ? 0 : m->stream_aad;

        begun(m, m->phase == FRESH ? DECRYPT : m->direction, aad, chain);
    }
    moved(m, len);
    m->more = !last;
    if (!m->more && m->pending == 0) {
        /* A cipher's has no result; an AEAD's is read at once. */
        if (is_aead(s))
            step_op(m);
        else
            m->phase = IDLE;
    }
}

/* Whether a read would return: the model has but one thread. */
static inline bool is_there_something(const struct model *m)
{
    if (m->phase == LOST)
        return true;
    if (m->phase != STREAMING)
        return false;
    /* Those that do not chain begin anew with each part. */
    if (is_aead(s) || (s->chain != CHAINS && s->chain != NO_IV))
        return !m->more;
    return !m->more || m->pending >= 16;
}

static inline void step_op(struct model *m)
{
    static uint8_t result[STREAM_MAX + 2 * TAG_MAX];
    size_t len = m->pending, room, count;
    struct errors errors = { .count = 0 };
    ssize_t ret, want = 0;
    struct iovec iov[3];
    uint8_t *out;

    if (!is_there_something(m))
        return;
    room = len + TAG_MAX + (one_in(2) ? below(40) : 0);
    if (one_in(3))
        room = 1 + below((uint32_t)len + 40);
    if (m->phase == STREAMING && s->chain == SAME_IV && !is_aead(s) && room < len)
        room = len;
    if (m->phase == STREAMING && !is_aead(s)) {
        if (len > room)
            len = room;
        if (m->more || len < m->pending)
            len -= len % 16;
        may_be(&errors, len == 0, -EINVAL);
    }
    if (m->phase == STREAMING && errors.count == 0) {
        want = right(m, m->direction, m->iv, m->stream_aad, m->data, len, result);
        may_be(&errors, want < 0, (int)want);
        if (is_aead(s) && want > 0)
            may_be(&errors, (size_t)want > room, -EINVAL);
        if (is_aead(s) && want == -EBADMSG)
            may_be(&errors, room < len - m->t->tag, -EINVAL);
    }
    may_be(&errors, m->phase == LOST, -EINVAL);
    may_be(&errors, m->phase == LOST && m->t->key == NO_KEY, -ENOKEY);
    arena_begin();
    out = take(room);
    count = cut(iov, out, room, 3);
    arena_ready();
    say("%d: op, %zu of %zu%s", number_of(m), room, m->pending, m->more ? ", more" : "");
    ret = CALL(s->calls->op(m->h, iov, count));
    if (ret < 0) {
        check(is_one_of(&errors, ret), "a read");
        any(iov, want < 0 ? count : 0);
        arena_check("a failed read");
        /* Too little room loses nothing; an AEAD's message that is too short stays. */
        if (m->phase == STREAMING && want < 0) {
            bool short_of_room = ret == -EINVAL && want == -EBADMSG;

            if (!short_of_room)
                m->phase = ret == -EBADMSG ? IDLE : UNKNOWN;
            if (ret == -EBADMSG)
                m->perhaps_lost = true, m->iv_known = knows_iv_after(s);
        }
        return;
    }
    check(errors.count == 0, "it was to fail with %d", errors.list[0]);
    check(ret == want, "it was to be %zd", want);
    memcpy(wanted(out), result, (size_t)want);
    arena_check("a read");
    move_on(m->iv, m->direction == ENCRYPT ? result : m->data, len);
    m->pending = is_aead(s) ? 0 : m->pending - len;
    memmove(m->data, m->data + len, m->pending);
    if (!m->more && m->pending == 0) {
        m->phase = IDLE;
        m->iv_known = knows_iv_after(s);
    }
}

#endif
