// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/* The command line of kcapi.c: what it accepts, and the library's functions that -x selects. */
#ifndef KCAPI_OPTIONS_H
#define KCAPI_OPTIONS_H

#include <errno.h>
#include <kcapi.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Symmetric ciphers and AEADs have the same calls; what differs is written once, here. */
struct family {
    int (*init)(struct kcapi_handle **, const char *, uint32_t);
    void (*destroy)(struct kcapi_handle *);
    int (*setkey)(struct kcapi_handle *, const uint8_t *, uint32_t);
    uint32_t (*ivsize)(struct kcapi_handle *);
    /* Index 0 decrypts, 1 encrypts. */
    ssize_t (*one_shot[2])(struct kcapi_handle *, const uint8_t *, size_t, const uint8_t *,
                           uint8_t *, size_t, int);
    ssize_t (*aio[2])(struct kcapi_handle *, struct iovec *, struct iovec *, size_t,
                      const uint8_t *, int);
    ssize_t (*stream_init[2])(struct kcapi_handle *, const uint8_t *, struct iovec *, size_t);
    ssize_t (*stream_update)(struct kcapi_handle *, struct iovec *, size_t);
    ssize_t (*stream_update_last)(struct kcapi_handle *, struct iovec *, size_t);
    ssize_t (*stream_op)(struct kcapi_handle *, struct iovec *, size_t);
};

static const struct family skcipher = {
    .init = kcapi_cipher_init,
    .destroy = kcapi_cipher_destroy,
    .setkey = kcapi_cipher_setkey,
    .ivsize = kcapi_cipher_ivsize,
    .one_shot = {kcapi_cipher_decrypt, kcapi_cipher_encrypt},
    .aio = {kcapi_cipher_decrypt_aio, kcapi_cipher_encrypt_aio},
    .stream_init = {kcapi_cipher_stream_init_dec, kcapi_cipher_stream_init_enc},
    .stream_update = kcapi_cipher_stream_update,
    .stream_update_last = kcapi_cipher_stream_update_last,
    .stream_op = kcapi_cipher_stream_op,
};

static const struct family aead = {
    .init = kcapi_aead_init,
    .destroy = kcapi_aead_destroy,
    .setkey = kcapi_aead_setkey,
    .ivsize = kcapi_aead_ivsize,
    .one_shot = {kcapi_aead_decrypt, kcapi_aead_encrypt},
    .aio = {kcapi_aead_decrypt_aio, kcapi_aead_encrypt_aio},
    .stream_init = {kcapi_aead_stream_init_dec, kcapi_aead_stream_init_enc},
    .stream_update = kcapi_aead_stream_update,
    .stream_update_last = kcapi_aead_stream_update_last,
    .stream_op = kcapi_aead_stream_op,
};

/* Bytes given in hex; base is NULL when the option was not given. */
struct bytes {
    uint8_t *base;
    size_t len;
};

/* What -x says; the numbers are those of the C library's program. */
enum mode {
    SKCIPHER = 1, AEAD = 2, DIGEST = 3, AKCIPHER = 4, KDF_CTR = 5, KDF_FB = 6, KDF_DPI = 7, PBKDF = 8,
    SKCIPHER_AIO = 9, AEAD_AIO = 10, AKCIPHER_AIO = 11, HKDF = 12, KPP = 13, KPP_AIO = 14,
};

struct options {
    enum mode mode;
    const char *cipher;
    const struct family *family; /* of symmetric ciphers and AEADs */
    bool aio, stream, encrypt, timed;
    bool aligned, forked, show_aad, other_way, generate, second_handle, fuzz;
    int access;
    struct bytes key, iv, nonce, plaintext, ciphertext, aad, tag;
    size_t taglen, message, operations, repetitions, result;
};

