/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Message digests: handles, messages in turn, keys, errors. Known answers: test-md-kat.c. */
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>

#define MD_SINCE_1_5
#include "md.h"

/* FIPS 180-4 as NIST's examples have it; the same of "" is in CAVP SHA256ShortMsg.rsp. */
static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static uint8_t of_abc[32], of_nothing[32], out[DIGEST_MAX];
static const uint8_t key[32] = "a key for all of these tests";
static struct kcapi_handle *handle;

static void is_digest(ssize_t ret, const uint8_t want[32], const char *name)
{
    is_int(ret, 32, name);
    is_mem(out, want, 32, "and the digest is right");
    memset(out, 0, sizeof(out));
}

#define FINAL() kcapi_md_final(handle, out, sizeof(out))
#define UPDATE(text) kcapi_md_update(handle, (const uint8_t *)(text), strlen(text))
#define DIGEST(text) \
    kcapi_md_digest(handle, (const uint8_t *)(text), strlen(text), out, sizeof(out))

static void init(void)
{
    struct kcapi_handle *untouched = (struct kcapi_handle *)of_abc, *before = untouched;

    is_int(kcapi_md_init(&untouched, "nosuch", 0), -ENOENT, "an unknown digest: -ENOENT");
    is_int(kcapi_md_init(&untouched, NULL, 0), -ENOENT, "NULL: -ENOENT");
    ok(kcapi_md_init(&untouched, "cbc(aes)", 0) < 0, "no digest: an error");
    ok(untouched == before, "and the handle's pointer stays as it was");
    is_int(kcapi_md_init(&untouched, "sha256", KCAPI_INIT_AIO | 0xff00), 0, "flags are ignored");
    kcapi_md_destroy(untouched);
    kcapi_md_destroy(NULL);
    is_int(kcapi_md_init(NULL, "sha256", 0), -EINVAL, "nowhere to store it: -EINVAL");

    for (size_t i = 0; i < MD_CALLS; i++) {
        if (!has_md(md_calls[i].name)) {
            is_int(md_calls[i].digest(key, 3, out, sizeof(out)), -ENOENT, "not there: -ENOENT");
            continue;
        }
        handle = md(md_calls[i].name);
        is_int(kcapi_md_digestsize(handle), md_calls[i].size, md_calls[i].name);
        kcapi_md_destroy(handle);
    }
    handle = md("sha512");
    is_int(kcapi_md_blocksize(handle), 128, "blocks of sha512 have 128 bytes");
    kcapi_md_destroy(handle);
    handle = md("sha256");
    is_int(kcapi_md_blocksize(handle), 64, "and those of sha256 have 64");
    kcapi_md_destroy(handle);
}

static void messages(void)
{
    uint8_t text[32] = "abc";

    handle = md("sha256");
    is_digest(FINAL(), of_nothing, "final alone gives the digest of the empty message");
    is_digest(FINAL(), of_nothing, "also again");
    is_int(UPDATE("ab"), 0, "update");
    is_int(UPDATE("c"), 0, "update");
    is_digest(FINAL(), of_abc, "final");
    is_int(UPDATE("abc"), 0, "a second message");
    is_digest(FINAL(), of_abc, "final");
    is_int(UPDATE(""), 0, "update with nothing");
    is_int(kcapi_md_update(handle, NULL, 0), 0, "update with NULL and 0");
    is_int(UPDATE("abc"), 0, "and with something");
    is_int(kcapi_md_update(handle, NULL, 0), 0, "and with nothing again");
    is_digest(FINAL(), of_abc, "final");
    is_digest(DIGEST("abc"), of_abc, "digest");
    is_digest(DIGEST(""), of_nothing, "digest of nothing");
    is_digest(kcapi_md_digest(handle, NULL, 0, out, sizeof(out)), of_nothing, "and of NULL");
    is_int(UPDATE("ab"), 0, "update");
    is_digest(DIGEST("c"), of_abc, "digest goes on with a message that was begun");
    is_digest(DIGEST("abc"), of_abc, "and then begins its own");
    is_int(kcapi_md_digest(handle, text, 3, text, sizeof(text)), 32, "over the message itself");
    is_mem(text, of_abc, 32, "the digest");
    kcapi_md_destroy(handle);
}

