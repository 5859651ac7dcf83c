/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* What LLVM's ThreadSanitizer calls and GCC's runtime has under the functions' own names. */
#include <string.h>

void *__tsan_memcpy(void *to, const void *from, size_t len)
{
    return memcpy(to, from, len);
}

void *__tsan_memmove(void *to, const void *from, size_t len)
{
    return memmove(to, from, len);
}

void *__tsan_memset(void *to, int byte, size_t len)
{
    return memset(to, byte, len);
}