static void usage(void)
{
    puts("Usage: kcapi -x MODE -c ALGORITHM -k KEY [-i IV] {-e -p PLAINTEXT | -q CIPHERTEXT} ...\n"
         "\n"
         "  -x 1   symmetric cipher, one-shot calls      -x 2    AEAD, one-shot calls\n"
         "  -x 9   symmetric cipher, one AIO call        -x 10   AEAD, one AIO call\n"
         "  -x 3   digest of -p; with -k an HMAC         -x 4    asymmetric cipher; -x 11 with AIO\n"
         "  -x 5   key derivation in counter mode        -x 6    in feedback mode\n"
         "  -x 7   in double-pipeline mode, of -p        -x 8    PBKDF2: -k password, -p salt,\n"
         "  -x 12  HKDF: -k input, -i salt, -p info              -d iterations\n"
         "  -x 13  key agreement; -x 14 with AIO\n"
         "\n"
         "  -c ALGORITHM  the kernel's name for it, such as cbc(aes), gcm(aes) or hmac(sha256)\n"
         "  -k, -i     key and IV in hex\n"
         "  -n         nonce in hex, of which the IV of ccm is made\n"
         "  -e         encrypt; without it, decrypt\n"
         "  -p, -q     plaintext (to encrypt) or ciphertext (to decrypt) in hex\n"
         "  -a         AEAD: associated data in hex\n"
         "  -u         AEAD: print the associated data, too, in front\n"
         "  -t         AEAD decryption: tag in hex\n"
         "  -l BYTES   AEAD encryption: length of the tag; by default the longest there is\n"
         "  -b BYTES   length of the derived key, or room for an asymmetric cipher's result\n"
         "  -s         stream calls instead of one-shot calls (-x 1, -x 2 and -x 3)\n"
         "  -j         -s: a process of its own sends the data\n"
         "  -v         vmsplice access to the kernel\n"
         "  -o         in place: the output over the input; -x 4 and 11: sign, verify without -e\n"
         "  -y         on a second handle, of kcapi_handle_reinit()\n"
         "  -g         -x 13 and 14: make a key; without it, the secret shared with -q\n"
         "  -d N       N operations on the same message: N calls, or for AIO one call with N\n"
         "             IOVECs. Every call has the given IV; from IOVEC to IOVEC of an AIO call\n"
         "             modes such as cbc and ctr carry it on.\n"
         "  -m [BYTES] each message on a page of its own; with a number: length of the message,\n"
         "             -p or -q repeated, or else bytes 00 01 02 ...\n"
         "  -f         print the time of the N operations in nanoseconds\n"
         "  -r [N]     do it all N times; the time is then the median\n"
         "  -z         known answers of this program's own, and nothing else\n"
         "  -h         this text; with -x, calls with random arguments, which print nothing\n"
         "\n"
         "The result is printed in hex, one line for each operation; after the ciphertext of an\n"
         "AEAD its tag. A wrong tag gives EBADMSG instead, as an answer: the exit status is 0.\n"
         "With both -f and -m BYTES only the time is printed.");
}

__attribute__((noreturn, format(printf, 2, 3)))
static void die(int status, const char *format, ...)
{
    va_list ap;

    fputs("kcapi: ", stderr);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputs(status == 2 ? " (kcapi -h lists the options)\n" : "\n", stderr);
    exit(status);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (!memory)
        die(1, "out of memory");
    return memory;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) % 16 : -1;
}

static struct bytes parse_hex(int option, const char *text)
{
    size_t len = strlen(text) / 2;
    struct bytes bytes = {allocate(len, 1), len};

    if (strlen(text) % 2)
        die(2, "-%c: an odd number of hex digits", option);
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            die(2, "-%c: '%.2s' is not hex", option, text + 2 * i);
        bytes.base[i] = high << 4 | low;
    }
    return bytes;
}

static size_t parse_number(int option, const char *text)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, 10);
    if (errno || *end || text[0] < '0' || text[0] > '9' || number < 1 || number > 1UL << 30)
        die(2, "-%c: '%s' is not a number from 1 to %lu", option, text, 1UL << 30);
    return number;
}

static void parse_mode(struct options *o, const char *text)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 10);

    if (*end || text[0] < '1' || text[0] > '9' || mode > KPP_AIO)
        die(2, "-x: '%s' is no number from 1 to %d", text, KPP_AIO);
    o->mode = mode;
    o->aio = mode == SKCIPHER_AIO || mode == AEAD_AIO || mode == AKCIPHER_AIO || mode == KPP_AIO;
    o->family = mode == SKCIPHER || mode == SKCIPHER_AIO ? &skcipher
                : mode == AEAD || mode == AEAD_AIO       ? &aead
                                                         : NULL;
}

