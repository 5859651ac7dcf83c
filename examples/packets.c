// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * packets seal|open KEYFILE <in >out: the packets of a connection by AES-256-GCM, as IPsec has them
 *
 *     cc packets.c $(pkg-config --cflags --libs libkcapi)
 *
 * seal cuts its input into payloads of up to 1420 bytes and writes for each, one after the other, an ESP
 * packet of RFC 4106: SPI and sequence number, IV, ciphertext, tag. open verifies the packets and writes the
 * payloads; a forged one is left out and reported, which stops no other. A call of kcapi_process() takes 64
 * packets, each with an IV of its own. KEYFILE holds 36 bytes: the key and the salt.
 */
#include <errno.h>
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PACKETS 64
#define SPI 0x1234abcd
#define HEAD 16 /* SPI and sequence number, which are authenticated, and the IV */
#define PAYLOAD 1420
#define TAG 16
#define PACKET (HEAD + PAYLOAD + TAG)

static int fail(const char *what, int error)
{
    fprintf(stderr, "packets: %s: %s\n", what, strerror(error));
    return 1;
}

static void big_endian(uint8_t *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* The sequence number serves as the IV, too: no two packets have the same. */
static void head(uint8_t packet[HEAD], uint32_t sequence)
{
    memset(packet, 0, HEAD);
    big_endian(packet, SPI);
    big_endian(packet + 4, sequence);
    big_endian(packet + 12, sequence);
}

static int transform(struct kcapi_handle *handle, int seals)
{
    static uint8_t data[PACKETS][PACKET];
    size_t at = seals ? HEAD : 0, most = seals ? PAYLOAD : PACKET, least = seals ? 1 : HEAD + TAG;
    struct kcapi_request requests[PACKETS];
    uint32_t sequence = 0;
    size_t len = most;
    int status = 0;

    while (len == most) {
        size_t count = 0;

        memset(requests, 0, sizeof(requests));
        while (count < PACKETS && len == most) {
            struct kcapi_request *request = &requests[count];

            len = fread(data[count] + at, 1, most, stdin);
            if (ferror(stdin))
                return fail("reading", errno);
            if (len == 0)
                break;
            if (len < least)
                return fail("the last packet is not whole", EINVAL);
            if (seals)
                head(data[count], ++sequence);
            request->handle = handle;
            request->type = seals ? KCAPI_REQUEST_ENCRYPT : KCAPI_REQUEST_DECRYPT;
            request->iv = data[count] + 8;
            request->assoclen = HEAD;
            request->input = request->output = data[count];
            request->inlen = at + len;
            request->outlen = seals ? at + len + TAG : len - TAG;
            count++;
        }
        if (kcapi_process(requests, count, sizeof(requests[0]), 0) < 0)
            return fail("kcapi_process", EINVAL);
        for (size_t i = 0; i < count; i++) {
            size_t skipped = seals ? 0 : HEAD;
            ssize_t ret = requests[i].result;

            if (ret < 0)
                status = fail(ret == -EBADMSG ? "a forged packet" : "a packet", (int)-ret);
            else if (fwrite(data[i] + skipped, 1, (size_t)ret - skipped, stdout) != (size_t)ret - skipped)
                return fail("writing", errno);
        }
    }
    return fflush(stdout) == 0 ? status : fail("writing", errno);
}

int main(int argc, char **argv)
{
    int seals = argc == 3 && strcmp(argv[1], "seal") == 0;
    struct kcapi_handle *handle;
    uint8_t key[36];
    FILE *keyfile;
    size_t len;
    int ret;

    if (!seals && (argc != 3 || strcmp(argv[1], "open") != 0)) {
        fputs("usage: packets seal|open KEYFILE <in >out\n", stderr);
        return 2;
    }
    keyfile = fopen(argv[2], "rb");
    if (!keyfile)
        return fail(argv[2], errno);
    setvbuf(keyfile, NULL, _IONBF, 0);
    len = fread(key, 1, sizeof(key), keyfile);
    fclose(keyfile);
    if (len != sizeof(key))
        return fail(argv[2], EINVAL);

    ret = kcapi_aead_init(&handle, "rfc4106(gcm(aes))", 0);
    if (ret)
        return fail("kcapi_aead_init", -ret);
    ret = kcapi_aead_setkey(handle, key, sizeof(key));
    kcapi_memset_secure(key, 0, sizeof(key));
    if (ret == 0)
        ret = kcapi_aead_settaglen(handle, TAG);
    ret = ret ? fail("key", -ret) : transform(handle, seals);
    kcapi_aead_destroy(handle);
    return ret;
}
