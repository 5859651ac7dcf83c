/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * count-instructions.so,count=FILE - a plugin of QEMU: counts the instructions that the emulated program executes
 *
 * The sum is in the first eight bytes of FILE, which the program reads when it likes (src/counter.rs). Blocks are
 * counted when they begin, all their instructions at once.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The interface, since Debian has no package with QEMU's qemu-plugin.h. */
#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

struct qemu_plugin_tb;

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                           void (*translated)(uint64_t, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, void (*executed)(unsigned, void *),
                                          enum qemu_plugin_cb_flags flags, void *count);
EXPORT int qemu_plugin_install(uint64_t id, const void *emulator, int argc, char **argv);

static uint64_t *sum;

static void on_block(unsigned thread, void *count)
{
    (void)thread;
    *sum += (uintptr_t)count;
}

static void on_translation(uint64_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(block, on_block, QEMU_PLUGIN_CB_NO_REGS,
                                         (void *)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

/* `argv` is "count=FILE". */
int qemu_plugin_install(uint64_t id, const void *emulator, int argc, char **argv)
{
    int fd = argc == 1 && strncmp(argv[0], "count=", 6) == 0 ? open(argv[0] + 6, O_RDWR | O_CLOEXEC) : -1;

    (void)emulator;
    if (fd < 0)
        return 1;
    sum = mmap(NULL, sizeof(*sum), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (sum == MAP_FAILED)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
