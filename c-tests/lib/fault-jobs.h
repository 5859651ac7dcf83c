/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * fault-jobs.h - what a program may do with the library, in small jobs that report every error
 *
 * prepare() opens what run() takes for granted. run() works on `in`, fills `size` bytes at `out`,
 * and returns what its first failing call did, or else its last one. It destroys each handle that
 * it opens.
 */
#ifndef FAULT_JOBS_H
#define FAULT_JOBS_H

#include <errno.h>
#include <sys/socket.h>

#include "fill.h"
#include "forbid.h"
#include "keys.h"
#include "kpp.h"
#include "rsa.h"

enum { TAG = 16, AAD = 8, SHA256 = 32, MOST_OUT = 1024 * 1024 + 64 * TAG };

/* An init that fails must leave the pointer alone. */
enum { TOUCHED = -10000 };

struct job {
    const char *name;
    void (*prepare)(void);
    ssize_t (*run)(void);
    size_t size;
    int how;
};

/*
 * COLD: in a new process, so that what is done but once a process is part of the job; WARM: after a
 * run without faults. RANDOM: WARM, and the bytes are different ones each time.
 */
enum { WARM, RANDOM, COLD };

static const uint8_t key[32] = "a key of 32 bytes, or 16 of them", iv[16] = "an IV of 16 byte";
static uint8_t *in, *out;
static struct kcapi_handle *handle;
static void (*destroy)(struct kcapi_handle *);

static void nothing(void) {}

static void take(struct kcapi_handle *opened, void (*its_destroy)(struct kcapi_handle *))
{
    handle = opened;
    destroy = its_destroy;
}

static void open_cbc(void) { take(cipher_with_key("cbc(aes)", key, 16, 0), kcapi_cipher_destroy); }
static void open_xts(void) { take(cipher_with_key("xts(aes)", key, 32, 0), kcapi_cipher_destroy); }
static void open_cbc_aio(void)
{
    take(cipher_with_key("cbc(aes)", key, 16, KCAPI_INIT_AIO), kcapi_cipher_destroy);
}
static void open_gcm(void)
{
    take(aead_with_key("gcm(aes)", key, 16, TAG, AAD, 0), kcapi_aead_destroy);
}
static void open_gcm_aio(void)
{
    take(aead_with_key("gcm(aes)", key, 16, TAG, AAD, KCAPI_INIT_AIO), kcapi_aead_destroy);
}
static void open_hmac(void)
{
    struct kcapi_handle *opened = NULL;

    if (kcapi_md_init(&opened, "hmac(sha256)", 0) || kcapi_md_setkey(opened, key, sizeof(key)))
        bail_out("hmac(sha256) cannot be had");
    take(opened, kcapi_md_destroy);
}

/* A key in the kernel's keyrings; a negative errno where there are none. */
static int32_t serial;

static void open_cbc_serial(void)
{
    serial = try_key_of("user", key + 16, 16);
    open_cbc();
}

/* Lives of handles, from init to destroy. */

typedef int (*init_fn)(struct kcapi_handle **, const char *, uint32_t);

/* The result of an init; where it fails, the pointer must be as it was. */
static int init(init_fn its_init, struct kcapi_handle **opened, const char *name, uint32_t flags)
{
    int ret;

    *opened = NULL;
    ret = its_init(opened, name, flags);
    return ret && *opened ? TOUCHED : ret;
}

static ssize_t one_shot(struct kcapi_handle *on, size_t len, int access)
{
    return kcapi_cipher_encrypt(on, in, len, iv, out, len, access);
}

static ssize_t aio(struct kcapi_handle *on, bool aead, size_t n, size_t len)
{
    struct iovec from[64], to[64];

    for (size_t i = 0; i < n; i++) {
        from[i] = (struct iovec){ in + i * len, len };
        to[i] = (struct iovec){ out + i * (len + (aead ? TAG : 0)), len + (aead ? TAG : 0) };
    }
    return aead ? kcapi_aead_encrypt_aio(on, from, to, n, iv, 0)
                : kcapi_cipher_encrypt_aio(on, from, to, n, iv, 0);
}

