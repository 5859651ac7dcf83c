/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-request-chains.c - what kcapi_process() leaves to a message without an IV, and to a new key
 *
 * After two requests that had failed, with a success between them, a request without an IV was encrypted with zeros.
 * Of large messages for which there were no threads the last one left its IV first, so that a message without one
 * went on from the message before it. An IV in another request's output was read before that output was there. And a
 * stream that a request had ended counted as begun: a new key was refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/uio.h>

#include "alone.h"
#include "fill.h"

enum { MOST = 8, KEY = 32, IV = 16 };

struct step {
    uint32_t type;
    size_t len;
    bool has_iv;
};

struct sequence {
    const char *what, *name;
    int processors; /* 0: as many as there are */
    struct step steps[MOST];
};

enum { E = KCAPI_REQUEST_ENCRYPT, D = KCAPI_REQUEST_DECRYPT, BIG = 3 * 1024 * 1024 };

static const struct sequence sequences[] = {
    { "no zeros after failures around a success", "cbc(aes)", 0,
      { { E, 17, true }, { E, 32, true }, { E, 17, true }, { E, 32, false } } },
    { "the same, and another message", "cbc(aes)", 0,
      { { E, 32, true }, { E, 17, true }, { E, 32, true }, { E, 17, true }, { E, 32, false }, { E, 32, true } } },
    { "no zeros after a success", "cbc(aes)", 0,
      { { E, 17, true }, { E, 17, true }, { E, 32, true }, { E, 32, false } } },
    { "large messages, the last one fails", "cbc(aes)", 0,
      { { D, BIG + 1, true }, { D, BIG, true }, { D, BIG + 1, true }, { D, 32, false } } },
    { "large messages, one in the middle fails", "cbc(aes)", 0,
      { { D, BIG, true }, { D, BIG + 1, true }, { D, BIG, true }, { D, 32, false } } },
    { "large messages go on", "ctr(aes)", 0, { { E, BIG, true }, { E, BIG, true }, { E, 32, false } } },
    { "large messages go on, with one processor", "ctr(aes)", 1, { { E, BIG, true }, { E, BIG, true }, { E, 32, false } } },
};
enum { SEQUENCES = sizeof(sequences) / sizeof(sequences[0]) };

static uint8_t key[KEY], ivs[MOST][IV];

static size_t steps_of(const struct sequence *s)
{
    size_t n = 0;

    while (n < MOST && s->steps[n].type)
        n++;
    return n;
}

static ssize_t one_call(struct kcapi_handle *h, const struct kcapi_request *r)
{
    return r->type == E ? kcapi_cipher_encrypt(h, r->input, r->inlen, r->iv, r->output, r->outlen, 0)
                        : kcapi_cipher_decrypt(h, r->input, r->inlen, r->iv, r->output, r->outlen, 0);
}

