/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A failed IOVEC, wherever it is among how many others, is the call's result as a negative errno;
 * nothing outside of the output IOVECs is written, then or later; and the handle starts clean.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <time.h>

#include "batch.h"
#include "listed.h"

enum { AAD = 8, TAG = 16, APART = 64 * KIB };

static const struct lengths blocks = { "two blocks each", 1, { 32 } };
static const struct lengths large = { "16 KiB each", 1, { 16 * KIB } };
static const uint8_t key[16] = { 6 }, iv[16] = { 7 };

static void settle(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
}

static void is_clean(struct kcapi_handle *handle, const char *after)
{
    struct kcapi_handle *fresh = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    uint8_t in[96], want[96], got[96];
    struct iovec from[3], to[3];

    fill(in, sizeof(in), 5);
    kcapi_cipher_encrypt(fresh, in, sizeof(in), iv, want, sizeof(want), 0);
    kcapi_cipher_destroy(fresh);
    memset(got, 0, sizeof(got));
    for (size_t i = 0; i < 3; i++) {
        from[i] = (struct iovec){ in + 32 * i, 32 };
        to[i] = (struct iovec){ got + 32 * i, 32 };
    }
    is_int(kcapi_cipher_encrypt_aio(handle, from, to, 3, iv, 0), sizeof(in), after);
    is_mem(got, want, sizeof(in), "AIO after it is right");
    is_int(kcapi_cipher_encrypt(handle, in, sizeof(in), iv, got, sizeof(in), 0), sizeof(in), after);
    is_mem(got, want, sizeof(in), "a one-shot after it is right");
}

/* What may be wrong with an IOVEC pair; the error that it makes. */
static int spoil(struct iovec *in, struct iovec *out, int how)
{
    switch (how) {
    case 0: /* part of a block */
        in->iov_len -= 1;
        out->iov_len -= 1;
        return -EINVAL;
    case 1:
        out->iov_len -= 16;
        return -EINVAL;
    case 2:
        in->iov_base = NULL;
        return -EFAULT;
    default:
        out->iov_base = NULL;
        return -EFAULT;
    }
}

static void test_bad_cipher_iovec(size_t n, size_t bad, const struct lengths *lengths,
                                  uint32_t flags)
{
    static const char *const hows[] = { "part of a block", "short output", "input at NULL",
                                        "output at NULL" };

    for (int how = 0; how < 4; how++) {
        struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), flags);
        struct batch b;
        uint8_t *plain;
        struct iovec in, out;
        ssize_t ret;
        int want;

        batch_init(&b, n, lengths, 0);
        plain = pages(b.in_total);
        fill(plain, b.in_total, 1);
        batch_deal(&b, plain);
        in = b.in[bad];
        out = b.out[bad];
        want = spoil(&b.in[bad], &b.out[bad], how);
        ret = kcapi_cipher_encrypt_aio(handle, b.in, b.out, n, iv, 0);
        if (!ok(ret == want, "%s in %zu of %zu, %s, %s AIO: %d", hows[how], bad, n, lengths->name,
                flags ? "with" : "without", want))
            diag("returned %zd", ret);
        settle();
        /* The guards of a NULL IOVEC are those of the whole. */
        out.iov_len = b.out[bad].iov_len;
        in.iov_len = lengths->len[0];
        b.in[bad] = in;
        b.out[bad] = out;
        ok(batch_guarded(&b), "no byte outside of the IOVECs changed, 50 ms later either");
        is_clean(handle, hows[how]);
        free(plain);
        batch_free(&b);
        kcapi_cipher_destroy(handle);
    }
}

