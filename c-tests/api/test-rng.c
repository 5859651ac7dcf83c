/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Random number generators: seeding, lengths, handles that share one, errors. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fill.h"

#define MOST 100000

static uint8_t seed[48], *out;

static struct kcapi_handle *rng(const char *name)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_rng_init(&handle, name, 0);

    if (ret)
        bail_out("kcapi_rng_init(%s): %d", name, ret);
    return handle;
}

/* Random enough that nobody forgot to write: each block of 16 bytes holds something. */
static bool every_block_written(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 16 <= len; i += 16)
        if (all_are(bytes + i, 0, 16))
            return false;
    return true;
}

static void init(void)
{
    struct kcapi_handle *untouched = (struct kcapi_handle *)seed, *before = untouched;

    is_int(kcapi_rng_init(&untouched, "nosuch", 0), -ENOENT, "an unknown generator: -ENOENT");
    is_int(kcapi_rng_init(&untouched, NULL, 0), -ENOENT, "NULL: -ENOENT");
    ok(kcapi_rng_init(&untouched, "sha256", 0) < 0, "no generator: an error");
    ok(untouched == before, "and the handle's pointer stays as it was");
    is_int(kcapi_rng_init(NULL, "stdrng", 0), -EINVAL, "nowhere to store it: -EINVAL");
    kcapi_rng_destroy(NULL);
}

static void lengths(void)
{
    static const size_t lens[] = { 1, 15, 16, 17, 127, 128, 129, 255, 256, 257, 1000, 65536, MOST };
    struct kcapi_handle *handle = rng("stdrng");

    uint32_t size = kcapi_rng_seedsize(handle);

    /* A kernel that has loaded ansi_cprng, another stdrng, tells the size of that. */
    ok(size == 0 || (size == 48 && strcmp(kcapi_handle_engine(handle), "kernel") == 0),
       "the default generator, a DRBG, needs no seed: %u", size);
    is_int(kcapi_rng_seed(handle, NULL, 0), 0, "but the call");
    is_int(kcapi_rng_generate(handle, out, 0), 0, "nothing");
    is_int(kcapi_rng_generate(handle, NULL, 0), 0, "nothing to nowhere");
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        memset(out, 0, MOST + 16);
        is_int(kcapi_rng_generate(handle, out, lens[i]), lens[i], "kcapi_rng_generate");
        ok(every_block_written(out, lens[i]) && all_are(out + lens[i], 0, 16),
           "wrote %zu bytes, no fewer and no more", lens[i]);
        memset(out, 0, MOST + 16);
        is_int(kcapi_rng_get_bytes(out, lens[i]), lens[i], "kcapi_rng_get_bytes");
        ok(every_block_written(out, lens[i]) && all_are(out + lens[i], 0, 16),
           "wrote %zu bytes, no fewer and no more", lens[i]);
    }
    is_int(kcapi_rng_get_bytes(out, 0), 0, "kcapi_rng_get_bytes of nothing");
    kcapi_rng_get_bytes(out, 32);
    kcapi_rng_get_bytes(out + 32, 32);
    ok(memcmp(out, out + 32, 32) != 0, "are other bytes each time");
    kcapi_rng_destroy(handle);
}

static void seeds(void)
{
    struct kcapi_handle *handle = rng("stdrng");

    is_int(kcapi_rng_generate(handle, out, 16), -EINVAL, "a DRBG without seeding: -EINVAL");
    is_int(kcapi_rng_seed(handle, seed, 48), 0, "seeding after that");
    is_int(kcapi_rng_generate(handle, out, 16), 16, "and it generates");
    is_int(kcapi_rng_seed(handle, seed, 16), 0, "seeding again, after it has generated");
    is_int(kcapi_rng_generate(handle, out, 16), 16, "and it generates");
    is_int(kcapi_rng_seed(handle, NULL, 5), -EFAULT, "a seed at NULL: -EFAULT");
    is_int(kcapi_rng_generate(handle, out, 16), 16, "and it generates still");
    kcapi_rng_destroy(handle);
}

