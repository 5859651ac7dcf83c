/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* cross-cipher.h - random calls of symmetric ciphers */
#ifndef CROSS_CIPHER_H
#define CROSS_CIPHER_H

#include "cross.h"
#include "uml.h"

/*
 * Where a processor's own drivers serve, the IV after a message of these modes is what the driver
 * leaves, see ARCHITECTURE.md.
 */
static bool always_iv;

static inline bool with_an_iv(void)
{
    return !one_in(4) || always_iv;
}

static const char *const cross_ciphers[] = {
    "ecb(aes)", "cbc(aes)", "ctr(aes)", "xts(aes)", "cts(cbc(aes))", "cfb(aes)", "ofb(aes)",
    "pcbc(aes)", "lrw(aes)", "rfc3686(ctr(aes))", "kw(aes)", "chacha20", "xchacha20", "xchacha12",
    "ecb(des3_ede)", "cbc(des3_ede)", "ctr(des3_ede)", "ecb(des)", "cbc(des)",
    "cbc(sm4)", "ctr(sm4)", "xts(sm4)", "cbc(aria)", "ctr(aria)", "xts(aria)",
    "cbc(camellia)", "ctr(camellia)", "xts(camellia)", "lrw(camellia)", "cts(cbc(camellia))",
    "cbc(serpent)", "ctr(serpent)", "xts(serpent)", "lrw(serpent)",
    "cbc(twofish)", "ctr(twofish)", "xts(twofish)", "lrw(twofish)", "rfc3686(ctr(twofish))",
    "cbc(cast5)", "ctr(cast5)", "cbc(cast6)", "ctr(cast6)", "xts(cast6)", "lrw(cast6)",
    "cbc(blowfish)", "ctr(blowfish)", "ofb(serpent)", "cfb(twofish)", "pcbc(camellia)",
    "essiv(cbc(aes),sha256)", "essiv(cbc(aes),sha224)", "essiv(cts(cbc(aes)),sha256)",
    "essiv(cbc(aes),sha384)", "essiv(cbc(aes),hmac(sha256))", "essiv(ecb(aes),sha256)",
    "essiv(cbc(serpent),sha1)", "ecb(cipher_null)", "ctr(cipher_null)", "cipher_null",
    "xctr(aes)", "xctr(camellia)", "hctr2(aes)", "hctr2(twofish)",
    "adiantum(xchacha12,aes)", "adiantum(xchacha20,aes)", "adiantum(xchacha20,twofish)",
    "adiantum(xchacha12,sm4)", "adiantum(chacha20,aes)",
    /* drivers */
    "ecb(aes-generic)", "cbc(aes-generic)", "ctr(aes-generic)", "xts(ecb(aes-generic))",
    "cts(cbc(aes-generic))", "rfc3686(ctr(aes-generic))", "chacha20-generic", "cbc(sha256)", "xctr(aes-generic)", "xctr(des3_ede)",
    "hctr2_base(xctr(aes-generic),polyval-generic)", "hctr2_base(xctr(aes),polyval)",
    "adiantum(xchacha12-generic,aes-generic,nhpoly1305-generic)",
    "adiantum(xchacha12,aes,nhpoly1305)",
    "ctr(ctr(aes))", "xts(cbc(aes))", "nosuch(aes)", "cbc(nosuch)", "cbc(aes", "cbc-aes",
    "lrw(ecb(aes))", "lrw(ecb(aes-generic))", "xts(ecb(aes))", "des3_ede", "aes", "xts(des)",
};

static void cross_cipher_keys(struct kcapi_handle *handle, uint32_t *good)
{
    uint8_t key[96];

    random_bytes(key, sizeof(key));
    for (uint32_t len = 0; len <= 80; len++) {
        int ret = kcapi_cipher_setkey(handle, key, len);

        record(ret, NULL, 0, "setkey %u", len);
        if (ret == 0 && (*good == 0 || one_in(3)))
            *good = len;
    }
}

static void cross_cipher_message(struct kcapi_handle *handle, size_t block, uint32_t ivsize)
{
    size_t len = random_len(block), room = len;
    struct place p = random_place(len);
    uint8_t iv[64];
    bool enc = one_in(2), with_iv = with_an_iv();
    ssize_t ret;

    if (one_in(8))
        room += below(40);
    else if (one_in(12))
        room -= below((uint32_t)room + 1);
    random_bytes(iv, sizeof(iv));
    (void)ivsize;
    ret = (enc ? kcapi_cipher_encrypt : kcapi_cipher_decrypt)(
        handle, p.in, len, with_iv ? iv : NULL, p.out, room, access_modes[below(3)]);
    record(ret, arena, p.used, "%s %zu to %zu at %td%s", enc ? "encrypt" : "decrypt", len, room,
           p.out - p.in, with_iv ? "" : ", no IV");
}