static void ten_mebibytes(void)
{
    const size_t len = 10 * MIB;
    uint8_t *data = pages(len), in_one[32], other[32];

    fill(data, len, 1);
    handle = md("sha256");
    is_int(kcapi_md_update(handle, data, len), 0, "one update of 10 MiB");
    is_int(kcapi_md_final(handle, in_one, 32), 32, "final");
    for (size_t done = 0; done < len; done += 4096)
        if (kcapi_md_update(handle, data + done, 4096))
            bail_out("update failed at %zu", done);
    is_int(kcapi_md_final(handle, other, 32), 32, "10 MiB in pieces of 4 KiB");
    is_mem(other, in_one, 32, "have the same digest");
    is_int(kcapi_md_digest(handle, data, len, other, 32), 32, "10 MiB in kcapi_md_digest");
    is_mem(other, in_one, 32, "have it too");
    data[len - 1] ^= 1;
    is_int(kcapi_md_sha256(data, len, other, 32), 32, "10 MiB in kcapi_md_sha256");
    ok(memcmp(other, in_one, 32) != 0, "and after a change at the end another one");
    kcapi_md_destroy(handle);
    free(data);
}

static void buffers(void)
{
    handle = md("sha256");
    UPDATE("abc");
    is_int(kcapi_md_final(handle, out, 0), -EINVAL, "final into no bytes: -EINVAL");
    is_int(kcapi_md_final(handle, NULL, 32), -EINVAL, "final into NULL: -EINVAL");
    is_digest(FINAL(), of_abc, "the message is still there");
    UPDATE("abc");
    is_int(kcapi_md_final(handle, out, 31), 31, "a short buffer gets the beginning");
    is_mem(out, of_abc, 31, "of the digest");
    is_int(out[31], 0, "and not more");
    is_digest(FINAL(), of_nothing, "the rest of it does not follow");
    UPDATE("abc");
    is_digest(kcapi_md_final(handle, out, (size_t)INT_MAX + 1), of_abc, "a length over INT_MAX");

    is_int(kcapi_md_digest(handle, key, 3, out, 0), -EINVAL, "digest into no bytes: -EINVAL");
    is_int(kcapi_md_digest(handle, key, 3, NULL, 32), -EINVAL, "digest into NULL: -EINVAL");
    is_digest(DIGEST("abc"), of_abc, "and nothing of it is left for the next");
    kcapi_md_destroy(handle);
}

/* Only a system call can tell that memory is not there. */
static void test_unmapped(struct kcapi_handle *handle, uint8_t *unmapped)
{
    if (mprotect(unmapped, page_size(), PROT_NONE))
        bail_out("mprotect");
    UPDATE("abc");
    is_int(kcapi_md_update(handle, unmapped, 5), -EFAULT, "memory that cannot be read: -EFAULT");
    is_int(FINAL(), -EIO, "there is no digest of a message with a hole");
    is_digest(FINAL(), of_nothing, "then the handle is clean");
    UPDATE("x");
    is_int(kcapi_md_update(handle, unmapped, 5), -EFAULT, "again: -EFAULT");
    is_int(kcapi_md_update(handle, (const uint8_t *)"abc", 3), -EIO, "no piece makes it whole");
    is_int(FINAL(), -EIO, "nor gives its end a digest");
    UPDATE("abc");
    is_digest(FINAL(), of_abc, "then another message may follow");
    is_int(kcapi_md_digest(handle, unmapped, 5, out, 32), -EFAULT, "digest: -EFAULT");
    is_digest(DIGEST("abc"), of_abc, "and the handle is clean");
    /* The kernel has dropped what had begun, and would give the digest of nothing. */
    UPDATE("abc");
    is_int(kcapi_md_digest(handle, unmapped, 5, out, 32), -EFAULT, "digest of what had begun: -EFAULT");
    is_int(FINAL(), -EIO, "that is lost");
    UPDATE("abc");
    is_int(kcapi_md_final(handle, unmapped, 32), -EFAULT, "a digest that cannot be written: -EFAULT");
    is_int(FINAL(), -EIO, "it is lost, too");
    is_digest(DIGEST("abc"), of_abc, "and the handle is clean again");
    UPDATE("x");
    is_int(kcapi_md_final(handle, unmapped, 32), -EFAULT, "once more: -EFAULT");
    UPDATE("abc");
    is_digest(FINAL(), of_abc, "what is begun then is a message of its own");
    mprotect(unmapped, page_size(), PROT_READ | PROT_WRITE);
}

