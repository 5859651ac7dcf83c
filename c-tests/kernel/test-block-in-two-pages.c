/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A result whose blocks lie in two pages each was wrong, and the call a success, where the socket takes a multiple
 * of 64 KiB, as on s390x. The kernel stops when less than a page of the receive buffer is left, and gives up the
 * part of a block that it had room for; what comes after it in the same recvmsg(2) it writes as if it had not.
 *
 * Needs a kernel of its own, User-Mode Linux.
 * needs: kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fill.h"
#include "uml.h"

enum { MOST = MIB, BUFFER = 256 * KIB, PIECE = 64 * KIB };

static uint8_t key[16] = { 5 }, iv[16] = { 3 }, *data, *want, *out;

/* What the kernel's settings are now, or are to be. */
static bool settings(const char *mode, long values[4])
{
    static const char *const names[] = { "wmem_default", "rmem_default", "wmem_max", "rmem_max" };
    bool done = true;

    for (size_t i = 0; i < 4; i++) {
        char path[64];
        FILE *file;

        snprintf(path, sizeof(path), "/proc/sys/net/core/%s", names[i]);
        file = fopen(path, mode);
        done &= file && (*mode == 'r' ? fscanf(file, "%ld", &values[i]) == 1 : fprintf(file, "%ld", values[i]) > 0);
        done &= file && fclose(file) == 0;
    }
    return done;
}

/* In pieces that any socket takes, to the beginning of a page. */
static void prepare(const char *name)
{
    struct kcapi_handle *handle = cipher_with_key(name, key, sizeof(key), 0);

    for (size_t at = 0; at < MOST; at += PIECE)
        kcapi_cipher_encrypt(handle, data + at, PIECE, at ? NULL : iv, want + at, PIECE, 0);
    kcapi_cipher_destroy(handle);
}

static void one_call(const char *name, size_t offset, size_t len)
{
    struct kcapi_handle *handle = cipher_with_key(name, key, sizeof(key), 0);

    memset(out, 0, MOST + 4 * KIB);
    is_int(kcapi_cipher_encrypt(handle, data, len, iv, out + offset, len, 0), (long long)len, name);
    ok(memcmp(out + offset, want, len) == 0, "%s, %zu bytes to byte %zu of a page", name, len, offset);
    kcapi_cipher_destroy(handle);
}

/* A stream's result, in IOVECs of which the first one has `first` bytes. */
static void stream(const char *name, size_t offset, size_t first)
{
    struct kcapi_handle *handle = cipher_with_key(name, key, sizeof(key), 0);
    struct iovec piece = { data, BUFFER };
    struct iovec results[] = { { out + offset, first }, { out + offset + first, BUFFER - first } };
    ssize_t ret;

    memset(out, 0, MOST + 4 * KIB);
    kcapi_cipher_stream_init_enc(handle, iv, &piece, 1);
    ret = kcapi_cipher_stream_op(handle, results, 2);
    ok(ret > 0 && memcmp(out + offset, want, (size_t)ret) == 0,
       "%s, a stream to byte %zu of a page, %zu bytes and the rest: %zd", name, offset, first, ret);
    kcapi_cipher_destroy(handle);
}

/* A batch of two IOVECs, which are one chain. */
static void batch(const char *name, size_t offset, size_t first)
{
    struct kcapi_handle *handle = cipher_with_key(name, key, sizeof(key), KCAPI_INIT_AIO);
    struct iovec from[] = { { data, first }, { data + first, MOST - first } };
    struct iovec to[] = { { out + offset, first }, { out + offset + first, MOST - first } };

    memset(out, 0, MOST + 4 * KIB);
    is_int(kcapi_cipher_encrypt_aio(handle, from, to, 2, iv, 0), MOST, name);
    ok(memcmp(out + offset, want, MOST) == 0, "%s, AIO of %zu bytes and the rest to byte %zu of a page", name,
       first, offset);
    kcapi_cipher_destroy(handle);
}

/* A message that is not cut, as each one of AIO, by xts, where a part would be a message of its own. */
static void whole(size_t offset)
{
    static uint8_t keys[32] = { 1, 2, [16] = 3 };
    struct kcapi_handle *handle = cipher_with_key("xts(aes)", keys, sizeof(keys), 0);
    struct iovec from = { data, BUFFER }, first = { want, BUFFER }, to = { out + offset, BUFFER };

    is_int(kcapi_cipher_encrypt_aio(handle, &from, &first, 1, iv, 0), BUFFER, "xts(aes)");
    is_int(kcapi_cipher_encrypt_aio(handle, &from, &to, 1, iv, 0), BUFFER, "the same");
    ok(memcmp(out + offset, want, BUFFER) == 0, "xts(aes), to byte %zu of a page", offset);
    kcapi_cipher_destroy(handle);
}

