/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* A transcript of the AIO functions, up to 64 IOVECs that fit into the socket's send buffer. */
#include "batch.h"
#include "transcript.h"
#include "uml.h"

enum { AAD = 16, TAG = 16 };

struct algorithm {
    const char *name;
    uint32_t keylen;
    uint8_t iv0;
};

static const struct algorithm ciphers[] = {
    { "cbc(aes)", 16, 1 }, { "ctr(aes)", 24, 1 }, { "ecb(aes)", 32, 1 },
    { "xts(aes)", 32, 1 }, { "rfc3686(ctr(aes))", 20, 1 }, { "cbc(des3_ede)", 24, 1 },
    { "chacha20", 32, 1 }, { "lrw(aes)", 32, 1 }, { "adiantum(xchacha12,aes)", 32, 1 },
};
static const struct algorithm aeads[] = {
    { "gcm(aes)", 16, 1 }, { "ccm(aes)", 32, 3 }, { "rfc7539(chacha20,poly1305)", 32, 1 },
    { "rfc4106(gcm(aes))", 20, 1 }, { "rfc4309(ccm(aes))", 19, 1 }, { "aegis128", 16, 1 },
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct lengths lengths[] = {
    { "1 block", 1, { 64 } },
    { "1 KiB", 1, { 1024 } },
    { "mixed", 5, { 64, 1024, 192, 4096, 128 } },
};
static const size_t counts[] = { 1, 2, 3, 5, 16, 63, 64 };

/* The C library gives all IOVECs of a message to one recvmsg; Linux 6.1 takes 27 there. */
#define MOST_WITHOUT_AIO 16

static uint8_t key[32], iv[32];

typedef ssize_t (*aio_fn)(struct kcapi_handle *, struct iovec *, struct iovec *, size_t,
                          const uint8_t *, int);

/* One call; and its output becomes the next one's input. */
static ssize_t call(const char *what, aio_fn function, struct kcapi_handle *handle,
                    struct batch *b, const uint8_t *this_iv, int access, uint8_t *result)
{
    ssize_t ret = function(handle, b->in, b->out, b->n, this_iv, access);

    gather(b->out, b->n, result);
    record(ret, result, b->out_total, "%s of %zu IOVECs, access %d", what, b->n, access);
    printf("guards %s\n", batch_guarded(b) ? "intact" : "damaged");
    return ret;
}

static void cipher_calls(const struct algorithm *a, uint32_t flags)
{
    struct kcapi_handle *handle = cipher_with_key(a->name, key, a->keylen, flags);

    for (size_t i = 0; i < COUNT(counts) * COUNT(lengths) * 2; i++) {
        const struct lengths *l = &lengths[i / 2 % COUNT(lengths)];
        size_t n = counts[i / 2 / COUNT(lengths)];
        int access = access_modes[i % ACCESS_MODES];
        struct batch b;
        uint8_t *bytes;

        /* From the second on, AES-NI's drivers go on with an IV of their own; here each has the caller's. */
        if (flags && n > 1 && strcmp(a->name, "xts(aes)") == 0 && !is_user_mode_linux())
            continue;
        if (!flags && n > MOST_WITHOUT_AIO)
            break;
        batch_init(&b, n, l, 0);
        bytes = pages(b.in_total);
        fill(bytes, b.in_total, (uint32_t)i);
        if (i % 2)
            batch_in_place(&b);
        printf("%s, flags %u, %s%s\n", a->name, flags, l->name, i % 2 ? ", in place" : "");
        batch_deal(&b, bytes);
        call("encrypt", kcapi_cipher_encrypt_aio, handle, &b, iv, access, bytes);
        batch_deal(&b, bytes);
        call("decrypt", kcapi_cipher_decrypt_aio, handle, &b, iv, access, bytes);
        batch_deal(&b, bytes);
        call("encrypt on", kcapi_cipher_encrypt_aio, handle, &b, NULL, access, bytes);
        free(bytes);
        batch_free(&b);
    }
    kcapi_cipher_destroy(handle);
}

static void aead_calls(const struct algorithm *a, uint32_t flags)
{
    struct kcapi_handle *handle = aead_with_key(a->name, key, a->keylen, TAG, AAD, flags);

    for (size_t i = 0; i < COUNT(counts) * COUNT(lengths) * 2; i++) {
        struct lengths sealed = lengths[i / 2 % COUNT(lengths)];
        size_t n = counts[i / 2 / COUNT(lengths)];
        int access = access_modes[i % ACCESS_MODES];
        struct batch enc, dec;
        uint8_t *bytes;

        batch_init(&enc, n, &sealed, TAG);
        for (size_t j = 0; j < sealed.count; j++)
            sealed.len[j] += TAG;
        batch_init(&dec, n, &sealed, -TAG);
        bytes = pages(enc.out_total);
        fill(bytes, enc.in_total, (uint32_t)i);
        if (i % 2) {
            batch_in_place(&enc);
            batch_in_place(&dec);
        }
        printf("%s, flags %u, %s%s\n", a->name, flags, sealed.name, i % 2 ? ", in place" : "");
        batch_deal(&enc, bytes);
        call("encrypt", kcapi_aead_encrypt_aio, handle, &enc, iv, access, bytes);
        batch_deal(&dec, bytes);
        call("decrypt", kcapi_aead_decrypt_aio, handle, &dec, iv, access, bytes);
        free(bytes);
        batch_free(&enc);
        batch_free(&dec);
    }
    kcapi_aead_destroy(handle);
}

/* Handles from reinit, in turn, and their originals gone. */
static void reinit_calls(uint32_t first, uint32_t second)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, 16, first);

    for (size_t i = 0; i < 4; i++) {
        struct kcapi_handle *next = reinit(handle, i % 2 ? first : second);
        struct batch b;
        uint8_t *bytes;

        batch_init(&b, 7, &lengths[2], 0);
        bytes = pages(b.in_total);
        fill(bytes, b.in_total, (uint32_t)i);
        batch_deal(&b, bytes);
        call("reinit, the new one", kcapi_cipher_encrypt_aio, next, &b, iv, 0, bytes);
        call("reinit, the old one", kcapi_cipher_decrypt_aio, handle, &b, iv + 1, 0, bytes);
        kcapi_cipher_destroy(handle);
        call("reinit, the old one gone", kcapi_cipher_encrypt_aio, next, &b, NULL, 0, bytes);
        handle = next;
        free(bytes);
        batch_free(&b);
    }
    kcapi_cipher_destroy(handle);
}