static void errors(void)
{
    size_t over = (size_t)INT_MAX + 1;
    uint8_t *unmapped = pages(page_size());

    handle = md("sha256");
    UPDATE("ab");
    is_int(kcapi_md_update(handle, key, over), -EMSGSIZE, "an update over INT_MAX: -EMSGSIZE");
    is_int(kcapi_md_update(handle, NULL, 5), -EFAULT, "an update from NULL: -EFAULT");
    UPDATE("c");
    is_digest(FINAL(), of_abc, "the message went on without them");
    is_int(kcapi_md_digest(handle, key, over, out, 32), -EMSGSIZE, "digest: -EMSGSIZE");
    is_int(kcapi_md_digest(handle, NULL, 5, out, 32), -EFAULT, "digest: -EFAULT");
    is_digest(DIGEST("abc"), of_abc, "the handle is as it was");

    if (strcmp(kcapi_handle_engine(handle), "kernel") == 0)
        test_unmapped(handle, unmapped);
    else
        skip(21, "only system calls answer -EFAULT");
    free(unmapped);
    kcapi_md_destroy(handle);

    is_int(kcapi_md_update(NULL, key, 5), -EINVAL, "update without a handle: -EINVAL");
    is_int(kcapi_md_final(NULL, out, 32), -EINVAL, "final without a handle: -EINVAL");
    is_int(kcapi_md_digest(NULL, key, 5, out, 32), -EINVAL, "digest without a handle: -EINVAL");
    is_int(kcapi_md_setkey(NULL, key, 5), -EINVAL, "setkey without a handle: -EINVAL");
    is_int(kcapi_md_digestsize(NULL), 0, "no handle has no digest");
    is_int(kcapi_md_blocksize(NULL), 0, "and no blocks");
}

static void keys(void)
{
    uint8_t first[32], second[32];

    handle = md("sha256");
    ok(kcapi_md_setkey(handle, key, 16) < 0, "sha256 takes no key");
    is_digest(DIGEST("abc"), of_abc, "and works without");
    kcapi_md_destroy(handle);

    handle = md("hmac(sha256)");
    is_int(UPDATE("abc"), -ENOKEY, "update without a key: -ENOKEY");
    is_int(FINAL(), -ENOKEY, "final without a key: -ENOKEY");
    is_int(DIGEST("abc"), -ENOKEY, "digest without a key: -ENOKEY");
    is_int(kcapi_md_setkey(handle, NULL, 16), -EFAULT, "a key at NULL: -EFAULT");
    is_int(kcapi_md_setkey(handle, key, 16), 0, "a key after that");
    is_int(kcapi_md_digest(handle, key, 32, first, 32), 32, "digest");
    is_int(kcapi_md_setkey(handle, key, 17), 0, "another key between two messages");
    is_int(kcapi_md_digest(handle, key, 32, second, 32), 32, "digest");
    ok(memcmp(first, second, 32) != 0, "is another one");
    is_int(kcapi_md_update(handle, key, 5), 0, "a message begins");
    is_int(kcapi_md_setkey(handle, key, 16), -EBUSY, "another key in its middle: -EBUSY");
    is_int(kcapi_md_update(handle, key + 5, 27), 0, "the message goes on");
    is_int(FINAL(), 32, "final");
    is_mem(out, second, 32, "with the key that it had");
    is_int(kcapi_md_setkey(handle, key, 16), 0, "then the first key again");
    is_int(kcapi_md_hmac_sha256(key, 16, key, 32, out, 32), 32, "kcapi_md_hmac_sha256");
    is_mem(out, first, 32, "the digest of the first key");
    is_int(kcapi_md_digest(handle, key, 32, second, 32), 32, "digest");
    is_mem(second, first, 32, "the digest of the first key");
    is_int(kcapi_md_setkey(handle, NULL, 0), 0, "an empty key");
    is_int(DIGEST("abc"), 32, "works");
    is_int(kcapi_md_hmac_sha256(NULL, 0, (const uint8_t *)"abc", 3, first, 32), 32, "here too");
    is_mem(out, first, 32, "and is the same");
    kcapi_md_destroy(handle);
}

