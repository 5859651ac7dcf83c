/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * processor.h - has the library take the processor for a lesser one
 *
 * What the processor can do is kept in variables: one set in Rust's standard library (CACHE), which
 * this library's own kernels and graviola ask, and one for each of RustCrypto's crates (STORAGE).
 * The library's table of symbols says where they are, so that nothing in it is made for tests.
 */
#ifndef PROCESSOR_H
#define PROCESSOR_H

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static struct {
    uintptr_t base, end;
    char path[4096];
} library;

static inline int note_library(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    if (!strstr(info->dlpi_name, "/libkcapi.so"))
        return 0;
    library.base = info->dlpi_addr;
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD)
            library.end = library.base + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
    snprintf(library.path, sizeof(library.path), "%s", info->dlpi_name);
    return 1;
}

static inline const uint8_t *library_file(size_t *size)
{
    struct stat status;
    void *file;
    int fd;

    if (!dl_iterate_phdr(note_library, NULL) || (fd = open(library.path, O_RDONLY | O_CLOEXEC)) < 0 ||
        fstat(fd, &status))
        bail_out("the library's file is not found");
    *size = (size_t)status.st_size;
    file = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED)
        bail_out("%s cannot be read", library.path);
    return (const uint8_t *)file;
}

/* Calls `visit` with each symbol of the library that is of this type and has `part` in its name. */
static inline void each_symbol(unsigned type, const char *part,
                               void (*visit)(const char *, void *, size_t))
{
    size_t size;
    const uint8_t *file = library_file(&size);
    const ElfW(Ehdr) *head = (const void *)file;
    const ElfW(Shdr) *sections = (const void *)(file + head->e_shoff);

    for (unsigned s = 0; s < head->e_shnum; s++) {
        const ElfW(Sym) *symbols = (const void *)(file + sections[s].sh_offset);
        const char *names = (const char *)file + sections[sections[s].sh_link].sh_offset;

        if (sections[s].sh_type != SHT_SYMTAB)
            continue;
        for (size_t i = 0; i < sections[s].sh_size / sizeof(*symbols); i++) {
            const char *name = names + symbols[i].st_name;

            if (ELF64_ST_TYPE(symbols[i].st_info) != type || !strstr(name, part))
                continue;
            visit(name, (void *)(library.base + symbols[i].st_value), symbols[i].st_size);
        }
    }
    munmap((void *)(uintptr_t)file, size);
}

/* Bits of the standard library's words, but for the highest, which says that the word has been set; a
 * crate's byte is 0, 1 or, before it has asked, 255. */
static struct {
    size_t *words[4], *first_word;
    uint8_t *bytes[32];
    unsigned word_count, byte_count;
} features;

#define TOP_BIT ((size_t)1 << (8 * sizeof(size_t) - 1))

static inline void note_word(const char *name, void *word, size_t size)
{
    const char *number = strstr(name, "CACHE.");

    if (size != sizeof(size_t) || features.word_count == 4)
        return;
    features.words[features.word_count++] = (size_t *)word;
    /* The compiler makes variables of its own of an array, CACHE.0 and so on. */
    if (!number || strcmp(number, "CACHE.0") == 0)
        features.first_word = (size_t *)word;
}

static inline void note_byte(const char *name, void *byte, size_t size)
{
    (void)name;
    if (size == 1 && features.byte_count < 32)
        features.bytes[features.byte_count++] = (uint8_t *)byte;
}

/* At least so many variables. The first call must have been made, which asks the processor. */
static inline void find_features(unsigned words, unsigned bytes)
{
    each_symbol(STT_OBJECT, "6detect5cache5CACHE", note_word);
    each_symbol(STT_OBJECT, "7STORAGE17h", note_byte);
    if (features.word_count < words || features.byte_count < bytes)
        bail_out("what the library knows of the processor is not found");
}

/* SSSE3 in the first of the standard library's words, in which features are in the order of its list. */
#define SSSE3_BIT ((size_t)1 << 9)

/* What is hidden from whom. */
struct path {
    const char *name;
    bool from_std, from_crates, but_ssse3;
};

static const struct path paths[] = {
    { "nothing-hidden", false, false, false },
    { "hidden-from-std", true, false, false },
    { "hidden-from-crates", false, true, false },
    { "all-hidden", true, true, false },
    /* There AES is by lookups within registers and by single bits, and GHASH by lookups. */
    { "all-hidden-but-ssse3", true, true, true },
};

/* NULL: there is none of that name. */
static inline const struct path *path_called(const char *name)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (strcmp(paths[i].name, name) == 0)
            return &paths[i];
    return NULL;
}

static inline void take_path(const struct path *path)
{
    for (unsigned i = 0; path->from_std && i < features.word_count; i++) {
        bool has_ssse3 = path->but_ssse3 && features.words[i] == features.first_word;

        *features.words[i] &= TOP_BIT | (has_ssse3 ? SSSE3_BIT : 0);
    }
    for (unsigned i = 0; path->from_crates && i < features.byte_count; i++)
        *features.bytes[i] = 0;
}

#endif
