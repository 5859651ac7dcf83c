/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * test-registers.c - when a call returns, no register has anything that depends on a secret
 *
 * Registers that a function may use as it likes are stored right behind the call: those of vectors,
 * as wide as they are, and those of numbers. With other secrets they must have the same in them.
 *
 * needs: uninstrumented
 */
#include "fill.h"

#ifndef __x86_64__
int main(void)
{
    puts("1..0 # SKIP x86-64's registers are looked at");
    return 0;
}
#else

enum { VECTORS = 32, WIDTH = 64, NUMBERS = 8 };

/* Zeros in what this processor does not have. */
struct registers {
    uint64_t numbers[NUMBERS];
    uint8_t vectors[VECTORS][WIDTH];
};

#define LOWER(store)                                                                          \
    store(0) store(1) store(2) store(3) store(4) store(5) store(6) store(7) store(8) store(9) \
    store(10) store(11) store(12) store(13) store(14) store(15)
#define HIGHER(store)                                                                         \
    store(16) store(17) store(18) store(19) store(20) store(21) store(22) store(23) store(24) \
    store(25) store(26) store(27) store(28) store(29) store(30) store(31)
#define SSE(n) "movdqu %%xmm" #n ", 64*" #n "(%0)\n"
#define AVX(n) "vmovdqu %%ymm" #n ", 64*" #n "(%0)\n"
#define AVX512(n) "vmovdqu64 %%zmm" #n ", 64*" #n "(%0)\n"

static bool has_avx, has_avx512;

/* Nothing may come between the call and this. */
static inline __attribute__((always_inline)) void store_registers(struct registers *r)
{
    __asm__ volatile("mov %%rcx, 0(%0)\n mov %%rdx, 8(%0)\n mov %%rsi, 16(%0)\n"
                     "mov %%rdi, 24(%0)\n mov %%r8, 32(%0)\n mov %%r9, 40(%0)\n"
                     "mov %%r10, 48(%0)\n mov %%r11, 56(%0)\n"
                     : : "a"(r->numbers) : "memory");
    if (has_avx512)
        __asm__ volatile(LOWER(AVX512) HIGHER(AVX512) : : "r"(r->vectors) : "memory");
    else if (has_avx)
        __asm__ volatile(LOWER(AVX) : : "r"(r->vectors) : "memory");
    else
        __asm__ volatile(LOWER(SSE) : : "r"(r->vectors) : "memory");
}

static struct caller {
    uint8_t key[64], iv[32], plain[4 * KIB], sealed[2 * KIB], out[4 * KIB];
} caller;

static void fill_caller(uint32_t secrets)
{
    fill(caller.key, sizeof(caller.key), secrets);
    fill(caller.iv, sizeof(caller.iv), secrets + 1);
    fill(caller.plain, sizeof(caller.plain), secrets + 2);
}

/* Each is called with two sets of secrets, on the same handle and the same memory. */
#define COMPARE(name, call)                                                                   \
    do {                                                                                      \
        static struct registers left[2];                                                      \
                                                                                              \
        for (uint32_t i = 0; i < 2; i++) {                                                    \
            fill_caller(1 + 1000 * i);                                                        \
            call;                                                                             \
            store_registers(&left[i]);                                                        \
        }                                                                                     \
        ok(memcmp(&left[0], &left[1], sizeof(left[0])) == 0, "%s leaves nothing in registers", \
           name);                                                                             \
    } while (0)

static __attribute__((noinline)) void plant(void)
{
    __asm__ volatile("movdqu (%0), %%xmm5" : : "r"(caller.key) : "xmm5");
}

static void planted_is_found(void)
{
    static struct registers left[2];

    for (uint32_t i = 0; i < 2; i++) {
        fill_caller(1 + 1000 * i);
        plant();
        store_registers(&left[i]);
    }
    ok(memcmp(&left[0], &left[1], sizeof(left[0])) != 0, "a planted key is found");
}

int main(void)
{
    struct caller *c = &caller;
    const uint8_t key[64] = { 1 };
    struct kcapi_handle *cipher = cipher_with_key("cbc(aes)", key, 16, 0),
                        *ctr = cipher_with_key("ctr(aes)", key, 32, 0), *hash = NULL,
                        *aead = aead_with_key("gcm(aes)", key, 16, 16, 16, 0);

    has_avx = __builtin_cpu_supports("avx");
    has_avx512 = __builtin_cpu_supports("avx512f");
    if (kcapi_md_init(&hash, "hmac(sha256)", 0) || kcapi_md_setkey(hash, key, 32))
        bail_out("no hmac(sha256)");
    planted_is_found();
    COMPARE("kcapi_cipher_setkey", kcapi_cipher_setkey(cipher, c->key, 16));
    COMPARE("kcapi_cipher_encrypt", kcapi_cipher_encrypt(cipher, c->plain, 240, c->iv, c->out, 240, 0));
    COMPARE("kcapi_cipher_decrypt", kcapi_cipher_decrypt(ctr, c->plain, 4 * KIB, c->iv, c->out, 4 * KIB, 0));
    COMPARE("kcapi_aead_setkey", kcapi_aead_setkey(aead, c->key, 32));
    COMPARE("kcapi_aead_encrypt", kcapi_aead_encrypt(aead, c->plain, 16 + KIB, c->iv, c->sealed, 32 + KIB, 0));
    COMPARE("kcapi_aead_decrypt", kcapi_aead_decrypt(aead, c->plain, 32 + KIB, c->iv, c->out, 16 + KIB, 0));
    COMPARE("kcapi_md_setkey", kcapi_md_setkey(hash, c->key, 32));
    COMPARE("kcapi_md_digest", kcapi_md_digest(hash, c->plain, 240, c->out, 32));
    COMPARE("kcapi_md_update", kcapi_md_update(hash, c->plain, 240));
    COMPARE("kcapi_md_final", kcapi_md_final(hash, c->out, 32));
    COMPARE("kcapi_md_sha512", kcapi_md_sha512(c->plain, 240, c->out, 64));
    COMPARE("kcapi_hkdf", kcapi_hkdf("hmac(sha256)", c->key, 64, c->iv, 16, NULL, 0, c->out, 96));
    COMPARE("kcapi_pbkdf", kcapi_pbkdf("hmac(sha256)", c->key, 32, c->iv, 16, 2, c->out, 64));
    kcapi_cipher_destroy(cipher);
    kcapi_cipher_destroy(ctr);
    kcapi_aead_destroy(aead);
    kcapi_md_destroy(hash);
    return done_testing();
}
#endif
