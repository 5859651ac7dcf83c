/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-request-digests.c - digests of many messages in one kcapi_process() are those of one call for each
 *
 * The user engine computes them side by side, in the lanes of vector registers, where a message that ends makes room
 * for the next one. So there are 1 to 70 messages of all lengths from 0 to 556 bytes and a few long ones, in mixed
 * order, of one handle or of several, with keys of several lengths, and of several algorithms in one call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/uio.h>

#include "fill.h"
#include "random.h"

enum { HANDLES = 5, MOST = 70, SHORT = 300, LONG = 5000, MORE = 256, KEYS = 200, DIGEST = 64 };

struct algorithm {
    const char *name;
    bool keyed;
    uint32_t keylen; /* 0: any */
};

static const struct algorithm algorithms[] = {
    { "sha224", false, 0 },      { "sha256", false, 0 },       { "sha384", false, 0 },
    { "sha512", false, 0 },      { "hmac(sha224)", true, 0 },  { "hmac(sha256)", true, 0 },
    { "hmac(sha384)", true, 0 }, { "hmac(sha512)", true, 0 },  { "cmac(aes)", true, 16 },
    { "cmac(aes)", true, 32 },   { "xcbc(aes)", true, 16 },    { "cbcmac(aes)", true, 24 },
    { "sha1", false, 0 },        { "hmac(sha1)", true, 0 },    { "sha3-256", false, 0 },
};
enum { ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]) };

/* Handles with the same key: one for kcapi_process(), one for single calls. */
struct pair {
    struct kcapi_handle *together, *alone;
};

static struct pair pairs[HANDLES];
static uint8_t data[MOST][LONG], got[MOST][DIGEST], want[MOST][DIGEST];
static struct kcapi_request requests[MOST];

static int open_pair(struct pair *pair, const struct algorithm *a)
{
    uint8_t key[KEYS];
    uint32_t keylen = a->keylen ? a->keylen : one_in(2) ? below(70) : below(KEYS + 1);
    int ret;

    random_bytes(key, sizeof(key));
    ret = kcapi_md_init(&pair->together, a->name, 0);
    if (ret)
        return ret;
    if (kcapi_md_init(&pair->alone, a->name, 0))
        bail_out("no second handle of %s", a->name);
    if (a->keyed && (kcapi_md_setkey(pair->together, key, keylen) || kcapi_md_setkey(pair->alone, key, keylen)))
        bail_out("%s takes no key of %u bytes", a->name, keylen);
    return 0;
}

/* The first pair has a transform of its own; others have one, too, or share that of an earlier one. */
static bool open_pairs(size_t count, const struct algorithm *only)
{
    for (size_t i = 0; i < count; i++) {
        const struct pair *other = &pairs[below((uint32_t)i)];

        if (i > 0 && one_in(2)) {
            pairs[i].together = reinit(other->together, 0);
            pairs[i].alone = reinit(other->alone, 0);
        } else {
            while (open_pair(&pairs[i], only ? only : &algorithms[below(ALGORITHMS)]))
                if (only)
                    return false;
        }
    }
    return true;
}

static void close_pairs(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kcapi_md_destroy(pairs[i].together);
        kcapi_md_destroy(pairs[i].alone);
    }
}

/* Processes requests and compares each result, and all bytes of its output, with those of a call of its own. */
static bool same_as_alone(size_t count, const size_t *numbers)
{
    bool same = true;
    ssize_t ret;

    for (size_t i = 0; i < count; i++) {
        const struct kcapi_request *r = &requests[i];

        memset(want[i], 0xee, DIGEST);
        if (kcapi_md_digest(pairs[numbers[i]].alone, r->input, r->inlen, want[i], r->outlen) < 0)
            bail_out("a single digest failed");
    }
    ret = kcapi_process(requests, count, sizeof(requests[0]), 0);
    if (ret != (ssize_t)count) {
        diag("%zd of %zu succeeded", ret, count);
        same = false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct kcapi_request *r = &requests[i];
        uint32_t size = kcapi_md_digestsize(r->handle);
        ssize_t len = (ssize_t)(r->outlen < size ? r->outlen : size);

        if (r->result != len || memcmp(r->output, want[i], r->output == data[i] ? (size_t)len : DIGEST) != 0) {
            diag("request %zu of %zu, handle %zu, %zu bytes: %zd, or other bytes", i, count, numbers[i], r->inlen,
                 r->result);
            same = false;
        }
    }
    return same;
}

