/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The stream calls of symmetric ciphers: however data is cut, and whichever thread takes it, it is
 * one operation.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "fill.h"
#include "vectors.h"

#define LEN 512
#define SEVERAL 5

static const uint8_t key[16] = { 7 };
static const uint8_t iv[16] = { 9 };
static uint8_t plain[LEN], cipher[LEN], out[LEN];

/* Cuts len bytes into IOVECs at multiples of unit; returns how many. */
static size_t cut(struct iovec *iov, uint8_t *bytes, size_t len, size_t unit)
{
    size_t n = 0;

    for (size_t done = 0; done < len && n < SEVERAL; n++) {
        size_t piece = n == SEVERAL - 1 || len - done < unit ? len - done : unit;

        iov[n].iov_base = bytes + done;
        iov[n].iov_len = piece;
        done += piece;
    }
    return n;
}

static void test_vector(const struct cipher_vector *v)
{
    uint8_t k[64], i[16], from[128], to[128], got[128];
    uint32_t keylen = (uint32_t)unhex(v->key, k, sizeof(k));
    size_t ivlen = unhex(v->iv, i, sizeof(i)), len = unhex(v->plain, from, sizeof(from));
    struct iovec all, pieces[SEVERAL];
    struct kcapi_handle *handle;

    unhex(v->cipher, to, sizeof(to));
    if (!has_cipher(v->name)) {
        skip(1, "this kernel lacks the cipher");
        return;
    }
    handle = cipher_with_key(v->name, k, keylen, 0);
    for (int enc = 1; enc >= 0; enc--) {
        uint8_t *in = enc ? from : to;

        memset(got, 0, sizeof(got));
        all.iov_base = in;
        all.iov_len = len;
        if (enc)
            is_int(kcapi_cipher_stream_init_enc(handle, ivlen ? i : NULL, NULL, 0), 0, v->source);
        else
            is_int(kcapi_cipher_stream_init_dec(handle, ivlen ? i : NULL, NULL, 0), 0, v->source);
        is_int(kcapi_cipher_stream_update_last(handle, &all, 1), len, "all is the last");
        is_int(kcapi_cipher_stream_op(handle, pieces, cut(pieces, got, len, 32)), len, "taken");
        is_mem(got, enc ? to : from, len, "in several IOVECs");
    }
    kcapi_cipher_destroy(handle);
}

/* Sends `sent` bytes in pieces of `piece`, in one to five IOVECs each, and takes all in one. */
static void test_splits(struct kcapi_handle *handle, size_t piece, bool with_init, bool empty_last)
{
    struct iovec iov[SEVERAL], result = { out, LEN };
    size_t done = 0;
    bool sent = true;

    memset(out, 0, LEN);
    if (with_init) {
        size_t n = cut(iov, plain, piece, piece / 3 + 1);

        sent = kcapi_cipher_stream_init_enc(handle, iv, iov, n) == (ssize_t)piece;
        done = piece;
    } else {
        sent = kcapi_cipher_stream_init_enc(handle, iv, NULL, 0) == 0;
    }
    while (done < LEN) {
        size_t now = LEN - done < piece ? LEN - done : piece;
        bool last = done + now == LEN && !empty_last;
        size_t n = cut(iov, plain + done, now, now / 4 + 1);
        ssize_t ret = last ? kcapi_cipher_stream_update_last(handle, iov, n)
                           : kcapi_cipher_stream_update(handle, iov, n);

        sent &= ret == (ssize_t)now;
        done += now;
    }
    if (empty_last)
        sent &= kcapi_cipher_stream_update_last(handle, NULL, 0) == 0;
    ok(sent, "pieces of %zu: each call returns what it sent", piece);
    is_int(kcapi_cipher_stream_op(handle, &result, 1), LEN, "all comes back");
    is_mem(out, cipher, LEN, "and is the one-shot's");
}

/* Update and op in turn; the state goes on from one to the next. */
static void test_in_turn(struct kcapi_handle *handle, size_t piece)
{
    bool right = true;

    memset(out, 0, LEN);
    kcapi_cipher_stream_init_enc(handle, iv, NULL, 0);
    for (size_t done = 0; done < LEN; done += piece) {
        struct iovec in = { plain + done, piece }, result = { out + done, piece };

        right &= kcapi_cipher_stream_update(handle, &in, 1) == (ssize_t)piece;
        right &= kcapi_cipher_stream_op(handle, &result, 1) == (ssize_t)piece;
    }
    ok(right, "pieces of %zu, each taken before the next", piece);
    is_mem(out, cipher, LEN, "and the whole is the one-shot's");
}

