/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * requests.c - kcapi_process() against a loop of calls for single messages, and against OpenSSL's
 *
 *     requests [NAME]...
 *
 * Prints a Markdown table: nanoseconds for a message by the loop, and how many times as fast kcapi_process()
 * and OpenSSL are, if it is a cipher's. The three take turns, so that a busy machine slows all of them; each figure is the
 * median of its rounds. KCAPI_ENGINE says which engine is measured.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <kcapi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 1024, HANDLES = 64, LONGEST = 4096, SLOT = LONGEST + 64, AAD = 16, TAG = 16, ROUNDS = 21 };

enum family { CIPHER, AEAD, DIGEST };

struct algorithm {
    const char *name, *openssl;
    enum family family;
    uint32_t keylen;
};

static const struct algorithm algorithms[] = {
    { "cbc(aes)", "AES-256-CBC", CIPHER, 32 },
    { "xts(aes)", "AES-256-XTS", CIPHER, 64 },
    { "ctr(aes)", "AES-256-CTR", CIPHER, 32 },
    { "gcm(aes)", "AES-256-GCM", AEAD, 32 },
    { "rfc7539(chacha20,poly1305)", "ChaCha20-Poly1305", AEAD, 32 },
    { "cmac(aes)", NULL, DIGEST, 32 },
    { "sha256", NULL, DIGEST, 0 },
    { "sha512", NULL, DIGEST, 0 },
    { "hmac(sha256)", NULL, DIGEST, 32 },
    { "hmac(sha512)", NULL, DIGEST, 64 },
};

static const size_t lens[] = { 16, 64, 512, 1420, 4096 };
static const size_t counts[] = { 1, 2, 8, 64, 1024 };

/* Of OpenSSL's EVP_EncryptInit(3) and neighbours. */
static struct {
    void *(*fetch)(void *, const char *, const char *);
    void *(*context)(void);
    int (*init)(void *, void *, const uint8_t *, const uint8_t *, const void *);
    int (*update)(void *, uint8_t *, int *, const uint8_t *, int);
    int (*final)(void *, uint8_t *, int *);
    int (*control)(void *, int, int, void *);
} evp;

static uint8_t memory[MOST * SLOT], key[64], ivs[MOST][16], digests[MOST][64];
static struct kcapi_handle *handles[HANDLES];
static struct kcapi_request requests[MOST];
static const struct algorithm *algorithm;
static size_t len, count, handle_count;
static void *context;

static void die(const char *what)
{
    fprintf(stderr, "requests: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void by_loop(void)
{
    for (size_t i = 0; i < count; i++) {
        struct kcapi_handle *handle = handles[i % handle_count];
        uint8_t *at = memory + i * SLOT;
        ssize_t ret;

        if (algorithm->family == AEAD)
            ret = kcapi_aead_encrypt(handle, at, AAD + len, ivs[i], at, AAD + len + TAG, 0);
        else if (algorithm->family == CIPHER)
            ret = kcapi_cipher_encrypt(handle, at, len, ivs[i], at, len, 0);
        else
            ret = kcapi_md_digest(handle, at, len, digests[i], sizeof(digests[i]));
        if (ret < 0)
            die("a message failed");
    }
}

static void together(void)
{
    if (kcapi_process(requests, count, sizeof(requests[0]), 0) != (ssize_t)count)
        die("a request failed");
}

static void by_openssl(void)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = memory + i * SLOT, rest[32];
        int done = 0, right = evp.init(context, NULL, NULL, ivs[i], NULL);

        if (algorithm->family == AEAD) {
            right &= evp.update(context, NULL, &done, at, AAD);
            at += AAD;
        }
        right &= evp.update(context, at, &done, at, (int)len);
        if (algorithm->family == AEAD) {
            right &= evp.final(context, rest, &done);
            right &= evp.control(context, 0x10 /* EVP_CTRL_AEAD_GET_TAG */, TAG, at + len);
        }
        if (!right)
            die("OpenSSL failed");
    }
}

static void open_openssl(void)
{
    const char *name = getenv("LIBCRYPTO");
    void *library = dlopen(name ? name : "libcrypto.so.3", RTLD_NOW);

    if (!library)
        return;
    *(void **)&evp.fetch = dlsym(library, "EVP_CIPHER_fetch");
    *(void **)&evp.context = dlsym(library, "EVP_CIPHER_CTX_new");
    *(void **)&evp.init = dlsym(library, "EVP_EncryptInit_ex2");
    *(void **)&evp.update = dlsym(library, "EVP_EncryptUpdate");
    *(void **)&evp.final = dlsym(library, "EVP_EncryptFinal_ex");
    *(void **)&evp.control = dlsym(library, "EVP_CIPHER_CTX_ctrl");
}