/* An output IOVEC may be longer than what its input makes. */
static void test_long_output(uint32_t flags)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), flags);
    uint8_t in[64], out[3 * 64], want[64];
    struct iovec from[2] = { { in, 32 }, { in + 32, 32 } };
    struct iovec to[2] = { { out, 32 }, { out + 32, 150 } };

    fill(in, sizeof(in), 3);
    memset(out, GUARD_BYTE, sizeof(out));
    kcapi_cipher_encrypt(handle, in, 64, iv, want, 64, 0);
    is_int(kcapi_cipher_encrypt_aio(handle, from, to, 2, iv, 0), 64, "a long output at the end");
    is_mem(out, want, 64, "is right");
    ok(all_are(out + 64, GUARD_BYTE, sizeof(out) - 64), "and stays as it was after the result");
    is_clean(handle, "after a long output");
    kcapi_cipher_destroy(handle);
}

static void test_impossible(uint32_t flags)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), flags);
    uint8_t bytes[64] = { 0 };
    struct iovec iov[3] = { { bytes, 16 }, { bytes + 16, SIZE_MAX - 15 }, { bytes + 32, 16 } };

    ok(kcapi_cipher_encrypt_aio(handle, iov, iov, 3, iv, 0) < 0, "lengths whose sum overflows");
    iov[1].iov_len = SSIZE_MAX - 15;
    ok(kcapi_cipher_encrypt_aio(handle, iov, iov, 3, iv, 0) < 0, "a sum over SSIZE_MAX");
    iov[1].iov_len = (size_t)INT_MAX + 1;
    is_int(kcapi_cipher_encrypt_aio(handle, iov, iov, 2, iv, 0), -EMSGSIZE, "over INT_MAX");
    iov[1].iov_len = 16;
    ok(kcapi_cipher_encrypt_aio(handle, iov, iov, SIZE_MAX / 2, iv, 0) < 0, "SIZE_MAX / 2 IOVECs");
    ok(kcapi_cipher_encrypt_aio(handle, NULL, iov, 1, iv, 0) < 0, "no input IOVECs");
    ok(kcapi_cipher_encrypt_aio(handle, iov, NULL, 1, iv, 0) < 0, "no output IOVECs");
    is_clean(handle, "after calls that cannot be");
    kcapi_cipher_destroy(handle);
}

/* An accelerator, which serves where there is no AES-NI, is given one message after the other. */
static bool is_accelerated(void)
{
    return is_listed("virtio_crypto_aes_cbc", 21, true) && !is_listed("cbc-aes-aesni", 13, true);
}

/* A message's output: nothing, or all of it. */
static bool is_nothing_or_all(struct kcapi_handle *handle, const uint8_t *in, const uint8_t *out)
{
    uint8_t want[8 * KIB];

    if (all_are(out, GUARD_BYTE, sizeof(want)))
        return true;
    return kcapi_cipher_encrypt(handle, in, sizeof(want), iv, want, sizeof(want), 0) ==
               (ssize_t)sizeof(want) &&
           memcmp(out, want, sizeof(want)) == 0;
}

/* The kernel may take what comes before it; what it makes of that must not be seen. */
static void test_unreadable_input(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), KCAPI_INIT_AIO);
    uint8_t *in = mmap(NULL, 3 * APART, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *out = pages(3 * APART);
    struct iovec from[3], to[3];

    if (in == MAP_FAILED || mprotect(in + APART, APART, PROT_NONE))
        bail_out("mmap: %s", strerror(errno));
    for (size_t i = 0; i < 3; i++) {
        from[i] = (struct iovec){ in + i * APART, 8 * KIB };
        to[i] = (struct iovec){ out + i * APART, 8 * KIB };
    }
    memset(out, GUARD_BYTE, 3 * APART);
    if (strcmp(kcapi_handle_engine(handle), "kernel") != 0) {
        skip(1, "the user engine reads the memory itself: a signal");
    } else {
        size_t first = is_accelerated() ? 8 * KIB : 0;

        ok(kcapi_cipher_encrypt_aio(handle, from, to, 3, iv, 0) < 0, "an input that cannot be read");
        ok(all_are(out + first, GUARD_BYTE, 3 * APART - first),
           "no output of a batch that was not sent whole");
        ok(is_nothing_or_all(handle, in, out), "nor a part of the first message's");
        is_clean(handle, "after it");
    }
    free(out);
    munmap(in, 3 * APART);
    kcapi_cipher_destroy(handle);
}

