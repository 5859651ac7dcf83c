/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A program without standard input, output and error: the library's sockets and rings do not take their
 * numbers, so that neither its messages nor the program's own output get into a message to the
 * kernel. What has the number of standard error gets the messages, whatever it is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fill.h"

enum { ENCRYPTED = 1, SEALED = 2, HASHED = 4, FREE = 8, ALL = 15 };

static const uint8_t key[16] = { 1 }, iv[16] = { 2 };
static uint8_t data[256], want[256], sealed[256 + 16], digest[32];

/*
 * Whether 0 to 2 are the program's: who writes there is told that they are closed, and who opens files there
 * takes nobody's place.
 */
static bool standard_is_free(void)
{
    bool is_free = true;

    for (int fd = 0; fd <= 2; fd++)
        is_free &= write(fd, "text", 4) < 0 && errno == EBADF;
    return is_free;
}

static int work(void)
{
    struct kcapi_handle *cipher = NULL, *aead = NULL, *md = NULL;
    struct iovec from[2] = { { data, 128 }, { data + 128, 128 } };
    uint8_t out[256 + 16] = { 0 }; /* valgrind sees nothing of what a ring brings */
    struct iovec to[2] = { { out, 128 }, { out + 128, 128 } };
    bool is_free = true;
    int result = 0;

    close(0);
    close(1);
    close(2);
    kcapi_set_verbosity(KCAPI_LOG_DEBUG);
    if (kcapi_cipher_init(&cipher, "cbc(aes)", KCAPI_INIT_AIO) ||
        kcapi_aead_init(&aead, "gcm(aes)", 0) || kcapi_md_init(&md, "sha256", 0))
        return 0;
    kcapi_cipher_setkey(cipher, key, 16);
    kcapi_aead_setkey(aead, key, 16);
    kcapi_aead_settaglen(aead, 16);
    for (int i = 0; i < 3; i++) {
        is_free &= standard_is_free();
        if (kcapi_cipher_encrypt_aio(cipher, from, to, 2, iv, 0) == 256 && !memcmp(out, want, 256))
            result |= ENCRYPTED;
        if (kcapi_aead_encrypt(aead, data, 256, iv, out, 272, 0) == 272 && !memcmp(out, sealed, 272))
            result |= SEALED;
        kcapi_md_update(md, data, 100);
        is_free &= standard_is_free();
        kcapi_md_update(md, data + 100, 156);
        if (kcapi_md_final(md, out, 32) == 32 && !memcmp(out, digest, 32))
            result |= HASHED;
    }
    kcapi_cipher_destroy(cipher);
    kcapi_aead_destroy(aead);
    kcapi_md_destroy(md);
    return result | (is_free ? FREE : 0);
}

static int exit_status(pid_t child)
{
    int status = -1;

    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_closed(void)
{
    pid_t child = fork();
    int result;

    if (child == 0)
        _exit(work());
    result = exit_status(child);
    ok(result & FREE, "nothing takes what is written to descriptors 0 to 2");
    is_int(result | FREE, ALL, "nothing was written into a message");
}

/* As for every program with messages: whoever gives a file this number wants them in it. */
static void test_file(void)
{
    char text[4096] = "";
    FILE *file = tmpfile();
    pid_t child = fork();

    if (child == 0) {
        struct kcapi_handle *handle = NULL;

        dup2(fileno(file), 2);
        kcapi_set_verbosity(KCAPI_LOG_ERR);
        _exit(kcapi_cipher_init(&handle, "%s%n", 0) ? 0 : 1);
    }
    is_int(exit_status(child), 0, "an algorithm that nobody has");
    rewind(file);
    ok(fgets(text, sizeof(text), file) && strncmp(text, "libkcapi - Error: ", 18) == 0,
       "a message goes to descriptor 2");
    ok(strstr(text, "%s%n") != NULL, "with the name as it is");
    fclose(file);
}

int main(void)
{
    struct kcapi_handle *cipher = cipher_with_key("cbc(aes)", key, 16, 0);
    struct kcapi_handle *aead = aead_with_key("gcm(aes)", key, 16, 16, 0, 0);

    fill(data, sizeof(data), 1);
    kcapi_cipher_encrypt(cipher, data, 256, iv, want, 256, 0);
    kcapi_aead_encrypt(aead, data, 256, iv, sealed, 272, 0);
    kcapi_md_sha256(data, 256, digest, 32);
    kcapi_cipher_destroy(cipher);
    kcapi_aead_destroy(aead);
    test_closed();
    test_file();
    return done_testing();
}