static bool open_handles(void)
{
    for (size_t i = 0; i < HANDLES; i++) {
        if (i > 0) {
            if (kcapi_handle_reinit(&handles[i], handles[0], 0) != 0)
                die("no further handle");
        } else if (algorithm->family == AEAD) {
            if (kcapi_aead_init(&handles[0], algorithm->name, 0) != 0)
                return false;
            if (kcapi_aead_setkey(handles[0], key, algorithm->keylen) != 0 ||
                kcapi_aead_settaglen(handles[0], TAG) != 0)
                die("no key");
        } else if (algorithm->family == CIPHER) {
            if (kcapi_cipher_init(&handles[0], algorithm->name, 0) != 0)
                return false;
            if (kcapi_cipher_setkey(handles[0], key, algorithm->keylen) != 0)
                die("no key");
        } else {
            if (kcapi_md_init(&handles[0], algorithm->name, 0) != 0)
                return false;
            if (algorithm->keylen > 0 && kcapi_md_setkey(handles[0], key, algorithm->keylen) != 0)
                die("no key");
        }
        if (algorithm->family == AEAD)
            kcapi_aead_setassoclen(handles[i], AAD);
    }
    context = NULL;
    if (evp.fetch && algorithm->openssl) {
        void *cipher = evp.fetch(NULL, algorithm->openssl, NULL);

        context = cipher ? evp.context() : NULL;
        if (!context || !evp.init(context, cipher, key, ivs[0], NULL))
            die("OpenSSL has no such cipher");
    }
    return true;
}

static void close_handles(void)
{
    for (size_t i = 0; i < HANDLES; i++) {
        if (algorithm->family == AEAD)
            kcapi_aead_destroy(handles[i]);
        else if (algorithm->family == CIPHER)
            kcapi_cipher_destroy(handles[i]);
        else
            kcapi_md_destroy(handles[i]);
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void row(void)
{
    void (*const ways[])(void) = { by_loop, together, context ? by_openssl : NULL };
    double times[3][ROUNDS] = { { 0 } };
    size_t extra = algorithm->family == AEAD ? AAD : 0, repeat = 1 + 400000 / (count * (len + 300));

    for (size_t i = 0; i < count; i++)
        requests[i] = (struct kcapi_request){ .handle = handles[i % handle_count],
                                              .type = KCAPI_REQUEST_ENCRYPT,
                                              .iv = ivs[i],
                                              .assoclen = (uint32_t)extra,
                                              .input = memory + i * SLOT,
                                              .inlen = extra + len,
                                              .output = memory + i * SLOT,
                                              .outlen = extra + len + (extra ? TAG : 0) };
    for (size_t i = 0; algorithm->family == DIGEST && i < count; i++) {
        requests[i].type = KCAPI_REQUEST_DIGEST;
        requests[i].output = digests[i];
        requests[i].outlen = sizeof(digests[i]);
    }
    for (int round = -1; round < ROUNDS; round++) {
        for (int way = 0; way < 3; way++) {
            double begin = now();

            for (size_t i = 0; ways[way] && i < repeat; i++)
                ways[way]();
            if (round >= 0)
                times[way][round] = (now() - begin) / (double)(repeat * count);
        }
    }
    for (int way = 0; way < 3; way++)
        qsort(times[way], ROUNDS, sizeof(double), ascending);
    printf("| %s | %zu | %zu | %zu | %.0f | %.2f |", algorithm->name, len, count, handle_count, times[0][ROUNDS / 2],
           times[0][ROUNDS / 2] / times[1][ROUNDS / 2]);
    if (context)
        printf(" %.2f |\n", times[0][ROUNDS / 2] / times[2][ROUNDS / 2]);
    else
        printf(" |\n");
    fflush(stdout);
}

static bool wanted(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], algorithm->name) == 0)
            return true;
    return argc < 2;
}

int main(int argc, char **argv)
{
    open_openssl();
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(i * 7 + 1);
    for (size_t i = 0; i < MOST; i++)
        memcpy(ivs[i], &i, sizeof(i));
    puts("| algorithm | bytes | messages | handles | loop, ns | kcapi_process() | OpenSSL |");
    puts("|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        algorithm = &algorithms[i];
        if (!wanted(argc, argv) || !open_handles())
            continue;
        for (size_t l = 0; l < sizeof(lens) / sizeof(lens[0]); l++) {
            for (size_t c = 0; c < 2 * sizeof(counts) / sizeof(counts[0]); c++) {
                len = strncmp(algorithm->name, "cbc", 3) ? lens[l] : (lens[l] + 15) / 16 * 16;
                count = counts[c / 2];
                handle_count = c % 2 ? HANDLES : 1;
                if (count > 2 || c % 2 == 0)
                    row();
            }
        }
        close_handles();
    }
    return 0;
}
