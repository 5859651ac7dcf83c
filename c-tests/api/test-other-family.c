/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * kcapi_rng_generate() with a cipher's handle waited for ever. Every function knows a handle of another
 * family: -EINVAL, but for those that set a key, which are one function under several names, and those
 * that destroy, tell sizes or make another handle. The handle is as it was.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "alone.h"
#include "md.h"

enum { CIPHER = 1, AEAD = 2, MD = 4, RNG = 8, OTHERS = 16, ANY = 31, LEN = 64, ROOM = 128 };

static uint8_t in[LEN * 3] = { 7 }, out[ROOM * 3], key[32] = { 1 }, iv[16] = { 2 }, expected[ROOM];
static size_t size;
static uint8_t *pointer;

#define PAIRS \
    struct iovec from[2] = { { in, LEN }, { in + LEN, LEN } }, \
                 to[2] = { { out, ROOM }, { out + ROOM, ROOM } }

/* Each function of the name's family as a function of the handle. */
#define CALL(name, ...)                                        \
    static long call_##name(struct kcapi_handle *h)            \
    {                                                          \
        PAIRS;                                                 \
        (void)from;                                            \
        (void)to;                                              \
        return (long)kcapi_##name(h, ##__VA_ARGS__);           \
    }

#define WHOLE(family, what) CALL(family##_##what, in, LEN, iv, out, ROOM, 0)
#define AIO(family, what) CALL(family##_##what##_aio, from, to, 2, iv, 0)
#define STREAM(family)                                    \
    CALL(family##_stream_init_enc, iv, from, 1)           \
    CALL(family##_stream_init_dec, iv, from, 1)           \
    CALL(family##_stream_update, from, 1)                 \
    CALL(family##_stream_update_last, from, 1)            \
    CALL(family##_stream_op, to, 1)

WHOLE(cipher, encrypt) WHOLE(cipher, decrypt) AIO(cipher, encrypt) AIO(cipher, decrypt) STREAM(cipher)
WHOLE(aead, encrypt) WHOLE(aead, decrypt) AIO(aead, encrypt) AIO(aead, decrypt) STREAM(aead)
CALL(aead_settaglen, 8)
CALL(handle_setkey_serial, 1)
CALL(md_update, in, LEN)
CALL(md_final, out, 32)
CALL(md_digest, in, LEN, out, 32)
CALL(rng_generate, out, 32)
CALL(rng_setentropy, in, 48)
CALL(rng_setaddtl, in, 16)
CALL(kdf_ctr, in, 10, out, 32)
CALL(kdf_fb, in, 40, out, 32)
CALL(kdf_dpi, in, 40, out, 32)
CALL(akcipher_setpubkey, key, 16)
CALL(akcipher_encrypt, in, LEN, out, ROOM, 0)
CALL(akcipher_decrypt, in, LEN, out, ROOM, 0)
CALL(akcipher_sign, in, LEN, out, ROOM, 0)
CALL(akcipher_verify, in, LEN, out, ROOM, 0)
CALL(akcipher_encrypt_aio, from, to, 2, 0)
CALL(akcipher_decrypt_aio, from, to, 2, 0)
CALL(akcipher_sign_aio, from, to, 2, 0)
CALL(akcipher_verify_aio, from, to, 2, 0)
CALL(akcipher_stream_init_enc, from, 1)
CALL(akcipher_stream_init_dec, from, 1)
CALL(akcipher_stream_init_sgn, from, 1)
CALL(akcipher_stream_init_vfy, from, 1)
CALL(akcipher_stream_update, from, 1)
CALL(akcipher_stream_update_last, from, 1)
CALL(akcipher_stream_op, to, 1)
CALL(kpp_dh_setparam_pkcs3, in, LEN)
CALL(kpp_ecdh_setcurve, ECC_CURVE_NIST_P256)
CALL(kpp_keygen, out, ROOM, 0)
CALL(kpp_ssgen, in, LEN, out, ROOM, 0)
CALL(kpp_keygen_aio, to, 2, 0)
CALL(kpp_ssgen_aio, from, to, 2, 0)

/* These take any handle. */
CALL(cipher_setkey, key, 16)
CALL(aead_setkey, key, 16)
CALL(md_setkey, key, 16)
CALL(akcipher_setkey, key, 16)
CALL(kpp_setkey, key, 16)
CALL(rng_seed, key, 16)
CALL(cipher_ivsize)
CALL(cipher_blocksize)
CALL(aead_ivsize)
CALL(aead_blocksize)
CALL(aead_authsize)
CALL(aead_inbuflen_enc, 10, 8, 16)
CALL(aead_inbuflen_dec, 10, 8, 16)
CALL(aead_outbuflen_enc, 10, 8, 16)
CALL(aead_outbuflen_dec, 10, 8, 16)
CALL(md_digestsize)
CALL(md_blocksize)
CALL(rng_seedsize)
CALL(set_maxsplicesize, 65536)
CALL(get_maxsplicesize)

/* A pointer: as a number it may be negative. */
static long call_handle_engine(struct kcapi_handle *h)
{
    return kcapi_handle_engine(h) ? 0 : -EINVAL;
}

static long call_setassoclen(struct kcapi_handle *h)
{
    kcapi_aead_setassoclen(h, 8);
    kcapi_aead_setassoclen(h, 0);
    return 0;
}

static long call_getdata(struct kcapi_handle *h)
{
    kcapi_aead_getdata_input(h, in, LEN, 1, &pointer, &size, &pointer, &size, &pointer, &size);
    kcapi_aead_getdata_output(h, in, LEN, 0, &pointer, &size, &pointer, &size, &pointer, &size);
    return 0;
}

static long call_pad_iv(struct kcapi_handle *h)
{
    uint32_t len = 0;
    uint8_t *padded = NULL;
    int ret = kcapi_pad_iv(h, iv, 8, &padded, &len);

    if (ret == 0)
        free(padded);
    return ret;
}

static long call_handle_reinit(struct kcapi_handle *h)
{
    struct kcapi_handle *other = NULL;
    int ret = kcapi_handle_reinit(&other, h, KCAPI_INIT_AIO);

    kcapi_md_destroy(other);
    return ret;
}

#define OF(families, name) { #name, families, call_##name }
#define OF_STREAMS(f, family)                                                         \
    OF(f, family##_encrypt), OF(f, family##_decrypt), OF(f, family##_encrypt_aio),    \
    OF(f, family##_decrypt_aio), OF(f, family##_stream_init_enc),                     \
    OF(f, family##_stream_init_dec), OF(f, family##_stream_update),                   \
    OF(f, family##_stream_update_last), OF(f, family##_stream_op)

static const struct {
    const char *name;
    int families;
    long (*call)(struct kcapi_handle *);
} functions[] = {
    OF_STREAMS(CIPHER, cipher), OF_STREAMS(AEAD, aead), OF(AEAD, aead_settaglen), OF(MD, md_update),
    OF(CIPHER | AEAD | MD, handle_setkey_serial),
    OF(MD, md_final), OF(MD, md_digest), OF(RNG, rng_generate), OF(RNG, rng_setentropy),
    OF(RNG, rng_setaddtl), OF(MD, kdf_ctr), OF(MD, kdf_fb), OF(MD, kdf_dpi),
    OF_STREAMS(OTHERS, akcipher), OF(OTHERS, akcipher_setpubkey), OF(OTHERS, akcipher_sign),
    OF(OTHERS, akcipher_verify), OF(OTHERS, akcipher_sign_aio), OF(OTHERS, akcipher_verify_aio),
    OF(OTHERS, akcipher_stream_init_sgn), OF(OTHERS, akcipher_stream_init_vfy),
    OF(OTHERS, kpp_dh_setparam_pkcs3), OF(OTHERS, kpp_ecdh_setcurve), OF(OTHERS, kpp_keygen),
    OF(OTHERS, kpp_ssgen), OF(OTHERS, kpp_keygen_aio), OF(OTHERS, kpp_ssgen_aio),
    OF(ANY, cipher_setkey), OF(ANY, aead_setkey), OF(ANY, md_setkey), OF(ANY, akcipher_setkey),
    OF(ANY, kpp_setkey), OF(ANY, rng_seed), OF(ANY, cipher_ivsize), OF(ANY, cipher_blocksize),
    OF(ANY, aead_ivsize), OF(ANY, aead_blocksize), OF(ANY, aead_authsize), OF(ANY, aead_inbuflen_enc),
    OF(ANY, aead_inbuflen_dec), OF(ANY, aead_outbuflen_enc), OF(ANY, aead_outbuflen_dec),
    OF(ANY, md_digestsize), OF(ANY, md_blocksize), OF(ANY, rng_seedsize), OF(ANY, set_maxsplicesize),
    OF(ANY, get_maxsplicesize), OF(ANY, handle_engine), OF(ANY, setassoclen), OF(ANY, getdata),
    OF(ANY, pad_iv), OF(ANY, handle_reinit),
};
#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static const struct {
    const char *name;
    int family;
} handles[] = {
    { "cbc(aes)", CIPHER }, { "ctr(aes)", CIPHER },   { "ecb(aes)", CIPHER }, { "gcm(aes)", AEAD },
    { "sha256", MD },       { "hmac(sha256)", MD },   { "stdrng", RNG },
};
#define HANDLES (sizeof(handles) / sizeof(handles[0]))

static struct kcapi_handle *open_handle(size_t i)
{
    struct kcapi_handle *h;

    switch (handles[i].family) {
    case CIPHER: return cipher_with_key(handles[i].name, key, 16, KCAPI_INIT_AIO);
    case AEAD: return aead_with_key(handles[i].name, key, 16, 16, 0, KCAPI_INIT_AIO);
    case MD: return strchr(handles[i].name, '(') ? md_with_key(handles[i].name, key, 16)
                                                 : md(handles[i].name);
    default:
        if (kcapi_rng_init(&h, handles[i].name, 0) || kcapi_rng_seed(h, key, 32))
            bail_out("no generator");
        return h;
    }
}

/* What the handle is for. */
static long use(size_t i, struct kcapi_handle *h, uint8_t *result)
{
    switch (handles[i].family) {
    case CIPHER: return kcapi_cipher_encrypt(h, in, LEN, iv, result, ROOM, 0);
    case AEAD: return kcapi_aead_encrypt(h, in, LEN, iv, result, ROOM, 0);
    case MD: return kcapi_md_digest(h, in, LEN, result, ROOM);
    default: return kcapi_rng_generate(h, result, 16);
    }
}

static size_t number;

/* The handle is fresh, or has done its work. */
static void call(const void *handle)
{
    size_t i = *(const size_t *)handle;

    for (int used = 0; used < 2; used++) {
        struct kcapi_handle *h = open_handle(i), *fresh = open_handle(i);
        long right = use(i, fresh, expected), ret;
        bool foreign = !(functions[number].families & handles[i].family);

        if (used)
            use(i, h, out);
        errno = 0;
        ret = functions[number].call(h);
        if (foreign) {
            expect_int(ret, -EINVAL, functions[number].name);
            expect_int(errno, EINVAL, "errno");
            expect_int(use(i, h, out), right, "what the handle is for");
            expect(handles[i].family == RNG || !memcmp(out, expected, (size_t)right), "its bytes");
        }
        if (functions[number].families == ANY)
            expect(ret > -4096, "%s: %ld", functions[number].name, ret);
        /* Any family's function destroys it. */
        (used ? kcapi_kpp_destroy : kcapi_rng_destroy)(h);
        kcapi_aead_destroy(fresh);
    }
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (size_t i = 0; i < HANDLES; i++) {
        unsigned wrong = 0, foreign = 0;

        if (handles[i].family == RNG && !has_rng(handles[i].name)) {
            skip(1, "this kernel lacks the generator");
            continue;
        }
        for (number = 0; number < FUNCTIONS; number++) {
            bool own = functions[number].families & handles[i].family;

            /* Its own ones have tests of their own, and wait where they should. */
            if (own && functions[number].families != ANY)
                continue;
            foreign++;
            if (!alone(call, &i)) {
                diag("kcapi_%s with a handle of %s", functions[number].name, handles[i].name);
                wrong++;
            }
        }
        ok(wrong == 0, "%s: %u functions of others", handles[i].name, foreign);
    }
    return done_testing();
}
