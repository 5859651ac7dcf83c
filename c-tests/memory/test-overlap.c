/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * An output that begins a few bytes before or behind its input, so that neither is aligned, or that is
 * another message's input: the result is that of buffers apart, for messages of any length and for batches.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "kpp.h"
#include "rsa.h"

enum { SHIFT = 17, LONGEST = 1200000, AAD = 16, MANY = 40 };

struct algorithm {
    const char *name;
    uint32_t keylen, tag;
};

static const struct algorithm algorithms[] = {
    { "ecb(aes)", 16, 0 },  { "cbc(aes)", 16, 0 },  { "ctr(aes)", 16, 0 },
    { "xts(aes)", 32, 0 },  { "chacha20", 32, 0 },  { "gcm(aes)", 16, 16 },
    { "ccm(aes)", 16, 16 }, { "rfc7539(chacha20,poly1305)", 32, 16 },
};

static const size_t lengths[] = { 16, 64, 272, 4096, 65536 + 16, 300000, LONGEST };

static uint8_t key[64], iv[16] = { 1 };
static uint8_t *data, *want, *memory;

/* This one takes pairs of IOVECs instead. */
static struct kcapi_handle *with_pairs;

static ssize_t one_call(struct kcapi_handle *handle, const struct algorithm *a, const uint8_t *in,
                        size_t len, uint8_t *out)
{
    struct iovec from = { (uint8_t *)in, len }, to = { out, len };

    if (handle == with_pairs)
        return kcapi_cipher_encrypt_aio(handle, &from, &to, 1, iv, 0);
    if (a->tag)
        return kcapi_aead_encrypt(handle, in, len, iv, out, len + a->tag, 0);
    return kcapi_cipher_encrypt(handle, in, len, iv, out, len, 0);
}

static void test_shifted(const struct algorithm *a, struct kcapi_handle *handle, size_t len)
{
    ssize_t wanted = one_call(handle, a, data, len, want), ret;
    unsigned wrong = 0, calls = 0;

    if (wanted == -EMSGSIZE) {
        skip(1, "the IOVEC must be taken whole, and is too long");
        return;
    }
    /* Every shift for what is short; for what is long those that matter. */
    for (int shift = -SHIFT; shift <= SHIFT; shift += len > 5000 ? SHIFT : 1) {
        uint8_t *in = memory + SHIFT, *out = in + shift;

        memset(memory, 0x77, len + 2 * SHIFT + a->tag);
        memcpy(in, data, len);
        ret = one_call(handle, a, in, len, out);
        calls++;
        if (ret == wanted && (ret < 0 || memcmp(out, want, (size_t)ret) == 0))
            continue;
        if (wrong++ == 0)
            diag("shift %d: %zd, not %zd", shift, ret, wanted);
    }
    ok(wrong == 0 && wanted > 0, "%s, %zu bytes over themselves: %u calls", a->name, len, calls);
}

/* Each output over its own input and the next one's, or the one's before. */
static void test_batch(const struct algorithm *a, struct kcapi_handle *handle, size_t len)
{
    ssize_t (*const aio)(struct kcapi_handle *, struct iovec *, struct iovec *, size_t,
                         const uint8_t *, int) =
        a->tag ? kcapi_aead_encrypt_aio : kcapi_cipher_encrypt_aio;
    struct iovec in[MANY], out[MANY];
    size_t outlen = len + a->tag;
    unsigned wrong = 0;
    ssize_t wanted, ret;

    for (size_t i = 0; i < MANY; i++) {
        in[i] = (struct iovec){ data + len * i, len };
        out[i] = (struct iovec){ want + outlen * i, outlen };
    }
    wanted = aio(handle, in, out, MANY, iv, 0);
    if (wanted == -EMSGSIZE) {
        skip(1, "all IOVECs are one message, which is too long");
        return;
    }
    for (int shift = -SHIFT; shift <= SHIFT; shift += SHIFT) {
        uint8_t *from = memory + SHIFT, *to = from + shift;

        memcpy(from, data, len * MANY);
        for (size_t i = 0; i < MANY; i++) {
            in[i].iov_base = from + len * i;
            out[i].iov_base = to + outlen * i;
        }
        ret = aio(handle, in, out, MANY, iv, 0);
        if (ret != wanted || memcmp(to, want, outlen * MANY) != 0) {
            wrong++;
            diag("shift %d: %zd, not %zd", shift, ret, wanted);
        }
    }
    ok(wrong == 0 && wanted > 0, "%s, a batch of %d times %zu bytes", a->name, MANY, len);
}

/* Asymmetric ciphers and key agreements: a message that came later was what an earlier result had left. */

typedef ssize_t batch_function(struct kcapi_handle *, struct iovec *, struct iovec *, size_t, int);