static ssize_t life_cipher(void)
{
    struct kcapi_handle *own;
    ssize_t ret = init(kcapi_cipher_init, &own, "cbc(aes)", 0);

    if (ret)
        return ret;
    ret = kcapi_cipher_setkey(own, key, 16);
    if (ret == 0)
        ret = one_shot(own, 64, KCAPI_ACCESS_HEURISTIC);
    kcapi_cipher_destroy(own);
    return ret;
}

static ssize_t life_cipher_aio(void)
{
    struct kcapi_handle *own;
    ssize_t ret = init(kcapi_cipher_init, &own, "cbc(aes)", KCAPI_INIT_AIO);

    if (ret)
        return ret;
    ret = kcapi_cipher_setkey(own, key, 16);
    if (ret == 0)
        ret = aio(own, false, 4, 64);
    kcapi_cipher_destroy(own);
    return ret;
}

static ssize_t life_aead(void)
{
    struct kcapi_handle *own;
    ssize_t ret = init(kcapi_aead_init, &own, "gcm(aes)", 0);

    if (ret)
        return ret;
    ret = kcapi_aead_setkey(own, key, 16);
    if (ret == 0)
        ret = kcapi_aead_settaglen(own, TAG);
    kcapi_aead_setassoclen(own, AAD);
    if (ret == 0)
        ret = kcapi_aead_encrypt(own, in, 64, iv, out, 64 + TAG, 0);
    kcapi_aead_destroy(own);
    return ret;
}

static ssize_t life_md(void)
{
    struct kcapi_handle *own;
    ssize_t ret = init(kcapi_md_init, &own, "sha256", 0);

    if (ret)
        return ret;
    ret = kcapi_md_update(own, in, 100);
    if (ret == 0)
        ret = kcapi_md_update(own, in, 1000);
    if (ret == 0)
        ret = kcapi_md_final(own, out, SHA256);
    kcapi_md_destroy(own);
    return ret;
}

static ssize_t life_rng(void)
{
    struct kcapi_handle *own;
    ssize_t ret = init(kcapi_rng_init, &own, "stdrng", 0);

    if (ret)
        return ret;
    ret = kcapi_rng_seed(own, in, 16);
    if (ret == 0)
        ret = kcapi_rng_generate(own, out, 300);
    kcapi_rng_destroy(own);
    return ret;
}

/* In no mainline kernel, which answers with an error: of interest is that nothing else happens. */
static ssize_t life_akcipher(void)
{
    uint8_t rsa[700];
    uint32_t len = (uint32_t)unhex(rsa_1024, rsa, sizeof(rsa));
    struct iovec message = { in, 32 }, signature = { out, RSA_1024_SIZE };
    struct kcapi_handle *own;
    ssize_t ret = init(kcapi_akcipher_init, &own, "pkcs1pad(rsa,sha256)", 0);

    if (ret)
        return ret;
    ret = kcapi_akcipher_setkey(own, rsa, len);
    if (ret >= 0)
        ret = kcapi_akcipher_sign(own, in, 32, out, RSA_1024_SIZE, 0);
    if (ret >= 0)
        ret = kcapi_akcipher_stream_init_sgn(own, &message, 1);
    if (ret >= 0)
        ret = kcapi_akcipher_stream_update_last(own, NULL, 0);
    if (ret >= 0)
        ret = kcapi_akcipher_stream_op(own, &signature, 1);
    kcapi_akcipher_destroy(own);
    return ret;
}

/* The largest numbers: dh. */
static ssize_t life_kpp(void)
{
    const struct kpp_vector *vector = kpp_vector(KPP_VECTORS - 1);
    uint8_t pkcs3[2 * KPP_PRIME_SIZE];
    uint32_t len = kpp_pkcs3(pkcs3, vector->prime, 2);
    struct kcapi_handle *own;
    ssize_t ret = init(kcapi_kpp_init, &own, vector->name, 0);

    if (ret)
        return ret;
    ret = kcapi_kpp_dh_setparam_pkcs3(own, pkcs3, len);
    if (ret >= 0)
        ret = kcapi_kpp_setkey(own, vector->private, vector->private_size);
    if (ret >= 0)
        ret = kcapi_kpp_keygen(own, out, KPP_PRIME_SIZE, 0);
    if (ret >= 0)
        ret = kcapi_kpp_ssgen(own, vector->peer, KPP_PRIME_SIZE, out, KPP_PRIME_SIZE, 0);
    kcapi_kpp_destroy(own);
    return ret;
}

