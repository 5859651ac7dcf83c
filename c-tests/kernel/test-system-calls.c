/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-system-calls.c - what the calls of the API cost in system calls, and the most they may cost
 *
 * With the argument --table it judges nothing and prints name, count and budget, separated by tabs:
 * for the C library, see ./counts.
 *
 * needs: kernel
 */
#define _GNU_SOURCE
#include "aio-backend.h"
#include "count.h"
#include "fill.h"

enum { MOST_IOVECS = 256, AAD = 16, TAG = 16 };

/* A batch is what a socket takes by default: 208 KiB, less on machines of 32 bits, and 192 KiB in pages of 64 KiB. */
enum { BATCHES_OF_1M = sizeof(void *) == 4 ? 6 : 5, BATCHES_IN_LARGE_PAGES = 6 };

static const uint8_t key[16] = "a key of 16 byte", iv[16] = "an IV of 16 byte";
static const uint8_t xts_key[32] = "two keys, of 16 bytes each, for ";
static uint8_t *in, *out;
static struct kcapi_handle *cbc, *cbc_aio, *ctr_aio, *xts_aio, *gcm_aio, *sha256;

static void check(ssize_t got, ssize_t want)
{
    if (got != want) {
        diag("%zd instead of %zd", got, want);
        _exit(1);
    }
}

static void open_handles(void)
{
    cbc = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    cbc_aio = cipher_with_key("cbc(aes)", key, sizeof(key), KCAPI_INIT_AIO);
    ctr_aio = cipher_with_key("ctr(aes)", key, sizeof(key), KCAPI_INIT_AIO);
    xts_aio = cipher_with_key("xts(aes)", xts_key, sizeof(xts_key), KCAPI_INIT_AIO);
    gcm_aio = aead_with_key("gcm(aes)", key, sizeof(key), TAG, AAD, KCAPI_INIT_AIO);
    check(kcapi_md_init(&sha256, "sha256", 0), 0);
}

static void cipher_init(uint32_t flags)
{
    struct kcapi_handle *handle;

    check(kcapi_cipher_init(&handle, "cbc(aes)", flags), 0);
    kcapi_cipher_destroy(handle);
}
static void init(void) { cipher_init(0); }
static void init_aio(void) { cipher_init(KCAPI_INIT_AIO); }

static void aead_init(uint32_t flags)
{
    struct kcapi_handle *handle;

    check(kcapi_aead_init(&handle, "gcm(aes)", flags), 0);
    kcapi_aead_destroy(handle);
}
static void init_aead(void) { aead_init(0); }
static void init_aead_aio(void) { aead_init(KCAPI_INIT_AIO); }

static void init_md(void)
{
    struct kcapi_handle *handle;

    check(kcapi_md_init(&handle, "sha256", 0), 0);
    kcapi_md_destroy(handle);
}
static void init_rng(void)
{
    struct kcapi_handle *handle;

    check(kcapi_rng_init(&handle, "stdrng", 0), 0);
    kcapi_rng_destroy(handle);
}

static void reinit_destroy(void) { kcapi_cipher_destroy(reinit(cbc, 0)); }
static void reinit_aio(void) { kcapi_cipher_destroy(reinit(cbc, KCAPI_INIT_AIO)); }
static void reinit_encrypt(size_t len)
{
    struct kcapi_handle *handle = reinit(cbc, 0);

    check(kcapi_cipher_encrypt(handle, in, len, iv, out, len, 0), (ssize_t)len);
    kcapi_cipher_destroy(handle);
}
static void reinit_16(void) { reinit_encrypt(16); }
static void reinit_1m(void) { reinit_encrypt(MIB); }

