/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Results do not depend on the driver: the same calls on every driver that the kernel has, generic, with
 * AES-NI, in a thread of the kernel, on an accelerator, on each way of AIO, give the bytes and the errors
 * that the engine in user space gives.
 *
 *   test-drivers                     TAP
 *   test-drivers NUMBER DRIVER all   the transcript of algorithm NUMBER on that driver; after the
 *                                    ciphers come the digests
 *   test-drivers NUMBER DRIVER aio   without what does not depend on the way of AIO
 *
 * needs: kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "drivers.h"

#define MOST (256u * 1040u + MIB)

static uint8_t *in, *out, *back;

static void one_shots(const struct driven *d, const char *name)
{
    static const size_t lengths[] = { 16, 17, 1024, 4096, 65536, 65552, 131072, 300000 };
    struct kcapi_handle *handle = driver_handle(d, name, 0);

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t len = lengths[i], more = d->aead ? DRIVERS_TAG : 0;
        uint8_t *to = i % 2 ? out : out + 100; /* not at a page's beginning */
        ssize_t ret;

        /* Elsewhere these depend on the driver, or are more than a socket takes. */
        if (len > 65536 && !d->chains)
            break;
        fill(in, len, (uint32_t)i);
        ret = driver_message(d, handle, true, in, len, to, len + more);
        record(ret, to, len + more, "encrypt %zu", len);
        if (ret < 0 || len == 300000)
            continue;
        record(driver_message(d, handle, false, to, len + more, to, len + more), to, len,
               "decrypt in place %zu", len);
    }
    kcapi_cipher_destroy(handle);
}

/* With a NULL IV a message goes on where the last one ended. */
static void goes_on(const struct driven *d, const char *name)
{
    static const int access[] = { KCAPI_ACCESS_HEURISTIC, KCAPI_ACCESS_VMSPLICE, KCAPI_ACCESS_SENDMSG };
    struct kcapi_handle *handle = driver_handle(d, name, 0);

    fill(in, 8192, 4);
    for (size_t i = 0; d->chains && i < sizeof(access) / sizeof(access[0]); i++) {
        record(kcapi_cipher_encrypt(handle, in, 4096, drivers_iv, out, 4096, access[i]), out, 4096,
               "with an IV");
        record(kcapi_cipher_encrypt(handle, in + 4096, 4096, NULL, out, 4096, access[i]), out, 4096,
               "and on");
    }
    kcapi_cipher_destroy(handle);
}

/* A message of an AEAD in pieces, and back; the second time it has been tampered with. */
static void aead_stream(const struct driven *d, const char *name)
{
    enum { LEN = 5000 };
    struct kcapi_handle *handle = driver_handle(d, name, 0);

    fill(in, LEN, 7);
    for (int round = 0; d->aead && round < 2; round++) {
        size_t len = round ? 4096 : 512, sealed = len + DRIVERS_TAG;
        struct iovec first = { in, 100 }, rest = { in + 100, len - 100 }, result = { out, sealed };

        record(kcapi_aead_stream_init_enc(handle, drivers_iv, &first, 1), NULL, 0, "init");
        record(kcapi_aead_stream_update_last(handle, &rest, 1), NULL, 0, "last");
        record(kcapi_aead_stream_op(handle, &result, 1), out, sealed, "sealed %zu", len);
        out[DRIVERS_AAD] ^= (uint8_t)round;
        first = (struct iovec){ out, 100 };
        rest = (struct iovec){ out + 100, sealed - 100 };
        result = (struct iovec){ back, len };
        record(kcapi_aead_stream_init_dec(handle, drivers_iv, &first, 1), NULL, 0, "init");
        record(kcapi_aead_stream_update_last(handle, &rest, 1), NULL, 0, "last");
        record(kcapi_aead_stream_op(handle, &result, 1), back, len, "opened");
    }
    kcapi_cipher_destroy(handle);
}

/*
 * To more IOVECs than the kernel has memory for (6.1), or the queue of virtio_crypto's device entries,
 * which made the process wait for ever.
 */
