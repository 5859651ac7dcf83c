/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Memory that is not there, on the kernel engine: whichever way a call gets its input or its output,
 * a page of it that cannot be read or written is -EFAULT, never a signal, and the handle's next call
 * is right. On the engine in user space it is a signal, as for any other library.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bad-pages.h"

enum family { CIPHER, AEAD, MD, RNG };

static struct way {
    const char *name, *algorithm;
    ssize_t (*call)(const struct work *w), (*again)(const struct work *w);
    uint32_t keylen, flags;
    enum family family;
    size_t parts, lens[4];
} ways[] = {
    { "one call", "cbc(aes)", one_call, NULL, 16, 0, CIPHER, 1, { 32, 8192, 200000, MOST / 16 * 16 } },
    { "one call", "ctr(aes)", one_call, NULL, 16, 0, CIPHER, 1, { 33, 8191, 200001, MOST - 1 } },
    { "one call", "xts(aes)", one_call, NULL, 32, 0, CIPHER, 1, { 32, 8192, 65536, 200000 } },
    { "one call, decryption", "cbc(aes)", decrypt, NULL, 16, 0, CIPHER, 1, { 32, 8192, 200000, 0 } },
    { "one call", "gcm(aes)", seal, NULL, 16, 0, AEAD, 1, { 32, 8192, 65536, 0 } },
    { "one call, decryption", "gcm(aes)", unseal, NULL, 16, 0, AEAD, 1, { 64, 8192, 65536, 0 } },
    { "3 IOVECs", "cbc(aes)", pairs, NULL, 16, 0, CIPHER, 3, { 48, 9216, 200000, 0 } },
    { "17 IOVECs", "cbc(aes)", pairs, NULL, 16, 0, CIPHER, 17, { 272, 9216, 200000, MOST / 16 * 16 } },
    { "17 IOVECs", "xts(aes)", pairs, NULL, 32, 0, CIPHER, 17, { 272, 9216, 100000, 0 } },
    { "40 IOVECs", "ctr(aes)", pairs, NULL, 16, 0, CIPHER, 40, { 641, 9216, 200000, 0 } },
    { "1500 IOVECs", "cbc(aes)", pairs, NULL, 16, 0, CIPHER, 1500, { 24000, 96000, 0, 0 } },
    { "1500 IOVECs", "xts(aes)", pairs, NULL, 32, 0, CIPHER, 1500, { 24000, 96000, 0, 0 } },
    { "a stream", "cbc(aes)", cipher_stream, cipher_stream_op, 16, 0, CIPHER, 3, { 48, 9216, 100000, 0 } },
    { "a stream", "ctr(aes)", cipher_stream, cipher_stream_op, 16, 0, CIPHER, 5, { 81, 9217, 100001, 0 } },
    { "a stream", "gcm(aes)", aead_stream, aead_stream_op, 16, 0, AEAD, 3, { 48, 9216, 65536, 0 } },
    { "one call", "sha256", digest, NULL, 0, 0, MD, 1, { 64, 8192, 200000, 0 } },
    { "one call", "hmac(sha256)", digest, NULL, 16, 0, MD, 1, { 64, 8192, 200000, 0 } },
    { "update, final", "sha256", update_final, NULL, 0, 0, MD, 1, { 64, 8192, 200000, 0 } },
    { "a derived key", "hmac(sha256)", derive, NULL, 16, 0, MD, 1, { 64, 8192, 200000, 0 } },
    { "HKDF", "hmac(sha256)", extract_and_expand, NULL, 16, 0, MD, 1, { 64, 8192, 0, 0 } },
    { "one call", "stdrng", generate, NULL, 0, 0, RNG, 1, { 64, 0, 0, 0 } },
};

