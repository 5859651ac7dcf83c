/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* calls.c - the calls, and the rows that are made of them */
#define _GNU_SOURCE
#include "calls.h"

#include <stdint.h>
#include <string.h>

enum { AAD = 16, TAG = 16, KIB = 1024, MIB = 1024 * KIB, MOST_MESSAGES = 256, ITERATIONS = 100 };

/* The same memory for all libraries, as different places would differ in speed. */
static _Alignas(4096) uint8_t in[MIB + MIB / 4], out[MIB + MIB / 4];
static const uint8_t key[32] = "two different keys for xts(aes)", iv[16] = "an IV of 16 byte";
static struct iovec from[MOST_MESSAGES], to[MOST_MESSAGES];

static bool is(const struct job *job, const char *algorithm)
{
    return strcmp(job->row->call->algorithm, algorithm) == 0;
}

static int open_cipher(struct job *job)
{
    int ret = job->lib->cipher_init(&job->handle, job->row->call->algorithm, KCAPI_INIT_AIO);

    return ret ? ret : job->lib->cipher_setkey(job->handle, key, is(job, "xts(aes)") ? 32 : 16);
}
static void close_cipher(const struct job *job) { job->lib->cipher_destroy(job->handle); }

static int open_aead(struct job *job)
{
    int ret = job->lib->aead_init(&job->handle, job->row->call->algorithm, KCAPI_INIT_AIO);

    ret = ret ? ret : job->lib->aead_setkey(job->handle, key, 16);
    ret = ret ? ret : job->lib->aead_settaglen(job->handle, TAG);
    if (!ret)
        job->lib->aead_setassoclen(job->handle, AAD);
    return ret;
}
static void close_aead(const struct job *job) { job->lib->aead_destroy(job->handle); }

static int open_md(struct job *job)
{
    int ret = job->lib->md_init(&job->handle, job->row->call->algorithm, 0);

    return ret || is(job, "sha256") ? ret : job->lib->md_setkey(job->handle, key, 32);
}
static void close_md(const struct job *job) { job->lib->md_destroy(job->handle); }

static int open_rng(struct job *job)
{
    int ret = job->lib->rng_init(&job->handle, job->row->call->algorithm, 0);

    return ret ? ret : job->lib->rng_seed(job->handle, (uint8_t *)key, 32);
}
static void close_rng(const struct job *job) { job->lib->rng_destroy(job->handle); }

static ssize_t cipher_init_with(const struct job *job, uint32_t flags)
{
    struct kcapi_handle *handle;
    int ret = job->lib->cipher_init(&handle, job->row->call->algorithm, flags);

    if (!ret)
        job->lib->cipher_destroy(handle);
    return ret;
}
static ssize_t cipher_init(const struct job *job) { return cipher_init_with(job, 0); }
static ssize_t cipher_init_aio(const struct job *job)
{
    return cipher_init_with(job, KCAPI_INIT_AIO);
}
static ssize_t aead_init(const struct job *job)
{
    struct kcapi_handle *handle;
    int ret = job->lib->aead_init(&handle, job->row->call->algorithm, 0);

    if (!ret)
        job->lib->aead_destroy(handle);
    return ret;
}
static ssize_t md_init(const struct job *job)
{
    struct kcapi_handle *handle;
    int ret = job->lib->md_init(&handle, job->row->call->algorithm, 0);

    if (!ret)
        job->lib->md_destroy(handle);
    return ret;
}
static ssize_t rng_init(const struct job *job)
{
    struct kcapi_handle *handle;
    int ret = job->lib->rng_init(&handle, job->row->call->algorithm, 0);

    if (!ret)
        job->lib->rng_destroy(handle);
    return ret;
}

static ssize_t reinit(const struct job *job)
{
    struct kcapi_handle *handle;
    int ret = job->lib->handle_reinit(&handle, job->handle, 0);

    if (!ret)
        job->lib->cipher_destroy(handle);
    return ret;
}
static ssize_t reinit_encrypt(const struct job *job)
{
    struct kcapi_handle *handle;
    ssize_t ret = job->lib->handle_reinit(&handle, job->handle, 0);

    if (!ret) {
        ret = job->lib->cipher_encrypt(handle, in, job->row->bytes, iv, out, job->row->bytes, 0);
        job->lib->cipher_destroy(handle);
    }
    return ret;
}
static ssize_t cipher_setkey(const struct job *job)
{
    return job->lib->cipher_setkey(job->handle, key, 16);
}

