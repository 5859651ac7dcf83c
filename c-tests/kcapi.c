// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * kcapi: one cipher operation, or many, from the command line.
 *
 * It shows on a real kernel what the library does: the synchronous calls, the AIO calls and the
 * stream calls on the same data, and what each costs. `kcapi -h` lists the options, which are those of
 * the C library's program of that name as far as scripts use them.
 *
 * Exit status: 0 when all is well, also for the answer EBADMSG; 1 when an operation failed, 2 when
 * the arguments make no sense.
 */
#define _POSIX_C_SOURCE 200809L

#include "kcapi-options.h"
#include "kcapi-other.h"

#include <sys/wait.h>
#include <time.h>

/* What the documentation allows a stream to have in flight: 16 pages. */
#define STREAM_PIECE 65536

/* The operations: IOVEC i of `in` becomes IOVEC i of `out`. */
struct work {
    struct kcapi_handle *handle;
    struct iovec *in, *out;
    void *memory[2]; /* of their IOVECs, each in one piece */
    size_t result; /* bytes that each operation must return */
};

static void open_handle(struct options *o, struct work *work)
{
    const struct family *family = o->family;
    int ret = family->init(&work->handle, o->cipher, o->aio ? KCAPI_INIT_AIO : 0);

    if (ret)
        die(1, "no cipher %s: %s", o->cipher, strerror(-ret));
    if (o->nonce.base) {
        uint32_t len;

        ret = kcapi_aead_ccm_nonce_to_iv(o->nonce.base, o->nonce.len, &o->iv.base, &len);
        if (ret)
            die(2, "-n: no IV can be made of %zu bytes", o->nonce.len);
        o->iv.len = len;
    }
    if (o->iv.len != family->ivsize(work->handle))
        die(2, "-i: %s needs an IV of %u bytes, not %zu", o->cipher,
            family->ivsize(work->handle), o->iv.len);
    ret = family->setkey(work->handle, o->key.base, o->key.len);
    if (ret)
        die(1, "-k: %s refuses a key of %zu bytes: %s", o->cipher, o->key.len, strerror(-ret));

    if (family == &aead) {
        if (!o->encrypt)
            o->taglen = o->tag.len;
        else if (!o->taglen)
            o->taglen = kcapi_aead_authsize(work->handle);
        ret = kcapi_aead_settaglen(work->handle, o->taglen);
        if (ret)
            die(1, "%s refuses a tag of %zu bytes: %s", o->cipher, o->taglen, strerror(-ret));
        kcapi_aead_setassoclen(work->handle, o->aad.len);
    }
    if (o->second_handle) {
        struct kcapi_handle *first = work->handle;

        work->handle = NULL;
        ret = kcapi_handle_reinit(&work->handle, first, o->aio ? KCAPI_INIT_AIO : 0);
        family->destroy(first);
        if (ret)
            die(1, "-y: %s", strerror(-ret));
        if (family == &aead) {
            kcapi_aead_settaglen(work->handle, o->taglen);
            kcapi_aead_setassoclen(work->handle, o->aad.len);
        }
    }
}

/* IOVECs of len bytes each, in memory of their own, the first one on a page boundary, with -m all. */
static struct iovec *buffers(const struct options *o, size_t len, void **all)
{
    size_t count = o->operations, unit = o->aligned ? (size_t)sysconf(_SC_PAGESIZE) : 64;
    size_t stride = (len + unit - 1) / unit * unit, total;
    struct iovec *iov = allocate(count, sizeof(*iov));
    void *memory;

    if (__builtin_mul_overflow(count, stride, &total) ||
        posix_memalign(&memory, sysconf(_SC_PAGESIZE), total ? total : 1))
        die(1, "no memory for %zu messages of %zu bytes", count, len);
    memset(memory, 0, total);
    *all = memory;
    for (size_t i = 0; i < count; i++)
        iov[i] = (struct iovec){(uint8_t *)memory + i * stride, len};
    return iov;
}

static void fill(uint8_t *to, size_t len, const struct bytes *pattern)
{
    for (size_t i = 0; i < len; i++)
        to[i] = pattern->len ? pattern->base[i % pattern->len] : i;
}

