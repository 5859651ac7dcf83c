/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * What a kernel with the akcipher and kpp patches would see, which is asked before the engine in user space.
 * No kernel at hand has them, so this
 * program stands in for it: the system calls that the library makes on AF_ALG sockets end here,
 * where they are checked and answered. A result is the number of the operation, then the message
 * backwards.
 *
 * needs: kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_alg.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fill.h"

#define MODULUS 32 /* the size of every result */
#define RSA "name : rsa\ndriver : rsa-generic\ntype : akcipher\n\n"
#define DH "name : dh\ndriver : dh-generic\ntype : kpp\n"

static struct {
    struct sockaddr_alg address;
    int option;             /* the last one set, and its value */
    uint8_t value[16];
    size_t value_len;
    int op;                 /* ALG_SET_OP of the message */
    uint8_t message[4096];
    size_t len;
    bool complete;
    int sends, receives;
} seen;

int socket(int domain, int type, int protocol)
{
    (void)type, (void)protocol;
    if (domain != AF_ALG) {
        errno = EPROTONOSUPPORT;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    (void)fd;
    memcpy(&seen.address, address, len < sizeof(seen.address) ? len : sizeof(seen.address));
    if (strchr((char *)seen.address.salg_name, '(')) {
        errno = ENOENT;
        return -1;
    }
    return 0;
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    (void)fd, (void)address, (void)len, (void)flags;
    return socket(AF_ALG, 0, 0);
}

/* Where the library looks an algorithm up without NETLINK_CRYPTO. */
int open64(const char *path, int flags, ...)
{
    int fd;

    if (strcmp(path, "/proc/crypto") != 0)
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
    fd = memfd_create("crypto", MFD_CLOEXEC);
    if (write(fd, RSA DH, strlen(RSA DH)) < 0)
        bail_out("no memory file");
    lseek(fd, 0, SEEK_SET);
    return fd;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    int size = 212992;

    (void)fd, (void)level, (void)name;
    memcpy(value, &size, *len = sizeof(size));
    return 0;
}

/* The patches return the largest size of a result. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    (void)fd;
    if (level != SOL_ALG)
        return 0;
    seen.option = name;
    seen.value_len = len;
    if (value)
        memcpy(seen.value, value, len < sizeof(seen.value) ? len : sizeof(seen.value));
    return name == 9 ? 0 : MODULUS;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    size_t sent = 0;

    (void)fd;
    seen.sends++;
    if (seen.complete)
        bail_out("a message was sent before the last one's result was received");
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c;
         c = CMSG_NXTHDR((struct msghdr *)message, c)) {
        if (c->cmsg_level != SOL_ALG || c->cmsg_type != ALG_SET_OP)
            bail_out("control data other than ALG_SET_OP: %d", c->cmsg_type);
        memcpy(&seen.op, CMSG_DATA(c), sizeof(seen.op));
    }
    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++) {
        memcpy(seen.message + seen.len, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
        seen.len += message->msg_iov[i].iov_len;
        sent += message->msg_iov[i].iov_len;
    }
    seen.complete = !(flags & MSG_MORE);
    return (ssize_t)sent;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    uint8_t result[MODULUS] = { (uint8_t)seen.op }, *from = result;
    size_t room = 0, left = MODULUS;

    (void)fd, (void)flags;
    seen.receives++;
    if (!seen.complete) {
        errno = EAGAIN;
        return -1;
    }
    seen.complete = false;
    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++)
        room += message->msg_iov[i].iov_len;
    for (size_t i = 0; i < seen.len && i + 1 < MODULUS; i++)
        result[i + 1] = seen.message[seen.len - 1 - i];
    seen.len = 0;
    if (room < MODULUS || result[1] == 0xbd) {
        errno = room < MODULUS ? EMSGSIZE : EBADMSG;
        return -1;
    }
    for (size_t i = 0; i < (size_t)message->msg_iovlen && left > 0; i++) {
        size_t now = message->msg_iov[i].iov_len < left ? message->msg_iov[i].iov_len : left;

        memcpy(message->msg_iov[i].iov_base, from, now);
        from += now;
        left -= now;
    }
    return MODULUS;
}

static struct kcapi_handle *handle;
static uint8_t in[256], out[256];

/* What the stand-in makes of a message. */
static void is_result(ssize_t ret, const uint8_t *got, int op, const uint8_t *message, size_t len,
                      const char *name)
{
    uint8_t want[MODULUS] = { (uint8_t)op };

    for (size_t i = 0; i < len; i++)
        want[i + 1] = message[len - 1 - i];
    is_int(ret, MODULUS, name);
    is_mem(got, want, MODULUS, "its result");
    ok(all_are(got + MODULUS, 0, 8), "and nothing behind it");
    memset(out, 0, sizeof(out));
}

static void parameter(int ret, int want, int option, const uint8_t *value, size_t len,
                      const char *name)
{
    is_int(ret, want, name);
    is_int(seen.option, option, "the option");
    is_int(seen.value_len, len, "its length");
    if (value)
        is_mem(seen.value, value, len, "its value");
}

typedef ssize_t (*one_fn)(struct kcapi_handle *, const uint8_t *, size_t, uint8_t *, size_t, int);
typedef ssize_t (*aio_fn)(struct kcapi_handle *, struct iovec *, struct iovec *, size_t, int);
typedef ssize_t (*start_fn)(struct kcapi_handle *, struct iovec *, size_t);

static const struct {
    const char *name;
    int op;
    one_fn one;
    aio_fn aio;
    start_fn start;
} calls[] = {
    { "encrypt", 1, kcapi_akcipher_encrypt, kcapi_akcipher_encrypt_aio,
      kcapi_akcipher_stream_init_enc },
    { "decrypt", 0, kcapi_akcipher_decrypt, kcapi_akcipher_decrypt_aio,
      kcapi_akcipher_stream_init_dec },
    { "sign", 2, kcapi_akcipher_sign, kcapi_akcipher_sign_aio, kcapi_akcipher_stream_init_sgn },
    { "verify", 3, kcapi_akcipher_verify, kcapi_akcipher_verify_aio,
      kcapi_akcipher_stream_init_vfy },
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void akcipher(uint32_t flags)
{
    const size_t over = (size_t)INT_MAX + 1;

    if (kcapi_akcipher_init(&handle, "rsa", flags))
        bail_out("kcapi_akcipher_init failed");
    is_int(strcmp((char *)seen.address.salg_type, "akcipher"), 0, "bound to akcipher");
    is_int(strcmp((char *)seen.address.salg_name, "rsa"), 0, "and rsa");
    is_int(strcmp(kcapi_handle_engine(handle), "kernel"), 0, "the kernel serves it");
    parameter(kcapi_akcipher_setkey(handle, in, 10), MODULUS, ALG_SET_KEY, in, 10, "setkey");
    parameter(kcapi_akcipher_setpubkey(handle, in, 11), MODULUS, 7, in, 11, "setpubkey");

    /* The same number as a public key's, for other families. */
    seen.option = 0;
    is_int(kcapi_handle_setkey_serial(handle, 1), -EINVAL, "a serial number is no akcipher's key");
    is_int(seen.option, 0, "and the kernel does not hear of it");

    for (size_t i = 0; i < CALLS; i++) {
        struct iovec inputs[3] = { { in, 10 }, { in + 10, 5 }, { in + 15, 20 } };
        struct iovec outputs[3] = { { out, 40 }, { out + 40, MODULUS }, { out + 80, 50 } };
        struct iovec whole[2] = { { out, 7 }, { out + 7, 33 } };

        is_result(calls[i].one(handle, in, 20, out, 40, 0), out, calls[i].op, in, 20,
                  calls[i].name);
        is_int(calls[i].aio(handle, inputs, outputs, 3, 0), 3 * MODULUS, "three with *_aio");
        ok(out[0] == calls[i].op && out[40] == calls[i].op && out[80] == calls[i].op,
           "all three are");
        ok(out[1] == in[9] && out[41] == in[14] && out[81] == in[34], "each of its own message");
        is_int(calls[i].aio(handle, inputs, outputs, 0, 0), 0, "none with *_aio");
        memset(out, 0, sizeof(out));

        is_int(calls[i].start(handle, inputs, 1), 10, "a stream begins");
        is_int(kcapi_akcipher_stream_update(handle, inputs + 1, 1), 5, "goes on");
        is_int(kcapi_akcipher_stream_update_last(handle, inputs + 2, 1), 20, "and ends");
        is_int(kcapi_akcipher_stream_op(handle, whole, 2), MODULUS, "its result");
        is_int(out[0], calls[i].op, "of the right operation");
        is_int(out[MODULUS - 1], in[35 - (MODULUS - 1)], "on the whole message");
        memset(out, 0, sizeof(out));
        is_int(calls[i].start(handle, NULL, 0), 0, "a stream begins with nothing");
        is_int(kcapi_akcipher_stream_update_last(handle, inputs, 1), 10, "and ends");
        is_result(kcapi_akcipher_stream_op(handle, whole, 2), out, calls[i].op, in, 10, "op");
    }
    is_int(kcapi_akcipher_stream_op(handle, NULL, 0), -EINVAL, "op into nothing: -EINVAL");

    is_int(kcapi_akcipher_encrypt(handle, in, 20, out, 31, 0), -EMSGSIZE, "too short: -EMSGSIZE");
    is_result(kcapi_akcipher_encrypt(handle, in, 20, out, 40, 0), out, 1, in, 20, "then again");
    in[19] = 0xbd;
    is_int(kcapi_akcipher_verify(handle, in, 20, out, 40, 0), -EBADMSG, "a wrong signature");
    in[19] = 0;
    is_result(kcapi_akcipher_verify(handle, in, 20, out, 40, 0), out, 3, in, 20, "a right one");
    seen.sends = 0;
    is_int(kcapi_akcipher_encrypt(handle, in, 20, out, 0, 0), -EINVAL, "no output: -EINVAL");
    is_int(kcapi_akcipher_encrypt(handle, in, 20, NULL, 40, 0), -EFAULT, "NULL: -EFAULT");
    is_int(kcapi_akcipher_encrypt(handle, NULL, 20, out, 40, 0), -EFAULT, "NULL: -EFAULT");
    is_int(kcapi_akcipher_encrypt(handle, in, over, out, 40, 0), -EMSGSIZE, "-EMSGSIZE");
    is_int(kcapi_akcipher_encrypt(handle, in, 20, out, over, 0), -EMSGSIZE, "-EMSGSIZE");
    is_int(seen.sends, 0, "and the kernel does not hear of it");
    kcapi_akcipher_destroy(handle);
}

static void kpp(uint32_t flags)
{
    struct iovec inputs[2] = { { in, 10 }, { in + 10, 5 } };
    struct iovec outputs[2] = { { out, MODULUS }, { out + MODULUS, MODULUS } };

    if (kcapi_kpp_init(&handle, "dh", flags))
        bail_out("kcapi_kpp_init failed");
    is_int(strcmp((char *)seen.address.salg_type, "kpp"), 0, "bound to kpp");
    parameter(kcapi_kpp_dh_setparam_pkcs3(handle, in, 12), MODULUS, 8, in, 12, "dh_setparam");
    parameter(kcapi_kpp_ecdh_setcurve(handle, ECC_CURVE_NIST_P256), 0, 9, NULL, 2, "setcurve");
    parameter(kcapi_kpp_setkey(handle, in, 13), MODULUS, ALG_SET_KEY, in, 13, "setkey");
    parameter(kcapi_kpp_setkey(handle, NULL, 0), MODULUS, ALG_SET_KEY, NULL, 0, "a generated key");
    is_int(kcapi_kpp_setkey(handle, NULL, 5), -EFAULT, "a key at NULL: -EFAULT");
    /* The kernel's number of a curve has 32 bits. */
    if (ULONG_MAX > UINT32_MAX)
        is_int(kcapi_kpp_ecdh_setcurve(handle, ULONG_MAX / 2 + 1), -EINVAL, "no such curve: -EINVAL");

    seen.option = 0;
    is_int(kcapi_handle_setkey_serial(handle, 1), -EINVAL, "a serial number is no kpp's key");
    is_int(seen.option, 0, "and the kernel does not hear of it");

    is_result(kcapi_kpp_keygen(handle, out, 40, 0), out, 4, in, 0, "keygen");
    is_result(kcapi_kpp_ssgen(handle, in, 20, out, 40, 0), out, 5, in, 20, "ssgen");
    is_int(kcapi_kpp_keygen(handle, out, 31, 0), -EMSGSIZE, "too short: -EMSGSIZE");
    is_int(kcapi_kpp_keygen(handle, out, 0, 0), -EINVAL, "no output: -EINVAL");
    is_int(kcapi_kpp_keygen_aio(handle, outputs, 2, 0), 2 * MODULUS, "two with keygen_aio");
    is_int(out[0] + 16 * out[MODULUS], 4 + 16 * 4, "both are");
    is_int(kcapi_kpp_ssgen_aio(handle, inputs, outputs, 2, 0), 2 * MODULUS, "two with ssgen_aio");
    is_int(out[0] + 16 * out[MODULUS], 5 + 16 * 5, "both are");
    is_int(out[1], in[9], "the first secret");
    is_int(out[MODULUS + 1], in[14], "the second");
    is_int(kcapi_kpp_keygen_aio(handle, NULL, 1, 0), -EFAULT, "NULL: -EFAULT");
    is_int(kcapi_kpp_keygen_aio(handle, outputs, 0, 0), 0, "none");
    kcapi_kpp_destroy(handle);
    memset(out, 0, sizeof(out));
}

/* Of a template this kernel knows nothing: no call of it gets there. */
static void not_in_the_kernel(void)
{
    if (kcapi_akcipher_init(&handle, "pkcs1pad(rsa,sha256)", 0)) {
        skip(1, "built without akcipher in user space");
        return;
    }
    is_int(strcmp((char *)seen.address.salg_type, "akcipher"), 0, "the kernel is asked first");
    is_int(strcmp(kcapi_handle_engine(handle), "user"), 0, "and served in user space");
    seen.option = 0;
    is_int(kcapi_akcipher_setkey(handle, in, 10), -EINVAL, "which reads the key");
    is_int(seen.option, 0, "and no other does");
    kcapi_akcipher_destroy(handle);
}

int main(void)
{
    setenv("KCAPI_ENGINE", "kernel-first", 1);
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    fill(in, sizeof(in), 1);
    akcipher(0);
    akcipher(KCAPI_INIT_AIO);
    not_in_the_kernel();
    kpp(0);
    kpp(KCAPI_INIT_AIO);
    return done_testing();
}
