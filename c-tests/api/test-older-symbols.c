/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-older-symbols.c - the symbol versions from before lengths had the size of size_t
 *
 * Programs linked at that time pass lengths of 32 bits and take results as int32_t. What the upper half of
 * such an argument's register or stack slot holds is up to the caller where the calling convention says
 * so (x86-64, 64-bit ARM), and rubbish here; elsewhere (s390x, 64-bit POWER, RISC-V) the callee may rely on
 * its extension, which the compiler sees to. Each of the 68 older symbols is called that way, through
 * dlvsym(3), and must do what the default version does.
 *
 * needs: uninstrumented
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>

#include "fill.h"

#if defined(__x86_64__) || defined(__aarch64__)
typedef uint64_t L; /* a 32-bit length as an older caller leaves it */
#define LEN(n) ((L)0xdeadbeefu << 32 | (uint32_t)(n))
#else
typedef uint32_t L;
#define LEN(n) ((L)(n))
#endif

typedef struct kcapi_handle *H;
typedef uint8_t *B;
typedef const uint8_t *CB;
typedef struct iovec *V;

enum { AAD = 8, DATA = 64, TAG = 16, MESSAGE = AAD + DATA, SEALED = MESSAGE + TAG };

static const uint8_t key[16] = "a key of 16 byte", iv[16] = "an IV of 16 byte";
static uint8_t in[DATA], sealed[SEALED], out[2 * SEALED], want[2 * SEALED];
static int symbols;

#ifndef __GLIBC__
/* musl's dynamic linker knows no versions, and so no program that was linked with an older one. */
#define dlvsym(handle, name, version) (puts("1..0 # SKIP no dlvsym(3)"), exit(0), (void *)NULL)
#endif

static void *find(const char *name, const char *version)
{
    void *symbol = dlvsym(RTLD_DEFAULT, name, version);

    if (!symbol)
        bail_out("no %s@%s", name, version);
    symbols++;
    return symbol;
}