static void to_many_iovecs(const struct driven *d, const char *name)
{
    enum { N = 128, PIECE = 32, GAP = 64, LEN = N * PIECE - DRIVERS_TAG };
    struct kcapi_handle *handle = driver_handle(d, name, 0);
    struct iovec from = { in, LEN }, to[N];

    fill(in, LEN, 8);
    for (size_t i = 0; i < N; i++)
        to[i] = (struct iovec){ out + GAP * i, PIECE };
    memset(out, 0, GAP * N);
    if (d->aead) {
        record(kcapi_aead_stream_init_enc(handle, drivers_iv, NULL, 0), NULL, 0, "init");
        record(kcapi_aead_stream_update_last(handle, &from, 1), NULL, 0, "last");
        record(kcapi_aead_stream_op(handle, to, N), out, GAP * N, "to %d IOVECs", N);
    }
    kcapi_cipher_destroy(handle);
}

static void digest(size_t number, const char *name)
{
    static const size_t lengths[] = { 0, 1, 55, 64, 4096, 65537, 300000 };
    struct kcapi_handle *handle = NULL;
    uint8_t key[16];

    if (kcapi_md_init(&handle, name, 0)) {
        puts("missing");
        return;
    }
    fill(key, sizeof(key), 3);
    if (digested[number].keyed)
        record(kcapi_md_setkey(handle, key, sizeof(key)), NULL, 0, "key");
    fill(in, MIB, 5);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint32_t size = kcapi_md_digestsize(handle);

        record(kcapi_md_digest(handle, in, lengths[i], out, 64), out, size, "digest of %zu", lengths[i]);
        for (size_t done = 0, piece = 1; done < lengths[i]; done += piece, piece = piece * 7 % 90001) {
            piece = piece < lengths[i] - done ? piece : lengths[i] - done;
            record(kcapi_md_update(handle, in + done, piece), NULL, 0, "update %zu", piece);
        }
        record(kcapi_md_final(handle, out, 64), out, size, "in pieces");
    }
    kcapi_md_destroy(handle);
}

static void stream(const struct driven *d, const char *name)
{
    static const size_t pieces[] = { 0, 16, 5, 27, 4096, 70000, 40, 8 };
    struct kcapi_handle *handle = driver_handle(d, name, 0);
    size_t sent = 0, given = 0;

    if (!d->chains)
        return;
    fill(in, MIB, 9);
    for (int round = 1; round < 3; round++, sent = given = 0) {
        struct iovec iov[2] = { { in, 32 }, { in + 32, 7 } };

        record(kcapi_cipher_stream_init_enc(handle, drivers_iv, iov, round), NULL, 0, "init");
        sent = round == 2 ? 39 : 32;
        for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
            struct iovec from[2] = { { in + sent, pieces[i] / 2 },
                                     { in + sent + pieces[i] / 2, pieces[i] - pieces[i] / 2 } };
            struct iovec to[2] = { { out + given, 24 }, { out + given + 24, 1000 } };

            record(kcapi_cipher_stream_update(handle, from, 2), NULL, 0, "update %zu", pieces[i]);
            sent += pieces[i];
            /* Now and then less than there is, so that something is left. */
            if (i % 2 && sent - given >= 1100)
                given += (size_t)kcapi_cipher_stream_op(handle, to, 2);
        }
        iov[0] = (struct iovec){ in + sent, 64 - sent % 16 };
        sent += iov[0].iov_len;
        record(kcapi_cipher_stream_update_last(handle, iov, 1), NULL, 0, "last");
        while (given < sent) {
            struct iovec to = { out + given, sent - given };
            ssize_t ret = kcapi_cipher_stream_op(handle, &to, 1);

            if (ret <= 0) {
                record(ret, NULL, 0, "op");
                break;
            }
            given += (size_t)ret;
        }
        record((ssize_t)given, out, given, "stream");
    }
    kcapi_cipher_destroy(handle);
}

