/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * lesser-processor.c - a library to preload that answers for the processor when libkcapi asks what it has
 *
 * In the library that is tested, ./lesser-processor has put ud2 in the place of each cpuid, which has as many
 * bytes. The signal that this raises is where the answer is made: the processor's own, less the bits that
 * KCAPI_PROCESSOR_HIDES names, three hexadecimal numbers: of ECX of leaf 1, of EBX and ECX of leaf 7.
 *
 * The signal leaves all registers on the stack, which may hold secrets. So what is below the stack's end is wiped
 * before the library goes on.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

static unsigned hidden_1c, hidden_7b, hidden_7c;

/* Registers with which the library goes on, and where. */
__thread uint64_t resume_rax, resume_rcx, resume_rdi, resume_rip;

/* Wipes what a signal takes, below the 128 bytes that a function may use below the stack's end. Flags stay as they
 * are, as they do for cpuid. */
__asm__(".text\n"
        "resume:\n"
        "leaq -(128 + 6144)(%rsp), %rdi\n"
        "movl $6144 / 8, %ecx\n"
        "movl $0, %eax\n"
        "rep stosq\n"
        "movq resume_rdi@gottpoff(%rip), %rax\n"
        "movq %fs:(%rax), %rdi\n"
        "movq resume_rcx@gottpoff(%rip), %rax\n"
        "movq %fs:(%rax), %rcx\n"
        "movq resume_rip@gottpoff(%rip), %rax\n"
        "leaq -128(%rsp), %rsp\n"
        "pushq %fs:(%rax)\n"
        "movq resume_rax@gottpoff(%rip), %rax\n"
        "movq %fs:(%rax), %rax\n"
        "ret $128\n");
extern char resume[];

static void answer(int signal_number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *instruction = (const unsigned char *)registers[REG_RIP];
    unsigned leaf = (unsigned)registers[REG_RAX], subleaf = (unsigned)registers[REG_RCX];
    unsigned a, b, c, d;

    (void)info;
    if (instruction[0] != 0x0f || instruction[1] != 0x0b) {
        /* It is raised again, and does then what it would have done. */
        signal(signal_number, SIG_DFL);
        return;
    }
    __cpuid_count(leaf, subleaf, a, b, c, d);
    if (leaf == 1) {
        c &= ~hidden_1c;
    } else if (leaf == 7 && subleaf == 0) {
        b &= ~hidden_7b;
        c &= ~hidden_7c;
    } else if (leaf == 7 && subleaf == 1) {
        a = 0;
    }
    registers[REG_RBX] = b;
    registers[REG_RDX] = d;
    resume_rax = a;
    resume_rcx = c;
    resume_rdi = (uint64_t)registers[REG_RDI];
    resume_rip = (uint64_t)registers[REG_RIP] + 2;
    registers[REG_RIP] = (greg_t)resume;
}

__attribute__((constructor)) static void begin(void)
{
    const struct sigaction action = { .sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER };
    const char *hides = getenv("KCAPI_PROCESSOR_HIDES");

    if (!hides || sscanf(hides, "%x %x %x", &hidden_1c, &hidden_7b, &hidden_7c) != 3) {
        fprintf(stderr, "lesser-processor: KCAPI_PROCESSOR_HIDES is no three numbers\n");
        abort();
    }
    sigaction(SIGILL, &action, NULL);
}
