/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-sandbox.c - where the kernel's crypto is forbidden or has been taken away
 *
 * A seccomp filter refuses AF_ALG sockets as a container's does, with one errno or another, or another system
 * call that the library can do without: everything works. On User-Mode Linux, whose modules are
 * ours, algif_aead is unloaded and cannot come back. The library chooses an engine when a
 * process opens its first handle, so each case is a process of its own.
 *
 * needs: uninstrumented
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fill.h"
#include "forbid.h"
#include "uml.h"

#define MODPROBE "/proc/sys/kernel/modprobe"

static const uint8_t key[16] = "a key of 16 byte", iv[16] = "an IV of 16 byte";

enum { CANNOT = 250 };

/* 'k' or 'u', the engine that has encrypted; a positive errno; CANNOT: encrypted wrongly. */
static int outcome(bool aead)
{
    struct kcapi_handle *handle = NULL;
    uint8_t block[16] = { 0 }, out[32];
    ssize_t ret;
    int code;

    ret = aead ? kcapi_aead_init(&handle, "gcm(aes)", 0) : kcapi_cipher_init(&handle, "cbc(aes)", 0);
    if (ret)
        return (int)-ret;
    kcapi_cipher_setkey(handle, key, sizeof(key));
    ret = aead ? kcapi_aead_encrypt(handle, block, 16, iv, out, 32, 0)
               : kcapi_cipher_encrypt(handle, block, 16, iv, out, 16, 0);
    code = ret == (aead ? 32 : 16) ? *kcapi_handle_engine(handle) : CANNOT;
    kcapi_cipher_destroy(handle);
    return code;
}

static int in_process(const char *engine, bool forbidden, bool aead)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid < 0)
        bail_out("fork: %s", strerror(errno));
    if (pid == 0) {
        if (engine)
            setenv("KCAPI_ENGINE", engine, 1);
        else
            unsetenv("KCAPI_ENGINE");
        _exit(forbidden && !forbid_sockets(AF_ALG) ? CANNOT : outcome(aead));
    }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        bail_out("a process did not end by itself");
    return WEXITSTATUS(status);
}

static void test_forbidden(void)
{
    if (in_process("user", true, false) == CANNOT) {
        skip(4, "no seccomp filters here");
        return;
    }
    is_int(in_process(NULL, true, false), 'u', "AF_ALG forbidden: a cipher by the user engine");
    is_int(in_process(NULL, true, true), 'u', "an AEAD too");
    is_int(in_process("kernel", true, false), EPERM, "KCAPI_ENGINE=kernel: -EPERM");
    is_int(in_process("kernel", true, true), EPERM, "for an AEAD too");
}

/* What neither engine has is not there; that there is no AF_ALG, where others work, would mislead. */
static void test_unknown(void)
{
    char text[512] = "";
    int ends[2], status;
    pid_t pid;

    fflush(stdout);
    if (pipe(ends) || (pid = fork()) < 0)
        bail_out("fork: %s", strerror(errno));
    if (pid == 0) {
        struct kcapi_handle *handle = NULL;

        unsetenv("KCAPI_ENGINE");
        if (!forbid_sockets(AF_ALG) || dup2(ends[1], STDERR_FILENO) < 0)
            _exit(CANNOT);
        kcapi_set_verbosity(KCAPI_LOG_ERR);
        _exit(-kcapi_cipher_init(&handle, "nosuch(aes)", 0));
    }
    close(ends[1]);
    if (waitpid(pid, &status, 0) != pid || read(ends[0], text, sizeof(text) - 1) < 0)
        bail_out("a process did not end by itself");
    close(ends[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT) {
        skip(2, "no seccomp filters here");
        return;
    }
    is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, ENOENT, "AF_ALG forbidden, no such algorithm");
    if (!ok(strstr(text, "kcapi_cipher_init: nosuch(aes): ") && strstr(text, "AF_ALG") &&
                strstr(text, "(errno: -1)") && strstr(text, "user space (errno: -2)"),
            "the log says of both engines why"))
        diag("%s", text);
}

static void set_modprobe(const char *path)
{
    int fd = open(MODPROBE, O_WRONLY);

    if (fd < 0 || write(fd, path, strlen(path)) < 0)
        bail_out(MODPROBE ": %s", strerror(errno));
    close(fd);
}