/* The keyed one-call functions against FIPS 198-1: H(K ^ opad || H(K ^ ipad || text)). */
static void hmacs(void)
{
    for (size_t i = 0; i < HMAC_CALLS; i++) {
        uint32_t block = hmac_calls[i].blocksize, size = hmac_calls[i].size;
        uint8_t inner[128 + sizeof(key)], outer[128 + DIGEST_MAX], want[DIGEST_MAX];

        if (!has_md(hmac_calls[i].name)) {
            is_int(hmac_calls[i].hmac(key, 5, key, 3, out, 64), -ENOENT, "not there: -ENOENT");
            continue;
        }
        memset(inner, 0x36, block);
        memset(outer, 0x5c, block);
        for (size_t j = 0; j < 20; j++) {
            inner[j] ^= key[j];
            outer[j] ^= key[j];
        }
        memcpy(inner + block, key, sizeof(key));
        hmac_calls[i].digest(inner, block + sizeof(key), outer + block, size);
        hmac_calls[i].digest(outer, block + size, want, size);
        is_int(hmac_calls[i].hmac(key, 20, key, sizeof(key), out, sizeof(out)), size,
               hmac_calls[i].name);
        is_mem(out, want, size, "as FIPS 198-1 defines it");
        is_int(hmac_calls[i].hmac(key, 20, key, sizeof(key), out, 7), 7, "cut to 7 bytes");
        is_int(hmac_calls[i].hmac(key, 20, key, sizeof(key), out, 0), -EINVAL, "to 0: -EINVAL");
        is_int(hmac_calls[i].hmac(NULL, 20, key, 3, out, 64), -EFAULT, "no key: -EFAULT");
    }
}

static void reinits(void)
{
    struct kcapi_handle *first = md_with_key("hmac(sha256)", key, 16), *second;
    uint8_t want[32], got[32];

    kcapi_md_digest(first, key, 32, want, 32);
    is_int(kcapi_md_update(first, key, 16), 0, "a message begins on the first handle");
    second = reinit(first, 0);
    is_int(kcapi_md_update(second, key, 31), 0, "and another on the second");
    is_int(kcapi_md_update(first, key + 16, 16), 0, "the first goes on");
    is_int(kcapi_md_final(first, got, 32), 32, "and ends");
    is_mem(got, want, 32, "with its own digest");
    kcapi_md_destroy(first);
    is_int(kcapi_md_update(second, key + 31, 1), 0, "the second goes on without the first");
    is_int(kcapi_md_final(second, got, 32), 32, "and ends");
    is_mem(got, want, 32, "with its own digest, of the same key");
    kcapi_md_destroy(second);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    unhex(abc, of_abc, sizeof(of_abc));
    unhex(nothing, of_nothing, sizeof(of_nothing));
    init();
    messages();
    ten_mebibytes();
    buffers();
    errors();
    keys();
    hmacs();
    reinits();
    return done_testing();
}