static void use_processors(int count)
{
    cpu_set_t set;
    int found = 0;

    if (count == 0 || sched_getaffinity(0, sizeof(set), &set))
        return;
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set) && found++ >= count)
            CPU_CLR(i, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

static void as_one_by_one(const void *arg)
{
    const struct sequence *s = arg;
    struct kcapi_handle *together, *alone;
    struct kcapi_request requests[MOST];
    uint8_t *in[MOST], *out[MOST], *want[MOST];
    size_t n = steps_of(s);

    use_processors(s->processors);
    together = cipher_with_key(s->name, key, KEY, 0);
    alone = cipher_with_key(s->name, key, KEY, 0);
    for (size_t i = 0; i < n; i++) {
        size_t len = s->steps[i].len;

        in[i] = pages(len);
        out[i] = pages(len);
        want[i] = pages(len);
        fill(in[i], len, (uint32_t)i);
        requests[i] = (struct kcapi_request){ .handle = together,
                                              .type = s->steps[i].type,
                                              .iv = s->steps[i].has_iv ? ivs[i] : NULL,
                                              .input = in[i],
                                              .inlen = len,
                                              .output = out[i],
                                              .outlen = len };
    }
    kcapi_process(requests, n, sizeof(requests[0]), 0);
    for (size_t i = 0; i < n; i++) {
        struct kcapi_request one = requests[i];
        ssize_t ret;

        one.output = want[i];
        ret = one_call(alone, &one);
        expect_at(requests[i].result == ret, __LINE__, "request %zu: %zd instead of %zd", i, requests[i].result, ret);
        if (ret > 0)
            expect(memcmp(out[i], want[i], (size_t)ret) == 0, "request %zu: other bytes", i);
    }
    for (size_t i = 0; i < n; i++) {
        free(in[i]);
        free(out[i]);
        free(want[i]);
    }
    kcapi_cipher_destroy(together);
    kcapi_cipher_destroy(alone);
}

/* Records as they were chained by hand: the IV of each is the last block of the one before. */
static void iv_in_another_output(const void *unused)
{
    enum { RECORDS = 4, LEN = 512 };
    struct kcapi_handle *h = cipher_with_key("cbc(aes)", key, KEY, 0);
    struct kcapi_request requests[RECORDS] = { 0 };
    uint8_t in[RECORDS][LEN], out[RECORDS][LEN], want[RECORDS * LEN];

    (void)unused;
    fill(in, sizeof(in), 1);
    for (int i = 0; i < RECORDS; i++)
        requests[i] = (struct kcapi_request){ .handle = h,
                                              .type = E,
                                              .iv = i == 0 ? ivs[0] : out[i - 1] + LEN - IV,
                                              .input = in[i],
                                              .inlen = LEN,
                                              .output = out[i],
                                              .outlen = LEN };
    expect_int(kcapi_process(requests, RECORDS, sizeof(requests[0]), 0), RECORDS, "the records");
    expect_int(kcapi_cipher_encrypt(h, in[0], sizeof(in), ivs[0], want, sizeof(want), 0), sizeof(want), "one message");
    expect(memcmp(out, want, sizeof(want)) == 0, "other bytes than one message has");
    kcapi_cipher_destroy(h);
}

/* The IV before each packet, which is encrypted in place, is nobody's output. */
static void iv_before_its_packet(const void *unused)
{
    enum { PACKETS = 20, LEN = 512 };
    struct kcapi_handle *h = cipher_with_key("cbc(aes)", key, KEY, 0);
    struct kcapi_request requests[PACKETS] = { 0 };
    uint8_t packets[PACKETS][IV + LEN], want[PACKETS][IV + LEN];

    (void)unused;
    fill(packets, sizeof(packets), 1);
    for (int i = 0; i < PACKETS; i++) {
        memcpy(want[i], packets[i], IV);
        kcapi_cipher_encrypt(h, packets[i] + IV, LEN, packets[i], want[i] + IV, LEN, 0);
        requests[i] = (struct kcapi_request){ .handle = h,
                                              .type = E,
                                              .iv = packets[i],
                                              .input = packets[i] + IV,
                                              .inlen = LEN,
                                              .output = packets[i] + IV,
                                              .outlen = LEN };
    }
    expect_int(kcapi_process(requests, PACKETS, sizeof(requests[0]), 0), PACKETS, "the packets");
    expect(memcmp(packets, want, sizeof(want)) == 0, "other bytes");
    kcapi_cipher_destroy(h);
}

/* A stream of which all that was sent has been received, and whose end is missing. */
static void key_after_a_stream(const void *unused)
{
    struct kcapi_handle *h = cipher_with_key("cbc(aes)", key, KEY, 0);
    struct kcapi_request requests[2];
    uint8_t in[64], out[2][64];
    struct iovec from = { in, 32 }, to = { out[0], 32 };

    (void)unused;
    fill(in, sizeof(in), 1);
    expect_int(kcapi_cipher_stream_init_enc(h, ivs[0], &from, 1), 32, "a stream");
    expect_int(kcapi_cipher_stream_op(h, &to, 1), 32, "its result");
    expect_int(kcapi_cipher_setkey(h, key, KEY), -EBUSY, "a key in its midst");
    for (int i = 0; i < 2; i++)
        requests[i] = (struct kcapi_request){
            .handle = h, .type = E, .iv = ivs[i], .input = in, .inlen = 64, .output = out[i], .outlen = 64
        };
    expect_int(kcapi_process(requests, 2, sizeof(requests[0]), 0), 2, "requests");
    expect_int(kcapi_cipher_setkey(h, key, KEY), 0, "a key after them");
    kcapi_cipher_destroy(h);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 7);
    fill(ivs, sizeof(ivs), 8);
    for (int i = 0; i < SEQUENCES; i++)
        ok(alone(as_one_by_one, &sequences[i]), "%s, %s", sequences[i].name, sequences[i].what);
    ok(alone(iv_in_another_output, NULL), "an IV that an earlier request makes");
    ok(alone(iv_before_its_packet, NULL), "IVs between the packets");
    ok(alone(key_after_a_stream, NULL), "a key after a stream that requests have ended");
    return done_testing();
}
