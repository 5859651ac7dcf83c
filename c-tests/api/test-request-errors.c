/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-request-errors.c - what kcapi_process() refuses: as a whole, before anything is processed, or request by
 * request, while those around it are processed
 */
#include <errno.h>
#include <limits.h>

#include "fill.h"
#include "md.h"

enum { AROUND = 3, MIDDLE = 1, LEN = 64, TAG = 16 };

static uint8_t key[32], iv[16] = { 1 }, in[LEN], out[AROUND][LEN + TAG], want[LEN], first[LEN + TAG];
static struct kcapi_handle *cipher, *aead, *digest, *keyless, *rng;
static struct kcapi_request requests[AROUND];

/* Three requests of one kind, of which each may be made worse. */
static void make(struct kcapi_handle *handle, uint32_t type)
{
    memset(out, 0x77, sizeof(out));
    for (int i = 0; i < AROUND; i++)
        requests[i] = (struct kcapi_request){
            .handle = handle,
            .type = type,
            .iv = iv,
            .input = in,
            .inlen = LEN,
            .output = out[i],
            .outlen = type == KCAPI_REQUEST_DIGEST ? 32 : LEN + (handle == aead ? TAG : 0),
        };
}

static ssize_t process(void)
{
    return kcapi_process(requests, AROUND, sizeof(requests[0]), 0);
}

/* The request in the middle is refused, and not the others. */
static void is_refused(ssize_t errno_wanted, const char *what)
{
    ssize_t ret = process();

    ok(ret == AROUND - 1 && requests[MIDDLE].result == errno_wanted && requests[0].result > 0 &&
           requests[AROUND - 1].result > 0 && all_are(out[MIDDLE], 0x77, sizeof(out[MIDDLE])) &&
           memcmp(out[0], out[AROUND - 1], (size_t)requests[0].result) == 0,
       "%s", what);
    if (ret != AROUND - 1 || requests[MIDDLE].result != errno_wanted)
        diag("%zd succeeded, its result is %zd", ret, requests[MIDDLE].result);
}

/* Makes three requests, changes the one in the middle, and sees that it alone is refused. */
#define REFUSED(handle, type_, errno_wanted, change)              \
    do {                                                          \
        struct kcapi_request *r = &requests[MIDDLE];              \
        make(handle, type_);                                      \
        change;                                                   \
        is_refused(errno_wanted, #handle ", " #change);           \
    } while (0)

static void test_members(void)
{
    static const struct iovec empty_handed = { NULL, 16 };
    static struct iovec room = { NULL, 0 };
    struct iovec endless = { in, SIZE_MAX };

    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->handle = NULL);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->type = 0);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->type = 4);
    REFUSED(cipher, KCAPI_REQUEST_DECRYPT, -EINVAL, r->type = UINT32_MAX);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->type = KCAPI_REQUEST_DIGEST);
    REFUSED(aead, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->type = KCAPI_REQUEST_DIGEST);
    REFUSED(digest, KCAPI_REQUEST_DIGEST, -EINVAL, r->type = KCAPI_REQUEST_ENCRYPT);
    REFUSED(digest, KCAPI_REQUEST_DIGEST, -EINVAL, r->type = KCAPI_REQUEST_DECRYPT);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->flags = 4);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->flags = UINT32_MAX);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->reserved = 1);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->assoclen = 1);
    REFUSED(digest, KCAPI_REQUEST_DIGEST, -EINVAL, r->assoclen = 1);
    REFUSED(aead, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->assoclen = LEN + 1);
    REFUSED(aead, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->assoclen = UINT32_MAX);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->outlen = LEN - 1);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->outlen = 0);
    REFUSED(aead, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->outlen = LEN + TAG - 1);
    REFUSED(aead, KCAPI_REQUEST_ENCRYPT, -EINVAL, (r->type = KCAPI_REQUEST_DECRYPT, r->inlen = TAG - 1));
    REFUSED(digest, KCAPI_REQUEST_DIGEST, -EINVAL, r->outlen = 0);
    REFUSED(digest, KCAPI_REQUEST_DIGEST, -EINVAL,
            (r->flags = KCAPI_REQUEST_OUT_IOV, r->output = &room, r->outlen = 1));
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EFAULT, r->input = NULL);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EFAULT, r->output = NULL);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EFAULT, (r->flags = KCAPI_REQUEST_IN_IOV, r->input = NULL, r->inlen = 1));
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EFAULT,
            (r->flags = KCAPI_REQUEST_IN_IOV, r->input = &empty_handed, r->inlen = 1));
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EFAULT, (r->flags = KCAPI_REQUEST_OUT_IOV, r->output = NULL, r->outlen = 1));
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EMSGSIZE, r->inlen = (size_t)INT_MAX + 1);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EMSGSIZE, r->inlen = SIZE_MAX);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EMSGSIZE, r->outlen = SIZE_MAX);
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EMSGSIZE, (r->flags = KCAPI_REQUEST_IN_IOV, r->inlen = SIZE_MAX));
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EMSGSIZE, (r->flags = KCAPI_REQUEST_IN_IOV, r->input = &endless, r->inlen = 1));
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EMSGSIZE,
            (r->flags = KCAPI_REQUEST_OUT_IOV, r->output = &endless, r->outlen = 1));
    REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -ENOKEY, r->handle = keyless);
    if (rng)
        REFUSED(cipher, KCAPI_REQUEST_ENCRYPT, -EINVAL, r->handle = rng);
}