static void batch(const struct driven *d, struct kcapi_handle *handle, size_t n,
                  const struct lengths *lengths, bool in_place, bool aio)
{
    int more = d->aead ? DRIVERS_TAG : 0;
    struct batch b;
    ssize_t ret;

    batch_init(&b, n, lengths, more);
    fill(in, b.in_total, (uint32_t)n);
    batch_deal(&b, in);
    if (in_place)
        batch_in_place(&b);
    ret = driver_aio(d, handle, true, b.in, b.out, n);
    gather(b.out, n, out);
    record(ret, out, b.out_total, "%zu IOVECs, %s%s, aio %d", n, lengths->name,
           in_place ? ", in place" : "", aio);
    if (ret < 0 || in_place) {
        batch_free(&b);
        return;
    }
    /* The results as inputs, and where the inputs were as outputs. */
    ret = driver_aio(d, handle, false, b.out, b.in, n);
    gather(b.in, n, back);
    record(ret, NULL, 0, "and back");
    printf("%s\n", memcmp(back, in, b.in_total) == 0 ? "right" : "wrong");
    if (d->aead) {
        ((uint8_t *)b.out[n / 2].iov_base)[DRIVERS_AAD] ^= 1;
        record(driver_aio(d, handle, false, b.out, b.in, n), NULL, 0, "tampered");
    }
    batch_free(&b);
}

static void batches(const struct driven *d, const char *name, bool aio)
{
    static const struct lengths alike = { "alike", 1, { 512 } };
    static const struct lengths mixed = { "mixed lengths", 5, { 32, 1024, 48, 4096, 160 } };
    /* A device of virtio_crypto takes no more of a message that cannot be cut. */
    static const struct lengths long_ones = { "long ones", 3, { 64 * KIB, 112 * KIB, 16 } };
    /* Nor of all pairs, which without AIO are one message: 120 KiB. */
    const size_t counts[] = { 1, 2, 64, aio || d->chains ? 256 : 240 };
    struct kcapi_handle *handle = driver_handle(d, name, aio ? KCAPI_INIT_AIO : 0);

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        batch(d, handle, counts[i], &alike, i % 2, aio);
        if (counts[i] <= 64)
            batch(d, handle, counts[i], &mixed, false, aio);
    }
    if (aio)
        batch(d, handle, 6, &long_ones, false, aio);
    kcapi_cipher_destroy(handle);
}

/* An error in the middle, and a handle that works on. */
static void errors(const struct driven *d, const char *name)
{
    struct kcapi_handle *handle = driver_handle(d, name, KCAPI_INIT_AIO);
    struct iovec iov[8], to[8];

    fill(in, 8 * 1024, 2);
    for (size_t i = 0; i < 8; i++) {
        iov[i] = (struct iovec){ in + 1024 * i, 512 };
        to[i] = (struct iovec){ out + 1024 * i, 512 + (d->aead ? DRIVERS_TAG : 0) };
    }
    to[5].iov_len = 500;
    record(driver_aio(d, handle, true, iov, to, 8), NULL, 0, "an output too short");
    to[5].iov_len = 512 + (d->aead ? DRIVERS_TAG : 0);
    iov[3].iov_base = NULL;
    record(driver_aio(d, handle, true, iov, to, 8), NULL, 0, "an input at NULL");
    iov[3].iov_base = in;
    memset(out, 0, 8 * 1024);
    record(driver_aio(d, handle, true, iov, to, 8), out, 8 * 1024, "and then");
    kcapi_cipher_destroy(handle);
}

static void transcript(const struct driven *d, const char *name, bool all)
{
    struct kcapi_handle *handle = driver_handle(d, name, 0);

    if (!handle) {
        puts("missing");
        return;
    }
    kcapi_cipher_destroy(handle);
    if (all) {
        one_shots(d, name);
        goes_on(d, name);
        stream(d, name);
        aead_stream(d, name);
        to_many_iovecs(d, name);
        batches(d, name, false);
    }
    batches(d, name, true);
    errors(d, name);
}

