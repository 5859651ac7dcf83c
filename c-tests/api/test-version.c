/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Versions, verbosity and its stderr format, and the small functions that need no operation. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "fill.h"

#define ERROR "libkcapi - Error: "
#define WARNING "libkcapi - Warning: "
#define VERBOSE "libkcapi - Verbose: "
#define DEBUG "libkcapi - Debug: "

static const uint8_t key[16] = { 1 };

static void test_versions(void)
{
    static const char whole[] = "libkcapi 1.5.1";
    char text[32];

    is_int(kcapi_version(), 1050100, "kcapi_version is that of 1.5.1");
    for (uint32_t size = 0; size <= sizeof(whole) + 2; size++) {
        size_t len = size == 0 ? 0 : size <= sizeof(whole) ? size - 1 : sizeof(whole) - 1;
        bool right;

        memset(text, 'x', sizeof(text));
        kcapi_versionstring(text, size);
        right = memcmp(text, whole, len) == 0 && all_are(text + len + (size > 0), 'x',
                                                         sizeof(text) - len - (size > 0));
        ok(right && (size == 0 || text[len] == '\0'), "kcapi_versionstring into %u bytes", size);
    }
    kcapi_versionstring(NULL, 0);
    ok(true, "kcapi_versionstring into no bytes at NULL");
}

/* An init that fails, then one that works, with stderr going to `text`. */
static void logged(enum kcapi_verbosity level, char *text, size_t size)
{
    struct kcapi_handle *handle = NULL;
    int ends[2], saved = dup(STDERR_FILENO);
    ssize_t len;

    if (saved < 0 || pipe(ends) || fcntl(ends[1], F_SETFL, O_NONBLOCK))
        bail_out("pipe: %s", strerror(errno));
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);

    kcapi_set_verbosity(level);
    if (kcapi_cipher_init(&handle, "nosuch(aes)", 0) == 0)
        kcapi_cipher_destroy(handle);
    handle = NULL;
    if (kcapi_cipher_init(&handle, "cbc(aes)", 0) == 0) {
        kcapi_cipher_setkey(handle, key, sizeof(key));
        kcapi_cipher_destroy(handle);
    }
    kcapi_set_verbosity(KCAPI_LOG_NONE);

    dup2(saved, STDERR_FILENO);
    close(saved);
    len = read(ends[0], text, size - 1);
    text[len > 0 ? len : 0] = '\0';
    close(ends[0]);
}

static int lines_that_begin_with(const char *text, const char *prefix)
{
    int lines = 0;

    for (; *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : text + strlen(text))
        lines += strncmp(text, prefix, strlen(prefix)) == 0;
    return lines;
}

static void test_verbosity(void)
{
    static const char *const prefixes[] = { ERROR, WARNING, VERBOSE, DEBUG };
    static char text[16384];

    for (int level = KCAPI_LOG_NONE; level <= KCAPI_LOG_DEBUG + 1; level++) {
        int lines = 0;

        logged((enum kcapi_verbosity)level, text, sizeof(text));
        for (int kind = 0; kind < 4; kind++) {
            int found = lines_that_begin_with(text, prefixes[kind]);

            lines += found;
            /* Nothing here is worth a warning. */
            if (kind != 1 && level > kind)
                ok(found > 0, "level %d writes `%s...`", level, prefixes[kind]);
            else if (level <= kind)
                ok(found == 0, "level %d writes no `%s...`", level, prefixes[kind]);
        }
        is_int(lines_that_begin_with(text, ""), lines, "and no line that begins otherwise");
        ok(*text == '\0' || text[strlen(text) - 1] == '\n', "and ends its last line");
    }
}

static void test_memset_secure(void)
{
    uint8_t bytes[64];

    memset(bytes, 0x5a, sizeof(bytes));
    kcapi_memset_secure(bytes + 1, 0x1a5, 62);
    ok(bytes[0] == 0x5a && bytes[63] == 0x5a, "kcapi_memset_secure stays within its bytes");
    ok(all_are(bytes + 1, 0xa5, 62), "and sets them all, as memset does");
    kcapi_memset_secure(bytes, 0, 0);
    ok(bytes[0] == 0x5a, "no bytes, no change");
}

static void pad_iv(struct kcapi_handle *handle, uint32_t len, uint32_t want, const char *name)
{
    uint8_t iv[64], padded[64] = { 0 };
    uint8_t *newiv = NULL;
    uint32_t newlen = 0;

    fill(iv, sizeof(iv), len);
    memcpy(padded, iv, len < want ? len : want);
    is_int(kcapi_pad_iv(handle, iv, len, &newiv, &newlen), 0, name);
    ok(newlen == want && newiv && memcmp(newiv, padded, want) == 0, "it is right, %u bytes", want);
    free(newiv);
}

static void test_pad_iv(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);

    pad_iv(handle, 0, 16, "kcapi_pad_iv of no bytes");
    pad_iv(handle, 1, 16, "kcapi_pad_iv of one byte");
    pad_iv(handle, 15, 16, "kcapi_pad_iv of one byte too few");
    pad_iv(handle, 16, 16, "kcapi_pad_iv of the right length");
    pad_iv(handle, 17, 16, "kcapi_pad_iv of one byte too many");
    pad_iv(handle, 64, 16, "kcapi_pad_iv of many bytes");
    kcapi_cipher_destroy(handle);

    handle = cipher_with_key("ecb(aes)", key, sizeof(key), 0);
    pad_iv(handle, 16, 0, "kcapi_pad_iv for a mode without IV");
    kcapi_cipher_destroy(handle);

    handle = aead_with_key("gcm(aes)", key, sizeof(key), 16, 0, 0);
    pad_iv(handle, 16, 12, "kcapi_pad_iv for an AEAD");
    kcapi_aead_destroy(handle);
}

/* A pipe of as many pages as a power of two, less one page; of 4 KiB, whatever the kernel's are. */
static void test_maxsplicesize(void)
{
    static const struct {
        unsigned int set;
        int get;
    } sizes[] = { { 0, 4096 },      { 4096, 4096 },    { 4097, 4096 },     { 8193, 12288 },
                  { 65536, 61440 }, { 65537, 126976 }, { 131072, 126976 }, { 1000000, 1044480 } };
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);

    is_int(kcapi_get_maxsplicesize(handle), 126976, "kcapi_get_maxsplicesize at first");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        is_int(kcapi_set_maxsplicesize(handle, sizes[i].set), 0, "kcapi_set_maxsplicesize");
        is_int(kcapi_get_maxsplicesize(handle), sizes[i].get, "and what it comes to");
    }
    kcapi_set_maxsplicesize(handle, 65537);
    is_int(kcapi_set_maxsplicesize(handle, UINT_MAX), -EINVAL, "more than any pipe: -EINVAL");
    ok(kcapi_get_maxsplicesize(handle) >= 65536, "and the size is as it was");
    is_int(kcapi_set_maxsplicesize(NULL, 65536), -EINVAL, "no handle: -EINVAL");
    is_int(kcapi_get_maxsplicesize(NULL), -EINVAL, "no handle: -EINVAL");
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    test_versions();
    test_verbosity();
    test_memset_secure();
    test_pad_iv();
    test_maxsplicesize();
    return done_testing();
}
