/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A stream decryption whose result is empty was a success with any tag, since nobody asked the cipher.
 * Every way to receive a message verifies its tag, also where there is nothing to receive.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "alone.h"
#include "subjects.h"

enum { TEXT_MAX = 64, MESSAGE_MAX = 16 + TEXT_MAX + 32, MANY = 3 };

struct message {
    handle *handle;
    const uint8_t *iv;
    uint8_t in[MESSAGE_MAX];
    size_t len, result, tag;
    const uint8_t *right; /* the same message with the right tag */
    uint8_t out[MANY * MESSAGE_MAX];
};

static ssize_t one_shot(struct message *m)
{
    return kcapi_aead_decrypt(m->handle, m->in, m->len, m->iv, m->out, m->result, 0);
}

static ssize_t one_shot_more_room(struct message *m)
{
    return kcapi_aead_decrypt(m->handle, m->in, m->len, m->iv, m->out, m->result + 1, 0);
}

static ssize_t in_place(struct message *m)
{
    memcpy(m->out, m->in, m->len);
    return kcapi_aead_decrypt(m->handle, m->out, m->len, m->iv, m->out, m->result, 0);
}

static ssize_t one_pair(struct message *m)
{
    struct iovec from = { m->in, m->len }, to = { m->out, m->result };

    return kcapi_aead_decrypt_aio(m->handle, &from, &to, 1, m->iv, 0);
}

/* As one among many, the others of which are right; the sum of the results is divided. */
static ssize_t pair_at(struct message *m, size_t place)
{
    struct iovec from[MANY], to[MANY];
    ssize_t ret;

    for (size_t i = 0; i < MANY; i++) {
        from[i] = (struct iovec){ i == place ? m->in : (uint8_t *)m->right, m->len };
        to[i] = (struct iovec){ m->out + i * MESSAGE_MAX, m->result };
    }
    ret = kcapi_aead_decrypt_aio(m->handle, from, to, MANY, m->iv, 0);
    return ret < 0 ? ret : ret / MANY;
}

static ssize_t first_pair(struct message *m) { return pair_at(m, 0); }
static ssize_t middle_pair(struct message *m) { return pair_at(m, 1); }
static ssize_t last_pair(struct message *m) { return pair_at(m, MANY - 1); }

/* What a stream's calls return other than expected is its result. */
static ssize_t receive(struct message *m, size_t room)
{
    struct iovec to = { m->out, room };

    return kcapi_aead_stream_op(m->handle, &to, 1);
}

static ssize_t send_in_two(struct message *m, size_t first)
{
    struct iovec head = { m->in, first }, tail = { m->in + first, m->len - first };
    ssize_t ret = kcapi_aead_stream_init_dec(m->handle, m->iv, &head, 1);

    if (ret != (ssize_t)first)
        return ret < 0 ? ret : -EIO;
    ret = kcapi_aead_stream_update_last(m->handle, &tail, 1);
    return ret == (ssize_t)(m->len - first) ? 0 : ret < 0 ? ret : -EIO;
}

static ssize_t stream_tag_last(struct message *m)
{
    ssize_t ret = send_in_two(m, m->len - m->tag);

    return ret ? ret : receive(m, m->result);
}

static ssize_t stream_at_once(struct message *m)
{
    ssize_t ret = send_in_two(m, m->len);

    return ret ? ret : receive(m, m->result);
}

static ssize_t stream_more_room(struct message *m)
{
    ssize_t ret = send_in_two(m, m->len / 2);

    return ret ? ret : receive(m, m->result + 1);
}

static ssize_t stream_in_bytes(struct message *m)
{
    ssize_t ret = kcapi_aead_stream_init_dec(m->handle, m->iv, NULL, 0);

    for (size_t i = 0; i < m->len && ret >= 0; i++) {
        struct iovec byte = { m->in + i, 1 };

        ret = kcapi_aead_stream_update(m->handle, &byte, 1);
    }
    if (ret >= 0)
        ret = kcapi_aead_stream_update_last(m->handle, NULL, 0);
    return ret < 0 ? ret : receive(m, m->result);
}

static ssize_t stream_into_two(struct message *m)
{
    struct iovec to[3] = { { NULL, 0 }, { m->out, m->result / 2 },
                           { m->out + m->result / 2, m->result - m->result / 2 } };
    ssize_t ret = send_in_two(m, m->len - m->tag);

    return ret ? ret : kcapi_aead_stream_op(m->handle, to, 3);
}

static ssize_t stream_nowhere(struct message *m)
{
    struct iovec to = { m->result ? m->out : NULL, m->result };
    ssize_t ret = send_in_two(m, m->len - m->tag);

    return ret ? ret : kcapi_aead_stream_op(m->handle, &to, 1);
}

