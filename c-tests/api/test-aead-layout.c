/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Where AAD, data and tag lie in a buffer: kcapi_aead_getdata_input and _output; and CCM's IVs. */
#include <errno.h>

#include "fill.h"

#define NONE ((size_t)-1)

struct part {
    size_t at; /* NONE: NULL */
    size_t len;
};

struct layout {
    const char *name;
    bool output;
    int enc;
    size_t assoclen;
    uint32_t taglen; /* 0: not set */
    size_t buflen;
    struct part aad, data, tag;
};

#define ABSENT { NONE, 0 }

static const struct layout layouts[] = {
    { "input of an encryption", false, 1, 8, 16, 64, { 0, 8 }, { 8, 56 }, ABSENT },
    { "output of an encryption", true, 1, 8, 16, 64, { 0, 8 }, { 8, 40 }, { 48, 16 } },
    { "input of a decryption", false, 0, 8, 12, 64, { 0, 8 }, { 8, 44 }, { 52, 12 } },
    { "output of a decryption", true, 0, 8, 12, 64, { 0, 8 }, { 8, 56 }, ABSENT },
    { "no AAD", true, 1, 0, 16, 64, { 0, 0 }, { 0, 48 }, { 48, 16 } },
    { "no data", true, 1, 8, 16, 24, { 0, 8 }, { 8, 0 }, { 8, 16 } },
    { "no tag length yet, input", false, 0, 8, 0, 64, { 0, 8 }, { 8, 56 }, ABSENT },
    { "no tag length yet, output", true, 1, 8, 0, 64, { 0, 8 }, { 8, 56 }, { 64, 0 } },
    { "no room for the tag", false, 0, 8, 16, 23, { 0, 8 }, ABSENT, ABSENT },
    { "no room but for AAD", true, 1, 8, 16, 8, { 0, 8 }, ABSENT, ABSENT },
    { "no room for AAD, with tag", true, 1, 8, 16, 7, ABSENT, ABSENT, ABSENT },
    { "no room for AAD, without tag", true, 0, 8, 16, 4, ABSENT, { 0, 4 }, ABSENT },
    { "no room for AAD, but for a tag", true, 1, 8, 4, 7, ABSENT, { 0, 3 }, { 3, 4 } },
    { "no room at all", false, 0, 0, 16, 0, { 0, 0 }, ABSENT, ABSENT },
};

typedef void (*getdata_fn)(struct kcapi_handle *, uint8_t *, size_t, int, uint8_t **, size_t *,
                           uint8_t **, size_t *, uint8_t **, size_t *);

static const uint8_t key[16] = { 1 };

static struct kcapi_handle *for_layout(size_t assoclen, uint32_t taglen)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_aead_init(&handle, "gcm(aes)", 0) || kcapi_aead_setkey(handle, key, sizeof(key)))
        bail_out("gcm(aes) is missing");
    if (taglen && kcapi_aead_settaglen(handle, taglen))
        bail_out("gcm(aes) takes no tag of %u bytes", taglen);
    if (assoclen)
        kcapi_aead_setassoclen(handle, assoclen);
    return handle;
}

static bool is_at(const struct part *part, const uint8_t *buf, const uint8_t *ptr, size_t len)
{
    return len == part->len && ptr == (part->at == NONE ? NULL : buf + part->at);
}

