/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-system-calls.c - what the calls of the API cost in system calls, counted with ptrace(2)
 *
 * Each job runs once before it is counted: what a process pays only once, such as an algorithm's
 * properties, is not part of the price. A traced child marks beginning and end with getppid(2).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aio-backend.h"
#include "fill.h"

enum { MOST_IOVECS = 256, BIG = 1024 * 1024, AAD = 16, TAG = 16 };

static const uint8_t key[16] = "a key of 16 byte", iv[16] = "an IV of 16 byte";
static uint8_t *in, *out;
static struct kcapi_handle *cbc, *cbc_aio, *gcm_aio, *used;

static void check(ssize_t got, ssize_t want)
{
    if (got != want) {
        diag("%zd instead of %zd", got, want);
        _exit(1);
    }
}

static void encrypt(size_t len, int access)
{
    check(kcapi_cipher_encrypt(cbc, in, len, iv, out, len, access), (ssize_t)len);
}

static void aio(struct kcapi_handle *handle, size_t iovecs, size_t len)
{
    struct iovec from[MOST_IOVECS], to[MOST_IOVECS];
    bool aead = handle == gcm_aio;

    for (size_t i = 0; i < iovecs; i++) {
        from[i] = (struct iovec){ in + i * len, len };
        to[i] = (struct iovec){ out + i * (len + TAG), len + (aead ? TAG : 0) };
    }
    check(aead ? kcapi_aead_encrypt_aio(handle, from, to, iovecs, iv, 0)
               : kcapi_cipher_encrypt_aio(handle, from, to, iovecs, iv, 0),
          (ssize_t)(iovecs * (len + (aead ? TAG : 0))));
}

static void init_destroy(uint32_t flags)
{
    struct kcapi_handle *handle;

    check(kcapi_cipher_init(&handle, "cbc(aes)", flags), 0);
    kcapi_cipher_destroy(handle);
}

static void job_init(void) { init_destroy(0); }
static void job_init_aio(void) { init_destroy(KCAPI_INIT_AIO); }
static void job_aead_init(void)
{
    struct kcapi_handle *handle;

    check(kcapi_aead_init(&handle, "gcm(aes)", 0), 0);
    kcapi_aead_destroy(handle);
}
static void job_reinit(void)
{
    struct kcapi_handle *handle;

    check(kcapi_handle_reinit(&handle, cbc, KCAPI_INIT_AIO), 0);
    kcapi_cipher_destroy(handle);
}
static void job_reinit_encrypt(void)
{
    struct kcapi_handle *handle;

    check(kcapi_handle_reinit(&handle, cbc, 0), 0);
    check(kcapi_cipher_encrypt(handle, in, 16, iv, out, 16, 0), 16);
    kcapi_cipher_destroy(handle);
}
static void job_convenience(void)
{
    check(kcapi_cipher_enc_aes_cbc(key, sizeof(key), in, 64, iv, out, 64), 64);
}
static void job_16(void) { encrypt(16, KCAPI_ACCESS_HEURISTIC); }
static void job_64k(void) { encrypt(64 * KIB, KCAPI_ACCESS_HEURISTIC); }
static void job_64k_vmsplice(void) { encrypt(64 * KIB, KCAPI_ACCESS_VMSPLICE); }
static void job_64k_sendmsg(void) { encrypt(64 * KIB, KCAPI_ACCESS_SENDMSG); }
static void job_128k(void) { encrypt(128 * KIB, KCAPI_ACCESS_HEURISTIC); }
static void job_1m(void)
{
    used = cbc;
    cbc = reinit(used, 0);
    encrypt(MIB, KCAPI_ACCESS_HEURISTIC);
    kcapi_cipher_destroy(cbc);
    cbc = used;
}
static void job_aio_1(void) { aio(cbc_aio, 1, 4096); }
static void job_aio_2(void) { aio(cbc_aio, 2, 4096); }
static void job_aio_64(void) { aio(cbc_aio, 64, 16); }
static void job_aio_256(void) { aio(cbc_aio, 256, 512); }
static void job_aead(void)
{
    check(kcapi_aead_encrypt(gcm_aio, in, 16 * KIB, iv, out, 16 * KIB + TAG, 0), 16 * KIB + TAG);
}
static void job_aead_aio_64(void) { aio(gcm_aio, 64, 1024); }
static void job_aead_aio_256(void) { aio(gcm_aio, 256, 256); }

