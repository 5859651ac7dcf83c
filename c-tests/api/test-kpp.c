/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Key agreement, which the engine in user space has where no kernel does: known answers, each way to
 * give a public key, parameters in order and out of it, and what is no public key.
 * test-kpp-openssl.c compares random ones.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fill.h"
#include "kpp.h"

static uint8_t out[4 * KPP_LARGEST], key[KPP_LARGEST], peer[KPP_LARGEST];

static void agrees(const struct kpp_vector *vector, uint32_t flags)
{
    struct kcapi_handle *handle = kpp_open(vector, flags);
    uint32_t size = vector->size, secret_size = vector->secret_size;
    uint8_t peers[2 * KPP_LARGEST];
    struct iovec in[3], to[3];

    diag("%s, flags %u", vector->name, flags);
    ok(strcmp(kcapi_handle_engine(handle), "user") == 0, "served in user space");
    is_int(kcapi_kpp_keygen(handle, out, size, 0), -ENOKEY, "no key");
    is_int(kcapi_kpp_setkey(handle, vector->private, vector->private_size), size, "the key");
    is_int(kcapi_kpp_keygen(handle, out, size, 0), size, "keygen");
    is_mem(out, vector->public, size, "the public key");
    for (size_t i = 0; i < ACCESS_MODES; i++) {
        memset(out, 0x77, sizeof(out));
        is_int(kcapi_kpp_ssgen(handle, vector->peer, size, out, size, access_modes[i]), secret_size,
               "ssgen");
        is_mem(out, vector->secret, secret_size, "the secret");
        ok(all_are(out + secret_size, 0x77, size), "and no more");
    }
    memcpy(out, vector->peer, size);
    is_int(kcapi_kpp_ssgen(handle, out, size, out, size, 0), secret_size, "in place");
    is_mem(out, vector->secret, secret_size, "the secret");

    /* Room for several results takes as many. */
    is_int(kcapi_kpp_keygen(handle, out, 3 * size + 1, 0), 3 * size, "three times keygen");
    is_mem(out + 2 * size, vector->public, size, "the third");
    memcpy(peers, vector->peer, size);
    memcpy(peers + size, vector->public, size);
    is_int(kcapi_kpp_ssgen(handle, peers, 2 * size, out, 2 * size, 0), 2 * secret_size, "two secrets");
    is_mem(out, vector->secret, secret_size, "the first");

    for (size_t i = 0; i < 3; i++) {
        in[i] = (struct iovec){ (void *)(uintptr_t)vector->peer, size };
        to[i] = (struct iovec){ out + i * size, size };
    }
    memset(out, 0, sizeof(out));
    is_int(kcapi_kpp_ssgen_aio(handle, in, to, 3, 0), 3 * secret_size, "ssgen_aio");
    is_mem(out + 2 * size, vector->secret, secret_size, "the third secret");
    is_int(kcapi_kpp_keygen_aio(handle, to, 3, 0), 3 * size, "keygen_aio");
    is_mem(out + size, vector->public, size, "the second public key");
    in[1].iov_len = 0;
    is_int(kcapi_kpp_ssgen_aio(handle, in, to, 3, 0), -EINVAL, "the second peer is none");
    in[1].iov_len = size;
    to[1].iov_len = size - 1;
    memset(out, 0x77, sizeof(out));
    is_int(kcapi_kpp_ssgen_aio(handle, in, to, 3, 0), -EMSGSIZE, "no room for the second secret");
    is_int(kcapi_kpp_keygen_aio(handle, to, 3, 0), -EMSGSIZE, "nor for the second key");
    ok(all_are(out, 0x77, sizeof(out)), "nothing was written");
    kcapi_kpp_destroy(handle);
}

/* A key is the transform's; one that is refused leaves none. */
static void keys(const struct kpp_vector *vector)
{
    struct kcapi_handle *handle = kpp_open(vector, 0), *other;
    uint32_t size = vector->size;

    other = reinit(handle, 0);
    is_int(kcapi_kpp_setkey(handle, vector->private, vector->private_size), size, vector->name);
    is_int(kcapi_kpp_keygen(other, out, size, 0), size, "another handle on the transform");
    is_mem(out, vector->public, size, "has the key");
    memset(key, 0, sizeof(key));
    is_int(kcapi_kpp_setkey(handle, key, vector->private_size), -EINVAL, "0 is no key");
    is_int(kcapi_kpp_keygen(other, out, size, 0), -ENOKEY, "and leaves none");
    memset(key, 0xff, sizeof(key));
    is_int(kcapi_kpp_setkey(handle, key, size + 1), -EINVAL, "too long");
    is_int(kcapi_kpp_setkey(handle, NULL, 5), -EFAULT, "a key at NULL");
    is_int(kcapi_kpp_setkey(handle, vector->private, vector->private_size), size, "a right one");
    is_int(kcapi_kpp_keygen(other, out, size, 0), size, "serves again");
    is_mem(out, vector->public, size, "its public key");
    kcapi_kpp_destroy(other);
    kcapi_kpp_destroy(handle);
}