/* What this program prints, run anew; to be freed. */
static char *run(const char *engine, const char *aio, size_t number, const char *driver, bool all)
{
    char command[4096 + 256], self[4096] = "", *text = NULL;
    size_t len = 0, got;
    FILE *file;

    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        bail_out("/proc/self/exe");
    snprintf(command, sizeof(command), "KCAPI_ENGINE=%s KCAPI_AIO=%s exec '%s' %zu '%s' %s", engine,
             aio, self, number, driver, all ? "all" : "aio");
    file = popen(command, "r");
    do {
        text = realloc(text, len + 65536 + 1);
        if (!file || !text)
            bail_out("%s", command);
        got = fread(text + len, 1, 65536, file);
        len += got;
    } while (got > 0);
    text[len] = '\0';
    if (pclose(file) != 0)
        strcpy(text, "it died");
    return text;
}

static void compare(const char *want, const char *got, const char *name, const char *aio)
{
    const char *line_want = want, *line_got = got;

    if (ok(strcmp(want, got) == 0, "%s, KCAPI_AIO=%s", name, aio))
        return;
    for (; *want && *want == *got; want++, got++) {
        if (*want == '\n')
            line_want = want + 1, line_got = got + 1;
    }
    diag("expected: %.*s", (int)strcspn(line_want, "\n"), line_want);
    diag("     got: %.*s", (int)strcspn(line_got, "\n"), line_got);
}

/* On one driver; in each way of AIO if that may make a difference. */
static void test_driver(size_t number, const char *engine, const char *driver, char *want[2])
{
    static const char *const ways[] = { "auto", "linux", "sync" };
    bool each = strcmp(driver, driven[number].name) == 0 || strncmp(driver, "cryptd", 6) == 0 ||
                strncmp(driver, "pcrypt", 6) == 0 || strstr(driver, "virtio");

    for (size_t way = 0; way < (each ? sizeof(ways) / sizeof(ways[0]) : 1); way++) {
        char *got = run(engine, ways[way], number, driver, way == 0);
        bool missing = strcmp(got, "missing\n") == 0;

        if (!missing)
            compare(want[way == 0], got, driver, ways[way]);
        free(got);
        if (missing)
            break;
    }
}

static void test_digest_on(size_t number, const char *engine, const char *driver, const char *want)
{
    char *got = run(engine, "auto", DRIVEN + number, driver, true);

    if (strcmp(got, "missing\n") != 0)
        compare(want, got, driver, "auto");
    free(got);
}

static void test_digest(size_t number, const char *engine)
{
    const char *name = digested[number].name, *const *drivers = digested[number].drivers;
    char *want = run("user", "auto", DRIVEN + number, name, true);

    ok(strcmp(want, "missing\n") != 0, "the engine in user space has %s", name);
    test_digest_on(number, engine, name, want);
    for (size_t j = 0; j < DRIVERS_MOST && drivers[j]; j++)
        if (may_be_had(drivers[j]))
            test_digest_on(number, "kernel", drivers[j], want);
    free(want);
}

int main(int argc, char **argv)
{
    const char *engine = getenv("KCAPI_ENGINE");
    size_t number;

    if (argc == 4) {
        kcapi_set_verbosity(KCAPI_LOG_NONE);
        in = pages(MOST);
        out = pages(MOST);
        back = pages(MOST);
        number = (size_t)atoi(argv[1]);
        if (number < DRIVEN)
            transcript(&driven[number], argv[2], strcmp(argv[3], "all") == 0);
        else
            digest(number - DRIVEN, argv[2]);
        return 0;
    }
    for (size_t i = 0; i < DRIVEN; i++) {
        const struct driven *d = &driven[i];
        char *want[2];

        for (int all = 0; all < 2; all++)
            want[all] = run("user", "auto", i, d->name, all);
        ok(strncmp(want[1], "encrypt 16 = -", 14) != 0 && !strstr(want[1], "wrong"),
           "the engine in user space has %s", d->name);
        test_driver(i, engine ? engine : "kernel", d->name, want);
        for (size_t j = 0; j < DRIVERS_MOST && d->drivers[j]; j++)
            if (may_be_had(d->drivers[j]))
                test_driver(i, "kernel", d->drivers[j], want);
        free(want[0]);
        free(want[1]);
    }
    for (size_t i = 0; i < DIGESTED; i++)
        test_digest(i, engine ? engine : "kernel");
    return done_testing();
}
