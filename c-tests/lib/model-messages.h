/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* model-messages.h - one-shots, requests and AIO calls of the model, right ones and wrong ones */
#ifndef MODEL_MESSAGES_H
#define MODEL_MESSAGES_H

#include "model-handles.h"

enum { PAIRS_MAX = 6 };

/* What is wrong with a message. */
enum fault { RIGHT, FORGED, TOO_SHORT, NO_INPUT, NO_OUTPUT, ODD, BAD_INPUT, BAD_OUTPUT, FAULTS };

static const char *const fault_names[] = { "", ", forged", ", output too short", ", no input",
                                           ", no output", ", odd", ", bad input", ", bad output" };

struct message {
    size_t most;       /* bytes that it may have; 0: as many as there may be */
    enum direction direction;
    bool pairs, given;
    enum fault fault;
    size_t count, at;  /* of pairs; the one that is wrong */
    uint8_t first_iv[IV_MAX], iv[IV_MAX];
    struct iovec in[PAIRS_MAX], out[PAIRS_MAX];
    size_t result[PAIRS_MAX], sum;
    ssize_t refused;   /* what the algorithm says to a message that is otherwise right */
    uint8_t expected[PAIRS_MAX][80 * KIB];
};

/* Bytes of a message, of an AEAD those besides AAD and tag. */
static inline size_t length_of(const struct message *msg)
{
    size_t len = one_in(20) && !msg->pairs ? below(70 * KIB) : one_in(4) ? below(3000) : below(200);

    if (msg->most && len > msg->most)
        len = msg->most;
    if (s->unit > 1)
        len = len / 16 * 16;
    return is_aead(s) || len > 0 ? len : 16;
}

static inline bool is_possible(const struct model *m, const struct message *msg, enum fault fault)
{
    switch (fault) {
    case FORGED: return is_aead(s) && msg->direction == DECRYPT && m->t->key != NO_KEY;
    case ODD: return s->unit == 16 && strncmp(s->name, "xts", 3) != 0;
    case BAD_INPUT: return on_kernel;
    case BAD_OUTPUT: return on_kernel;
    default: return true;
    }
}

/* One pair: its input, its place for the result, and what is to be there. */
static inline void prepare_pair(const struct model *m, struct message *msg, size_t i)
{
    size_t len = length_of(msg) + m->aad, result, room;
    bool in_place = one_in(4);
    uint8_t *in, *out;
    ssize_t ret;

    if (msg->fault == ODD && i == msg->at)
        len += 5;
    result = len + (msg->direction == ENCRYPT ? m->t->tag : 0);
    if (msg->direction == DECRYPT)
        len += m->t->tag;
    room = result + (one_in(4) && (m->aio || is_aead(s) || !msg->pairs) ? below(40) : 0);
    in = take_random(in_place && room > len ? room : len);
    out = in_place ? in : take(room);
    if (msg->direction == DECRYPT && is_aead(s) && m->t->key != NO_KEY && msg->fault != ODD) {
        ret = right(m, ENCRYPT, msg->iv, m->aad, in, result, msg->expected[i]);
        if (ret < 0)
            msg->refused = ret;
        else
            memcpy(in, msg->expected[i], (size_t)ret);
        if (msg->fault == FORGED && i == msg->at)
            in[len - 1 - below(s->aad ? m->t->tag : (uint32_t)len)] ^= (uint8_t)(1u << below(8));
    }
    msg->in[i] = (struct iovec){ in, len };
    msg->out[i] = (struct iovec){ out, room };
    msg->result[i] = result;
    msg->sum += result;
    if (m->t->key == NO_KEY || (msg->fault == ODD && i == msg->at) || msg->refused)
        return;
    ret = right(m, msg->direction, msg->iv, m->aad, in, len, msg->expected[i]);
    if (msg->fault == FORGED && i == msg->at)
        check(ret == -EBADMSG, "the oracle took a forged message: %zd", ret);
    else if (ret < 0)
        msg->refused = ret;
    else
        move_on(msg->iv, msg->direction == ENCRYPT ? msg->expected[i] : in, len);
}

/* Without AIO the pairs of a cipher are one message. */
static inline void join_pairs(const struct model *m, struct message *msg)
{
    static uint8_t all[80 * KIB], result[80 * KIB];
    size_t len = 0;
    ssize_t ret;

    for (size_t i = 0; i < msg->count; i++) {
        memcpy(all + len, msg->in[i].iov_base, msg->in[i].iov_len);
        len += msg->in[i].iov_len;
    }
    memcpy(msg->iv, msg->first_iv, IV_MAX);
    ret = right(m, msg->direction, msg->iv, 0, all, len, result);
    if (ret < 0)
        msg->refused = ret;
    move_on(msg->iv, msg->direction == ENCRYPT ? result : all, len);
    for (size_t i = 0, at = 0; i < msg->count; at += msg->in[i++].iov_len)
        memcpy(msg->expected[i], result + at, msg->in[i].iov_len);
}

