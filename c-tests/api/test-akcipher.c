/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * RSA, which the engine in user space has where no kernel does: known answers of openssl, each way to
 * give a message, keys and lengths that are refused. test-akcipher-openssl.c compares random ones.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alone.h"
#include "fill.h"
#include "rsa.h"

#define SIZE 256u

static uint8_t key[1200], public_key[300], short_key[700];
static uint32_t key_len, public_len, short_len;
static uint8_t out[4 * SIZE], digest[32];

static struct kcapi_handle *rsa_with(const char *name, const uint8_t *der, uint32_t len, uint32_t flags)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_akcipher_init(&handle, name, flags))
        bail_out("no %s", name);
    if (kcapi_akcipher_setkey(handle, der, len) < 0)
        bail_out("%s takes no key of %u bytes", name, len);
    return handle;
}

static void is_hex(ssize_t ret, const uint8_t *got, const char *hex, const char *name)
{
    uint8_t want[SIZE] = { 0 };
    size_t len = unhex(hex, want, sizeof(want));

    is_int(ret, (long long)len, name);
    is_mem(got, want, len, "its bytes");
}

static void known_answers(uint32_t flags)
{
    const uint8_t *message = (const uint8_t *)RSA_MESSAGE;
    size_t len = strlen(RSA_MESSAGE);
    struct kcapi_handle *raw = rsa_with("rsa", key, key_len, flags);
    struct kcapi_handle *padded = rsa_with("pkcs1pad(rsa)", key, key_len, flags);
    struct kcapi_handle *signing = rsa_with("pkcs1pad(rsa,sha256)", key, key_len, flags);
    struct kcapi_handle *newer = rsa_with("pkcs1(rsa,sha256)", key, key_len, flags);
    uint8_t signature[SIZE], encrypted[SIZE];

    ok(strcmp(kcapi_handle_engine(raw), "user") == 0, "served in user space");
    is_hex(kcapi_akcipher_encrypt(raw, message, len, out, SIZE, 0), out, rsa_2048_raw, "encrypt");
    is_int(kcapi_akcipher_decrypt(raw, out, SIZE, out, SIZE, 0), SIZE, "decrypt, in place");
    ok(all_are(out, 0, SIZE - len) && memcmp(out + SIZE - len, message, len) == 0, "zeros, message");
    unhex(rsa_2048_encrypted, encrypted, SIZE);
    is_int(kcapi_akcipher_decrypt(padded, encrypted, SIZE, out, SIZE + 1, 0), (long long)len,
           "openssl's ciphertext");
    is_mem(out, message, len, "is decrypted");
    ok(kcapi_akcipher_encrypt(padded, message, len, out, SIZE, 0) == SIZE &&
           memcmp(out, encrypted, SIZE) != 0, "another one");
    is_int(kcapi_akcipher_decrypt(padded, out, SIZE, out, SIZE, 0), (long long)len, "and back");
    is_hex(kcapi_akcipher_sign(signing, digest, 32, out, SIZE, 0), out, rsa_2048_signature, "sign");
    is_hex(kcapi_akcipher_sign(newer, digest, 32, signature, SIZE, 0), signature,
           rsa_2048_signature, "sign, by the newer name");
    memset(out, 0x77, sizeof(out));
    is_int(kcapi_akcipher_verify(newer, signature, SIZE, out, 2 * SIZE, 0), 32, "verify");
    is_mem(out, digest, 32, "gives back the digest");
    ok(all_are(out + 32, 0x77, SIZE), "and no more");
    is_int(kcapi_akcipher_encrypt(newer, digest, 32, out, SIZE, 0), -EOPNOTSUPP, "signs only");
    kcapi_akcipher_destroy(raw);
    kcapi_akcipher_destroy(padded);
    kcapi_akcipher_destroy(signing);
    kcapi_akcipher_destroy(newer);
}

