/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The system's limits for sockets, lower and higher than Linux sets them and changed while the process
 * runs: what a socket takes by default, what it can be given, and what the kernel needs to describe
 * a message. Ciphers that chain give their results under all of them; a message that must fit as a whole
 * is right wherever it fits, else -EMSGSIZE.
 *
 * Needs a kernel of its own, User-Mode Linux.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "fill.h"
#include "uml.h"

enum { WMEM_DEFAULT, RMEM_DEFAULT, WMEM_MAX, RMEM_MAX, OPTMEM_MAX, SETTINGS };

static const char *const files[SETTINGS] = {
    "/proc/sys/net/core/wmem_default", "/proc/sys/net/core/rmem_default", "/proc/sys/net/core/wmem_max",
    "/proc/sys/net/core/rmem_max", "/proc/sys/net/core/optmem_max",
};

enum { TAG = 16, AAD = 16, MOST = 2 * MIB, MOST_IOVECS = 256, USUAL = 212992 };

/* With less the kernel cannot describe what it must (20480 before Linux 6.7, 131072 since). */
enum { OPTMEM_CHAINS = 8192, OPTMEM_WHOLE = 20480 };

static uint8_t key[64], iv[16] = { 3 }, *data, *out;
static long before[SETTINGS];

static long get(int setting)
{
    FILE *file = fopen(files[setting], "r");
    long value = -1;

    if (!file || fscanf(file, "%ld", &value) != 1)
        value = -1;
    if (file)
        fclose(file);
    return value;
}

static bool set(int setting, long value)
{
    FILE *file = fopen(files[setting], "w");
    bool done = file && fprintf(file, "%ld", value) > 0;

    return file && fclose(file) == 0 && done;
}

static void set_all(const long *now)
{
    for (int i = 0; i < SETTINGS; i++)
        if (!set(i, now[i]))
            bail_out("%s: %s", files[i], strerror(errno));
}

/* What is asked of a handle. */
enum { ONE_CALL, BATCH, STREAM, REQUESTS };

static struct work {
    const char *algorithm;
    int how;
    uint32_t keylen, tag;
    size_t parts, len; /* parts of `len` bytes each */
    uint32_t flags;
    bool chains;
    bool known; /* `digest` is what is right */
    uint64_t digest;
} works[] = {
    { "cbc(aes)", ONE_CALL, 16, 0, 1, 64, 0, true, false, 0 },
    { "cbc(aes)", ONE_CALL, 16, 0, 1, 65536, 0, true, false, 0 },
    { "cbc(aes)", ONE_CALL, 16, 0, 1, MIB, 0, true, false, 0 },
    { "ctr(aes)", ONE_CALL, 16, 0, 1, 200001, 0, true, false, 0 },
    { "ctr(aes)", ONE_CALL, 16, 0, 1, MOST - 1, 0, true, false, 0 },
    { "cbc(aes)", BATCH, 16, 0, 256, 4096, 0, true, false, 0 },
    { "cbc(aes)", BATCH, 16, 0, 64, 1024, KCAPI_INIT_AIO, true, false, 0 },
    { "cbc(aes)", BATCH, 16, 0, 256, 4080, KCAPI_INIT_AIO, true, false, 0 },
    { "ctr(aes)", BATCH, 16, 0, 2, 700016, KCAPI_INIT_AIO, true, false, 0 },
    { "ctr(aes)", BATCH, 16, 0, 30, 5001, KCAPI_INIT_AIO, true, false, 0 },
    { "cbc(aes)", STREAM, 16, 0, 1, 8192, 0, true, false, 0 },
    { "xts(aes)", ONE_CALL, 32, 0, 1, 4096, 0, false, false, 0 },
    { "xts(aes)", ONE_CALL, 32, 0, 1, 65536, 0, false, false, 0 },
    { "xts(aes)", BATCH, 32, 0, 40, 1024, 0, false, false, 0 },
    { "xts(aes)", BATCH, 32, 0, 64, 4096, KCAPI_INIT_AIO, false, false, 0 },
    { "xts(aes)", BATCH, 32, 0, 2, 300000, KCAPI_INIT_AIO, false, false, 0 },
    { "gcm(aes)", ONE_CALL, 16, TAG, 1, 4096, 0, false, false, 0 },
    { "gcm(aes)", ONE_CALL, 16, TAG, 1, 65536, 0, false, false, 0 },
    { "gcm(aes)", ONE_CALL, 16, TAG, 1, USUAL - TAG, 0, false, false, 0 },
    { "gcm(aes)", ONE_CALL, 16, TAG, 1, MIB, 0, false, false, 0 },
    { "gcm(aes)", BATCH, 16, TAG, 64, 4000, KCAPI_INIT_AIO, false, false, 0 },
    { "gcm(aes)", STREAM, 16, TAG, 1, 65536, 0, false, false, 0 },
    { "gcm(aes)", STREAM, 16, TAG, 1, USUAL, 0, false, false, 0 },
    /* Results that fill the receive buffer, and begin in the midst of a page. */
    { "xts(aes)", BATCH, 32, 0, 2, 65536, 0, false, false, 0 },
    { "xts(aes)", BATCH, 32, 0, 2, 65536, KCAPI_INIT_AIO, false, false, 0 },
    { "xts(aes)", BATCH, 32, 0, 2, 524288, KCAPI_INIT_AIO, false, false, 0 },
    { "xts(aes)", REQUESTS, 32, 0, 2, 65536, 0, false, false, 0 },
    { "gcm(aes)", STREAM, 16, TAG, 1, 65536 - TAG, 0, false, false, 0 },
    { "gcm(aes)", BATCH, 16, TAG, 2, 65536 - TAG, KCAPI_INIT_AIO, false, false, 0 },
    { "gcm(aes)", REQUESTS, 16, TAG, 2, 65536 - TAG, 0, false, false, 0 },
};
enum { WORKS = sizeof(works) / sizeof(works[0]) };

