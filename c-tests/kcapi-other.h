// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/* What kcapi.c does besides ciphers: digests, key derivation, asymmetric ciphers, random calls. */
#ifndef KCAPI_OTHER_H
#define KCAPI_OTHER_H

#include "kcapi-options.h"

/* The longest digest has 64 bytes. */
#define DIGEST_ROOM 128

static void print_hex(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
}

static void print_line(const uint8_t *bytes, size_t len)
{
    print_hex(bytes, len);
    putchar('\n');
}

static void must(ssize_t ret, const char *what)
{
    if (ret < 0)
        die(1, "%s failed: %s", what, strerror((int)-ret));
}

static struct kcapi_handle *open_digest(const struct options *o)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_md_init(&handle, o->cipher, 0);

    if (ret)
        die(1, "no digest %s: %s", o->cipher, strerror(-ret));
    if (o->key.base)
        must(kcapi_md_setkey(handle, o->key.base, (uint32_t)o->key.len), "-k");
    return handle;
}

/* In pieces with -s: what a digest is made of may come so. */
static ssize_t digest(const struct options *o, struct kcapi_handle *handle, uint8_t *out)
{
    const struct bytes *data = &o->plaintext;
    size_t half = data->len / 2;

    if (!o->stream)
        return kcapi_md_digest(handle, data->base, data->len, out, DIGEST_ROOM);
    must(kcapi_md_update(handle, data->base, half), "update");
    must(kcapi_md_update(handle, data->base ? data->base + half : NULL, data->len - half), "update");
    return kcapi_md_final(handle, out, DIGEST_ROOM);
}

static void digests(const struct options *o)
{
    struct kcapi_handle *handle = open_digest(o);

    for (size_t i = 0; i < o->operations; i++) {
        uint8_t out[DIGEST_ROOM];
        ssize_t len = digest(o, handle, out);

        must(len, "digest");
        print_line(out, (size_t)len);
    }
    kcapi_md_destroy(handle);
}

static ssize_t derive(const struct options *o, uint8_t *out)
{
    const struct bytes *data = &o->plaintext;
    struct kcapi_handle *handle;
    ssize_t ret;

    if (o->mode == PBKDF)
        return kcapi_pbkdf(o->cipher, o->key.base, (uint32_t)o->key.len, data->base, data->len,
                           (uint32_t)o->operations, out, o->result);
    if (o->mode == HKDF)
        return kcapi_hkdf(o->cipher, o->key.base, o->key.len, o->iv.base, (uint32_t)o->iv.len,
                          data->base, data->len, out, o->result);
    handle = open_digest(o);
    ret = (o->mode == KDF_CTR  ? kcapi_kdf_ctr
           : o->mode == KDF_FB ? kcapi_kdf_fb
                               : kcapi_kdf_dpi)(handle, data->base, data->len, out, o->result);
    kcapi_md_destroy(handle);
    return ret;
}

static void derivations(const struct options *o)
{
    uint8_t *out = allocate(o->result, 1);

    must(derive(o, out), "key derivation");
    print_line(out, o->result);
    free(out);
}

/* -e and not, and the same with -o. */
static void asymmetric(const struct options *o)
{
    static ssize_t (*const calls[2][2])(struct kcapi_handle *, const uint8_t *, size_t, uint8_t *,
                                        size_t, int) = {
        { kcapi_akcipher_decrypt, kcapi_akcipher_encrypt },
        { kcapi_akcipher_verify, kcapi_akcipher_sign },
    };
    static ssize_t (*const aio[2][2])(struct kcapi_handle *, struct iovec *, struct iovec *, size_t,
                                      int) = {
        { kcapi_akcipher_decrypt_aio, kcapi_akcipher_encrypt_aio },
        { kcapi_akcipher_verify_aio, kcapi_akcipher_sign_aio },
    };
    const struct bytes *data = o->encrypt ? &o->plaintext : &o->ciphertext;
    /* Encrypting and verifying take the public key. */
    bool public = o->encrypt != o->other_way;
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_akcipher_init(&handle, o->cipher, o->aio ? KCAPI_INIT_AIO : 0), room;
    uint8_t *out;

    if (ret)
        die(1, "no asymmetric cipher %s: %s", o->cipher, strerror(-ret));
    room = (public ? kcapi_akcipher_setpubkey : kcapi_akcipher_setkey)(handle, o->key.base,
                                                                       (uint32_t)o->key.len);
    must(room, "-k");
    if (o->result > (size_t)room)
        room = (int)o->result;
    out = allocate((size_t)room, 1);
    for (size_t i = 0; i < o->operations; i++) {
        struct iovec from = { data->base, data->len }, to = { out, (size_t)room };
        ssize_t len = o->aio ? aio[o->other_way][o->encrypt](handle, &from, &to, 1, o->access)
                             : calls[o->other_way][o->encrypt](handle, data->base, data->len, out,
                                                               (size_t)room, o->access);

        must(len, "the operation");
        print_line(out, (size_t)len);
    }
    free(out);
    kcapi_akcipher_destroy(handle);
}