/* A key that is made of random bytes. */
static ssize_t life_kpp_random(void)
{
    struct kcapi_handle *own;
    ssize_t ret = init(kcapi_kpp_init, &own, "curve25519", 0);

    if (ret)
        return ret;
    ret = kcapi_kpp_setkey(own, NULL, 0);
    if (ret >= 0)
        ret = kcapi_kpp_keygen(own, out, 32, 0);
    kcapi_kpp_destroy(own);
    return ret;
}

static ssize_t reinit_encrypt(void)
{
    struct kcapi_handle *own = NULL;
    ssize_t ret = kcapi_handle_reinit(&own, handle, KCAPI_INIT_AIO);

    if (ret)
        return own ? TOUCHED : ret;
    ret = one_shot(own, 64, KCAPI_ACCESS_HEURISTIC);
    kcapi_cipher_destroy(own);
    return ret;
}

/* All that the library says goes nowhere, by system calls that fail. */
static void say_all(void)
{
    if (!freopen("/dev/null", "w", stderr))
        bail_out("/dev/null cannot be written");
    kcapi_set_verbosity(KCAPI_LOG_DEBUG);
}

static void engine_kernel_first(void) { setenv("KCAPI_ENGINE", "kernel-first", 1); }
static void engine_user_first(void) { setenv("KCAPI_ENGINE", "user-first", 1); }
/* It reads the key. */
static void engine_user_serial(void)
{
    setenv("KCAPI_ENGINE", "user", 1);
    serial = try_key_of("user", key, 16);
}
static void linux_aio(void) { setenv("KCAPI_AIO", "linux", 1); }

/* So that /proc/crypto is asked. */
static void forbid_netlink(void)
{
    if (!forbid_sockets(AF_NETLINK))
        diag("no seccomp filters here: NETLINK_CRYPTO answers");
}

/* Functions that need no handle. */

static ssize_t enc_aes_cbc(void) { return kcapi_cipher_enc_aes_cbc(key, 16, in, 64, iv, out, 64); }
static ssize_t md_sha256(void) { return kcapi_md_sha256(in, 1000, out, SHA256); }
static ssize_t hmac_sha256(void)
{
    return kcapi_md_hmac_sha256(key, sizeof(key), in, 1000, out, SHA256);
}
static ssize_t get_bytes(void) { return kcapi_rng_get_bytes(out, 300); }
static ssize_t hkdf(void)
{
    return kcapi_hkdf("hmac(sha256)", in, 32, in + 32, 16, in + 64, 10, out, 80);
}
static ssize_t pbkdf(void) { return kcapi_pbkdf("hmac(sha256)", in, 16, in + 16, 16, 3, out, 40); }
static ssize_t kdf_ctr(void) { return kcapi_kdf_ctr(handle, in, 50, out, 80); }

/* Calls on a handle with a key. */

static ssize_t short_heuristic(void) { return one_shot(handle, 16, KCAPI_ACCESS_HEURISTIC); }
static ssize_t short_vmsplice(void) { return one_shot(handle, 16, KCAPI_ACCESS_VMSPLICE); }
static ssize_t short_sendmsg(void) { return one_shot(handle, 16, KCAPI_ACCESS_SENDMSG); }
static ssize_t long_heuristic(void) { return one_shot(handle, 300 * KIB, KCAPI_ACCESS_HEURISTIC); }
static ssize_t long_vmsplice(void) { return one_shot(handle, 128 * KIB, KCAPI_ACCESS_VMSPLICE); }
static ssize_t long_sendmsg(void) { return one_shot(handle, 128 * KIB, KCAPI_ACCESS_SENDMSG); }
static ssize_t decrypt(void)
{
    return kcapi_cipher_decrypt(handle, in, 4 * KIB, iv, out, 4 * KIB, KCAPI_ACCESS_HEURISTIC);
}

static ssize_t new_key(void)
{
    ssize_t ret = kcapi_cipher_setkey(handle, key, 16);

    if (ret == 0)
        ret = one_shot(handle, 64, KCAPI_ACCESS_HEURISTIC);
    if (ret == 64)
        ret = kcapi_cipher_setkey(handle, key + 16, 16);
    return ret ? ret : one_shot(handle, 64, KCAPI_ACCESS_HEURISTIC);
}