static void test_exchanged(const char *name, struct kcapi_handle *handle, batch_function *batch,
                           const uint8_t *messages, size_t size, size_t result_size)
{
    uint8_t apart[3 * KPP_LARGEST], bytes[4 * KPP_LARGEST];
    struct iovec in[3], out[3];

    for (size_t i = 0; i < 3; i++) {
        in[i] = (struct iovec){ (uint8_t *)messages + i * size, size };
        out[i] = (struct iovec){ apart + i * size, size };
    }
    is_int(batch(handle, in, out, 3, 0), (long long)(3 * result_size), name);
    /* Each result goes to where the next message is, or another. */
    for (size_t turn = 0; turn <= 2; turn++) {
        bool right = true;

        memcpy(bytes, messages, 3 * size);
        for (size_t i = 0; i < 3; i++) {
            in[i].iov_base = bytes + i * size;
            out[i].iov_base = bytes + (i + turn) % 3 * size;
        }
        is_int(batch(handle, in, out, 3, 0), (long long)(3 * result_size), "results where messages are");
        for (size_t i = 0; i < 3; i++)
            right = right && memcmp(out[i].iov_base, apart + i * size, result_size) == 0;
        ok(right, "%s, results %zu further: those of buffers apart", name, turn);
    }
    memcpy(bytes, messages, 3 * size);
    for (size_t i = 0; i < 3; i++)
        out[i].iov_base = bytes + i * size + SHIFT;
    is_int(batch(handle, in, out, 3, 0), (long long)(3 * result_size), "results a few bytes further");
    /* The next result lies over the last bytes of each but one. */
    ok(memcmp(out[2].iov_base, apart + 2 * size, result_size) == 0, "%s, the last of them", name);
}

static void test_asymmetric(uint32_t flags)
{
    static uint8_t der[4096], messages[3 * KPP_LARGEST];
    struct kcapi_handle *rsa = NULL;
    int size;

    if (kcapi_akcipher_init(&rsa, "rsa", flags)) {
        skip(1, "asymmetric ciphers are not served here");
        return;
    }
    size = kcapi_akcipher_setkey(rsa, der, (uint32_t)unhex(rsa_1024, der, sizeof(der)));
    if (size != RSA_1024_SIZE)
        bail_out("kcapi_akcipher_setkey: %d", size);
    fill(messages, sizeof(messages), 3);
    for (size_t i = 0; i < 3; i++)
        messages[i * RSA_1024_SIZE] = 0;
    test_exchanged("encrypt_aio", rsa, kcapi_akcipher_encrypt_aio, messages, RSA_1024_SIZE, RSA_1024_SIZE);
    test_exchanged("sign_aio", rsa, kcapi_akcipher_sign_aio, messages, RSA_1024_SIZE, RSA_1024_SIZE);
    kcapi_akcipher_destroy(rsa);
    for (size_t i = 0; i < KPP_VECTORS; i++) {
        const struct kpp_vector *vector = kpp_vector(i);
        struct kcapi_handle *handle = kpp_open(vector, flags), *peer = kpp_open(vector, 0);

        kcapi_kpp_setkey(handle, vector->private, vector->private_size);
        for (uint8_t n = 0; n < 3; n++) {
            uint8_t private[KPP_PRIME_SIZE] = { [19] = n, [20] = 1 };

            kcapi_kpp_setkey(peer, private, vector->private_size);
            if (kcapi_kpp_keygen(peer, messages + n * vector->size, vector->size, 0) != vector->size)
                bail_out("kcapi_kpp_keygen(%s)", vector->name);
        }
        test_exchanged(vector->name, handle, kcapi_kpp_ssgen_aio, messages, vector->size, vector->secret_size);
        kcapi_kpp_destroy(peer);
        kcapi_kpp_destroy(handle);
    }
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 1);
    data = pages(LONGEST);
    want = pages(LONGEST + MANY * 16);
    memory = pages(LONGEST + 2 * SHIFT + MANY * 16);
    fill(data, LONGEST, 2);
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        const struct algorithm *a = &algorithms[i];
        bool there = a->tag ? has_aead(a->name) : has_cipher(a->name);

        for (uint32_t flags = 0; there && flags <= KCAPI_INIT_AIO; flags++) {
            struct kcapi_handle *handle =
                a->tag ? aead_with_key(a->name, key, a->keylen, a->tag, AAD, flags)
                       : cipher_with_key(a->name, key, a->keylen, flags);

            for (size_t j = 0; !flags && j < sizeof(lengths) / sizeof(lengths[0]); j++)
                if (!a->tag || lengths[j] < 100000)
                    test_shifted(a, handle, lengths[j]);
            with_pairs = handle;
            if (flags && !a->tag)
                test_shifted(a, handle, LONGEST);
            with_pairs = NULL;
            test_batch(a, handle, 1024);
            test_batch(a, handle, 20480);
            kcapi_cipher_destroy(handle);
        }
    }
    test_asymmetric(0);
    test_asymmetric(KCAPI_INIT_AIO);
    return done_testing();
}