/* All messages have the same input and output, as in a program that uses its buffers again. */
static ssize_t cipher_encrypt(const struct job *job)
{
    const struct row *row = job->row;
    ssize_t ret = 0;

    for (size_t i = 0; i < row->messages && ret >= 0; i++)
        ret = job->lib->cipher_encrypt(job->handle, from[i].iov_base, row->bytes, iv,
                                       to[i].iov_base, row->bytes, row->access);
    return ret;
}
static ssize_t aead_encrypt(const struct job *job)
{
    const struct row *row = job->row;
    ssize_t ret = 0;

    for (size_t i = 0; i < row->messages && ret >= 0; i++)
        ret = job->lib->aead_encrypt(job->handle, from[i].iov_base, from[i].iov_len, iv,
                                     to[i].iov_base, to[i].iov_len, row->access);
    return ret;
}
static ssize_t cipher_encrypt_aio(const struct job *job)
{
    return job->lib->cipher_encrypt_aio(job->handle, from, to, job->row->messages, iv, 0);
}
static ssize_t aead_encrypt_aio(const struct job *job)
{
    return job->lib->aead_encrypt_aio(job->handle, from, to, job->row->messages, iv, 0);
}
static ssize_t cipher_stream(const struct job *job)
{
    ssize_t ret = job->lib->cipher_stream_init_enc(job->handle, iv, NULL, 0);

    ret = ret < 0 ? ret : job->lib->cipher_stream_update_last(job->handle, from, 1);
    return ret < 0 ? ret : job->lib->cipher_stream_op(job->handle, to, 1);
}
static ssize_t md_digest(const struct job *job)
{
    return job->lib->md_digest(job->handle, in, job->row->bytes, out, 32);
}
static ssize_t rng_generate(const struct job *job)
{
    return job->lib->rng_generate(job->handle, out, job->row->bytes);
}

static ssize_t md_sha256(const struct job *job)
{
    return job->lib->md_sha256(in, job->row->bytes, out, 32);
}
static ssize_t md_hmac_sha256(const struct job *job)
{
    return job->lib->md_hmac_sha256(key, 32, in, job->row->bytes, out, 32);
}
static ssize_t enc_aes_cbc(const struct job *job)
{
    return job->lib->cipher_enc_aes_cbc(key, 16, in, job->row->bytes, iv, out, job->row->bytes);
}
static ssize_t rng_get_bytes(const struct job *job)
{
    return job->lib->rng_get_bytes(out, job->row->bytes);
}
static ssize_t hkdf(const struct job *job)
{
    return job->lib->hkdf(job->row->call->algorithm, in, 32, key, 16, iv, 16, out, job->row->bytes);
}
static ssize_t pbkdf(const struct job *job)
{
    return job->lib->pbkdf(job->row->call->algorithm, in, 16, iv, 16, ITERATIONS, out, job->row->bytes);
}

#define WITHOUT_HANDLE(name, algorithm, run) { name, algorithm, NULL, run, NULL }
#define ON_CIPHER(name, algorithm, run) { name, algorithm, open_cipher, run, close_cipher }
#define ON_AEAD(name, algorithm, run) { name, algorithm, open_aead, run, close_aead }
#define ON_MD(name, algorithm, run) { name, algorithm, open_md, run, close_md }
#define ON_RNG(name, algorithm, run) { name, algorithm, open_rng, run, close_rng }

