/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-log.c - every failure of every function is one line at KCAPI_LOG_ERR: function, algorithm, reason,
 * number; what works otherwise than expected is one at KCAPI_LOG_WARN; and no line holds a secret.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fill.h"
#include "md.h"

/* Whatever of a secret gets into a line can be recognised. */
#define SECRET "seKret"

static uint8_t secret[256], iv[32], out[200000];
static int log_fd = -1, saved;
static char text[8192];

/* What was written to standard error since it was asked for the last time. */
static const char *said(void)
{
    ssize_t len = pread(log_fd, text, sizeof(text) - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    if (ftruncate(log_fd, 0) || lseek(log_fd, 0, SEEK_SET))
        bail_out("memfd");
    return text;
}

static void listen_to_the_log(void)
{
    fflush(stderr);
    log_fd = memfd_create("log", MFD_CLOEXEC);
    saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (log_fd < 0 || saved < 0)
        bail_out("memfd: %s", strerror(errno));
}

static void quietly(bool on)
{
    if (dup2(on ? log_fd : saved, STDERR_FILENO) < 0)
        bail_out("dup2");
}

static bool has_line(long long ret, const char *function, const char *algorithm)
{
    char begins[128], ends[32];
    size_t len = strlen(text);

    snprintf(begins, sizeof(begins), "libkcapi - Error: %s: %s%s", function, algorithm,
             algorithm[0] ? ": " : "");
    snprintf(ends, sizeof(ends), " (errno: %lld)\n", ret);
    return strncmp(text, begins, strlen(begins)) == 0 && len > strlen(begins) + strlen(ends) &&
           strcmp(text + len - strlen(ends), ends) == 0 && strchr(text, '\n') == text + len - 1;
}

static void check(long long ret, const char *function, const char *algorithm, const char *call)
{
    quietly(false);
    said();
    ok(ret < 0 && has_line(ret, function, algorithm) && !strstr(text, SECRET), "%s", call);
    if (ret >= 0)
        diag("it returned %lld", ret);
    else if (!has_line(ret, function, algorithm))
        diag("it returned %lld and said: %s", ret, text);
    quietly(true);
}

/* FAILS(algorithm, kcapi_f, arguments): the call fails, with one line that has all of it. */
#define FAILS(algorithm, function, ...) \
    check((long long)function(__VA_ARGS__), #function, algorithm, #function "(" #__VA_ARGS__ ")")

typedef struct kcapi_handle *H;

static void test_inits(void)
{
    H handle = NULL;

    FAILS("nosuch(aes)", kcapi_cipher_init, &handle, "nosuch(aes)", 0);
    FAILS("nosuch(aes)", kcapi_aead_init, &handle, "nosuch(aes)", 0);
    FAILS("nosuch", kcapi_md_init, &handle, "nosuch", 0);
    FAILS("nosuch", kcapi_rng_init, &handle, "nosuch", 0);
    FAILS("nosuch", kcapi_akcipher_init, &handle, "nosuch", 0);
    FAILS("nosuch", kcapi_kpp_init, &handle, "nosuch", 0);
    FAILS("", kcapi_cipher_init, &handle, NULL, 0);
    FAILS("", kcapi_aead_init, &handle, NULL, 0);
    FAILS("", kcapi_md_init, &handle, NULL, 0);
    FAILS("", kcapi_rng_init, &handle, NULL, 0);
    FAILS("", kcapi_akcipher_init, &handle, NULL, 0);
    FAILS("", kcapi_kpp_init, &handle, NULL, 0);
    FAILS("", kcapi_cipher_init, NULL, "cbc(aes)", 0);
    FAILS("", kcapi_handle_reinit, &handle, NULL, 0);
    FAILS("", kcapi_handle_reinit, NULL, NULL, 0);
    /* A name may come from anywhere: it makes no line of its own, and is no longer than it may be. */
    FAILS("a?libkcapi - Error: b????", kcapi_cipher_init, &handle, "a\nlibkcapi - Error: b\033\377", 0);
    memset(out, 'n', 5000);
    out[5000] = '\0';
    FAILS("", kcapi_cipher_init, &handle, (char *)out, 0);
}

/* Without a handle; and with one of another family, whose name is told. */
static void test_handles(H handle, const char *name)
{
    struct iovec v = { out, 16 };
    uint8_t *new_iv;
    uint32_t len;

#define NO(function, ...) FAILS(name, function, handle, ##__VA_ARGS__)
    if (!handle || strcmp(name, "stdrng") == 0) {
        NO(kcapi_cipher_encrypt, secret, 16, iv, out, 16, 0);
        NO(kcapi_cipher_decrypt, secret, 16, iv, out, 16, 0);
        NO(kcapi_cipher_encrypt_aio, &v, &v, 1, iv, 0);
        NO(kcapi_cipher_decrypt_aio, &v, &v, 1, iv, 0);
        NO(kcapi_cipher_stream_init_enc, iv, &v, 1);
        NO(kcapi_cipher_stream_init_dec, iv, &v, 1);
        NO(kcapi_cipher_stream_update, &v, 1);
        NO(kcapi_cipher_stream_update_last, &v, 1);
        NO(kcapi_cipher_stream_op, &v, 1);
        NO(kcapi_aead_settaglen, 16);
        NO(kcapi_aead_encrypt, secret, 16, iv, out, 32, 0);
        NO(kcapi_aead_decrypt, secret, 32, iv, out, 16, 0);
        NO(kcapi_aead_encrypt_aio, &v, &v, 1, iv, 0);
        NO(kcapi_aead_decrypt_aio, &v, &v, 1, iv, 0);
        NO(kcapi_aead_stream_init_enc, iv, &v, 1);
        NO(kcapi_aead_stream_init_dec, iv, &v, 1);
        NO(kcapi_aead_stream_update, &v, 1);
        NO(kcapi_aead_stream_update_last, &v, 1);
        NO(kcapi_aead_stream_op, &v, 1);
        NO(kcapi_md_update, secret, 16);
        NO(kcapi_md_final, out, 16);
        NO(kcapi_md_digest, secret, 16, out, 16);
        NO(kcapi_kdf_ctr, secret, 16, out, 16);
        NO(kcapi_kdf_fb, secret, 64, out, 16);
        NO(kcapi_kdf_dpi, secret, 16, out, 16);
    }
    if (!handle || strcmp(name, "stdrng") != 0) {
        NO(kcapi_rng_setentropy, secret, 16);
        NO(kcapi_rng_setaddtl, secret, 16);
        NO(kcapi_rng_generate, out, 16);
    }
    NO(kcapi_akcipher_setkey, secret, 16);
    NO(kcapi_akcipher_setpubkey, secret, 16);
    NO(kcapi_akcipher_encrypt, secret, 16, out, 16, 0);
    NO(kcapi_akcipher_decrypt, secret, 16, out, 16, 0);
    NO(kcapi_akcipher_sign, secret, 16, out, 16, 0);
    NO(kcapi_akcipher_verify, secret, 16, out, 16, 0);
    NO(kcapi_akcipher_encrypt_aio, &v, &v, 1, 0);
    NO(kcapi_akcipher_decrypt_aio, &v, &v, 1, 0);
    NO(kcapi_akcipher_sign_aio, &v, &v, 1, 0);
    NO(kcapi_akcipher_verify_aio, &v, &v, 1, 0);
    NO(kcapi_akcipher_stream_init_enc, &v, 1);
    NO(kcapi_akcipher_stream_init_dec, &v, 1);
    NO(kcapi_akcipher_stream_init_sgn, &v, 1);
    NO(kcapi_akcipher_stream_init_vfy, &v, 1);
    NO(kcapi_akcipher_stream_update, &v, 1);
    NO(kcapi_akcipher_stream_update_last, &v, 1);
    NO(kcapi_akcipher_stream_op, &v, 1);
    NO(kcapi_kpp_setkey, secret, 16);
    NO(kcapi_kpp_dh_setparam_pkcs3, secret, 16);
    NO(kcapi_kpp_ecdh_setcurve, 1);
    NO(kcapi_kpp_keygen, out, 16, 0);
    NO(kcapi_kpp_ssgen, secret, 16, out, 16, 0);
    NO(kcapi_kpp_keygen_aio, &v, 1, 0);
    NO(kcapi_kpp_ssgen_aio, &v, &v, 1, 0);
    if (handle)
        return;
    /* These take a handle of any family, as they do in the C library. */
    NO(kcapi_cipher_setkey, secret, 16);
    NO(kcapi_aead_setkey, secret, 16);
    NO(kcapi_md_setkey, secret, 16);
    NO(kcapi_rng_seed, secret, 16);
    NO(kcapi_pad_iv, iv, 16, &new_iv, &len);
    NO(kcapi_set_maxsplicesize, 4096);
    NO(kcapi_get_maxsplicesize);
}

static void test_cipher(void)
{
    H handle = NULL;
    struct iovec v = { secret, 16 }, odd = { secret, 15 }, null = { NULL, 16 }, to = { out, 16 };
    uint8_t *new_iv;
    uint32_t len;
    const char *name = "cbc(aes)";

    kcapi_cipher_init(&handle, name, 0);
    FAILS(name, kcapi_cipher_setkey, handle, secret, 15);
    FAILS(name, kcapi_cipher_setkey, handle, NULL, 16);
    FAILS(name, kcapi_cipher_encrypt, handle, secret, 16, iv, out, 16, 0);
    kcapi_cipher_setkey(handle, secret, 16);
    FAILS(name, kcapi_cipher_encrypt, handle, secret, 15, iv, out, 15, 0);
    FAILS(name, kcapi_cipher_encrypt, handle, secret, 32, iv, out, 16, 0);
    FAILS(name, kcapi_cipher_decrypt, handle, NULL, 16, iv, out, 16, 0);
    FAILS(name, kcapi_cipher_decrypt, handle, secret, 16, iv, NULL, 16, 0);
    FAILS(name, kcapi_cipher_decrypt, handle, secret, (size_t)1 << 31, iv, out, 16, 0);
    FAILS(name, kcapi_cipher_encrypt_aio, handle, &odd, &to, 1, iv, 0);
    FAILS(name, kcapi_cipher_encrypt_aio, handle, &null, &to, 1, iv, 0);
    FAILS(name, kcapi_cipher_decrypt_aio, handle, NULL, &to, 1, iv, 0);
    FAILS(name, kcapi_cipher_decrypt_aio, handle, NULL, NULL, 0, iv, 0);
    FAILS(name, kcapi_cipher_stream_init_enc, handle, iv, &null, 1);
    FAILS(name, kcapi_cipher_stream_init_enc, handle, iv, &v, 2000);
    FAILS(name, kcapi_cipher_stream_op, handle, NULL, 0);
    kcapi_cipher_stream_init_enc(handle, iv, &v, 1);
    FAILS(name, kcapi_cipher_setkey, handle, secret, 16);
    FAILS(name, kcapi_cipher_encrypt, handle, secret, 16, NULL, out, 16, 0);
    kcapi_cipher_stream_update_last(handle, &v, 1);
    FAILS(name, kcapi_cipher_stream_init_dec, handle, iv, &v, 1);
    FAILS(name, kcapi_pad_iv, handle, NULL, 16, &new_iv, &len);
    FAILS(name, kcapi_pad_iv, handle, iv, 16, NULL, &len);
    FAILS(name, kcapi_set_maxsplicesize, handle, 0xffffffff);
    kcapi_cipher_destroy(handle);

    FAILS(name, kcapi_cipher_enc_aes_cbc, secret, 15, secret, 16, iv, out, 16);
    FAILS(name, kcapi_cipher_dec_aes_cbc, secret, 15, secret, 16, iv, out, 16);
    FAILS("ctr(aes)", kcapi_cipher_enc_aes_ctr, secret, 15, secret, 16, iv, out, 16);
    FAILS("ctr(aes)", kcapi_cipher_dec_aes_ctr, secret, 15, secret, 16, iv, out, 16);
    FAILS("cbc(sm4)", kcapi_cipher_enc_sm4_cbc, secret, 15, secret, 16, iv, out, 16);
    FAILS("cbc(sm4)", kcapi_cipher_dec_sm4_cbc, secret, 15, secret, 16, iv, out, 16);
    FAILS("ctr(sm4)", kcapi_cipher_enc_sm4_ctr, secret, 15, secret, 16, iv, out, 16);
    FAILS("ctr(sm4)", kcapi_cipher_dec_sm4_ctr, secret, 15, secret, 16, iv, out, 16);
}

static void test_aead(void)
{
    H handle = NULL;
    struct iovec v = { secret, 48 }, to = { out, 16 }, less = { out, 10 };
    uint8_t *new_iv;
    uint32_t len;
    const char *name = "gcm(aes)";

    kcapi_aead_init(&handle, name, 0);
    FAILS(name, kcapi_aead_settaglen, handle, 3);
    FAILS(name, kcapi_aead_setkey, handle, secret, 15);
    FAILS(name, kcapi_aead_encrypt, handle, secret, 32, iv, out, 48, 0);
    kcapi_aead_setkey(handle, secret, 16);
    kcapi_aead_setassoclen(handle, 16);
    FAILS(name, kcapi_aead_encrypt, handle, secret, 15, iv, out, 31, 0);
    FAILS(name, kcapi_aead_encrypt, handle, secret, 32, iv, out, 32, 0);
    FAILS(name, kcapi_aead_decrypt, handle, secret, 31, iv, out, 31, 0);
    FAILS(name, kcapi_aead_decrypt, handle, secret, 48, iv, out, 32, 0);
    FAILS(name, kcapi_aead_encrypt_aio, handle, &v, &to, 1, iv, 0);
    FAILS(name, kcapi_aead_decrypt_aio, handle, &v, &v, 1, iv, 0);
    kcapi_aead_stream_init_dec(handle, iv, &v, 1);
    FAILS(name, kcapi_aead_settaglen, handle, 8);
    kcapi_aead_stream_update_last(handle, NULL, 0);
    FAILS(name, kcapi_aead_stream_op, handle, &less, 1);
    v.iov_base = out;
    FAILS(name, kcapi_aead_stream_op, handle, &v, 1);
    kcapi_aead_destroy(handle);
    FAILS("", kcapi_aead_ccm_nonce_to_iv, secret, 15, &new_iv, &len);
    FAILS("", kcapi_aead_ccm_nonce_to_iv, NULL, 12, &new_iv, &len);
}

static void test_digests(void)
{
    H handle = NULL;
    const char *name = "hmac(sha256)";

    kcapi_md_init(&handle, name, 0);
    FAILS(name, kcapi_md_update, handle, secret, 16);
    FAILS(name, kcapi_md_final, handle, out, 32);
    FAILS(name, kcapi_md_digest, handle, secret, 16, out, 32);
    FAILS(name, kcapi_kdf_ctr, handle, secret, 16, out, 32);
    kcapi_md_setkey(handle, secret, 16);
    FAILS(name, kcapi_md_digest, handle, NULL, 16, out, 32);
    FAILS(name, kcapi_md_digest, handle, secret, 16, NULL, 32);
    FAILS(name, kcapi_md_update, handle, NULL, 16);
    FAILS(name, kcapi_kdf_fb, handle, secret, 16, out, 32);
    FAILS(name, kcapi_kdf_dpi, handle, secret, 16, NULL, 32);
    FAILS("", kcapi_kdf_ctr, handle, secret, 16, out, (size_t)1 << 31);
    kcapi_md_destroy(handle);
    kcapi_md_init(&handle, "sha256", 0);
    FAILS("sha256", kcapi_md_setkey, handle, secret, 16);
    kcapi_md_destroy(handle);

    FAILS("nosuch", kcapi_hkdf, "nosuch", secret, 16, NULL, 0, NULL, 0, out, 16);
    FAILS(name, kcapi_hkdf, name, secret, 16, NULL, 0, NULL, 0, out, 256 * 32);
    FAILS("", kcapi_hkdf, name, NULL, 16, NULL, 0, NULL, 0, out, 16);
    FAILS("", kcapi_hkdf, NULL, secret, 16, NULL, 0, NULL, 0, out, 16);
    FAILS("", kcapi_pbkdf, name, secret, 16, secret, 16, 0, out, 16);
    FAILS("sha256", kcapi_pbkdf, "sha256", secret, 16, secret, 16, 1, out, 16);
    FAILS("", kcapi_pbkdf, name, NULL, 16, secret, 16, 1, out, 16);
}

/* Each of the functions that need no handle; those of digests that a kernel lacks fail, too. */
static void test_one_calls(void)
{
    for (size_t i = 0; i < MD_CALLS; i++) {
        ssize_t ret = md_calls[i].digest(secret, 16, NULL, 64);
        char function[64];

        snprintf(function, sizeof(function), "kcapi_md_%s", md_calls[i].name);
        check(ret, function, "", function);
    }
    for (size_t i = 0; i < HMAC_CALLS; i++) {
        ssize_t ret = hmac_calls[i].hmac(NULL, 16, secret, 16, out, 64);
        char function[64];

        snprintf(function, sizeof(function), "kcapi_md_hmac_%s", hmac_calls[i].name + strlen("hmac("));
        *strchr(function, ')') = '\0';

        check(ret, function, hmac_calls[i].name, function);
    }
    FAILS("stdrng", kcapi_rng_get_bytes, NULL, 16);
}

/* WARNS(algorithm, call): it succeeds, and says something. */
static void warned(const char *algorithm, ssize_t ret, bool wanted, const char *what)
{
    char begins[128];

    quietly(false);
    said();
    snprintf(begins, sizeof(begins), "libkcapi - Warning: %s: ", algorithm);
    ok(ret >= 0 && (wanted ? strncmp(text, begins, strlen(begins)) == 0 : !text[0]), "%s", what);
    if (ret < 0 || (text[0] && !wanted))
        diag("%zd, %s", ret, text);
    quietly(true);
}

static void test_warnings(void)
{
    H handle = NULL;

    kcapi_set_verbosity(KCAPI_LOG_WARN);
    kcapi_cipher_init(&handle, "xts(aes)", 0);
    kcapi_cipher_setkey(handle, secret, 32);
    warned("xts(aes)", kcapi_cipher_encrypt(handle, out, 65536, iv, out, 65536, 0), false,
           "64 KiB of xts: nothing to say");
    warned("xts(aes)", kcapi_cipher_encrypt(handle, out, 65552, iv, out, 65552, 0), true,
           "more is cut: a warning");
    warned("xts(aes)", kcapi_cipher_encrypt(handle, out, 65552, iv, out, 65552, 0), false,
           "once for each handle");
    kcapi_cipher_destroy(handle);
    kcapi_cipher_init(&handle, "cbc(aes)", 0);
    kcapi_cipher_setkey(handle, secret, 16);
    warned("cbc(aes)", kcapi_cipher_encrypt(handle, out, 131072, iv, out, 131072, 0), false,
           "cbc is never cut");
    kcapi_cipher_destroy(handle);
    kcapi_cipher_init(&handle, "cbc(aes)", 0);
    kcapi_cipher_setkey(handle, secret, 16);
    warned("cbc(aes)", kcapi_cipher_encrypt(handle, out, 16, NULL, out, 16, 0), true,
           "no IV on a handle that was not used: a warning");
    warned("cbc(aes)", kcapi_cipher_encrypt(handle, out, 16, NULL, out, 16, 0), false,
           "but not where a message has left one");
    kcapi_cipher_destroy(handle);
    kcapi_cipher_init(&handle, "ecb(aes)", 0);
    kcapi_cipher_setkey(handle, secret, 16);
    warned("ecb(aes)", kcapi_cipher_encrypt(handle, out, 16, NULL, out, 16, 0), false,
           "nor for an algorithm without one");
    kcapi_cipher_destroy(handle);
}

static void test_silence(void)
{
    H handle = NULL;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    kcapi_cipher_init(&handle, "nosuch(aes)", 0);
    kcapi_cipher_setkey(NULL, secret, 16);
    quietly(false);
    ok(!said()[0], "nothing at KCAPI_LOG_NONE");
    quietly(true);
}

/* One line, whose reason is about this request and no other. */
static bool says(const char *line)
{
    const char *at = strstr(text, line);

    return at && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n';
}

static void test_requests(void)
{
    H cipher = NULL, aead = NULL;
    struct kcapi_request r[5];
    static const char *const lines[] = {
        "libkcapi - Error: kcapi_process: request 1: cbc(aes): a message of 17 bytes, in blocks of 16 (errno: -22)",
        "libkcapi - Error: kcapi_process: request 2: cbc(aes): a message of 35 bytes, in blocks of 16 (errno: -22)",
        "libkcapi - Error: kcapi_process: request 3: gcm(aes): a message of 20 bytes, 24 of AAD and tag (errno: -22)",
        "libkcapi - Error: kcapi_process: request 4: cbc(aes): an unknown flag, or a reserved member that is not 0 "
        "(errno: -22)",
    };

    kcapi_cipher_init(&cipher, "cbc(aes)", 0);
    kcapi_cipher_setkey(cipher, secret, 16);
    kcapi_aead_init(&aead, "gcm(aes)", 0);
    kcapi_aead_setkey(aead, secret, 16);
    kcapi_aead_settaglen(aead, 16);
    /* It is not that of requests. */
    kcapi_aead_setassoclen(aead, 100);
    for (size_t i = 0; i < 5; i++)
        r[i] = (struct kcapi_request){ .handle = i == 3 ? aead : cipher,
                                       .type = i == 3 ? KCAPI_REQUEST_DECRYPT : KCAPI_REQUEST_ENCRYPT,
                                       .iv = iv,
                                       .input = secret,
                                       .inlen = 256,
                                       .output = out + 256 * i,
                                       .outlen = 256 };
    r[1].inlen = 17;
    r[2].inlen = 35;
    r[3].inlen = 20;
    r[3].assoclen = 8;
    r[4].flags = 64;
    is_int(kcapi_process(r, 5, sizeof(r[0]), 0), 1, "five requests, four of which fail");
    quietly(false);
    said();
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        ok(says(lines[i]), "%s", lines[i]);
    ok(!strstr(text, SECRET) && !strstr(text, "request 0"), "no secret, and nothing of what went well");
    if (tap_failed)
        diag("%s", text);
    quietly(true);
    FAILS("", kcapi_process, NULL, 1, sizeof(r[0]), 0);
    FAILS("", kcapi_process, r, 1, sizeof(r[0]), 1);
    FAILS("", kcapi_process, r, 1, sizeof(r[0]) - 8, 0);
    kcapi_cipher_destroy(cipher);
    kcapi_aead_destroy(aead);
}

int main(void)
{
    H handle = NULL;
    bool rng = has_rng("stdrng");

    for (size_t i = 0; i < sizeof(secret); i++)
        secret[i] = (uint8_t)SECRET[i % strlen(SECRET)];
    kcapi_set_verbosity(KCAPI_LOG_ERR);
    listen_to_the_log();
    quietly(true);
    test_inits();
    test_handles(NULL, "");
    if (rng) {
        kcapi_rng_init(&handle, "stdrng", 0);
        test_handles(handle, "stdrng");
        kcapi_rng_destroy(handle);
        handle = NULL;
    }
    kcapi_cipher_init(&handle, "cbc(aes)", 0);
    test_handles(handle, "cbc(aes)");
    kcapi_cipher_destroy(handle);
    test_cipher();
    test_aead();
    test_digests();
    test_one_calls();
    test_requests();
    test_warnings();
    test_silence();
    quietly(false);
    close(saved);
    close(log_fd);
    return done_testing();
}
