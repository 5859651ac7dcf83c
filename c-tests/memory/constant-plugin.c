/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * constant-plugin.so,events=FILE - a plugin of QEMU: writes down each instruction that the emulated program
 * executes, and each address that one goes to, or compares them with what was written
 *
 * FILE is where constant-emulated says which of the two (constant-events.h). Programs of any architecture
 * are followed in this way, since the emulator itself tells the addresses. Followed are children of the
 * program, the thread that each begins with.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "constant-events.h"

/* The interface, since Debian has no package with QEMU's qemu-plugin.h. Versions differ in what is not
 * used here: the script says which one the emulator takes. */
#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };

struct qemu_plugin_tb;
struct qemu_plugin_insn;

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                           void (*translated)(uint64_t, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            void (*executed)(unsigned, void *),
                                            enum qemu_plugin_cb_flags flags, void *at);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *instruction,
                                      void (*accessed)(unsigned, uint32_t, uint64_t, void *),
                                      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw which,
                                      void *at);
EXPORT int qemu_plugin_install(uint64_t id, const void *emulator, int argc, char **argv);

/* Of one step: a key agreement or an RSA signature has some 70 million on i386. Only what is used takes memory. */
enum { EVENTS_MAX = 256 << 20 };

/* Both are shared with the processes that the program makes of itself by fork(2). */
static struct events *events;
static uint64_t *written;

/* The instruction that was executed last. */
static uint64_t last;

/* Whether the program has made this process by fork(2). The first one, which waits meanwhile, is not
 * followed. */
static bool is_child;

/* By _exit(2): the emulator takes SIGABRT for the program's, and abort(3) then ends in a SIGSEGV that tells nothing. */
static void give_up(void)
{
    fprintf(stderr, "constant-plugin: a step has more than %d events\n", EVENTS_MAX);
    _exit(EXIT_FAILURE);
}

static void note(uint64_t event)
{
    if (events->state == EVENTS_WRITTEN) {
        if (events->written == EVENTS_MAX)
            give_up();
        written[events->written++] = event;
    } else if (events->compared < events->written && written[events->compared] == event) {
        events->compared++;
    } else {
        events->left_at = last;
        events->state = EVENTS_IGNORED;
    }
}

static void note_fork(void)
{
    is_child = true;
}

static bool is_followed(unsigned thread)
{
    return is_child && thread == 0 && events->state != EVENTS_IGNORED;
}

static void on_instruction(unsigned thread, void *at)
{
    if (!is_followed(thread))
        return;
    /* If this is another one than before, it was the last that went elsewhere. */
    note((uint64_t)at);
    last = (uint64_t)at;
}

static void on_access(unsigned thread, uint32_t kind, uint64_t address, void *at)
{
    (void)kind;
    if (!is_followed(thread))
        return;
    last = (uint64_t)at;
    note(address);
}

static void on_translation(uint64_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        void *at = (void *)qemu_plugin_insn_vaddr(instruction);

        qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_instruction, QEMU_PLUGIN_CB_NO_REGS, at);
        qemu_plugin_register_vcpu_mem_cb(instruction, on_access, QEMU_PLUGIN_CB_NO_REGS,
                                         QEMU_PLUGIN_MEM_RW, at);
    }
}

/* `argv` is "events=FILE". */
int qemu_plugin_install(uint64_t id, const void *emulator, int argc, char **argv)
{
    int fd = argc == 1 && strncmp(argv[0], "events=", 7) == 0 ? open(argv[0] + 7, O_RDWR) : -1;

    (void)emulator;
    if (fd < 0)
        return 1;
    events = mmap(NULL, sizeof(*events), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    written = mmap(NULL, EVENTS_MAX * sizeof(*written), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (events == MAP_FAILED || written == MAP_FAILED || pthread_atfork(NULL, NULL, note_fork))
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