/* A handle for each error. */
static void errors(uint32_t flags)
{
    uint8_t bytes[64] = { 0 };
    struct iovec from = { bytes, 32 }, to = { bytes, 32 }, none = { NULL, 32 };
    const struct {
        const char *name;
        struct iovec *in, *out;
        size_t n;
        bool no_key;
    } calls[] = {
        { "nothing", NULL, NULL, 0, false },     { "no IOVECs", &from, &to, 0, false },
        { "one at NULL", NULL, NULL, 1, false }, { "input at NULL", &none, &to, 1, false },
        { "output at NULL", &from, &none, 1, false }, { "no key", &from, &to, 1, true },
    };

    for (size_t i = 0; i < COUNT(calls); i++) {
        struct kcapi_handle *handle = NULL;

        kcapi_cipher_init(&handle, "cbc(aes)", flags);
        if (!calls[i].no_key)
            kcapi_cipher_setkey(handle, key, 16);
        record(kcapi_cipher_encrypt_aio(handle, calls[i].in, calls[i].out, calls[i].n, iv, 0), NULL,
               0, "%s, flags %u", calls[i].name, flags);
        kcapi_cipher_destroy(handle);
        if (!calls[i].in && calls[i].n)
            continue; /* the C library sees this only after it has used the array */
        handle = NULL;
        kcapi_aead_init(&handle, "gcm(aes)", flags);
        kcapi_aead_settaglen(handle, TAG);
        kcapi_aead_setassoclen(handle, AAD);
        if (!calls[i].no_key)
            kcapi_aead_setkey(handle, key, 16);
        record(kcapi_aead_decrypt_aio(handle, calls[i].in, calls[i].out, calls[i].n, iv, 0), NULL,
               0, "%s, flags %u, AEAD", calls[i].name, flags);
        kcapi_aead_destroy(handle);
    }
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 2);
    fill(iv, sizeof(iv), 3);
    for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags++) {
        for (size_t i = 0; i < COUNT(ciphers); i++) {
            iv[0] = ciphers[i].iv0;
            if (has_cipher(ciphers[i].name))
                cipher_calls(&ciphers[i], flags);
        }
        for (size_t i = 0; i < COUNT(aeads); i++) {
            iv[0] = aeads[i].iv0;
            if (has_aead(aeads[i].name))
                aead_calls(&aeads[i], flags);
        }
        errors(flags);
    }
    reinit_calls(0, KCAPI_INIT_AIO);
    reinit_calls(KCAPI_INIT_AIO, 0);
    return 0;
}