/* Where the kernel takes no serial numbers it is an error in any case. */
static ssize_t new_key_by_serial(void)
{
    ssize_t ret = kcapi_handle_setkey_serial(handle, serial);

    return ret ? ret : one_shot(handle, 64, KCAPI_ACCESS_HEURISTIC);
}

static ssize_t life_serial(void)
{
    struct kcapi_handle *own;
    ssize_t ret = init(kcapi_cipher_init, &own, "cbc(aes)", 0);

    if (ret)
        return ret;
    ret = kcapi_handle_setkey_serial(own, serial);
    if (ret == 0)
        ret = one_shot(own, 64, KCAPI_ACCESS_HEURISTIC);
    kcapi_cipher_destroy(own);
    return ret;
}

static ssize_t seal(void)
{
    return kcapi_aead_encrypt(handle, in, 4 * KIB, iv, out, 4 * KIB + TAG, 0);
}

static ssize_t seal_long(void)
{
    return kcapi_aead_encrypt(handle, in, 300 * KIB, iv, out, 300 * KIB + TAG, 0);
}

/* Of random bytes, whose tag is wrong. */
static ssize_t open_forged(void)
{
    return kcapi_aead_decrypt(handle, in, 4 * KIB + TAG, iv, out, 4 * KIB, 0);
}

static ssize_t hmac_digest(void) { return kcapi_md_digest(handle, in, 1000, out, SHA256); }

/* As many bytes as there are to come. */
static ssize_t receive(ssize_t (*op)(struct kcapi_handle *, struct iovec *, size_t), size_t len)
{
    for (size_t got = 0; got < len;) {
        struct iovec to = { out + got, len - got };
        ssize_t ret = op(handle, &to, 1);

        if (ret <= 0)
            return ret;
        got += (size_t)ret;
    }
    return (ssize_t)len;
}

/*
 * Begins a stream. A result that could not be written is still there, and is in the way: it is read,
 * by one call, for another one would wait for the next stream.
 */
static ssize_t begin(ssize_t (*init_enc)(struct kcapi_handle *, const uint8_t *, struct iovec *, size_t),
                     ssize_t (*op)(struct kcapi_handle *, struct iovec *, size_t), struct iovec *first)
{
    struct iovec result = { out, 4096 + TAG };
    ssize_t ret = init_enc(handle, iv, first, 1);

    if (ret != -EINVAL)
        return ret;
    op(handle, &result, 1);
    return init_enc(handle, iv, first, 1);
}

static ssize_t stream(void)
{
    struct iovec pieces[3] = { { in, 1000 }, { in + 1000, 1000 }, { in + 2000, 2096 } };
    ssize_t ret = begin(kcapi_cipher_stream_init_enc, kcapi_cipher_stream_op, &pieces[0]);

    if (ret >= 0)
        ret = kcapi_cipher_stream_update(handle, &pieces[1], 1);
    if (ret >= 0)
        ret = kcapi_cipher_stream_update_last(handle, &pieces[2], 1);
    return ret < 0 ? ret : receive(kcapi_cipher_stream_op, 4096);
}

static ssize_t aead_stream(void)
{
    struct iovec pieces[2] = { { in, 1000 }, { in + 1000, 3096 } };
    ssize_t ret = begin(kcapi_aead_stream_init_enc, kcapi_aead_stream_op, &pieces[0]);

    if (ret >= 0)
        ret = kcapi_aead_stream_update_last(handle, &pieces[1], 1);
    return ret < 0 ? ret : receive(kcapi_aead_stream_op, 4096 + TAG);
}

static ssize_t aio_1(void) { return aio(handle, false, 1, 4096); }
static ssize_t aio_8(void) { return aio(handle, false, 8, 512); }
static ssize_t aio_64(void) { return aio(handle, false, 64, 512); }
static ssize_t aio_mib(void) { return aio(handle, false, 64, 16 * KIB); }
static ssize_t aio_20(void) { return aio(handle, false, 20, 512); }
/* Each output is where the other's input is. */
static ssize_t aio_exchanged(void)
{
    struct iovec from[2] = { { out, 512 }, { out + 512, 512 } }, to[2] = { from[1], from[0] };

    memcpy(out, in, 1024);
    return kcapi_cipher_encrypt_aio(handle, from, to, 2, iv, 0);
}
static ssize_t aead_aio_8(void) { return aio(handle, true, 8, 512); }
static ssize_t aead_aio_mib(void) { return aio(handle, true, 64, 16 * KIB); }