static uint64_t digest_of(const uint8_t *bytes, size_t len)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash;
}

static ssize_t batch(const struct work *w, struct kcapi_handle *handle)
{
    struct iovec from[MOST_IOVECS], to[MOST_IOVECS];

    for (size_t i = 0; i < w->parts; i++) {
        from[i] = (struct iovec){ data + i * w->len, w->len };
        to[i] = (struct iovec){ out + i * (w->len + w->tag), w->len + w->tag };
    }
    return w->tag ? kcapi_aead_encrypt_aio(handle, from, to, w->parts, iv, 0)
                  : kcapi_cipher_encrypt_aio(handle, from, to, w->parts, iv, 0);
}

static ssize_t stream(const struct work *w, struct kcapi_handle *handle)
{
    struct iovec first = { data, w->len / 2 }, last = { data + w->len / 2, w->len - w->len / 2 };
    struct iovec to = { out, w->len + w->tag };
    ssize_t ret, got = 0;

    if (w->tag) {
        ret = kcapi_aead_stream_init_enc(handle, iv, &first, 1);
        ret = ret < 0 ? ret : kcapi_aead_stream_update_last(handle, &last, 1);
        return ret < 0 ? ret : kcapi_aead_stream_op(handle, &to, 1);
    }
    ret = kcapi_cipher_stream_init_enc(handle, iv, &first, 1);
    for (; ret > 0 && to.iov_len > w->len / 2; to.iov_len -= (size_t)ret) {
        struct iovec half = { to.iov_base, to.iov_len - w->len / 2 };

        ret = kcapi_cipher_stream_op(handle, &half, 1);
        to.iov_base = (uint8_t *)to.iov_base + ret;
        got += ret;
    }
    ret = ret < 0 ? ret : kcapi_cipher_stream_update_last(handle, &last, 1);
    for (; ret > 0 && to.iov_len > 0; to.iov_len -= (size_t)ret) {
        ret = kcapi_cipher_stream_op(handle, &to, 1);
        to.iov_base = (uint8_t *)to.iov_base + ret;
        got += ret;
    }
    return ret < 0 ? ret : got;
}

static struct kcapi_request request(struct kcapi_handle *handle, void *from, size_t len, void *to, size_t room)
{
    return (struct kcapi_request){ .handle = handle, .type = KCAPI_REQUEST_ENCRYPT, .iv = iv, .input = from,
                                   .inlen = len, .output = to, .outlen = room };
}

