/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* cross-aead.h - random calls of AEADs */
#ifndef CROSS_AEAD_H
#define CROSS_AEAD_H

#include "authenc.h"
#include "cross.h"

static const char *const cross_aeads[] = {
    "gcm(aes)", "ccm(aes)", "rfc4106(gcm(aes))", "rfc4309(ccm(aes))", "rfc4543(gcm(aes))",
    "rfc7539(chacha20,poly1305)", "rfc7539esp(chacha20,poly1305)", "aegis128",
    "gcm(sm4)", "ccm(sm4)", "gcm(aria)", "ccm(aria)", "gcm(camellia)", "ccm(twofish)",
    "gcm(serpent)",
    "authenc(hmac(sha1),cbc(aes))", "authenc(hmac(sha224),cbc(aes))",
    "authenc(hmac(sha256),cbc(aes))", "authenc(hmac(sha384),cbc(aes))",
    "authenc(hmac(sha512),cbc(aes))", "authenc(hmac(sha1),ctr(aes))",
    "authenc(hmac(sha256),ctr(aes))", "authenc(hmac(sha512),ctr(aes))",
    "authenc(hmac(sha256),rfc3686(ctr(aes)))", "authenc(hmac(md5),cbc(aes))",
    "authenc(hmac(sha256),cbc(des3_ede))", "authenc(hmac(md5),ecb(cipher_null))",
    "authenc(hmac(sha1),ecb(cipher_null))", "authenc(hmac(sha3-256),cbc(aes))",
    "authenc(cmac(aes),ctr(aes))", "authenc(xcbc(aes),cbc(aes))", "authenc(sha1,cbc(aes))",
    "authenc(hmac(sha256),cts(cbc(aes)))", "authenc(hmac(sha256),essiv(cbc(aes),sha256))",
    "essiv(authenc(hmac(sha256),cbc(aes)),sha256)", "essiv(authenc(hmac(sha1),cbc(aes)),sha384)",
    "essiv(gcm(aes),sha256)", "essiv(authenc(hmac(sha256),cbc(serpent)),sha224)",
    "krb5enc(hmac(sha1),cts(cbc(aes)))", "krb5enc(cmac(camellia),cts(cbc(camellia)))",
    "krb5enc(hmac(sha256),ctr(aes))", "krb5enc(cmac(aes),cbc(aes))",
    /* drivers */
    "gcm_base(ctr(aes-generic),ghash-generic)", "ccm_base(ctr(aes-generic),cbcmac(aes-generic))",
    "rfc4106(gcm_base(ctr(aes-generic),ghash-generic))", "gcm(aes-generic)",
    "authenc(hmac(sha256-generic),cbc(aes-generic))", "gcm(des3_ede)", "gcm(nosuch)",
    "rfc7539(chacha20-generic,poly1305-generic)", "gcm(ctr(aes))", "rfc4106(aes)",
    "aegis128-generic",
};

struct aead {
    struct kcapi_handle *handle;
    bool ccm, ipsec, authenc;
    uint32_t block, tag;
};

static uint32_t authenc_key(uint8_t *key, uint32_t auth, uint32_t enc)
{
    put_authenc_head(key, enc);
    random_bytes(key + AUTHENC_HEAD, auth + enc);
    return AUTHENC_HEAD + auth + enc;
}

static uint32_t aead_key(const struct aead *a, uint8_t *key, uint32_t len)
{
    if (!a->authenc) {
        random_bytes(key, len);
        return len;
    }
    return one_in(20) && len > 8 ? len : authenc_key(key, below(80), len);
}

static uint32_t aead_keys(struct aead *a)
{
    uint32_t good = 0;
    uint8_t key[256];

    for (uint32_t len = 0; len <= 80; len++) {
        uint32_t keylen = aead_key(a, key, len);
        int ret = kcapi_aead_setkey(a->handle, key, keylen);

        record(ret, NULL, 0, "setkey %u", keylen);
        if (ret == 0 && (good == 0 || one_in(3)))
            good = len;
    }
    for (uint32_t len = 0; len <= 70; len++)
        record(kcapi_aead_settaglen(a->handle, len), NULL, 0, "settaglen %u", len);
    return good;
}

/* Length of the associated data, and what IPsec's modes demand most of the time. */
static size_t aead_assoclen(const struct aead *a)
{
    if (a->ipsec && !one_in(8))
        return one_in(2) ? 16 : 20;
    return one_in(3) ? 0 : one_in(5) ? below(300) : below(40);
}

static void aead_iv(const struct aead *a, uint8_t iv[64])
{
    random_bytes(iv, 64);
    if (a->ccm && !one_in(10))
        iv[0] = 1 + below(7);
}

static size_t aead_text(const struct aead *a)
{
    return random_len(a->authenc ? a->block : 1) % 20000;
}

/* Encryption, and decryption of the result, changed or not. */
static void cross_aead_message(struct aead *a, struct kcapi_handle *handle)
{
    size_t assoc = aead_assoclen(a), len = assoc + aead_text(a), room = len + a->tag;
    struct place p = random_place(room);
    static uint8_t sealed[64 * KIB];
    uint8_t iv[64];
    ssize_t ret;

    aead_iv(a, iv);
    kcapi_aead_setassoclen(handle, one_in(15) ? len + 1 : assoc);
    if (one_in(10))
        room += below(40);
    else if (one_in(12))
        room -= below((uint32_t)room + 1);
    ret = kcapi_aead_encrypt(handle, p.in, len, one_in(6) ? NULL : iv, p.out, room,
                             access_modes[below(3)]);
    record(ret, arena, p.used, "encrypt %zu+%zu to %zu at %td", assoc, len - assoc, room,
           p.out - p.in);
    len = ret > 0 ? (size_t)ret : len + a->tag;
    if (ret > 0)
        memcpy(sealed, p.out, len);

    p = random_place(len);
    memcpy(p.in, sealed, len);
    if (one_in(3))
        p.in[below((uint32_t)len)] ^= (uint8_t)(1 << below(8));
    if (one_in(20))
        len = below((uint32_t)len);
    room = len < a->tag ? 0 : len - a->tag;
    if (one_in(10))
        room += below(40);
    else if (one_in(12))
        room -= below((uint32_t)room + 1);
    ret = kcapi_aead_decrypt(handle, p.in, len, one_in(20) ? NULL : iv, p.out, room,
                             access_modes[below(3)]);
    record(ret, arena, p.used, "decrypt %zu to %zu at %td", len, room, p.out - p.in);
}

