/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * What was found out about an algorithm's driver gets out of date: another one comes, or another one's
 * priority changes. Results of AIO must not depend on it. A driver that completes later refuses the reads
 * that Linux AIO starts meanwhile (EBUSY), and those that it does not refuse may take what was meant for
 * others.
 *
 * NETLINK_CRYPTO changes priorities: takes root.
 *
 * needs: kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/cryptouser.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers.h"

static const struct lengths alike = { "alike", 1, { 512 } };
static const struct lengths mixed = { "mixed lengths", 5, { 32, 1024, 48, 4096, 160 } };

static bool set_priority(const char *driver, uint32_t priority)
{
    struct {
        struct nlmsghdr header;
        struct crypto_user_alg alg;
        struct nlattr attribute;
        uint32_t priority;
    } request = {
        .header = { sizeof(request), CRYPTO_MSG_UPDATEALG, NLM_F_REQUEST | NLM_F_ACK, 0, 0 },
        .attribute = { 8, CRYPTOCFGA_PRIORITY_VAL },
        .priority = priority,
    };
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[1024];
    } answer;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_CRYPTO);
    bool done;

    strncpy(request.alg.cru_driver_name, driver, sizeof(request.alg.cru_driver_name) - 1);
    done = fd >= 0 && send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request) &&
           recv(fd, &answer, sizeof(answer), 0) > 0 && answer.error.error == 0;
    close(fd);
    return done;
}

/* 64 messages by AIO through both handles: the same bytes. */
static void same(const struct driven *d, struct kcapi_handle *handle, struct kcapi_handle *other,
                 const struct lengths *lengths, const char *what)
{
    enum { N = 64, ROUNDS = 20 };
    int more = d->aead ? DRIVERS_TAG : 0, wrong = 0;
    ssize_t ret = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct batch got, want;
        uint8_t *bytes;

        batch_init(&got, N, lengths, more);
        batch_init(&want, N, lengths, more);
        bytes = pages(got.in_total);
        fill(bytes, got.in_total, (uint32_t)round);
        batch_deal(&got, bytes);
        batch_deal(&want, bytes);
        driver_aio(d, other, true, want.in, want.out, N);
        ret = driver_aio(d, handle, true, got.in, got.out, N);
        wrong += ret != (ssize_t)got.out_total || !batch_guarded(&got) ||
                 memcmp(got.out_bytes, want.out_bytes, N * got.slot) != 0;
        batch_free(&got);
        batch_free(&want);
        free(bytes);
    }
    if (!ok(wrong == 0, "%s, %s", what, lengths->name))
        diag("%d of %d are wrong, the last returned %zd", wrong, ROUNDS, ret);
}

static void test(const struct driven *d, const char *driver, const char *plain)
{
    struct kcapi_handle *first, *second, *third, *reference;

    /* Templates are made by those who ask for them. */
    first = driver_handle(d, driver, 0);
    reference = driver_handle(d, plain, KCAPI_INIT_AIO);
    if (!first || !reference || !set_priority(driver, 1)) {
        skip(1, "no such driver, no NETLINK_CRYPTO, or not root");
        return;
    }
    kcapi_cipher_destroy(first);
    first = driver_handle(d, d->name, KCAPI_INIT_AIO);
    same(d, first, reference, &alike, "the driver as it is");

    ok(set_priority(driver, 1000000), "%s comes, for those who open a handle from now on", driver);
    second = driver_handle(d, d->name, KCAPI_INIT_AIO);
    third = driver_handle(d, d->name, KCAPI_INIT_AIO);
    same(d, second, reference, &alike, "a new handle");
    same(d, second, reference, &mixed, "a new handle");
    same(d, first, reference, &mixed, "the old handle");

    ok(set_priority(driver, 1), "it goes, but for those who have it");
    same(d, third, reference, d->aead ? &alike : &mixed, "a handle that has it, but was told otherwise");
    same(d, third, reference, &mixed, "that handle, which knows by now");
    same(d, second, reference, &alike, "the handle before it");
    kcapi_cipher_destroy(first);
    kcapi_cipher_destroy(second);
    kcapi_cipher_destroy(third);
    kcapi_cipher_destroy(reference);
}

int main(void)
{
    setenv("KCAPI_AIO", "linux", 1);
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (size_t i = 0; i < DRIVEN; i++) {
        for (size_t j = 0; j < DRIVERS_MOST && driven[i].drivers[j]; j++) {
            const char *driver = driven[i].drivers[j];
            char plain[128];

            if (strncmp(driver, "cryptd(", 7) != 0)
                continue;
            snprintf(plain, sizeof(plain), "%.*s", (int)strlen(driver) - 8, driver + 7);
            test(&driven[i], driver, plain);
        }
    }
    return done_testing();
}
