/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * constant-events.h - what constant-emulated, inside the emulator, and constant-plugin.c, which is a part
 * of the emulator, tell each other
 *
 * An event is that an instruction is executed, or that one goes to an address. Both have this in a
 * file that they map: what it is made of has the same place on every architecture. Numbers are little endian,
 * which the emulator's machine must be.
 */
#ifndef CONSTANT_EVENTS_H
#define CONSTANT_EVENTS_H

#include <stdint.h>

enum { EVENTS_IGNORED, EVENTS_WRITTEN, EVENTS_COMPARED };

struct events {
    /* What is done with events, one of the above. */
    volatile uint8_t state, unused[7];
    /* How many were written down, how many compared with those. */
    volatile uint64_t written, compared;
    /* The instruction behind which another way was taken; 0: there is none. */
    volatile uint64_t left_at;
    /* The program's own: a number for what the step has given. */
    volatile uint64_t output;
};

#endif
