/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * instructions.h - where each of the library's instructions goes in memory, which objdump(1) tells
 *
 * Of x86-64 only. Not here: what no register tells (constants, beside the instruction pointer), and the
 * stack by push, pop, call and ret.
 */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

#include <ucontext.h>

#include "processor.h"

/* One more than the register's place in a signal's context; 0: none. */
struct operand {
    uint8_t base, index, scale;
    int32_t displacement;
};

/* movs has two. */
struct instruction {
    struct operand operands[2];
};

/* The library, and the program that tests it. */
static struct module {
    uintptr_t base;
    size_t size;
    struct instruction *instructions;
} modules[2];

static struct {
    struct {
        uintptr_t start;
        char name[200];
    } functions[20000];
    size_t function_count, with_operand, gathers;
} code;

static const struct {
    const char *name;
    uint8_t number;
} registers[] = {
    { "rax", REG_RAX + 1 }, { "rbx", REG_RBX + 1 }, { "rcx", REG_RCX + 1 }, { "rdx", REG_RDX + 1 },
    { "rsi", REG_RSI + 1 }, { "rdi", REG_RDI + 1 }, { "rbp", REG_RBP + 1 }, { "rsp", REG_RSP + 1 },
    { "r8", REG_R8 + 1 },   { "r9", REG_R9 + 1 },   { "r10", REG_R10 + 1 }, { "r11", REG_R11 + 1 },
    { "r12", REG_R12 + 1 }, { "r13", REG_R13 + 1 }, { "r14", REG_R14 + 1 }, { "r15", REG_R15 + 1 },
};

/* Of "%rax" at `*at`, and what is behind it; 0: it is another one. */
static inline uint8_t read_register(const char **at)
{
    size_t len;

    *at += **at == '%';
    len = strcspn(*at, ",)");
    for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
        if (strlen(registers[i].name) == len && memcmp(registers[i].name, *at, len) == 0) {
            *at += len;
            return registers[i].number;
        }
    }
    code.gathers += len == 4 && strncmp(*at + 1, "mm", 2) == 0;
    *at += len;
    return 0;
}

/* Of "DISPLACEMENT(BASE,INDEX,SCALE)"; `open` is the parenthesis. */
static inline struct operand read_operand(const char *text, const char *open)
{
    struct operand operand = { 0 };
    const char *number = open, *at = open + 1;

    while (number > text && strchr("-0123456789abcdefx", number[-1]))
        number--;
    operand.displacement = (int32_t)strtol(number, NULL, 16);
    operand.base = read_register(&at);
    if (*at == ',') {
        at++;
        operand.index = read_register(&at);
    }
    operand.scale = *at == ',' ? (uint8_t)atoi(at + 1) : 1;
    return operand;
}

/* Addresses that are computed and not gone to. */
static inline bool goes_nowhere(const char *text)
{
    return strncmp(text, "lea", 3) == 0 || strstr(text, "nop");
}

static inline void read_instruction(struct instruction *instruction, const char *text)
{
    const char *open = text;

    for (size_t i = 0; i < 2 && !goes_nowhere(text) && (open = strchr(open, '(')); i++, open++)
        instruction->operands[i] = read_operand(text, open);
    code.with_operand += open != text;
}

static inline void read_line(struct module *module, const char *line)
{
    char *end;
    size_t offset = strtoul(line, &end, 16);

    if (end == line || offset >= module->size)
        return;
    if (end[0] == ':' && end[1] == '\t') {
        read_instruction(&module->instructions[offset], end + 2);
    } else if (end[0] == ' ' && end[1] == '<' &&
               code.function_count < sizeof(code.functions) / sizeof(code.functions[0])) {
        code.functions[code.function_count].start = module->base + offset;
        snprintf(code.functions[code.function_count++].name, sizeof(code.functions[0].name), "%.*s",
                 (int)strcspn(end + 2, ">"), end + 2);
    }
}

static inline void read_module(struct module *module, uintptr_t base, const char *path)
{
    char command[5000], line[1024];
    struct stat status;
    FILE *pipe;

    if (stat(path, &status))
        bail_out("%s is not there", path);
    *module = (struct module){ base, (size_t)status.st_size, NULL };
    module->instructions = calloc(module->size, sizeof(*module->instructions));
    snprintf(command, sizeof(command), "objdump -d -C --no-show-raw-insn '%s'", path);
    pipe = popen(command, "r");
    if (!pipe || !module->instructions)
        bail_out("no objdump");
    while (fgets(line, sizeof(line), pipe))
        read_line(module, line);
    if (pclose(pipe))
        bail_out("objdump does not know %s", path);
}

/* The first object is the program. */
static inline int note_program(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1;
}

static inline void read_code(void)
{
    char path[4096] = "";
    uintptr_t base = 0;

    if (!dl_iterate_phdr(note_library, NULL) || !dl_iterate_phdr(note_program, &base) ||
        readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
        bail_out("the library and the program are not found");
    read_module(&modules[0], library.base, library.path);
    read_module(&modules[1], base, path);
    if (code.with_operand < 10000)
        bail_out("objdump tells nothing of %s", library.path);
}

static inline const struct module *module_of(uint64_t at)
{
    for (size_t i = 0; i < 2; i++)
        if (at >= modules[i].base && at - modules[i].base < modules[i].size)
            return &modules[i];
    return NULL;
}

/* The function, and where in it. */
static inline const char *place_of(uint64_t at)
{
    static char place[300];
    size_t best = 0;

    for (size_t i = 0; i < code.function_count; i++)
        if (code.functions[i].start <= at && code.functions[i].start > code.functions[best].start)
            best = i;
    snprintf(place, sizeof(place), "%s + %#llx", module_of(at) ? code.functions[best].name : "elsewhere",
             (unsigned long long)(at - code.functions[best].start));
    return place;
}

static inline uint64_t address_of(const struct operand *operand, const greg_t *values)
{
    uint64_t address = (uint64_t)(int64_t)operand->displacement;

    if (operand->base)
        address += (uint64_t)values[operand->base - 1];
    if (operand->index)
        address += (uint64_t)values[operand->index - 1] * operand->scale;
    return address;
}

/* Where the instruction that comes next goes to; 0: nothing that a register tells. */
static inline uint64_t addresses(const greg_t *values)
{
    uint64_t at = (uint64_t)values[REG_RIP], result = 0;
    const struct module *module = module_of(at);

    for (size_t i = 0; module && i < 2; i++)
        result = result * 31 +
                 address_of(&module->instructions[at - module->base].operands[i], values);
    return result;
}

#endif
