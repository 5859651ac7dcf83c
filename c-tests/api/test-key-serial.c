/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A key by its serial number in the kernel's keyrings is the same as the key by its bytes; and what
 * is no such key is refused, with the errno that says why, and leaves the old key in force. On the
 * kernel's engine and on the one in user space, which reads keys of type user and no others.
 */
#define _GNU_SOURCE
#include "fill.h"
#include "keys.h"

enum { LEN = 64, AAD = 16, TAG = 16, KEY = 32 };

typedef struct kcapi_handle handle;

static const uint8_t iv[16] = "an IV of 16 byte";
static uint8_t key[KEY], other_key[KEY], in[LEN + AAD];

/* The engine that is tested. */
static struct {
    const char *name;
    uint32_t flags;
    bool kernel;
} engine;

/* What a handle makes of `in` with the key that it has. */
static ssize_t cipher_result(handle *h, uint8_t *out)
{
    return kcapi_cipher_encrypt(h, in, LEN, iv, out, LEN, 0);
}

static ssize_t aead_result(handle *h, uint8_t *out)
{
    kcapi_aead_setassoclen(h, AAD);
    return kcapi_aead_encrypt(h, in, LEN + AAD, iv, out, LEN + AAD + TAG, 0);
}

static ssize_t md_result(handle *h, uint8_t *out) { return kcapi_md_digest(h, in, LEN, out, 32); }

static const struct keyed {
    const char *name;
    uint32_t keylen;
    int (*init)(handle **, const char *, uint32_t);
    int (*setkey)(handle *, const uint8_t *, uint32_t);
    ssize_t (*result)(handle *, uint8_t *);
} families[] = {
    { "cbc(aes)", 32, kcapi_cipher_init, kcapi_cipher_setkey, cipher_result },
    { "xts(aes)", 32, kcapi_cipher_init, kcapi_cipher_setkey, cipher_result },
    { "gcm(aes)", 16, kcapi_aead_init, kcapi_aead_setkey, aead_result },
    { "hmac(sha256)", 20, kcapi_md_init, kcapi_md_setkey, md_result },
};
enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

static handle *open_handle(const struct keyed *k, const uint8_t *its_key)
{
    handle *h = NULL;
    int ret = k->init(&h, k->name, engine.flags);

    if (ret || (its_key && (ret = k->setkey(h, its_key, k->keylen))))
        bail_out("%s: %d", k->name, ret);
    return h;
}

/* Whether the handle has this key. */
static void has_key(handle *h, const struct keyed *k, const uint8_t *its_key, const char *what)
{
    uint8_t out[LEN + AAD + TAG] = { 0 }, want[LEN + AAD + TAG] = { 0 };
    handle *by_bytes = open_handle(k, its_key);
    ssize_t len = k->result(by_bytes, want), got = k->result(h, out);

    ok(len > 0 && got == len && memcmp(out, want, (size_t)len) == 0, "%s, %s: %s", engine.name,
       k->name, what);
    kcapi_cipher_destroy(by_bytes);
}

/* A key of the type serves as its bytes do, on a new handle, and in the place of another key. */
static void same_as_bytes(const struct keyed *k, const char *type)
{
    int32_t serial = key_of(type, key, k->keylen);
    handle *h = open_handle(k, NULL), *second = NULL;

    is_int(kcapi_handle_setkey_serial(h, serial), 0, "a serial number is set");
    has_key(h, k, key, type);
    second = reinit(h, 0);
    has_key(second, k, key, "for all handles on the transform");
    k->setkey(h, other_key, k->keylen);
    has_key(second, k, other_key, "another one by its bytes");
    is_int(kcapi_handle_setkey_serial(second, serial), 0, "and the serial number again");
    has_key(h, k, key, type);
    /* The kernel's and the user engine's keys are copies. */
    if (keyctl(KEYCTL_REVOKE, serial, 0))
        bail_out("KEYCTL_REVOKE");
    has_key(h, k, key, "also when the key was revoked since");
    is_int(kcapi_handle_setkey_serial(h, serial), -EKEYREVOKED, "which cannot be set any more");
    has_key(h, k, key, "and leaves what was set");
    kcapi_cipher_destroy(second);
    kcapi_cipher_destroy(h);
}

/* The key is refused and the one before is still there. */
static void refused(int32_t serial, int want, const char *what)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        handle *h = open_handle(&families[i], other_key);

        is_int(kcapi_handle_setkey_serial(h, serial), want, what);
        has_key(h, &families[i], other_key, "the old key is in force");
        kcapi_cipher_destroy(h);
    }
}