/* A second handle, beside the one that prepare() opens. */
static struct kcapi_handle *second;

static void destroy_both(struct kcapi_handle *first)
{
    kcapi_cipher_destroy(first);
    kcapi_cipher_destroy(second);
}

static void open_cbc_and_gcm(void)
{
    open_cbc();
    second = aead_with_key("gcm(aes)", key, 16, TAG, AAD, 0);
    destroy = destroy_both;
}

static void open_two_gcm(void)
{
    open_gcm();
    second = reinit(handle, 0);
    destroy = destroy_both;
}

static void open_cbc_synchronous(void)
{
    setenv("KCAPI_AIO", "sync", 1);
    open_cbc();
}

enum { REQUESTS = 8, REQUEST = 512, ROOM = REQUEST + TAG };

/* The request of a number. */
static struct kcapi_request request(struct kcapi_handle *on, size_t number, uint32_t type, uint32_t aad)
{
    return (struct kcapi_request){ .handle = on,
                                   .type = type,
                                   .iv = iv,
                                   .assoclen = aad,
                                   .input = in + number * ROOM,
                                   .inlen = REQUEST,
                                   .output = out + number * ROOM,
                                   .outlen = ROOM };
}

/* What the first request that has failed comes to, or the last one. */
static ssize_t process(struct kcapi_request *requests)
{
    ssize_t ret;

    memset(out, 0, REQUESTS * ROOM);
    ret = kcapi_process(requests, REQUESTS, sizeof(requests[0]), 0);
    for (size_t i = 0; i < REQUESTS && ret >= 0; i++)
        ret = requests[i].result;
    return ret;
}

static ssize_t requests_of_one(void)
{
    struct kcapi_request requests[REQUESTS];

    for (size_t i = 0; i < REQUESTS; i++)
        requests[i] = request(handle, i, KCAPI_REQUEST_ENCRYPT, 0);
    return process(requests);
}

static ssize_t requests_of_two(void)
{
    struct kcapi_request requests[REQUESTS];

    for (size_t i = 0; i < REQUESTS; i++)
        requests[i] = i % 2 ? request(second, i, KCAPI_REQUEST_ENCRYPT, AAD)
                            : request(handle, i, KCAPI_REQUEST_ENCRYPT, 0);
    return process(requests);
}

/* The one in the middle decrypts random bytes, whose tag is wrong. */
static ssize_t requests_one_forged(void)
{
    struct kcapi_request requests[REQUESTS];

    for (size_t i = 0; i < REQUESTS; i++)
        requests[i] = request(i % 2 ? second : handle, i, KCAPI_REQUEST_ENCRYPT, AAD);
    requests[REQUESTS / 2].type = KCAPI_REQUEST_DECRYPT;
    return process(requests);
}

