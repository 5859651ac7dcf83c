/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * authenc.h - a key of authenc(), which krb5enc() and essiv() of an authenc() take, too
 */
#ifndef AUTHENC_H
#define AUTHENC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { AUTHENC_HEAD = 8 };

static inline bool is_authenc(const char *algorithm)
{
    return strstr(algorithm, "authenc(") || strstr(algorithm, "krb5enc(");
}

/*
 * What it begins with: a struct rtattr, whose numbers are in the machine's byte order, and the length of the cipher's
 * key, whose high byte comes first. The digest's key follows, then the cipher's.
 */
static inline void put_authenc_head(uint8_t *key, uint32_t cipher_keylen)
{
    const uint16_t attribute[2] = { AUTHENC_HEAD, 1 };

    memcpy(key, attribute, sizeof(attribute));
    for (int i = 0; i < 4; i++)
        key[4 + i] = (uint8_t)(cipher_keylen >> (24 - 8 * i));
}

#endif
