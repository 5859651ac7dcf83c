/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Keys by their serial numbers after fork(2), and by several threads at once. Each process has its own
 * key, as with keys that are given by their bytes, and a serial number that is refused takes no key
 * away, neither in this process nor in the other one.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>

#include "alone.h"
#include "fill.h"
#include "keys.h"

enum { LEN = 64, AAD = 16, TAG = 16, SHORT = 12, KEYS = 2, THREADS = 4, ROUNDS = 200 };

typedef struct kcapi_handle handle;

static const uint8_t iv[16] = "an IV of 16 byte";
static uint8_t keys[KEYS][16], in[AAD + LEN], sealed[KEYS][AAD + LEN + TAG];

static int32_t serial_of(int number) { return key_of("user", keys[number], 16); }

static ssize_t seal(handle *h, uint8_t *out)
{
    return kcapi_aead_encrypt(h, in, sizeof(in), iv, out, sizeof(in) + TAG, 0);
}

/* The number of the key that the handle has, which is one of both; or a negative errno. */
static int key_in(handle *h)
{
    uint8_t out[AAD + LEN + TAG];
    ssize_t ret = seal(h, out);

    for (int i = 0; i < KEYS && ret == (ssize_t)sizeof(out); i++)
        if (memcmp(out, sealed[i], sizeof(out)) == 0)
            return i;
    return ret < 0 ? (int)ret : KEYS;
}

static handle *with_serial(int number)
{
    handle *h = NULL;

    if (kcapi_aead_init(&h, "gcm(aes)", 0) || kcapi_aead_settaglen(h, TAG) ||
        kcapi_handle_setkey_serial(h, serial_of(number)))
        bail_out("no gcm(aes) with a key by its serial number");
    kcapi_aead_setassoclen(h, AAD);
    return h;
}

/* Runs in a child process, which the parent waits for. */
static void in_child(void (*run)(handle *), handle *h)
{
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        alarm(patience());
        run(h);
        fflush(NULL);
        _exit(unexpected != 0);
    }
    expect_int(ending(child), 0, "the child");
}

static void another_key(handle *h)
{
    expect_int(key_in(h), 0, "the parent's key");
    expect_int(kcapi_handle_setkey_serial(h, serial_of(1)), 0, "the child's own");
    expect_int(key_in(h), 1, "which it has now");
}

static void each_its_own(const void *arg)
{
    handle *h = with_serial(0);

    (void)arg;
    in_child(another_key, h);
    expect_int(key_in(h), 0, "the parent's own key, after the child's");
    expect_int(kcapi_handle_setkey_serial(h, serial_of(1)), 0, "another one");
    in_child(another_key, with_serial(0));
    expect_int(key_in(h), 1, "which it has now");
    kcapi_aead_destroy(h);
}

static int32_t parents_serial;

/* Keys in the parent's process keyring are the parent's alone. */
static void a_refused_one(handle *h)
{
    expect_int(kcapi_handle_setkey_serial(h, parents_serial), -EACCES, "the parent's serial number");
    expect_int(key_in(h), 0, "the key that was there");
    expect_int(kcapi_handle_setkey_serial(h, INT32_MAX), -ENOKEY, "a serial number of no key");
    expect_int(key_in(h), 0, "the key that was there");
    expect_int(kcapi_handle_setkey_serial(h, key_of("user", in, 15)), -EINVAL, "a wrong length");
    expect_int(key_in(h), -ENOKEY, "which leaves none");
    expect_int(kcapi_handle_setkey_serial(h, serial_of(1)), 0, "a right one");
    expect_int(key_in(h), 1, "which it has now");
}

static void refused_in_the_child(const void *arg)
{
    handle *h = with_serial(0);

    (void)arg;
    parents_serial = serial_of(1);
    in_child(a_refused_one, h);
    expect_int(key_in(h), 0, "the parent's key, whatever the child was refused");
    expect_int(kcapi_handle_setkey_serial(h, INT32_MAX), -ENOKEY, "a serial number of no key");
    expect_int(key_in(h), 0, "the parent's key, whatever it was refused");
    kcapi_aead_destroy(h);
}

static int to_child[2], to_parent[2];

static void wait_for_other(int from)
{
    char c;

    if (read(from, &c, 1) != 1)
        _exit(3);
}