static const struct job jobs[] = {
    { "cipher, from init to destroy", nothing, life_cipher, 64, WARM },
    { "cipher with AIO, from init to destroy", nothing, life_cipher_aio, 256, COLD },
    { "AEAD, from init to destroy", nothing, life_aead, 64 + TAG, WARM },
    { "digest, from init to destroy", nothing, life_md, SHA256, WARM },
    { "RNG, from init to destroy", nothing, life_rng, 300, RANDOM },
    { "akcipher, from init to destroy", nothing, life_akcipher, RSA_1024_SIZE, WARM },
    { "kpp, from init to destroy", nothing, life_kpp, KPP_PRIME_SIZE, WARM },
    { "kpp, a random key", nothing, life_kpp_random, 32, RANDOM },
    { "cipher with Linux AIO, from init to destroy", linux_aio, life_cipher_aio, 256, COLD },
    { "cipher, all messages", say_all, life_cipher, 64, COLD },
    { "cipher, kernel-first", engine_kernel_first, life_cipher, 64, COLD },
    { "AEAD, user-first", engine_user_first, life_aead, 64 + TAG, COLD },
    { "cipher with AIO, properties from /proc/crypto", forbid_netlink, life_cipher_aio, 256, COLD },
    { "reinit, encrypt and destroy", open_cbc, reinit_encrypt, 64, WARM },
    { "kcapi_cipher_enc_aes_cbc", nothing, enc_aes_cbc, 64, WARM },
    { "kcapi_md_sha256", nothing, md_sha256, SHA256, WARM },
    { "kcapi_md_hmac_sha256", nothing, hmac_sha256, SHA256, WARM },
    { "kcapi_rng_get_bytes", nothing, get_bytes, 300, RANDOM },
    { "kcapi_hkdf", nothing, hkdf, 80, WARM },
    { "kcapi_pbkdf", nothing, pbkdf, 40, WARM },
    { "kcapi_kdf_ctr", open_hmac, kdf_ctr, 80, WARM },
    { "16 bytes", open_cbc, short_heuristic, 16, WARM },
    { "16 bytes, vmsplice", open_cbc, short_vmsplice, 16, WARM },
    { "16 bytes, sendmsg", open_cbc, short_sendmsg, 16, WARM },
    { "300 KiB", open_cbc, long_heuristic, 300 * KIB, WARM },
    { "128 KiB, vmsplice", open_cbc, long_vmsplice, 128 * KIB, WARM },
    { "128 KiB, sendmsg", open_cbc, long_sendmsg, 128 * KIB, WARM },
    { "4 KiB, decrypted", open_cbc, decrypt, 4 * KIB, WARM },
    { "128 KiB of xts", open_xts, long_sendmsg, 128 * KIB, WARM },
    { "a new key between messages", open_cbc, new_key, 64, WARM },
    { "a new key by its serial number", open_cbc_serial, new_key_by_serial, 64, WARM },
    { "a key by its serial number, user", engine_user_serial, life_serial, 64, COLD },
    { "AEAD, 4 KiB", open_gcm, seal, 4 * KIB + TAG, WARM },
    { "AEAD, 300 KiB", open_gcm, seal_long, 300 * KIB + TAG, WARM },
    { "AEAD, wrong tag", open_gcm, open_forged, 4 * KIB, WARM },
    { "kcapi_md_digest with a key", open_hmac, hmac_digest, SHA256, WARM },
    { "stream", open_cbc, stream, 4096, WARM },
    { "AEAD stream", open_gcm, aead_stream, 4096 + TAG, WARM },
    { "AIO, 1 IOVEC", open_cbc_aio, aio_1, 4096, WARM },
    { "AIO, 8 IOVECs", open_cbc_aio, aio_8, 4096, WARM },
    { "AIO, 1 MiB", open_cbc_aio, aio_mib, MIB, WARM },
    { "AIO, 8 IOVECs, without KCAPI_INIT_AIO", open_cbc, aio_8, 4096, WARM },
    { "AIO, 64 IOVECs, without KCAPI_INIT_AIO", open_cbc, aio_64, 32 * KIB, WARM },
    { "AIO, inputs and outputs exchanged", open_cbc_aio, aio_exchanged, 1024, WARM },
    { "20 IOVECs of xts, without KCAPI_INIT_AIO", open_xts, aio_20, 20 * 512, WARM },
    { "AEAD AIO, 8 IOVECs", open_gcm_aio, aead_aio_8, 8 * (512 + TAG), WARM },
    { "AEAD AIO, 1 MiB", open_gcm_aio, aead_aio_mib, MIB + 64 * TAG, WARM },
    { "AEAD AIO, 8 IOVECs, without KCAPI_INIT_AIO", open_gcm, aead_aio_8, 8 * (512 + TAG), WARM },
    { "requests of a cipher", open_cbc, requests_of_one, REQUESTS * ROOM, WARM },
    { "requests of a cipher, synchronous", open_cbc_synchronous, requests_of_one, REQUESTS * ROOM, COLD },
    { "requests of a cipher and an AEAD", open_cbc_and_gcm, requests_of_two, REQUESTS * ROOM, WARM },
    { "requests of two handles, one forged", open_two_gcm, requests_one_forged, REQUESTS * ROOM, WARM },
};
enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };

#endif
