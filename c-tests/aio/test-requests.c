/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-requests.c - kcapi_process() gives what one call for each request gives, in the order of the array
 *
 * Random requests go through kcapi_process() with one set of handles, and one by one through the functions for
 * single messages with another set, whose handles have the same keys. The memory of both must be the same
 * afterwards, and so must the results. Requests share handles or not, are in place, scattered, overlap one another,
 * have no IV, are forged, or have lengths that are refused. On the kernel's engine they also have memory that is
 * not there.
 */
#define _GNU_SOURCE
#include "fill.h"
#include "random.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>

enum { HANDLES = 12, REQUESTS = 600, ARENA = 1 << 20, LONGEST = 6000, TAG = 16, PARTS = 3 };

enum family { CIPHER, AEAD, DIGEST };

struct algorithm {
    const char *name;
    enum family family;
    uint32_t keylen;
    uint32_t block; /* the lengths that it takes are multiples of this */
    uint32_t least;
    uint32_t ivlen;
};

static const struct algorithm algorithms[] = {
    { "cbc(aes)", CIPHER, 32, 16, 16, 16 },  { "cbc(aes)", CIPHER, 16, 16, 16, 16 },
    { "ctr(aes)", CIPHER, 32, 1, 1, 16 },    { "xts(aes)", CIPHER, 64, 1, 16, 16 },
    { "ecb(aes)", CIPHER, 24, 16, 16, 0 },   { "cbc(des3_ede)", CIPHER, 24, 8, 8, 8 },
    { "gcm(aes)", AEAD, 32, 1, 0, 12 },      { "ccm(aes)", AEAD, 16, 1, 0, 16 },
    { "rfc4106(gcm(aes))", AEAD, 36, 1, 0, 8 },
    { "rfc7539(chacha20,poly1305)", AEAD, 32, 1, 0, 12 },
    { "sha256", DIGEST, 0, 1, 0, 0 },        { "hmac(sha512)", DIGEST, 40, 1, 0, 0 },
    { "sha384", DIGEST, 0, 1, 0, 0 },        { "cmac(aes)", DIGEST, 16, 1, 0, 0 },
};

struct subject {
    const struct algorithm *algorithm;
    struct kcapi_handle *together, *alone;
    struct kcapi_handle *sealing; /* its IV is nobody's */
};

/* A request, by its places in the arenas. */
struct message {
    const struct subject *subject;
    uint32_t type, assoclen;
    bool has_iv, scattered;
    uint8_t iv[16];
    size_t in, inlen, out, outlen;
    /* Only so many bytes of the input or the output are there, or all. */
    size_t in_there, out_there;
};

enum { ALL = ARENA };

static struct subject subjects[HANDLES];
static size_t known; /* algorithms that are to be had here */
static uint8_t arena[2][ARENA]; /* of kcapi_process(), and of the calls one by one */
static uint8_t before[ARENA];
static struct message messages[REQUESTS];
static struct kcapi_request requests[REQUESTS];
static struct iovec parts[REQUESTS][2][PARTS];
/*
 * The last page, of the same two, behind which there is none; NULL where that is a signal. What is left in it is not
 * compared, since several requests write to it.
 */
static uint8_t *edge[2];

static int open_handle(const struct algorithm *a, struct kcapi_handle **handle, const uint8_t *key)
{
    int ret;

    if (a->family == CIPHER) {
        ret = kcapi_cipher_init(handle, a->name, 0);
        return ret ? ret : kcapi_cipher_setkey(*handle, key, a->keylen);
    }
    if (a->family == AEAD) {
        ret = kcapi_aead_init(handle, a->name, 0);
        if (ret == 0)
            ret = kcapi_aead_setkey(*handle, key, a->keylen);
        return ret ? ret : kcapi_aead_settaglen(*handle, TAG);
    }
    ret = kcapi_md_init(handle, a->name, 0);
    return ret || a->keylen == 0 ? ret : kcapi_md_setkey(*handle, key, a->keylen);
}

static void close_handle(const struct algorithm *a, struct kcapi_handle *handle)
{
    if (a->family == CIPHER)
        kcapi_cipher_destroy(handle);
    else if (a->family == AEAD)
        kcapi_aead_destroy(handle);
    else
        kcapi_md_destroy(handle);
}

