/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A transcript of every function that takes a buffer, with each of its buffers empty, at NULL, and at NULL
 * though it should have bytes: many programs have nothing at NULL.
 *
 * The C library crashes in some of these calls, and waits for ever in some: they are made by a child, and
 * by another one after such an end.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "md.h"
#include "transcript.h"

enum { BUFFERS = 3, ROOM = 64, WAITS_AFTER = 1 /* second */ };

/* What a call is given. */
struct buffer {
    uint8_t *at;
    size_t len;
};
static struct buffer b[BUFFERS];

static uint8_t bytes[BUFFERS][ROOM], key[32], iv[16];
static struct kcapi_handle *h;

#define AT(i) b[i].at, b[i].len
#define AT32(i) b[i].at, (uint32_t)b[i].len
#define IOV(i) (struct iovec[]){ { b[i].at, b[i].len } }, 1
/* In the place of an array of IOVECs, NULL and none. */
#define IOVS(i) b[i].at ? &(struct iovec){ b[i].at, b[i].len } : NULL, b[i].at != NULL

#define CALL(name, expression) static ssize_t name(void) { return expression; }

static struct kcapi_handle *cbc(void) { return cipher_with_key("cbc(aes)", key, 16, 0); }
static struct kcapi_handle *cbc_aio(void) { return cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO); }
static struct kcapi_handle *ctr(void) { return cipher_with_key("ctr(aes)", key, 16, 0); }
static struct kcapi_handle *ecb(void) { return cipher_with_key("ecb(aes)", key, 16, 0); }
static struct kcapi_handle *xts(void) { return cipher_with_key("xts(aes)", key, 32, 0); }
static struct kcapi_handle *gcm(void) { return aead_with_key("gcm(aes)", key, 16, 16, 0, 0); }
static struct kcapi_handle *sha256(void) { return md("sha256"); }
static struct kcapi_handle *hmac(void) { return md_with_key("hmac(sha256)", key, 32); }
static struct kcapi_handle *no_key(void) { return md("hmac(sha256)"); }

static struct kcapi_handle *no_cipher_key(void)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_cipher_init(&handle, "cbc(aes)", 0))
        bail_out("no cbc(aes)");
    return handle;
}

static struct kcapi_handle *no_aead_key(void)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_aead_init(&handle, "gcm(aes)", 0))
        bail_out("no gcm(aes)");
    return handle;
}

static struct kcapi_handle *begun(void)
{
    struct kcapi_handle *handle = cbc();

    kcapi_cipher_stream_init_enc(handle, iv, NULL, 0);
    return handle;
}

static struct kcapi_handle *aead_begun(void)
{
    struct kcapi_handle *handle = gcm();

    kcapi_aead_stream_init_enc(handle, iv, NULL, 0);
    return handle;
}

static struct kcapi_handle *updated(void)
{
    struct kcapi_handle *handle = sha256();

    kcapi_md_update(handle, key, sizeof(key));
    return handle;
}

static struct kcapi_handle *rng(void)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_rng_init(&handle, "stdrng", 0))
        bail_out("no stdrng");
    return handle;
}

static struct kcapi_handle *seeded(void)
{
    struct kcapi_handle *handle = rng();

    kcapi_rng_seed(handle, key, sizeof(key));
    return handle;
}

CALL(cipher_setkey, kcapi_cipher_setkey(h, AT32(0)))
CALL(cipher_encrypt, kcapi_cipher_encrypt(h, AT(0), iv, AT(1), 0))
CALL(cipher_decrypt, kcapi_cipher_decrypt(h, AT(0), iv, AT(1), 0))
CALL(cipher_encrypt_vmsplice, kcapi_cipher_encrypt(h, AT(0), iv, AT(1), KCAPI_ACCESS_VMSPLICE))
CALL(cipher_encrypt_aio,
     kcapi_cipher_encrypt_aio(h, (struct iovec[]){ { AT(0) } }, (struct iovec[]){ { AT(1) } }, 1, iv, 0))