/* A stream of it, which gave all but a part of its end, and that as the result of another message. */
static void whole_stream(size_t offset)
{
    static uint8_t keys[32] = { 1, 2, [16] = 3 };
    struct kcapi_handle *handle = cipher_with_key("xts(aes)", keys, sizeof(keys), 0);
    struct iovec from = { data, BUFFER }, first = { want, BUFFER }, to = { out + offset, BUFFER };

    is_int(kcapi_cipher_encrypt_aio(handle, &from, &first, 1, iv, 0), BUFFER, "xts(aes)");
    is_int(kcapi_cipher_stream_init_enc(handle, iv, &from, 1), BUFFER, "a stream of the same");
    is_int(kcapi_cipher_stream_update_last(handle, NULL, 0), 0, "it ends");
    is_int(kcapi_cipher_stream_op(handle, &to, 1), BUFFER, "its result");
    ok(memcmp(out + offset, want, BUFFER) == 0, "xts(aes), a stream to byte %zu of a page", offset);
    kcapi_cipher_destroy(handle);
}

/* More is sent to a stream between the receiver's look at what is there and its recvmsg(2), which is stopped here. */
static struct kcapi_handle *raced;
static _Thread_local bool is_receiver;
static atomic_int stopped, went_on;

ssize_t recvmsg(int fd, struct msghdr *header, int flags)
{
    if (is_receiver && !atomic_exchange(&stopped, 1))
        while (!went_on)
            usleep(1000);
    return syscall(SYS_recvmsg, fd, header, flags);
}

enum { BEFORE = 32, RACED = BUFFER - BEFORE };

static void *send_more(void *arg)
{
    struct iovec rest = { data + BEFORE, RACED };

    while (!stopped)
        usleep(1000);
    is_int(kcapi_cipher_stream_update(raced, &rest, 1), RACED, "more is sent meanwhile");
    went_on = 1;
    return arg;
}

static void raced_stream(void)
{
    struct iovec head = { data, BEFORE }, results[] = { { out, BUFFER - 1001 }, { out + BUFFER - 1001, 1001 } };
    pthread_t sender;
    ssize_t ret;

    raced = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    prepare("cbc(aes)");
    is_int(kcapi_cipher_stream_init_enc(raced, iv, &head, 1), BEFORE, "a stream");
    pthread_create(&sender, NULL, send_more, NULL);
    is_receiver = true;
    ret = kcapi_cipher_stream_op(raced, results, 2);
    is_receiver = false;
    pthread_join(sender, NULL);
    ok(ret > 0 && memcmp(out, want, (size_t)ret) == 0, "what was received is right: %zd", ret);
    kcapi_cipher_destroy(raced);
}

int main(void)
{
    static const char *const names[] = { "cbc(aes)", "ctr(aes)" };
    static const size_t offsets[] = { 0, 8, 440, 4095 }, lens[] = { BUFFER, 2 * BUFFER, MOST };
    long before[4], multiples[4] = { BUFFER, BUFFER, BUFFER, BUFFER };

    if (!is_user_mode_linux() || geteuid() != 0) {
        puts("1..0 # SKIP needs a kernel whose settings are the test's");
        return 0;
    }
    if (!settings("r", before) || !settings("w", multiples))
        bail_out("net.core: %s", strerror(errno));
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    data = pages(MOST);
    want = pages(MOST);
    out = pages(MOST + 4 * KIB);
    fill(data, MOST, 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        prepare(names[i]);
        for (size_t j = 0; j < sizeof(offsets) / sizeof(offsets[0]); j++) {
            for (size_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++)
                one_call(names[i], offsets[j], lens[k]);
            batch(names[i], offsets[j], 16);
            batch(names[i], offsets[j], BUFFER);
            stream(names[i], offsets[j], 0);
            stream(names[i], offsets[j], 1001);
            stream(names[i], offsets[j], BUFFER - 8);
        }
    }
    for (size_t j = 1; j < sizeof(offsets) / sizeof(offsets[0]); j++)
        whole(offsets[j]);
    for (size_t j = 0; j < sizeof(offsets) / sizeof(offsets[0]); j++)
        whole_stream(offsets[j]);
    raced_stream();
    settings("w", before);
    return done_testing();
}