static void prepare(size_t i, size_t number, size_t len)
{
    memset(got[i], 0xee, DIGEST);
    random_bytes(data[i], len);
    requests[i] = (struct kcapi_request){ .handle = pairs[number].together,
                                          .type = KCAPI_REQUEST_DIGEST,
                                          .input = data[i],
                                          .inlen = len,
                                          .output = got[i],
                                          .outlen = DIGEST };
}

/* All lengths from `shortest` on, so many messages in a call. */
static bool all_lengths(size_t handles, size_t count, size_t shortest)
{
    size_t len = below(SHORT + 1);

    for (size_t done = 0; done <= SHORT; done += count) {
        size_t numbers[MOST];

        for (size_t i = 0; i < count; i++) {
            numbers[i] = below((uint32_t)handles);
            /* 89 and 301 have no common divisor, so that this is each length in turn. */
            len = (len + 89) % (SHORT + 1);
            prepare(i, numbers[i], one_in(40) ? below(LONG) : shortest + len);
        }
        if (!same_as_alone(count, numbers))
            return false;
    }
    return true;
}

static void of_one_algorithm(const struct algorithm *a)
{
    static const size_t counts[] = { 1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 64, MOST };
    bool same = true;

    seed_with(a->name, a->keylen);
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]) && same; c++) {
        size_t handles = 1 + c % HANDLES;

        if (!open_pairs(handles, a)) {
            skip(1, a->name);
            return;
        }
        /* Some digests go side by side only if they are of more than a few blocks. */
        same = all_lengths(handles, counts[c], 0) && all_lengths(handles, counts[c], MORE);
        close_pairs(handles);
    }
    ok(same, "%s, keys of %u bytes", a->name, a->keylen);
}

static void of_several_algorithms(void)
{
    bool same = true;

    seed_with("several algorithms", 1);
    for (int times = 0; times < 100 && same; times++) {
        size_t numbers[MOST], count = 1 + below(MOST);

        open_pairs(HANDLES, NULL);
        for (size_t i = 0; i < count; i++) {
            numbers[i] = below(HANDLES);
            prepare(i, numbers[i], one_in(20) ? below(LONG) : below(SHORT));
            if (one_in(4))
                requests[i].outlen = 1 + below(DIGEST);
            if (one_in(4))
                requests[i].output = data[i];
        }
        same = same_as_alone(count, numbers);
        close_pairs(HANDLES);
    }
    ok(same, "several algorithms, in place and with short outputs");
}

/* What was sent before belongs to the handle's first request. */
static void of_a_message_that_has_begun(const struct algorithm *a)
{
    enum { COUNT = 30 };
    uint8_t expected[DIGEST];
    bool same = true;

    seed_with("begun", 1);
    if (!open_pairs(2, a)) {
        skip(1, a->name);
        return;
    }
    for (size_t i = 0; i < COUNT; i++)
        prepare(i, i % 2, 100 + i);
    if (kcapi_md_update(pairs[1].together, (const uint8_t *)"abc", 3) ||
        kcapi_md_update(pairs[1].alone, (const uint8_t *)"abc", 3))
        bail_out("no update");
    if (kcapi_process(requests, COUNT, sizeof(requests[0]), 0) != COUNT)
        same = false;
    for (size_t i = 0; i < COUNT; i++) {
        ssize_t ret = kcapi_md_digest(pairs[i % 2].alone, data[i], requests[i].inlen, expected, DIGEST);

        same = same && requests[i].result == ret && memcmp(got[i], expected, (size_t)ret) == 0;
    }
    close_pairs(2);
    ok(same, "%s: a message that has begun ends in the first request of its handle", a->name);
}

