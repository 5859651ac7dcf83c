/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * bad-pages.h - memory of which a page is not there, and calls that take input and output in all ways
 */
#ifndef BAD_PAGES_H
#define BAD_PAGES_H

#include <errno.h>
#include <sys/mman.h>

#include "fill.h"
#include "md.h"

enum { MOST = 1200000, MOST_IOVECS = 1500, AAD = 16, TAG = 16 };

enum place { FIRST, MIDDLE, LAST, PLACES };
static const char *const places[] = { "first", "middle", "last" };

static uint8_t key[64], iv[16] = { 7 }, *data, *want, *got;

/* What a call needs; `parts` IOVECs, if it takes them. */
struct work {
    struct kcapi_handle *handle;
    const uint8_t *in;
    uint8_t *out;
    size_t len, outlen, parts;
};

/* Bytes that do not begin at a page's border. */
struct memory {
    uint8_t *map, *bytes;
    size_t size;
};

/* No page border is where an IOVEC's may be. */
static struct memory memory_of(size_t len)
{
    size_t page = page_size();
    struct memory m = { .size = (len + 2 * page) / page * page + page };

    m.map = mmap(NULL, m.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m.map == MAP_FAILED)
        bail_out("no memory");
    m.bytes = m.map + page - (len < 2 * page ? len / 2 : 100);
    return m;
}

enum lack { ABSENT, READ_ONLY };

/*
 * Not PROT_NONE: User-Mode Linux reads what a process has put into such a page before, as long
 * as it has it at hand.
 */
static void spoil(const struct memory *m, size_t len, enum place place, enum lack lack)
{
    size_t at = (size_t)(m->bytes - m->map), page = page_size();

    if (place == MIDDLE)
        at += len / 2;
    else if (place == LAST)
        at += len - 1;
    if (lack == ABSENT ? munmap(m->map + at / page * page, page)
                       : mprotect(m->map + at / page * page, page, PROT_READ))
        bail_out("munmap, mprotect: %s", strerror(errno));
}

static ssize_t one_call(const struct work *w)
{
    return kcapi_cipher_encrypt(w->handle, w->in, w->len, iv, w->out, w->outlen, 0);
}

static ssize_t decrypt(const struct work *w)
{
    return kcapi_cipher_decrypt(w->handle, w->in, w->len, iv, w->out, w->outlen, 0);
}

static ssize_t seal(const struct work *w)
{
    return kcapi_aead_encrypt(w->handle, w->in, w->len, iv, w->out, w->outlen, 0);
}

/* The message is what seal() has made of it: the ciphertext is in the memory of the input. */
static ssize_t unseal(const struct work *w)
{
    return kcapi_aead_decrypt(w->handle, w->in, w->len, iv, w->out, w->outlen, 0);
}

static size_t split(const void *bytes, size_t len, size_t parts, struct iovec *iov)
{
    size_t each = len / parts / 16 * 16;

    for (size_t i = 0; i < parts; i++)
        iov[i] = (struct iovec){ (uint8_t *)bytes + i * each, i + 1 < parts ? each : len - i * each };
    return parts;
}

static struct iovec from[MOST_IOVECS], to[MOST_IOVECS];

static ssize_t pairs(const struct work *w)
{
    split(w->in, w->len, w->parts, from);
    split(w->out, w->outlen, w->parts, to);
    return kcapi_cipher_encrypt_aio(w->handle, from, to, w->parts, iv, 0);
}

/* The last output but one is where the last input is, so that the library must copy the inputs. */
static ssize_t overlapping_pairs(const struct work *w)
{
    split(w->in == data ? memcpy(data + MOST, data, w->len) : w->in, w->len, w->parts, from);
    split(w->out, w->outlen, w->parts, to);
    to[w->parts - 2].iov_base = from[w->parts - 1].iov_base;
    return kcapi_cipher_encrypt_aio(w->handle, from, to, w->parts, iv, 0);
}

static ssize_t sealed_pairs(const struct work *w)
{
    size_t each = w->len / w->parts / 16 * 16;

    split(w->in, each * w->parts, w->parts, from);
    for (size_t i = 0; i < w->parts; i++)
        to[i] = (struct iovec){ w->out + i * (each + TAG), each + TAG };
    return kcapi_aead_encrypt_aio(w->handle, from, to, w->parts, iv, 0);
}

