// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * many-streams KEYFILE FILE...: encrypts each FILE to FILE.ctr, a piece of each in turn
 *
 *     cc many-streams.c $(pkg-config --cflags --libs libkcapi)
 *
 * As a server with many connections would: one key is set once, and each stream has a handle of its
 * own from kcapi_handle_reinit(), with an IV of its own, so that streams may interleave at will.
 * KEYFILE holds 32 bytes; each output is a random IV of 16 bytes and ciphertext of AES-256 in CTR mode.
 */
#include <errno.h>
#include <kcapi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* What a stream sends before it picks up must fit into the socket: 64 KiB always do. */
#define PIECE 65536

struct stream {
    struct kcapi_handle *handle;
    FILE *in, *out;
};

static uint8_t data[PIECE];

static void die(const char *what, int error)
{
    fprintf(stderr, "many-streams: %s: %s\n", what, strerror(error));
    exit(1);
}

static void open_stream(struct stream *s, struct kcapi_handle *key_handle, const char *name)
{
    char out[4096];
    uint8_t iv[16];
    ssize_t ret;

    if (snprintf(out, sizeof(out), "%s.ctr", name) >= (int)sizeof(out))
        die(name, ENAMETOOLONG);
    if (!(s->in = fopen(name, "rb")))
        die(name, errno);
    if (!(s->out = fopen(out, "wb")) || getentropy(iv, sizeof(iv)) ||
        fwrite(iv, 1, sizeof(iv), s->out) != sizeof(iv))
        die(out, errno);
    /* Shares key and algorithm, costs no system call. */
    ret = kcapi_handle_reinit(&s->handle, key_handle, 0);
    if (!ret)
        ret = kcapi_cipher_stream_init_enc(s->handle, iv, NULL, 0);
    if (ret < 0)
        die("opening a stream", -ret);
}

/* One piece; false when the stream has ended. */
static bool next_piece(struct stream *s)
{
    struct iovec iov = {data, fread(data, 1, sizeof(data), s->in)};
    bool last = iov.iov_len < sizeof(data);
    ssize_t ret;

    if (ferror(s->in))
        die("reading", errno);
    ret = (last ? kcapi_cipher_stream_update_last : kcapi_cipher_stream_update)(s->handle, &iov, 1);
    for (size_t left = iov.iov_len; ret >= 0 && left > 0; left -= ret) {
        iov.iov_len = left;
        ret = kcapi_cipher_stream_op(s->handle, &iov, 1);
        if (ret > 0 && fwrite(data, 1, ret, s->out) != (size_t)ret)
            die("writing", errno);
    }
    if (ret < 0)
        die("encrypting", -ret);
    return !last;
}

int main(int argc, char **argv)
{
    struct stream *streams = calloc(argc, sizeof(*streams));
    struct kcapi_handle *key_handle;
    FILE *key_file;
    uint8_t key[32];
    int count = argc - 2, open, ret;

    if (count < 1) {
        fprintf(stderr, "usage: many-streams KEYFILE FILE...\n");
        return 2;
    }
    key_file = streams ? fopen(argv[1], "rb") : NULL;
    if (!key_file)
        die(argv[1], errno);
    if (fread(key, 1, sizeof(key), key_file) != sizeof(key))
        die(argv[1], EINVAL);
    fclose(key_file);

    ret = kcapi_cipher_init(&key_handle, "ctr(aes)", 0);
    if (ret < 0)
        die("ctr(aes)", -ret);
    ret = kcapi_cipher_setkey(key_handle, key, sizeof(key));
    kcapi_memset_secure(key, 0, sizeof(key));
    if (ret < 0)
        die("kcapi_cipher_setkey", -ret);
    for (int i = 0; i < count; i++)
        open_stream(&streams[i], key_handle, argv[i + 2]);
    /* The streams hold what they share with it. */
    kcapi_cipher_destroy(key_handle);

    for (open = count; open > 0;)
        for (int i = 0; i < count; i++)
            if (streams[i].handle && !next_piece(&streams[i])) {
                kcapi_cipher_destroy(streams[i].handle);
                streams[i].handle = NULL;
                fclose(streams[i].in);
                if (fclose(streams[i].out))
                    die("writing", errno);
                open--;
            }
    free(streams);
    return 0;
}
