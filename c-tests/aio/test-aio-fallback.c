/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-aio-fallback.c - kernels that refuse io_uring, Linux AIO or both: same results
 *
 * A seccomp filter refuses what a sandbox would; kernel.io_uring_disabled and fs.aio-max-nr do it as
 * an administrator. The library reads KCAPI_AIO once, so each case is a process of its own; what
 * it opened is told from its messages.
 *
 * needs: kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aio-backend.h"
#include "fill.h"

enum { PAIRS = 100, LEN = 64, AAD = 8, TAG = 16 };

#define MAX_NR "/proc/sys/fs/aio-max-nr"
#define URING_DISABLED "/proc/sys/kernel/io_uring_disabled"

static const uint8_t key[16] = "a key of 16 byte", iv[16] = "an IV of 16 byte";
static uint8_t in[PAIRS * LEN], out[PAIRS * (LEN + TAG)], want[PAIRS * (LEN + TAG)];
static struct iovec from[PAIRS], to[PAIRS];

/* What a process came to, in memory that it shares with this one. */
static struct {
    bool right;
    int rings, contexts, verbose, warnings;
} *told;

/* System calls that a case forbids: bits, since the number of io_setup(2) is 0 on arm64 and riscv64. */
enum { IO_URING_SETUP = 1, IO_URING_ENTER = 2, IO_SETUP = 4 };

/* In the order of these bits. */
static const long numbers[] = { SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_setup };
enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

static const struct {
    const char *name;
    const char *aio; /* KCAPI_AIO */
    unsigned forbidden;
    const char *sysctl, *value;
    bool no_descriptors, for_one_call;
    int rings, contexts, verbose, warnings;
} cases[] = {
    { "nothing is refused", .rings = 1 },
    { "KCAPI_AIO=auto", .aio = "auto", .rings = 1 },
    { "KCAPI_AIO=io_uring", .aio = "io_uring", .rings = 1 },
    { "KCAPI_AIO=linux", .aio = "linux", .contexts = 1 },
    { "KCAPI_AIO=sync", .aio = "sync" },
    { "a KCAPI_AIO that there is not", .aio = "aio", .rings = 1, .warnings = 1 },
    { "io_uring_setup is refused", .forbidden = IO_URING_SETUP, .contexts = 1, .verbose = 1 },
    { "io_uring_enter is refused", .forbidden = IO_URING_ENTER, .rings = 1, .contexts = 1 },
    { "kernel.io_uring_disabled=2", .sysctl = URING_DISABLED, .value = "2", .contexts = 1,
      .verbose = 1 },
    /* Whether the driver completes later cannot be asked, so it is taken for one that does. */
    { "no descriptor is left", .no_descriptors = true },
    { "no descriptor is left for the first call", .no_descriptors = true, .for_one_call = true, .rings = 1 },
    { "io_setup is refused", .forbidden = IO_SETUP, .rings = 1 },
    { "both are refused", .forbidden = IO_URING_SETUP | IO_SETUP, .verbose = 1,
      .warnings = 1 },
    { "KCAPI_AIO=io_uring, which is refused", .aio = "io_uring",
      .forbidden = IO_URING_SETUP, .warnings = 1 },
    { "KCAPI_AIO=linux, which is refused", .aio = "linux", .forbidden = IO_SETUP,
      .warnings = 1 },
    { "KCAPI_AIO=linux, fs.aio-max-nr=0", .aio = "linux", .sysctl = MAX_NR, .value = "0", .warnings = 1 },
};

