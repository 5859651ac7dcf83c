/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-sandbox.c - where the kernel's crypto is forbidden or has been taken away
 *
 * A seccomp filter refuses AF_ALG sockets as a container's does; on User-Mode Linux, whose modules are
 * ours, algif_aead is unloaded and cannot come back. The library chooses an engine when a
 * process opens its first handle, so each case is a process of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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
    ok(strstr(text, "kcapi_cipher_init: nosuch(aes): ") && strstr(text, "AF_ALG") &&
           strstr(text, "(errno: -1)") && strstr(text, "user space (errno: -2)"),
       "the log says what both engines lack: %s", text);
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

int main(void)
{
    plan(12);
    test_forbidden();
    test_unknown();
    test_without_algif_aead();
    return tap_status();
}