static inline bool lacks_memory(enum fault fault)
{
    return fault == NO_INPUT || fault == NO_OUTPUT || fault == BAD_INPUT || fault == BAD_OUTPUT;
}

static inline void prepare(const struct model *m, struct message *msg, bool pairs)
{
    msg->direction = (enum direction)below(DIRECTIONS);
    msg->pairs = pairs;
    msg->count = msg->pairs ? 1 + below(PAIRS_MAX) : 1;
    msg->at = below((uint32_t)msg->count);
    msg->fault = one_in(5) ? (enum fault)below(FAULTS) : RIGHT;
    if (!is_possible(m, msg, msg->fault) || (lacks_memory(msg->fault) && !may_lack_memory()))
        msg->fault = RIGHT;
    msg->given = !one_in(3) || m->phase == UNKNOWN || !m->iv_known;
    msg->sum = 0;
    msg->refused = 0;
    if (msg->given)
        random_iv(msg->iv);
    else
        chain_of(m, msg->iv);
    memcpy(msg->first_iv, msg->iv, IV_MAX);
    for (size_t i = 0; i < msg->count; i++)
        prepare_pair(m, msg, i);
    if (msg->pairs && !m->aio && !is_aead(s) && m->t->key != NO_KEY && msg->fault != ODD)
        join_pairs(m, msg);
    switch (msg->fault) {
    case TOO_SHORT: msg->out[msg->at].iov_len = msg->result[msg->at] - 1; break;
    case NO_INPUT: msg->in[msg->at].iov_base = NULL; break;
    case NO_OUTPUT: msg->out[msg->at].iov_base = NULL; break;
    case BAD_INPUT: msg->in[msg->at].iov_base = forbidden_page(); break;
    case BAD_OUTPUT: msg->out[msg->at].iov_base = forbidden_page(); break;
    default: break;
    }
    /* What a one-shot of a cipher with a length of 0 returns, and a NULL of length 0, are no faults. */
    if ((msg->fault == TOO_SHORT && (msg->result[msg->at] == 0 || msg->result[msg->at] == 1)) ||
        msg->in[msg->at].iov_len == 0 || msg->result[msg->at] == 0 ||
        ((msg->fault == BAD_INPUT || msg->fault == BAD_OUTPUT) &&
         (msg->in[msg->at].iov_len > page_size() || msg->out[msg->at].iov_len > page_size()))) {
        msg->given = true;
        msg->count = 0;
    }
}

/* After a failure that leaves it open what goes on. */
static inline void leave_open(struct model *m)
{
    if (m->phase == STREAMING || m->phase == ANOTHERS)
        m->phase = UNKNOWN;
    else if (m->phase == IDLE || m->phase == FRESH)
        m->perhaps_lost = true;
}

static inline void succeeded(struct model *m, const struct message *msg)
{
    m->phase = IDLE;
    m->perhaps_lost = m->shared = false;
    m->direction = msg->direction;
    m->stream_aad = m->aad;
    memcpy(m->iv, msg->iv, IV_MAX);
    m->iv_known = knows_iv_after(s);
}

/* A request beside another handle's on the same transform, with which it may be processed together. */
static inline ssize_t by_request(const struct model *m, const struct message *msg)
{
    enum { LEN = 64 };
    handle *beside = reinit(m->h, 0);
    /* Valgrind does not see what io_uring writes into `out`. */
    uint8_t iv[IV_MAX], in[LEN], out[LEN + TAG_MAX] = { 0 }, want[LEN + TAG_MAX];
    struct kcapi_request requests[2] = { { .handle = m->h, .assoclen = (uint32_t)(is_aead(s) ? m->aad : 0) },
                                         { .handle = beside, .assoclen = (uint32_t)s->aad } };
    struct kcapi_request *own = &requests[0], *other = &requests[1];
    ssize_t ret, wanted = -ENOKEY;

    fill(in, LEN, 2);
    random_iv(iv);
    if (one_in(2)) {
        struct kcapi_request first = requests[0];

        requests[0] = requests[1];
        requests[1] = first;
        own = &requests[1];
        other = &requests[0];
    }
    own->type = msg->direction == ENCRYPT ? KCAPI_REQUEST_ENCRYPT : KCAPI_REQUEST_DECRYPT;
    own->iv = msg->given ? msg->first_iv : NULL;
    own->input = msg->in->iov_base;
    own->inlen = msg->in->iov_len;
    own->output = msg->out->iov_base;
    own->outlen = msg->out->iov_len;
    other->type = KCAPI_REQUEST_ENCRYPT;
    other->iv = iv;
    other->input = in;
    other->inlen = LEN;
    other->output = out;
    other->outlen = sizeof(out);
    add(", a request");
    ret = CALL(kcapi_process(requests, 2, sizeof(requests[0]), 0));
    add(": %zd, %zd", own->result, other->result);
    check(ret == (own->result >= 0) + (other->result >= 0), "so many did not succeed");
    if (m->t->key != NO_KEY)
        wanted = right(m, ENCRYPT, iv, s->aad, in, LEN, want);
    check(other->result == wanted || is_parents_tag(m, other->result), "the request beside: not %zd", wanted);
    if (other->result > 0)
        check(memcmp(out, want, (size_t)wanted) == 0, "the request beside: other bytes");
    s->calls->destroy(beside);
    return own->result;
}

