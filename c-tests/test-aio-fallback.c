/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-aio-fallback.c - a kernel that gives no AIO contexts: same results, and a warning
 *
 * fs.aio-max-nr of 0 makes io_setup(2) fail as it does in a sandbox.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fill.h"

enum { PAIRS = 100, LEN = 64, AAD = 8, TAG = 16 };

#define MAX_NR "/proc/sys/fs/aio-max-nr"

static const uint8_t key[16] = "a key of 16 byte", iv[16] = "an IV of 16 byte";
static uint8_t in[PAIRS * LEN], out[PAIRS * (LEN + TAG)], want[PAIRS * (LEN + TAG)];
static struct iovec from[PAIRS], to[PAIRS];

static bool set_max_nr(const char *value)
{
    int fd = open(MAX_NR, O_WRONLY);
    bool done = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

    if (fd >= 0)
        close(fd);
    return done;
}

static ssize_t encrypt(struct kcapi_handle *handle, bool aead)
{
    for (size_t i = 0; i < PAIRS; i++) {
        from[i] = (struct iovec){ in + i * LEN, LEN };
        to[i] = (struct iovec){ out + i * (LEN + TAG), LEN + (aead ? TAG : 0) };
    }
    memset(out, 0, sizeof(out));
    return aead ? kcapi_aead_encrypt_aio(handle, from, to, PAIRS, iv, 0)
                : kcapi_cipher_encrypt_aio(handle, from, to, PAIRS, iv, 0);
}

static struct kcapi_handle *ready(bool aead)
{
    return aead ? aead_with_key("gcm(aes)", key, sizeof(key), TAG, AAD, KCAPI_INIT_AIO)
                : cipher_with_key("cbc(aes)", key, sizeof(key), KCAPI_INIT_AIO);
}

/* What the library says while it does without AIO. */
static size_t warnings(struct kcapi_handle *handle, bool aead, ssize_t result)
{
    char text[4096] = "";
    int ends[2], saved = dup(STDERR_FILENO);
    size_t found = 0;

    if (saved < 0 || pipe(ends))
        bail_out("pipe: %s", strerror(errno));
    dup2(ends[1], STDERR_FILENO);
    kcapi_set_verbosity(KCAPI_LOG_WARN);
    for (int i = 0; i < 3; i++)
        if (encrypt(handle, aead) != result || memcmp(out, want, sizeof(want)) != 0)
            result = -1;
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ok(result > 0, "%s without AIO: the same three times", aead ? "gcm" : "cbc");
    if (read(ends[0], text, sizeof(text) - 1) < 0)
        bail_out("read: %s", strerror(errno));
    close(ends[0]);
    for (char *at = text; (at = strstr(at, "libkcapi - Warning: ")); at++)
        found++;
    return found;
}

int main(void)
{
    char before[32] = "";
    int fd = open(MAX_NR, O_RDONLY);
    ssize_t len = fd < 0 ? -1 : read(fd, before, sizeof(before) - 1);

    if (len <= 0 || !set_max_nr(before)) {
        plan(1);
        skip(1, MAX_NR " cannot be set here");
        return tap_status();
    }
    close(fd);
    fill(in, sizeof(in), 1);
    for (int aead = 0; aead < 2; aead++) {
        struct kcapi_handle *handle = ready(aead);
        ssize_t result = encrypt(handle, aead);

        ok(result > 0, "%s with AIO", aead ? "gcm" : "cbc");
        memcpy(want, out, sizeof(want));
        kcapi_cipher_destroy(handle);

        set_max_nr("0");
        handle = ready(aead);
        is_int(warnings(handle, aead, result), 1, "which a warning tells once");
        kcapi_cipher_destroy(handle);
        set_max_nr(before);
    }
    return done_testing();
}
