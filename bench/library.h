/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * library.h - the libraries that are compared, all in one process
 */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <kcapi.h>

#define FUNCTIONS(F)                                                                            \
    F(versionstring) F(set_verbosity)                                                           \
    F(cipher_init) F(cipher_setkey) F(cipher_encrypt) F(cipher_encrypt_aio) F(cipher_destroy)   \
    F(cipher_stream_init_enc) F(cipher_stream_update_last) F(cipher_stream_op)                  \
    F(aead_init) F(aead_setkey) F(aead_settaglen) F(aead_setassoclen)                           \
    F(aead_encrypt) F(aead_encrypt_aio) F(aead_destroy)                                         \
    F(md_init) F(md_setkey) F(md_digest) F(md_destroy)                                          \
    F(rng_init) F(rng_seed) F(rng_generate) F(rng_destroy)                                      \
    F(handle_reinit)                                                                            \
    F(md_sha256) F(md_hmac_sha256) F(cipher_enc_aes_cbc) F(rng_get_bytes) F(hkdf) F(pbkdf)

struct library {
    const char *name; /* the column of its numbers */
#define MEMBER(function) __typeof__(kcapi_##function) *function;
    FUNCTIONS(MEMBER)
#undef MEMBER
};

/* The order of `libraries`. */
enum { C, LINUX_AIO, IO_URING, USER, LIBRARIES };

extern struct library libraries[LIBRARIES];

/* Opens all of them; `dir` has a file NAME.so for each. */
void open_libraries(const char *dir);

#endif