/* Input and output are both where the longer of them is. */
static void work_in_place(const struct options *o, struct work *work)
{
    for (size_t i = 0; i < o->operations; i++) {
        struct iovec *in = &work->in[i], *out = &work->out[i];

        if (in->iov_len > out->iov_len) {
            out->iov_base = in->iov_base;
        } else {
            memcpy(out->iov_base, in->iov_base, in->iov_len);
            in->iov_base = out->iov_base;
        }
    }
}

static void prepare(struct options *o, struct work *work)
{
    const struct bytes *data = o->encrypt ? &o->plaintext : &o->ciphertext;
    size_t len = o->message ? o->message : data->len;

    open_handle(o, work);
    if (o->family == &skcipher) {
        if (!len)
            die(2, "no data: a symmetric cipher needs at least one byte");
        work->in = buffers(o, len, &work->memory[0]);
        work->out = buffers(o, len, &work->memory[1]);
        work->result = len;
        for (size_t i = 0; i < o->operations; i++)
            fill(work->in[i].iov_base, len, data);
    } else {
        struct kcapi_handle *h = work->handle;
        size_t in = o->encrypt ? kcapi_aead_inbuflen_enc(h, len, o->aad.len, o->taglen)
                               : kcapi_aead_inbuflen_dec(h, len, o->aad.len, o->taglen);
        size_t out = o->encrypt ? kcapi_aead_outbuflen_enc(h, len, o->aad.len, o->taglen)
                                : kcapi_aead_outbuflen_dec(h, len, o->aad.len, o->taglen);

        /* A stream's message must be in the kernel as a whole before it can be processed. */
        if (o->stream && in > STREAM_PIECE)
            die(2, "-s: an AEAD message may have at most %d bytes, AAD and tag included",
                STREAM_PIECE);
        work->in = buffers(o, in, &work->memory[0]);
        work->out = buffers(o, out, &work->memory[1]);
        /* Not the buffer's length, which may be more: the library asks for at least a byte. */
        work->result = o->aad.len + len + (o->encrypt ? o->taglen : 0);
        for (size_t i = 0; i < o->operations; i++) {
            uint8_t *to = work->in[i].iov_base;

            fill(to, o->aad.len, &o->aad);
            fill(to + o->aad.len, len, data);
            if (!o->encrypt)
                fill(to + o->aad.len + len, o->tag.len, &o->tag);
        }
    }
    if (o->other_way)
        work_in_place(o, work);
}

static ssize_t receive(const struct options *o, struct work *work, uint8_t *to, size_t len)
{
    size_t got = 0;

    /* The kernel may hand out less than is there. */
    do {
        struct iovec rest = {to + got, len - got};
        ssize_t ret = o->family->stream_op(work->handle, &rest, 1);

        if (ret < 0)
            return ret;
        if (!ret)
            break;
        got += ret;
    } while (got < len);
    return got;
}

/* The pieces of a message; their results in between unless another process receives them. */
static ssize_t send_pieces(const struct options *o, struct work *work, size_t i, bool receives)
{
    const struct family *family = o->family;
    struct iovec *in = &work->in[i], *out = &work->out[i];
    size_t sent = 0;
    ssize_t ret;

    do {
        size_t left = in->iov_len - sent, len = left < STREAM_PIECE ? left : STREAM_PIECE;
        struct iovec piece = {(uint8_t *)in->iov_base + sent, len};

        ret = (len == left ? family->stream_update_last : family->stream_update)(work->handle,
                                                                                 &piece, 1);
        if (ret >= 0 && family == &skcipher && receives)
            ret = receive(o, work, (uint8_t *)out->iov_base + sent, len);
        if (ret < 0)
            return ret;
        sent += len;
    } while (sent < in->iov_len);
    return sent;
}