static inline ssize_t call_of(const struct model *m, struct message *msg)
{
    const uint8_t *iv = msg->given ? msg->first_iv : NULL;

    if (msg->pairs)
        return CALL(s->calls->pairs[msg->direction](m->h, msg->in, msg->out, msg->count, iv, 0));
    /* A longer one-shot would be cut. */
    if (msg->in->iov_len <= 64 * KIB && one_in(2))
        return by_request(m, msg);
    return CALL(s->calls->whole[msg->direction](m->h, msg->in->iov_base, msg->in->iov_len, iv, msg->out->iov_base,
                                                msg->out->iov_len, 0));
}

/* What a message may end with. */
struct ends {
    struct errors state;  /* errors of the handle's state, which write nothing */
    struct errors errors; /* these, and those of the message */
    bool goes_on;
};

static inline struct ends ends_of(const struct model *m, const struct message *msg)
{
    struct ends e = { .goes_on = !msg->given && has_iv() };

    may_be(&e.state, m->t->key == NO_KEY, -ENOKEY);
    may_be(&e.state, e.goes_on && (m->phase == LOST || m->phase == ANOTHERS), -EINVAL);
    may_be(&e.state, e.goes_on && m->phase == STREAMING && m->pending > 0, -EINVAL);
    e.errors = e.state;
    may_be(&e.errors, msg->fault == FORGED || (msg->fault == ODD && is_aead(s)), -EBADMSG);
    may_be(&e.errors, msg->fault == TOO_SHORT || msg->fault == ODD, -EINVAL);
    may_be(&e.errors, lacks_memory(msg->fault), -EFAULT);
    may_be(&e.errors, msg->refused != 0, (int)msg->refused);
    return e;
}

/* Checks how a message has ended, and takes note of what it leaves. */
static inline void judge(struct model *m, const struct message *msg, ssize_t ret)
{
    struct ends e = ends_of(m, msg);

    if (ret < 0) {
        bool lost = e.goes_on && m->perhaps_lost && ret == -EINVAL;
        bool sent;

        check(lost || is_one_of(&e.errors, ret) || (e.goes_on && m->shared && ret == -EINVAL) ||
                  is_parents_tag(m, ret), "a message: %zd", ret);
        /* What is found before anything is sent writes nothing. */
        sent = !is_one_of(&e.state, ret) && (msg->fault == FORGED || msg->fault >= ODD ||
                                             (msg->refused && msg->fault == RIGHT));
        if (sent)
            any(msg->out, msg->count);
        if (lost && e.errors.count == 0)
            m->phase = m->shared ? UNKNOWN : LOST, m->perhaps_lost = false;
        else if (sent && ret == -EBADMSG)
            succeeded(m, msg);
        else if (sent)
            leave_open(m);
        return;
    }
    check(e.errors.count == 0, "it was to fail with %d", e.errors.list[0]);
    check(ret == (ssize_t)msg->sum, "it was to be %zu", msg->sum);
    for (size_t i = 0; i < msg->count; i++)
        memcpy(wanted(msg->out[i].iov_base), msg->expected[i], msg->result[i]);
    succeeded(m, msg);
}

/* Says what a message is. */
static inline void say_message(const struct model *m, const struct message *msg)
{
    say("%d: %s %zu%s of %zu%s%s", number_of(m), msg->direction == ENCRYPT ? "encrypt" : "decrypt",
        msg->count, msg->pairs ? " pairs" : "", msg->in[0].iov_len, msg->given ? "" : ", no IV",
        fault_names[msg->fault]);
}

static inline void step_message(struct model *m)
{
    static struct message msg;

    arena_begin();
    prepare(m, &msg, one_in(2));
    if (msg.count == 0)
        return;
    say_message(m, &msg);
    arena_ready();
    judge(m, &msg, call_of(m, &msg));
    arena_check("a message");
}

#endif
