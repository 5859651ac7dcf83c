/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A timer that interrupts system calls, without SA_RESTART, changes no result: all calls give the
 * bytes that they give in quiet, and none but the stream calls gives -EINTR.
 *
 * Nor does a call stand still while signals come faster than it ends: the library makes interrupted
 * system calls anew, but none is ever interrupted, since none waits for anything but its own end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "batch.h"

#define MOST MIB

static const uint8_t key[16] = { 1 };
static uint8_t iv[16] = { 9 };
static uint8_t *plain, *quiet, *got;
static volatile sig_atomic_t interrupts;

/* Under valgrind nothing but the handler would run at 100 us. */
static suseconds_t interval = 100;

/* System calls of the library that were interrupted. */
static int made_anew;

/* The library finds these in the place of the C library's. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t ret = syscall(SYS_sendmsg, fd, message, flags);

    made_anew += ret < 0 && errno == EINTR;
    return ret;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t ret = syscall(SYS_recvmsg, fd, message, flags);

    made_anew += ret < 0 && errno == EINTR;
    return ret;
}

static void interrupted(int signal)
{
    (void)signal;
    interrupts++;
}

static void storm(bool on)
{
    struct itimerval timer = { 0 };

    if (on)
        timer.it_interval.tv_usec = timer.it_value.tv_usec = interval;
    if (setitimer(ITIMER_REAL, &timer, NULL))
        bail_out("setitimer: %s", strerror(errno));
}

/* One operation in quiet, then several in the storm. */
typedef ssize_t (*operation_fn)(struct kcapi_handle *handle, size_t len, uint8_t *out);

static void compare(const char *name, operation_fn operation, struct kcapi_handle *handle,
                    size_t len, size_t out_len)
{
    int rounds = len > 100 * KIB ? 5 : 20, wrong = 0;
    ssize_t want = operation(handle, len, quiet), ret = want;

    if (want != (ssize_t)out_len)
        bail_out("%s of %zu bytes in quiet: %zd", name, len, want);
    for (int round = 0; round < rounds; round++) {
        ssize_t now;

        memset(got, 0, out_len);
        storm(true);
        now = operation(handle, len, got);
        storm(false);
        if (now != want || memcmp(got, quiet, out_len) != 0) {
            ret = now;
            wrong++;
        }
    }
    if (!ok(wrong == 0, "%s of %zu bytes", name, len))
        diag("%d of %d differ, the last returned %zd", wrong, rounds, ret);
}

static ssize_t one_call(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    return kcapi_cipher_encrypt(handle, plain, len, iv, out, len, KCAPI_ACCESS_HEURISTIC);
}

static ssize_t encrypt_vmsplice(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    return kcapi_cipher_encrypt(handle, plain, len, iv, out, len, KCAPI_ACCESS_VMSPLICE);
}

static ssize_t seal(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    return kcapi_aead_encrypt(handle, plain, len, iv, out, len + 16, KCAPI_ACCESS_HEURISTIC);
}

/* In 16 IOVECs, since one page of data would not give the timer much time. */
static ssize_t encrypt_aio(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    struct iovec from[16], to[16];

    for (size_t i = 0; i < 16; i++) {
        from[i] = (struct iovec){ plain + i * (len / 16), len / 16 };
        to[i] = (struct iovec){ out + i * (len / 16), len / 16 };
    }
    return kcapi_cipher_encrypt_aio(handle, from, to, 16, iv, 0);
}

static ssize_t seal_aio(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    struct iovec from[16], to[16];

    for (size_t i = 0; i < 16; i++) {
        from[i] = (struct iovec){ plain + i * (len / 16), len / 16 };
        to[i] = (struct iovec){ out + i * (len / 16 + 16), len / 16 + 16 };
    }
    return kcapi_aead_encrypt_aio(handle, from, to, 16, iv, 0);
}

/* A stream may be told of the interruption, or take or give less: its caller goes on. */
static ssize_t stream(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    size_t sent = 0, taken = 0;
    ssize_t ret;

    do
        ret = kcapi_cipher_stream_init_enc(handle, iv, NULL, 0);
    while (ret == -EINTR);
    while (taken < len && ret >= 0) {
        size_t end = taken + 32 * KIB < len ? taken + 32 * KIB : len;

        while (sent < end && ret >= 0) {
            struct iovec in = { plain + sent, end - sent };

            ret = kcapi_cipher_stream_update(handle, &in, 1);
            sent += ret > 0 ? (size_t)ret : 0;
            ret = ret == -EINTR ? 0 : ret;
        }
        while (taken < end && ret >= 0) {
            struct iovec to = { out + taken, end - taken };

            ret = kcapi_cipher_stream_op(handle, &to, 1);
            taken += ret > 0 ? (size_t)ret : 0;
            ret = ret == -EINTR ? 0 : ret;
        }
    }
    return ret < 0 ? ret : (ssize_t)taken;
}

