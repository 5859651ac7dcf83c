/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * trap.h - has the processor trap behind each instruction of this thread, which is a SIGTRAP
 *
 * Not in the signal's handler: there the kernel switches it off, and on again behind.
 */
#ifndef TRAP_H
#define TRAP_H

#define TRAP_BIT 0x100

static inline __attribute__((always_inline)) void trap_each_instruction(void)
{
    __asm__ volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(TRAP_BIT) : "cc", "memory");
}

static inline __attribute__((always_inline)) void trap_no_more(void)
{
    __asm__ volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~TRAP_BIT) : "cc", "memory");
}

#endif