/*
 * Was -ENOMEM on Linux 6.1 from about 30 output IOVECs on, for which its sockets have no memory. Half of
 * the result is taken while more is to come, the other half at the end.
 */
static void test_many_outputs(struct kcapi_handle *handle, size_t count)
{
    struct iovec in = { plain, LEN }, results[LEN];
    size_t len = LEN / 2 / count;

    memset(out, 0, LEN);
    kcapi_cipher_stream_init_enc(handle, iv, &in, 1);
    for (size_t half = 0; half < 2; half++) {
        for (size_t i = 0; i < count; i++) {
            results[i].iov_base = out + half * LEN / 2 + i * len;
            results[i].iov_len = len;
        }
        if (half == 1)
            kcapi_cipher_stream_update_last(handle, NULL, 0);
        is_int(kcapi_cipher_stream_op(handle, results, count), LEN / 2, "a half is received");
    }
    ok(!memcmp(out, cipher, LEN), "in %zu IOVECs, it is the one-shot's", count);
}

static void test_odd_end(void)
{
    enum { ODD = 257 };
    struct kcapi_handle *handle = cipher_with_key("ctr(aes)", key, sizeof(key), 0);
    struct iovec in = { plain, ODD }, result = { out, ODD };
    uint8_t want[ODD];

    kcapi_cipher_encrypt(handle, plain, ODD, iv, want, ODD, 0);
    memset(out, 0, LEN);
    is_int(kcapi_cipher_stream_init_enc(handle, iv, &in, 1), ODD, "257 bytes in ctr");
    is_int(kcapi_cipher_stream_op(handle, &result, 1), 256, "256 of them before update_last");
    is_mem(out, want, 256, "which are right");
    is_int(kcapi_cipher_stream_update_last(handle, NULL, 0), 0, "update_last without data");
    result.iov_base = out + 256;
    result.iov_len = 1;
    is_int(kcapi_cipher_stream_op(handle, &result, 1), 1, "the last byte after it");
    is_mem(out, want, ODD, "which is right, too");

    result.iov_base = out;
    result.iov_len = ODD;
    memset(out, 0, LEN);
    kcapi_cipher_stream_init_enc(handle, iv, NULL, 0);
    is_int(kcapi_cipher_stream_update_last(handle, &in, 1), ODD, "257 bytes as the last");
    is_int(kcapi_cipher_stream_op(handle, &result, 1), ODD, "257 bytes at once");
    is_mem(out, want, ODD, "which are right");
    kcapi_cipher_destroy(handle);
}

static void test_arguments(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    struct iovec in = { plain, 32 }, result = { out, 32 };

    is_int(kcapi_cipher_stream_init_enc(handle, iv, NULL, 1), -EFAULT, "NULL and one: -EFAULT");
    kcapi_cipher_stream_init_enc(handle, iv, &in, 1);
    is_int(kcapi_cipher_stream_update(handle, NULL, 0), 0, "update of nothing");
    is_int(kcapi_cipher_stream_update(handle, &in, 0), 0, "update of no IOVECs");
    is_int(kcapi_cipher_stream_op(handle, NULL, 0), -EINVAL, "op into nothing: -EINVAL");
    is_int(kcapi_cipher_stream_op(handle, &result, 0), -EINVAL, "op into no IOVECs: -EINVAL");
    is_int(kcapi_cipher_stream_op(handle, NULL, 1), -EINVAL, "op into one at NULL: -EINVAL");
    is_int(kcapi_cipher_stream_op(handle, &result, 1), 32, "the stream goes on after all that");
    is_mem(out, cipher, 32, "and is right");
    is_int(kcapi_cipher_encrypt(handle, plain, 32, iv, out, 32, 0), 32, "a one-shot after it");
    is_mem(out, cipher, 32, "is right");
    kcapi_cipher_destroy(handle);
}

/* More than the kernel holds at once, so the sender waits for the receiver. */
enum { THREADED = MIB, SENT_AT_ONCE = 24 * KIB, TAKEN_AT_ONCE = 40 * KIB };
static uint8_t *stream_in, *stream_out;
static struct kcapi_handle *shared;
static bool sent_all = true;