/* All that is refused leaves the output as it was. */
static void refused(void)
{
    struct kcapi_handle *raw = rsa_with("rsa", key, key_len, 0);
    struct kcapi_handle *signing = rsa_with("pkcs1pad(rsa,sha256)", key, key_len, 0);
    uint8_t signature[SIZE], number[SIZE];

    memset(out, 0x77, sizeof(out));
    memset(number, 0xff, SIZE);
    kcapi_akcipher_sign(signing, digest, 32, signature, SIZE, 0);
    is_int(kcapi_akcipher_encrypt(raw, digest, 32, out, SIZE - 1, 0), -EMSGSIZE, "too little room");
    is_int(kcapi_akcipher_encrypt(raw, digest, 32, out, 0, 0), -EINVAL, "no room");
    is_int(kcapi_akcipher_encrypt(raw, number, SIZE, out, SIZE, 0), -EINVAL, "over the modulus");
    is_int(kcapi_akcipher_sign(signing, digest, 31, out, SIZE, 0), -EINVAL, "no such digest");
    is_int(kcapi_akcipher_encrypt(signing, key, SIZE - 10, out, SIZE, 0), -EOVERFLOW, "too long");
    is_int(kcapi_akcipher_verify(signing, signature, SIZE - 1, out, SIZE, 0), -EINVAL, "short");
    signature[SIZE - 1] ^= 1;
    is_int(kcapi_akcipher_verify(signing, signature, SIZE, out, SIZE, 0), -EBADMSG, "wrong");
    is_int(kcapi_akcipher_decrypt(signing, signature, SIZE, out, SIZE, 0), -EINVAL, "no padding");
    signature[SIZE - 1] ^= 1;
    ok(all_are(out, 0x77, sizeof(out)), "nothing was written");
    is_int(kcapi_akcipher_verify(signing, signature, SIZE, out, SIZE, 0), 32, "right again");
    kcapi_akcipher_destroy(raw);
    kcapi_akcipher_destroy(signing);
}

static void keys(void)
{
    struct kcapi_handle *handle = NULL, *other;

    if (kcapi_akcipher_init(&handle, "rsa", 0))
        bail_out("no rsa");
    is_int(kcapi_akcipher_encrypt(handle, digest, 32, out, SIZE, 0), -ENOKEY, "no key");
    is_int(kcapi_akcipher_stream_init_enc(handle, NULL, 0), -ENOKEY, "nor for a stream");
    is_int(kcapi_akcipher_setpubkey(handle, public_key, public_len), SIZE, "a public key");
    is_int(kcapi_akcipher_verify(handle, digest, 32, out, SIZE, 0), SIZE, "verifies");
    is_int(kcapi_akcipher_sign(handle, digest, 32, out, SIZE, 0), -EINVAL, "and signs not");
    other = reinit(handle, 0);
    is_int(kcapi_akcipher_setkey(handle, key, key_len), SIZE, "a private key");
    is_int(kcapi_akcipher_sign(other, digest, 32, out, SIZE, 0), SIZE, "of both handles");
    is_int(kcapi_akcipher_setkey(handle, key, key_len - 1), -EINVAL, "a key that is cut off");
    is_int(kcapi_akcipher_sign(handle, digest, 32, out, SIZE, 0), -ENOKEY, "none is left");
    is_int(kcapi_akcipher_setkey(handle, key, key_len), SIZE, "again");
    is_int(kcapi_akcipher_setpubkey(handle, key, key_len), -EINVAL, "it is no public key");
    is_int(kcapi_akcipher_setkey(handle, public_key, public_len), -EINVAL, "nor the other way");
    is_int(kcapi_akcipher_setkey(handle, NULL, 5), -EFAULT, "NULL");
    is_int(kcapi_akcipher_setkey(handle, NULL, 0), -EINVAL, "nothing");
    is_int(kcapi_akcipher_setkey(handle, key, 1u << 30), -ENOMEM, "longer than any kernel takes");
    is_int(kcapi_akcipher_setkey(handle, short_key, short_len), 128, "another size");
    is_int(kcapi_akcipher_sign(other, digest, 32, out, 128, 0), 128, "its results");
    kcapi_akcipher_destroy(handle);
    kcapi_akcipher_destroy(other);
}