static int32_t expired_key(void)
{
    int32_t serial = key_of("user", key, 16);

    if (keyctl(KEYCTL_SET_TIMEOUT, serial, 1))
        bail_out("KEYCTL_SET_TIMEOUT");
    sleep(2);
    return serial;
}

/* A key that gives the possessor of its keyring these permissions, and nobody any other. */
static int32_t key_that_gives(uint32_t permissions)
{
    int32_t serial = key_of("user", key, 32);

    if (keyctl(KEYCTL_SETPERM, serial, permissions))
        bail_out("KEYCTL_SETPERM");
    return serial;
}

static void what_is_no_key(void)
{
    int32_t serial = key_of("user", key, 16);

    refused(0, -EINVAL, "0");
    refused(-1, -EINVAL, "the thread's keyring, which there is not");
    refused(KEY_SPEC_PROCESS_KEYRING, -EINVAL, "the process's keyring");
    refused(INT32_MIN, -EINVAL, "the smallest number");
    refused(key_of("keyring", NULL, 0), -EOPNOTSUPP, "a keyring");
    refused(expired_key(), -EKEYEXPIRED, "a key that has expired");
    refused(key_that_gives(POSSESSOR(MAY_VIEW | MAY_READ) | OWNER(MAY_VIEW)), -EACCES,
            "a key that may not be searched");
    if (keyctl(KEYCTL_UNLINK, serial, (unsigned long)KEY_SPEC_PROCESS_KEYRING))
        bail_out("KEYCTL_UNLINK");
    /* The kernel forgets it in the background. */
    for (int i = 0; i < 100 && keyctl(KEYCTL_GET_SECURITY, serial, 0) >= 0; i++)
        usleep(50000);
    refused(serial, -ENOKEY, "a key that is no more");
}

/* The kernel's engine need not read the key; the other one must. */
static void permission_to_read(void)
{
    const struct keyed *k = &families[0];
    int32_t serial = key_that_gives(POSSESSOR(MAY_SEARCH) | OWNER(MAY_SETATTR));
    handle *h = open_handle(k, other_key);

    is_int(kcapi_handle_setkey_serial(h, serial), engine.kernel ? 0 : -EACCES,
           "a key that may only be searched");
    has_key(h, k, engine.kernel ? key : other_key, "is set by the kernel alone");
    kcapi_cipher_destroy(h);
}

static void wrong_length(void)
{
    static const uint32_t lengths[] = { 1, 15, 17, 33, 4000 };
    uint8_t payload[4000] = { 1 };

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        handle *h = open_handle(&families[0], NULL);
        int32_t serial = key_of("user", payload, lengths[i]);
        int ret = kcapi_handle_setkey_serial(h, serial);
        uint8_t out[LEN];

        is_int(ret, -EINVAL, "a key that is too short, too long or in between");
        is_int(cipher_result(h, out), -ENOKEY, "and none is set");
        is_int(kcapi_handle_setkey_serial(h, key_of("user", key, 32)), 0, "then a right one");
        has_key(h, &families[0], key, "after a wrong one");
        kcapi_cipher_destroy(h);
    }
}

/* An HMAC's key of this length, by serial number and by its bytes. */
static void long_key(uint32_t len)
{
    const struct keyed hmac = { "hmac(sha256)", len, kcapi_md_init, kcapi_md_setkey, md_result };
    uint8_t *payload = pages(len);
    handle *h = open_handle(&hmac, NULL);
    int32_t serial;

    fill(payload, len, len);
    serial = try_key_of("user", payload, len);
    if (serial == -EDQUOT) {
        skip(2, "no user but root may have so long a key");
    } else {
        is_int(kcapi_handle_setkey_serial(h, serial), 0, "a long key");
        has_key(h, &hmac, payload, "is set whole");
    }
    kcapi_cipher_destroy(h);
    free(payload);
}

static void no_key_at_all(void)
{
    int32_t serial = key_of("user", key, 32);
    handle *h = NULL;
    int ret;

    is_int(kcapi_handle_setkey_serial(NULL, serial), -EINVAL, "no handle");
    if (kcapi_md_init(&h, "sha256", engine.flags))
        bail_out("sha256");
    ret = kcapi_handle_setkey_serial(h, serial);
    ok(ret == -ENOSYS || ret == -EOPNOTSUPP, "%s: sha256 takes no key: %d", engine.name, ret);
    kcapi_md_destroy(h);
    if (kcapi_rng_init(&h, "stdrng", engine.flags)) {
        skip(1, "no stdrng");
        return;
    }
    is_int(kcapi_handle_setkey_serial(h, serial), -EINVAL, "a generator's seed is no key");
    kcapi_rng_destroy(h);
}