static void go_on(int to)
{
    if (write(to, "", 1) != 1)
        _exit(3);
}

/* The parent has set a shorter tag, on the socket that both have. */
static void no_wrong_tag(handle *h)
{
    uint8_t out[AAD + LEN + TAG];
    ssize_t ret;

    go_on(to_parent[1]);
    wait_for_other(to_child[0]);
    ret = seal(h, out);
    expect(ret == -EBUSY || (ret == (ssize_t)sizeof(out) && !memcmp(out, sealed[0], sizeof(out))),
           "a message with the parent's tag length: %zd", ret);
    expect_int(kcapi_handle_setkey_serial(h, serial_of(1)), 0, "a key of its own");
    expect_int(key_in(h), 1, "and its own tag length");
}

/* The library must know that there is a key, though another one was refused since. */
static void tag_after_a_refused_one(const void *arg)
{
    uint8_t out[AAD + LEN + TAG];
    handle *h = with_serial(0);
    pid_t child;

    (void)arg;
    expect_int(kcapi_handle_setkey_serial(h, INT32_MAX), -ENOKEY, "a serial number of no key");
    if (pipe(to_child) || pipe(to_parent))
        bail_out("pipe(2)");
    child = fork();
    if (child == 0) {
        alarm(patience());
        no_wrong_tag(h);
        fflush(NULL);
        _exit(unexpected != 0);
    }
    wait_for_other(to_parent[0]);
    expect_int(kcapi_aead_settaglen(h, SHORT), 0, "the parent's new tag length");
    go_on(to_child[1]);
    expect_int(ending(child), 0, "the child");
    expect_int(seal(h, out), AAD + LEN + SHORT, "the parent's message");
    kcapi_aead_destroy(h);
}

static handle *shared;
static int32_t both[KEYS];

static void *set_keys(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        expect_int(kcapi_handle_setkey_serial(shared, both[i % KEYS]), 0, "a key of two");
        sched_yield();
    }
    return NULL;
}

static void *use_keys(void *arg)
{
    handle *own = reinit(shared, 0);

    (void)arg;
    kcapi_aead_setassoclen(own, AAD);
    for (int i = 0; i < ROUNDS; i++) {
        int number = key_in(own);

        expect(number == 0 || number == 1, "one key or the other: %d", number);
    }
    kcapi_aead_destroy(own);
    return NULL;
}

/* Two threads set keys, the others use what is set. */
static void threads(const void *arg)
{
    pthread_t all[THREADS];

    (void)arg;
    shared = with_serial(0);
    for (int i = 0; i < KEYS; i++)
        both[i] = serial_of(i);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&all[i], NULL, i % 2 ? use_keys : set_keys, NULL))
            bail_out("pthread_create");
    for (int i = 0; i < THREADS; i++)
        pthread_join(all[i], NULL);
    expect_int(kcapi_handle_setkey_serial(shared, both[1]), 0, "the last one");
    expect_int(key_in(shared), 1, "is the one that is used");
    kcapi_aead_destroy(shared);
}

static void make_results(void)
{
    fill(keys, sizeof(keys), 1);
    fill(in, sizeof(in), 2);
    for (int i = 0; i < KEYS; i++) {
        handle *h = aead_with_key("gcm(aes)", keys[i], 16, TAG, AAD, 0);

        if (seal(h, sealed[i]) != (ssize_t)sizeof(sealed[i]))
            bail_out("gcm(aes)");
        kcapi_aead_destroy(h);
    }
}

static bool takes_serials(void)
{
    handle *h = aead_with_key("gcm(aes)", keys[0], 16, TAG, AAD, 0);
    bool kernel = strcmp(kcapi_handle_engine(h), "kernel") == 0;

    kcapi_aead_destroy(h);
    return !kernel || kernel_takes_serials();
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    make_results();
    if (!has_keyrings() || !takes_serials()) {
        puts("1..0 # SKIP no keys by serial numbers here");
        return 0;
    }
    plan(4);
    ok(alone(each_its_own, NULL), "each process has its own key");
    ok(alone(refused_in_the_child, NULL), "a serial number that is refused takes no key away");
    ok(alone(tag_after_a_refused_one, NULL), "nor the tag length that goes with it");
    ok(alone(threads, NULL), "two threads set keys, others use them");
    return tap_status();
}