/* A message in pieces, with its result in pieces. */
static void streams(uint32_t flags)
{
    struct kcapi_handle *handle = rsa_with("pkcs1pad(rsa,sha256)", key, key_len, flags);
    struct iovec in[3] = { { digest, 5 }, { digest + 5, 20 }, { digest + 25, 7 } };
    struct iovec whole[2] = { { out, 7 }, { out + 7, SIZE } }, little = { out, SIZE - 1 };
    struct iovec signature = { out, SIZE };
    int status;

    memset(out, 0, sizeof(out));
    is_int(kcapi_akcipher_stream_update(handle, in, 1), -EINVAL, "no stream has begun");
    is_int(kcapi_akcipher_stream_init_sgn(handle, in, 1), 5, "a stream begins");
    is_int(kcapi_akcipher_setkey(handle, key, key_len), -EBUSY, "no new key now");
    is_int(kcapi_akcipher_stream_update(handle, in + 1, 1), 20, "goes on");
    is_int(kcapi_akcipher_stream_update_last(handle, in + 2, 1), 7, "and ends");
    is_int(kcapi_akcipher_stream_update(handle, in, 1), -EINVAL, "no more now");
    is_int(kcapi_akcipher_stream_init_sgn(handle, in, 1), -EINVAL, "nor another");
    is_int(kcapi_akcipher_stream_op(handle, &little, 1), -EMSGSIZE, "too little room");
    is_hex(kcapi_akcipher_stream_op(handle, whole, 2), out, rsa_2048_signature, "its signature");
    is_int(kcapi_akcipher_stream_init_vfy(handle, NULL, 0), 0, "a stream begins with nothing");
    is_int(kcapi_akcipher_stream_update_last(handle, &signature, 1), SIZE, "all at once");
    is_int(kcapi_akcipher_stream_op(handle, whole, 2), 32, "in place");
    is_mem(out, digest, 32, "the digest");

    is_int(kcapi_akcipher_stream_init_enc(handle, in, 1), 5, "a stream is given up");
    is_int(kcapi_akcipher_sign(handle, digest, 32, out, SIZE, 0), SIZE, "for a whole message");
    is_int(kcapi_akcipher_stream_init_sgn(handle, in, 2), 25, "a stream goes on in a child");
    if (fork() == 0) {
        bool good = kcapi_akcipher_stream_update_last(handle, in + 2, 1) == 7 &&
                    kcapi_akcipher_stream_op(handle, whole, 2) == SIZE;
        uint8_t want[SIZE];

        unhex(rsa_2048_signature, want, SIZE);
        _exit(good && memcmp(out, want, SIZE) == 0 ? 0 : 1);
    }
    wait(&status);
    is_int(status, 0, "it signs");
    is_int(kcapi_akcipher_stream_update_last(handle, in + 2, 1), 7, "and so does the parent");
    is_hex(kcapi_akcipher_stream_op(handle, whole, 2), out, rsa_2048_signature, "for itself");
    kcapi_akcipher_destroy(handle);
}