static struct way aio_ways[] = {
    { "AIO", "cbc(aes)", pairs, NULL, 16, KCAPI_INIT_AIO, CIPHER, 3, { 48, 9216, 200000, 0 } },
    { "AIO", "ctr(aes)", pairs, NULL, 16, KCAPI_INIT_AIO, CIPHER, 40, { 640, 9216, 200000, MOST / 16 * 16 } },
    { "AIO", "xts(aes)", pairs, NULL, 32, KCAPI_INIT_AIO, CIPHER, 17, { 272, 9216, 200000, 0 } },
    { "AIO, one IOVEC", "cbc(aes)", pairs, NULL, 16, KCAPI_INIT_AIO, CIPHER, 1, { 32, 9216, 400000, 0 } },
    { "AIO", "gcm(aes)", sealed_pairs, NULL, 16, KCAPI_INIT_AIO, AEAD, 7, { 7 * 32, 65520, 0, 0 } },
    { "requests", "cbc(aes)", requests, NULL, 16, 0, CIPHER, 5, { 160, 9600, 100000, 400000 } },
    { "requests", "ctr(aes)", requests, NULL, 16, 0, CIPHER, 40, { 640, 9600, 102400, 0 } },
    { "requests", "xts(aes)", requests, NULL, 32, 0, CIPHER, 300, { 4800, 96000, 0, 0 } },
    { "requests", "gcm(aes)", sealed_requests, NULL, 16, 0, AEAD, 7, { 7 * 32, 65520, 0, 0 } },
    { "AIO over its input", "cbc(aes)", overlapping_pairs, NULL, 16, KCAPI_INIT_AIO, CIPHER, 5,
      { 160, 9600, 100000, 0 } },
};

static size_t outlen_of(const struct way *way, size_t len)
{
    switch (way->family) {
    case CIPHER: return len;
    case AEAD: return len + TAG * way->parts * (way->call != unseal);
    case MD: return 32;
    default: return len;
    }
}

static struct kcapi_handle *open_handle(const struct way *way)
{
    struct kcapi_handle *handle = NULL;

    switch (way->family) {
    case CIPHER: return cipher_with_key(way->algorithm, key, way->keylen, way->flags);
    case AEAD: return aead_with_key(way->algorithm, key, way->keylen, TAG, AAD, way->flags);
    case MD: return way->keylen ? md_with_key(way->algorithm, key, way->keylen) : md(way->algorithm);
    default:
        if (kcapi_rng_init(&handle, way->algorithm, 0) || kcapi_rng_seed(handle, NULL, 0))
            bail_out("no %s", way->algorithm);
        return handle;
    }
}

/* One call with a bad page, one with none, or the rest of the first; whether both ended as they must. */
static bool is_a_fault(const struct way *way, struct work w, const struct memory *bad, bool output,
                       const char *place, ssize_t wanted)
{
    struct work after = w;
    ssize_t ret, again;

    if (output)
        w.out = bad->bytes;
    else
        w.in = bad->bytes;
    ret = way->call(&w);
    memset(got, 0, after.outlen);
    after.out = got;
    again = output && way->again ? way->again(&after) : way->call(&after);
    if (ret == -EFAULT && again == wanted && !memcmp(got, want, after.outlen))
        return true;
    diag("%zu bytes, %s page of the %s: %zd; then %zd, %zd were due", w.len, place,
         output ? "output" : "input", ret, again, wanted);
    return false;
}

