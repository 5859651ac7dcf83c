/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Key agreement of the engine in user space and openssl's, both ways: random keys on every curve and
 * in every group.
 *
 * needs: exec openssl
 */
#define _GNU_SOURCE
#include "openssl.h"

#define ROUNDS 3
#define LARGEST 1024u

/* A key agreement, and how openssl makes a key for it. */
static const struct agreement {
    const char *name, *genpkey;
    bool is_group;
    uint32_t size;
    unsigned long curve;
} agreements[] = {
    { "ecdh-nist-p192", "EC -pkeyopt ec_paramgen_curve:P-192", false, 48, 0 },
    { "ecdh-nist-p256", "EC -pkeyopt ec_paramgen_curve:P-256", false, 64, 0 },
    { "ecdh-nist-p384", "EC -pkeyopt ec_paramgen_curve:P-384", false, 96, 0 },
    { "ecdh", "EC -pkeyopt ec_paramgen_curve:P-192", false, 48, ECC_CURVE_NIST_P192 },
    { "ecdh", "EC -pkeyopt ec_paramgen_curve:P-256", false, 64, ECC_CURVE_NIST_P256 },
    { "curve25519", "X25519", false, 32, 0 },
    { "ffdhe2048(dh)", "DH -pkeyopt group:ffdhe2048", true, 256, 0 },
    { "ffdhe3072(dh)", "DH -pkeyopt group:ffdhe3072", true, 384, 0 },
    { "ffdhe4096(dh)", "DH -pkeyopt group:ffdhe4096", true, 512, 0 },
    { "ffdhe6144(dh)", "DH -pkeyopt group:ffdhe6144", true, 768, 0 },
    { "ffdhe8192(dh)", "DH -pkeyopt group:ffdhe8192", true, 1024, 0 },
    { "dh", "DH -pkeyopt group:modp_1536", true, 192, 0 },
    { "dh", "DH -pkeyopt group:modp_2048", true, 256, 0 },
};

/* Bytes of DER. */
struct der {
    const uint8_t *bytes;
    size_t len;
};

/* The contents of the value at the beginning, which is taken away. */
static struct der next(struct der *der)
{
    struct der contents = { der->bytes + 2, der->bytes[1] };

    if (contents.len >= 0x80) {
        size_t bytes = contents.len & 0x7f;

        for (contents.len = 0; bytes > 0; bytes--)
            contents.len = contents.len << 8 | *contents.bytes++;
    }
    der->len -= (size_t)(contents.bytes - der->bytes) + contents.len;
    der->bytes = contents.bytes + contents.len;
    return contents;
}

/* The contents of the value at this place in the sequence `of`. */
static struct der member(struct der of, unsigned place)
{
    struct der contents = next(&of);

    while (place-- > 0)
        contents = next(&of);
    return contents;
}

/* The private key of a file of openssl's: RFC 5915 for the curves that it has parameters for, else
 * PKCS #8, with an integer or a string within the string. */
static size_t private_key(const struct agreement *agreement, const char *file, uint8_t *key)
{
    uint8_t bytes[4096];
    struct der whole = { bytes, from_file(file, bytes, sizeof(bytes)) }, value;

    if (strncmp(agreement->name, "ecdh", 4) == 0) {
        value = member(next(&whole), 1);
    } else {
        value = member(next(&whole), 2);
        value = next(&value);
    }
    memcpy(key, value.bytes, value.len);
    return value.len;
}

static uint8_t key[LARGEST], theirs[LARGEST], ours[LARGEST], secret[LARGEST], expected[LARGEST];
static uint8_t spki[4096], pkcs3[2048];
static size_t spki_len;

/* A handle with its parameters, but no key. */
static struct kcapi_handle *party(const struct agreement *agreement)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_kpp_init(&handle, agreement->name, 0))
        bail_out("no %s", agreement->name);
    if (agreement->curve)
        is_int(kcapi_kpp_ecdh_setcurve(handle, agreement->curve), 0, "the curve");
    if (strcmp(agreement->name, "dh") == 0) {
        if (!openssl("genpkey -genparam -algorithm %s -out params", agreement->genpkey) ||
            !openssl("dhparam -in params -outform DER -out pkcs3"))
            bail_out("openssl has no %s", agreement->genpkey);
        is_int(kcapi_kpp_dh_setparam_pkcs3(handle, pkcs3,
                                           (uint32_t)from_file("pkcs3", pkcs3, sizeof(pkcs3))),
               agreement->size, "the group");
    }
    return handle;
}

