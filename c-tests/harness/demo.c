// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * demo FILE: the library's main job on real input.
 *
 * The file is cut into streams. Each has a handle of its own from kcapi_handle_reinit and an IV of
 * its own, and is encrypted by AIO calls of 64 IOVECs. The same pieces go through the synchronous
 * calls, and the ciphertext comes back through the stream calls of handles that know nothing of
 * all this. Everything must agree, byte by byte. The file is never in memory as a whole.
 */
#define _DEFAULT_SOURCE

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <kcapi.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define CIPHER "ctr(aes)"
#define BLOCK 16
#define STREAMS 8
#define IOVECS 64
#define PIECE 16384
#define CALL (IOVECS * PIECE)
/* What the documentation allows a stream to have in flight. */
#define STREAM_PIECE 65536
#define PROGRESS_STEPS 8

struct stream {
    struct kcapi_handle *encrypt, *decrypt;
    uint64_t nonce; /* the first half of every IV; the second half counts blocks */
    off_t start, len;
};

struct counters {
    double seconds;
    size_t calls, operations;
};

static struct counters aio, sync_calls, stream_calls;
static struct kcapi_handle *sync_handle;
static uint8_t key[32];
static uint8_t plain[CALL], by_aio[CALL], by_sync[CALL], decrypted[CALL];

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *format, ...)
{
    va_list ap;

    fputs("demo: ", stderr);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

static void expect(ssize_t ret, ssize_t wanted, const char *call)
{
    if (ret < 0)
        die("%s: %s", call, strerror(-ret));
    if (ret != wanted)
        die("%s: %zd instead of %zd", call, ret, wanted);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static const uint8_t *iv_at(const struct stream *s, off_t offset)
{
    static uint64_t iv[2];

    iv[0] = s->nonce;
    iv[1] = htobe64(offset / BLOCK);
    return (const uint8_t *)iv;
}

static struct kcapi_handle *new_handle(uint32_t flags)
{
    struct kcapi_handle *handle;

    expect(kcapi_cipher_init(&handle, CIPHER, flags), 0, "kcapi_cipher_init");
    expect(kcapi_cipher_setkey(handle, key, sizeof(key)), 0, "kcapi_cipher_setkey");
    return handle;
}

static void open_streams(struct stream *streams, off_t size)
{
    /* Whole pieces each, so that only the very last operation can have an odd length. */
    off_t share = (size + STREAMS * PIECE - 1) / (STREAMS * PIECE) * PIECE;

    if (getentropy(key, sizeof(key)))
        die("no random key: %s", strerror(errno));
    sync_handle = new_handle(0);
    for (int i = 0; i < STREAMS; i++) {
        struct stream *s = &streams[i];

        s->start = i * share < size ? i * share : size;
        s->len = size - s->start < share ? size - s->start : share;
        if (getentropy(&s->nonce, sizeof(s->nonce)))
            die("no random IV: %s", strerror(errno));
        if (i == 0)
            s->encrypt = new_handle(KCAPI_INIT_AIO);
        else
            expect(kcapi_handle_reinit(&s->encrypt, streams[0].encrypt, KCAPI_INIT_AIO), 0,
                   "kcapi_handle_reinit");
        s->decrypt = new_handle(0);
        expect(kcapi_cipher_stream_init_dec(s->decrypt, iv_at(s, 0), NULL, 0), 0,
               "kcapi_cipher_stream_init_dec");
    }
}

/* Encrypts len bytes of plain as IOVECs of at most `piece` bytes, in one call. */
static void encrypt_aio(const struct stream *s, off_t offset, size_t len, size_t piece)
{
    struct iovec in[IOVECS], out[IOVECS];
    size_t count = 0;

    for (size_t at = 0; at < len; at += piece, count++) {
        size_t n = len - at < piece ? len - at : piece;

        in[count] = (struct iovec){plain + at, n};
        out[count] = (struct iovec){by_aio + at, n};
    }
    expect(kcapi_cipher_encrypt_aio(s->encrypt, in, out, count, iv_at(s, offset),
                                    KCAPI_ACCESS_HEURISTIC), len, "kcapi_cipher_encrypt_aio");
    aio.calls++;
    aio.operations += count;
}

/* The same pieces, one call each. */
static void encrypt_sync(const struct stream *s, off_t offset, size_t len, size_t piece)
{
    for (size_t at = 0; at < len; at += piece) {
        size_t n = len - at < piece ? len - at : piece;

        expect(kcapi_cipher_encrypt(sync_handle, plain + at, n, iv_at(s, offset + at),
                                    by_sync + at, n, KCAPI_ACCESS_HEURISTIC), n,
               "kcapi_cipher_encrypt");
        sync_calls.calls++;
        sync_calls.operations++;
    }
}

static void decrypt_stream(const struct stream *s, size_t len, bool last_call)
{
    for (size_t at = 0; at < len; at += STREAM_PIECE) {
        size_t n = len - at < STREAM_PIECE ? len - at : STREAM_PIECE;
        struct iovec in = {by_aio + at, n}, out = {decrypted + at, n};
        bool last = last_call && at + n == len;

        expect((last ? kcapi_cipher_stream_update_last
                     : kcapi_cipher_stream_update)(s->decrypt, &in, 1), n, "stream update");
        stream_calls.calls++;
        stream_calls.operations++;
        while (out.iov_len) {
            ssize_t got = kcapi_cipher_stream_op(s->decrypt, &out, 1);

            if (got <= 0)
                die("kcapi_cipher_stream_op: %s", got ? strerror(-got) : "no data");
            out.iov_base = (uint8_t *)out.iov_base + got;
            out.iov_len -= got;
        }
    }
}

static double timed(void (*encrypt)(const struct stream *, off_t, size_t, size_t),
                    const struct stream *s, off_t offset, size_t len, size_t piece)
{
    double start = now();

    encrypt(s, offset, len, piece);
    return now() - start;
}

static void both_ways(const struct stream *s, off_t offset, size_t len, bool sync_first)
{
    double start;

    /* Who comes second finds the plaintext in the processor's cache: take turns. */
    if (sync_first)
        sync_calls.seconds += timed(encrypt_sync, s, offset, len, PIECE);
    aio.seconds += timed(encrypt_aio, s, offset, len, PIECE);
    if (!sync_first)
        sync_calls.seconds += timed(encrypt_sync, s, offset, len, PIECE);
    if (memcmp(by_aio, by_sync, len))
        die("AIO and sync differ within %zu bytes at %lld", len, (long long)(s->start + offset));
    if (len >= BLOCK && !memcmp(by_aio, plain, len))
        die("the ciphertext at %lld is the plaintext", (long long)(s->start + offset));

    start = now();
    decrypt_stream(s, len, offset + (off_t)len == s->len);
    stream_calls.seconds += now() - start;
    if (memcmp(decrypted, plain, len))
        die("decrypted data differ within %zu bytes at %lld", len,
            (long long)(s->start + offset));
}

static void read_plain(int fd, off_t at, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t ret = pread(fd, plain + got, len - got, at + got);

        if (ret <= 0)
            die("reading the input: %s", ret ? strerror(errno) : "it became shorter");
        got += ret;
    }
}

/* One call for each stream in turn, until the file is through. */
static void whole_file(int fd, const struct stream *streams, off_t size)
{
    off_t done = 0, step = size / PROGRESS_STEPS, shown = 0;
    unsigned int turn = 0;

    for (off_t offset = 0; offset < streams[0].len; offset += CALL)
        for (int i = 0; i < STREAMS; i++) {
            const struct stream *s = &streams[i];
            off_t left = s->len - offset;
            size_t len = left < CALL ? left : CALL;

            if (left <= 0)
                continue;
            read_plain(fd, s->start + offset, len);
            both_ways(s, offset, len, turn++ % 2);
            done += len;
            if (done - shown >= step) {
                fprintf(stderr, "  %lld of %lld MB encrypted, decrypted and equal\n",
                        (long long)done / 1000000, (long long)size / 1000000);
                shown = done;
            }
        }
}

static void report(const char *name, const struct counters *c, off_t size)
{
    printf("  %-18s %8zu operations in %6zu calls %8.2f s %9.1f MB/s\n", name, c->operations,
           c->calls, c->seconds, size / c->seconds / 1e6);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* How many times as fast as `count` sync calls one AIO call with `count` IOVECs is. */
static double ratio(const struct stream *s, size_t count, size_t piece)
{
    enum { ROUNDS = 11, CALLS = 4 };
    double aio_times[ROUNDS], sync_times[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        double start = now(), middle;

        /* Several calls between two looks at the clock, which may be a system call itself. */
        for (int i = 0; i < CALLS; i++)
            encrypt_aio(s, 0, count * piece, piece);
        middle = now();
        for (int i = 0; i < CALLS; i++)
            encrypt_sync(s, 0, count * piece, piece);
        aio_times[round] = middle - start;
        sync_times[round] = now() - middle;
        if (memcmp(by_aio, by_sync, count * piece))
            die("AIO and sync differ for %zu pieces of %zu bytes", count, piece);
    }
    qsort(aio_times, ROUNDS, sizeof(double), by_value);
    qsort(sync_times, ROUNDS, sizeof(double), by_value);
    return sync_times[ROUNDS / 2] / aio_times[ROUNDS / 2];
}

/* Returns the ratio for 64 of the smallest pieces, where AIO has most to give. */
static double crossover(const struct stream *s)
{
    static const size_t counts[] = {1, 2, 3, 4, 8, 16, 64}, pieces[] = {16, 256, 4096, PIECE};
    enum { COUNTS = sizeof(counts) / sizeof(counts[0]) };
    double best = 0;

    printf("Small operations, times as fast as sync by AIO with so many IOVECs (medians):\n"
           "  bytes each");
    for (int c = 0; c < COUNTS; c++)
        printf("%7zu", counts[c]);
    putchar('\n');
    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        size_t from = 0;

        printf("  %10zu", pieces[p]);
        for (int c = 0; c < COUNTS; c++) {
            double r = ratio(s, counts[c], pieces[p]);

            printf("%7.2f", r);
            /* Closer than this is a tie. */
            if (r < 1.05)
                from = 0;
            else if (!from)
                from = counts[c];
            if (p == 0)
                best = r;
        }
        if (from)
            printf("   AIO wins from %zu on\n", from);
        else
            printf("   sync wins\n");
    }
    return best;
}

/*
 * The packets of all streams, each with an IV of its own, by one kcapi_process(): how many times as fast as a
 * call for each.
 */
static double packets_ratio(struct stream *streams, size_t count)
{
    enum { ROUNDS = 11, PACKET = 1420 };
    struct kcapi_request requests[IOVECS] = { 0 };
    double together[ROUNDS], alone[ROUNDS];
    uint64_t ivs[IOVECS][2];

    for (size_t i = 0; i < count; i++) {
        ivs[i][0] = streams[i % STREAMS].nonce;
        ivs[i][1] = htobe64((uint64_t)i << 32);
        requests[i].handle = streams[i % STREAMS].encrypt;
        requests[i].type = KCAPI_REQUEST_ENCRYPT;
        requests[i].iv = (const uint8_t *)ivs[i];
        requests[i].input = plain + i * PACKET;
        requests[i].output = by_aio + i * PACKET;
        requests[i].inlen = requests[i].outlen = PACKET;
    }
    for (int round = -1; round < ROUNDS; round++) {
        double start = now(), middle;

        expect(kcapi_process(requests, count, sizeof(requests[0]), 0), (ssize_t)count, "kcapi_process");
        middle = now();
        for (size_t i = 0; i < count; i++)
            expect(kcapi_cipher_encrypt(requests[i].handle, requests[i].input, PACKET, requests[i].iv,
                                        by_sync + i * PACKET, PACKET, 0),
                   PACKET, "kcapi_cipher_encrypt");
        if (round >= 0) {
            together[round] = middle - start;
            alone[round] = now() - middle;
        }
        if (memcmp(by_aio, by_sync, count * PACKET))
            die("%zu packets differ together and one by one", count);
    }
    qsort(together, ROUNDS, sizeof(double), by_value);
    qsort(alone, ROUNDS, sizeof(double), by_value);
    return alone[ROUNDS / 2] / together[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    struct stream streams[STREAMS];
    struct utsname kernel;
    struct stat input;
    const char *engine;
    char version[32];
    double best;
    int fd;

    if (argc != 2)
        die("usage: demo FILE");
    fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &input))
        die("%s: %s", argv[1], strerror(errno));
    if (input.st_size < STREAMS * CALL)
        die("%s is too short: at least %d bytes are needed", argv[1], STREAMS * CALL);
    setvbuf(stdout, NULL, _IOLBF, 0);

    open_streams(streams, input.st_size);
    uname(&kernel);
    kcapi_versionstring(version, sizeof(version));
    engine = kcapi_handle_engine(streams[0].encrypt);
    printf("Kernel   %s %s %s\nLibrary  %s\nEngine   %s\n", kernel.sysname, kernel.release,
           kernel.machine, version,
           strcmp(engine, "kernel") ? "in user space (no AF_ALG here; KERNEL=1 boots a kernel with it)"
                                    : "the kernel's (AF_ALG)");
    printf("Job      %s of %lld bytes: %d streams, %d IOVECs of %d bytes each call\n", CIPHER,
           (long long)input.st_size, STREAMS, IOVECS, PIECE);

    whole_file(fd, streams, input.st_size);
    report("AIO encryption", &aio, input.st_size);
    report("sync encryption", &sync_calls, input.st_size);
    report("stream decryption", &stream_calls, input.st_size);
    best = crossover(&streams[0]);
    printf("Packets of 1420 bytes, each with an IV of its own, times as fast by one kcapi_process() for so many:\n"
           "  %d streams  64: %.2f  8: %.2f  2: %.2f\n", STREAMS, packets_ratio(streams, 64),
           packets_ratio(streams, 8), packets_ratio(streams, 2));

    for (int i = 0; i < STREAMS; i++) {
        kcapi_cipher_destroy(streams[i].encrypt);
        kcapi_cipher_destroy(streams[i].decrypt);
    }
    kcapi_cipher_destroy(sync_handle);
    kcapi_memset_secure(key, 0, sizeof(key));
    close(fd);
    printf("OK: %lld bytes in %d streams by AIO, equal to sync and back unchanged; "
           "64 x 16 bytes are %.1f times as fast by AIO\n", (long long)input.st_size, STREAMS,
           best);
    return 0;
}