static void test_without_algif_aead(void)
{
    char modprobe[256] = "";
    int fd = open(MODPROBE, O_RDONLY);

    if (!is_user_mode_linux() || fd < 0 || read(fd, modprobe, sizeof(modprobe) - 1) <= 0) {
        skip(6, "a kernel whose modules are not ours");
        return;
    }
    close(fd);
    is_int(in_process(NULL, false, true), 'k', "with algif_aead: an AEAD by the kernel");
    set_modprobe("/bin/false");
    is_int(syscall(SYS_delete_module, "algif_aead", O_NONBLOCK), 0, "algif_aead is unloaded");
    is_int(in_process(NULL, false, true), 'u', "without it: by the user engine");
    is_int(in_process(NULL, false, false), 'k', "a cipher still by the kernel");
    is_int(in_process("kernel", false, true), ENOENT, "KCAPI_ENGINE=kernel: -ENOENT");
    set_modprobe(modprobe);
    is_int(in_process("kernel", false, true), 'k', "until the module may be loaded again");
}

enum { PAIRS = 20, LEN = 1024, LONG = 300000 };

static uint8_t *data, *want, *out;

/* Every kind of call once; the number of the first that went wrong, 0 if none did. */
static int whatever_there_is(struct kcapi_handle *cipher, struct kcapi_handle *aead)
{
    struct iovec from[PAIRS], to[PAIRS];
    struct kcapi_handle *opened = NULL, *xts = NULL;

    for (size_t i = 0; i < PAIRS; i++) {
        from[i] = (struct iovec){ data + i * LEN, LEN };
        to[i] = (struct iovec){ out + i * LEN, LEN };
    }
    if (!cipher) {
        if (kcapi_cipher_init(&opened, "cbc(aes)", KCAPI_INIT_AIO) || kcapi_cipher_setkey(opened, key, 16))
            return 1;
        cipher = opened;
    }
    if (kcapi_cipher_encrypt(cipher, data, LONG, iv, out, LONG, 0) != LONG || memcmp(out, want, LONG))
        return 2;
    memset(out, 0, PAIRS * LEN);
    if (kcapi_cipher_encrypt_aio(cipher, from, to, PAIRS, iv, 0) != PAIRS * LEN ||
        memcmp(out, want, PAIRS * LEN))
        return 3;
    /* The first output is where the second input is: the library copies. */
    memcpy(out, data, 2 * LEN);
    from[0].iov_base = to[1].iov_base = out;
    from[1].iov_base = to[0].iov_base = out + LEN;
    if (kcapi_cipher_encrypt_aio(cipher, from, to, 2, iv, 0) != 2 * LEN || memcmp(out + LEN, want, LEN) ||
        memcmp(out, want + LEN, LEN))
        return 4;
    if (!aead) {
        if (kcapi_aead_init(&aead, "gcm(aes)", 0) || kcapi_aead_setkey(aead, key, 16) ||
            kcapi_aead_settaglen(aead, 16))
            return 5;
    }
    if (kcapi_aead_encrypt(aead, data, 20000, iv, out, 20016, 0) != 20016 ||
        kcapi_aead_decrypt(aead, out, 20016, iv, out, 20000, 0) != 20000 || memcmp(out, data, 20000))
        return 6;
    /* More IOVECs than one recvmsg(2) is given, in a mode that does not chain. */
    for (size_t i = 0; i < PAIRS; i++) {
        from[i] = (struct iovec){ data + i * LEN, LEN };
        to[i] = (struct iovec){ out + i * LEN, LEN };
    }
    if (kcapi_cipher_init(&xts, "xts(aes)", 0) || kcapi_cipher_setkey(xts, data, 32) ||
        kcapi_cipher_encrypt_aio(xts, from, to, PAIRS, iv, 0) != PAIRS * LEN ||
        kcapi_cipher_decrypt(xts, out, PAIRS * LEN, iv, out, PAIRS * LEN, 0) != PAIRS * LEN ||
        memcmp(out, data, PAIRS * LEN))
        return 7;
    if (kcapi_md_sha256(data, 3, out, 32) != 32 || kcapi_rng_get_bytes(out, 32) != 32)
        return 8;
    kcapi_cipher_destroy(xts);
    kcapi_cipher_destroy(opened);
    kcapi_aead_destroy(aead);
    return 0;
}

/* The filter comes before the first call, or when there are handles that have been used. */
static int restricted(long number, int argument, int error, bool late)
{
    struct kcapi_handle *cipher = NULL, *aead = NULL;

    unsetenv("KCAPI_ENGINE");
    alarm(30);
    if (late) {
        if (kcapi_cipher_init(&cipher, "cbc(aes)", KCAPI_INIT_AIO) ||
            kcapi_cipher_setkey(cipher, key, 16) || kcapi_aead_init(&aead, "gcm(aes)", 0) ||
            kcapi_aead_setkey(aead, key, 16) || kcapi_aead_settaglen(aead, 16))
            return CANNOT;
    }
    return forbid_call(number, argument, error) ? whatever_there_is(cipher, aead) : CANNOT;
}