/* `n` sealed messages, one of them tampered with or cut. */
static void test_bad_message(size_t n, size_t bad, bool cut, const struct lengths *lengths,
                             uint32_t flags)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, sizeof(key), TAG, AAD, flags);
    struct lengths longer = { lengths->name, 1, { lengths->len[0] + TAG } };
    size_t len = lengths->len[0];
    struct batch enc, dec;
    uint8_t *plain, *sealed, *back;
    bool others = true;
    ssize_t ret;

    batch_init(&enc, n, lengths, TAG);
    batch_init(&dec, n, &longer, -TAG);
    plain = pages(enc.in_total);
    sealed = pages(enc.out_total);
    back = pages(dec.out_total);
    fill(plain, enc.in_total, 1);
    batch_deal(&enc, plain);
    is_int(kcapi_aead_encrypt_aio(handle, enc.in, enc.out, n, iv, 0), enc.out_total, "sealed");
    gather(enc.out, n, sealed);

    batch_deal(&dec, sealed);
    if (cut)
        dec.in[bad].iov_len = AAD + TAG - 1;
    else
        ((uint8_t *)dec.in[bad].iov_base)[len + TAG - 1] ^= 0x80;
    ret = kcapi_aead_decrypt_aio(handle, dec.in, dec.out, n, iv, 0);
    if (!ok(ret == (cut ? -EINVAL : -EBADMSG), "%s message %zu of %zu, %s, %s AIO",
            cut ? "cut" : "tampered", bad, n, lengths->name, flags ? "with" : "without"))
        diag("returned %zd", ret);
    dec.in[bad].iov_len = len + TAG;
    settle();
    ok(batch_guarded(&dec), "no byte outside of the IOVECs changed, 50 ms later either");

    /* Those before the bad one are done; those after it may be. */
    gather(dec.out, n, back);
    for (size_t i = 0; i < n && !cut; i++) {
        const uint8_t *got = back + i * len;

        others &= i >= bad || memcmp(got, plain + i * len, len) == 0;
        others &= i <= bad || memcmp(got, plain + i * len, len) == 0 ||
                  all_are(got, GUARD_BYTE, len);
    }
    ok(others, "the others are right");

    batch_deal(&dec, sealed);
    is_int(kcapi_aead_decrypt_aio(handle, dec.in, dec.out, n, iv, 0), dec.out_total,
           "all good again");
    gather(dec.out, n, back);
    ok(memcmp(back, plain, dec.out_total) == 0, "and right");

    enc.out[bad].iov_len -= 1;
    is_int(kcapi_aead_encrypt_aio(handle, enc.in, enc.out, n, iv, 0), -EINVAL,
           "an output without room for all of the tag");
    enc.out[bad].iov_len += 1;
    is_int(kcapi_aead_encrypt_aio(handle, enc.in, enc.out, n, iv, 0), enc.out_total, "and with");
    gather(enc.out, n, back = realloc(back, enc.out_total));
    ok(memcmp(back, sealed, enc.out_total) == 0, "which is right");
    free(plain);
    free(sealed);
    free(back);
    batch_free(&enc);
    batch_free(&dec);
    kcapi_aead_destroy(handle);
}

int main(void)
{
    static const struct {
        size_t n, bad;
        const struct lengths *lengths;
    } cases[] = { { 1, 0, &blocks },  { 2, 1, &blocks },    { 3, 1, &blocks },
                  { 64, 0, &blocks }, { 64, 31, &blocks },  { 64, 63, &blocks },
                  { 65, 64, &blocks }, { 200, 100, &blocks }, { 40, 20, &large } };

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            test_bad_cipher_iovec(cases[i].n, cases[i].bad, cases[i].lengths, flags);
            test_bad_message(cases[i].n, cases[i].bad, false, cases[i].lengths, flags);
            test_bad_message(cases[i].n, cases[i].bad, true, cases[i].lengths, flags);
        }
        test_long_output(flags);
        test_impossible(flags);
    }
    test_unreadable_input();
    return done_testing();
}