/* -p are the parameters of dh, -l the number of the curve of ecdh. */
static void key_agreement(const struct options *o)
{
    struct kcapi_handle *handle = NULL;
    uint8_t *out = allocate(o->result, 1);
    struct iovec peer = { o->ciphertext.base, o->ciphertext.len }, to = { out, o->result };
    int ret = kcapi_kpp_init(&handle, o->cipher, o->aio ? KCAPI_INIT_AIO : 0);
    ssize_t len;

    if (ret)
        die(1, "no key agreement %s: %s", o->cipher, strerror(-ret));
    if (o->plaintext.base)
        must(kcapi_kpp_dh_setparam_pkcs3(handle, o->plaintext.base, (uint32_t)o->plaintext.len), "-p");
    else if (o->taglen)
        must(kcapi_kpp_ecdh_setcurve(handle, o->taglen), "-l");
    must(kcapi_kpp_setkey(handle, o->key.base, (uint32_t)o->key.len), "-k");
    if (o->generate)
        len = o->aio ? kcapi_kpp_keygen_aio(handle, &to, 1, o->access)
                     : kcapi_kpp_keygen(handle, out, o->result, o->access);
    else
        len = o->aio ? kcapi_kpp_ssgen_aio(handle, &peer, &to, 1, o->access)
                     : kcapi_kpp_ssgen(handle, peer.iov_base, peer.iov_len, out, o->result, o->access);
    must(len, "key agreement");
    print_line(out, (size_t)len);
    free(out);
    kcapi_kpp_destroy(handle);
}

/* Calls with any lengths and any bytes: all that is asked for is that they return. */
static void fuzz(const struct options *o)
{
    enum { ROOM = 8192, ROUNDS = 500 };
    uint8_t *in = allocate(ROOM, 1), *out = allocate(ROOM, 1);
    struct kcapi_handle *handle = NULL;

    if (o->family ? o->family->init(&handle, o->cipher, 0) : kcapi_md_init(&handle, o->cipher, 0))
        die(1, "no algorithm %s", o->cipher);
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t len = (size_t)rand() % ROOM, room = (size_t)rand() % ROOM;

        for (size_t j = 0; j < 64; j++)
            in[(size_t)rand() % ROOM] = (uint8_t)rand();
        if (!o->family) {
            kcapi_md_setkey(handle, in, (uint32_t)len % 300);
            kcapi_md_digest(handle, in, len, out, room);
            continue;
        }
        if (o->family == &aead) {
            kcapi_aead_settaglen(handle, (uint32_t)rand() % 20);
            kcapi_aead_setassoclen(handle, (size_t)rand() % ROOM);
        }
        o->family->setkey(handle, in, i % 2 ? 16 : (uint32_t)len % 80);
        o->family->one_shot[i / 2 % 2](handle, in, len, in + 100, out, room, o->access);
    }
    if (o->family)
        o->family->destroy(handle);
    else
        kcapi_md_destroy(handle);
    free(in);
    free(out);
}

/* FIPS 197, appendix B; FIPS 180-4's "abc"; RFC 4231, test case 2; that a wrong length is refused. */
static int self_test(void)
{
    static const char want_md[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    struct bytes key = parse_hex('z', "2b7e151628aed2a6abf7158809cf4f3c");
    struct bytes block = parse_hex('z', "3243f6a8885a308d313198a2e0370734");
    struct bytes want = parse_hex('z', "3925841d02dc09fbdc118597196a0b32");
    struct bytes digest = parse_hex('z', want_md);
    struct bytes mac = parse_hex('z', "5bdcc146bf60754e6a042426089575c7"
                                      "5a003f089d2739839dec58b964ec3843");
    static const uint8_t message[] = "what do ya want for nothing?";
    struct kcapi_handle *handle = NULL;
    uint8_t out[32];
    bool right;

    right = !kcapi_cipher_init(&handle, "ecb(aes)", 0) &&
            !kcapi_cipher_setkey(handle, key.base, 16) &&
            kcapi_cipher_encrypt(handle, block.base, 16, NULL, out, 16, 0) == 16 &&
            !memcmp(out, want.base, 16) &&
            kcapi_cipher_encrypt(handle, block.base, 15, NULL, out, 15, 0) < 0;
    kcapi_cipher_destroy(handle);
    right &= kcapi_md_sha256((const uint8_t *)"abc", 3, out, 32) == 32 &&
             !memcmp(out, digest.base, 32);
    right &= kcapi_md_hmac_sha256((const uint8_t *)"Jefe", 4, message, sizeof(message) - 1, out,
                                  32) == 32 && !memcmp(out, mac.base, 32);
    free(key.base);
    free(block.base);
    free(want.base);
    free(digest.base);
    free(mac.base);
    return right ? 0 : 1;
}

/* Everything but ciphers and AEADs. */
static void other_modes(const struct options *o)
{
    switch (o->mode) {
    case DIGEST: digests(o); break;
    case AKCIPHER:
    case AKCIPHER_AIO: asymmetric(o); break;
    case KPP:
    case KPP_AIO: key_agreement(o); break;
    default: derivations(o); break;
    }
}

#endif