/* Too little room loses nothing; neither does an incomplete message. */
static ssize_t stream_asked_too_early(struct message *m)
{
    struct iovec head = { m->in, m->len - 1 }, tail = { m->in + m->len - 1, 1 }, no_room = { m->out, 0 };

    kcapi_aead_stream_init_dec(m->handle, m->iv, &head, 1);
    if (kcapi_aead_stream_op(m->handle, &no_room, 1) != -EINVAL)
        return -EIO;
    kcapi_aead_stream_update_last(m->handle, &tail, 1);
    if (kcapi_aead_stream_op(m->handle, NULL, 0) != -EINVAL)
        return -EIO;
    if (m->result > 0 && receive(m, m->result - 1) != -EINVAL)
        return -EIO;
    return receive(m, m->result);
}

static const struct {
    const char *name;
    ssize_t (*receive)(struct message *m);
} ways[] = {
    { "a one-shot", one_shot },
    { "a one-shot with more room", one_shot_more_room },
    { "a one-shot in place", in_place },
    { "one pair", one_pair },
    { "the first pair", first_pair },
    { "the middle pair", middle_pair },
    { "the last pair", last_pair },
    { "a stream, the tag last", stream_tag_last },
    { "a stream at once", stream_at_once },
    { "a stream with more room", stream_more_room },
    { "a stream in bytes", stream_in_bytes },
    { "a stream into two", stream_into_two },
    { "a stream into nothing", stream_nowhere },
    { "a stream asked too early", stream_asked_too_early },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

struct sizes {
    const struct subject *aead;
    uint32_t tag, flags;
    size_t aad, text;
};

/* Every way, with the right tag and with wrong ones, in turn on one handle. */
static void every_way(const void *arg)
{
    const struct sizes *s = arg;
    uint8_t plain[16 + TEXT_MAX], sealed[MESSAGE_MAX], iv[IV_MAX];
    struct message m = { .iv = iv_of(s->aead, 0, iv), .len = s->aad + s->text + s->tag, .result = s->aad + s->text,
                         .tag = s->tag, .right = sealed };

    fill(plain, sizeof(plain), 3);
    m.handle = handle_of(s->aead, 0, s->tag, s->aad, s->flags);
    if (kcapi_aead_encrypt(m.handle, plain, m.result, iv, sealed, m.len, 0) != (ssize_t)m.len)
        bail_out("%s does not encrypt", s->aead->name);
    for (size_t way = 0; way < WAYS; way++) {
        for (size_t wrong = 0; wrong <= s->tag; wrong += s->tag / 2) {
            ssize_t ret;

            memcpy(m.in, sealed, m.len);
            m.in[m.len - (wrong ? wrong : s->tag)] ^= 0x40;
            ret = ways[way].receive(&m);
            expect(ret == -EBADMSG, "%s, a WRONG tag: %zd", ways[way].name, ret);
            memcpy(m.in, sealed, m.len);
            ret = ways[way].receive(&m);
            expect(ret == (ssize_t)m.result, "%s, the right tag after it: %zd", ways[way].name, ret);
        }
    }
    kcapi_aead_destroy(m.handle);
}

/* A stream of less than a tag, picked up into no room, was a success. */
static void no_tag(const void *arg)
{
    const struct subject *a = arg;
    handle *h = handle_of(a, 0, a->tag, 0, 0);
    uint8_t iv[IV_MAX], text[MESSAGE_MAX] = { 0 };
    struct iovec nothing = { text, 0 }, little = { text, a->tag - 1 };

    iv_of(a, 0, iv);
    for (int i = 0; i < 2; i++) {
        ssize_t ret = kcapi_aead_stream_init_dec(h, iv, i ? &little : &nothing, 1);

        if (ret >= 0)
            ret = kcapi_aead_stream_update_last(h, NULL, 0);
        if (ret >= 0)
            ret = kcapi_aead_stream_op(h, &nothing, 1);
        expect(ret < 0, "%zu bytes, of which none is a tag: %zd", i ? little.iov_len : 0, ret);
        kcapi_aead_destroy(h);
        h = handle_of(a, 0, a->tag, 0, 0);
    }
    kcapi_aead_destroy(h);
}

static void test_aead(const struct subject *a)
{
    static const size_t texts[] = { 0, 16, TEXT_MAX };

    if (!a->aad)
        ok(alone(no_tag, a), "%s: no tag", a->name);
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags++) {
            struct sizes with_aad = { a, a->tag, flags, 16, texts[i] };
            struct sizes without = { a, a->shorter_tag ? a->shorter_tag : a->tag, flags, 0, texts[i] };
            const char *aio = flags ? ", AIO" : "";

            ok(alone(every_way, &with_aad), "%s: AAD and %zu bytes%s", a->name, texts[i], aio);
            if (!a->aad)
                ok(alone(every_way, &without), "%s: %zu bytes%s", a->name, texts[i], aio);
        }
    }
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (!is_aead(&subjects[i]))
            continue;
        if (is_there(&subjects[i]))
            test_aead(&subjects[i]);
        else
            skip(1, subjects[i].name);
    }
    return done_testing();
}
