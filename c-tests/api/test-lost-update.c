/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * After a failed kcapi_md_update() a further one began the message anew, and the digest of the rest was
 * success. A digest is that of the whole message, or -EIO, once; then the handle is clean. What is
 * refused before anything is looked at loses nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "alone.h"
#include "md.h"

static const char *const names[] = { "md5", "sha1", "sha256", "sha512", "sha3-256", "hmac(sha1)",
                                     "hmac(sha256)", "cmac(aes)" };

enum { PIECE = 100, LEN = 3 * PIECE };

static const uint8_t key[16] = { 1 };
static uint8_t data[LEN], of_all[DIGEST_MAX], of_piece[DIGEST_MAX];
static const char *name;
static struct kcapi_handle *h;
static ssize_t size;
static bool on_kernel;

/* sendmsg(2) can be made to fail, as it does without memory; also where an address is right. */
static int fails_with;

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (!fails_with)
        return syscall(SYS_sendmsg, fd, message, flags);
    errno = fails_with;
    fails_with = 0;
    return -1;
}

static bool keyed(void) { return strchr(name, '(') != NULL; }

static struct kcapi_handle *fresh(void) { return keyed() ? md_with_key(name, key, 16) : md(name); }

static void is_digest(ssize_t ret, const uint8_t *got, const uint8_t *want, const char *what)
{
    expect_int(ret, size, what);
    expect(ret < 0 || memcmp(got, want, (size_t)size) == 0, "%s: another digest", what);
}

static void is_clean(void)
{
    uint8_t out[DIGEST_MAX];

    expect_int(kcapi_md_update(h, data, PIECE), 0, "an update of the next message");
    is_digest(kcapi_md_final(h, out, DIGEST_MAX), out, of_piece, "the next message");
    is_digest(kcapi_md_digest(h, data, LEN, out, DIGEST_MAX), out, of_all, "a whole one");
}