/* Whether the number that ends spki has all its bytes: in DER zeros before it are left out, 1 of 256 times. */
static bool has_all_bytes(const struct agreement *agreement)
{
    struct der whole = { spki, spki_len }, bits = member(next(&whole), 1);

    /* The first byte of a bit string counts the bits that are left over. */
    bits.bytes++;
    bits.len--;
    return next(&bits).len >= agreement->size && theirs[0] != 0;
}

/* Makes openssl's key; its public half is what ends spki, if nothing was left out before it. */
static void make_key(const struct agreement *agreement)
{
    do {
        if (!openssl("genpkey -algorithm %s -outform DER -out key", agreement->genpkey) ||
            !openssl("pkey -inform DER -in key -pubout -outform DER -out spki"))
            bail_out("openssl makes no key: %s", agreement->genpkey);
        spki_len = from_file("spki", spki, sizeof(spki));
        memcpy(theirs, spki + spki_len - agreement->size, agreement->size);
    } while (agreement->is_group && !has_all_bytes(agreement));
}

/* Whether our public key would be as long as openssl's in DER. */
static bool as_long(const struct agreement *agreement)
{
    return !agreement->is_group || (ours[0] != 0 && ours[0] >> 7 == theirs[0] >> 7);
}

/* A public key of ours, of a key made by the library or, in a group of the caller's, of random bytes. */
static void make_ours(const struct agreement *agreement, struct kcapi_handle *handle)
{
    uint8_t random[32];

    do {
        if (strcmp(agreement->name, "dh") == 0) {
            FILE *file = fopen("/dev/urandom", "r");

            if (!file || fread(random, 1, sizeof(random), file) != sizeof(random) || fclose(file))
                bail_out("no random bytes");
            is_int(kcapi_kpp_setkey(handle, random, sizeof(random)), agreement->size, "a key");
        } else {
            is_int(kcapi_kpp_setkey(handle, NULL, 0), agreement->size, "a key made here");
        }
        if (kcapi_kpp_keygen(handle, ours, agreement->size, 0) != (ssize_t)agreement->size)
            bail_out("%s makes no public key", agreement->name);
    } while (!as_long(agreement));
}

/* What openssl's key and our public key give. */
static void derive(const struct agreement *agreement, size_t size)
{
    size_t len;

    memcpy(spki + spki_len - agreement->size, ours, agreement->size);
    to_file("ours", spki, spki_len);
    if (!openssl("pkeyutl -derive -keyform DER -inkey key -peerform DER -peerkey ours -out secret"))
        bail_out("openssl does not take our public key");
    memset(expected, 0, sizeof(expected));
    len = from_file("secret", secret, sizeof(secret));
    memcpy(expected + size - len, secret, len);
}

static void agree(const struct agreement *agreement)
{
    struct kcapi_handle *with_theirs = party(agreement), *with_ours = party(agreement);
    size_t size = agreement->size, secret_size = strncmp(agreement->name, "ecdh", 4) ? size : size / 2;

    make_key(agreement);
    is_int(kcapi_kpp_setkey(with_theirs, key, (uint32_t)private_key(agreement, "key", key)),
           agreement->size, "openssl's key");
    is_int(kcapi_kpp_keygen(with_theirs, ours, size, 0), (long long)size, "keygen");
    is_mem(ours, theirs, size, "openssl's public key");
    make_ours(agreement, with_ours);
    derive(agreement, secret_size);
    is_int(kcapi_kpp_ssgen(with_ours, theirs, size, secret, size, 0), (long long)secret_size, "ssgen");
    is_mem(secret, expected, secret_size, "the secret that openssl has");
    is_int(kcapi_kpp_ssgen(with_theirs, ours, size, secret, size, 0), (long long)secret_size, "ssgen");
    is_mem(secret, expected, secret_size, "the same from the other side");
    kcapi_kpp_destroy(with_theirs);
    kcapi_kpp_destroy(with_ours);
}

int main(void)
{
    struct kcapi_handle *handle = NULL;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (kcapi_kpp_init(&handle, "dh", 0)) {
        skip(1, "kpp is not served here");
        return done_testing();
    }
    kcapi_kpp_destroy(handle);
    begin_openssl();
    for (size_t i = 0; i < sizeof(agreements) / sizeof(agreements[0]); i++) {
        diag("%s: %s", agreements[i].name, agreements[i].genpkey);
        for (unsigned round = 0; round < ROUNDS; round++)
            agree(&agreements[i]);
    }
    end_openssl();
    return done_testing();
}