/*
 * Requests of one handle, each of which has -EFAULT or its result. The first call has left the right ones in `want`.
 */
static ssize_t requests_with(const struct work *w, size_t tag)
{
    static struct kcapi_request r[MOST_IOVECS];
    size_t each = w->len / w->parts / 16 * 16, faults = 0;
    ssize_t ret;

    for (size_t i = 0; i < w->parts; i++)
        r[i] = (struct kcapi_request){ .handle = w->handle,
                                       .type = KCAPI_REQUEST_ENCRYPT,
                                       .iv = iv,
                                       .assoclen = tag ? AAD : 0,
                                       .input = w->in + i * each,
                                       .inlen = each,
                                       .output = w->out + i * (each + tag),
                                       .outlen = each + tag };
    ret = kcapi_process(r, w->parts, sizeof(r[0]), 0);
    for (size_t i = 0; i < w->parts; i++) {
        if (r[i].result == -EFAULT)
            faults++;
        else if (r[i].result != (ssize_t)(each + tag) ||
                 memcmp(r[i].output, want + i * (each + tag), each + tag) != 0)
            return -EIO;
    }
    return ret + (ssize_t)faults != (ssize_t)w->parts ? -EIO
           : faults                                   ? -EFAULT
                                                      : ret * (ssize_t)(each + tag);
}

static ssize_t requests(const struct work *w) { return requests_with(w, 0); }
static ssize_t sealed_requests(const struct work *w) { return requests_with(w, TAG); }

/* The result is still there when it could not be written. */
static ssize_t cipher_stream_op(const struct work *w)
{
    split(w->out, w->outlen, w->parts, to);
    return kcapi_cipher_stream_op(w->handle, to, w->parts);
}

static ssize_t aead_stream_op(const struct work *w)
{
    struct iovec out = { w->out, w->outlen };

    return kcapi_aead_stream_op(w->handle, &out, 1);
}

static ssize_t cipher_stream(const struct work *w)
{
    ssize_t ret;

    split(w->in, w->len, w->parts, from);
    ret = kcapi_cipher_stream_init_enc(w->handle, iv, from, 1);
    for (size_t i = 1; ret >= 0 && i + 1 < w->parts; i++)
        ret = kcapi_cipher_stream_update(w->handle, from + i, 1);
    if (ret >= 0)
        ret = kcapi_cipher_stream_update_last(w->handle, from + w->parts - 1, 1);
    return ret < 0 ? ret : cipher_stream_op(w);
}

static ssize_t aead_stream(const struct work *w)
{
    ssize_t ret;

    split(w->in, w->len, w->parts, from);
    ret = kcapi_aead_stream_init_enc(w->handle, iv, from, 1);
    for (size_t i = 1; ret >= 0 && i + 1 < w->parts; i++)
        ret = kcapi_aead_stream_update(w->handle, from + i, 1);
    if (ret >= 0)
        ret = kcapi_aead_stream_update_last(w->handle, from + w->parts - 1, 1);
    return ret < 0 ? ret : aead_stream_op(w);
}

static ssize_t digest(const struct work *w)
{
    return kcapi_md_digest(w->handle, w->in, w->len, w->out, w->outlen);
}

static ssize_t update_final(const struct work *w)
{
    int ret = kcapi_md_update(w->handle, w->in, w->len / 2);

    ret = ret ? ret : kcapi_md_update(w->handle, w->in + w->len / 2, w->len - w->len / 2);
    /* The error of an update is final's, too; that of another one is told. */
    return ret ? (kcapi_md_final(w->handle, got, w->outlen), ret)
               : kcapi_md_final(w->handle, w->out, w->outlen);
}

/* A key that could not be written was a signal. */
static ssize_t derive(const struct work *w)
{
    ssize_t ret = kcapi_kdf_ctr(w->handle, w->in, w->len, w->out, w->outlen);

    return ret ? ret : (ssize_t)w->outlen;
}

static ssize_t extract_and_expand(const struct work *w)
{
    ssize_t ret = kcapi_hkdf("hmac(sha256)", w->in, w->len, key, 16, NULL, 0, w->out, w->outlen);

    return ret ? ret : (ssize_t)w->outlen;
}

static ssize_t generate(const struct work *w)
{
    ssize_t ret = kcapi_rng_generate(w->handle, w->out, w->outlen);

    memset(w->out, 0, ret > 0 ? w->outlen : 0);
    return ret;
}

#endif
