/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * model-requests.h - many requests of the model in one call: of any of its handles on both transforms, with
 * and without IVs, right ones and wrong ones, digests between them
 *
 * Each ends as it would as a call of its own, one after the other. So they are judged in that order, each
 * by the state that those before it have left. The IV with which one goes on must be known beforehand: it is
 * what the model expects of those before it.
 */
#ifndef MODEL_REQUESTS_H
#define MODEL_REQUESTS_H

#include "md.h"
#include "model-messages.h"

enum { REQUESTS_MAX = 12, REQUEST_MAX = 20 * KIB, PARTS_MAX = 3, DIGEST = 32 };

/* A request: a message of a handle, or a digest if there is none. */
struct asked {
    struct model *m;
    struct message msg;
    struct iovec in[PARTS_MAX], out[PARTS_MAX];
    uint8_t digest[DIGEST];
};

static struct asked asked[REQUESTS_MAX];
static struct kcapi_request requests[REQUESTS_MAX];

/* What the model expects a message to leave. Where more than one end is right, the next one needs an IV. */
static inline void foresee(struct model *m, const struct message *msg)
{
    struct ends e = ends_of(m, msg);
    bool is_open = e.goes_on && (m->perhaps_lost || m->shared);

    if (!is_open && (e.errors.count == 0 || (e.errors.count == 1 && msg->fault == FORGED)))
        succeeded(m, msg);
    else
        m->phase = UNKNOWN;
}

static inline void ask_digest(struct kcapi_request *r, struct asked *a, handle *digest)
{
    size_t len = below(300);
    uint8_t *in = take_random(len), *out = take(DIGEST);

    a->m = NULL;
    a->msg.out[0] = (struct iovec){ out, DIGEST };
    kcapi_md_sha256(in, len, a->digest, DIGEST);
    *r = (struct kcapi_request){ .handle = digest,
                                 .type = KCAPI_REQUEST_DIGEST,
                                 .input = in,
                                 .inlen = len,
                                 .output = out,
                                 .outlen = DIGEST };
}

/* Buffers, or IOVECs over them. */
static inline void ask_message(struct kcapi_request *r, struct asked *a)
{
    const struct message *msg = &a->msg;

    *r = (struct kcapi_request){ .handle = a->m->h,
                                 .type = msg->direction == ENCRYPT ? KCAPI_REQUEST_ENCRYPT
                                                                   : KCAPI_REQUEST_DECRYPT,
                                 .iv = msg->given ? msg->first_iv : NULL,
                                 .assoclen = (uint32_t)(is_aead(s) ? a->m->aad : 0),
                                 .input = msg->in->iov_base,
                                 .inlen = msg->in->iov_len,
                                 .output = msg->out->iov_base,
                                 .outlen = msg->out->iov_len };
    if (msg->fault > TOO_SHORT && msg->fault != ODD)
        return;
    if (one_in(4)) {
        r->flags |= KCAPI_REQUEST_IN_IOV;
        r->input = a->in;
        r->inlen = cut(a->in, msg->in->iov_base, msg->in->iov_len, PARTS_MAX);
    }
    if (one_in(4)) {
        r->flags |= KCAPI_REQUEST_OUT_IOV;
        r->output = a->out;
        r->outlen = cut(a->out, msg->out->iov_base, msg->out->iov_len, PARTS_MAX);
    }
}

static inline void step_requests(void)
{
    static struct model foreseen[HANDLES];
    size_t count = 1 + below(one_in(3) ? REQUESTS_MAX : 4), few = 1 + below(HANDLES), good = 0;
    handle *digest = md("sha256");
    ssize_t ret;

    memcpy(foreseen, models, sizeof(models));
    memset(requests, 0, sizeof(requests));
    arena_begin();
    for (size_t i = 0; i < count; i++) {
        struct asked *a = &asked[i];

        if (one_in(10)) {
            ask_digest(&requests[i], a, digest);
            continue;
        }
        do {
            a->m = some_handle();
            a->msg.most = REQUEST_MAX;
            if (number_of(a->m) < (int)few)
                prepare(&foreseen[number_of(a->m)], &a->msg, false);
            else
                a->msg.count = 0;
        } while (a->msg.count == 0);
        foresee(&foreseen[number_of(a->m)], &a->msg);
        ask_message(&requests[i], a);
    }
    arena_ready();
    say("%zu requests", count);
    ret = CALL(kcapi_process(requests, count, sizeof(requests[0]), 0));
    for (size_t i = 0; i < count; i++) {
        struct asked *a = &asked[i];
        ssize_t result = requests[i].result;

        good += result >= 0;
        if (a->m) {
            say_message(a->m, &a->msg);
            add(", request %zu%s = %zd", i, requests[i].flags ? ", IOVECs" : "", result);
            judge(a->m, &a->msg, result);
        } else {
            check(result == DIGEST, "request %zu, a digest: %zd", i, result);
            memcpy(wanted(a->msg.out[0].iov_base), a->digest, DIGEST);
        }
    }
    check(ret == (ssize_t)good, "so many did not succeed");
    arena_check("requests");
    kcapi_md_destroy(digest);
}

#endif
