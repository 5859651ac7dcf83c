/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * RSA of the engine in user space and openssl's, both ways: random keys of many lengths, random
 * messages.
 *
 * needs: exec openssl
 */
#define _GNU_SOURCE
#include "openssl.h"

#define SIZE_MAX_BYTES 512u

static uint8_t key[4096], public_key[1024], message[64], out[SIZE_MAX_BYTES], theirs[SIZE_MAX_BYTES];
static size_t size;

static void make_key(unsigned bits, unsigned exponent)
{
    if (!openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:%u "
                 "-pkeyopt rsa_keygen_pubexp:%u -out key.pem", bits, exponent) ||
        !openssl("rsa -in key.pem -traditional -outform DER -out key.der") ||
        !openssl("rsa -in key.pem -RSAPublicKey_out -outform DER -out public.der"))
        bail_out("openssl makes no key of %u bits", bits);
    size = (bits + 7) / 8;
}

/* A handle with the private key, or with the public one. */
static struct kcapi_handle *with_key(const char *name, bool private)
{
    struct kcapi_handle *handle = NULL;
    uint32_t len = (uint32_t)from_file("key.der", key, sizeof(key));
    uint32_t public_len = (uint32_t)from_file("public.der", public_key, sizeof(public_key));

    if (kcapi_akcipher_init(&handle, name, 0))
        bail_out("no %s", name);
    if (private)
        is_int(kcapi_akcipher_setkey(handle, key, len), (long long)size, "openssl's key");
    else
        is_int(kcapi_akcipher_setpubkey(handle, public_key, public_len), (long long)size,
               "openssl's public key");
    return handle;
}

static void sign(const char *hash, size_t len)
{
    char name[64];
    struct kcapi_handle *private, *public;

    snprintf(name, sizeof(name), "pkcs1pad(rsa,%s)", hash);
    to_file("digest", message, len);
    if (!openssl("pkeyutl -sign -inkey key.pem -in digest -out signature -pkeyopt digest:%s", hash)) {
        skip(1, "openssl has no such digest");
        return;
    }
    private = with_key(name, true);
    public = with_key(name, false);
    from_file("signature", theirs, size);
    is_int(kcapi_akcipher_sign(private, message, len, out, size, 0), (long long)size, name);
    is_mem(out, theirs, size, "openssl signs so, too");
    is_int(kcapi_akcipher_verify(public, theirs, size, out, size, 0), (long long)len, "verify");
    is_mem(out, message, len, "the digest");
    kcapi_akcipher_destroy(private);
    kcapi_akcipher_destroy(public);
}

static void seal(const char *name, const char *padding, size_t len)
{
    struct kcapi_handle *private = with_key(name, true), *public = with_key(name, false);
    uint8_t plain[SIZE_MAX_BYTES] = { 0 };

    fill(plain + size - len, len, (uint32_t)size);
    /* Without padding it has zeros before it. */
    if (strcmp(padding, "none") == 0)
        len = size;
    to_file("plain", plain + size - len, len);
    if (!openssl("pkeyutl -encrypt -inkey key.pem -in plain -out theirs "
                 "-pkeyopt rsa_padding_mode:%s", padding))
        bail_out("openssl does not encrypt");
    from_file("theirs", theirs, size);
    is_int(kcapi_akcipher_decrypt(private, theirs, size, out, size, 0), (long long)len, name);
    is_mem(out, plain + size - len, len, "openssl's message");
    is_int(kcapi_akcipher_encrypt(public, plain + size - len, len, out, size, 0), (long long)size,
           "encrypt");
    to_file("ours", out, size);
    ok(openssl("pkeyutl -decrypt -inkey key.pem -in ours -out decrypted "
               "-pkeyopt rsa_padding_mode:%s && cmp plain decrypted", padding), "openssl decrypts");
    kcapi_akcipher_destroy(private);
    kcapi_akcipher_destroy(public);
}

int main(void)
{
    static const struct {
        unsigned bits, exponent;
    } lengths[] = { { 1024, 3 }, { 1031, 65537 }, { 1090, 17 }, { 1536, 65537 }, { 2048, 65537 },
                    { 2047, 4294967295u }, { 3072, 65537 }, { 4096, 65537 } };
    static const struct {
        const char *name;
        size_t size;
    } hashes[] = { { "md5", 16 }, { "sha1", 20 }, { "rmd160", 20 }, { "sha224", 28 },
                   { "sha256", 32 }, { "sha384", 48 }, { "sha512", 64 }, { "sha3-256", 32 },
                   { "sha3-384", 48 }, { "sha3-512", 64 } };
    struct kcapi_handle *handle = NULL;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (kcapi_akcipher_init(&handle, "rsa", 0)) {
        skip(1, "akcipher is not served here");
        return done_testing();
    }
    kcapi_akcipher_destroy(handle);
    begin_openssl();
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        diag("%u bits, exponent %u", lengths[i].bits, lengths[i].exponent);
        make_key(lengths[i].bits, lengths[i].exponent);
        fill(message, sizeof(message), lengths[i].bits);
        for (size_t h = 0; h < sizeof(hashes) / sizeof(hashes[0]); h++)
            if (i == 0 || hashes[h].size == 32)
                sign(hashes[h].name, hashes[h].size);
        seal("rsa", "none", 100);
        seal("pkcs1pad(rsa)", "pkcs1", 0 + i);
        seal("pkcs1pad(rsa)", "pkcs1", size - 11);
    }
    end_openssl();
    return done_testing();
}