CALL(cipher_decrypt_aio,
     kcapi_cipher_decrypt_aio(h, (struct iovec[]){ { AT(0) } }, (struct iovec[]){ { AT(1) } }, 1, iv, 0))
CALL(cipher_no_iovecs, kcapi_cipher_encrypt_aio(h, NULL, NULL, 0, iv, 0))
CALL(cipher_stream_init_enc, kcapi_cipher_stream_init_enc(h, iv, IOV(0)))
CALL(cipher_stream_init_dec, kcapi_cipher_stream_init_dec(h, iv, IOVS(0)))
CALL(cipher_stream_update, kcapi_cipher_stream_update(h, IOV(0)))
CALL(cipher_stream_update_none, kcapi_cipher_stream_update(h, IOVS(0)))
CALL(cipher_stream_update_last, kcapi_cipher_stream_update_last(h, IOV(0)))
CALL(cipher_stream_update_last_none, kcapi_cipher_stream_update_last(h, IOVS(0)))

CALL(aead_setkey, kcapi_aead_setkey(h, AT32(0)))
CALL(aead_encrypt, kcapi_aead_encrypt(h, AT(0), iv, AT(1), 0))
CALL(aead_decrypt, kcapi_aead_decrypt(h, AT(0), iv, AT(1), 0))
CALL(aead_stream_init_enc, kcapi_aead_stream_init_enc(h, iv, IOV(0)))
CALL(aead_stream_init_dec, kcapi_aead_stream_init_dec(h, iv, IOVS(0)))
CALL(aead_stream_update, kcapi_aead_stream_update(h, IOV(0)))
CALL(aead_stream_update_last, kcapi_aead_stream_update_last(h, IOV(0)))

CALL(md_setkey, kcapi_md_setkey(h, AT32(0)))
CALL(md_update, kcapi_md_update(h, AT(0)))
CALL(md_final, kcapi_md_final(h, AT(1)))
CALL(md_update_and_final, kcapi_md_update(h, AT(0)) < 0 ? -1 : kcapi_md_final(h, AT(1)))
CALL(md_digest, kcapi_md_digest(h, AT(0), AT(1)))

CALL(rng_seed, kcapi_rng_seed(h, AT32(0)))
CALL(rng_generate, kcapi_rng_generate(h, AT(0)))
CALL(rng_get_bytes, kcapi_rng_get_bytes(AT(0)))

CALL(kdf_dpi, kcapi_kdf_dpi(h, AT(0), AT(1)))
CALL(kdf_fb, kcapi_kdf_fb(h, AT(0), AT(1)))
CALL(kdf_ctr, kcapi_kdf_ctr(h, AT(0), AT(1)))
CALL(hkdf, kcapi_hkdf("hmac(sha256)", AT(0), key, 16, AT(2), AT(1)))
CALL(hkdf_salt, kcapi_hkdf("hmac(sha256)", key, 16, AT32(0), AT(2), AT(1)))
CALL(pbkdf, kcapi_pbkdf("hmac(sha256)", AT32(0), AT(2), 3, AT(1)))