static void in_a_stream(void)
{
    const struct keyed *k = &families[0];
    int32_t serial = key_of("user", other_key, 32);
    handle *h = open_handle(k, key), *by_bytes = open_handle(k, key), *second = reinit(h, 0);
    struct iovec piece = { in, 32 }, rest = { in + 32, 32 };
    uint8_t out[LEN] = { 0 }, want[LEN] = { 0 };
    struct iovec result = { out, LEN };

    cipher_result(by_bytes, want);
    is_int(kcapi_cipher_stream_init_enc(h, iv, &piece, 1), 32, "a stream begins");
    is_int(kcapi_handle_setkey_serial(h, serial), -EBUSY, "it keeps its key");
    is_int(kcapi_handle_setkey_serial(second, serial), -EBUSY, "whichever handle is given");
    is_int(kcapi_cipher_stream_update_last(h, &rest, 1), 32, "it goes on");
    is_int(kcapi_cipher_stream_op(h, &result, 1), LEN, "and ends");
    is_mem(out, want, LEN, "as it would have");
    is_int(kcapi_handle_setkey_serial(second, serial), 0, "then the key is set");
    is_int(kcapi_cipher_encrypt(h, in, LEN, NULL, out, LEN, 0), -EINVAL,
           "and there is no IV to go on with");
    has_key(h, k, other_key, "the new key");
    kcapi_cipher_destroy(second);
    kcapi_cipher_destroy(by_bytes);
    kcapi_cipher_destroy(h);
}

static void in_a_digest(void)
{
    const struct keyed *k = &families[FAMILIES - 1];
    int32_t serial = key_of("user", other_key, k->keylen);
    handle *h = open_handle(k, key), *by_bytes = open_handle(k, key);
    uint8_t out[32] = { 0 }, want[32] = { 0 };

    md_result(by_bytes, want);
    is_int(kcapi_md_update(h, in, 10), 0, "a message begins");
    is_int(kcapi_handle_setkey_serial(h, serial), -EBUSY, "it keeps its key");
    is_int(kcapi_md_update(h, in + 10, LEN - 10), 0, "it goes on");
    is_int(kcapi_md_final(h, out, 32), 32, "and ends");
    is_mem(out, want, 32, "as it would have");
    is_int(kcapi_handle_setkey_serial(h, serial), 0, "then the key is set");
    has_key(h, k, other_key, "the new key");
    kcapi_md_destroy(by_bytes);
    kcapi_md_destroy(h);
}

/* A key that is refused leaves the old one, but no IV: a message with NULL would go on with zeros. */
static void chain_after_a_refused_one(void)
{
    const struct keyed *k = &families[0];
    handle *h = open_handle(k, key);
    uint8_t out[LEN];

    is_int(cipher_result(h, out), LEN, "a message");
    is_int(kcapi_handle_setkey_serial(h, key_of("keyring", NULL, 0)), -EOPNOTSUPP, "a keyring");
    is_int(kcapi_cipher_encrypt(h, in, LEN, NULL, out, LEN, 0), -EINVAL, "no IV to go on with");
    has_key(h, k, key, "the old key");
    kcapi_cipher_destroy(h);
}

/* A tag length that was set before the key is the one in force. */
static void with_a_short_tag(void)
{
    enum { SHORT = 12 };
    const struct keyed *k = &families[2];
    uint8_t out[LEN + AAD + TAG], want[LEN + AAD + TAG];
    handle *h = open_handle(k, NULL), *by_bytes = open_handle(k, key);

    is_int(kcapi_aead_settaglen(h, SHORT), 0, "a tag length");
    is_int(kcapi_handle_setkey_serial(h, key_of("user", key, k->keylen)), 0, "then a key");
    kcapi_aead_setassoclen(h, AAD);
    is_int(aead_result(by_bytes, want), LEN + AAD + TAG, "the whole tag");
    is_int(kcapi_aead_encrypt(h, in, LEN + AAD, iv, out, sizeof(out), 0), LEN + AAD + SHORT,
           "the short one");
    is_mem(out, want, LEN + AAD + SHORT, "is its beginning");
    kcapi_aead_destroy(by_bytes);
    kcapi_aead_destroy(h);
}