/* The ways in which an update fails, so that its piece is missing. */
static ssize_t fail(int way)
{
    static uint8_t *pages;
    size_t page = page_size();

    if (!pages) {
        pages = mmap(NULL, 2 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mprotect(pages + page, page, PROT_NONE);
    }
    switch (way) {
    case 0: return kcapi_md_update(h, (uint8_t *)8, PIECE);
    case 1: return kcapi_md_update(h, pages + page - 50, PIECE);
    case 2: fails_with = ENOMEM; return kcapi_md_update(h, data, PIECE);
    default: fails_with = ENOBUFS; return kcapi_md_update(h, data, PIECE);
    }
}
enum { WAYS = 4 };

/* For valgrind memory that is not there is an error, whoever is told of it. */
static int first_way(void) { return getenv("KCAPI_VALGRIND") ? 2 : 0; }

/* Ends of the message that has lost a piece: all -EIO. */
static void end(int with)
{
    uint8_t out[DIGEST_MAX];

    memset(out, 0xa5, sizeof(out));
    switch (with) {
    case 0: expect_int(kcapi_md_final(h, out, DIGEST_MAX), -EIO, "final"); break;
    case 1: expect_int(kcapi_md_digest(h, data, PIECE, out, DIGEST_MAX), -EIO, "digest"); break;
    case 2: expect_int(kcapi_md_digest(h, NULL, 0, out, DIGEST_MAX), -EIO, "digest of nothing"); break;
    case 3:
        expect_int(kcapi_md_update(h, data, PIECE), -EIO, "an update");
        expect_int(kcapi_md_update(h, data, 0), -EIO, "an update of nothing");
        expect_int(kcapi_md_final(h, out, DIGEST_MAX), -EIO, "final");
        break;
    default: expect_int(kcapi_md_final(h, out, 4), -EIO, "final of a part");
    }
    expect(all_are(out, 0xa5, sizeof(out)), "a digest was written with the error");
}
enum { ENDS = 5 };

static void lost(const void *unused)
{
    (void)unused;
    for (int begun = 0; begun < 3; begun++) {
        for (int way = first_way(); way < WAYS; way++) {
            for (int with = 0; with < ENDS; with++) {
                for (int i = 0; i < begun; i++)
                    expect_int(kcapi_md_update(h, data + i * PIECE, PIECE), 0, "an update");
                expect(fail(way) < 0, "failure %d", way);
                end(with);
                is_clean();
            }
        }
    }
}

/* A key, or another handle, has nothing to do with what was lost. */
static void key_clears(const void *unused)
{
    uint8_t out[DIGEST_MAX];
    struct kcapi_handle *other = reinit(h, 0);

    (void)unused;
    for (int way = first_way(); way < WAYS; way++) {
        expect_int(kcapi_md_update(h, data, PIECE), 0, "an update");
        expect(fail(way) < 0, "failure %d", way);
        is_digest(kcapi_md_digest(other, data, LEN, out, DIGEST_MAX), out, of_all, "another handle");
        if (keyed()) {
            expect_int(kcapi_md_setkey(h, key, 16), 0, "a key");
            is_clean();
            expect_int(kcapi_md_setkey(h, key, 16), 0, "a key, after a message");
        } else {
            end(0);
        }
        is_clean();
    }
    kcapi_md_destroy(other);
}

/* Nothing is lost by these, before and after pieces that were taken. */
static void refused(const void *unused)
{
    uint8_t out[DIGEST_MAX];

    (void)unused;
    for (int i = 0; i <= 3; i++) {
        expect_int(kcapi_md_update(h, NULL, PIECE), -EFAULT, "an update from NULL");
        expect_int(kcapi_md_update(h, data, (size_t)INT_MAX + 1), -EMSGSIZE, "too much");
        expect_int(kcapi_md_update(h, data, SIZE_MAX), -EMSGSIZE, "far too much");
        expect_int(kcapi_md_final(h, NULL, DIGEST_MAX), -EINVAL, "final to NULL");
        expect_int(kcapi_md_final(h, out, 0), -EINVAL, "final to nothing");
        expect_int(kcapi_md_digest(h, NULL, PIECE, out, DIGEST_MAX), -EFAULT, "digest of NULL");
        expect_int(kcapi_md_digest(h, data, PIECE, NULL, 0), -EINVAL, "digest to NULL");
        if (i < 3)
            expect_int(kcapi_md_update(h, data + i * PIECE, PIECE), 0, "an update");
    }
    is_digest(kcapi_md_final(h, out, DIGEST_MAX), out, of_all, "all of it");
    is_clean();
}

/* A message whose digest cannot be written is over; it is in nobody's way. */
static void no_place(const void *unused)
{
    struct kcapi_handle *other = reinit(h, 0);

    (void)unused;
    for (int final = 0; final < 2; final++) {
        uint8_t *nowhere = (uint8_t *)8;

        if (final) {
            expect_int(kcapi_md_update(h, data, PIECE), 0, "an update");
            expect_int(kcapi_md_final(h, nowhere, DIGEST_MAX), -EFAULT, "final");
        } else {
            expect_int(kcapi_md_digest(h, data, PIECE, nowhere, DIGEST_MAX), -EFAULT, "digest");
        }
        if (keyed())
            expect_int(kcapi_md_setkey(other, key, 16), 0, "a key after it");
        is_clean();
    }
    kcapi_md_destroy(other);
}

/* Without a key nothing begins, so nothing is lost. */
static void no_key(const void *unused)
{
    uint8_t out[DIGEST_MAX];
    struct kcapi_handle *without = md(name);

    (void)unused;
    expect_int(kcapi_md_update(without, data, PIECE), -ENOKEY, "an update without a key");
    expect_int(kcapi_md_final(without, out, DIGEST_MAX), -ENOKEY, "final without a key");
    expect_int(kcapi_md_setkey(without, key, 16), 0, "a key");
    kcapi_md_destroy(h);
    h = without;
    is_clean();
}

static void test_digest(void)
{
    struct kcapi_handle *judge = fresh();

    size = kcapi_md_digest(judge, data, LEN, of_all, DIGEST_MAX);
    kcapi_md_digest(judge, data, PIECE, of_piece, DIGEST_MAX);
    kcapi_md_destroy(judge);
    h = fresh();
    on_kernel = strcmp(kcapi_handle_engine(h), "kernel") == 0;
    ok(alone(refused, NULL), "%s: what is refused loses nothing", name);
    if (keyed())
        ok(alone(no_key, NULL), "%s: without a key", name);
    /* In user space memory that is not there is a signal, and no update fails that has begun. */
    if (on_kernel) {
        ok(alone(lost, NULL), "%s: after a failed update -EIO", name);
        ok(alone(key_clears, NULL), "%s: a key, or another handle", name);
        if (getenv("KCAPI_VALGRIND"))
            skip(1, "a digest that cannot be written is an error for valgrind");
        else
            ok(alone(no_place, NULL), "%s: a digest that cannot be written", name);
    }
    kcapi_md_destroy(h);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(data, LEN, 3);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        name = names[i];
        if (has_md(name))
            test_digest();
        else
            skip(1, name);
    }
    return done_testing();
}