static void check_cipher(const struct options *o)
{
    bool has_data = o->message || (o->encrypt ? o->plaintext : o->ciphertext).base;

    if (!o->key.base)
        die(2, "option -k is missing");
    if (!has_data)
        die(2, "%s needs option %s or -m", o->encrypt ? "encryption (-e)" : "decryption (no -e)",
            o->encrypt ? "-p" : "-q");
    if ((o->encrypt ? o->ciphertext : o->plaintext).base)
        die(2, "option %s has no place in %s", o->encrypt ? "-q" : "-p",
            o->encrypt ? "encryption (-e)" : "decryption (no -e)");
    if (o->stream && o->aio)
        die(2, "option -s cannot be combined with -x 9 and -x 10");
    if (o->iv.base && o->nonce.base)
        die(2, "options -i and -n are two ways to say the same");

    if (o->family == &aead) {
        if (o->encrypt && o->tag.base)
            die(2, "option -t is for decryption; encryption (-e) takes -l");
        if (!o->encrypt && !o->tag.base)
            die(2, "AEAD decryption needs option -t");
        if (!o->encrypt && o->taglen && o->taglen != o->tag.len)
            die(2, "-l %zu, but the tag of -t has %zu bytes", o->taglen, o->tag.len);
    } else if (o->aad.base || o->tag.base || o->taglen || o->nonce.base) {
        die(2, "options -a, -n, -t and -l are for an AEAD (-x 2 and -x 10)");
    }
}

static void check(const struct options *o)
{
    if (!o->mode)
        die(2, "option -x is missing");
    if (!o->cipher)
        die(2, "option -c is missing");
    if (o->fuzz)
        return;
    if (o->family)
        check_cipher(o);
    else if (o->mode != DIGEST && o->mode != AKCIPHER && o->mode != AKCIPHER_AIO && !o->result)
        die(2, "option -b is missing");
    else if (o->mode != DIGEST && !o->key.base)
        die(2, "option -k is missing");
}

/* The number that may follow an option; NULL if none does. */
static const char *number_after(int argc, char **argv)
{
    bool is_number = optind < argc && argv[optind][0] && !argv[optind][strspn(argv[optind], "0123456789")];

    return is_number ? argv[optind++] : NULL;
}

/* Whether there is work besides -z and -h. */
static bool parse(struct options *o, int argc, char **argv)
{
    bool help = false, self_test = false;
    const char *number;
    int option;

    while ((option = getopt(argc, argv, "x:c:k:i:n:ep:q:a:t:l:b:usjvoygd:mfrzh")) != -1) {
        switch (option) {
        case 'x': parse_mode(o, optarg); break;
        case 'c': o->cipher = optarg; break;
        case 'k': o->key = parse_hex(option, optarg); break;
        case 'i': o->iv = parse_hex(option, optarg); break;
        case 'n': o->nonce = parse_hex(option, optarg); break;
        case 'e': o->encrypt = true; break;
        case 'p': o->plaintext = parse_hex(option, optarg); break;
        case 'q': o->ciphertext = parse_hex(option, optarg); break;
        case 'a': o->aad = parse_hex(option, optarg); break;
        case 't': o->tag = parse_hex(option, optarg); break;
        case 'l': o->taglen = parse_number(option, optarg); break;
        case 'b': o->result = parse_number(option, optarg); break;
        case 'u': o->show_aad = true; break;
        case 's': o->stream = true; break;
        case 'j': o->forked = true; break;
        case 'v': o->access = KCAPI_ACCESS_VMSPLICE; break;
        case 'o': o->other_way = true; break;
        case 'y': o->second_handle = true; break;
        case 'g': o->generate = true; break;
        case 'd': o->operations = parse_number(option, optarg); break;
        case 'm':
            number = number_after(argc, argv);
            o->aligned |= !number;
            o->message = number ? parse_number(option, number) : o->message;
            break;
        case 'f': o->timed = true; break;
        case 'r':
            number = number_after(argc, argv);
            o->repetitions = number ? parse_number(option, number) : o->repetitions;
            break;
        case 'z': self_test = true; break;
        case 'h': help = true; break;
        default: die(2, "unknown option, or one without its value");
        }
    }
    if (optind < argc)
        die(2, "'%s' belongs to no option", argv[optind]);
    if (help && !o->mode) {
        usage();
        exit(0);
    }
    o->fuzz = help;
    if (self_test)
        return false;
    check(o);
    return true;
}

static void release_options(const struct options *o)
{
    free(o->key.base);
    free(o->iv.base);
    free(o->nonce.base);
    free(o->plaintext.base);
    free(o->ciphertext.base);
    free(o->aad.base);
    free(o->tag.base);
}

#endif