/* Without a key each fails by itself, and the others do not. */
static void without_a_key(void)
{
    enum { COUNT = 40 };
    static const struct algorithm hmac = { "hmac(sha512)", true, 20 };
    size_t numbers[COUNT];
    struct kcapi_handle *keyless;
    bool right = true;

    if (!open_pairs(1, &hmac) || kcapi_md_init(&keyless, hmac.name, 0))
        bail_out("no %s", hmac.name);
    for (size_t i = 0; i < COUNT; i++) {
        prepare(i, numbers[i] = 0, 10 * i);
        if (i % 4 == 3)
            requests[i].handle = keyless;
    }
    right = kcapi_process(requests, COUNT, sizeof(requests[0]), 0) == COUNT - COUNT / 4;
    for (size_t i = 0; i < COUNT; i++) {
        kcapi_md_digest(pairs[0].alone, data[i], requests[i].inlen, want[i], DIGEST);
        right = right && (i % 4 == 3 ? requests[i].result == -ENOKEY && all_are(got[i], 0xee, DIGEST)
                                     : requests[i].result == 64 && memcmp(got[i], want[i], 64) == 0);
    }
    kcapi_md_destroy(keyless);
    close_pairs(1);
    ok(right, "handles without a key fail, those with one do not");
}

/* The digest of no bytes needs no room, and was refused in a buffer; in several pieces it left its message in the
 * handle. */
static void of_no_bytes(void)
{
    struct iovec in[2] = { { data[0], 5 }, { data[1], 7 } }, out = { got[0], DIGEST };
    struct kcapi_handle *handle = NULL;
    int before;

    if (kcapi_md_init(&handle, "digest_null", 0)) {
        skip(1, "no digest_null here");
        return;
    }
    before = kcapi_md_setkey(handle, data[0], 4);
    for (int lists = 0; lists < 4; lists++) {
        bool of_in = lists & 1, of_out = lists & 2;
        struct kcapi_request r = {
            .handle = handle,
            .type = KCAPI_REQUEST_DIGEST,
            .flags = (of_in ? KCAPI_REQUEST_IN_IOV : 0) | (of_out ? KCAPI_REQUEST_OUT_IOV : 0),
            .input = of_in ? (void *)in : data[0],
            .inlen = of_in ? 2 : 5,
            .output = of_out ? (void *)&out : got[0],
            .outlen = of_out ? 1 : DIGEST,
        };

        is_int(kcapi_process(&r, 1, sizeof(r), 0), 1, "a digest of no bytes succeeds");
        is_int(r.result, 0, "and has none");
        is_int(kcapi_md_setkey(handle, data[0], 4), before, "nothing of it is left");
        is_int(kcapi_md_digest(handle, data[0], 5, got[0], DIGEST), 0, "a call of its own says the same");
    }
    is_int(kcapi_md_update(handle, data[0], 5), 0, "a message begins");
    is_int(kcapi_md_final(handle, got[0], DIGEST), 0, "and ends");
    is_int(kcapi_md_setkey(handle, data[0], 4), before, "for good");
    kcapi_md_destroy(handle);
}

int main(void)
{
    for (size_t i = 0; i < ALGORITHMS; i++)
        of_one_algorithm(&algorithms[i]);
    of_several_algorithms();
    of_a_message_that_has_begun(&algorithms[3]);
    of_a_message_that_has_begun(&algorithms[5]);
    of_a_message_that_has_begun(&algorithms[8]);
    without_a_key();
    of_no_bytes();
    return done_testing();
}