static void cross_aead_pairs(struct aead *a, struct kcapi_handle *handle)
{
    struct iovec in[8], out[8];
    size_t n = below(8), assoc = aead_assoclen(a), done = 0, packed = 0, total;
    /* Each output begins where the one before ends, over the next message's input. */
    bool pack = one_in(3);
    uint8_t iv[64];
    ssize_t ret;

    aead_iv(a, iv);
    kcapi_aead_setassoclen(handle, assoc);
    for (size_t i = 0; i < n; i++) {
        in[i].iov_len = assoc + aead_text(a) % 600 / 16 * 16 + (pack ? 16 : 0);
        out[i].iov_len = in[i].iov_len + a->tag;
        in[i].iov_base = arena + (pack ? packed : done);
        out[i].iov_base = arena + done + (!pack && one_in(2) ? out[i].iov_len : 0);
        packed += in[i].iov_len;
        done += (pack ? 1 : 2) * out[i].iov_len;
    }
    total = done + 64;
    fill(arena, total, below(1u << 30));
    ret = kcapi_aead_encrypt_aio(handle, in, out, n, iv, 0);
    record(ret, arena, total, "encrypt %zu pairs", n);
    if (ret <= 0)
        return;
    for (size_t i = 0; i < n; i++) {
        in[i] = out[i];
        out[i].iov_len -= one_in(40) ? a->tag + 1 : a->tag;
        if (one_in(20))
            ((uint8_t *)in[i].iov_base)[below((uint32_t)in[i].iov_len)] ^= 1;
    }
    ret = kcapi_aead_decrypt_aio(handle, in, out, n, iv, 0);
    record(ret, arena, total, "decrypt %zu pairs", n);
}

static void cross_aead_stream(struct aead *a)
{
    struct stream s = { reinit(a->handle, 0), false, false, true, 0 };
    bool going = true;

    kcapi_aead_setassoclen(s.handle, aead_assoclen(a));
    for (int step = 0; step < 10 && going; step++) {
        struct iovec iov[4];
        size_t n, len;
        uint8_t iv[64];
        bool enc = !one_in(4);

        stream_data(iov, &n, &len, a->authenc ? 16 : 1);
        aead_iv(a, iv);
        switch (step == 0 ? 0 : s.begun && !s.more && !one_in(6) ? 4 : below(6)) {
        case 0:
            going = stream_sent(&s, enc ? "init_enc" : "init_dec",
                                (enc ? kcapi_aead_stream_init_enc : kcapi_aead_stream_init_dec)(
                                    s.handle, iv, iov, n), len, true);
            break;
        case 1:
            going = stream_sent(&s, "update", kcapi_aead_stream_update(s.handle, iov, n), len,
                                true);
            break;
        case 2:
            going = stream_sent(&s, "update_last",
                                kcapi_aead_stream_update_last(s.handle, iov, n), len, false);
            break;
        case 3:
            record(kcapi_aead_settaglen(s.handle, a->tag), NULL, 0, "settaglen");
            if (s.used == 0)
                going = false;
            break;
        default:
            going = stream_receive(&s, kcapi_aead_stream_op);
        }
    }
    kcapi_aead_destroy(s.handle);
}

static void cross_aead(const char *name, int rounds)
{
    struct aead a = { NULL, strstr(name, "ccm"), strstr(name, "rfc4") || strstr(name, "esp"),
                      is_authenc(name), 0, 0 };
    uint32_t good;
    int ret = kcapi_aead_init(&a.handle, name, 0);

    if (ret) {
        printf("missing %d\n", ret);
        return;
    }
    a.ccm &= !a.ipsec;
    a.block = kcapi_aead_blocksize(a.handle);
    a.tag = kcapi_aead_authsize(a.handle);
    printf("block %u, IV %u, tag %u\n", a.block, kcapi_aead_ivsize(a.handle), a.tag);
    cross_aead_message(&a, a.handle);
    good = aead_keys(&a);
    for (int i = 0; i < rounds; i++) {
        struct kcapi_handle *other;
        uint8_t key[256];

        if (i % 5 == 0) {
            uint32_t tag = below(kcapi_aead_authsize(a.handle) + 1);
            uint32_t keylen = a.authenc ? authenc_key(key, below(80), good)
                                        : aead_key(&a, key, good);

            record(kcapi_aead_setkey(a.handle, key, keylen), NULL, 0, "setkey %u", keylen);
            ret = kcapi_aead_settaglen(a.handle, tag);
            record(ret, NULL, 0, "settaglen %u", tag);
            a.tag = ret == 0 ? tag : a.tag;
        }
        other = random_handle(a.handle);
        for (int call = 0; call < 3; call++) {
            cross_aead_message(&a, other);
            cross_aead_pairs(&a, other);
        }
        kcapi_aead_destroy(other);
        cross_aead_stream(&a);
    }
    kcapi_aead_destroy(a.handle);
}

#endif