/* X9.31 is a function of its seed, so two of them must agree. Not in newer kernels. */
static void same_seed(void)
{
    struct kcapi_handle *first = NULL, *second;
    uint8_t want[64], got[64];

    if (kcapi_rng_init(&first, "ansi_cprng", 0)) {
        skip(6, "this kernel lacks ansi_cprng");
        return;
    }
    is_int(kcapi_rng_seedsize(first), 48, "ansi_cprng needs a seed of 48 bytes");
    is_int(kcapi_rng_seed(first, seed, 48), 0, "a seed");
    kcapi_rng_generate(first, want, 64);
    is_int(kcapi_rng_seed(first, seed, 48), 0, "the same seed again");
    kcapi_rng_generate(first, got, 64);
    is_mem(got, want, 64, "gives the same bytes");
    kcapi_rng_seed(first, seed, 48);
    second = reinit(first, 0);
    kcapi_rng_generate(first, got, 16);
    kcapi_rng_generate(second, got + 16, 32);
    kcapi_rng_generate(first, got + 48, 16);
    is_mem(got, want, 64, "two handles on one generator take turns");
    kcapi_rng_destroy(first);
    is_int(kcapi_rng_generate(second, got, 16), 16, "the second goes on without the first");
    kcapi_rng_destroy(second);
}

/* Kernels that are not built for validation (CONFIG_CRYPTO_USER_API_RNG_CAVP) refuse both. */
static void validation(void)
{
    struct kcapi_handle *handle = rng("stdrng");
    int ret = kcapi_rng_setentropy(handle, seed, 48);

    if (ret == 0) {
        is_int(kcapi_rng_seed(handle, seed, 16), 0, "seed");
        is_int(kcapi_rng_setaddtl(handle, seed, 16), 0, "additional input");
        is_int(kcapi_rng_setaddtl(handle, seed, 129), -EMSGSIZE, "too much of it: -EMSGSIZE");
    } else {
        is_int(ret, -ENOPROTOOPT, "no entropy of a test vector: -ENOPROTOOPT");
        is_int(kcapi_rng_seed(handle, seed, 16), 0, "seed");
        is_int(kcapi_rng_setaddtl(handle, seed, 16), -EOPNOTSUPP, "-EOPNOTSUPP, not -1");
    }
    is_int(kcapi_rng_generate(handle, out, 16), 16, "and it generates");
    kcapi_rng_destroy(handle);
}

static void errors(void)
{
    struct kcapi_handle *handle = rng("stdrng");
    size_t page = page_size();
    uint8_t *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (two == MAP_FAILED || mprotect(two + page, page, PROT_NONE))
        bail_out("no memory");
    kcapi_rng_seed(handle, NULL, 0);
    is_int(kcapi_rng_generate(handle, NULL, 16), -EFAULT, "to NULL: -EFAULT");
    if (strcmp(kcapi_handle_engine(handle), "kernel") == 0)
        is_int(kcapi_rng_generate(handle, two + page - 300, 600), -EFAULT,
               "a buffer that ends too early: -EFAULT, not the part that was written");
    else
        skip(1, "only system calls answer -EFAULT");
    is_int(kcapi_rng_get_bytes(NULL, 5), -EFAULT, "kcapi_rng_get_bytes to NULL: -EFAULT");
    is_int(kcapi_rng_generate(handle, out, 16), 16, "and it generates still");
    munmap(two, 2 * page);
    kcapi_rng_destroy(handle);

    is_int(kcapi_rng_generate(NULL, out, 16), -EINVAL, "generate without a handle: -EINVAL");
    is_int(kcapi_rng_seed(NULL, seed, 16), -EINVAL, "seed without a handle: -EINVAL");
    is_int(kcapi_rng_setentropy(NULL, seed, 16), -EINVAL, "setentropy without a handle: -EINVAL");
    is_int(kcapi_rng_setaddtl(NULL, seed, 16), -EINVAL, "setaddtl without a handle: -EINVAL");
    is_int(kcapi_rng_seedsize(NULL), 0, "no handle needs no seed");
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(seed, sizeof(seed), 1);
    out = pages(MOST + 16);
    init();
    if (!has_rng("stdrng")) {
        skip(1, "this kernel has no stdrng");
        same_seed();
        return done_testing();
    }
    lengths();
    seeds();
    same_seed();
    validation();
    errors();
    return done_testing();
}