/* One row for each size from `first` to `last`, each four times the one before. */
static const struct {
    struct call call;
    size_t first, last;
    int access;
} series[] = {
    { WITHOUT_HANDLE("cipher_init, destroy", "cbc(aes)", cipher_init), 0, 0, 0 },
    { WITHOUT_HANDLE("cipher_init for AIO, destroy", "cbc(aes)", cipher_init_aio), 0, 0, 0 },
    { WITHOUT_HANDLE("aead_init, destroy", "gcm(aes)", aead_init), 0, 0, 0 },
    { WITHOUT_HANDLE("md_init, destroy", "sha256", md_init), 0, 0, 0 },
    { WITHOUT_HANDLE("rng_init, destroy", "stdrng", rng_init), 0, 0, 0 },
    { ON_CIPHER("handle_reinit, destroy", "cbc(aes)", reinit), 0, 0, 0 },
    { ON_CIPHER("reinit, encrypt, destroy", "cbc(aes)", reinit_encrypt), 16, 16, 0 },
    { ON_CIPHER("cipher_setkey", "cbc(aes)", cipher_setkey), 16, 16, 0 },
    { WITHOUT_HANDLE("md_sha256", "sha256", md_sha256), 64, 64, 0 },
    { WITHOUT_HANDLE("md_hmac_sha256", "hmac(sha256)", md_hmac_sha256), 64, 64, 0 },
    { WITHOUT_HANDLE("cipher_enc_aes_cbc", "cbc(aes)", enc_aes_cbc), 64, 64, 0 },
    { WITHOUT_HANDLE("rng_get_bytes", "stdrng", rng_get_bytes), 64, 64, 0 },
    { ON_RNG("rng_generate", "stdrng", rng_generate), 64, 64, 0 },
    { WITHOUT_HANDLE("hkdf", "hmac(sha256)", hkdf), 64, 64, 0 },
    { WITHOUT_HANDLE("pbkdf, 100 iterations", "hmac(sha256)", pbkdf), 32, 32, 0 },
    { ON_MD("md_digest", "sha256", md_digest), 16, MIB, 0 },
    { ON_MD("md_digest", "hmac(sha256)", md_digest), 16, MIB, 0 },
    { ON_CIPHER("cipher_encrypt", "cbc(aes)", cipher_encrypt), 16, MIB, KCAPI_ACCESS_HEURISTIC },
    { ON_CIPHER("cipher_encrypt", "cbc(aes)", cipher_encrypt), 16, MIB, KCAPI_ACCESS_VMSPLICE },
    { ON_CIPHER("cipher_encrypt", "cbc(aes)", cipher_encrypt), 16, MIB, KCAPI_ACCESS_SENDMSG },
    { ON_CIPHER("cipher_encrypt", "ctr(aes)", cipher_encrypt), 16, MIB, KCAPI_ACCESS_HEURISTIC },
    { ON_CIPHER("cipher_encrypt", "xts(aes)", cipher_encrypt), 16, MIB, KCAPI_ACCESS_HEURISTIC },
    { ON_AEAD("aead_encrypt", "gcm(aes)", aead_encrypt), 16, MIB, KCAPI_ACCESS_HEURISTIC },
    { ON_CIPHER("stream_init_enc, update_last, op", "cbc(aes)", cipher_stream), 64, 16 * KIB, 0 },
};

/* An AIO call, and as many synchronous calls as it has IOVECs. */
static const struct {
    struct call aio, sync;
    size_t bytes;
} batches[] = {
    { ON_CIPHER("cipher_encrypt_aio", "cbc(aes)", cipher_encrypt_aio),
      ON_CIPHER("cipher_encrypt", "cbc(aes)", cipher_encrypt), 16 },
    { ON_CIPHER("cipher_encrypt_aio", "cbc(aes)", cipher_encrypt_aio),
      ON_CIPHER("cipher_encrypt", "cbc(aes)", cipher_encrypt), 4 * KIB },
    { ON_AEAD("aead_encrypt_aio", "gcm(aes)", aead_encrypt_aio),
      ON_AEAD("aead_encrypt", "gcm(aes)", aead_encrypt), 16 },
    { ON_AEAD("aead_encrypt_aio", "gcm(aes)", aead_encrypt_aio),
      ON_AEAD("aead_encrypt", "gcm(aes)", aead_encrypt), 4 * KIB },
};
static const size_t batch_sizes[] = { 1, 2, 3, 4, 8, 16, 32, 64, 256 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

size_t make_rows(struct row *rows)
{
    struct row *row = rows;

    for (size_t i = 0; i < COUNT(series); i++) {
        size_t bytes = series[i].first;

        do {
            *row++ = (struct row){ &series[i].call, bytes, 1, series[i].access, false };
            bytes *= 4;
        } while (bytes && bytes <= series[i].last);
    }
    for (size_t i = 0; i < COUNT(batches); i++)
        for (size_t j = 0; j < COUNT(batch_sizes); j++) {
            *row++ = (struct row){ &batches[i].aio, batches[i].bytes, batch_sizes[j], 0, true };
            *row++ = (struct row){ &batches[i].sync, batches[i].bytes, batch_sizes[j], 0, false };
        }
    return (size_t)(row - rows);
}

static size_t more(const struct row *row)
{
    return row->call->open == open_aead ? AAD + TAG : 0;
}

int open_job(struct job *job)
{
    const struct row *row = job->row;
    size_t stride = row->bytes + more(row);

    for (size_t i = 0; i < row->messages; i++) {
        from[i] = (struct iovec){ in + i * stride, row->bytes + (more(row) ? AAD : 0) };
        to[i] = (struct iovec){ out + i * stride, stride };
    }
    job->handle = NULL;
    return row->call->open ? row->call->open(job) : 0;
}

void close_job(const struct job *job)
{
    if (job->row->call->close)
        job->row->call->close(job);
}

bool is_aio(const struct row *row)
{
    return row->call->run == cipher_encrypt_aio || row->call->run == aead_encrypt_aio;
}

bool hangs_in_c(const struct row *row)
{
    const size_t send_buffer = 212992, at_once = 64;
    size_t messages = !is_aio(row) ? 1 : row->messages < at_once ? row->messages : at_once;

    return (is_aio(row) || row->call->open == open_aead) &&
           messages * (row->bytes + more(row)) > send_buffer;
}
