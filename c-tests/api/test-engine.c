/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Which engine serves: KCAPI_ENGINE, and what the kernel answers. The system calls on AF_ALG sockets
 * end here, where they fail as they are told to, so that every kernel will do. The library reads the
 * variable once, so each case is a process of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fill.h"

#define FIPS_FILE "/proc/sys/crypto/fips_enabled"

static struct {
    int socket, bind; /* the errno that these fail with, or 0 */
    bool fips, secure;
} world;

int socket(int domain, int type, int protocol)
{
    if (domain != AF_ALG)
        return (int)syscall(SYS_socket, domain, type, protocol);
    errno = world.socket;
    return world.socket ? -1 : (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    (void)fd, (void)address, (void)len;
    errno = world.bind;
    return world.bind ? -1 : 0;
}

int open64(const char *path, int flags, ...)
{
    int fd, mode = 0;
    va_list args;

    va_start(args, flags);
    if (flags & O_CREAT)
        mode = va_arg(args, int);
    va_end(args);
    if (strcmp(path, FIPS_FILE) != 0)
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    fd = (int)syscall(SYS_memfd_create, "fips_enabled", MFD_CLOEXEC);
    if (write(fd, world.fips ? "1\n" : "0\n", 2) != 2 || lseek(fd, 0, SEEK_SET) != 0)
        bail_out("memfd");
    return fd;
}

unsigned long getauxval(unsigned long type)
{
    return type == AT_SECURE ? world.secure : 0;
}

/* What a process with KCAPI_ENGINE=engine gets: 'u', 'k' or an errno. */
static int serves_with(uint32_t flags, const char *engine, const char *name)
{
    int status = 0;
    pid_t child = fork();

    if (child < 0)
        bail_out("fork");
    if (child == 0) {
        struct kcapi_handle *handle = NULL;
        int ret;

        if (engine)
            setenv("KCAPI_ENGINE", engine, 1);
        else
            unsetenv("KCAPI_ENGINE");
        ret = kcapi_cipher_init(&handle, name, flags);
        _exit(ret < 0 ? -ret : kcapi_handle_engine(handle)[0]);
    }
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int serves(const char *engine, const char *name)
{
    return serves_with(0, engine, name);
}

/* A wish, and no more than that. */
static void test_flag(void)
{
    world.bind = 0;
    world.socket = EMFILE;
    is_int(serves_with(KCAPI_INIT_USER, NULL, "cbc(aes)"), 'u', "KCAPI_INIT_USER: no kernel is asked");
    is_int(serves_with(KCAPI_INIT_USER, "user", "cbc(aes)"), 'u', "nor where user is chosen anyhow");
    is_int(serves_with(KCAPI_INIT_USER, NULL, "nosuch(aes)"), EMFILE, "but for what it lacks");
    is_int(serves_with(KCAPI_INIT_USER, "kernel", "cbc(aes)"), EMFILE, "KCAPI_ENGINE=kernel is obeyed");
    world.fips = true;
    is_int(serves_with(KCAPI_INIT_USER, NULL, "cbc(aes)"), EMFILE, "as is FIPS mode");
    world.fips = false;
    world.socket = 0;
}

static void test_fallback(const char *engine, const char *shown)
{
    static const int cannot[] = { EPERM, EACCES, EAFNOSUPPORT, ENOSYS };
    char text[100];

    for (size_t i = 0; i < sizeof(cannot) / sizeof(cannot[0]); i++) {
        world.socket = cannot[i];
        snprintf(text, sizeof(text), "%s: the user engine after %s", shown, strerror(cannot[i]));
        is_int(serves(engine, "cbc(aes)"), 'u', text);
        is_int(serves(engine, "nosuch(aes)"), ENOENT, "-ENOENT if it lacks the algorithm");
    }
    world.socket = EMFILE;
    is_int(serves(engine, "cbc(aes)"), EMFILE, "not after EMFILE");
    is_int(serves(engine, "nosuch(aes)"), EMFILE, "that errno for any algorithm");
    world.socket = 0;
    world.bind = ENOENT;
    is_int(serves(engine, "cbc(aes)"), 'u', "the user engine when bind knows no such algorithm");
    is_int(serves(engine, "nosuch(aes)"), ENOENT, "-ENOENT if neither does");
    world.bind = EINVAL;
    is_int(serves(engine, "cbc(aes)"), EINVAL, "not after another error of bind");
    world.bind = 0;
    world.fips = true;
    world.socket = EPERM;
    is_int(serves(engine, "cbc(aes)"), EPERM, "nor in FIPS mode");
    is_int(serves(engine, "nosuch(aes)"), EPERM, "that errno for any algorithm");
    world.fips = false;
}

static void test_others(void)
{
    world.socket = EPERM;
    is_int(serves("kernel", "cbc(aes)"), EPERM, "kernel: nothing else");
    is_int(serves("user", "cbc(aes)"), 'u', "user: no kernel is asked");
    is_int(serves("user", "nosuch(aes)"), ENOENT, "user: what it lacks is -ENOENT");
    is_int(serves("user-first", "cbc(aes)"), 'u', "user-first: the user engine");
    is_int(serves("kernel", "nosuch(aes)"), EPERM, "not even for what nobody has");
    is_int(serves("user-first", "nosuch(aes)"), ENOENT, "user-first: what neither has is -ENOENT");
    world.socket = EMFILE;
    is_int(serves("user-first", "nosuch(aes)"), EMFILE, "the kernel's error where it may have it");
    world.socket = EPERM;
    is_int(serves("no-such-engine", "cbc(aes)"), 'u', "a value that means nothing: the default");
    is_int(serves("", "cbc(aes)"), 'u', "an empty one: the default");
    world.fips = true;
    is_int(serves("user", "cbc(aes)"), 'u', "user is served in FIPS mode");
    is_int(serves("user-first", "cbc(aes)"), EPERM, "user-first means kernel in FIPS mode");
    world.fips = false;
    world.secure = true;
    is_int(serves("kernel", "cbc(aes)"), 'u', "a set-user-ID program ignores the variable");
    world.secure = false;
    world.socket = 0;
}

int main(void)
{
    struct kcapi_handle *handle = NULL, *second;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    test_fallback(NULL, "unset");
    test_fallback("kernel-first", "kernel-first");
    test_others();
    test_flag();

    ok(kcapi_handle_engine(NULL) == NULL, "no handle, no engine");
    setenv("KCAPI_ENGINE", "user", 1);
    is_int(kcapi_md_init(&handle, "sha256", 0), 0, "a digest");
    setenv("KCAPI_ENGINE", "kernel", 1);
    is_int(kcapi_aead_init(&second, "gcm(aes)", 0), 0, "an AEAD in the same process");
    ok(strcmp(kcapi_handle_engine(handle), "user") == 0, "the engine is the first init's");
    ok(strcmp(kcapi_handle_engine(second), "user") == 0, "for good");
    kcapi_aead_destroy(second);
    second = reinit(handle, 0);
    ok(strcmp(kcapi_handle_engine(second), "user") == 0, "a second handle has the first one's");
    kcapi_md_destroy(second);
    kcapi_md_destroy(handle);
    return done_testing();
}