/* How many calls went wrong. */
static unsigned wrong_calls(const struct way *way, unsigned *calls)
{
    struct kcapi_handle *handle = open_handle(way);
    unsigned wrong = 0;

    for (size_t i = 0; i < 4 && way->lens[i]; i++) {
        size_t len = way->lens[i];
        struct work w = { handle, data, want, len, outlen_of(way, len), way->parts };
        ssize_t wanted = 0;
        size_t calls_first;

        if (way->call == unseal) {
            struct work first = { handle, data, want, len - TAG, len, 1 };

            seal(&first);
            memcpy(data + MOST, want, len);
            w.in = data + MOST;
            w.outlen = len - TAG;
        }
        memset(want, 0, w.outlen);
        /* The library maps a ring for the 64th request, which must not come to be the absent page. */
        calls_first = way->call == requests || way->call == sealed_requests ? 64 / way->parts + 1 : 1;
        for (size_t n = 0; n < calls_first; n++)
            wanted = way->call(&w);
        if (wanted <= 0)
            bail_out("%s, %s: %zd", way->algorithm, way->name, wanted);
        w.out = got;
        for (int side = way->family == RNG; side < 3; side++) {
            size_t bytes = side ? w.outlen : len;

            for (enum place place = FIRST; place < PLACES; place++) {
                struct memory bad = memory_of(bytes);

                if (side == 0)
                    memcpy(bad.bytes, w.in, len);
                spoil(&bad, bytes, place, side == 2 ? READ_ONLY : ABSENT);
                wrong += !is_a_fault(way, w, &bad, side > 0, places[place], wanted);
                (*calls)++;
                munmap(bad.map, bad.size);
            }
        }
    }
    kcapi_cipher_destroy(handle);
    return wrong;
}

static void test_way(const struct way *way)
{
    unsigned calls = 0, wrong = wrong_calls(way, &calls);

    ok(wrong == 0, "%s, %s: %u calls", way->algorithm, way->name, calls);
}

/* An output that cannot be written got nothing, and the next one the plaintext of the forged message before it. */
static bool forgets_what_was_forged(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, AAD, KCAPI_INIT_AIO);
    size_t len = 4096;
    struct memory m = memory_of(len);
    struct iovec in[2] = { { want, len + TAG }, { want + len + TAG, len + TAG } };
    struct iovec out[2] = { { m.bytes, len }, { got, len } };
    ssize_t ret;

    for (size_t i = 0; i < 2; i++)
        kcapi_aead_encrypt(handle, data, len, iv, in[i].iov_base, len + TAG, 0);
    want[len] ^= 1;
    memset(got, 0, len);
    spoil(&m, len, FIRST, READ_ONLY);
    ret = kcapi_aead_decrypt_aio(handle, in, out, 2, iv, 0);
    munmap(m.map, m.size);
    kcapi_aead_destroy(handle);
    if (ret == -EFAULT && memcmp(got + AAD, data + AAD, len - AAD) != 0)
        return true;
    diag("a page that cannot be written, and a forged message: %zd", ret);
    return false;
}

/* A backend is chosen once in a process. */
static void test_backend(const char *backend)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        unsigned calls = 0, wrong = 0;

        setenv("KCAPI_AIO", backend, 1);
        wrong += !forgets_what_was_forged();
        for (size_t i = 0; i < sizeof(aio_ways) / sizeof(aio_ways[0]); i++) {
            unsigned more = wrong_calls(&aio_ways[i], &calls);

            if (more)
                diag("%s, %s, %s: %u calls", backend, aio_ways[i].algorithm, aio_ways[i].name, more);
            wrong += more;
        }
        _exit(wrong ? 1 : 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        bail_out("fork: %s", strerror(errno));
    is_int(status, 0, backend);
}

/* Inputs and outputs that take turns do not overlap; one of the inputs is not there. */
static void test_turns(uint32_t flags)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, 16, flags);
    size_t page = page_size();
    struct memory m = memory_of(8 * page);
    struct iovec in[3], out[3];

    for (size_t i = 0; i < 3; i++) {
        in[i] = (struct iovec){ m.map + (2 * i + 1) * 16, 16 };
        out[i] = (struct iovec){ m.map + (2 * i + 2) * 16, 16 };
    }
    /* The process's first AIO call maps a page for the library, which must not come to be the absent one. */
    kcapi_cipher_encrypt_aio(handle, in, out, 3, iv, 0);
    spoil(&m, 8 * page, MIDDLE, ABSENT);
    in[1].iov_base = m.map + 4 * page + 64;
    is_int(kcapi_cipher_encrypt_aio(handle, in, out, 3, iv, 0), -EFAULT,
           "inputs and outputs that take turns");
    munmap(m.map, m.size);
    kcapi_cipher_destroy(handle);
}