static ssize_t seal_stream(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    size_t half = len / 2, done = 0;
    struct iovec first = { plain, half };
    ssize_t ret;

    do
        ret = kcapi_aead_stream_init_enc(handle, iv, &first, 1);
    while (ret == -EINTR);
    while (half < len && ret >= 0) {
        struct iovec rest = { plain + half, len - half };

        ret = kcapi_aead_stream_update_last(handle, &rest, 1);
        half += ret > 0 ? (size_t)ret : 0;
        ret = ret == -EINTR ? 0 : ret;
    }
    while (done < len + 16 && ret >= 0) {
        struct iovec to = { out + done, len + 16 - done };

        ret = kcapi_aead_stream_op(handle, &to, 1);
        done += ret > 0 ? (size_t)ret : 0;
        ret = ret == -EINTR ? 0 : ret;
    }
    return ret < 0 ? ret : (ssize_t)done;
}

static ssize_t digest(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    return kcapi_md_digest(handle, plain, len, out, 32);
}

/* In pieces, which are no stream calls: a caller could not know what has been taken. */
static ssize_t update_final(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    for (size_t done = 0; done < len; done += len / 16) {
        ssize_t ret = kcapi_md_update(handle, plain + done, len / 16);

        if (ret < 0)
            return ret;
    }
    return kcapi_md_final(handle, out, 32);
}

static ssize_t derive(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    ssize_t ret = kcapi_kdf_ctr(handle, plain, 64, out, len);

    return ret ? ret : (ssize_t)len;
}

/* With a handle of its own, from socket(2) to close(2). */
static ssize_t derive_password(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    ssize_t ret = kcapi_pbkdf("hmac(sha256)", plain, 16, plain + 16, 16, 50, out, len);

    (void)handle;
    return ret ? ret : (ssize_t)len;
}

/* What is random is not compared. */
static ssize_t generate(struct kcapi_handle *handle, size_t len, uint8_t *out)
{
    ssize_t ret = kcapi_rng_generate(handle, out, len);

    memset(out, 0, len);
    return ret;
}

static void test_digests(void)
{
    struct kcapi_handle *sha256 = NULL, *hmac = NULL, *rng = NULL;

    if (kcapi_md_init(&sha256, "sha256", 0) || kcapi_md_init(&hmac, "hmac(sha256)", 0) ||
        kcapi_md_setkey(hmac, key, 16))
        bail_out("sha256 or hmac(sha256) cannot be had");
    for (size_t len = 16; len <= MOST; len *= 16) {
        compare("a digest", digest, sha256, len, 32);
        compare("a digest in pieces", update_final, sha256, len, 32);
        compare("a keyed digest", digest, hmac, len, 32);
    }
    compare("a key derivation", derive, hmac, 10 * KIB, 10 * KIB);
    compare("PBKDF2", derive_password, NULL, 64, 64);
    if (has_rng("stdrng")) {
        if (kcapi_rng_init(&rng, "stdrng", 0) || kcapi_rng_seed(rng, plain, 16))
            bail_out("stdrng cannot be had");
        compare("random numbers", generate, rng, 10 * KIB, 10 * KIB);
    }
    kcapi_md_destroy(sha256);
    kcapi_md_destroy(hmac);
    kcapi_rng_destroy(rng);
}

int main(void)
{
    static const size_t lengths[] = { 16, 256, 4096, 16384, 65536, 131072, 262144, MOST };
    struct sigaction action = { .sa_handler = interrupted };
    struct kcapi_handle *cipher, *aio, *aead, *aead_aio;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (getenv("KCAPI_VALGRIND"))
        interval = 20000;
    plain = pages(MOST);
    quiet = pages(MOST + 16 * 16);
    got = pages(MOST + 16 * 16);
    fill(plain, MOST, 1);
    sigaction(SIGALRM, &action, NULL);
    cipher = cipher_with_key("cbc(aes)", key, 16, 0);
    aio = cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO);
    aead = aead_with_key("gcm(aes)", key, 16, 16, 8, 0);
    aead_aio = aead_with_key("gcm(aes)", key, 16, 16, 8, KCAPI_INIT_AIO);

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t len = lengths[i];

        compare("a one-shot", one_call, cipher, len, len);
        compare("a one-shot with vmsplice", encrypt_vmsplice, cipher, len, len);
        compare("a stream", stream, cipher, len, len);
        if (len >= 256) {
            compare("AIO", encrypt_aio, aio, len, len);
            compare("AIO without KCAPI_INIT_AIO", encrypt_aio, cipher, len, len);
            compare("AIO of an AEAD", seal_aio, aead_aio, len, len + 16 * 16);
            compare("AIO of an AEAD without KCAPI_INIT_AIO", seal_aio, aead, len, len + 16 * 16);
        }
        if (len <= 131072) {
            compare("an AEAD", seal, aead, len, len + 16);
            compare("an AEAD stream", seal_stream, aead, len, len + 16);
        }
    }
    test_digests();
    ok(interval != 100 || interrupts > 100, "%d interrupts", (int)interrupts);
    is_int(made_anew, 0, "system calls that were interrupted, and made anew");

    kcapi_cipher_destroy(cipher);
    kcapi_cipher_destroy(aio);
    kcapi_aead_destroy(aead);
    kcapi_aead_destroy(aead_aio);
    free(plain);
    free(quiet);
    free(got);
    return done_testing();
}