static const struct {
    const char *name;
    long number;
    int argument;
    bool kernel; /* the engine in user space does not do without it */
} calls[] = {
    { "socket(AF_ALG)", SYS_socket, AF_ALG, false },
    { "socket(AF_NETLINK)", SYS_socket, AF_NETLINK, false },
    { "socket", SYS_socket, ANY_ARGUMENT, false },
    { "accept4", SYS_accept4, ANY_ARGUMENT, false },
    { "getsockopt", SYS_getsockopt, ANY_ARGUMENT, false },
    { "fcntl", SYS_fcntl, ANY_ARGUMENT, false },
    { "io_uring_setup", SYS_io_uring_setup, ANY_ARGUMENT, false },
    { "io_uring_enter", SYS_io_uring_enter, ANY_ARGUMENT, false },
    { "io_setup", SYS_io_setup, ANY_ARGUMENT, false },
    { "io_submit", SYS_io_submit, ANY_ARGUMENT, false },
    { "io_getevents", SYS_io_getevents, ANY_ARGUMENT, false },
    { "process_vm_readv", SYS_process_vm_readv, ANY_ARGUMENT, false },
    { "process_vm_writev", SYS_process_vm_writev, ANY_ARGUMENT, false },
    { "gettid", SYS_gettid, ANY_ARGUMENT, false },
    { "getrandom", SYS_getrandom, ANY_ARGUMENT, true },
    { "openat", SYS_openat, ANY_ARGUMENT, true },
    { "madvise", SYS_madvise, ANY_ARGUMENT, false },
    { "futex", SYS_futex, ANY_ARGUMENT, false },
#ifdef SYS_poll
    { "poll", SYS_poll, ANY_ARGUMENT, false },
#endif
    { "ppoll", SYS_ppoll, ANY_ARGUMENT, false },
    { "clone3", SYS_clone3, ANY_ARGUMENT, false },
    { "rt_sigprocmask", SYS_rt_sigprocmask, ANY_ARGUMENT, false },
    { "sched_getaffinity", SYS_sched_getaffinity, ANY_ARGUMENT, false },
};

static void test_restricted(size_t number)
{
    static const int errors[] = { EPERM,          EACCES,         ENOSYS,     EAFNOSUPPORT,
                                  EPROTONOSUPPORT, ESOCKTNOSUPPORT, EOPNOTSUPP, EINVAL };
    unsigned wrong = 0, runs = 0;

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        for (int late = 0; late < 2; late++, runs++) {
            int status;
            pid_t pid;

            fflush(stdout);
            pid = fork();
            if (pid == 0)
                _exit(restricted(calls[number].number, calls[number].argument, errors[i], late));
            if (pid < 0 || waitpid(pid, &status, 0) != pid)
                bail_out("fork: %s", strerror(errno));
            if (status == 0)
                continue;
            if (wrong++ == 0)
                diag("%s, errno %d, %s: status %#x", calls[number].name, errors[i],
                     late ? "with handles" : "from the beginning", (unsigned int)status);
        }
    }
    ok(wrong == 0, "%s is refused: %u processes", calls[number].name, runs);
}

/* In a process of its own, too: this one has chosen no engine when the others begin. */
static void learn(void)
{
    int status = -1;
    pid_t pid;

    data = pages(LONG);
    out = pages(LONG);
    want = mmap(NULL, LONG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (want == MAP_FAILED)
        bail_out("no memory");
    fill(data, LONG, 1);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        struct kcapi_handle *cipher = cipher_with_key("cbc(aes)", key, 16, 0);

        _exit(kcapi_cipher_encrypt(cipher, data, LONG, iv, want, LONG, 0) == LONG ? 0 : 1);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        bail_out("cbc(aes)");
}

int main(void)
{
    enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

    plan(12 + CALLS);
    learn();
    for (size_t i = 0; i < CALLS; i++) {
        if (in_process("user", true, false) == CANNOT)
            skip(1, "no seccomp filters here");
        else if (getenv("KCAPI_VALGRIND") && (calls[i].number == SYS_gettid || calls[i].number == SYS_rt_sigprocmask))
            skip(1, "valgrind cannot do without this call");
        else if (calls[i].kernel && in_process(NULL, false, false) != 'k')
            skip(1, "no AF_ALG here");
        else
            test_restricted(i);
    }
    test_forbidden();
    test_unknown();
    test_without_algif_aead();
    return tap_status();
}