/*
 * A piece of a stream whose last page is not there, of which the kernel has taken the first: it cannot be
 * sent again, since the message would have that page twice.
 */
static void test_piece(const char *name, bool is_aead)
{
    struct kcapi_handle *handle = is_aead ? aead_with_key(name, key, 16, TAG, AAD, 0)
                                          : cipher_with_key(name, key, 16, 0);
    size_t len = 3 * page_size();
    struct memory m = memory_of(len);
    struct iovec good = { data, len }, bad = { m.bytes, len }, out = { got, len + TAG };
    ssize_t ret;

    memcpy(m.bytes, data, len);
    spoil(&m, len, LAST, ABSENT);
    for (int begins = 0; begins < 2; begins++) {
        struct iovec first = { data, 0 };

        if (is_aead)
            ret = kcapi_aead_stream_init_enc(handle, iv, begins ? &bad : &first, 1);
        else
            ret = kcapi_cipher_stream_init_enc(handle, iv, begins ? &bad : &first, 1);
        if (!begins)
            ret = is_aead ? kcapi_aead_stream_update(handle, &bad, 1)
                          : kcapi_cipher_stream_update(handle, &bad, 1);
        is_int(ret, -EFAULT, name);
        ret = is_aead ? kcapi_aead_stream_update_last(handle, &good, 1)
                      : kcapi_cipher_stream_update_last(handle, &good, 1);
        is_int(ret, -EINVAL, "not sent again");
        ret = is_aead ? kcapi_aead_stream_op(handle, &out, 1) : kcapi_cipher_stream_op(handle, &out, 1);
        is_int(ret, -EINVAL, "no result");
    }
    munmap(m.map, m.size);
    kcapi_cipher_destroy(handle);
}

/* The plaintext of a forged message is wiped where it went, which may be nowhere: that was a signal. */
static void test_forged(void)
{
    enum { PIECES = 17, LEN = 16 * PIECES };
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, 0, 0);
    void *nowhere = mmap(NULL, 4 * KIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct iovec in = { want, LEN + TAG }, out[PIECES];

    for (size_t i = 0; i < PIECES; i++)
        out[i] = (struct iovec){ got + 16 * i, 16 };
    out[1].iov_base = nowhere;
    is_int(kcapi_aead_encrypt(handle, data, LEN, iv, want, LEN + TAG, 0), LEN + TAG, "a message");
    want[0] ^= 1;
    is_int(kcapi_aead_stream_init_dec(handle, iv, &in, 1), LEN + TAG, "a forged one in a stream");
    is_int(kcapi_aead_stream_update_last(handle, NULL, 0), 0, "it ends");
    is_int(kcapi_aead_stream_op(handle, out, PIECES), -EBADMSG, "its tag is told");
    munmap(nowhere, 4 * KIB);
    kcapi_aead_destroy(handle);
}

static bool on_kernel(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, 16, 0);
    bool kernel = strcmp(kcapi_handle_engine(handle), "kernel") == 0;

    kcapi_cipher_destroy(handle);
    return kernel;
}

int main(void)
{
    static const char *const backends[] = { "io_uring", "linux", "sync" };

    if (!on_kernel()) {
        puts("1..0 # SKIP the engine in user space goes to the memory itself: a signal");
        return 0;
    }
    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP memory that is not there is an error for valgrind, whoever is told of it");
        return 0;
    }
    fill(key, sizeof(key), 1);
    data = pages(2 * MOST);
    want = pages(MOST + MOST_IOVECS * TAG);
    got = pages(MOST + MOST_IOVECS * TAG);
    fill(data, MOST, 2);
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        test_backend(backends[i]);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ways[i].family != RNG || has_rng(ways[i].algorithm))
            test_way(&ways[i]);
    test_piece("cbc(aes)", false);
    test_piece("gcm(aes)", true);
    test_forged();
    test_turns(0);
    test_turns(KCAPI_INIT_AIO);
    return done_testing();
}