/* Has as many messages processed as it takes for the transform to have a ring, by a handle of its own. */
static void open_ring(const struct subject *s)
{
    static struct kcapi_request warm_up[64];
    static uint8_t memory[64][64], iv[16] = { 3 };
    struct kcapi_handle *handle;

    if (s->algorithm->family == DIGEST)
        return;
    handle = reinit(s->together, 0);
    for (size_t i = 0; i < 64; i++)
        warm_up[i] = (struct kcapi_request){ .handle = handle, .type = KCAPI_REQUEST_ENCRYPT, .iv = iv,
                                             .input = memory[i], .inlen = 16, .output = memory[i], .outlen = 48 };
    for (size_t i = 1; s->algorithm->family == AEAD && i < 64; i++)
        warm_up[i].assoclen = 16;
    kcapi_process(warm_up, 64, sizeof(warm_up[0]), 0);
    close_handle(s->algorithm, handle);
}

/* Handles on transforms of their own, and on those of others. */
static void open_subjects(size_t count, const struct algorithm *only)
{
    for (size_t i = 0; i < count; i++) {
        struct subject *s = &subjects[i];
        struct subject *other = &subjects[i > 0 ? below((uint32_t)i) : 0];
        uint8_t key[64];

        random_bytes(key, sizeof(key));
        s->algorithm = only ? only : &algorithms[below((uint32_t)known)];
        if (i > 0 && (only ? !one_in(4) : one_in(3))) {
            s->algorithm = other->algorithm;
            if (kcapi_handle_reinit(&s->together, other->together, 0) ||
                kcapi_handle_reinit(&s->alone, other->alone, 0) ||
                kcapi_handle_reinit(&s->sealing, other->sealing, 0))
                bail_out("no further handle of %s", s->algorithm->name);
        } else if (open_handle(s->algorithm, &s->together, key) || open_handle(s->algorithm, &s->alone, key) ||
                   open_handle(s->algorithm, &s->sealing, key)) {
            bail_out("no handle of %s", s->algorithm->name);
        } else {
            open_ring(s);
        }
    }
}

static void close_subjects(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        close_handle(subjects[i].algorithm, subjects[i].together);
        close_handle(subjects[i].algorithm, subjects[i].alone);
        close_handle(subjects[i].algorithm, subjects[i].sealing);
    }
}

/* A message at `*at`, which is moved behind it; `wild`: its memory may be anybody's, and none fails, which would
 * leave in it nobody knows what. */
static void make(struct message *m, size_t count, size_t *at, bool wild, bool faults)
{
    const struct algorithm *a;
    size_t len, tag;

    m->subject = &subjects[below((uint32_t)count)];
    a = m->subject->algorithm;
    m->type = a->family == DIGEST ? KCAPI_REQUEST_DIGEST
              : one_in(2) || (wild && a->family == AEAD) ? KCAPI_REQUEST_ENCRYPT
                                                         : KCAPI_REQUEST_DECRYPT;
    len = below(one_in(4) ? LONGEST : 300);
    len -= len % a->block;
    if (len < a->least)
        len = a->least;
    m->assoclen = a->family != AEAD ? 0 : strncmp(a->name, "rfc4106", 7) == 0 ? 16 : below(20);
    tag = a->family == AEAD ? TAG : 0;
    len += m->assoclen;
    m->inlen = len + (m->type == KCAPI_REQUEST_DECRYPT ? tag : 0);
    m->outlen = a->family == DIGEST ? below(70) + 1 : len + (m->type == KCAPI_REQUEST_ENCRYPT ? tag : 0);
    if (faults && one_in(16))
        m->inlen += 1 + below(40);
    if (faults && one_in(16) && m->outlen > 0)
        m->outlen -= 1;
    m->has_iv = !one_in(12);
    m->scattered = one_in(8);
    random_bytes(m->iv, sizeof(m->iv));
    if (strncmp(a->name, "ccm", 3) == 0)
        m->iv[0] = 3;
    m->in = *at;
    *at += m->inlen + below(40);
    m->out = one_in(2) ? m->in : *at;
    if (m->out != m->in || m->outlen > m->inlen)
        *at = (m->out == m->in ? m->in : *at) + m->outlen + below(40) + LONGEST / 8;
    if (wild && one_in(3)) {
        m->in = below(ARENA / 16);
        m->out = below(ARENA / 16);
    }
    m->in_there = m->out_there = ALL;
    if (faults && edge[0] && one_in(12))
        *(one_in(2) ? &m->in_there : &m->out_there) = below((uint32_t)(len < page_size() ? len : page_size()));
}