/* Members that a later version may have, behind those that are known. */
struct longer {
    struct kcapi_request request;
    uint8_t more[16];
};

static bool untouched(const struct longer *longer, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (longer[i].request.result != 4711)
            return false;
    return all_are(out, 0x77, sizeof(out));
}

static void test_sizes(void)
{
    struct longer longer[AROUND];
    size_t size = sizeof(requests[0]);

    make(cipher, KCAPI_REQUEST_ENCRYPT);
    for (int i = 0; i < AROUND; i++) {
        requests[i].result = 4711;
        longer[i] = (struct longer){ .request = requests[i] };
    }
    is_int(kcapi_process(NULL, 1, size, 0), -EFAULT, "NULL");
    is_int(kcapi_process(NULL, 0, size, 0), 0, "none");
    is_int(kcapi_process(requests, 0, size, 0), 0, "none of an array");
    is_int(kcapi_process(requests, SIZE_MAX, size, 0), -EFAULT, "more than memory holds");
    is_int(kcapi_process(requests, SIZE_MAX / size + 2, size, 0), -EFAULT, "so many that their bytes overflow");
    for (uint32_t flag = 1; flag; flag <<= 1)
        if (kcapi_process(requests, AROUND, size, flag) != -EINVAL)
            ok(false, "flag %#x", flag);
    is_int(kcapi_process(requests, AROUND, 0, 0), -EINVAL, "a size of 0");
    is_int(kcapi_process(requests, AROUND, size - 1, 0), -EINVAL, "a smaller size");
    is_int(kcapi_process(requests, AROUND, size - 8, 0), -EINVAL, "a smaller size that fits alignment");
    is_int(kcapi_process(requests, AROUND, size + 1, 0), -EINVAL, "a size that breaks alignment");
    longer[AROUND - 1].more[15] = 1;
    is_int(kcapi_process(&longer[0].request, AROUND, sizeof(longer[0]), 0), -E2BIG, "an unknown member is in use");
    ok(untouched(longer, AROUND), "nothing was processed");
    longer[AROUND - 1].more[15] = 0;
    is_int(kcapi_process(&longer[0].request, AROUND, sizeof(longer[0]), 0), AROUND, "unknown members of zeros");
    for (int i = 0; i < AROUND; i++)
        ok(longer[i].request.result == LEN && memcmp(out[i], want, LEN) == 0 && all_are(longer[i].more, 0, 16),
           "longer request %d", i);
}

/* What has no bytes is no error. */
static void test_empty(void)
{
    make(cipher, KCAPI_REQUEST_ENCRYPT);
    requests[MIDDLE].input = requests[MIDDLE].output = NULL;
    requests[MIDDLE].inlen = requests[MIDDLE].outlen = 0;
    is_int(process(), AROUND, "an empty message");
    is_int(requests[MIDDLE].result, 0, "its result");
    make(digest, KCAPI_REQUEST_DIGEST);
    requests[MIDDLE].input = NULL;
    requests[MIDDLE].inlen = 0;
    is_int(process(), AROUND, "the digest of nothing");
    is_int(requests[MIDDLE].result, 32, "its result");
    make(aead, KCAPI_REQUEST_ENCRYPT);
    requests[MIDDLE].input = NULL;
    requests[MIDDLE].inlen = 0;
    is_int(process(), AROUND, "the tag of nothing");
    is_int(requests[MIDDLE].result, TAG, "its result");
}

/* A forged message between two that are not. */
static void test_forged(void)
{
    make(aead, KCAPI_REQUEST_DECRYPT);
    for (int i = 0; i < AROUND; i++) {
        memcpy(out[i], first, LEN + TAG);
        requests[i].input = out[i];
        requests[i].inlen = LEN + TAG;
        requests[i].outlen = LEN;
    }
    out[MIDDLE][0] ^= 1;
    is_int(process(), AROUND - 1, "a forged message between two others");
    is_int(requests[MIDDLE].result, -EBADMSG, "its result");
    ok(memcmp(out[0], in, LEN) == 0 && memcmp(out[AROUND - 1], in, LEN) == 0, "the plaintexts of the others");
    ok(memcmp(out[MIDDLE] + 16, in + 16, LEN - 16) != 0, "no plaintext of the forged one");
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 1);
    fill(in, sizeof(in), 2);
    cipher = cipher_with_key("cbc(aes)", key, 32, 0);
    aead = aead_with_key("gcm(aes)", key, 32, TAG, 0, 0);
    digest = md("sha256");
    if (kcapi_cipher_init(&keyless, "cbc(aes)", 0))
        bail_out("kcapi_cipher_init");
    if (has_rng("stdrng"))
        kcapi_rng_init(&rng, "stdrng", 0);
    kcapi_cipher_encrypt(cipher, in, LEN, iv, want, LEN, 0);
    kcapi_aead_encrypt(aead, in, LEN, iv, first, sizeof(first), 0);
    test_members();
    test_sizes();
    test_empty();
    test_forged();
    kcapi_cipher_destroy(cipher);
    kcapi_aead_destroy(aead);
    kcapi_md_destroy(digest);
    kcapi_cipher_destroy(keyless);
    kcapi_rng_destroy(rng);
    return done_testing();
}