static void md_sha256(void) { check(kcapi_md_sha256(in, 64, out, 32), 32); }
static void hmac(void) { check(kcapi_md_hmac_sha256(key, sizeof(key), in, 64, out, 32), 32); }
static void enc_aes_cbc(void)
{
    check(kcapi_cipher_enc_aes_cbc(key, sizeof(key), in, 64, iv, out, 64), 64);
}
static void rng_get_bytes(void) { check(kcapi_rng_get_bytes(out, 64), 64); }
static void hkdf(void)
{
    check(kcapi_hkdf("hmac(sha256)", in, 32, key, 16, iv, 16, out, 64), 0);
}
static void digest_32k(void) { check(kcapi_md_digest(sha256, in, 32 * KIB, out, 32), 32); }

static void seal(size_t len, int access)
{
    check(kcapi_cipher_encrypt(cbc, in, len, iv, out, len, access), (ssize_t)len);
}
static void encrypt_16(void) { seal(16, KCAPI_ACCESS_HEURISTIC); }
static void encrypt_16_vmsplice(void) { seal(16, KCAPI_ACCESS_VMSPLICE); }
static void encrypt_16_sendmsg(void) { seal(16, KCAPI_ACCESS_SENDMSG); }
static void encrypt_16k(void) { seal(16 * KIB, KCAPI_ACCESS_HEURISTIC); }
static void encrypt_16k_vmsplice(void) { seal(16 * KIB, KCAPI_ACCESS_VMSPLICE); }
static void encrypt_16k_sendmsg(void) { seal(16 * KIB, KCAPI_ACCESS_SENDMSG); }
static void encrypt_64k(void) { seal(64 * KIB, KCAPI_ACCESS_HEURISTIC); }
static void encrypt_64k_vmsplice(void) { seal(64 * KIB, KCAPI_ACCESS_VMSPLICE); }
static void encrypt_64k_sendmsg(void) { seal(64 * KIB, KCAPI_ACCESS_SENDMSG); }
static void encrypt_128k(void) { seal(128 * KIB, KCAPI_ACCESS_HEURISTIC); }
static void encrypt_1m(void) { seal(MIB, KCAPI_ACCESS_HEURISTIC); }

static void aio(struct kcapi_handle *handle, size_t iovecs, size_t len)
{
    struct iovec from[MOST_IOVECS], to[MOST_IOVECS];

    for (size_t i = 0; i < iovecs; i++) {
        from[i] = (struct iovec){ in + i * len, len };
        to[i] = (struct iovec){ out + i * len, len };
    }
    check(kcapi_cipher_encrypt_aio(handle, from, to, iovecs, iv, 0), (ssize_t)(iovecs * len));
}
static void aio_1(void) { aio(cbc_aio, 1, 1024); }
static void aio_2(void) { aio(cbc_aio, 2, 1024); }
static void aio_8(void) { aio(cbc_aio, 8, 1024); }
static void aio_64(void) { aio(cbc_aio, 64, 1024); }
static void aio_256(void) { aio(cbc_aio, 256, 512); }
static void aio_256_4k(void) { aio(cbc_aio, 256, 4 * KIB - 64); }
static void ctr_aio_64(void) { aio(ctr_aio, 64, 1024); }
static void ctr_aio_256(void) { aio(ctr_aio, 256, 512); }
static void xts_aio_64(void) { aio(xts_aio, 64, 1024); }
static void xts_aio_256(void) { aio(xts_aio, 256, 512); }

static void aead_16k(void)
{
    check(kcapi_aead_encrypt(gcm_aio, in, 16 * KIB, iv, out, 16 * KIB + TAG, 0), 16 * KIB + TAG);
}