static bool makes_public_key(struct kcapi_handle *handle, uint8_t *to, uint32_t size)
{
    return kcapi_kpp_setkey(handle, NULL, 0) == (int)size &&
           kcapi_kpp_keygen(handle, to, size, 0) == (ssize_t)size;
}

/* Keys that are made here never come twice, in a child neither. */
static void keys_made_here(const struct kpp_vector *vector)
{
    struct kcapi_handle *handle = kpp_open(vector, 0), *other;
    uint32_t size = vector->size;
    uint8_t first[KPP_LARGEST], second[KPP_LARGEST], secret[KPP_LARGEST], *shared;
    int status = -1;
    pid_t child;

    if (strcmp(vector->name, "dh") == 0) {
        is_int(kcapi_kpp_setkey(handle, NULL, 0), -EOPNOTSUPP, "dh makes no key");
        kcapi_kpp_destroy(handle);
        return;
    }
    shared = (uint8_t *)mmap(NULL, KPP_LARGEST, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        bail_out("no memory");
    other = kpp_open(vector, 0);
    child = fork();
    if (child == 0)
        _exit(!makes_public_key(handle, shared, size));
    ok(makes_public_key(handle, first, size), "a key made here");
    waitpid(child, &status, 0);
    is_int(status, 0, "and one in the child");
    ok(memcmp(first, shared, size) != 0, "which is another");
    ok(makes_public_key(other, second, size), "a third");
    ok(memcmp(first, second, size) != 0 && memcmp(second, shared, size) != 0, "which is another");
    is_int(kcapi_kpp_ssgen(handle, second, size, secret, size, 0), vector->secret_size, "they");
    is_int(kcapi_kpp_ssgen(other, first, size, out, size, 0), vector->secret_size, "agree");
    is_mem(out, secret, vector->secret_size, "on a secret");
    munmap(shared, KPP_LARGEST);
    kcapi_kpp_destroy(other);
    kcapi_kpp_destroy(handle);
}

static void refuses(struct kcapi_handle *handle, const struct kpp_vector *vector, size_t len,
                    const char *what)
{
    is_int(kcapi_kpp_ssgen(handle, peer, len, out, vector->size, 0), -EINVAL, what);
    ok(all_are(out, 0x77, sizeof(out)), "nothing was written");
}

static void hostile_peers(const struct kpp_vector *vector)
{
    struct kcapi_handle *handle = kpp_open(vector, 0);
    uint32_t size = vector->size;

    diag("%s", vector->name);
    memset(out, 0x77, sizeof(out));
    kcapi_kpp_setkey(handle, vector->private, vector->private_size);
    is_int(kcapi_kpp_ssgen(handle, NULL, size, out, size, 0), -EFAULT, "NULL");
    is_int(kcapi_kpp_ssgen(handle, peer, 0, out, size, 0), -EINVAL, "nothing");
    memset(peer, 0, sizeof(peer));
    refuses(handle, vector, size, "zeros");
    peer[vector->is_little_endian ? 0 : size - 1] = 1;
    refuses(handle, vector, size, "1");
    if (vector->is_curve) {
        memcpy(peer, vector->peer, size);
        peer[size - 1] ^= 1;
        refuses(handle, vector, size, "off the curve");
        memcpy(peer, vector->peer + size / 2, size / 2);
        memcpy(peer + size / 2, vector->peer, size / 2);
        refuses(handle, vector, size, "y and x");
        memset(peer, 0xff, size);
        refuses(handle, vector, size, "over the prime");
        memcpy(peer, vector->peer, size);
        refuses(handle, vector, size / 2, "x alone");
    }
    if (vector->prime) {
        memcpy(peer, vector->prime, size);
        refuses(handle, vector, size, "the prime");
        peer[size - 1] -= 1;
        refuses(handle, vector, size, "the prime less 1");
        memset(peer, 0xff, sizeof(peer));
        refuses(handle, vector, size, "over the prime");
    }
    memcpy(peer, vector->peer, size);
    peer[size] = 0;
    if (!vector->prime) {
        refuses(handle, vector, size + 1, "too long");
        refuses(handle, vector, size - 1, "too short");
    }
    for (uint32_t room = 1; room < size; room += size / 8)
        is_int(kcapi_kpp_ssgen(handle, peer, size, out, room, 0), -EMSGSIZE, "too little room");
    is_int(kcapi_kpp_keygen(handle, out, size - 1, 0), -EMSGSIZE, "too little room");
    is_int(kcapi_kpp_keygen(handle, out, 0, 0), -EINVAL, "no room");
    is_int(kcapi_kpp_keygen(handle, NULL, size, 0), -EFAULT, "NULL");
    ok(all_are(out, 0x77, sizeof(out)), "nothing was written");
    is_int(kcapi_kpp_ssgen(handle, peer, size, out, size, 0), vector->secret_size, "a right one");
    kcapi_kpp_destroy(handle);
}

static struct kcapi_handle *without_parameters(const char *name)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_kpp_init(&handle, name, 0))
        bail_out("no %s", name);
    return handle;
}