/* Each IOVEC a message; one that is too long for one message is several. */
static void many(uint32_t flags)
{
    struct kcapi_handle *raw = rsa_with("rsa", short_key, short_len, flags);
    struct kcapi_handle *signing = rsa_with("pkcs1pad(rsa,sha256)", short_key, short_len, flags);
    enum { SHORT = 128 };
    struct iovec in[3] = { { digest, 32 }, { digest, 16 }, { digest, 0 } };
    struct iovec to[3] = { { out, SHORT }, { out + SHORT, SHORT + 9 }, { out + 3 * SHORT, SHORT } };
    uint8_t one[SHORT], messages[2 * SHORT];

    is_int(kcapi_akcipher_encrypt_aio(raw, in, to, 3, 0), 3 * SHORT, "three messages");
    is_int(kcapi_akcipher_encrypt(raw, digest, 16, one, SHORT, 0), SHORT, "one of them");
    is_mem(out + SHORT, one, SHORT, "is the same");
    ok(all_are(out + 3 * SHORT, 0, SHORT), "0 stays 0");
    is_int(kcapi_akcipher_decrypt_aio(raw, to, to, 1, 0), SHORT, "in place");
    is_mem(out + SHORT - 32, digest, 32, "and back");
    in[1].iov_len = 31;
    is_int(kcapi_akcipher_sign_aio(signing, in, to, 2, 0), -EINVAL, "the second is wrong");
    is_int(kcapi_akcipher_sign_aio(signing, in, to, 1, 0), SHORT, "the first is not");
    in[1].iov_len = 32;
    to[1].iov_len = SHORT - 1;
    memset(out, 0xee, SHORT);
    is_int(kcapi_akcipher_sign_aio(signing, in, to, 2, 0), -EMSGSIZE, "no room for the second");
    ok(all_are(out, 0xee, SHORT), "nothing is done for the first");
    to[1].iov_len = SHORT + 9;
    is_int(kcapi_akcipher_sign_aio(signing, in, to, 1, 0), SHORT, "there is for it alone");
    is_int(kcapi_akcipher_verify_aio(signing, to, to, 1, 0), 32, "verify_aio");

    memset(messages, 0, sizeof(messages));
    memcpy(messages + SHORT - 32, digest, 32);
    memcpy(messages + 2 * SHORT - 16, digest, 16);
    is_int(kcapi_akcipher_encrypt(raw, messages, 2 * SHORT, out, SHORT, 0), -EINVAL, "as one");
    is_int(kcapi_akcipher_encrypt(raw, messages, 2 * SHORT, out, 2 * SHORT, 0), 2 * SHORT, "as two");
    is_mem(out + SHORT, one, SHORT, "the second");
    is_int(kcapi_akcipher_decrypt(raw, out, 2 * SHORT, out, 3 * SHORT, 0), 2 * SHORT, "and back");
    is_mem(out, messages, 2 * SHORT, "both");
    kcapi_akcipher_destroy(raw);
    kcapi_akcipher_destroy(signing);
}

/* What blinds one operation comes from the one before, whichever thread's that was. */
static void *sign_again_and_again(void *handle)
{
    uint8_t want[SIZE], signature[SIZE];
    uintptr_t wrong = 0;

    unhex(rsa_2048_signature, want, SIZE);
    for (int i = 0; i < 20; i++)
        if (kcapi_akcipher_sign(handle, digest, 32, signature, SIZE, 0) != SIZE ||
            memcmp(signature, want, SIZE) != 0)
            wrong++;
    return (void *)wrong;
}

static void threads(void)
{
    enum { THREADS = 4 };
    struct kcapi_handle *handles[THREADS] = { rsa_with("pkcs1pad(rsa,sha256)", key, key_len, 0) };
    pthread_t thread[THREADS];
    pid_t child = -1;
    int status;

    for (int i = 0; i < THREADS; i++) {
        if (i > 0)
            handles[i] = reinit(handles[0], 0);
        if (pthread_create(&thread[i], NULL, sign_again_and_again, handles[i]))
            bail_out("no thread");
    }
    if (!allocator_waits_in_child) {
        child = fork();
        if (child == 0)
            _exit(sign_again_and_again(handles[0]) ? 1 : 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *wrong;

        pthread_join(thread[i], &wrong);
        is_int((long long)(uintptr_t)wrong, 0, "wrong signatures of a thread's");
    }
    if (!allocator_waits_in_child) {
        if (child < 0 || waitpid(child, &status, 0) != child)
            bail_out("no child");
        is_int(status, 0, "a child signs meanwhile, too");
    }
    for (int i = 0; i < THREADS; i++)
        kcapi_akcipher_destroy(handles[i]);
}

int main(void)
{
    struct kcapi_handle *handle = NULL;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (kcapi_akcipher_init(&handle, "rsa", 0)) {
        skip(1, "akcipher is not served here");
        return done_testing();
    }
    kcapi_akcipher_destroy(handle);
    key_len = (uint32_t)unhex(rsa_2048, key, sizeof(key));
    public_len = (uint32_t)unhex(rsa_2048_public, public_key, sizeof(public_key));
    short_len = (uint32_t)unhex(rsa_1024, short_key, sizeof(short_key));
    if (kcapi_md_sha256((const uint8_t *)RSA_MESSAGE, strlen(RSA_MESSAGE), digest, 32) != 32)
        bail_out("no SHA-256");
    for (uint32_t flags = 0; flags <= KCAPI_INIT_AIO; flags += KCAPI_INIT_AIO) {
        known_answers(flags);
        streams(flags);
        many(flags);
    }
    refused();
    keys();
    threads();
    return done_testing();
}
