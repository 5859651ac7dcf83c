/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * secrets.h - what a caller gives to the library, and what the library may make of it that nobody
 * else may see: key schedules, MAC states, key streams, intermediate digests
 *
 * A child process computes them and sends them as needles, so that they have never been in the
 * memory that is searched.
 */
#ifndef SECRETS_H
#define SECRETS_H

#include <sys/wait.h>

#include "authenc.h"
#include "needles.h"
#include "rsa.h"

enum { KEY = 64, IV = 16, BLOCK = 64, PLAIN = 1 << 20, ROOM = 5 << 20, ITERATIONS = 3 };

/* All that a caller has in clear; unmapped before the search. */
struct caller {
    uint8_t key[KEY], iv[IV];
    uint8_t authenc[8 + 32 + 16];
    uint8_t rsa[1200];
    uint32_t rsa_len;
    uint8_t plain[PLAIN]; /* one block, over and over: each piece of it is known */
    uint8_t sealed[PLAIN + KIB];
    uint8_t out[ROOM];
};

static inline void fill_caller(struct caller *c)
{
    fill(c->key, KEY, 0x1234);
    fill(c->iv, IV, 0x5678);
    put_authenc_head(c->authenc, 16);
    memcpy(c->authenc + 8, c->key, 32);
    memcpy(c->authenc + 40, c->key, 16);
    c->rsa_len = (uint32_t)unhex(rsa_2048, c->rsa, sizeof(c->rsa));
    fill(c->plain, BLOCK, 0x9abc);
    for (size_t i = BLOCK; i < PLAIN; i++)
        c->plain[i] = c->plain[i - BLOCK];
}

static int needles_to;

static inline void needle(const void *secret, size_t len, const char *name)
{
    for (size_t i = 0; i + 8 <= len; i += 8) {
        struct needle n = { masked_word((const uint8_t *)secret + i), "" };

        snprintf(n.name, sizeof(n.name), "%s (byte %zu)", name, i);
        if (write(needles_to, &n, sizeof(n)) != sizeof(n))
            _exit(1);
    }
}

/* As it is, and as words of 4 and of 8 bytes in the other order. */
static inline void needle_swapped(const void *secret, size_t len, const char *name)
{
    for (size_t size = 1; size <= 16; size *= 2) {
        uint8_t swapped[256];

        for (size_t i = 0; i < len; i++)
            swapped[i] = ((const uint8_t *)secret)[i / size * size + (size - 1 - i % size)];
        if (size != 2)
            needle(swapped, len, name);
    }
}

static inline uint8_t times_x(uint8_t a)
{
    return (uint8_t)(a << 1) ^ (a & 0x80 ? 0x1b : 0);
}

static inline uint8_t field_product(uint8_t a, uint8_t b)
{
    uint8_t product = 0;

    for (; b; b >>= 1, a = times_x(a))
        product ^= b & 1 ? a : 0;
    return product;
}

/* FIPS 197, 5.1.1: the inverse, then an affine map. */
static inline uint8_t sub_byte(uint8_t a)
{
    uint8_t inverse = 1, result = 0x63;

    for (int i = 0; i < 254; i++)
        inverse = field_product(inverse, a);
    for (int i = 0; i < 5; i++)
        result ^= (uint8_t)(inverse << i | inverse >> (8 - i));
    return result;
}

/* FIPS 197, 5.2, and 5.3.5 for the equivalent inverse cipher's. */
static inline void aes_schedule(const uint8_t *key, size_t len, const char *name)
{
    static const uint8_t inv[4] = { 14, 11, 13, 9 };
    uint8_t w[240], d[240] = { 0 }, rcon = 1;
    size_t size = 16 * (len / 4 + 7);

    memcpy(w, key, len);
    for (size_t i = len; i < size; i += 4) {
        for (size_t j = 0; j < 4; j++) {
            uint8_t t = w[i - 4 + (i % len == 0 ? (j + 1) % 4 : j)];

            if (i % len == 0 || (len == 32 && i % 32 == 16))
                t = sub_byte(t);
            w[i + j] = w[i + j - len] ^ t ^ (i % len == 0 && j == 0 ? rcon : 0);
        }
        if (i % len == 0)
            rcon = times_x(rcon);
    }
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < 4; j++)
            d[i] ^= field_product(w[i / 4 * 4 + j], inv[(j + 4 - i % 4) % 4]);
    needle_swapped(w, size, name);
    needle_swapped(d + 16, size - 32, name);
}

/* FIPS 180-4, 6.2.2, of one block from the initial value. */
static inline void sha256_state(const uint8_t block[64], const char *name)
{
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2,
    };
    static const uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    uint32_t w[64], s[8], pairs[8];

#define ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))
    memcpy(s, initial, sizeof(s));
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (size_t i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] +
               (ROTR(w[i - 15], 7) ^ ROTR(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (ROTR(w[i - 2], 17) ^ ROTR(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (size_t i = 0; i < 64; i++) {
        uint32_t a = s[0], e = s[4];
        uint32_t t1 = s[7] + (ROTR(e, 6) ^ ROTR(e, 11) ^ ROTR(e, 25)) + ((e & s[5]) ^ (~e & s[6])) +
                      k[i] + w[i];
        uint32_t t2 = (ROTR(a, 2) ^ ROTR(a, 13) ^ ROTR(a, 22)) +
                      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

        memmove(s + 1, s, 7 * sizeof(s[0]));
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (size_t i = 0; i < 8; i++)
        s[i] += initial[i];
    needle_swapped(s, sizeof(s), name);
    /* SHA-NI has the state's words in pairs, the later one first. */
    for (size_t i = 0; i < 8; i++)
        pairs[i] = s[i ^ 1];
    needle(pairs, sizeof(pairs), name);
    needle_swapped(w + 16, 48 * 4, name);
}

#endif