static void *sender(void *unused)
{
    size_t done = 0;

    (void)unused;
    while (done < THREADED) {
        size_t now = THREADED - done < SENT_AT_ONCE ? THREADED - done : SENT_AT_ONCE;
        struct iovec in = { stream_in + done, now };

        if (kcapi_cipher_stream_update(shared, &in, 1) != (ssize_t)now) {
            sent_all = false;
            break;
        }
        done += now;
    }
    return NULL;
}

static void test_two_threads(void)
{
    pthread_t thread;
    size_t done = 0;
    ssize_t ret = 1;

    stream_in = pages(THREADED);
    stream_out = pages(THREADED);
    fill(stream_in, THREADED, 3);
    shared = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    kcapi_cipher_stream_init_enc(shared, iv, NULL, 0);
    if (pthread_create(&thread, NULL, sender, NULL))
        bail_out("no thread");
    while (done < THREADED && ret > 0) {
        size_t room = THREADED - done < TAKEN_AT_ONCE ? THREADED - done : TAKEN_AT_ONCE;
        struct iovec result = { stream_out + done, room };

        ret = kcapi_cipher_stream_op(shared, &result, 1);
        done += ret > 0 ? (size_t)ret : 0;
    }
    pthread_join(thread, NULL);
    ok(sent_all, "one thread sends 1 MiB");
    is_int(done, THREADED, "another takes it");
    kcapi_cipher_destroy(shared);

    /* Decryption in chained pieces is the inverse only if it was one chain. */
    shared = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    for (done = 0; done < THREADED; done += 64 * KIB)
        kcapi_cipher_decrypt(shared, stream_out + done, 64 * KIB,
                             done ? stream_out + done - 16 : iv, stream_in + done, 64 * KIB, 0);
    fill(stream_out, THREADED, 3);
    ok(memcmp(stream_in, stream_out, THREADED) == 0, "and it is one chain");
    kcapi_cipher_destroy(shared);
    free(stream_in);
    free(stream_out);
}

/*
 * A message that ends with an empty piece when all of it has been read: what is sent then without a start
 * is a message of its own, which another start gives up.
 */
static void test_message_after_an_empty_end(void)
{
    struct kcapi_handle *handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    uint8_t out[64];
    struct iovec in = { plain, 32 }, to = { out, sizeof(out) }, empty = { plain, 0 };

    is_int(kcapi_cipher_stream_init_enc(handle, iv, &in, 1), 32, "a message");
    is_int(kcapi_cipher_stream_op(handle, &to, 1), 32, "is read");
    is_int(kcapi_cipher_stream_update_last(handle, &empty, 1), 0, "its end is empty");
    in.iov_len = 40;
    is_int(kcapi_cipher_stream_update(handle, &in, 1), 40, "a message without a start");
    is_int(kcapi_cipher_stream_op(handle, &to, 1), 32, "its whole blocks");
    in.iov_len = 48;
    is_int(kcapi_cipher_stream_init_enc(handle, iv, &in, 1), 48, "another start gives up the rest");
    is_int(kcapi_cipher_stream_update_last(handle, &empty, 1), 0, "its end");
    is_int(kcapi_cipher_stream_op(handle, &to, 1), 48, "its result");
    is_mem(out, cipher, 48, "as of one message");
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    struct kcapi_handle *handle;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (size_t i = 0; i < CIPHER_VECTORS; i++)
        test_vector(&cipher_vectors[i]);

    fill(plain, LEN, 1);
    handle = cipher_with_key("ctr(aes)", key, sizeof(key), 0);
    kcapi_cipher_encrypt(handle, plain, LEN, iv, cipher, LEN, 0);
    for (size_t piece = 1; piece < LEN; piece += piece < 40 ? 13 : 100) {
        test_splits(handle, piece, false, false);
        test_splits(handle, piece, true, true);
    }
    kcapi_cipher_destroy(handle);

    handle = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    kcapi_cipher_encrypt(handle, plain, LEN, iv, cipher, LEN, 0);
    for (size_t piece = 7; piece < LEN; piece += 99)
        test_splits(handle, piece, true, false);
    for (size_t piece = 16; piece <= LEN; piece *= 2)
        test_in_turn(handle, piece);
    for (size_t count = 16; count <= LEN / 2; count *= 2)
        test_many_outputs(handle, count);
    kcapi_cipher_destroy(handle);

    test_message_after_an_empty_end();
    test_odd_end();
    test_arguments();
    test_two_threads();
    return done_testing();
}