/* A batch with io_uring; Linux AIO takes one call more. */
enum { AIO = -1 };

static const struct {
    const char *name;
    void (*run)(void);
    int most;
} jobs[] = {
    { "cipher init and destroy", job_init, 3 },
    { "cipher init with KCAPI_INIT_AIO and destroy", job_init_aio, 3 },
    { "AEAD init and destroy", job_aead_init, 3 },
    { "reinit and destroy", job_reinit, 0 },
    { "reinit, encrypt and destroy", job_reinit_encrypt, 4 },
    { "kcapi_cipher_enc_aes_cbc", job_convenience, 8 },
    { "encrypt 16 bytes", job_16, 2 },
    { "encrypt 64 KiB", job_64k, 2 },
    { "encrypt 64 KiB, vmsplice", job_64k_vmsplice, 2 },
    { "encrypt 64 KiB, sendmsg", job_64k_sendmsg, 2 },
    { "encrypt 128 KiB", job_128k, 2 },
    { "encrypt 1 MiB, with reinit and destroy", job_1m, 12 },
    { "AIO, 1 IOVEC", job_aio_1, 2 },
    { "AIO, 2 IOVECs", job_aio_2, AIO },
    { "AIO, 64 IOVECs", job_aio_64, AIO },
    { "AIO, 256 IOVECs", job_aio_256, AIO },
    { "AEAD, 16 KiB", job_aead, 2 },
    { "AEAD AIO, 64 IOVECs", job_aead_aio_64, AIO },
    { "AEAD AIO, 256 IOVECs", job_aead_aio_256, AIO },
};
enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };

static void mark(void) { syscall(SYS_getppid); }

static void child(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
        _exit(1);
    in = pages(BIG);
    out = pages(BIG);
    cbc = cipher_with_key("cbc(aes)", key, sizeof(key), 0);
    cbc_aio = cipher_with_key("cbc(aes)", key, sizeof(key), KCAPI_INIT_AIO);
    gcm_aio = aead_with_key("gcm(aes)", key, sizeof(key), TAG, AAD, KCAPI_INIT_AIO);
    for (int i = 0; i < JOBS; i++)
        jobs[i].run();
    raise(SIGSTOP);
    for (int i = 0; i < JOBS; i++) {
        mark();
        jobs[i].run();
        mark();
    }
    _exit(0);
}

/* The number of the system call at which the child has stopped. */
static long number_of(pid_t pid)
{
#ifdef __x86_64__
    /* User-Mode Linux has no PTRACE_GET_SYSCALL_INFO. */
    return ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.orig_rax), NULL);
#else
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
        bail_out("PTRACE_GET_SYSCALL_INFO: %s", strerror(errno));
    return info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long)info.entry.nr : -1;
#endif
}

/* malloc(3) asks the kernel for memory now and then, whoever calls it. */
static bool is_memory(long number)
{
    return number == SYS_brk || number == SYS_mmap || number == SYS_munmap;
}

int main(void)
{
    int status, counts[JOBS] = { 0 }, marks = 0;
    bool entering = false;
    pid_t pid;

    if (getenv("KCAPI_VALGRIND")) {
        puts("1..0 # SKIP what would be counted are valgrind's own system calls");
        return 0;
    }
    plan(JOBS);
    fflush(stdout);
    pid = fork();
    if (pid < 0)
        bail_out("fork: %s", strerror(errno));
    if (pid == 0)
        child();
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP)
        bail_out("the traced child ended early");
    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    for (;;) {
        if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid)
            bail_out("ptrace: %s", strerror(errno));
        if (WIFEXITED(status) || WIFSIGNALED(status))
            break;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            long number = number_of(pid);

            entering = !entering;
            if (!entering)
                continue;
            if (number == SYS_getppid)
                marks++;
            else if (marks % 2 && !is_memory(number))
                counts[marks / 2]++;
        }
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) || marks != 2 * JOBS)
        bail_out("the traced child failed in job %d", marks / 2);
    for (int i = 0; i < JOBS; i++) {
        int most = jobs[i].most == AIO ? 2 - uses_io_uring() : jobs[i].most;

        ok(counts[i] <= most, "%s: %d system calls, at most %d", jobs[i].name, counts[i], most);
    }
    return tap_status();
}