static const struct call {
    const char *name;
    struct kcapi_handle *(*make)(void);
    void (*destroy)(struct kcapi_handle *);
    ssize_t (*call)(void);
    size_t given[BUFFERS]; /* bytes that it is given otherwise; the second buffer is what it writes */
} calls[] = {
#define CIPHER(make, call, ...) { #make ", " #call, make, kcapi_cipher_destroy, call, { __VA_ARGS__ } }
#define AEAD(make, call, ...) { #make ", " #call, make, kcapi_aead_destroy, call, { __VA_ARGS__ } }
#define MD(make, call, ...) { #make ", " #call, make, kcapi_md_destroy, call, { __VA_ARGS__ } }
#define RNG(make, call, ...) { #make ", " #call, make, kcapi_rng_destroy, call, { __VA_ARGS__ } }
#define NO_HANDLE(call, ...) { #call, NULL, NULL, call, { __VA_ARGS__ } }
    CIPHER(no_cipher_key, cipher_setkey, 16),
    CIPHER(cbc, cipher_encrypt, 32, 32),
    CIPHER(cbc, cipher_decrypt, 32, 32),
    CIPHER(cbc, cipher_encrypt_vmsplice, 32, 32),
    CIPHER(ctr, cipher_encrypt, 32, 32),
    CIPHER(ctr, cipher_decrypt, 32, 32),
    CIPHER(ecb, cipher_encrypt, 32, 32),
    CIPHER(xts, cipher_encrypt, 32, 32),
    CIPHER(cbc, cipher_encrypt_aio, 32, 32),
    CIPHER(cbc_aio, cipher_encrypt_aio, 32, 32),
    CIPHER(cbc_aio, cipher_decrypt_aio, 32, 32),
    CIPHER(cbc, cipher_no_iovecs),
    CIPHER(cbc_aio, cipher_no_iovecs),
    CIPHER(cbc, cipher_stream_init_enc, 32),
    CIPHER(cbc, cipher_stream_init_dec, 32),
    CIPHER(begun, cipher_stream_update, 32),
    CIPHER(begun, cipher_stream_update_none, 32),
    CIPHER(begun, cipher_stream_update_last, 32),
    CIPHER(begun, cipher_stream_update_last_none, 32),
    AEAD(no_aead_key, aead_setkey, 16),
    AEAD(gcm, aead_encrypt, 32, 48),
    AEAD(gcm, aead_decrypt, 48, 32),
    AEAD(gcm, aead_stream_init_enc, 32),
    AEAD(gcm, aead_stream_init_dec, 32),
    AEAD(aead_begun, aead_stream_update, 32),
    AEAD(aead_begun, aead_stream_update_last, 32),
    MD(no_key, md_setkey, 32),
    MD(sha256, md_update, 32),
    MD(hmac, md_update, 32),
    MD(sha256, md_final, 0, 32),
    MD(updated, md_final, 0, 32),
    MD(sha256, md_update_and_final, 32, 32),
    MD(hmac, md_update_and_final, 32, 32),
    MD(sha256, md_digest, 32, 32),
    MD(hmac, md_digest, 32, 32),
    RNG(rng, rng_seed, 32),
    RNG(seeded, rng_generate, 32),
    NO_HANDLE(rng_get_bytes, 32),
    MD(sha256, kdf_dpi, 48, 40),
    MD(sha256, kdf_fb, 48, 40),
    MD(sha256, kdf_ctr, 48, 40),
    MD(hmac, kdf_dpi, 48, 40),
    MD(hmac, kdf_fb, 48, 40),
    MD(hmac, kdf_ctr, 48, 40),
    NO_HANDLE(hkdf, 32, 40, 16),
    NO_HANDLE(hkdf_salt, 32, 40, 16),
    NO_HANDLE(pbkdf, 16, 40, 16),
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* The functions that are named after their algorithms. */
typedef ssize_t (*cipher_fn)(const uint8_t *, uint32_t, const uint8_t *, size_t, const uint8_t *, uint8_t *,
                             size_t);
static const struct {
    const char *algorithm, *name;
    cipher_fn call;
} cipher_calls[] = {
    { "cbc(aes)", "enc_aes_cbc", kcapi_cipher_enc_aes_cbc },
    { "cbc(aes)", "dec_aes_cbc", kcapi_cipher_dec_aes_cbc },
    { "ctr(aes)", "enc_aes_ctr", kcapi_cipher_enc_aes_ctr },
    { "ctr(aes)", "dec_aes_ctr", kcapi_cipher_dec_aes_ctr },
    { "cbc(sm4)", "enc_sm4_cbc", kcapi_cipher_enc_sm4_cbc },
    { "cbc(sm4)", "dec_sm4_cbc", kcapi_cipher_dec_sm4_cbc },
    { "ctr(sm4)", "enc_sm4_ctr", kcapi_cipher_enc_sm4_ctr },
    { "ctr(sm4)", "dec_sm4_ctr", kcapi_cipher_dec_sm4_ctr },
};
#define CIPHER_CALLS (sizeof(cipher_calls) / sizeof(cipher_calls[0]))

static size_t number;
CALL(named_digest, md_calls[number].digest(AT(0), AT(1)))
CALL(named_hmac, hmac_calls[number].hmac(AT32(2), AT(0), AT(1)))
CALL(named_cipher, cipher_calls[number].call(AT32(2), AT(0), iv, AT(1)))

enum { WHOLE, EMPTY, NOTHING, LOST, KINDS, WAYS = KINDS * KINDS * KINDS };

/* The buffers of one way; false where another is the same. */
static bool deal(int way, const size_t given[BUFFERS], char *how)
{
    static const char *const kinds[] = { "whole", "empty", "NULL", "lost" };

    for (size_t i = 0; i < BUFFERS; i++, way /= KINDS) {
        int kind = way % KINDS;

        if (kind != WHOLE && given[i] == 0)
            return false;
        b[i].at = kind == NOTHING || kind == LOST ? NULL : bytes[i];
        b[i].len = kind == WHOLE || kind == LOST ? given[i] : 0;
        how += sprintf(how, "%s%s", i ? " " : "", kinds[kind]);
    }
    return true;
}

/* How many calls the children have begun. */
static size_t *begun_calls;

/* Those of the calls of one function that no child before has begun; `made` counts them all. */
static void make_calls(const char *name, const struct call *c, size_t *made)
{
    /* What a generator gives is never the same. */
    const uint8_t *result = strstr(name, "rng") ? NULL : bytes[1];
    char how[64];

    for (int way = 0; way < WAYS; way++) {
        if (!deal(way, c->given, how) || (*made)++ < *begun_calls)
            continue;
        *begun_calls = *made;
        fill(bytes, sizeof(bytes), 1);
        h = c->make ? c->make() : NULL;
        printf("%s, %s", name, how);
        fflush(stdout);
        alarm(WAITS_AFTER);
        record(c->call(), result, ROOM, "%s", "");
        alarm(0);
        fflush(stdout);
        if (c->destroy)
            c->destroy(h);
    }
}

static void make_all_calls(void)
{
    size_t made = 0;

    for (size_t i = 0; i < CALLS; i++)
        if (!strstr(calls[i].name, "rng") || has_rng("stdrng"))
            make_calls(calls[i].name, &calls[i], &made);
    for (number = 0; number < MD_CALLS; number++)
        if (has_md(md_calls[number].name))
            make_calls(md_calls[number].name,
                       &(struct call){ .call = named_digest, .given = { 32, md_calls[number].size } }, &made);
    for (number = 0; number < HMAC_CALLS; number++)
        if (has_md(hmac_calls[number].name))
            make_calls(hmac_calls[number].name,
                       &(struct call){ .call = named_hmac, .given = { 32, hmac_calls[number].size, 16 } },
                       &made);
    for (number = 0; number < CIPHER_CALLS; number++)
        if (has_cipher(cipher_calls[number].algorithm))
            make_calls(cipher_calls[number].name,
                       &(struct call){ .call = named_cipher, .given = { 32, 32, 16 } }, &made);
}

int main(void)
{
    int status;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 2);
    fill(iv, sizeof(iv), 3);
    begun_calls = mmap(NULL, sizeof(*begun_calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (begun_calls == MAP_FAILED)
        bail_out("mmap");
    do {
        pid_t child;

        fflush(stdout);
        child = fork();
        if (child == 0) {
            make_all_calls();
            _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            bail_out("a child");
        if (WIFSIGNALED(status))
            printf(" = %s\n", WTERMSIG(status) == SIGALRM ? "waits" : "crashes");
    } while (WIFSIGNALED(status));
    return WEXITSTATUS(status);
}