static void only_by_the_kernel(const char *type)
{
    if (engine.kernel)
        for (size_t i = 0; i < FAMILIES; i++)
            same_as_bytes(&families[i], type);
    else
        refused(key_of(type, key, 32), -EOPNOTSUPP, "a key that no process can read");
}

/*
 * The key that is in the text of an encrypted key, which KEYCTL_READ gives: "default user:NAME 32",
 * and in hexadecimal an IV, a zero, the key under AES-256 and an HMAC. AES's key is a digest of the
 * master key, see Linux security/keys/encrypted-keys/encrypted.c.
 */
static bool decrypted(const char *text, const uint8_t *master, uint8_t *its_key)
{
    uint8_t to_hash[sizeof("AUTH_KEY") + KEY] = "ENC_KEY", aes_key[32], blob[256];
    const char *hex = strrchr(text, ' ');

    memcpy(to_hash + sizeof("ENC_KEY"), master, KEY);
    return hex && unhex(hex + 1, blob, sizeof(blob)) >= 17 + KEY &&
           kcapi_md_sha256(to_hash, sizeof(to_hash), aes_key, 32) == 32 &&
           kcapi_cipher_dec_aes_cbc(aes_key, 32, blob + 17, KEY, blob, its_key, KEY) == KEY;
}

static void encrypted_key(void)
{
    static const char format[] = "new default user:%s 32";
    char name[64], text[512] = "";
    uint8_t its_key[KEY] = { 0 };
    int32_t serial;
    handle *h;

    snprintf(name, sizeof(name), "kcapi-test-master-%d", (int)getpid());
    if (syscall(SYS_add_key, "user", name, other_key, KEY, KEY_SPEC_PROCESS_KEYRING) < 0)
        bail_out("no master key");
    snprintf(text, sizeof(text), format, name);
    serial = try_key_of("encrypted", text, strlen(text));
    if (serial == -ENODEV) {
        skip(1, "this kernel has no encrypted keys");
        return;
    }
    if (serial < 0)
        bail_out("an encrypted key: %d", serial);
    if (!engine.kernel) {
        refused(serial, -EOPNOTSUPP, "an encrypted key: what can be read of it is not the key");
        return;
    }
    memset(text, 0, sizeof(text));
    if (syscall(SYS_keyctl, KEYCTL_READ, serial, text, sizeof(text) - 1) < 0 ||
        !decrypted(text, other_key, its_key))
        bail_out("the text of an encrypted key: %s", text);
    h = open_handle(&families[0], NULL);
    is_int(kcapi_handle_setkey_serial(h, serial), 0, "an encrypted key");
    has_key(h, &families[0], its_key, "what is in it, not its text");
    kcapi_cipher_destroy(h);
}

static void all(void)
{
    for (size_t i = 0; i < FAMILIES; i++)
        same_as_bytes(&families[i], "user");
    only_by_the_kernel("logon");
    encrypted_key();
    what_is_no_key();
    permission_to_read();
    wrong_length();
    long_key(200);
    /* More than the kernel may take: net.core.optmem_max. */
    if (!engine.kernel)
        long_key(32767);
    no_key_at_all();
    chain_after_a_refused_one();
    in_a_stream();
    in_a_digest();
    with_a_short_tag();
}

/* Linux before 6.2 refuses all alike. */
static void none(void)
{
    refused(key_of("user", key, 16), -EOPNOTSUPP, "no serial numbers before Linux 6.2");
    refused(key_of("logon", key, 16), -EOPNOTSUPP, "whatever the type");
    refused(0, -EINVAL, "0 is none in any case");
}

int main(void)
{
    handle *h = NULL;

    allow_both_engines();
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(key, sizeof(key), 1);
    fill(other_key, sizeof(other_key), 2);
    fill(in, sizeof(in), 3);
    if (!has_keyrings()) {
        puts("1..0 # SKIP no keyrings here, or they are forbidden");
        return 0;
    }
    if (kcapi_cipher_init(&h, "cbc(aes)", 0))
        bail_out("cbc(aes)");
    engine.name = kcapi_handle_engine(h);
    engine.kernel = strcmp(engine.name, "kernel") == 0;
    kcapi_cipher_destroy(h);
    if (!engine.kernel || kernel_takes_serials())
        all();
    else
        none();
    if (engine.kernel) {
        engine.name = "user";
        engine.flags = KCAPI_INIT_USER;
        engine.kernel = false;
        all();
    }
    return done_testing();
}