static ssize_t requests(const struct work *w, struct kcapi_handle *handle)
{
    struct kcapi_request r[MOST_IOVECS];
    ssize_t sum = 0;

    for (size_t i = 0; i < w->parts; i++)
        r[i] = request(handle, data + i * w->len, w->len, out + i * (w->len + w->tag), w->len + w->tag);
    kcapi_process(r, w->parts, sizeof(r[0]), 0);
    for (size_t i = 0; i < w->parts; i++) {
        if (r[i].result < 0)
            return r[i].result;
        sum += r[i].result;
    }
    return sum;
}

static ssize_t run(const struct work *w, struct kcapi_handle *handle)
{
    memset(out, 0, MOST);
    switch (w->how) {
    case BATCH: return batch(w, handle);
    case STREAM: return stream(w, handle);
    case REQUESTS: return requests(w, handle);
    default:
        return w->tag ? kcapi_aead_encrypt(handle, data, w->len, iv, out, w->len + w->tag, 0)
                      : kcapi_cipher_encrypt(handle, data, w->len, iv, out, w->len, 0);
    }
}

static struct kcapi_handle *open_handle(const struct work *w)
{
    return w->tag ? aead_with_key(w->algorithm, key, w->keylen, w->tag, AAD, w->flags)
                  : cipher_with_key(w->algorithm, key, w->keylen, w->flags);
}

static size_t result_of(const struct work *w) { return w->parts * (w->len + w->tag); }

static void learn(struct work *w)
{
    struct kcapi_handle *handle = open_handle(w);
    ssize_t ret = run(w, handle);

    w->known = ret == (ssize_t)result_of(w);
    w->digest = digest_of(out, result_of(w));
    if (!w->known)
        diag("%s, %zu times %zu bytes: %zd", w->algorithm, w->parts, w->len, ret);
    kcapi_cipher_destroy(handle);
}

/* Bytes of a message that must be taken at once. */
static size_t at_once(const struct work *w)
{
    if (w->how == BATCH && !w->flags)
        return result_of(w);
    return w->len + w->tag;
}

static long larger(long a, long b) { return a > b ? a : b; }

/* Whether the system lets a socket take so much. */
static bool fits(const long *now, size_t len)
{
    long page = (long)page_size();
    long send = larger(now[WMEM_DEFAULT], 2 * now[WMEM_MAX]) / page * page;
    long receive = larger(now[RMEM_DEFAULT], 2 * now[RMEM_MAX]) / page * page;

    return (long)len <= page || (long)len <= (send < receive ? send : receive);
}

/* The same with one handle twice, the second time with buffers that the first call has made. */
static bool is_right(const struct work *w, const long *now)
{
    struct kcapi_handle *handle = open_handle(w);
    bool right = true;

    for (int i = 0; i < 2; i++) {
        ssize_t ret = run(w, handle);
        bool same = ret == (ssize_t)result_of(w) && digest_of(out, result_of(w)) == w->digest;
        bool described = now[OPTMEM_MAX] >= (w->chains ? OPTMEM_CHAINS : OPTMEM_WHOLE) &&
                         (w->chains || at_once(w) <= USUAL);
        bool may_fail = !described || !(w->chains || fits(now, at_once(w)));

        if (same)
            continue;
        /* A stream that could not be read is still there, in the way of the next. */
        if (may_fail && (ret == -EMSGSIZE || (ret == -ENOMEM && !described)))
            break;
        diag("%s, how %d, flags %u, %zu times %zu bytes, call %d: %zd%s", w->algorithm, w->how, w->flags,
             w->parts, w->len, i + 1, ret, ret > 0 ? ", wrong bytes" : "");
        right = false;
    }
    kcapi_cipher_destroy(handle);
    return right;
}

static void test(const long *now)
{
    unsigned wrong = 0;

    set_all(now);
    for (int i = 0; i < WORKS; i++)
        if (works[i].known)
            wrong += !is_right(&works[i], now);
    ok(wrong == 0, "wmem_default %ld, rmem_default %ld, wmem_max %ld, rmem_max %ld, optmem_max %ld", now[0],
       now[1], now[2], now[3], now[4]);
}