static void aead_aio(size_t iovecs, size_t len)
{
    struct iovec from[MOST_IOVECS], to[MOST_IOVECS];

    for (size_t i = 0; i < iovecs; i++) {
        from[i] = (struct iovec){ in + i * len, len };
        to[i] = (struct iovec){ out + i * (len + TAG), len + TAG };
    }
    check(kcapi_aead_encrypt_aio(gcm_aio, from, to, iovecs, iv, 0),
          (ssize_t)(iovecs * (len + TAG)));
}
/* Nobody knows yet how much the socket takes. */
static void aead_aio_first(void)
{
    struct kcapi_handle *handle = aead_with_key("gcm(aes)", key, sizeof(key), TAG, AAD, KCAPI_INIT_AIO);
    struct iovec from[] = { { in, 32 }, { in, 32 } }, to[] = { { out, 32 + TAG }, { out + 64, 32 + TAG } };

    check(kcapi_aead_encrypt_aio(handle, from, to, 2, iv, 0), 64 + 2 * TAG);
    kcapi_aead_destroy(handle);
}
static void aead_aio_1(void) { aead_aio(1, 1024); }
static void aead_aio_64(void) { aead_aio(64, 1024); }
static void aead_aio_256(void) { aead_aio(256, 256); }

/* Rows with this in their name make no call of the library before. */
#define FIRST "the process's first"

static const struct {
    const char *name;
    void (*run)(void);
    int most;
} jobs[] = {
    { "cipher init, destroy, the process's first", init, 3 },
    { "AEAD init, destroy, the process's first", init_aead, 7 },
    { "kcapi_md_sha256, the process's first", md_sha256, 7 },
    { "kcapi_md_hmac_sha256, the process's first", hmac, 8 },
    { "kcapi_cipher_enc_aes_cbc, the process's first", enc_aes_cbc, 8 },
    { "cipher init, destroy", init, 3 },
    { "cipher init with KCAPI_INIT_AIO, destroy", init_aio, 3 },
    { "AEAD init, destroy", init_aead, 3 },
    { "AEAD init with KCAPI_INIT_AIO, destroy", init_aead_aio, 3 },
    { "digest init, destroy", init_md, 3 },
    { "RNG init, destroy", init_rng, 3 },
    { "reinit, destroy", reinit_destroy, 0 },
    { "reinit with KCAPI_INIT_AIO, destroy", reinit_aio, 0 },
    { "reinit, encrypt 16 bytes, destroy", reinit_16, 4 },
    { "kcapi_md_sha256", md_sha256, 7 },
    { "kcapi_md_hmac_sha256", hmac, 8 },
    { "kcapi_cipher_enc_aes_cbc", enc_aes_cbc, 8 },
    { "kcapi_rng_get_bytes", rng_get_bytes, 7 },
    { "kcapi_hkdf, 64 bytes", hkdf, 18 },
    { "kcapi_md_digest, 32 KiB", digest_32k, 2 },
    { "encrypt 16 bytes", encrypt_16, 2 },
    { "encrypt 16 bytes, vmsplice", encrypt_16_vmsplice, 2 },
    { "encrypt 16 bytes, sendmsg", encrypt_16_sendmsg, 2 },
    { "encrypt 16 KiB", encrypt_16k, 2 },
    { "encrypt 16 KiB, vmsplice", encrypt_16k_vmsplice, 2 },
    { "encrypt 16 KiB, sendmsg", encrypt_16k_sendmsg, 2 },
    { "encrypt 64 KiB", encrypt_64k, 2 },
    { "encrypt 64 KiB, vmsplice", encrypt_64k_vmsplice, 2 },
    { "encrypt 64 KiB, sendmsg", encrypt_64k_sendmsg, 2 },
    { "encrypt 128 KiB", encrypt_128k, 2 },
    { "encrypt 1 MiB", encrypt_1m, 10 },
    { "reinit, encrypt 1 MiB, destroy", reinit_1m, 12 },
    { "AIO, 1 IOVEC of 1 KiB", aio_1, 2 },
    { "AIO, 2 IOVECs of 1 KiB", aio_2, 2 },
    { "AIO, 8 IOVECs of 1 KiB", aio_8, 2 },
    { "AIO, 64 IOVECs of 1 KiB", aio_64, 2 },
    { "AIO, 256 IOVECs of 512 bytes", aio_256, 2 },
    { "AIO, 256 IOVECs of 4032 bytes", aio_256_4k, 2 * BATCHES_OF_1M },
    { "AIO, 1 IOVEC of 1 KiB, io_uring", aio_1, 2 },
    { "AIO, 2 IOVECs of 1 KiB, io_uring", aio_2, 1 },
    { "AIO, 64 IOVECs of 1 KiB, io_uring", aio_64, 1 },
    { "AIO, 256 IOVECs of 512 bytes, io_uring", aio_256, 1 },
    { "AIO of ctr, 64 IOVECs of 1 KiB", ctr_aio_64, 2 },
    { "AIO of ctr, 256 IOVECs of 512 bytes", ctr_aio_256, 2 },
    { "AIO of ctr, 64 IOVECs of 1 KiB, io_uring", ctr_aio_64, 1 },
    { "AIO of ctr, 256 IOVECs of 512 bytes, io_uring", ctr_aio_256, 1 },
    /* Each message goes with the IV, which only sendmsg(2) carries, and is read before the next is sent. */
    { "AIO of xts, 64 IOVECs of 1 KiB", xts_aio_64, 2 * 64 },
    { "AIO of xts, 256 IOVECs of 512 bytes", xts_aio_256, 2 * 256 },
    { "AIO of xts, 64 IOVECs of 1 KiB, io_uring", xts_aio_64, 1 },
    { "AIO of xts, 256 IOVECs of 512 bytes, io_uring", xts_aio_256, 1 },
    { "AEAD, 16 KiB", aead_16k, 2 },
    { "AEAD AIO, init, 2 IOVECs of 32 bytes, destroy", aead_aio_first, 15 },
    { "AEAD AIO, 1 IOVEC of 1 KiB", aead_aio_1, 2 },
    { "AEAD AIO, 64 IOVECs of 1 KiB", aead_aio_64, 2 },
    { "AEAD AIO, 256 IOVECs of 256 bytes", aead_aio_256, 2 },
    { "AEAD AIO, 64 IOVECs of 1 KiB, io_uring", aead_aio_64, 1 },
    { "AEAD AIO, 256 IOVECs of 256 bytes, io_uring", aead_aio_256, 1 },
};
enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };

static int budget(int job)
{
    bool in_large_pages = jobs[job].run == aio_256_4k && page_size() == 64 * KIB;

    return in_large_pages ? 2 * BATCHES_IN_LARGE_PAGES : jobs[job].most;
}

/*
 * All but a process's first calls find the algorithms' properties known, and have run before. Each has a process of
 * its own, which looks for itself how AIO is to be done.
 */
static struct count count_job(const char *name, void (*run)(void))
{
    setenv("KCAPI_AIO", strstr(name, "io_uring") ? "io_uring" : "linux", 1);
    return count_calls(strstr(name, FIRST) ? NULL : open_handles, run);
}

int main(int argc, char **argv)
{
    bool table = argc == 2 && strcmp(argv[1], "--table") == 0;

    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP what would be counted are valgrind's own system calls");
        return 0;
    }
    /* Before any job: the first call of malloc(3) is a system call of its own. */
    in = pages(MIB);
    out = pages(MIB);
    if (!table)
        plan(JOBS);
    for (int i = 0; i < JOBS; i++) {
        struct count count;

        if (!table && strstr(jobs[i].name, "io_uring") && !has_io_uring()) {
            skip(1, "the kernel has no io_uring");
            continue;
        }
        if ((jobs[i].run == init_rng || jobs[i].run == rng_get_bytes) && !table && !has_rng("stdrng")) {
            skip(1, "this kernel has no stdrng");
            continue;
        }
        count = count_job(jobs[i].name, jobs[i].run);
        if (table && count.hangs)
            printf("%s\thangs\t%d\n", jobs[i].name, budget(i));
        else if (table)
            printf("%s\t%d\t%d\n", jobs[i].name, count.calls, budget(i));
        else
            ok(!count.hangs && count.calls <= budget(i), "%s: %d system calls, at most %d", jobs[i].name,
               count.calls, budget(i));
    }
    return table ? 0 : tap_status();
}