static uint8_t *input_of(const struct message *m, int which)
{
    return m->in_there == ALL ? arena[which] + m->in : edge[which] + page_size() - m->in_there;
}

static uint8_t *output_of(const struct message *m, int which)
{
    return m->out_there == ALL ? arena[which] + m->out : edge[which] + page_size() - m->out_there;
}

static size_t scatter(struct iovec *list, uint8_t *start, size_t len)
{
    for (size_t i = 0; i < PARTS; i++) {
        list[i].iov_base = start;
        list[i].iov_len = i + 1 < PARTS ? below((uint32_t)len + 1) : len;
        start += list[i].iov_len;
        len -= list[i].iov_len;
    }
    return PARTS;
}

static void as_request(const struct message *m, struct kcapi_request *r, struct iovec list[2][PARTS])
{
    memset(r, 0, sizeof(*r));
    r->handle = m->subject->together;
    r->type = m->type;
    r->assoclen = m->assoclen;
    r->iv = m->has_iv ? m->iv : NULL;
    r->input = input_of(m, 0);
    r->inlen = m->inlen;
    r->output = output_of(m, 0);
    r->outlen = m->outlen;
    r->user = r;
    r->result = 12345;
    if (m->scattered && one_in(2)) {
        r->inlen = scatter(list[0], input_of(m, 0), m->inlen);
        r->input = list[0];
        r->flags |= KCAPI_REQUEST_IN_IOV;
    }
    if (m->scattered && !(r->flags && one_in(2))) {
        r->outlen = scatter(list[1], output_of(m, 0), m->outlen);
        r->output = list[1];
        r->flags |= KCAPI_REQUEST_OUT_IOV;
    }
}

static ssize_t call_alone(const struct message *m, struct kcapi_handle *h)
{
    const uint8_t *iv = m->has_iv ? m->iv : NULL, *in = input_of(m, 1);
    uint8_t *out = output_of(m, 1);

    if (m->type == KCAPI_REQUEST_DIGEST)
        return kcapi_md_digest(h, in, m->inlen, out, m->outlen);
    /* Without any room that call does nothing and succeeds, but a request is refused. */
    if (m->subject->algorithm->family == CIPHER && m->outlen == 0)
        return -EINVAL;
    if (m->subject->algorithm->family == CIPHER)
        return m->type == KCAPI_REQUEST_ENCRYPT ? kcapi_cipher_encrypt(h, in, m->inlen, iv, out, m->outlen, 0)
                                                : kcapi_cipher_decrypt(h, in, m->inlen, iv, out, m->outlen, 0);
    kcapi_aead_setassoclen(h, m->assoclen);
    return m->type == KCAPI_REQUEST_ENCRYPT ? kcapi_aead_encrypt(h, in, m->inlen, iv, out, m->outlen, 0)
                                            : kcapi_aead_decrypt(h, in, m->inlen, iv, out, m->outlen, 0);
}

/* Makes a message that decrypts what its subject can verify, in both arenas. */
static void seal(const struct message *m)
{
    struct message inverse = *m;
    ssize_t len = (ssize_t)m->outlen;

    if (m->subject->algorithm->family != AEAD || m->type != KCAPI_REQUEST_DECRYPT || !m->has_iv ||
        m->in_there != ALL || one_in(4))
        return;
    inverse.type = KCAPI_REQUEST_ENCRYPT;
    inverse.out = inverse.in;
    inverse.inlen = m->outlen;
    inverse.outlen = m->inlen;
    if (m->inlen == m->outlen + TAG && call_alone(&inverse, m->subject->sealing) == len + TAG)
        memcpy(arena[0] + m->in, arena[1] + m->in, m->inlen);
}

static const char *name_of(const struct message *m)
{
    return m->subject->algorithm->name;
}

