/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-known-sizes.c - the sizes for which the library asks nobody are those of every driver in
 * /proc/crypto
 *
 * needs: kernel
 */
#include "fill.h"

enum { MOST = 1 << 20 };

static char text[MOST + 1];

static void read_drivers(void)
{
    FILE *file = fopen("/proc/crypto", "r");

    if (!file)
        bail_out("no /proc/crypto");
    text[fread(text, 1, MOST, file)] = '\0';
    fclose(file);
}

/* The number behind `field` in a driver's paragraph, which ends at `end`; 0 if there is none. */
static uint32_t number(const char *paragraph, const char *end, const char *field)
{
    const char *at = strstr(paragraph, field);

    return at && at < end ? (uint32_t)strtoul(strchr(at, ':') + 1, NULL, 10) : 0;
}

/* All drivers of the algorithm have these sizes, of which 0 is not compared, and there is one. */
static void is_known(const char *name, uint32_t block, uint32_t iv, uint32_t digest)
{
    char head[80];
    int drivers = 0, others = 0;

    read_drivers();
    snprintf(head, sizeof(head), "name         : %s\n", name);
    for (const char *at = text; (at = strstr(at, head)); at++) {
        const char *end = strstr(at, "\n\n");

        if (!end)
            break;
        if (!number(at, end, "\nblocksize"))
            continue;
        drivers++;
        others += number(at, end, "\nblocksize") != block || (iv && number(at, end, "\nivsize") != iv) ||
                  (digest && number(at, end, "\ndigestsize") != digest);
    }
    ok(drivers > 0 && others == 0, "%s: %u, %u, %u; %d drivers, %d with other sizes", name, block, iv, digest,
       drivers, others);
}

int main(void)
{
    static const char *const ciphers[] = { "cbc(aes)", "ecb(aes)", "xts(aes)" };
    static const char *const digests[] = { "md5",      "sha1",     "sha224",   "sha256",   "sha384",
                                           "sha512",   "sha3-224", "sha3-256", "sha3-384", "sha3-512" };

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        struct kcapi_handle *handle = NULL;

        if (kcapi_cipher_init(&handle, ciphers[i], 0)) {
            skip(1, "this kernel lacks the cipher");
            continue;
        }
        is_known(ciphers[i], kcapi_cipher_blocksize(handle), kcapi_cipher_ivsize(handle), 0);
        kcapi_cipher_destroy(handle);
    }
    for (size_t i = 0; i < 2 * sizeof(digests) / sizeof(digests[0]); i++) {
        struct kcapi_handle *handle = NULL;
        char name[64];

        snprintf(name, sizeof(name), i % 2 ? "hmac(%s)" : "%s", digests[i / 2]);
        if (kcapi_md_init(&handle, name, 0)) {
            skip(1, "this kernel lacks the digest");
            continue;
        }
        is_known(name, kcapi_md_blocksize(handle), 0, kcapi_md_digestsize(handle));
        kcapi_md_destroy(handle);
    }
    return done_testing();
}