static void parameters(void)
{
    struct kcapi_handle *dh = without_parameters("dh"), *ecdh = without_parameters("ecdh");
    struct kcapi_handle *named = without_parameters("ecdh-nist-p256");
    uint8_t pkcs3[2 * KPP_PRIME_SIZE];
    uint32_t len;

    unhex(kpp_ffdhe2048, key, KPP_PRIME_SIZE);
    len = kpp_pkcs3(pkcs3, key, 2);
    memset(key, 5, sizeof(key));
    is_int(kcapi_kpp_setkey(dh, key, 32), -ENOKEY, "a key before the group");
    is_int(kcapi_kpp_setkey(dh, NULL, 0), -EOPNOTSUPP, "none is made");
    is_int(kcapi_kpp_keygen(dh, out, sizeof(out), 0), -ENOKEY, "nothing is set");
    is_int(kcapi_kpp_ecdh_setcurve(dh, ECC_CURVE_NIST_P256), -EOPNOTSUPP, "dh has no curve");
    for (uint32_t cut = 0; cut < len; cut += cut < 20 ? 1 : 19)
        is_int(kcapi_kpp_dh_setparam_pkcs3(dh, pkcs3, cut), -EINVAL, "cut short");
    is_int(kcapi_kpp_dh_setparam_pkcs3(dh, NULL, len), -EFAULT, "NULL");
    is_int(kcapi_kpp_dh_setparam_pkcs3(dh, pkcs3, len), KPP_PRIME_SIZE, "the group");
    is_int(kcapi_kpp_dh_setparam_pkcs3(dh, pkcs3, len), -EINVAL, "but once");
    is_int(kcapi_kpp_keygen(dh, out, sizeof(out), 0), -ENOKEY, "no key yet");
    is_int(kcapi_kpp_setkey(dh, key, 32), KPP_PRIME_SIZE, "a key");
    is_int(kcapi_kpp_dh_setparam_pkcs3(dh, pkcs3, len), -EINVAL, "no other group then");

    is_int(kcapi_kpp_setkey(ecdh, NULL, 0), -ENOKEY, "a key before the curve");
    is_int(kcapi_kpp_dh_setparam_pkcs3(ecdh, pkcs3, len), -EOPNOTSUPP, "ecdh has no group");
    is_int(kcapi_kpp_ecdh_setcurve(ecdh, 0), -EINVAL, "no such curve");
    is_int(kcapi_kpp_ecdh_setcurve(ecdh, 1ul << 31), -EINVAL, "no such curve");
    is_int(kcapi_kpp_ecdh_setcurve(ecdh, ECC_CURVE_NIST_P192), 0, "a curve");
    is_int(kcapi_kpp_ecdh_setcurve(ecdh, ECC_CURVE_NIST_P256), -EINVAL, "but once");
    is_int(kcapi_kpp_setkey(ecdh, NULL, 0), 48, "a key");
    is_int(kcapi_kpp_ecdh_setcurve(named, ECC_CURVE_NIST_P256), -EOPNOTSUPP, "the name says it");
    kcapi_kpp_destroy(dh);
    kcapi_kpp_destroy(ecdh);
    kcapi_kpp_destroy(named);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (!kpp_is_served("dh")) {
        skip(1, "kpp is not served here");
        return done_testing();
    }
    for (size_t i = 0; i < KPP_VECTORS; i++) {
        const struct kpp_vector *vector = kpp_vector(i);

        agrees(vector, 0);
        agrees(vector, KCAPI_INIT_AIO);
        keys(vector);
        keys_made_here(vector);
        hostile_peers(vector);
    }
    parameters();
    return done_testing();
}