static bool forbid(unsigned calls)
{
    struct sock_filter code[1 + 2 * NUMBERS + 1];
    struct sock_fprog filter = { 0, code };

    code[filter.len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < NUMBERS; i++) {
        if (!(calls & 1u << i))
            continue;
        code[filter.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1);
        code[filter.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    }
    code[filter.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static bool get(const char *file, char *value, size_t size)
{
    int fd = open(file, O_RDONLY);
    ssize_t len = fd < 0 ? -1 : read(fd, value, size - 1);

    if (fd >= 0)
        close(fd);
    value[len > 0 ? len : 0] = 0;
    return len > 0;
}

static bool set(const char *file, const char *value)
{
    int fd = open(file, O_WRONLY);
    bool done = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

    if (fd >= 0)
        close(fd);
    return done;
}

static struct kcapi_handle *ready(bool aead, uint32_t flags)
{
    return aead ? aead_with_key("gcm(aes)", key, sizeof(key), TAG, AAD, flags)
                : cipher_with_key("cbc(aes)", key, sizeof(key), flags);
}

static ssize_t seal(struct kcapi_handle *handle, bool aead)
{
    for (size_t i = 0; i < PAIRS; i++) {
        from[i] = (struct iovec){ in + i * LEN, LEN };
        to[i] = (struct iovec){ out + i * (LEN + TAG), LEN + (aead ? TAG : 0) };
    }
    memset(out, 0, sizeof(out));
    return aead ? kcapi_aead_encrypt_aio(handle, from, to, PAIRS, iv, 0)
                : kcapi_cipher_encrypt_aio(handle, from, to, PAIRS, iv, 0);
}

static int count(const char *text, const char *message)
{
    int found = 0;

    for (; (text = strstr(text, message)); text++)
        found++;
    return found;
}

/* Opens no descriptor any more; the socket of the handle's operation is there. */
static void leave_no_descriptor(struct kcapi_handle *handle, bool aead)
{
    uint8_t block[16] = { 0 }, sealed[32];
    struct rlimit limit;

    if (aead)
        kcapi_aead_encrypt(handle, block, 16, iv, sealed, 32, 0);
    else
        kcapi_cipher_encrypt(handle, block, 16, iv, sealed, 16, 0);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 0;
    if (setrlimit(RLIMIT_NOFILE, &limit))
        _exit(1);
}

static void leave_descriptors_again(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit))
        _exit(1);
}

static void child(size_t number, bool aead, ssize_t len)
{
    static char text[65536];
    struct kcapi_handle *handle;
    int ends[2];

    if (cases[number].aio)
        setenv("KCAPI_AIO", cases[number].aio, 1);
    else
        unsetenv("KCAPI_AIO");
    if (cases[number].forbidden && !forbid(cases[number].forbidden))
        _exit(1);
    handle = ready(aead, KCAPI_INIT_AIO);
    if (pipe2(ends, O_NONBLOCK) || dup2(ends[1], STDERR_FILENO) < 0)
        _exit(1);
    if (cases[number].no_descriptors)
        leave_no_descriptor(handle, aead);
    kcapi_set_verbosity(KCAPI_LOG_DEBUG);
    told->right = true;
    for (int i = 0; i < 3; i++) {
        told->right &= seal(handle, aead) == len && memcmp(out, want, sizeof(want)) == 0;
        if (cases[number].for_one_call)
            leave_descriptors_again();
    }
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    if (read(ends[0], text, sizeof(text) - 1) < 0 && errno != EAGAIN)
        _exit(1);
    told->rings = count(text, "io_uring_setup(2)");
    told->contexts = count(text, "io_setup(2)");
    told->verbose = count(text, "libkcapi - Verbose: no io_uring");
    told->warnings = count(text, "libkcapi - Warning: ");
    kcapi_cipher_destroy(handle);
    close(ends[0]);
    close(ends[1]);
    _exit(0);
}

static void test_case(size_t number, bool aead, ssize_t len)
{
    const char *name = cases[number].name;
    char before[32];
    int status;
    pid_t pid;

    if (cases[number].sysctl && (!get(cases[number].sysctl, before, sizeof(before)) ||
                                 !set(cases[number].sysctl, cases[number].value))) {
        skip(1, "a sysctl that cannot be set here");
        return;
    }
    memset(told, 0, sizeof(*told));
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        child(number, aead, len);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        bail_out("fork: %s", strerror(errno));
    if (cases[number].sysctl)
        set(cases[number].sysctl, before);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        ok(false, "%s: the process ended with status %d", name, status);
        return;
    }
    ok(told->right, "%s, %s: the same three times", aead ? "gcm" : "cbc", name);
    is_int(told->rings, cases[number].rings, "rings");
    is_int(told->contexts, cases[number].contexts, "Linux AIO contexts");
    is_int(told->verbose, cases[number].verbose, "a message that there is no io_uring");
    is_int(told->warnings, cases[number].warnings, "a warning");
}

/*
 * A stream that begins while the driver cannot be judged, and goes on when it has been: had it gone the
 * other way in its midst, the bytes that were kept for it would be missing.
 */
static void test_stream_meanwhile(void)
{
    struct kcapi_handle *handle = ready(false, 0), *sibling = NULL;
    struct iovec piece = { in, 24 };
    uint8_t streamed[64] = { 0 }, once[64];
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    is_int(kcapi_cipher_encrypt(handle, in, 64, iv, once, 64, 0), 64, "a message");
    is_int(kcapi_handle_reinit(&sibling, handle, 0), 0, "a sibling");
    is_int(kcapi_cipher_encrypt(sibling, in, 64, iv, once, 64, 0), 64, "a message of it");
    leave_no_descriptor(handle, false);
    is_int(kcapi_cipher_stream_init_enc(handle, iv, &piece, 1), 24, "a stream begins without descriptors");
    setrlimit(RLIMIT_NOFILE, &limit);
    ok(seal(sibling, false) > 0, "meanwhile, a batch of another handle");
    piece = (struct iovec){ in + 24, 40 };
    is_int(kcapi_cipher_stream_update_last(handle, &piece, 1), 40, "the stream's last piece");
    piece = (struct iovec){ streamed, 64 };
    is_int(kcapi_cipher_stream_op(handle, &piece, 1), 64, "its result");
    is_mem(streamed, once, 64, "as of one message");
    kcapi_cipher_destroy(sibling);
    kcapi_cipher_destroy(handle);
}

int main(void)
{
    bool with_rings = has_io_uring();

    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED)
        bail_out("mmap: %s", strerror(errno));
    fill(in, sizeof(in), 1);
    for (int aead = 0; aead < 2; aead++) {
        struct kcapi_handle *handle = ready(aead, 0);
        ssize_t len = seal(handle, aead);

        ok(len > 0, "%s without KCAPI_INIT_AIO", aead ? "gcm" : "cbc");
        memcpy(want, out, sizeof(want));
        kcapi_cipher_destroy(handle);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            if (cases[i].rings && !with_rings)
                skip(1, "no io_uring here");
            else
                test_case(i, aead, len);
        }
    }
    test_stream_meanwhile();
    return done_testing();
}
