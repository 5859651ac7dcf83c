/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Drivers that complete later, in another thread of the kernel: cryptd wraps a synchronous one.
 * Results must not depend on it: modes that chain still chain, and IOVECs of the others may run at
 * the same time.
 *
 * needs: kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aio-cipher.h"

static const struct {
    const struct mode *mode;
    const char *name;
} ciphers[] = {
    { &CBC, "cryptd(cbc(aes-generic))" },
    { &CTR, "cryptd(ctr(aes-generic))" },
    { &ECB, "cryptd(ecb(aes-generic))" },
    { &XTS, "cryptd(xts(ecb(aes-generic)))" },
};

static const struct lengths one_block = { "one block each", 1, { 16 } };
static const struct lengths mixed = { "mixed lengths", 5, { 16, 1024, 48, 4096, 160 } };
static const struct lengths kib64 = { "64 KiB each", 1, { 64 * KIB } };
static const size_t counts[] = { 1, 2, 3, 64, 200 };
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

/* Whether /proc/crypto says that this driver is asynchronous: else nothing here would be tested. */
static bool is_async(const char *driver)
{
    FILE *file = fopen("/proc/crypto", "r");
    char line[256], wanted[256];
    bool here = false, async = false;

    if (!file)
        bail_out("/proc/crypto: %s", strerror(errno));
    snprintf(wanted, sizeof(wanted), "driver       : %s\n", driver);
    while (fgets(line, sizeof(line), file)) {
        here = line[0] == '\n' ? false : here || strcmp(line, wanted) == 0;
        async |= here && strcmp(line, "async        : yes\n") == 0;
    }
    fclose(file);
    return async;
}

/* What cryptd wraps: of xts over 64 KiB another driver may make other bytes. */
static const char *wrapped(const char *name)
{
    static char inner[64];

    snprintf(inner, sizeof(inner), "%.*s", (int)strlen(name) - 8, name + 7);
    return inner;
}

static void test_sync_calls(const struct mode *mode, const char *name)
{
    static const size_t lengths[] = { 16, 1024, 65536, 131072, 212992 };
    struct kcapi_handle *async = cipher_with_key(name, aio_key, mode->keylen, 0);
    struct kcapi_handle *plain = cipher_with_key(wrapped(name), aio_key, mode->keylen, 0);
    uint8_t *in = pages(212992), *out = pages(212992), *want = pages(212992);
    const uint8_t *iv = mode == &ECB ? NULL : aio_iv;
    struct iovec from = { in, 4096 }, to = { out, 4096 };

    fill(in, 212992, 1);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t len = lengths[i];

        kcapi_cipher_encrypt(plain, in, len, iv, want, len, 0);
        is_int(kcapi_cipher_encrypt(async, in, len, iv, out, len, access_modes[i % ACCESS_MODES]),
               len, name);
        ok(memcmp(out, want, len) == 0, "a one-shot of %zu bytes", len);
        is_int(kcapi_cipher_decrypt(async, out, len, iv, out, len, 0), len, name);
        ok(memcmp(out, in, len) == 0, "and back in place");
    }
    kcapi_cipher_encrypt(plain, in, 4096, iv, want, 4096, 0);
    kcapi_cipher_stream_init_enc(async, iv, NULL, 0);
    kcapi_cipher_stream_update_last(async, &from, 1);
    is_int(kcapi_cipher_stream_op(async, &to, 1), 4096, "a stream");
    ok(memcmp(out, want, 4096) == 0, "which is right");
    is_int(kcapi_cipher_encrypt(async, in, 16, iv, out, 16, 0), 16, "a one-shot after it");
    ok(memcmp(out, want, 16) == 0, "which is right");
    kcapi_cipher_destroy(async);
    kcapi_cipher_destroy(plain);
    free(in);
    free(out);
    free(want);
}

static ssize_t update(struct kcapi_handle *handle, uint8_t *data, size_t len)
{
    struct iovec iov = { data, len };

    return kcapi_cipher_stream_update(handle, &iov, 1);
}

/*
 * What the library keeps of such a stream, bytes that are no block yet and results, was not there for a
 * stream that went on after a fork(2): wrong bytes as success.
 */
static void test_stream_after_fork(const struct mode *mode, const char *name, bool child_writes)
{
    struct kcapi_handle *handle = cipher_with_key(name, aio_key, mode->keylen, 0);
    const uint8_t *iv = mode == &ECB ? NULL : aio_iv;
    uint8_t data[64], out[64], want[64];
    struct iovec first = { data, 24 }, last = { data + 32, 32 };
    size_t got = 0;
    int status;
    pid_t pid;

    fill(data, sizeof(data), 3);
    kcapi_cipher_encrypt(handle, data, sizeof(data), iv, want, sizeof(want), 0);
    is_int(kcapi_cipher_stream_init_enc(handle, iv, &first, 1), 24, "a stream of half a block more");
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(!child_writes || update(handle, data + 24, 8) == 8 ? 0 : 1);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        bail_out("fork: %s", strerror(errno));
    is_int(status, 0, "a child");
    if (!child_writes)
        is_int(update(handle, data + 24, 8), 8, "the stream goes on");
    is_int(kcapi_cipher_stream_update_last(handle, &last, 1), 32, "the last piece");
    while (got < sizeof(out)) {
        struct iovec to = { out + got, sizeof(out) - got };
        ssize_t ret = kcapi_cipher_stream_op(handle, &to, 1);

        if (ret <= 0)
            break;
        got += (size_t)ret;
    }
    is_int(got, sizeof(out), "its results");
    is_mem(out, want, sizeof(out), child_writes ? "a piece of the child's within" : "after a fork");
    kcapi_cipher_destroy(handle);
}

