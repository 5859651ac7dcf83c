/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Batches that are large enough for several processors: the same as one message after the other, also
 * with a wrong tag among them, a bad length, and outputs that lie over other messages' inputs. No
 * thread is left behind.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "fill.h"

enum { N = 1024, LEN = 4096, TAG = 16, SEALED = LEN + TAG, SIZE = N * SEALED + LEN };

static const uint8_t key[32] = { 1, 2, 3 }, iv[16] = { 4, 5 };
static uint8_t *in, *out, *want;
static struct iovec from[N], to[N];

static int threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;

    if (!tasks)
        bail_out("/proc/self/task");
    for (const struct dirent *entry; (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void lay(struct iovec *list, uint8_t *bytes, size_t len, size_t step)
{
    for (size_t i = 0; i < N; i++) {
        list[i].iov_base = bytes + i * step;
        list[i].iov_len = len;
    }
}

static void test_aead(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, 0, KCAPI_INIT_AIO);
    struct kcapi_handle *single = aead_with_key("gcm(aes)", key, 16, TAG, 0, 0);

    fill(in, SIZE, 1);
    for (size_t i = 0; i < N; i++)
        kcapi_aead_encrypt(single, in + i * LEN, LEN, iv, want + i * SEALED, SEALED, 0);
    lay(from, in, LEN, LEN);
    lay(to, out, SEALED, SEALED);
    is_int(kcapi_aead_encrypt_aio(handle, from, to, N, iv, 0), N * SEALED, "gcm, apart");
    ok(memcmp(out, want, N * SEALED) == 0, "as one after the other");

    lay(from, out, SEALED, SEALED);
    lay(to, in, LEN, LEN);
    memset(in, 0, SIZE);
    is_int(kcapi_aead_decrypt_aio(handle, from, to, N, iv, 0), N * LEN, "decrypted");
    fill(out, SIZE, 1);
    ok(memcmp(in, out, N * LEN) == 0, "to what it was");

    memcpy(out, want, N * SEALED);
    out[(N - 3) * SEALED + 7] ^= 1;
    memset(in, 0, SIZE);
    is_int(kcapi_aead_decrypt_aio(handle, from, to, N, iv, 0), -EBADMSG, "one wrong tag: -EBADMSG");
    fill(out, SIZE, 1);
    ok(memcmp(in, out, (N - 3) * LEN) == 0, "those before it are decrypted");
    ok(memcmp(in + (N - 2) * LEN, out + (N - 2) * LEN, 2 * LEN) == 0, "and those after it");
    kcapi_aead_destroy(single);
    kcapi_aead_destroy(handle);
}

static void test_cipher(const char *name, uint32_t keylen)
{
    struct kcapi_handle *handle = cipher_with_key(name, key, keylen, KCAPI_INIT_AIO);
    struct kcapi_handle *single = cipher_with_key(name, key, keylen, 0);
    bool chains = strncmp(name, "cbc", 3) == 0 || strncmp(name, "ctr", 3) == 0;

    fill(in, SIZE, 2);
    for (size_t i = 0; i < N; i++)
        kcapi_cipher_encrypt(single, in + i * LEN, LEN, chains && i ? NULL : iv, want + i * LEN,
                             LEN, 0);
    memcpy(out, in, SIZE);
    lay(from, out, LEN, LEN);
    is_int(kcapi_cipher_encrypt_aio(handle, from, from, N, iv, 0), N * LEN, name);
    ok(memcmp(out, want, N * LEN) == 0, "as one after the other");
    is_int(kcapi_cipher_decrypt_aio(handle, from, from, N, iv, 0), N * LEN, "decrypted in place");
    ok(memcmp(out, in, N * LEN) == 0, "to what it was");

    if (strcmp(name, "ctr(aes)") != 0) {
        from[N - 2].iov_len = 15;
        is_int(kcapi_cipher_encrypt_aio(handle, from, from, N, iv, 0), -EINVAL, "a bad length");
    }
    kcapi_cipher_destroy(single);
    kcapi_cipher_destroy(handle);
}

/* In user space only: the kernel takes so much not at once, and then reads what it has written. */
static void test_overlap(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, 16, TAG, 0, KCAPI_INIT_AIO);

    if (strcmp(kcapi_handle_engine(handle), "kernel") == 0) {
        skip(2, "in user space only");
        kcapi_aead_destroy(handle);
        return;
    }
    fill(in, SIZE, 1);
    lay(from, in, LEN, LEN);
    lay(to, out, SEALED, SEALED);
    kcapi_aead_encrypt_aio(handle, from, to, N, iv, 0);
    lay(to, in, SEALED, SEALED);
    is_int(kcapi_aead_encrypt_aio(handle, from, to, N, iv, 0), N * SEALED, "tags push inputs away");
    ok(memcmp(in, out, N * SEALED) == 0, "which were read before");
    kcapi_aead_destroy(handle);
}

static void *wait_for_the_end(void *argument)
{
    for (;;)
        pause();
    return argument;
}

/* A thread that has been joined is listed until the kernel has put it away. */
static int threads_after(int before)
{
    int now = threads();

    for (int i = 0; now != before && i < 1000; i++) {
        usleep(1000);
        now = threads();
    }
    return now;
}

int main(void)
{
    pthread_t another;
    int before;

    /* ThreadSanitizer starts a thread of its own with the first one, which stays. */
    if (pthread_create(&another, NULL, wait_for_the_end, NULL))
        bail_out("no thread can be started");
    before = threads();
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    in = pages(SIZE);
    out = pages(SIZE);
    want = pages(SIZE);
    test_aead();
    test_cipher("xts(aes)", 32);
    test_cipher("ecb(aes)", 16);
    test_cipher("cbc(aes)", 16);
    test_cipher("ctr(aes)", 16);
    test_overlap();
    is_int(threads_after(before), before, "no thread is left");
    pthread_cancel(another);
    pthread_join(another, NULL);
    free(in);
    free(out);
    free(want);
    return done_testing();
}