/* The result of a message before one that is shorter than a tag is longer than both messages. */
static void test_short_last(uint32_t flags)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, 0, flags);
    unsigned wrong = 0;

    for (size_t last = 1; last <= TAG; last++) {
        size_t len = 131072 - page_size() - last, whole = len + TAG, behind = page_size();
        struct iovec from[2] = { { data, len }, { data + len, last } };
        struct iovec to[2] = { { out + behind - TAG - last, whole }, { out + whole + behind, last + TAG } };
        uint64_t digest;

        wrong += kcapi_aead_encrypt(handle, data, len, iv, to[0].iov_base, whole, 0) != (ssize_t)whole;
        digest = digest_of(to[0].iov_base, whole);
        memset(out, 0, MOST);
        wrong += kcapi_aead_encrypt_aio(handle, from, to, 2, iv, 0) != (ssize_t)(whole + last + TAG) ||
                 digest_of(to[0].iov_base, whole) != digest;
    }
    ok(wrong == 0, "a short message behind a long one, flags %u: %u failed", flags, wrong);
    kcapi_aead_destroy(handle);
}

/* One message goes by a call of its own, two by the engine of AIO. */
static void test_undescribed(uint32_t flags)
{
    struct kcapi_handle *handle = cipher_with_key("xts(aes)", key, 32, flags);
    size_t len = MOST / 2;
    struct iovec from[2] = { { data, len }, { data + len, len } }, to[2] = { { out, len }, { out + len, len } };

    for (uint32_t count = 1; count <= 2; count++) {
        ssize_t ret = kcapi_cipher_encrypt_aio(handle, from, to, count, iv, 0);

        ok(ret == -EMSGSIZE, "%u too long for their description, flags %u: %zd", count, flags, ret);
    }
    kcapi_cipher_destroy(handle);
}

/* A stream for whose result there is no description has ended, and one for whose data there is none has not begun. */
static void test_undescribed_stream(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, 0, 0);
    size_t len = MIB, half = MOST - 1;
    struct iovec from = { data, len }, to = { out, len + TAG }, few = { data, 100 }, little = { out, 100 + TAG };
    struct iovec too_much[2] = { { data, half }, { data, half } };

    is_int(kcapi_aead_stream_init_enc(handle, iv, &from, 1), (ssize_t)len, "a long stream begins");
    is_int(kcapi_aead_stream_update_last(handle, NULL, 0), 0, "and ends");
    is_int(kcapi_aead_stream_op(handle, &to, 1), -EMSGSIZE, "its result has no description");
    is_int(kcapi_aead_setkey(handle, key, 16), 0, "it is over");
    is_int(kcapi_aead_stream_init_enc(handle, iv, too_much, 2), -EMSGSIZE, "its data have none");
    is_int(kcapi_aead_setkey(handle, key, 16), 0, "it is over");
    is_int(kcapi_aead_stream_init_enc(handle, iv, &few, 1), 100, "another begins");
    is_int(kcapi_aead_stream_update_last(handle, NULL, 0), 0, "and ends");
    is_int(kcapi_aead_stream_op(handle, &little, 1), 100 + TAG, "and has its result");
    kcapi_aead_destroy(handle);
}

/* Two messages that are sent together, and of which each could be too long for its description alone. */
static void test_undescribed_pair(uint32_t flags)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, 0, flags);
    size_t len = 250000;
    struct iovec from[2] = { { data, len }, { data + len, len } };
    struct iovec to[2] = { { out, len + TAG }, { out + MIB, len + TAG } };
    struct kcapi_request r[2];

    is_int(kcapi_aead_encrypt_aio(handle, from, to, 2, iv, 0), -EMSGSIZE, "two messages have no description");
    for (size_t i = 0; i < 2; i++)
        r[i] = request(handle, from[i].iov_base, len, to[i].iov_base, len + TAG);
    kcapi_process(r, 2, sizeof(r[0]), 0);
    /* Linux 6.7 and later describe a message in less. */
    for (size_t i = 0; i < 2; i++)
        ok(r[i].result == -EMSGSIZE || r[i].result == (ssize_t)(len + TAG), "request %zu: %zd", i, r[i].result);
    kcapi_aead_destroy(handle);
}