static void cross_cipher_pairs(struct kcapi_handle *handle, size_t block)
{
    struct iovec in[8], out[8];
    size_t n = below(8), done = 64;
    uint8_t iv[64];
    bool enc = one_in(2), with_iv = with_an_iv(), apart = one_in(2);
    size_t unit = block < 2 ? 64 : block;
    /*
     * Outputs may lie over other messages' inputs, which have been read before: as long as all
     * messages reach the kernel together, and none of them is odd or empty.
     */
    size_t shift = one_in(3) ? below(400) : 0;
    ssize_t ret;

    random_bytes(iv, sizeof(iv));
    for (size_t i = 0; i < n; i++) {
        size_t len = shift ? (1 + below(5)) * unit : one_in(8) ? below(200) : below(12) * unit;

        in[i].iov_base = arena + done;
        in[i].iov_len = len;
        done += len;
        out[i].iov_base = arena + done - (apart ? 0 : len) + shift;
        out[i].iov_len = one_in(30) ? len / 2 : len;
        done += apart ? len : 0;
    }
    done += shift;
    fill(arena, done + 64, below(1u << 30));
    ret = (enc ? kcapi_cipher_encrypt_aio : kcapi_cipher_decrypt_aio)(
        handle, in, out, n, with_iv ? iv : NULL, access_modes[below(3)]);
    record(ret, arena, done + 64, "%s %zu pairs", enc ? "encrypt" : "decrypt", n);
}

static void cross_cipher_stream(struct kcapi_handle *handle, size_t block, const uint8_t *key,
                                uint32_t keylen)
{
    enum { MANY = 1025 }; /* one more than a system call takes */
    static struct iovec many[MANY];
    struct stream s = { reinit(handle, 0), false, false, false, 0 };
    bool going = true;
    ssize_t ret;

    for (int step = 0; step < 10 && going; step++) {
        struct iovec iov[4];
        size_t n, len;
        uint8_t iv[64];
        bool with_iv = with_an_iv(), enc = one_in(2);

        stream_data(iov, &n, &len, block);
        random_bytes(iv, sizeof(iv));
        switch (step == 0 && !one_in(10) ? 0 : s.begun && !s.more && !one_in(6) ? 5 : below(10)) {
        case 0:
            going = stream_sent(&s, enc ? "init_enc" : "init_dec",
                                (enc ? kcapi_cipher_stream_init_enc : kcapi_cipher_stream_init_dec)(
                                    s.handle, with_iv ? iv : NULL, iov, n), len, true);
            break;
        case 1: case 2:
            going = stream_sent(&s, "update", kcapi_cipher_stream_update(s.handle, iov, n), len,
                                true);
            break;
        case 3:
            going = stream_sent(&s, "update_last",
                                kcapi_cipher_stream_update_last(s.handle, iov, n), len, false);
            break;
        case 8:
            /* A whole message in the middle of a stream: another result, but the same. */
            len = below(5) * (block < 2 ? 64 : block);
            fill(arena, 1024, below(1u << 30));
            ret = kcapi_cipher_encrypt(s.handle, arena, len, with_iv ? iv : NULL, arena + 512, len,
                                       0);
            record(ret, arena, 1024, "encrypt %zu", len);
            going = false;
            break;
        case 9:
            if (!one_in(4))
                break;
            ret = kcapi_cipher_stream_update(s.handle, many, MANY);
            record(ret, NULL, 0, "%d IOVECs", MANY);
            going = false;
            break;
        case 4:
            record(kcapi_cipher_setkey(s.handle, key, keylen), NULL, 0, "setkey");
            if (s.used == 0)
                going = false;
            break;
        default:
            going = stream_receive(&s, kcapi_cipher_stream_op);
        }
    }
    kcapi_cipher_destroy(s.handle);
}

static void cross_cipher(const char *name, int rounds)
{
    struct kcapi_handle *handle = NULL;
    uint32_t good = 0, block;
    uint8_t key[96];
    int ret = kcapi_cipher_init(&handle, name, 0);

    if (ret) {
        printf("missing %d\n", ret);
        return;
    }
    always_iv = (strstr(name, "xts(") || strstr(name, "cts(")) && !is_user_mode_linux();
    block = kcapi_cipher_blocksize(handle);
    printf("block %u, IV %u\n", block, kcapi_cipher_ivsize(handle));
    cross_cipher_message(handle, block, 0);
    cross_cipher_keys(handle, &good);
    for (int i = 0; i < rounds; i++) {
        struct kcapi_handle *other = random_handle(handle);

        if (i % 10 == 0) {
            random_bytes(key, sizeof(key));
            record(kcapi_cipher_setkey(handle, key, good), NULL, 0, "setkey %u", good);
        }
        for (int call = 0; call < 3; call++) {
            cross_cipher_message(other, block, 0);
            cross_cipher_pairs(other, block);
        }
        kcapi_cipher_destroy(other);
        if (!always_iv)
            cross_cipher_stream(handle, block, key, good);
    }
    kcapi_cipher_destroy(handle);
}

#endif