/* A round; returns whether all was the same. */
static bool round_of(size_t count, size_t handles, bool wild, bool faults, const struct algorithm *only)
{
    ssize_t succeeded = 0, ret;
    size_t at = 0, n = 0;
    bool same = true;

    open_subjects(handles, only);
    random_bytes(arena[0], 4096);
    for (size_t i = 4096; i < ARENA; i += 4096)
        memcpy(arena[0] + i, arena[0], 4096);
    memcpy(arena[1], arena[0], ARENA);
    for (n = 0; n < count; n++) {
        make(&messages[n], handles, &at, wild, faults);
        if (at > ARENA - 4 * LONGEST)
            break;
        if (!wild)
            seal(&messages[n]);
    }
    memcpy(before, arena[0], ARENA);
    for (size_t i = 0; i < n; i++)
        as_request(&messages[i], &requests[i], parts[i]);
    ret = kcapi_process(requests, n, sizeof(requests[0]), 0);
    for (size_t i = 0; i < n; i++) {
        const struct message *m = &messages[i];
        ssize_t want = call_alone(m, m->subject->alone), got = requests[i].result;

        succeeded += got >= 0;
        if (got != want || requests[i].user != &requests[i]) {
            diag("request %zu of %zu, %s, type %u, %zu bytes, IV %d: %zd instead of %zd", i, n, name_of(m), m->type,
                 m->inlen, m->has_iv, got, want);
            same = false;
        }
        /* What a failed message leaves in its output is not said. */
        if (want < 0 && m->out_there == ALL)
            memcpy(arena[1] + m->out, arena[0] + m->out, m->outlen);
        if (want >= 0 && !wild && m->out_there == ALL &&
            memcmp(arena[1] + m->out, arena[0] + m->out, m->outlen) != 0) {
            diag("request %zu of %zu, %s, type %u, %zu bytes: other bytes", i, n, name_of(m), m->type, m->inlen);
            same = false;
        }
    }
    if (ret != succeeded) {
        diag("returned %zd, %zd succeeded", ret, succeeded);
        same = false;
    }
    if (memcmp(arena[0], arena[1], ARENA) != 0) {
        diag("memory differs");
        same = false;
    }
    close_subjects(handles);
    return same;
}

static void rounds(const char *what, uint32_t most, uint32_t handles, bool wild, bool faults, int times)
{
    bool same = true;

    seed_with(what, 1);
    for (int i = 0; i < times && same; i++)
        same = round_of(1 + below(most), 1 + below(handles), wild, faults, one_in(2) ? &algorithms[below((uint32_t)known)] : NULL);
    ok(same, "%s", what);
}

static void make_edges(void)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_md_init(&handle, "sha256", 0))
        bail_out("no sha256");
    for (int i = 0; i < 2 && strcmp(kcapi_handle_engine(handle), "kernel") == 0; i++) {
        edge[i] = mmap(NULL, 2 * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (edge[i] == MAP_FAILED || mprotect(edge[i] + page_size(), page_size(), PROT_NONE))
            bail_out("no page");
    }
    kcapi_md_destroy(handle);
}

int main(void)
{
    make_edges();
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        struct kcapi_handle *handle;
        uint8_t key[64] = { 1, 2, 3 };

        for (size_t j = 1; j < sizeof(key); j++)
            key[j] = (uint8_t)(key[j - 1] * 7 + 1);
        if (open_handle(&algorithms[i], &handle, key) == 0)
            close_handle(&algorithms[i], handle);
        else
            diag("no %s here", algorithms[i].name);
    }
    known = sizeof(algorithms) / sizeof(algorithms[0]);
    rounds("a few requests", 6, 4, false, false, 200);
    rounds("a few requests, some of which fail", 6, 4, false, true, 200);
    rounds("a few requests in one memory", 6, 4, true, false, 200);
    rounds("many requests", 80, HANDLES, false, false, 60);
    rounds("many requests, some of which fail", 80, HANDLES, false, true, 60);
    rounds("many requests in one memory", 80, HANDLES, true, false, 60);
    rounds("more requests than a ring holds", REQUESTS, HANDLES, false, true, 12);
    return done_testing();
}