/* With -j a child sends what this process receives. */
static ssize_t stream(const struct options *o, struct work *work, size_t i)
{
    struct iovec *out = &work->out[i];
    pid_t writer = 0;
    int status;
    ssize_t ret = o->family->stream_init[o->encrypt](work->handle, o->iv.base, NULL, 0);

    if (ret < 0)
        return ret;
    if (o->forked) {
        writer = fork();
        if (writer < 0)
            die(1, "-j: %s", strerror(errno));
        if (writer == 0)
            _exit(send_pieces(o, work, i, false) < 0);
        ret = receive(o, work, out->iov_base, work->result);
        if (waitpid(writer, &status, 0) != writer || status)
            die(1, "-j: the process that sends has failed");
        return ret;
    }
    ret = send_pieces(o, work, i, true);
    if (ret < 0 || o->family == &skcipher)
        return ret;
    return receive(o, work, out->iov_base, work->result);
}

/* All operations, once. Returns a negative errno or the number of bytes of all results. */
static ssize_t run(const struct options *o, struct work *work)
{
    ssize_t total = 0;

    if (o->aio)
        return o->family->aio[o->encrypt](work->handle, work->in, work->out, o->operations,
                                          o->iv.base, o->access);
    for (size_t i = 0; i < o->operations; i++) {
        struct iovec *in = &work->in[i], *out = &work->out[i];
        ssize_t ret = o->stream ? stream(o, work, i)
                                : o->family->one_shot[o->encrypt](
                                      work->handle, in->iov_base, in->iov_len, o->iv.base,
                                      out->iov_base, out->iov_len, o->access);

        if (ret < 0)
            return ret;
        total += ret;
    }
    return total;
}

static long nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;

    return (x > y) - (x < y);
}

static long median(long *times, size_t count)
{
    qsort(times, count, sizeof(*times), by_value);
    return times[count / 2];
}

/* Where reading the clock is a system call, it costs as much as half of a short operation. */
static long clock_cost(void)
{
    long times[101];

    for (size_t i = 0; i < 101; i++) {
        times[i] = nanoseconds();
        times[i] = nanoseconds() - times[i];
    }
    return median(times, 101);
}

static void release(const struct options *o, struct work *work, long *times)
{
    o->family->destroy(work->handle);
    free(work->memory[0]);
    free(work->memory[1]);
    free(work->in);
    free(work->out);
    free(times);
    release_options(o);
}

static void print_results(const struct options *o, struct work *work)
{
    for (size_t i = 0; i < o->operations; i++) {
        uint8_t *out = work->out[i].iov_base, *data = out, *tag = NULL;
        size_t len = work->result, taglen = 0;

        if (o->family == &aead)
            kcapi_aead_getdata_output(work->handle, out, work->result, o->encrypt, NULL, NULL,
                                      &data, &len, &tag, &taglen);
        if (o->show_aad)
            print_hex(out, o->aad.len);
        print_hex(data, len);
        if (tag)
            print_hex(tag, taglen);
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    struct options o = {.operations = 1, .repetitions = 1, .access = KCAPI_ACCESS_HEURISTIC};
    struct work work = {0};
    long *times, overhead;
    ssize_t ret = 0;

    if (!parse(&o, argc, argv))
        return self_test();
    if (o.fuzz || !o.family) {
        o.fuzz ? fuzz(&o) : other_modes(&o);
        release_options(&o);
        return 0;
    }
    prepare(&o, &work);
    times = allocate(o.repetitions, sizeof(*times));
    overhead = clock_cost();
    for (size_t i = 0; i < o.repetitions; i++) {
        long start = nanoseconds();

        ret = run(&o, &work);
        times[i] = nanoseconds() - start - overhead;
        if (ret == -EBADMSG)
            break;
        if (ret < 0)
            die(1, "%s failed: %s", o.encrypt ? "encryption" : "decryption", strerror(-ret));
        if ((size_t)ret != work.result * o.operations)
            die(1, "%zd bytes came back instead of %zu", ret, work.result * o.operations);
    }

    if (ret == -EBADMSG)
        puts("EBADMSG");
    else if (!o.timed || !o.message)
        print_results(&o, &work);
    if (o.timed && ret >= 0) {
        long total = median(times, o.repetitions);

        printf("time: %ld ns for %zu operations of %zu bytes, %ld ns each, median of %zu\n", total,
               o.operations, work.in[0].iov_len, total / (long)o.operations, o.repetitions);
    }
    release(&o, &work, times);
    return 0;
}