/* OLDER(name, version, result, arguments...): the symbol, as a function of those types. */
#define OLDER(name, version, result, ...) \
    ((result (*)(__VA_ARGS__))find("kcapi_" #name, "LIBKCAPI_" version))

static void same(int32_t got, ssize_t expected, size_t len, const char *name)
{
    is_int(got, expected, name);
    ok(got > 0, "%s: not an error", name);
    is_mem(out, want, len, name);
    memset(out, 0, sizeof(out));
}

static void ciphers(void)
{
    H handle = cipher_with_key("cbc(aes)", key, sizeof(key), KCAPI_INIT_AIO);
    struct iovec from[2] = { { in, 32 }, { in + 32, 32 } }, to[2] = { { out, 32 }, { out + 32, 32 } };
    struct iovec whole = { out, DATA };
    ssize_t ret;

#define ONE_SHOT(f) OLDER(cipher_##f, "0.12.0", int32_t, H, CB, L, CB, B, L, int)
#define PAIRS(f) OLDER(cipher_##f, "0.12.0", int32_t, H, V, V, L, CB, int)
#define CONVENIENT(f) OLDER(cipher_##f, "1.0.0", int32_t, CB, uint32_t, CB, L, CB, B, L)
    ret = kcapi_cipher_encrypt(handle, in, DATA, iv, want, DATA, 0);
    same(ONE_SHOT(encrypt)(handle, in, LEN(DATA), iv, out, LEN(DATA), 0), ret, DATA, "encrypt");
    same(PAIRS(encrypt_aio)(handle, from, to, LEN(2), iv, 0), ret, DATA, "encrypt_aio");
    same(CONVENIENT(enc_aes_cbc)(key, 16, in, LEN(DATA), iv, out, LEN(DATA)), ret, DATA,
         "enc_aes_cbc");
    is_int(OLDER(cipher_stream_init_enc, "0.12.0", int32_t, H, CB, V, L)(handle, iv, from, LEN(1)),
           32, "stream_init_enc");
    is_int(OLDER(cipher_stream_update, "0.12.0", int32_t, H, V, L)(handle, from + 1, LEN(1)), 32,
           "stream_update");
    is_int(OLDER(cipher_stream_update_last, "1.2.0", int32_t, H, V, L)(handle, NULL, LEN(0)), 0,
           "stream_update_last");
    same(OLDER(cipher_stream_op, "0.12.0", int32_t, H, V, L)(handle, &whole, LEN(1)), ret, DATA,
         "stream_op");

    ret = kcapi_cipher_decrypt(handle, in, DATA, iv, want, DATA, 0);
    same(ONE_SHOT(decrypt)(handle, in, LEN(DATA), iv, out, LEN(DATA), 0), ret, DATA, "decrypt");
    same(PAIRS(decrypt_aio)(handle, from, to, LEN(2), iv, 0), ret, DATA, "decrypt_aio");
    same(CONVENIENT(dec_aes_cbc)(key, 16, in, LEN(DATA), iv, out, LEN(DATA)), ret, DATA,
         "dec_aes_cbc");
    is_int(OLDER(cipher_stream_init_dec, "0.12.0", int32_t, H, CB, V, L)(handle, iv, from, LEN(2)),
           DATA, "stream_init_dec");
    same(kcapi_cipher_stream_op(handle, &whole, 1), ret, DATA, "stream_init_dec");

    ret = kcapi_cipher_enc_aes_ctr(key, 16, in, DATA, iv, want, DATA);
    same(CONVENIENT(enc_aes_ctr)(key, 16, in, LEN(DATA), iv, out, LEN(DATA)), ret, DATA,
         "enc_aes_ctr");
    same(CONVENIENT(dec_aes_ctr)(key, 16, in, LEN(DATA), iv, out, LEN(DATA)), ret, DATA,
         "dec_aes_ctr");
    kcapi_cipher_destroy(handle);
}

static void aeads(void)
{
    H handle = aead_with_key("gcm(aes)", key, sizeof(key), TAG, 0, KCAPI_INIT_AIO);
    struct iovec from = { in, DATA }, to = { out, DATA + TAG };
    struct iovec start = { sealed, AAD }, middle = { sealed + AAD, DATA }, end = { sealed + MESSAGE, TAG };
    ssize_t ret;

    OLDER(aead_setassoclen, "0.12.0", void, H, L)(handle, LEN(AAD));
#define AEAD_ONE_SHOT(f) OLDER(aead_##f, "0.12.0", int32_t, H, CB, L, CB, B, L, int)
#define AEAD_PAIRS(f) OLDER(aead_##f, "0.12.0", int32_t, H, V, V, L, CB, int)
    ret = kcapi_aead_encrypt(handle, in, DATA, iv, want, DATA + TAG, 0);
    same(AEAD_ONE_SHOT(encrypt)(handle, in, LEN(DATA), iv, out, LEN(DATA + TAG), 0), ret,
         DATA + TAG, "AEAD encrypt");
    same(AEAD_PAIRS(encrypt_aio)(handle, &from, &to, LEN(1), iv, 0), ret, DATA + TAG,
         "AEAD encrypt_aio");
    is_int(OLDER(aead_stream_init_enc, "0.12.0", int32_t, H, CB, V, L)(handle, iv, NULL, LEN(0)), 0,
           "AEAD stream_init_enc");
    is_int(OLDER(aead_stream_update_last, "0.12.0", int32_t, H, V, L)(handle, &from, LEN(1)), DATA,
           "AEAD stream_update_last");
    same(OLDER(aead_stream_op, "0.12.0", int32_t, H, V, L)(handle, &to, LEN(1)), ret, DATA + TAG,
         "AEAD stream_op");

    fill(sealed, MESSAGE, 9);
    kcapi_aead_encrypt(handle, sealed, MESSAGE, iv, sealed, SEALED, 0);
    ret = kcapi_aead_decrypt(handle, sealed, SEALED, iv, want, MESSAGE, 0);
    same(AEAD_ONE_SHOT(decrypt)(handle, sealed, LEN(SEALED), iv, out, LEN(MESSAGE), 0), ret,
         MESSAGE, "AEAD decrypt");
    from = (struct iovec){ sealed, SEALED };
    to.iov_len = MESSAGE;
    same(AEAD_PAIRS(decrypt_aio)(handle, &from, &to, LEN(1), iv, 0), ret, MESSAGE,
         "AEAD decrypt_aio");
    is_int(OLDER(aead_stream_init_dec, "0.12.0", int32_t, H, CB, V, L)(handle, iv, &start, LEN(1)),
           AAD, "AEAD stream_init_dec");
    is_int(OLDER(aead_stream_update, "0.12.0", int32_t, H, V, L)(handle, &middle, LEN(1)), DATA,
           "AEAD stream_update");
    kcapi_aead_stream_update_last(handle, &end, 1);
    same(kcapi_aead_stream_op(handle, &to, 1), ret, MESSAGE, "AEAD stream_update");

#define BUFLEN(f) OLDER(aead_##f, "0.13.0", uint32_t, H, L, L, L)(handle, LEN(5), LEN(3), LEN(16))
    is_int(BUFLEN(inbuflen_enc), 8, "inbuflen_enc");
    is_int(BUFLEN(inbuflen_dec), 24, "inbuflen_dec");
    is_int(BUFLEN(outbuflen_enc), 24, "outbuflen_enc");
    is_int(BUFLEN(outbuflen_dec), 8, "outbuflen_dec");
    kcapi_aead_destroy(handle);
}

static void aead_layouts(void)
{
    typedef void getdata(H, B, L, int, B *, uint32_t *, B *, uint32_t *, B *, uint32_t *);
    H handle = aead_with_key("gcm(aes)", key, sizeof(key), TAG, AAD, 0);
    getdata *layouts[2] = { (getdata *)find("kcapi_aead_getdata_input", "LIBKCAPI_0.13.0"),
                            (getdata *)find("kcapi_aead_getdata_output", "LIBKCAPI_0.13.0") };

    for (int output = 0; output < 2; output++) {
        /* A store of 64 bits would spoil the number after each length. */
        uint32_t lens[6] = { 0, 0x55555555, 0, 0x55555555, 0, 0x55555555 };
        uint8_t *aad = NULL, *data = NULL, *tag = NULL;

        layouts[output](handle, sealed, LEN(SEALED), output, &aad, &lens[0], &data, &lens[2], &tag,
                        &lens[4]);
        ok(aad == sealed && data == sealed + AAD && tag == sealed + MESSAGE, "the parts");
        ok(lens[0] == AAD && lens[2] == DATA && lens[4] == TAG, "their lengths");
        ok(lens[1] == 0x55555555 && lens[3] == 0x55555555 && lens[5] == 0x55555555,
           "have 32 bits each");
        layouts[output](handle, sealed, LEN(SEALED), output, NULL, NULL, NULL, NULL, NULL, NULL);
    }
    kcapi_aead_destroy(handle);
}

static void digests(void)
{
    H handle = NULL;
    int32_t ret;

#define DIGEST(f)                                                                         \
    do {                                                                                  \
        ssize_t len = kcapi_md_##f(in, DATA, want, 64);                                   \
        ret = OLDER(md_##f, "1.0.0", int32_t, CB, L, B, L)(in, LEN(DATA), out, LEN(64));  \
        same(ret, len, (size_t)len, #f);                                                  \
    } while (0)
#define HMAC(f)                                                                           \
    do {                                                                                  \
        ssize_t len = kcapi_md_hmac_##f(key, 16, in, DATA, want, 64);                     \
        ret = OLDER(md_hmac_##f, "1.0.0", int32_t, CB, uint32_t, CB, L, B, L)(            \
            key, 16, in, LEN(DATA), out, LEN(64));                                        \
        same(ret, len, (size_t)len, "hmac " #f);                                          \
    } while (0)
    DIGEST(sha1);
    DIGEST(sha224);
    DIGEST(sha256);
    DIGEST(sha384);
    DIGEST(sha512);
    HMAC(sha1);
    HMAC(sha224);
    HMAC(sha256);
    HMAC(sha384);
    HMAC(sha512);

    if (kcapi_md_init(&handle, "sha256", 0))
        bail_out("kcapi_md_init(sha256)");
    kcapi_md_sha256(in, DATA, want, 32);
    ret = OLDER(md_digest, "0.12.0", int32_t, H, CB, L, B, L)(handle, in, LEN(DATA), out, LEN(32));
    same(ret, 32, 32, "digest");
    kcapi_md_update(handle, in, DATA);
    same(OLDER(md_final, "0.12.0", int32_t, H, B, L)(handle, out, LEN(32)), 32, 32, "final");
    kcapi_md_destroy(handle);
}

static void derivations(void)
{
    H handle = NULL;
    ssize_t ret;

    if (kcapi_md_init(&handle, "hmac(sha256)", 0) || kcapi_md_setkey(handle, key, 16))
        bail_out("hmac(sha256)");
#define KDF(f)                                                                                  \
    do {                                                                                        \
        ret = kcapi_kdf_##f(handle, in, 40, want, 50);                                          \
        is_int(OLDER(kdf_##f, "0.12.0", int32_t, H, CB, L, B, L)(handle, in, LEN(40), out,      \
                                                                 LEN(50)), ret, "kdf " #f);     \
        is_mem(out, want, 50, "kdf " #f);                                                       \
    } while (0)
    KDF(dpi);
    KDF(fb);
    KDF(ctr);
    ret = kcapi_hkdf("hmac(sha256)", in, 20, key, 16, in + 20, 10, want, 50);
    is_int(OLDER(hkdf, "0.14.0", int32_t, const char *, CB, L, CB, uint32_t, CB, L, B, L)(
               "hmac(sha256)", in, LEN(20), key, 16, in + 20, LEN(10), out, LEN(50)), ret, "hkdf");
    is_mem(out, want, 50, "hkdf");
    ret = kcapi_pbkdf("hmac(sha256)", in, 10, key, 16, 3, want, 50);
    is_int(OLDER(pbkdf, "0.12.0", int32_t, const char *, CB, uint32_t, CB, L, uint32_t, B, L)(
               "hmac(sha256)", in, 10, key, LEN(16), 3, out, LEN(50)), ret, "pbkdf");
    is_mem(out, want, 50, "pbkdf");
    kcapi_md_destroy(handle);
}

static void numbers(void)
{
    H handle = NULL;

    if (kcapi_rng_init(&handle, "stdrng", 0) || kcapi_rng_seed(handle, in, kcapi_rng_seedsize(handle)))
        bail_out("stdrng");
    memset(out, 0, sizeof(out));
    is_int(OLDER(rng_generate, "0.12.0", int32_t, H, B, L)(handle, out, LEN(50)), 50, "generate");
    ok(!all_are(out, 0, 50) && all_are(out + 50, 0, 50), "50 bytes");
    is_int(OLDER(rng_get_bytes, "1.0.0", int32_t, B, L)(out + 50, LEN(50)), 50, "get_bytes");
    ok(!all_are(out + 50, 0, 50) && all_are(out + 100, 0, 50), "50 bytes");
    kcapi_rng_destroy(handle);
}

static void memory(void)
{
    OLDER(memset_secure, "0.12.0", void, void *, int, L)(out, 0x5a, LEN(10));
    ok(all_are(out, 0x5a, 10) && !all_are(out, 0x5a, 20), "memset_secure");
}

/* No mainline kernel has these families: without a handle they must say so. */
static void asymmetric(void)
{
#define REFUSES(call) is_int(call, -EINVAL, #call)
#define AK(f) OLDER(akcipher_##f, "0.12.0", int32_t, H, CB, L, B, L, int)(NULL, in, LEN(1), out, LEN(1), 0)
#define AK_AIO(f) OLDER(akcipher_##f, "0.14.0", int32_t, H, V, V, L, int)(NULL, NULL, NULL, LEN(0), 0)
#define AK_STREAM(f) OLDER(akcipher_stream_##f, "0.12.0", int32_t, H, V, L)(NULL, NULL, LEN(0))
    REFUSES(AK(encrypt));
    REFUSES(AK(decrypt));
    REFUSES(AK(sign));
    REFUSES(AK(verify));
    REFUSES(AK_AIO(encrypt_aio));
    REFUSES(AK_AIO(decrypt_aio));
    REFUSES(AK_AIO(sign_aio));
    REFUSES(AK_AIO(verify_aio));
    REFUSES(AK_STREAM(init_enc));
    REFUSES(AK_STREAM(init_dec));
    REFUSES(AK_STREAM(init_sgn));
    REFUSES(AK_STREAM(init_vfy));
    REFUSES(AK_STREAM(update));
    REFUSES(AK_STREAM(update_last));
    REFUSES(AK_STREAM(op));
    REFUSES(OLDER(kpp_keygen, "1.0.0", int32_t, H, B, L, int)(NULL, out, LEN(1), 0));
    REFUSES(OLDER(kpp_ssgen, "1.0.0", int32_t, H, CB, L, B, L, int)(NULL, in, LEN(1), out, LEN(1), 0));
    REFUSES(OLDER(kpp_keygen_aio, "1.0.0", int32_t, H, V, L, int)(NULL, NULL, LEN(0), 0));
    REFUSES(OLDER(kpp_ssgen_aio, "1.0.0", int32_t, H, V, V, L, int)(NULL, NULL, NULL, LEN(0), 0));
}

int main(void)
{
    fill(in, sizeof(in), 1);
    ciphers();
    aeads();
    aead_layouts();
    digests();
    derivations();
    if (has_rng("stdrng"))
        numbers();
    else
        skip(1, "this kernel has no stdrng");
    memory();
    asymmetric();
    is_int(symbols, has_rng("stdrng") ? 68 : 66, "older symbols were called");
    return done_testing();
}