/* Requests for whose description together there is no memory were -ENOMEM; each by itself is cut. */
static void test_undescribed_requests(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, 16, 0);
    size_t len = 99984;
    struct kcapi_request r[2];
    ssize_t alone = kcapi_cipher_encrypt(handle, data, len, iv, out, len, 0);

    for (size_t i = 0; i < 2; i++)
        r[i] = request(handle, data, len, out + (i + 1) * len, len);
    is_int(kcapi_process(r, 2, sizeof(r[0]), 0), 2, "requests of which each fits");
    for (size_t i = 0; i < 2; i++)
        ok(r[i].result == alone && memcmp(out, r[i].output, len) == 0, "request %zu: %zd", i, r[i].result);
    kcapi_cipher_destroy(handle);
}

/* A message that is too long for the socket gives up no stream. */
static void test_stream_stays(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, 0, 0);
    struct iovec few = { data, 100 }, little = { out, 200 + TAG };

    is_int(kcapi_aead_stream_init_enc(handle, iv, &few, 1), 100, "a stream");
    is_int(kcapi_aead_encrypt(handle, data, MIB, iv, out, MIB + TAG, 0), -EMSGSIZE, "a message that is too long");
    is_int(kcapi_aead_stream_update_last(handle, &few, 1), 100, "the stream goes on");
    is_int(kcapi_aead_stream_op(handle, &little, 1), 200 + TAG, "and has its result");
    kcapi_aead_destroy(handle);
}

int main(void)
{
    static const long sizes[] = { 4608, 65536, USUAL, 524288, 8388608 };
    static const long optmem[] = { 5120, OPTMEM_CHAINS, 10240, OPTMEM_WHOLE, 131072, 1048576 };
    static const long much[SETTINGS] = { 8388608, 8388608, 8388608, 8388608, 8388608 };
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]), OPTMEMS = sizeof(optmem) / sizeof(optmem[0]) };

    if (!is_user_mode_linux() || geteuid() != 0) {
        puts("1..0 # SKIP needs a kernel whose settings are the test's");
        return 0;
    }
    for (int i = 0; i < SETTINGS; i++)
        before[i] = get(i);
    fill(key, sizeof(key), 1);
    data = pages(MOST);
    /* In the midst of a page, as where malloc(3) puts what is large. */
    out = (uint8_t *)pages(MOST + 16) + 16;
    fill(data, MOST, 2);
    test(much);
    for (int i = 0; i < WORKS; i++)
        learn(&works[i]);
    test(before);
    for (int i = 0; i < SIZES; i++)
        for (int j = 0; j < SIZES; j++) {
            long now[SETTINGS] = { sizes[i], sizes[i], sizes[j], sizes[j], before[OPTMEM_MAX] };

            test(now);
        }
    for (int i = 0; i < SIZES; i++)
        for (int both = 0; both < 2; both++) {
            long send[SETTINGS] = { sizes[i], USUAL, both ? sizes[i] : USUAL, USUAL, before[OPTMEM_MAX] };
            long receive[SETTINGS] = { USUAL, sizes[i], USUAL, both ? sizes[i] : USUAL,
                                       before[OPTMEM_MAX] };

            test(send);
            test(receive);
        }
    for (int i = 0; i < OPTMEMS; i++)
        for (int j = 0; j < SIZES; j += 2) {
            long now[SETTINGS] = { sizes[j], sizes[j], sizes[j], sizes[j], optmem[i] };

            test(now);
        }
    for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags += KCAPI_INIT_AIO) {
        static const long step[SETTINGS] = { 131072, 131072, 131072, 131072, OPTMEM_WHOLE };
        static const long large[SETTINGS] = { 8388608, 8388608, 8388608, 8388608, OPTMEM_WHOLE };
        static const long little[SETTINGS] = { 8388608, 8388608, 8388608, 8388608, OPTMEM_CHAINS };

        set_all(step);
        test_short_last(flags);
        set_all(large);
        test_undescribed(flags);
        test_undescribed_stream();
        set_all(little);
        test_undescribed_pair(flags);
    }
    if (!set(OPTMEM_MAX, 6000))
        bail_out("optmem_max");
    test_undescribed_requests();
    set_all((long[SETTINGS]){ USUAL, USUAL, USUAL, USUAL, before[OPTMEM_MAX] });
    test_stream_stays();
    set_all(before);
    free(data);
    free(out - 16);
    return done_testing();
}
