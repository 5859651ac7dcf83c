/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-endurance.c - AIO of 256 x 64 KiB and of 100,000 x 16 bytes, over and over
 *
 * After the first call of each kind, memory, descriptors and AIO contexts stay as they are, and the
 * bytes of each call are those of the first.
 *
 *   KCAPI_ENDURANCE=N  calls of all kinds together (default: 8)
 *
 * needs: exec uninstrumented
 */
#define _GNU_SOURCE
#include <sys/uio.h>

#include "fill.h"
#include "left.h"

enum { KINDS = 4, TAG = 16 };

/* Pages by which the resident set may differ: what the C library itself touches now and then. */
enum { SLACK = 64 };

static const uint8_t key[16] = "a key of 16 byte", iv[16] = "an IV of 16 byte";

struct kind {
    const char *name;
    bool aead;
    size_t count, len;
    struct kcapi_handle *handle;
    struct iovec *in, *out;
    uint8_t *result, *first;
    size_t size;
};

static long resident_pages(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        bail_out("/proc/self/statm cannot be read");
    fclose(file);
    return pages;
}

static void prepare(struct kind *kind, uint8_t *data)
{
    size_t more = kind->aead ? TAG : 0;

    kind->handle = kind->aead
        ? aead_with_key("gcm(aes)", key, sizeof(key), TAG, 0, KCAPI_INIT_AIO)
        : cipher_with_key("cbc(aes)", key, sizeof(key), KCAPI_INIT_AIO);
    kind->size = kind->count * (kind->len + more);
    kind->result = pages(kind->size);
    kind->first = pages(kind->size);
    kind->in = calloc(kind->count, sizeof(*kind->in));
    kind->out = calloc(kind->count, sizeof(*kind->out));
    if (!kind->in || !kind->out)
        bail_out("no memory for %zu IOVECs", kind->count);
    for (size_t i = 0; i < kind->count; i++) {
        kind->in[i] = (struct iovec){ data + i * kind->len, kind->len };
        kind->out[i] = (struct iovec){ kind->result + i * (kind->len + more), kind->len + more };
    }
}

static bool call(struct kind *kind)
{
    ssize_t ret;

    memset(kind->result, 0, kind->size);
    ret = kind->aead
        ? kcapi_aead_encrypt_aio(kind->handle, kind->in, kind->out, kind->count, iv, 0)
        : kcapi_cipher_encrypt_aio(kind->handle, kind->in, kind->out, kind->count, iv, 0);
    if (ret == (ssize_t)kind->size)
        return true;
    diag("%s: %zd instead of %zu", kind->name, ret, kind->size);
    return false;
}

int main(int argc, char **argv)
{
    struct kind kinds[KINDS] = {
        { .name = "cbc, 256 x 64 KiB", .count = 256, .len = 64 * KIB },
        { .name = "cbc, 100,000 x 16", .count = 100000, .len = 16 },
        { .name = "gcm, 256 x 64 KiB", .aead = true, .count = 256, .len = 64 * KIB },
        { .name = "gcm, 100,000 x 16", .aead = true, .count = 100000, .len = 16 },
    };
    const char *asked = getenv("KCAPI_ENDURANCE");
    int calls = asked ? atoi(asked) : 8, wrong = 0, most = 0;
    uint8_t *data = pages(16 * MIB);
    struct left start, end;
    long at_start;

    (void)argc;
    if (getenv("KCAPI_VALGRIND"))
        calls = 1;
    else
        without_tcache(argv);
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, 16 * MIB, 1);
    for (int i = 0; i < KINDS; i++) {
        prepare(&kinds[i], data);
        if (!ok(call(&kinds[i]), "%s", kinds[i].name))
            return done_testing();
        memcpy(kinds[i].first, kinds[i].result, kinds[i].size);
    }
    /* What these use themselves is there before. */
    resident_pages();
    left_now();
    start = left_now();
    at_start = resident_pages();
    for (int i = 0; i < calls; i++) {
        struct kind *kind = &kinds[i % KINDS];
        long grown;

        if (!call(kind) || memcmp(kind->result, kind->first, kind->size) != 0)
            wrong++;
        grown = resident_pages() - at_start;
        most = grown > most ? (int)grown : most;
    }
    end = left_now();
    is_int(wrong, 0, "the same results each time");
    ok(most <= SLACK, "%d calls, %d pages more at most", calls, most);
    is_int(end.heap - start.heap, 0, "as much of the heap in use as before");
    is_int(end.descriptors - start.descriptors, 0, "as many descriptors");
    is_int(end.aio_events - start.aio_events, 0, "as many AIO contexts");
    for (int i = 0; i < KINDS; i++) {
        (kinds[i].aead ? kcapi_aead_destroy : kcapi_cipher_destroy)(kinds[i].handle);
        free(kinds[i].in);
        free(kinds[i].out);
        free(kinds[i].result);
        free(kinds[i].first);
    }
    free(data);
    return done_testing();
}