static void test_layout(const struct layout *l)
{
    getdata_fn getdata = l->output ? kcapi_aead_getdata_output : kcapi_aead_getdata_input;
    struct kcapi_handle *handle = for_layout(l->assoclen, l->taglen);
    uint8_t buf[64];

    /* Every combination of arguments that are not asked for. */
    for (unsigned int wanted = 0; wanted < 64; wanted++) {
        uint8_t *aad = buf + 1, *data = buf + 2, *tag = buf + 3;
        size_t aadlen = 1001, datalen = 1002, taglen = 1003;
        bool right;

        getdata(handle, buf, l->buflen, l->enc, wanted & 1 ? &aad : NULL,
                wanted & 2 ? &aadlen : NULL, wanted & 4 ? &data : NULL,
                wanted & 8 ? &datalen : NULL, wanted & 16 ? &tag : NULL,
                wanted & 32 ? &taglen : NULL);
        right = is_at(&l->aad, buf, wanted & 1 ? aad : l->aad.at == NONE ? NULL : buf + l->aad.at,
                      wanted & 2 ? aadlen : l->aad.len) &&
                is_at(&l->data, buf,
                      wanted & 4 ? data : l->data.at == NONE ? NULL : buf + l->data.at,
                      wanted & 8 ? datalen : l->data.len) &&
                is_at(&l->tag, buf, wanted & 16 ? tag : l->tag.at == NONE ? NULL : buf + l->tag.at,
                      wanted & 32 ? taglen : l->tag.len);
        if (!ok(right, "%s, arguments %#x", l->name, wanted))
            diag("aad %td/%zu data %td/%zu tag %td/%zu", aad ? aad - buf : -1, aadlen,
                 data ? data - buf : -1, datalen, tag ? tag - buf : -1, taglen);
    }
    kcapi_aead_destroy(handle);
}

/* Only the lengths are asked for: there is no buffer to point into. */
static void test_no_buffer(void)
{
    struct kcapi_handle *handle = for_layout(8, 12);
    size_t aadlen = 0, datalen = 0, taglen = 0;

    kcapi_aead_getdata_input(handle, NULL, 64, 0, NULL, &aadlen, NULL, &datalen, NULL, &taglen);
    ok(aadlen == 8 && datalen == 44 && taglen == 12, "lengths without a buffer, input");
    kcapi_aead_getdata_output(handle, NULL, 64, 0, NULL, &aadlen, NULL, &datalen, NULL, &taglen);
    ok(aadlen == 8 && datalen == 56 && taglen == 0, "lengths without a buffer, output");
    kcapi_aead_destroy(handle);
}

static void test_nonces(void)
{
    uint8_t nonce[16], want[16], *iv = NULL;
    uint32_t ivlen = 0;

    fill(nonce, sizeof(nonce), 1);
    for (uint32_t len = 0; len <= 14; len++) {
        memset(want, 0, sizeof(want));
        want[0] = (uint8_t)(14 - len);
        memcpy(want + 1, nonce, len);
        is_int(kcapi_aead_ccm_nonce_to_iv(nonce, len, &iv, &ivlen), 0, "a nonce for CCM");
        is_int(ivlen, sizeof(want), "makes an IV of 16 bytes");
        is_mem(iv, want, sizeof(want), "that says how long the nonce is");
        free(iv);
    }
    iv = nonce;
    ivlen = 99;
    is_int(kcapi_aead_ccm_nonce_to_iv(nonce, 15, &iv, &ivlen), -EINVAL, "too long: -EINVAL");
    is_int(kcapi_aead_ccm_nonce_to_iv(nonce, 16, &iv, &ivlen), -EINVAL, "much too long: -EINVAL");
    ok(iv == nonce && ivlen == 99, "and nothing is returned");
}

/* Programs written for the C library allocate what these say, and give it as the output's length. */
static void test_output_in_whole_blocks(void)
{
    struct kcapi_handle *handle = NULL;

    is_int(kcapi_aead_init(&handle, "authenc(hmac(sha256),cbc(aes))", 0), 0, "authenc");
    is_int(kcapi_aead_outbuflen_enc(handle, 1, 8, 32), 56, "encryption: a block for a byte");
    is_int(kcapi_aead_outbuflen_dec(handle, 1, 8, 32), 24, "decryption too");
    is_int(kcapi_aead_outbuflen_enc(handle, 16, 8, 32), 56, "a whole block is not more");
    is_int(kcapi_aead_outbuflen_enc(handle, 0, 0, 0), 1, "nothing needs a byte");
    is_int(kcapi_aead_outbuflen_dec(handle, 0, 0, 32), 1, "as does what a tag alone becomes");
    is_int(kcapi_aead_inbuflen_enc(handle, 1, 8, 32), 9, "the input is as long as it is");
    is_int(kcapi_aead_inbuflen_dec(handle, 0, 0, 0), 0, "or nothing");
    kcapi_aead_destroy(handle);
}

int main(void)
{
    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        test_layout(&layouts[i]);
    test_no_buffer();
    test_output_in_whole_blocks();
    test_nonces();
    return done_testing();
}