static void test_cipher(const struct mode *mode, const char *name)
{
    struct kcapi_handle *aio, *sync, *second;

    if (!has_cipher(name)) {
        skip(1, "this kernel does not give such drivers to programs");
        return;
    }
    ok(is_async(name), "%s is asynchronous", name);
    test_sync_calls(mode, name);
    /* Valgrind sees neither what io_uring writes nor what another process does. */
    if (mode != &XTS && !getenv("KCAPI_VALGRIND"))
        for (int child_writes = 0; child_writes < 2; child_writes++)
            test_stream_after_fork(mode, name, child_writes);
    aio = cipher_with_key(name, aio_key, mode->keylen, KCAPI_INIT_AIO);
    sync = cipher_with_key(name, aio_key, mode->keylen, 0);
    for (size_t i = 0; i < COUNTS; i++) {
        aio_round_trip(aio, mode, true, counts[i], &one_block, i % 2, 0);
        aio_round_trip(aio, mode, true, counts[i], &mixed, i % 2 == 0, 0);
        if (counts[i] < 64)
            aio_round_trip(sync, mode, false, counts[i], &mixed, i % 2, 0);
    }
    aio_round_trip(aio, mode, true, 20, &kib64, false, 0);
    second = reinit(aio, KCAPI_INIT_AIO);
    aio_round_trip(second, mode, true, 10, &mixed, false, 0);
    kcapi_cipher_destroy(second);

    /* An error, and a handle that works on. */
    if (mode != &CTR) {
        uint8_t bytes[5 * 16 + 1] = { 0 };
        struct iovec iov[5];

        for (size_t i = 0; i < 5; i++)
            iov[i] = (struct iovec){ bytes + 16 * i, 16 };
        iov[2].iov_len = 7;
        is_int(kcapi_cipher_encrypt_aio(aio, iov, iov, 5, aio_iv, 0), -EINVAL, "a bad IOVEC");
        aio_round_trip(aio, mode, true, 5, &mixed, false, 0);
    }
    kcapi_cipher_destroy(aio);
    kcapi_cipher_destroy(sync);
}

static void test_aead(const char *name)
{
    enum { AAD = 8, TAG = 16 };
    struct lengths sealed_lengths = mixed;
    struct kcapi_handle *async, *plain;
    uint8_t iv[12] = { 1 };

    if (!has_aead(name)) {
        skip(1, "this kernel does not give such drivers to programs");
        return;
    }
    ok(is_async(name), "%s is asynchronous", name);
    async = aead_with_key(name, aio_key, 16, TAG, AAD, KCAPI_INIT_AIO);
    plain = aead_with_key("gcm(aes)", aio_key, 16, TAG, AAD, KCAPI_INIT_AIO);
    for (size_t i = 0; i < sealed_lengths.count; i++)
        sealed_lengths.len[i] += TAG;
    for (size_t i = 0; i < COUNTS; i++) {
        size_t n = counts[i];
        struct batch enc, dec, want;
        uint8_t *bytes, *sealed;

        batch_init(&enc, n, &mixed, TAG);
        batch_init(&want, n, &mixed, TAG);
        batch_init(&dec, n, &sealed_lengths, -TAG);
        bytes = pages(enc.out_total);
        sealed = pages(enc.out_total);
        fill(bytes, enc.in_total, 1);
        batch_deal(&enc, bytes);
        batch_deal(&want, bytes);

        is_int(kcapi_aead_encrypt_aio(async, enc.in, enc.out, n, iv, 0), enc.out_total, name);
        kcapi_aead_encrypt_aio(plain, want.in, want.out, n, iv, 0);
        ok(memcmp(enc.out_bytes, want.out_bytes, n * enc.slot) == 0, "%zu messages", n);
        gather(enc.out, n, sealed);
        batch_deal(&dec, sealed);
        is_int(kcapi_aead_decrypt_aio(async, dec.in, dec.out, n, iv, 0), dec.out_total, name);
        gather(dec.out, n, sealed);
        ok(memcmp(sealed, bytes, dec.out_total) == 0, "and back");

        ((uint8_t *)dec.in[n / 2].iov_base)[AAD] ^= 1;
        is_int(kcapi_aead_decrypt_aio(async, dec.in, dec.out, n, iv, 0), -EBADMSG, "tampered");
        ok(batch_guarded(&dec), "no byte outside of the IOVECs changed");
        is_int(kcapi_aead_encrypt(async, bytes, 64, iv, sealed, 80, 0), 80, "a one-shot after it");
        kcapi_aead_encrypt(plain, bytes, 64, iv, bytes, 80, 0);
        is_mem(sealed, bytes, 80, "is right");
        batch_free(&enc);
        batch_free(&dec);
        batch_free(&want);
        free(bytes);
        free(sealed);
    }
    kcapi_aead_destroy(async);
    kcapi_aead_destroy(plain);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(aio_key, sizeof(aio_key), 8);
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
        test_cipher(ciphers[i].mode, ciphers[i].name);
    test_aead("cryptd(gcm_base(ctr(aes-generic),ghash-generic))");
    return done_testing();
}
