/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Key agreement between unmapped pages, as symmetric ciphers are in test-guard-pages.c. */
#define _GNU_SOURCE
#include <errno.h>

#include "fence.h"
#include "kpp.h"

static void agree(struct series *s, const struct kpp_vector *vector, struct kcapi_handle *handle)
{
    size_t size = vector->size, secret_size = vector->secret_size;
    uint8_t *public, *secret;
    struct iovec in, out[2];
    ssize_t ret;

    ret = kcapi_kpp_setkey(handle, fence_input(vector->private, vector->private_size),
                           vector->private_size);
    call_made(s, ret == (ssize_t)size, "setkey: %zd", ret);
    public = fence(size);
    ret = kcapi_kpp_keygen(handle, public, size, 0);
    call_made(s, ret == (ssize_t)size && memcmp(public, vector->public, size) == 0, "keygen: %zd", ret);
    secret = fence(size);
    ret = kcapi_kpp_ssgen(handle, fence_input(vector->peer, size), size, secret, size, 0);
    call_made(s, ret == (ssize_t)secret_size && memcmp(secret, vector->secret, secret_size) == 0,
              "ssgen: %zd", ret);

    in = (struct iovec){ fence_input(vector->peer, size), size };
    out[0] = (struct iovec){ fence(size), size };
    ret = kcapi_kpp_ssgen_aio(handle, fence_input(&in, sizeof(in)), fence_input(out, sizeof(in)), 1, 0);
    call_made(s, ret == (ssize_t)secret_size, "ssgen_aio: %zd", ret);
    out[0] = (struct iovec){ fence(size), size };
    out[1] = (struct iovec){ fence(size), size };
    ret = kcapi_kpp_keygen_aio(handle, fence_input(out, sizeof(out)), 2, 0);
    call_made(s, ret == (ssize_t)(2 * size), "keygen_aio: %zd", ret);

    /* What is refused: lengths of all kinds, which are read no further either. */
    for (size_t len = 0; len < size; len += 1 + size / 9) {
        ret = kcapi_kpp_ssgen(handle, fence_input(vector->peer, len), len, fence(size), size, 0);
        call_made(s, ret == -EINVAL || vector->has_prime, "a peer of %zu bytes: %zd", len, ret);
        ret = kcapi_kpp_keygen(handle, fence(len), len, 0);
        call_made(s, ret == (len ? -EMSGSIZE : -EINVAL), "room for %zu bytes: %zd", len, ret);
    }
}

static void set_parameters(struct series *s, struct kcapi_handle *handle, const struct kpp_vector *vector)
{
    uint8_t pkcs3[2 * KPP_PRIME_SIZE];
    uint32_t len = kpp_pkcs3(pkcs3, vector->prime, 2);
    int ret;

    for (uint32_t cut = 0; cut < len; cut += 1 + len / 9) {
        ret = kcapi_kpp_dh_setparam_pkcs3(handle, fence_input(pkcs3, cut), cut);
        call_made(s, ret == -EINVAL, "a group cut to %u bytes: %d", cut, ret);
    }
    ret = kcapi_kpp_dh_setparam_pkcs3(handle, fence_input(pkcs3, len), len);
    call_made(s, ret == (int)vector->size, "the group: %d", ret);
}

static void test_kpp(const struct kpp_vector *vector)
{
    struct series s = { vector->name, 0, 0 };

    for (border = 0; border < BORDERS; border++) {
        const char *name = fence_input(vector->name, strlen(vector->name) + 1);
        struct kcapi_handle **where = (struct kcapi_handle **)(void *)fence(sizeof(*where)), *handle;
        int ret = kcapi_kpp_init(where, name, 0);

        handle = *where;
        call_made(&s, ret == 0, "init: %d", ret);
        if (vector->curve)
            kcapi_kpp_ecdh_setcurve(handle, vector->curve);
        else if (strcmp(vector->name, "dh") == 0)
            set_parameters(&s, handle, vector);
        agree(&s, vector, handle);
        kcapi_kpp_destroy(handle);
    }
    series_end(&s);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (!kpp_is_served("dh")) {
        skip(1, "kpp is not served here");
        return done_testing();
    }
    for (size_t i = 0; i < KPP_VECTORS; i++)
        test_kpp(kpp_vector(i));
    return done_testing();
}
